"""A whole list on its way in: checked to its end first, then written batch by batch."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit
from outreach.lists import BadRow, Cells, Listing, Report
from outreach.residents.importing import parse
from outreach.residents.joining import Row, take_all
from outreach.store import Store

BATCH = 1000
Rows = list[tuple[int, Cells]]
Take = Callable[[AsyncConnection, Rows, Report], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Intake:
    """`take` brings in one batch; `act` is what the audit calls it; `passed` hears of rows that are done."""

    listing: Listing
    report: Report
    take: Take
    act: str
    now: datetime
    passed: Callable[[int], None] = lambda rows: None

    async def write(self, store: Store) -> None:
        """Each batch is a transaction: a run that was cut off is simply run again."""
        for batch in self._batches():
            async with store.write() as connection:
                await self._take(connection, batch)
                what = f"{self.listing.file.name}: {len(batch)} rows"
                await audit.note(connection, "cli", self.act, what, self.now)
            self.passed(len(batch))

    async def rehearse(self, store: Store) -> None:
        """One transaction, so that a row sees the rows before it, and then taken back."""
        async with store.write() as connection:
            for batch in self._batches():
                await self._take(connection, batch)
                self.passed(len(batch))
            await connection.rollback()

    def _batches(self) -> Iterator[Rows]:
        rows = self.listing.rows()
        while batch := list(itertools.islice(rows, BATCH)):
            yield batch

    async def _take(self, connection: AsyncConnection, batch: Rows) -> None:
        self.report.rows += len(batch)
        await self.take(connection, batch, self.report)


def residents(
    listing: Listing,
    report: Report,
    *,
    language: str,
    now: datetime,
    shared_numbers: bool = False,
    passed: Callable[[int], None] = lambda rows: None,
) -> Intake:
    """A list of residents; `language`: of whom the list says nothing about it."""

    async def take(connection: AsyncConnection, found: Rows, report: Report) -> None:
        rows, refused = _understood(found, listing, now)
        refused += await take_all(
            connection,
            rows,
            report,
            language=language,
            source=listing.file.name,
            now=now,
            shared_numbers=shared_numbers,
        )
        _told(report, rows, dict(refused))

    return Intake(listing, report, take, "residents.import", now, passed)


def _understood(found: Rows, listing: Listing, now: datetime) -> tuple[list[Row], list[tuple[int, BadRow]]]:
    rows, refused = [], []
    for number, cells in found:
        try:
            rows.append(parse(number, cells, listing.head.words, now))
        except BadRow as problem:
            refused.append((number, problem))
    return rows, refused


def _told(report: Report, rows: list[Row], refused: dict[int, BadRow]) -> None:
    """In the order of the list; a row that is left out is not warned about as well."""
    for number in sorted(refused):
        report.refuse(number, refused[number])
    for row in rows:
        if row.doubts and row.number not in refused:
            for name, what in row.doubts:
                report.warn(row.number, name, what)
