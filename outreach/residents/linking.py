"""One-time codes that join a Telegram chat to the resident whose phone they were sent to."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store.tables import link_codes

LIFE = timedelta(hours=24)
MOST_AT_ONCE = 3
# 192 bits, and within what Telegram takes behind /start.
CODE_BYTES = 24


async def new_code(connection: AsyncConnection, resident_id: int, now: datetime) -> str | None:
    """A code for one link, of which only a hash is kept; None where too many were asked for of late."""
    own = link_codes.c.resident_id == resident_id
    await connection.execute(delete(link_codes).where(own, link_codes.c.expires_at <= now))
    count = select(func.count()).select_from(link_codes).where(own)
    if (await connection.execute(count)).scalar_one() >= MOST_AT_ONCE:
        return None
    code = secrets.token_urlsafe(CODE_BYTES)
    row = {"resident_id": resident_id, "created_at": now, "expires_at": now + LIFE}
    await connection.execute(insert(link_codes).values(code_hash=_hash(code), **row))
    return code


async def redeem(connection: AsyncConnection, code: str, now: datetime) -> int | None:
    """Whose code this is, once; None for one that is unknown, over or used."""
    good = [
        link_codes.c.code_hash == _hash(code),
        link_codes.c.expires_at > now,
        link_codes.c.used_at.is_(None),
    ]
    statement = update(link_codes).where(*good).values(used_at=now).returning(link_codes.c.resident_id)
    owner: int | None = (await connection.execute(statement)).scalar()
    return owner


async def used_for(connection: AsyncConnection, code: str) -> int | None:
    """Whose code this was, used or not: a second tap on a link is answered like the first."""
    statement = select(link_codes.c.resident_id).where(link_codes.c.code_hash == _hash(code))
    return (await connection.execute(statement)).scalar()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
