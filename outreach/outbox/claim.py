"""Taking the next messages to send. Whether one may go is decided here, at the last moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, Button, ChannelName, Outbound, Priority, State
from outreach.residents import current
from outreach.store.tables import addresses, launches, outbox

# Longer than any call may take: a lease that runs out means that its process died.
LEASE = timedelta(seconds=90)
REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Rules:
    """When messages nobody asked for this minute must wait."""

    zone: ZoneInfo
    quiet: tuple[time, time] | None = None
    daily_cap: int | None = None

    def midnight(self, now: datetime) -> datetime:
        return now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def is_quiet(self, now: datetime) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        local = now.astimezone(self.zone).time()
        return start <= local < end if start <= end else local >= start or local < end


@dataclass(frozen=True, slots=True)
class Claimed:
    message: Outbound
    attempts: int
    expires_at: datetime | None
    resident_id: int


async def claim(
    connection: AsyncConnection,
    channel: ChannelName,
    *,
    worker: str,
    limit: int,
    rules: Rules,
    now: datetime,
) -> list[Claimed]:
    """Takes up to `limit` messages under a lease: replies first, then reminders, then campaigns.

    A message whose person withdrew consent, or whose address closed, is suppressed here and not returned.
    Commit before sending: from then on nobody else can take them.
    """
    taken = await _take(connection, channel, worker, limit, rules, now)
    if not taken:
        return []
    stopped = await _suppress(connection, [row.id for row in taken], now)
    return [_claimed(row) for row in taken if row.id not in stopped]


async def _take(
    connection: AsyncConnection, channel: str, worker: str, limit: int, rules: Rules, now: datetime
) -> Sequence[Any]:
    next_ids = (
        select(outbox.c.id)
        .where(*_ready(channel, rules, now))
        .order_by(outbox.c.priority, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has one writer, and leaves this out
        # As a plain subquery PostgreSQL may run it more than once, and take more rows than the limit.
        .cte("next_ids")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    statement = (
        update(outbox)
        .where(outbox.c.id.in_(select(next_ids.c.id)))
        .values(
            state=State.SENDING, claimed_by=worker, lease_until=now + LEASE, attempts=outbox.c.attempts + 1
        )
        .returning(
            outbox.c.id,
            outbox.c.channel,
            outbox.c.address,
            outbox.c.sender,
            outbox.c.text,
            outbox.c.buttons,
            outbox.c.attempts,
            outbox.c.expires_at,
            outbox.c.resident_id,
            outbox.c.priority,
        )
    )
    rows = (await connection.execute(statement)).all()
    return sorted(rows, key=lambda row: (row.priority, row.id))


def _ready(channel: str, rules: Rules, now: datetime) -> list[ColumnElement[bool]]:
    held = select(launches.c.id).where(launches.c.state == "paused")
    ready = [
        outbox.c.state == State.QUEUED,
        outbox.c.channel == channel,
        outbox.c.due_at <= now,
        or_(outbox.c.expires_at.is_(None), outbox.c.expires_at > now),
        or_(outbox.c.launch_id.is_(None), outbox.c.launch_id.not_in(held)),
    ]
    if rules.daily_cap is not None:
        ready.append(or_(outbox.c.purpose == REPLY, _today(rules.midnight(now)) < rules.daily_cap))
    if rules.is_quiet(now):
        ready.append(outbox.c.priority == int(Priority.REPLY))
    return ready


def _today(midnight: datetime) -> ScalarSelect[int]:
    """How many messages this row's person was sent, or is being sent, today; replies apart."""
    other = outbox.alias("other")
    return (
        select(func.count())
        .select_from(other)
        .where(
            other.c.resident_id == outbox.c.resident_id,
            other.c.purpose != REPLY,
            or_(other.c.sent_at >= midnight, other.c.state == State.SENDING),
        )
        .scalar_subquery()
    )


async def _suppress(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> set[int]:
    mine = [outbox.c.id.in_(ids), outbox.c.state == State.SENDING]
    agrees = func.coalesce(current(outbox.c.resident_id, outbox.c.purpose), False)
    closed = (
        select(addresses.c.id)
        .where(
            addresses.c.channel == outbox.c.channel,
            addresses.c.value == outbox.c.address,
            addresses.c.closed_at.is_not(None),
        )
        .exists()
    )
    gone: set[int] = set()
    for reason, condition in (
        ("consent withdrawn before sending", and_(outbox.c.purpose != REPLY, ~agrees)),
        ("the address no longer takes messages", and_(outbox.c.purpose != REPLY, closed)),
    ):
        statement = (
            update(outbox)
            .where(*mine, condition)
            .values(state=State.SUPPRESSED, reason=reason, settled_at=now, lease_until=None)
            .returning(outbox.c.id)
        )
        gone |= set((await connection.execute(statement)).scalars())
    return gone


def _claimed(row: Any) -> Claimed:
    message = Outbound(
        row.id,
        Address(row.channel, row.address),
        row.text,
        [Button(**button) for button in row.buttons],
        row.sender,
    )
    return Claimed(message, row.attempts, row.expires_at, row.resident_id)


async def expire(connection: AsyncConnection, now: datetime) -> int:
    """What nobody should read any more is not sent any more."""
    statement = (
        update(outbox)
        .where(outbox.c.state == State.QUEUED, outbox.c.expires_at <= now)
        .values(state=State.EXPIRED, reason="not sent before its time was over", settled_at=now)
    )
    return (await connection.execute(statement)).rowcount


async def recover(connection: AsyncConnection, now: datetime, *, alone: bool) -> int:
    """What a dead process was sending is in doubt: perhaps the provider took it. Returns how many.

    `alone`: no other process can be sending, so even a running lease is a dead one's.
    """
    dead = [outbox.c.state == State.SENDING]
    if not alone:
        dead.append(outbox.c.lease_until < now)
    statement = (
        update(outbox)
        .where(*dead)
        .values(state=State.IN_DOUBT, reason="the sender stopped in the middle of the call", lease_until=None)
    )
    return (await connection.execute(statement)).rowcount
