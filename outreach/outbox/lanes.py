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
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, ChannelName
from outreach.outbox.claim import recovering
from outreach.store import Step, Steps, at, insert_new, moment, one_at_a_time, run
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

    lanes: list[_Row] = field(default_factory=list)
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


async def hold(connection: AsyncConnection, worker: str, names: Sequence[str], now: datetime) -> Held:
    """As `holding`, within a transaction that is open already."""
    return await run(connection, holding(connection.dialect.name, worker, names, now))


def holding(
    dialect: str,
    worker: str,
    names: Sequence[str],
    now: datetime,
    *,
    alone: bool = False,
    sent: Mapping[str, tuple[int, float]] | None = None,
    has_planned: bool = False,
) -> Steps[Held]:
    """One beat of a worker: holds on to its lanes, and takes free ones up to its fair share of `names`.

    What the last holder of a taken lane was sending is in doubt. `alone`: there is no other worker.
    `sent`: for each lane how many it sent since the last beat, and messages a second. `has_planned`: its
    scheduler made a whole pass since then.
    """
    if dialect == "postgresql":
        yield Step(_ONE_AT_A_TIME, {})
    sharing = yield from _beat(dialect, worker, now, has_planned)
    rows = [_Row._make(row) for row in (yield Step(_ACTIVE, {})).rows]
    rows = [_with_times(row) for row in rows if row.name in names]
    mine = [row for row in rows if row.held_by == worker]
    share = len(rows) if alone else ceil(len(rows) / sharing)
    free = [row for row in rows if row.held_by != worker and (alone or _is_free(row, now))]
    taken = free[: max(0, share - len(mine))]
    others = [
        row.name for row in rows if row.held_by != worker and row not in taken and not _is_free(row, now)
    ]
    used = [row.name for row in taken if row.held_until is not None and row.held_until > now - MOMENT]
    held = Held([*mine, *taken], [row.name for row in mine[share:]], used, others)
    for row in held.lanes:
        count, speed = (sent or {}).get(row.name, (0, 0.0))
        until = at(dialect, now + HOLD)
        values = {"name": row.name, "worker": worker, "until": until, "sent": count, "speed": speed}
        yield Step(_HOLD, values)
    for row in taken:
        held.doubts += yield from recovering(row.name, worker)
    return held


class _Row(NamedTuple):
    """A lane, as far as a beat needs to know it."""

    name: str
    held_by: str | None
    held_until: Any
    halted_until: Any


# The same lock as `one_at_a_time(connection, "lanes")`.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('lanes', 0))"
_ACTIVE = f"SELECT {', '.join(_Row._fields)} FROM lanes WHERE active ORDER BY name"  # noqa: S608
_HOLD = """UPDATE lanes SET held_by = :worker, held_until = :until, sent = sent + :sent, speed = :speed
    WHERE name = :name"""


def _with_times(row: _Row) -> _Row:
    return row._replace(held_until=moment(row.held_until), halted_until=moment(row.halted_until))


def _is_free(row: _Row, now: datetime) -> bool:
    return row.held_by is None or row.held_until is None or bool(row.held_until <= now)


def _beat(dialect: str, worker: str, now: datetime, has_planned: bool) -> Steps[int]:
    """Notes that this worker lives; returns how many do."""
    times = {"now": at(dialect, now), "living": at(dialect, now - HOLD)}
    heard = yield Step(_HEARD[has_planned], {"worker": worker, "now": times["now"]})
    if not heard.count:
        yield Step(_NEW, {"worker": worker, "now": times["now"]})
        yield Step(_FORGET, {"before": at(dialect, now - FORGOTTEN)})
    return int((yield Step(_LIVING, {"after": times["living"]})).rows[0][0])


_HEARD = {
    False: "UPDATE workers SET beat_at = :now WHERE name = :worker",
    True: "UPDATE workers SET beat_at = :now, planned_at = :now WHERE name = :worker",
}
_NEW = "INSERT INTO workers (name, started_at, beat_at) VALUES (:worker, :now, :now) ON CONFLICT DO NOTHING"
_FORGET = "DELETE FROM workers WHERE beat_at < :before"
_LIVING = "SELECT count(*) FROM workers WHERE beat_at > :after"


async def release(connection: AsyncConnection, worker: str, names: Sequence[str]) -> None:
    """Lets go of lanes, so that another may take them at once."""
    which = and_(lanes.c.held_by == worker, lanes.c.name.in_(names))
    await connection.execute(update(lanes).where(which).values(held_by=None, speed=0))


async def leave(connection: AsyncConnection, worker: str) -> None:
    await connection.execute(delete(workers).where(workers.c.name == worker))


async def halt(connection: AsyncConnection, name: str, until: datetime, reason: str) -> None:
    """Nothing goes out in this lane before `until`: the provider said so. A restart does not forget it."""
    longer = or_(lanes.c.halted_until.is_(None), lanes.c.halted_until < until)
    statement = update(lanes).where(lanes.c.name == name, longer)
    await connection.execute(statement.values(halted_until=until, halted_reason=reason))
