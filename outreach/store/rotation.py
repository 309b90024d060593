"""A new key, and everything sealed anew with it: in one transaction, so that a crash leaves the old one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store.sealing import Lookup, Sealed, Seals
from outreach.store.tables import metadata

PAGE = 2000
# The table, how many of its rows are done, and how many there are.
Progress = Callable[[str, int, int], None]


async def rotate(connection: AsyncConnection, now: datetime, progress: Progress) -> str:
    """Returns the new key's name. Nobody else may use the database meanwhile: they know the old key alone.

    The old one is kept, since it alone tells who had stopped before they were erased.
    """
    return await connection.run_sync(_rotate, now, progress)


def _rotate(connection: Connection, now: datetime, progress: Progress) -> str:
    seals: Seals = connection.dialect.seals  # type: ignore[attr-defined]
    name = seals.add(connection, now)
    for table in metadata.sorted_tables:
        if sealed := [column.name for column in table.columns if isinstance(column.type, Sealed)]:
            _reseal(connection, table, sealed, progress)
    return name


def _reseal(connection: Connection, table: Table, sealed: list[str], progress: Progress) -> None:
    """Through the columns' own types, which open with whichever key it was and seal with the new one."""
    total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    hashed = {
        column.name: column.default.arg.column  # type: ignore[union-attr]
        for column in table.columns
        if isinstance(column.type, Lookup)
    }
    columns = [table.c[name] for name in sealed]
    key, last, done = table.c.id, 0, 0
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*sealed, *hashed)}
    write = table.update().where(key == bindparam("row")).values(changed)
    while (
        rows := connection.execute(select(key, *columns).where(key > last).order_by(key).limit(PAGE))
        .mappings()
        .all()
    ):
        last, done = rows[-1]["id"], done + len(rows)
        connection.execute(write, [_anew(dict(row), sealed, hashed) for row in rows])
        progress(table.name, done, total)


def _anew(row: dict[str, Any], sealed: list[str], hashed: dict[str, str]) -> dict[str, Any]:
    values = {f"new_{name}": row[name] for name in sealed}
    return values | {f"new_{name}": row[source] for name, source in hashed.items()} | {"row": row["id"]}
