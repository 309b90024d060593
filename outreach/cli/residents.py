"""Commands about residents and their checkups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit, lists
from outreach.app import Content, wall_clock
from outreach.cli import consents, records
from outreach.cli.output import (
    JsonFlag,
    database,
    mistakes,
    moment,
    run,
    say,
    settings,
    show_json,
    show_table,
    stderr,
)
from outreach.model import JSON, iso
from outreach.reminders import importing as appointments
from outreach.residents import importing
from outreach.settings import Settings
from outreach.store import tables

BATCH = 500

residents_commands = typer.Typer(no_args_is_help=True, help="Who we may write to.")
checkups_commands = typer.Typer(no_args_is_help=True, help="Checkup appointments.")
residents_commands.command("list")(records.list_residents)
residents_commands.command("show")(records.show)
residents_commands.command("export")(records.export)
residents_commands.command("erase")(records.erase)
residents_commands.command("consent")(consents.consent)
residents_commands.command("tag")(consents.tag)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Cells = dict[str, str]
Take = Callable[[AsyncConnection, int, Cells, lists.Report], Awaitable[None]]


@residents_commands.command("import")
def import_residents(file: Path, dry_run: DryRun = False, json: JsonFlag = False) -> None:
    """Brings in a list of residents (CSV). Good rows go in, bad ones are named."""
    loaded, now = settings(), wall_clock()

    async def take(connection: AsyncConnection, number: int, cells: Cells, report: lists.Report) -> None:
        row = importing.parse(number, cells)
        await importing.take(connection, row, report, language=loaded.language, source=file.name, now=now)
        report.warnings += [{"row": number, "field": name, "problem": what} for name, what in row.doubts]

    report = run(_import(loaded, file, importing.read_csv(file), take, dry_run, "residents.import"))
    _report(report, dry_run, json)


@checkups_commands.command("import")
def import_checkups(file: Path, dry_run: DryRun = False, json: JsonFlag = False) -> None:
    """Brings in a list of appointments (CSV): phone, time, place, plan. Reminders follow by themselves."""
    loaded, now = settings(), wall_clock()
    with mistakes():
        plans = Content.load(loaded).must_be_sound().reminders

    async def take(connection: AsyncConnection, number: int, cells: Cells, report: lists.Report) -> None:
        row = appointments.parse(number, cells, plans, loaded.zone, now)
        await appointments.take(connection, row, plans, report, now=now)

    report = run(_import(loaded, file, appointments.read_csv(file), take, dry_run, "checkups.import"))
    _report(report, dry_run, json)


def _report(report: lists.Report, dry_run: bool, json: bool) -> None:
    if json:
        show_json({name: getattr(report, name) for name in lists.Report.__slots__})
        return
    done = "would be" if dry_run else "were"
    say(
        f"{report.rows} rows: {report.created} {done} created, {report.updated} updated,"
        f" {report.unchanged} unchanged, {report.rejected} rejected"
    )
    for error in (*report.errors, *report.warnings):
        say(f"row {error['row']}, {error['field']}: {error['problem']}")


async def _import(
    loaded: Settings,
    file: Path,
    found: Iterator[tuple[int, Cells]],
    take: Take,
    dry_run: bool,
    act: str,
) -> lists.Report:
    report, rows = lists.Report(), list(found)
    # A dry run is one transaction, so that a row sees the rows before it, and then taken back.
    size = max(1, len(rows)) if dry_run else BATCH
    async with database(loaded) as store:
        with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
            task = bar.add_task(file.name, total=len(rows))
            for start in range(0, len(rows), size):
                batch = rows[start : start + size]
                async with store.write() as connection:
                    await _import_batch(connection, batch, take, report)
                    if dry_run:
                        await connection.rollback()
                    else:
                        what = f"{file.name}: {len(batch)} rows"
                        await audit.note(connection, "cli", act, what, wall_clock())
                bar.advance(task, len(batch))
    return report


async def _import_batch(
    connection: AsyncConnection, batch: list[tuple[int, Cells]], take: Take, report: lists.Report
) -> None:
    for number, cells in batch:
        report.rows += 1
        try:
            await take(connection, number, cells, report)
        except lists.BadRow as problem:
            report.refuse(number, problem)


@checkups_commands.command("list")
def list_checkups(
    due_before: Annotated[str, typer.Option(help="Only appointments before this time.")] = "",
    json: JsonFlag = False,
) -> None:
    """Appointments, the next one first."""
    loaded = settings()
    checkups = tables.checkups
    statement = select(checkups).order_by(checkups.c.at).limit(1000)
    if due_before:
        statement = statement.where(checkups.c.at < moment(due_before))

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return [
                {"id": c.id, "resident_id": c.resident_id, "plan": c.plan, "at": iso(c.at), "state": c.state}
                for c in await connection.execute(statement)
            ]

    found = run(work())
    if json:
        show_json({"checkups": found})
    else:
        rows = [tuple(row.values()) for row in found]
        show_table(("id", "resident", "plan", "at", "state"), rows, "No appointments.")
