"""Stops that outlive erasure: of the addresses of whoever had stopped, keyed hashes are left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store import Seals, insert_new, seals_of
from outreach.store.tables import addresses, stops

# No database takes as many values in one statement as a list may have people.
ROWS = 5000


async def remember(
    connection: AsyncConnection, resident_id: int, purposes: Sequence[str], now: datetime
) -> None:
    """Keeps the hashes of this person's addresses, for the purposes they stopped."""
    seals = seals_of(connection)
    rows = [
        {"channel": channel, "address_hash": seals.lookup(value), "purpose": purpose, "at": now}
        for _, channel, value in await _addresses(connection, [resident_id])
        for purpose in purposes
    ]
    await insert_new(connection, stops, rows)


async def remembered(connection: AsyncConnection, resident_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Person and purpose, for each stop that was kept of one of these people's addresses."""
    if (await connection.execute(select(stops.c.channel).limit(1))).first() is None:
        return []
    found: set[tuple[int, str]] = set()
    for start in range(0, len(resident_ids), ROWS):
        owners = await _hashes(connection, resident_ids[start : start + ROWS])
        statement = select(stops).where(stops.c.address_hash.in_([digest for _, digest in owners]))
        for row in await connection.execute(statement):
            found |= {(owner, row.purpose) for owner in owners.get((row.channel, row.address_hash), ())}
    return sorted(found)


async def lift(connection: AsyncConnection, resident_ids: Sequence[int], purposes: Sequence[str]) -> None:
    """A fresh yes of the person's own ends what was kept."""
    if theirs := sorted({owner for owner, _ in await remembered(connection, resident_ids)}):
        digests = [digest for _, digest in await _hashes(connection, theirs)]
        await connection.execute(
            delete(stops).where(stops.c.address_hash.in_(digests), stops.c.purpose.in_(purposes))
        )


async def _hashes(
    connection: AsyncConnection, resident_ids: Sequence[int]
) -> dict[tuple[str, str], list[int]]:
    """Who uses each address: by channel and hash, made with every key there ever was."""
    seals: Seals = seals_of(connection)
    owners: dict[tuple[str, str], list[int]] = {}
    for owner, channel, value in await _addresses(connection, resident_ids):
        for digest in seals.lookups(value):
            owners.setdefault((channel, digest), []).append(owner)
    return owners


async def _addresses(connection: AsyncConnection, resident_ids: Sequence[int]) -> list[tuple[int, str, str]]:
    statement = select(addresses.c.resident_id, addresses.c.channel, addresses.c.value)
    found = await connection.execute(statement.where(addresses.c.resident_id.in_(resident_ids)))
    return [(row.resident_id, row.channel, row.value) for row in found]
