"""Who did what: append-only and hash-chained, so that an edit, a deletion or a swap is found."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store import one_at_a_time
from outreach.store.tables import audit

_START = "0" * 64


async def note(connection: AsyncConnection, who: str, what: str, subject: str, now: datetime) -> None:
    """Adds one act. Part of the act's own transaction: both happen or neither."""
    await one_at_a_time(connection, "audit")
    last = select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)
    before = (await connection.execute(last)).scalar() or _START
    row = {"at": now, "who": who, "what": what, "subject": subject}
    await connection.execute(insert(audit).values(**row, hash=_hash(before, now, who, what, subject)))


async def verify(connection: AsyncConnection) -> int | None:
    """The id of the first act that does not follow from the one before; None where the chain holds."""
    before = _START
    async for row in await connection.stream(select(audit).order_by(audit.c.id)):
        if row.hash != _hash(before, row.at, row.who, row.what, row.subject):
            return int(row.id)
        before = row.hash
    return None


def _hash(before: str, at: datetime, who: str, what: str, subject: str) -> str:
    text = "\0".join((before, str(round(at.timestamp() * 1000)), who, what, subject))
    return hashlib.sha256(text.encode()).hexdigest()
