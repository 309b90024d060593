"""Who of an audience gets a message and who does not, and why: counted by the database, read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, literal_column, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, ChannelName
from outreach.residents.audience import Audience, on_a_list
from outreach.residents.consent import BY_GUARDIAN, GIVEN, NEVER, OF_AGE, WITHDRAWN, is_minor, standing
from outreach.store.tables import addresses, residents

STOPPED = "stopped our messages"
NO_GUARDIAN = f"under {OF_AGE}, and no parent or guardian agreed"
CLOSED = "every address is closed: nothing arrives there"
NO_ADDRESS = "no address on these channels"


def never(purpose: str) -> str:
    return f"never agreed to {purpose}"


@dataclass(frozen=True, slots=True)
class Reached:
    """A resident, whether they agree to a purpose (None: never asked), and where they can be reached.

    `unguarded`: a child for whom no parent or guardian agreed. `closed`: the addresses there are, are closed.
    """

    id: int
    name: str
    township: str
    language: str
    agreed: bool | None
    address: Address | None
    unguarded: bool = False
    closed: bool = False

    def obstacle(self, purpose: str) -> str | None:
        """Why this person gets no message, in words; None where nothing stands against it."""
        if not self.agreed:
            return never(purpose) if self.agreed is None else STOPPED
        if self.unguarded:
            return NO_GUARDIAN
        if self.address is None:
            return CLOSED if self.closed else NO_ADDRESS
        return None


async def size(connection: AsyncConnection, audience: Audience, now: datetime) -> int:
    statement = select(func.count()).select_from(residents).where(*audience.conditions(now))
    return (await connection.execute(statement)).scalar_one()


async def page(
    connection: AsyncConnection,
    audience: Audience,
    purpose: str,
    channels: Sequence[ChannelName],
    *,
    after: int,
    limit: int,
    now: datetime,
) -> list[Reached]:
    """The next residents of an audience, by id. `now`: the moment of the launch."""
    statement = _reach(purpose, channels, now).where(residents.c.id > after, *audience.conditions(now))
    rows = await connection.execute(statement.order_by(residents.c.id).limit(limit))
    return [_reached(row, channels) for row in rows]


async def these(
    connection: AsyncConnection,
    ids: Sequence[int],
    purpose: str,
    channels: Sequence[ChannelName],
    now: datetime,
) -> list[Reached]:
    """Residents by their ids, as `page` gives them."""
    rows = await connection.execute(_reach(purpose, channels, now).where(residents.c.id.in_(ids)))
    return [_reached(row, channels) for row in rows]


def _reach(purpose: str, channels: Sequence[ChannelName], now: datetime) -> Select[Any]:
    where = (
        select(addresses.c.value)
        .where(addresses.c.resident_id == residents.c.id, addresses.c.closed_at.is_(None))
        .order_by(addresses.c.id)
        .limit(1)
        .correlate(residents)
    )
    return select(
        residents.c.id,
        residents.c.name,
        residents.c.township,
        residents.c.language,
        standing(residents.c.id, purpose).label("standing"),
        is_minor(now).label("minor"),
        _has_address(channels).label("known"),
        *(where.where(addresses.c.channel == c).scalar_subquery().label(c) for c in channels),
    )


def _has_address(channels: Sequence[ChannelName]) -> ColumnElement[bool]:
    on = addresses.c.channel == channels[0] if len(channels) == 1 else addresses.c.channel.in_(channels)
    return exists().where(addresses.c.resident_id == residents.c.id, on)


def _open(channel: ChannelName) -> ColumnElement[bool]:
    return exists().where(
        addresses.c.resident_id == residents.c.id,
        addresses.c.channel == channel,
        addresses.c.closed_at.is_(None),
    )


def _reached(row: Row[Any], channels: Sequence[ChannelName]) -> Reached:
    values = row._mapping
    address = next((Address(c, values[c]) for c in channels if values[c]), None)
    agreed = None if row.standing == NEVER else row.standing != WITHDRAWN
    return Reached(
        row.id,
        row.name or "",
        row.township or "",
        row.language,
        agreed,
        address,
        unguarded=bool(row.minor) and row.standing == GIVEN,
        closed=bool(row.known) and address is None,
    )


@dataclass(slots=True)
class Count:
    """An audience, counted. `reached` by channel and language; `excluded`: those in it who get nothing, by
    reason; `outside`: everyone else on our lists, by the first condition that does not hold for them."""

    reached: dict[tuple[ChannelName, str], int] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.reached.values()) + sum(self.excluded.values())

    def channels(self, wanted: Sequence[ChannelName]) -> dict[ChannelName, int]:
        return {c: sum(n for (channel, _), n in self.reached.items() if channel == c) for c in wanted}


async def count(
    connection: AsyncConnection,
    audience: Audience,
    purpose: str,
    channels: Sequence[ChannelName],
    now: datetime,
) -> Count:
    """Who would get a message and who would not and why, in one statement; `page` says the same of each."""
    outside = audience.parts(now)
    excluded = (never(purpose), STOPPED, NO_GUARDIAN, CLOSED, NO_ADDRESS)
    words = (*outside, *excluded, *channels)
    # Numbers, since a million times a sentence is a lot to sort.
    number: dict[str, ColumnElement[int]] = {word: literal_column(str(n)) for n, word in enumerate(words)}
    inside = _outcome(purpose, channels, now, number)
    missed = [(condition.is_not(true()), number[word]) for word, condition in outside.items()]
    outcome = (case(*missed, else_=inside) if missed else inside).label("outcome")
    statement = (
        select(outcome, residents.c.language, func.count().label("n"))
        .where(on_a_list())
        .group_by(outcome, residents.c.language)
    )
    counted = Count()
    for row in await connection.execute(statement):
        word = words[row.outcome]
        if word in outside:
            counted.outside[word] = counted.outside.get(word, 0) + row.n
        elif word in excluded:
            counted.excluded[word] = counted.excluded.get(word, 0) + row.n
        else:
            counted.reached[word, row.language] = row.n
    return counted


def _outcome(
    purpose: str, channels: Sequence[ChannelName], now: datetime, number: dict[str, ColumnElement[int]]
) -> ColumnElement[int]:
    """What becomes of someone in the audience. In the order of `Reached.obstacle`."""
    reach = case(
        *((_open(channel), number[channel]) for channel in channels),
        (_has_address(channels), number[CLOSED]),
        else_=number[NO_ADDRESS],
    )
    # The ledger is looked at once a person: `standing` is written once, as what the cases are cases of.
    return case(
        {
            NEVER: number[never(purpose)],
            WITHDRAWN: number[STOPPED],
            GIVEN: case((is_minor(now), number[NO_GUARDIAN]), else_=reach),
            BY_GUARDIAN: reach,
        },
        value=standing(residents.c.id, purpose),
        else_=number[STOPPED],
    )
