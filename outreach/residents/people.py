"""People and their addresses. One person may have several addresses; several people may share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, TELEGRAM, Address, ChannelName
from outreach.residents.consent import PURPOSES, current, keep_stops, withdraw
from outreach.store import insert_new, one_at_a_time
from outreach.store.guides import guide_runs
from outreach.store.knowledge import answers
from outreach.store.tables import (
    addresses,
    cases,
    checkups,
    consent,
    inbound,
    link_codes,
    outbox,
    resident_groups,
    resident_tags,
    residents,
    survey_answers,
)

# Why an address is closed that somebody else answers.
WRONG_NUMBER = "wrong number: it belongs to somebody else"


@dataclass(frozen=True, slots=True)
class Resident:
    """`name` is "" for someone who wrote to us and is on no list."""

    id: int
    name: str
    township: str
    language: str


_COLUMNS = (residents.c.id, residents.c.name, residents.c.township, residents.c.language)


def _resident(row: Sequence[object]) -> Resident:
    number, name, township, language = row
    return Resident(int(str(number)), str(name or ""), str(township or ""), str(language))


async def get(connection: AsyncConnection, resident_id: int) -> Resident | None:
    """None where there is no such person, or they were erased."""
    mine = residents.c.id == resident_id, residents.c.erased_at.is_(None)
    row = (await connection.execute(select(*_COLUMNS).where(*mine))).first()
    return _resident(row) if row else None


async def at_address(connection: AsyncConnection, address: Address) -> list[Resident]:
    """Everyone who uses this address, the one known longest first."""
    statement = (
        select(*_COLUMNS)
        .join(addresses, addresses.c.resident_id == residents.c.id)
        .where(addresses.c.channel == address.channel, addresses.c.lookup == address.value)
        .order_by(residents.c.id)
    )
    return [_resident(row) for row in await connection.execute(statement)]


async def find(connection: AsyncConnection, address: Address, language: str, now: datetime) -> Resident:
    """Who uses this address. A stranger becomes an unnamed resident who agreed to nothing."""
    known = await at_address(connection, address)
    if not known:
        # Two first messages at once must not become two strangers.
        await one_at_a_time(connection, f"address {address.channel} {address.value}")
        known = await at_address(connection, address)
    if known:
        return known[0]
    statement = insert(residents).values(language=language, created_at=now).returning(residents.c.id)
    number = int((await connection.execute(statement)).scalar_one())
    await add_address(connection, number, address, now)
    return Resident(number, "", "", language)


async def add_address(connection: AsyncConnection, resident_id: int, address: Address, now: datetime) -> bool:
    """Whether the address is new for this person."""
    row = {
        "resident_id": resident_id,
        "channel": address.channel,
        "value": address.value,
        "created_at": now,
    }
    is_new = bool(await insert_new(connection, addresses, [row]))
    if is_new:
        await keep_stops(connection, [resident_id], now)
    return is_new


async def close_address(connection: AsyncConnection, address: Address, reason: str, now: datetime) -> None:
    await connection.execute(
        update(addresses).where(*_is(address)).values(closed_at=now, closed_reason=reason)
    )


async def reopen_address(connection: AsyncConnection, address: Address) -> None:
    """A message from an address proves that it is alive; not that it belongs to whom our list says."""
    await connection.execute(
        update(addresses)
        .where(*_is(address), addresses.c.closed_at.is_not(None), addresses.c.closed_reason != WRONG_NUMBER)
        .values(closed_at=None, closed_reason=None)
    )


def _is(address: Address) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return addresses.c.channel == address.channel, addresses.c.lookup == address.value


async def addresses_of(connection: AsyncConnection, resident_id: int, channel: ChannelName) -> list[Address]:
    """Where this resident is reached on a channel, closed addresses too."""
    own = addresses.c.resident_id == resident_id, addresses.c.channel == channel
    found = await connection.execute(select(addresses.c.value).where(*own).order_by(addresses.c.id))
    return [Address(channel, value) for value in found.scalars()]


async def remove_address(connection: AsyncConnection, resident_id: int, address: Address) -> None:
    """It is not this person's; others who use it keep it."""
    await connection.execute(delete(addresses).where(addresses.c.resident_id == resident_id, *_is(address)))


