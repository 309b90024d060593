"""Commands that bring in lists: residents and their appointments, from CSV or XLSX."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.app import Content, wall_clock
from outreach.cli.output import JsonFlag, complain, database, mistakes, run, say, settings, show_json, stderr
from outreach.lists import BadRow, Listing, Rejected, Report
from outreach.model import BadInput
from outreach.reminders import importing as appointments
from outreach.residents import importing, intake
from outreach.settings import Settings

SHOWN = 20
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
RejectedFile = Annotated[
    Path | None,
    typer.Option("--rejected", metavar="FILE", help="Where rejected rows go; NAME.rejected.csv beside it."),
]
Shared = Annotated[
    bool, typer.Option("--shared-numbers", help="A known number under another name is one more person.")
]


def import_residents(
    file: Path,
    dry_run: DryRun = False,
    rejected: RejectedFile = None,
    shared_numbers: Shared = False,
    json: JsonFlag = False,
) -> None:
    """Brings in a list of residents (CSV or XLSX). Good rows go in, bad ones come back in a file."""
    loaded = settings()
    with mistakes(), importing.read(file) as listing, _report(listing, rejected, dry_run, json) as report:
        work = intake.residents(
            listing, report, language=loaded.language, now=wall_clock(), shared_numbers=shared_numbers
        )
        run(_bring_in(loaded, work, dry_run))
    _tell(report, dry_run, json)


def import_checkups(
    file: Path, dry_run: DryRun = False, rejected: RejectedFile = None, json: JsonFlag = False
) -> None:
    """Brings in a list of appointments (CSV or XLSX): phone, time, place, plan. Reminders follow."""
    loaded, now = settings(), wall_clock()
    with mistakes():
        plans = Content.load(loaded).must_be_sound().reminders

    async def take(connection: AsyncConnection, found: intake.Rows, report: Report) -> None:
        for number, cells in found:
            try:
                row = appointments.parse(number, cells, plans, loaded.zone, now)
                await appointments.take(connection, row, plans, report, now=now)
            except BadRow as problem:
                report.refuse(number, problem)

    with mistakes(), appointments.read(file) as listing, _report(listing, rejected, dry_run, json) as report:
        run(_bring_in(loaded, intake.Intake(listing, report, take, "checkups.import", now), dry_run))
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


async def _bring_in(loaded: Settings, work: intake.Intake, dry_run: bool) -> None:
    """Two passes: what is wrong with the whole file is found before anything is written."""
    listing = work.listing
    with _progress() as bar:
        task = bar.add_task("checking", total=listing.size)
        total = listing.check(lambda number: bar.update(task, completed=number))
        bar.reset(task, total=total, description=listing.file.name)
        told = dataclasses.replace(work, passed=lambda rows: bar.advance(task, rows))
        async with database(loaded) as store:
            await (told.rehearse(store) if dry_run else told.write(store))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal)


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
