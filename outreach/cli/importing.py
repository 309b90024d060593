"""Commands that bring in lists: residents and their appointments, from CSV or XLSX."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit
from outreach.app import Content, wall_clock
from outreach.cli.output import JsonFlag, complain, database, mistakes, run, say, settings, show_json, stderr
from outreach.lists import BadRow, Cells, Listing, Rejected, Report
from outreach.model import BadInput
from outreach.reminders import importing as appointments
from outreach.residents import importing
from outreach.settings import Settings

BATCH, SHOWN = 1000, 20
Rows = list[tuple[int, Cells]]
Take = Callable[[AsyncConnection, Rows, Report], Awaitable[None]]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
RejectedFile = Annotated[
    Path | None,
    typer.Option("--rejected", metavar="FILE", help="Where rejected rows go; NAME.rejected.csv beside it."),
]
Shared = Annotated[
    bool, typer.Option("--shared-numbers", help="A known number under another name is one more person.")
]


@dataclass(frozen=True, slots=True)
class Job:
    """One list on its way in. `act` is its name in the audit."""

    settings: Settings
    listing: Listing
    report: Report
    act: str
    dry_run: bool


def import_residents(
    file: Path,
    dry_run: DryRun = False,
    rejected: RejectedFile = None,
    shared_numbers: Shared = False,
    json: JsonFlag = False,
) -> None:
    """Brings in a list of residents (CSV or XLSX). Good rows go in, bad ones come back in a file."""
    loaded, now = settings(), wall_clock()
    with mistakes(), importing.read(file) as listing, _report(listing, rejected, dry_run, json) as report:

        async def take(connection: AsyncConnection, found: Rows, report: Report) -> None:
            rows = list(_understood(found, listing, report))
            await importing.take_all(
                connection,
                rows,
                report,
                language=loaded.language,
                source=file.name,
                now=now,
                shared_numbers=shared_numbers,
            )

        run(_import(Job(loaded, listing, report, "residents.import", dry_run), take))
    _tell(report, dry_run, json)


def _understood(found: Rows, listing: Listing, report: Report) -> Iterator[importing.Row]:
    now = wall_clock()
    for number, cells in found:
        try:
            row = importing.parse(number, cells, listing.head.words, now)
        except BadRow as problem:
            report.refuse(number, problem)
            continue
        for name, what in row.doubts:
            report.warn(number, name, what)
        yield row


def import_checkups(
    file: Path, dry_run: DryRun = False, rejected: RejectedFile = None, json: JsonFlag = False
) -> None:
    """Brings in a list of appointments (CSV or XLSX): phone, time, place, plan. Reminders follow."""
    loaded, now = settings(), wall_clock()
    with mistakes():
        plans = Content.load(loaded).must_be_sound().reminders

    async def take(connection: AsyncConnection, found: Rows, report: Report) -> None:
        for number, cells in found:
            try:
                row = appointments.parse(number, cells, plans, loaded.zone, now)
                await appointments.take(connection, row, plans, report, now=now)
            except BadRow as problem:
                report.refuse(number, problem)

    with mistakes(), appointments.read(file) as listing, _report(listing, rejected, dry_run, json) as report:
        run(_import(Job(loaded, listing, report, "checkups.import", dry_run), take))
    _tell(report, dry_run, json)


@contextlib.contextmanager
def _report(listing: Listing, rejected: Path | None, dry_run: bool, json: bool) -> Iterator[Report]:
    """An empty report, with the file for rejected rows where one may be written."""
    path = rejected or listing.file.with_name(f"{listing.file.stem}.rejected.csv")
    report = Report(keep=None if json else SHOWN, path=path)
    for name in listing.others:
        problem = f"the sheet {name} has such headings and rows too; only the first such sheet was read"
        report.warn(listing.head.row, "sheet", problem)
    if dry_run:
        yield report
        return
    if path.exists() and path.samefile(listing.file):
        fix = "name another file with --rejected FILE"
        raise BadInput("rejected rows must not replace the list", where=str(path), fix=fix)
    with contextlib.closing(Rejected(path, listing.head.words)) as report.file:
        report.file.must_be_possible()
        yield report


async def _import(job: Job, take: Take) -> None:
    """Two passes: what is wrong with the whole file is found before anything is written."""
    with _progress() as bar:
        task = bar.add_task("checking", total=job.listing.size)
        total = job.listing.check(lambda number: bar.update(task, completed=number))
        bar.reset(task, total=total, description=job.listing.file.name)
        async with database(job.settings) as store:
            # A dry run is one transaction, so that a row sees the rows before it, and then taken back.
            if job.dry_run:
                async with store.write() as connection:
                    for batch in _batches(job.listing):
                        await _take(connection, batch, job, take)
                        bar.advance(task, len(batch))
                    await connection.rollback()
                return
            for batch in _batches(job.listing):
                async with store.write() as connection:
                    await _take(connection, batch, job, take)
                    what = f"{job.listing.file.name}: {len(batch)} rows"
                    await audit.note(connection, "cli", job.act, what, wall_clock())
                bar.advance(task, len(batch))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal)


def _batches(listing: Listing) -> Iterator[Rows]:
    rows = listing.rows()
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


async def _take(connection: AsyncConnection, batch: Rows, job: Job, take: Take) -> None:
    job.report.rows += len(batch)
    await take(connection, batch, job.report)


def _tell(report: Report, dry_run: bool, json: bool) -> None:
    """What happened; exit code 1 where not a single row could go in."""
    if json:
        show_json(report.as_json())
    else:
        _say(report, dry_run)
    if report.rejected == report.rows:
        complain("every row was rejected: nothing went in")
        raise typer.Exit(1)


def _say(report: Report, dry_run: bool) -> None:
    done = "would be" if dry_run else "were"
    say(
        f"{report.rows} rows: {report.created} {done} created, {report.updated} updated,"
        f" {report.unchanged} unchanged, {report.rejected} rejected"
    )
    for error in report.errors:
        say(f"row {error['row']}, {error['field']}: {error['problem']}")
    if report.rejected > len(report.errors):
        say(f"… and {report.rejected - len(report.errors)} more rejected rows")
    for warning in report.warnings:
        say(f"row {warning['row']}, {warning['field']}: {warning['problem']} (warning)")
    if report.warned > len(report.warnings):
        say(f"… and {report.warned - len(report.warnings)} more warnings; all of them: --json")
    if report.rejected:
        say(f"Rejected rows, each with what to do, {done} written to {report.path}")
