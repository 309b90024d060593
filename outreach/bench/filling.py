"""People who agreed, and messages for them, made inside the database: a million rows in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    Text,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import SMS, TELEGRAM, Address, ChannelName, Priority, State
from outreach.store import is_postgresql
from outreach.store.tables import addresses, consent, launches, outbox, resident_groups, residents

# Fifty signs: one segment, though not of Latin letters.
TEXT = (
    "您好，这里是县卫生健康局。两癌筛查下周二开始，请您带上医保卡，上午八点到镇卫生院一楼。回复退订不再接收。"
)
PURPOSE, LANGUAGE = "care", "zh-Hans"
# Numbers whose last four digits script nothing at the simulator.
_STEP, _ENDING = 10_000, 9999
_FIRST = {TELEGRAM: 9_000_000_000, SMS: 86_100_000_000_000}
_SIGN = {TELEGRAM: "", SMS: "+"}


def address(channel: ChannelName, number: int) -> Address:
    """Where the person of this number is reached."""
    return Address(channel, f"{_SIGN[channel]}{_FIRST[channel] + number * _STEP + _ENDING}")


async def fill(
    connection: AsyncConnection,
    channel: ChannelName,
    lane: str,
    count: int,
    *,
    first: int = 1,
    sender: str | None = None,
) -> None:
    """Queues one campaign's messages to `count` new people, who are numbered from `first` on."""
    now = datetime.now(UTC)
    people = _Audience(_numbers(first, count), channel, now)
    await _fill_people(connection, people)
    await _fill_outbox(connection, people, lane, sender, await _launch(connection, count, now))
    await _analyze(connection)


async def _analyze(connection: AsyncConnection) -> None:
    """What autovacuum does by itself a minute later."""
    if is_postgresql(connection):
        for table in (residents, addresses, consent, resident_groups, outbox):
            await connection.exec_driver_sql(f"ANALYZE {table.name}")


@dataclass(frozen=True, slots=True)
class _Audience:
    """Those of these numbers, all reached on one channel."""

    numbers: ColumnElement[int]
    channel: ChannelName
    now: datetime

    @property
    def address(self) -> ColumnElement[str]:
        first = literal(_FIRST[self.channel] + _ENDING, BigInteger)
        return literal(_SIGN[self.channel]) + cast(first + self.numbers * _STEP, Text)


async def _fill_people(connection: AsyncConnection, people: _Audience) -> None:
    await _fill_residents(connection, people)
    await _fill_addresses(connection, people)
    await _agree(connection, people, true())


async def _fill_residents(connection: AsyncConnection, people: _Audience) -> None:
    numbers, now = people.numbers, people.now
    await _copy(
        connection,
        residents,
        id=numbers,
        name=literal("居民") + cast(numbers, Text),
        language=literal(LANGUAGE),
        created_at=_at(now),
    )


async def _fill_addresses(connection: AsyncConnection, people: _Audience) -> None:
    await _copy(
        connection,
        addresses,
        resident_id=people.numbers,
        channel=literal(people.channel),
        value=people.address,
        lookup=people.address,
        created_at=_at(people.now),
    )


async def _agree(
    connection: AsyncConnection, people: _Audience, which: ColumnElement[bool], *, given: bool = True
) -> None:
    """Those of them for whom `which` holds said yes, or no."""
    said: dict[str, ColumnElement[Any]] = {
        "resident_id": people.numbers,
        "purpose": literal(PURPOSE),
        "given": true() if given else false(),
        "at": _at(people.now),
        "channel": literal(people.channel),
        "wording": literal("benchmark"),
        "source": literal("benchmark"),
    }
    await _copy(connection, consent, which, **said)


async def town(connection: AsyncConnection, count: int) -> None:
    """So many residents of ten townships on both channels, of all ages; some stopped, some were never asked,
    some are children, and some numbers are dead."""
    now, share = datetime.now(UTC), dict[ChannelName, _Audience]()
    for channel, offset in ((SMS, 0), (TELEGRAM, count // 2)):
        share[channel] = _Audience(_numbers(1 + offset, count - offset), channel, now)
    people = share[SMS]
    await _fill_residents(connection, people)
    # One in fifty is under fourteen.
    born = case((residents.c.id % 50 == 0, now.year - 9), else_=1940 + residents.c.id % 65)
    who = {"township": literal("镇") + cast(residents.c.id % 10, Text), "birth_year": born}
    await connection.execute(update(residents).values(**who))
    moved = select(residents.c.id, literal("moved")).where(residents.c.id % 20 == 3)
    await connection.execute(insert(resident_groups).from_select(["resident_id", "name"], moved))
    for one in share.values():
        await _fill_addresses(connection, one)
    dead = update(addresses).where(addresses.c.channel == SMS, addresses.c.resident_id % 25 == 4)
    await connection.execute(dead.values(closed_at=now, closed_reason="no such number"))
    await _agree(connection, people, people.numbers % 10 != 7)
    await _agree(connection, people, people.numbers % 12 == 5, given=False)
    await _analyze(connection)


async def _fill_outbox(
    connection: AsyncConnection, people: _Audience, lane: str, sender: str | None, launch: int
) -> None:
    await _copy(
        connection,
        outbox,
        key=literal(f"bench:{launch}:") + cast(people.numbers, Text),
        resident_id=people.numbers,
        channel=literal(people.channel),
        address=people.address,
        lookup=people.address,
        sender=literal(sender) if sender else cast(null(), Text),
        lane=literal(lane),
        priority=literal(int(Priority.CAMPAIGN)),
        purpose=literal(PURPOSE),
        launch_id=literal(launch),
        template=literal("care/hello"),
        language=literal(LANGUAGE),
        # Sealed once for all: addresses are made by the database, which has no key.
        text=literal(TEXT, outbox.c.text.type),
        state=literal(State.QUEUED.value),
        # Due a while ago, so that no two clocks can disagree about it.
        due_at=_at(people.now - timedelta(minutes=1)),
        created_at=_at(people.now),
    )


def _numbers(first: int, count: int) -> ColumnElement[int]:
    counted = select(literal(first, BigInteger).label("n")).cte("numbers", recursive=True)
    one_more = counted.c.n + 1
    numbers = counted.union_all(select(one_more).where(one_more < first + count))
    return numbers.c.n


def _at(moment: datetime) -> ColumnElement[datetime]:
    return literal(moment, residents.c.created_at.type)


async def _copy(
    connection: AsyncConnection, table: Table, *which: ColumnElement[bool], **columns: ColumnElement[Any]
) -> None:
    """Makes one row a number, of those for which `which` holds."""
    picked = select(*(column.label(name) for name, column in columns.items())).where(*which)
    await connection.execute(insert(table).from_select(list(columns), picked, include_defaults=False))


async def _launch(connection: AsyncConnection, total: int, now: datetime) -> int:
    statement = (
        insert(launches)
        .values(
            campaign="benchmark",
            state="running",
            frozen={},
            starts_at=now,
            expanded=True,
            total=total,
            launched_by="benchmark",
            created_at=now,
        )
        .returning(launches.c.id)
    )
    return int((await connection.execute(statement)).scalar_one())


async def states(connection: AsyncConnection) -> dict[str, int]:
    """How many messages stand in each state that there is."""
    statement = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    return dict((await connection.execute(statement)).tuples().all())
