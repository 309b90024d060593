"""An audience as staff describe it, turned into SQL: counted before use, read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import ChannelName
from outreach.residents.consent import current
from outreach.store.tables import addresses, resident_groups, residents


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
) -> Sequence[Row[Any]]:
    """The next residents by id, each with `consent` (None: never asked) and one open address per channel."""
    rows: Sequence[Row[Any]] = (
        await connection.execute(_page(audience, purpose, channels, after, limit))
    ).all()
    return rows


def _page(
    audience: Audience, purpose: str, channels: Sequence[ChannelName], after: int, limit: int
) -> Select[Any]:
    where = (
        select(func.min(addresses.c.value))
        .where(addresses.c.resident_id == residents.c.id, addresses.c.closed_at.is_(None))
        .correlate(residents)
    )
    return (
        select(
            residents.c.id,
            residents.c.name,
            residents.c.township,
            residents.c.language,
            current(residents.c.id, purpose).label("consent"),
            *(where.where(addresses.c.channel == c).scalar_subquery().label(c) for c in channels),
        )
        .where(residents.c.id > after, *audience.conditions())
        .order_by(residents.c.id)
        .limit(limit)
    )
