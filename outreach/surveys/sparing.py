"""Those who are not asked after all: a survey after bad news would hurt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, Priority, State
from outreach.outbox import Draft, enqueue
from outreach.store.tables import outbox
from outreach.surveys.asking import PURPOSE, key_of, with_survey

_REACHED = (State.QUEUED, State.SENDING, State.SENT, State.DELIVERED, State.IN_DOUBT)


async def spare(connection: AsyncConnection, resident_ids: Sequence[int], reason: str, now: datetime) -> None:
    """No survey of a launch that reached these people is put to them; each gets a row that says why."""
    for launch_id, frozen in await with_survey(connection, now):
        statement = select(outbox.c.resident_id, outbox.c.channel, outbox.c.address, outbox.c.language).where(
            outbox.c.launch_id == launch_id,
            outbox.c.resident_id.in_(resident_ids),
            outbox.c.state.in_(_REACHED),
        )
        drafts = [
            Draft(
                key=key_of(launch_id, row.resident_id),
                resident_id=row.resident_id,
                address=Address(row.channel, row.address),
                priority=Priority.CAMPAIGN,
                purpose=PURPOSE,
                template=f"surveys/{frozen['survey']['name']}",
                language=row.language,
                text="",
                due_at=now,
                suppressed=reason,
            )
            for row in await connection.execute(statement)
        ]
        await enqueue(connection, drafts, now)