async def sharing_address(connection: AsyncConnection, resident_id: int) -> list[int]:
    """This resident and everyone who shares one of their addresses."""
    mine = (
        select(addresses.c.channel, addresses.c.lookup)
        .where(addresses.c.resident_id == resident_id)
        .subquery()
    )
    statement = (
        select(addresses.c.resident_id)
        .join(mine, (mine.c.channel == addresses.c.channel) & (mine.c.lookup == addresses.c.lookup))
        .distinct()
    )
    return sorted({resident_id, *(row[0] for row in await connection.execute(statement))})


async def is_shared(connection: AsyncConnection, address: Address) -> bool:
    """Whether several people of our list use it: no word then that one of them may not want read."""
    return len([person for person in await at_address(connection, address) if person.name]) > 1


async def sharing(connection: AsyncConnection, resident_ids: Sequence[int]) -> set[tuple[int, str]]:
    """Of these people, who shares an address with another one of our list: (resident, channel)."""
    mine, other = addresses.alias("mine"), addresses.alias("other")
    same = (other.c.channel == mine.c.channel) & (other.c.lookup == mine.c.lookup)
    statement = (
        select(mine.c.resident_id, mine.c.channel)
        .join(other, same & (other.c.resident_id != mine.c.resident_id))
        .join(residents, residents.c.id == other.c.resident_id)
        .where(mine.c.resident_id.in_(resident_ids), residents.c.name.is_not(None))
        .distinct()
    )
    return {(row[0], row[1]) for row in await connection.execute(statement)}


async def link(connection: AsyncConnection, stranger: Resident, phone: str, now: datetime) -> Resident | None:
    """Joins a Telegram chat to the resident whose number it proved to own; None where no list has the number.

    What the stranger wrote and decided so far moves along, so that a stop given before linking still holds.
    """
    known = await at_address(connection, Address("sms", phone))
    return await join(connection, stranger, known[0], now) if known else None


async def join(
    connection: AsyncConnection, stranger: Resident, resident: Resident, now: datetime
) -> Resident:
    """The chat of `stranger` is this resident's from now on; see `link`."""
    if stranger.id == resident.id:
        return resident
    chat = select(addresses.c.value).where(
        addresses.c.resident_id == stranger.id, addresses.c.channel == TELEGRAM
    )
    for (value,) in (await connection.execute(chat)).all():
        await add_address(connection, resident.id, Address(TELEGRAM, value), now)
    if not stranger.name:
        await _keep_stops(connection, stranger.id, resident.id, now)
        await _absorb(connection, stranger.id, resident.id)
    return resident


async def _keep_stops(connection: AsyncConnection, stranger_id: int, resident_id: int, now: datetime) -> None:
    """A stop said in the chat holds for the resident too, also against a list imported later."""
    for purpose in PURPOSES:
        own = select(current(residents.c.id, purpose)).where(residents.c.id == stranger_id)
        if (await connection.execute(own)).scalar() is False:
            await withdraw(
                connection,
                [resident_id],
                wording="stopped in the chat before it was linked",
                channel=TELEGRAM,
                source=f"linked from resident {stranger_id}",
                now=now,
                purposes=[purpose],
            )


async def _absorb(connection: AsyncConnection, stranger_id: int, resident_id: int) -> None:
    for table in (consent, inbound, outbox, survey_answers, answers, cases, checkups, link_codes, guide_runs):
        await connection.execute(
            update(table).where(table.c.resident_id == stranger_id).values(resident_id=resident_id)
        )
    for table in (addresses, resident_groups, resident_tags):
        await connection.execute(delete(table).where(table.c.resident_id == stranger_id))
    await connection.execute(delete(residents).where(residents.c.id == stranger_id))


async def set_language(connection: AsyncConnection, resident_id: int, language: str) -> None:
    await connection.execute(update(residents).where(residents.c.id == resident_id).values(language=language))


async def listing(connection: AsyncConnection, *, after: int = 0, limit: int = 50) -> list[JSON]:
    """A page of residents for staff, by id."""
    there = residents.c.id > after, residents.c.erased_at.is_(None)
    statement = select(*_COLUMNS).where(*there).order_by(residents.c.id).limit(limit)
    return [
        {"id": r.id, "name": r.name, "township": r.township, "language": r.language}
        for r in map(_resident, await connection.execute(statement))
    ]
