"""Lanes: one stream of messages a sender of ours (a bot, a number), held by one worker at a time.

The provider counts a sender's rate, so one process must do all of a sender's sending. A worker holds a lane
for `HOLD` and says so again every second; when it dies, another takes the lane over.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, ChannelName
from outreach.outbox.claim import recover
from outreach.store import insert_new, one_at_a_time
from outreach.store.tables import lanes, outbox, workers

# Short enough that a dead worker's lane passes on at once, long enough for a database that takes a breath.
HOLD = timedelta(seconds=4)
MOMENT, FORGOTTEN = timedelta(seconds=1), timedelta(hours=1)
ROWS = 1000


@dataclass(frozen=True, slots=True)
class Lane:
    """`rate`: units a second. `pool`: it also takes messages that ask for no sender of their own."""

    name: str
    channel: ChannelName
    sender: str | None
    rate: float
    pool: bool = True


@dataclass(slots=True)
class Held:
    """What one worker has after a beat: its lanes; which of them it should give up, which another used just
    now; those that others have; and how many new doubts there are in what it took."""

    lanes: list[Row[Any]] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    doubts: int = 0


async def register(connection: AsyncConnection, ours: Sequence[Lane]) -> int:
    """Makes these the active lanes of their channels, and moves queued messages of gone ones over.

    Returns how many messages were moved.
    """
    await one_at_a_time(connection, "lanes")
    await insert_new(connection, lanes, [{**asdict(lane), "active": True} for lane in ours])
    named = [lane.name for lane in ours]
    channels = {lane.channel for lane in ours}
    gone = update(lanes).where(lanes.c.channel.in_(channels), lanes.c.name.not_in(named))
    await connection.execute(gone.values(active=False))
    for lane in ours:
        values = {"active": True, "rate": lane.rate, "pool": lane.pool, "sender": lane.sender}
        await connection.execute(update(lanes).where(lanes.c.name == lane.name).values(**values))
    return sum([await _move_over(connection, channel) for channel in sorted(channels)])


async def _move_over(connection: AsyncConnection, channel: ChannelName) -> int:
    """Queued messages of lanes that are no more find a new one."""
    inactive = select(lanes.c.name).where(lanes.c.channel == channel, ~lanes.c.active)
    left = [channel, *(await connection.execute(inactive)).scalars()]
    choose, moved = await choosing(connection), 0
    waiting = (
        select(outbox.c.id, outbox.c.address, outbox.c.sender)
        .where(outbox.c.state == "queued", outbox.c.lane.in_(left))
        .order_by(outbox.c.id)
        .limit(ROWS)
    )
    while rows := (await connection.execute(waiting)).all():
        given = [{"b_id": r.id, "b_lane": choose(Address(channel, r.address), r.sender)} for r in rows]
        statement = update(outbox).where(outbox.c.id == bindparam("b_id")).values(lane=bindparam("b_lane"))
        await connection.execute(statement, given)
        moved += len(rows)
    return moved


class Choice:
    """Which lane a message goes to. Called with its address and the sender it asks for, if any."""

    def __init__(self, active: Sequence[Any]) -> None:
        self._by_sender: dict[tuple[str, str | None], str] = {
            (lane.channel, lane.sender): lane.name for lane in active if lane.sender
        }
        self._pools: dict[str, list[str]] = {}
        for lane in active:
            if lane.pool:
                self._pools.setdefault(lane.channel, []).append(lane.name)

    def __call__(self, address: Address, sender: str | None) -> str:
        if own := self._by_sender.get((address.channel, sender)):
            return own
        pool = self._pools.get(address.channel)
        if not pool:
            return address.channel
        # The same person always hears from the same number.
        return pool[zlib.crc32(address.value.encode()) % len(pool)] if len(pool) > 1 else pool[0]


async def choosing(connection: AsyncConnection) -> Choice:
    statement = select(lanes).where(lanes.c.active).order_by(lanes.c.name)
    return Choice((await connection.execute(statement)).all())


async def hold(
    connection: AsyncConnection, worker: str, names: Sequence[str], now: datetime, *, alone: bool = False
) -> Held:
    """One beat of a worker: holds on to its lanes, and takes free ones up to its fair share of `names`.

    What the last holder of a taken lane was sending is in doubt. `alone`: there is no other worker.
    """
    await one_at_a_time(connection, "lanes")
    sharing = await _beat(connection, worker, now)
    statement = select(lanes).where(lanes.c.active, lanes.c.name.in_(names)).order_by(lanes.c.name)
    rows = (await connection.execute(statement)).all()
    mine = [row for row in rows if row.held_by == worker]
    share = len(rows) if alone else ceil(len(rows) / sharing)
    free = [row for row in rows if row.held_by != worker and (alone or _is_free(row, now))]
    taken = free[: max(0, share - len(mine))]
    others = [
        row.name for row in rows if row.held_by != worker and row not in taken and not _is_free(row, now)
    ]
    used = [row.name for row in taken if row.held_until is not None and row.held_until > now - MOMENT]
    held = Held([*mine, *taken], [row.name for row in mine[share:]], used, others)
    if held.lanes:
        which = lanes.c.name.in_([row.name for row in held.lanes])
        await connection.execute(update(lanes).where(which).values(held_by=worker, held_until=now + HOLD))
    for row in taken:
        held.doubts += await recover(connection, row.name, worker)
    return held


def _is_free(row: Row[Any], now: datetime) -> bool:
    return row.held_by is None or row.held_until is None or bool(row.held_until <= now)


async def _beat(connection: AsyncConnection, worker: str, now: datetime) -> int:
    """Notes that this worker lives; returns how many do."""
    heard = update(workers).where(workers.c.name == worker).values(beat_at=now)
    if not (await connection.execute(heard)).rowcount:
        await insert_new(connection, workers, [{"name": worker, "started_at": now, "beat_at": now}])
        await connection.execute(delete(workers).where(workers.c.beat_at < now - FORGOTTEN))
    living = select(func.count()).select_from(workers).where(workers.c.beat_at > now - HOLD)
    return int((await connection.execute(living)).scalar_one())


async def release(connection: AsyncConnection, worker: str, names: Sequence[str]) -> None:
    """Lets go of lanes, so that another may take them at once."""
    which = and_(lanes.c.held_by == worker, lanes.c.name.in_(names))
    await connection.execute(update(lanes).where(which).values(held_by=None, speed=0))


async def leave(connection: AsyncConnection, worker: str) -> None:
    await connection.execute(delete(workers).where(workers.c.name == worker))


async def planned(connection: AsyncConnection, worker: str, now: datetime) -> None:
    """Notes that the scheduler made a whole pass."""
    await connection.execute(update(workers).where(workers.c.name == worker).values(planned_at=now))


async def halt(connection: AsyncConnection, name: str, until: datetime, reason: str) -> None:
    """Nothing goes out in this lane before `until`: the provider said so. A restart does not forget it."""
    longer = or_(lanes.c.halted_until.is_(None), lanes.c.halted_until < until)
    statement = update(lanes).where(lanes.c.name == name, longer)
    await connection.execute(statement.values(halted_until=until, halted_reason=reason))


async def progress(connection: AsyncConnection, counts: Mapping[str, tuple[int, float]]) -> None:
    """For each lane: how many it sent since the last time, and messages a second."""
    for name, (sent, speed) in counts.items():
        statement = update(lanes).where(lanes.c.name == name)
        await connection.execute(statement.values(sent=lanes.c.sent + sent, speed=speed))
