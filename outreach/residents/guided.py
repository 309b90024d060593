"""A guide that ends takes its answers with it: the run, and what the resident wrote in it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store.guides import guide_runs
from outreach.store.tables import inbound

# What an inbound message is called that began a guide or answered in one.
GUIDE = "guide"


async def drop_guides(connection: AsyncConnection, *which: ColumnElement[bool]) -> int:
    """Deletes these runs, and the words of the messages that answered in them; says how many runs."""
    answered = exists().where(
        guide_runs.c.resident_id == inbound.c.resident_id,
        guide_runs.c.channel == inbound.c.channel,
        guide_runs.c.started_at <= inbound.c.received_at,
        *which,
    )
    said = update(inbound).where(inbound.c.outcome == GUIDE, answered)
    await connection.execute(said.values(text=""))
    return (await connection.execute(delete(guide_runs).where(*which))).rowcount
