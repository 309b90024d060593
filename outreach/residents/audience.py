"""An audience as staff describe it, turned into SQL: counted before use, read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, ChannelName
from outreach.residents.consent import current
from outreach.store.tables import addresses, resident_groups, residents


@dataclass(frozen=True, slots=True)
class Reached:
    """A resident, whether they agree to a purpose (None: never asked), and where they can be reached."""

    id: int
    name: str
    township: str
    language: str
    agreed: bool | None
    address: Address | None

    def obstacle(self, purpose: str) -> str | None:
        """Why this person gets no message, in words; None where nothing stands against it."""
        if not self.agreed:
            return f"never agreed to {purpose}" if self.agreed is None else "stopped our messages"
        return None if self.address else "no address takes messages"


class Audience(BaseModel):
    """Every condition given must hold; none given is everyone on our lists."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    townships: list[str] | None = None
    groups: list[str] | None = None
    languages: list[str] | None = None
    born_from: int | None = None
    born_to: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        # A stranger who only asked a question is on no list, and no audience reaches them by accident.
        holds: list[ColumnElement[bool]] = [residents.c.name.is_not(None)]
        if self.townships is not None:
            holds.append(residents.c.township.in_(self.townships))
        if self.languages is not None:
            holds.append(residents.c.language.in_(self.languages))
        if self.born_from is not None:
            holds.append(residents.c.birth_year >= self.born_from)
        if self.born_to is not None:
            holds.append(residents.c.birth_year <= self.born_to)
        if self.groups is not None:
            member = select(resident_groups.c.resident_id).where(resident_groups.c.name.in_(self.groups))
            holds.append(residents.c.id.in_(member))
        return holds


async def size(connection: AsyncConnection, audience: Audience) -> int:
    statement = select(func.count()).select_from(residents).where(*audience.conditions())
    return (await connection.execute(statement)).scalar_one()


async def page(
    connection: AsyncConnection,
    audience: Audience,
    purpose: str,
    channels: Sequence[ChannelName],
    *,
    after: int,
    limit: int,
) -> list[Reached]:
    """The next residents of an audience, by id."""
    statement = _reach(purpose, channels).where(residents.c.id > after, *audience.conditions())
    rows = await connection.execute(statement.order_by(residents.c.id).limit(limit))
    return [_reached(row, channels) for row in rows]


async def these(
    connection: AsyncConnection, ids: Sequence[int], purpose: str, channels: Sequence[ChannelName]
) -> list[Reached]:
    """Residents by their ids, as `page` gives them."""
    rows = await connection.execute(_reach(purpose, channels).where(residents.c.id.in_(ids)))
    return [_reached(row, channels) for row in rows]


def _reach(purpose: str, channels: Sequence[ChannelName]) -> Select[Any]:
    where = (
        select(func.min(addresses.c.value))
        .where(addresses.c.resident_id == residents.c.id, addresses.c.closed_at.is_(None))
        .correlate(residents)
    )
    return select(
        residents.c.id,
        residents.c.name,
        residents.c.township,
        residents.c.language,
        current(residents.c.id, purpose).label("consent"),
        *(where.where(addresses.c.channel == c).scalar_subquery().label(c) for c in channels),
    )


def _reached(row: Row[Any], channels: Sequence[ChannelName]) -> Reached:
    values = row._mapping
    address = next((Address(c, values[c]) for c in channels if values[c]), None)
    return Reached(row.id, row.name or "", row.township or "", row.language, row.consent, address)
