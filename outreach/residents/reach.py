"""Who of an audience gets a message and who does not, and why: counted by the database, read page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
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


def may_be_reached(purpose: str, channels: Sequence[ChannelName], now: datetime) -> ColumnElement[bool]:
    """An SQL condition on residents: nothing stands against a message to them."""
    said = standing(residents.c.id, purpose)
    agreed = case({GIVEN: ~is_minor(now), BY_GUARDIAN: true()}, value=said, else_=false())
    return and_(agreed, or_(*map(_open, channels)))


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
    """Who would get a message and who would not and why; `page` says the same of each.

    Two passes: those who are meant, by what becomes of them, and who is not meant.
    """
    excluded = (never(purpose), STOPPED, NO_GUARDIAN, CLOSED, NO_ADDRESS)
    words = (*excluded, *channels)
    # Numbers, since a million times a sentence is a lot to sort.
    number: dict[str, ColumnElement[int]] = {word: literal_column(str(n)) for n, word in enumerate(words)}
    outcome = _outcome(purpose, channels, now, number).label("outcome")
    statement = (
        select(outcome, residents.c.language, func.count().label("n"))
        .where(*audience.conditions(now))
        .group_by("outcome", residents.c.language)
    )
    counted = Count()
    for row in await connection.execute(statement):
        word = words[row.outcome]
        if row.outcome < len(excluded):
            counted.excluded[word] = counted.excluded.get(word, 0) + row.n
        else:
            counted.reached[word, row.language] = row.n
    counted.outside = await _outside(connection, audience, now, counted.total)
    return counted


async def _outside(
    connection: AsyncConnection, audience: Audience, now: datetime, inside: int
) -> dict[str, int]:
    """Who is on our lists and not meant, by the first condition that does not hold."""
    parts = audience.parts(now)
    if not parts:
        return {}
    bits = int((await connection.execute(select(func.max(residents.c.id)))).scalar() or 0).bit_length()
    together = max(1, WHOLE // max(bits, 1))
    # The last reason is what is left over.
    words = list(parts)[:-1]
    shares = [words[start : start + together] for start in range(0, len(words), together)]
    sums = [_counts_in_one(parts, share, bits) for share in shares]
    total, *packed = (await connection.execute(select(func.count(), *sums).where(on_a_list()))).one()
    found = {
        word: int(number or 0) >> place * bits & (1 << bits) - 1
        for share, number in zip(shares, packed, strict=True)
        for place, word in enumerate(share)
    }
    found[list(parts)[-1]] = total - inside - sum(found.values())
    return {word: n for word, n in found.items() if n > 0}


# The bits of a number that both databases add up exactly.
WHOLE = 62


def _counts_in_one(
    parts: Mapping[str, ColumnElement[bool]], share: Sequence[str], bits: int
) -> ColumnElement[int]:
    """Several counts as one sum, each in bits of its own: a sum for each would try all conditions again."""
    cases = []
    for word, condition in parts.items():
        weight = 1 << share.index(word) * bits if word in share else 0
        cases.append((condition.is_not(true()), literal(weight, BigInteger)))
        if word == share[-1]:
            break
    return func.sum(case(*cases, else_=literal(0, BigInteger)))


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
