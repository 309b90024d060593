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
    cast,
    func,
    insert,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import SMS, TELEGRAM, Address, ChannelName, Priority, State
from outreach.store import is_postgresql
from outreach.store.tables import addresses, consent, launches, outbox, residents

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
    if is_postgresql(connection):
        # What autovacuum does by itself a minute later.
        for table in (residents, addresses, consent, outbox):
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
    numbers, channel, now = people.numbers, literal(people.channel), people.now
    await _copy(
        connection,
        residents,
        id=numbers,
        name=literal("居民") + cast(numbers, Text),
        language=literal(LANGUAGE),
        created_at=_at(now),
    )
    await _copy(
        connection,
        addresses,
        resident_id=numbers,
        channel=channel,
        value=people.address,
        lookup=people.address,
        created_at=_at(now),
    )
    await _copy(
        connection,
        consent,
        resident_id=numbers,
        purpose=literal(PURPOSE),
        given=true(),
        at=_at(now),
        channel=channel,
        wording=literal("benchmark"),
        source=literal("benchmark"),
    )


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


async def _copy(connection: AsyncConnection, table: Table, **columns: ColumnElement[Any]) -> None:
    """Makes one row a number."""
    picked = select(*(column.label(name) for name, column in columns.items()))
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
