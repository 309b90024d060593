"""Rows of a list joined to the people we know, a batch at a time: a few statements, however many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.lists import BadRow, Report
from outreach.model import SMS, TELEGRAM, Address
from outreach.residents.consent import PURPOSES, keep_stops
from outreach.residents.names import same_name
from outreach.store import among, insert_many, insert_new, next_ids, one_at_a_time
from outreach.store.columns import version_of
from outreach.store.tables import addresses, consent, resident_groups, residents

_FACTS = ("name", "township", "language", "birth_year")


@dataclass(frozen=True, slots=True)
class Row:
    """`wordings`: what the list says of each purpose, as it goes into the ledger."""

    number: int
    name: str
    phone: str | None
    telegram_id: str | None
    township: str | None
    language: str | None
    groups: tuple[str, ...]
    birth_year: int | None
    consent: Mapping[str, bool]
    doubts: tuple[tuple[str, str], ...] = ()
    wordings: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return same_name(self.name)

    @property
    def addresses(self) -> list[Address]:
        given = ((SMS, self.phone), (TELEGRAM, self.telegram_id))
        return [Address(channel, value) for channel, value in given if value]


@dataclass(slots=True, eq=False)
class Person:
    """Someone as they are while a batch goes in. No `id`: new. No name: a stranger who wrote to us."""

    id: int | None
    facts: dict[str, Any]
    # What spellings of the name share; "" for a stranger.
    key: str = ""
    groups: set[str] = field(default_factory=set)
    addresses: set[Address] = field(default_factory=set)
    consent: dict[str, bool] = field(default_factory=dict)
    changed: bool = False
    new_groups: list[str] = field(default_factory=list)
    new_addresses: list[Address] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)

    def describe(self, row: Row) -> bool:
        """Fills in what the row says; an empty cell never erases, and a spelling never replaces a name."""
        given = {"township": row.township, "language": row.language, "birth_year": row.birth_year}
        if not self.facts["name"]:
            given["name"], self.key = row.name, row.key
        news = {name: value for name, value in given.items() if value not in (None, self.facts[name])}
        self.facts |= news
        self.changed |= bool(news)
        return bool(news)

    def join(self, groups: Iterable[str], places: Iterable[Address]) -> bool:
        """Groups and addresses are added, never taken away."""
        groups = [name for name in groups if name not in self.groups]
        places = [address for address in places if address not in self.addresses]
        self.groups.update(groups)
        self.addresses.update(places)
        self.new_groups += groups
        self.new_addresses += places
        return bool(groups or places)

    def agree(self, row: Row, source: str, now: datetime) -> bool:
        """A yes counts where nothing was ever said; it never revives who stopped. A no always counts."""
        changed = False
        for purpose, answer in row.consent.items():
            before = self.consent.get(purpose)
            if before == answer or (answer and before is False):
                continue
            self.consent[purpose] = answer
            wording = row.wordings.get(purpose) or purpose
            self.said.append(
                {
                    "purpose": purpose,
                    "given": answer,
                    "at": now,
                    "channel": "import",
                    "wording": wording,
                    "version": version_of(wording),
                    "source": f"{source} row {row.number}",
                }
            )
            changed = True
        return changed

    def group_rows(self) -> list[dict[str, Any]]:
        return [{"resident_id": self.id, "name": name} for name in self.new_groups]

    def address_rows(self, now: datetime) -> list[dict[str, Any]]:
        return [
            {
                "resident_id": self.id,
                "channel": one.channel,
                "value": one.value,
                "lookup": one.value,
                "created_at": now,
            }
            for one in self.new_addresses
        ]


async def take(
    connection: AsyncConnection, row: Row, report: Report, *, language: str, source: str, now: datetime
) -> None:
    """Brings one row in. Raises BadRow where the number is known under another name."""
    batch = Batch(await _known(connection, [row]), language, source, now)
    batch.enter(row, report)
    await batch.write(connection)


async def take_all(
    connection: AsyncConnection,
    rows: Sequence[Row],
    report: Report,
    *,
    language: str,
    source: str,
    now: datetime,
    shared_numbers: bool = False,
) -> list[tuple[int, BadRow]]:
    """Brings a batch of rows in, in their order. Returns those that must not go in, by their numbers.

    `shared_numbers`: a known number under another name is one more person who uses it.
    """
    # Two imports at once must not make two people of one.
    await one_at_a_time(connection, "import")
    batch = Batch(await _known(connection, rows), language, source, now, shared_numbers)
    refused = []
    for row in rows:
        try:
            batch.enter(row, report)
        except BadRow as problem:
            refused.append((row.number, problem))
    await batch.write(connection)
    return refused


class Batch:
    def __init__(
        self,
        known: dict[Address, list[Person]],
        language: str,
        source: str,
        now: datetime,
        shared_numbers: bool = False,
    ) -> None:
        self._at, self._language, self._source, self._now = known, language, source, now
        self._shared = shared_numbers
        self._touched: dict[Person, None] = {}

    def enter(self, row: Row, report: Report) -> None:
        """Raises BadRow where it is not plain who this is; then nothing has changed."""
        places = row.addresses
        person = self._who(row, places)
        is_new = person is None
        if person is None:
            person = Person(None, dict.fromkeys(_FACTS) | {"language": self._language})
        changed = person.describe(row)
        changed |= person.join(row.groups, places)
        changed |= person.agree(row, self._source, self._now)
        self._touched[person] = None
        for address in places:
            people = self._at.setdefault(address, [])
            if person not in people:
                people.append(person)
        if is_new:
            report.created += 1
        elif changed:
            report.updated += 1
        else:
            report.unchanged += 1

    def _who(self, row: Row, places: Iterable[Address]) -> Person | None:
        owners = [owner for address in places if (owner := self._owner(row, address))]
        if len(owners) == 2 and owners[0] is not owners[1]:
            raise BadRow(
                "telegram_id",
                "this number and this Telegram id belong to two people we know: leave one of them empty, or"
                " let the resident share the number in the chat",
            )
        return owners[0] if owners else None

    def _owner(self, row: Row, address: Address) -> Person | None:
        """Who of those at this address it is; None where nobody we know. Raises BadRow for someone else."""
        people = self._at.get(address)
        if not people:
            return None
        for person in people:
            if person.key == row.key:
                return person
        named = [person for person in people if person.key]
        if not named:
            return people[0]
        if address.channel == TELEGRAM:
            problem = "this Telegram id is already known under another name: ask which one is right"
            raise BadRow("telegram_id", problem)
        if not self._shared:
            raise BadRow(
                "phone",
                "this number is already known under another name, from before or from this list: ask which"
                " one is right; people who share a number are let in by --shared-numbers",
            )
        return None

    async def write(self, connection: AsyncConnection) -> None:
        people = list(self._touched)
        new, known = [one for one in people if one.id is None], [one for one in people if one.id is not None]
        await _number_and_insert(connection, new, self._now)
        await _update(connection, [one for one in known if one.changed])
        await insert_many(connection, resident_groups, [row for one in new for row in one.group_rows()])
        await insert_many(connection, addresses, [row for one in new for row in one.address_rows(self._now)])
        # Somebody else may give a person we know the same at this moment.
        await insert_new(connection, resident_groups, [row for one in known for row in one.group_rows()])
        await insert_new(connection, addresses, [row for one in known for row in one.address_rows(self._now)])
        await insert_many(
            connection, consent, [{"resident_id": one.id, **said} for one in people for said in one.said]
        )
        moved = [one.id for one in people if one.id is not None and one.new_addresses]
        await keep_stops(connection, moved, self._now)


async def _number_and_insert(connection: AsyncConnection, new: Sequence[Person], now: datetime) -> None:
    if not new:
        return
    for person, number in zip(new, await next_ids(connection, residents, len(new)), strict=True):
        person.id = number
    rows = [{"id": one.id, **one.facts, "created_at": now} for one in new]
    await insert_many(connection, residents, rows)


async def _update(connection: AsyncConnection, people: Sequence[Person]) -> None:
    if not people:
        return
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _FACTS}
    statement = update(residents).where(residents.c.id == bindparam("known_id")).values(values)
    rows = [{"known_id": one.id, **{f"new_{name}": one.facts[name] for name in _FACTS}} for one in people]
    await connection.execute(statement, rows)


async def _known(connection: AsyncConnection, rows: Sequence[Row]) -> dict[Address, list[Person]]:
    """Who is at these rows' addresses, the one known longest first."""
    wanted = {address for row in rows for address in row.addresses}
    places = [place async for place in _at(connection, wanted)]
    people = await _people(connection, sorted({resident_id for resident_id, _ in places}))
    found: dict[Address, list[Person]] = {}
    for resident_id, address in sorted(places, key=lambda place: place[0]):
        found.setdefault(address, []).append(people[resident_id])
    return found


