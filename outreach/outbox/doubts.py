"""Messages whose fate is unknown, and finding it out at the provider."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, Address, Outbound, State, iso
from outreach.outbox.claim import UNDER_WAY, Claimed
from outreach.store.tables import lanes, outbox


@dataclass(frozen=True, slots=True)
class Doubt:
    """One message that may or may not have been taken; `since`: when it was claimed for the call."""

    claimed: Claimed
    since: datetime


async def doubts(connection: AsyncConnection) -> list[JSON]:
    """The messages whose fate is unknown, oldest first."""
    statement = select(outbox).where(UNDER_WAY, outbox.c.state == State.IN_DOUBT).order_by(outbox.c.id)
    return [
        {
            "id": row.id,
            "resident_id": row.resident_id,
            "channel": row.channel,
            "text": row.text,
            "reason": row.reason,
            "due_at": iso(row.due_at),
            "called_at": iso(row.claimed_at),
        }
        for row in await connection.execute(statement)
    ]


async def doubtful(
    connection: AsyncConnection, lane: str, limit: int, *, besides: Collection[int] = ()
) -> Sequence[Doubt]:
    """A lane's messages in doubt, oldest first, but for those named."""
    statement = (
        select(outbox, lanes.c.sender.label("own"))
        .outerjoin(lanes, lanes.c.name == outbox.c.lane)
        .where(UNDER_WAY, outbox.c.state == State.IN_DOUBT, outbox.c.lane == lane)
        .where(outbox.c.id.not_in(besides), outbox.c.claimed_at.is_not(None))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [
        Doubt(
            Claimed(
                Outbound(row.id, Address(row.channel, row.address), row.text, (), row.own or row.sender),
                row.attempts,
                row.expires_at,
                row.resident_id,
                row.priority,
                row.segments,
            ),
            row.claimed_at,
        )
        for row in await connection.execute(statement)
    ]


async def known_names(connection: AsyncConnection, channel: str, names: Collection[str]) -> set[str]:
    """Which of these provider's names already belong to a message of ours: none may settle a second one."""
    statement = select(outbox.c.provider_id).where(
        outbox.c.channel == channel, outbox.c.provider_id.in_(names)
    )
    return set((await connection.execute(statement)).scalars()) if names else set()


async def being_sent(connection: AsyncConnection, channel: str, addresses: Collection[str]) -> set[str]:
    """To which of these addresses a call is under way, whose name at the provider nobody knows yet."""
    statement = select(outbox.c.address).where(
        UNDER_WAY,
        outbox.c.state == State.SENDING,
        outbox.c.channel == channel,
        outbox.c.lookup.in_(addresses),
    )
    return set((await connection.execute(statement)).scalars()) if addresses else set()