async def _at(connection: AsyncConnection, wanted: Iterable[Address]) -> Any:
    """The one place where a list's addresses are looked up: (resident, address) pairs."""
    for channel in (SMS, TELEGRAM):
        values = [address.value for address in wanted if address.channel == channel]
        if values:
            statement = select(addresses.c.resident_id, addresses.c.value).where(
                addresses.c.channel == channel, among(connection, addresses.c.lookup, values)
            )
            for resident_id, value in await connection.execute(statement):
                yield resident_id, Address(channel, value)


async def _people(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Person]:
    if not ids:
        return {}
    columns = [residents.c.id, *(residents.c[name] for name in _FACTS)]
    rows = (await connection.execute(select(*columns).where(among(connection, residents.c.id, ids)))).all()
    people = {
        number: Person(number, dict(zip(_FACTS, facts, strict=True)), same_name(facts[0] or ""))
        for number, *facts in rows
    }
    groups = select(resident_groups).where(among(connection, resident_groups.c.resident_id, ids))
    for resident_id, name in await connection.execute(groups):
        people[resident_id].groups.add(name)
    places = select(addresses.c.resident_id, addresses.c.channel, addresses.c.value)
    for resident_id, channel, value in await connection.execute(
        places.where(among(connection, addresses.c.resident_id, ids))
    ):
        people[resident_id].addresses.add(Address(channel, value))
    ledger = (
        select(consent.c.resident_id, consent.c.purpose, consent.c.given)
        .where(among(connection, consent.c.resident_id, ids), consent.c.purpose.in_(PURPOSES))
        .order_by(consent.c.id)
    )
    for resident_id, purpose, given in await connection.execute(ledger):
        people[resident_id].consent[purpose] = given
    return people
