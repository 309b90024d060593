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
from outreach import residents as people
from outreach.app import Content, wall_clock
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
from outreach.model import JSON, BadInput, iso
from outreach.reminders import importing as appointments
from outreach.residents import importing
from outreach.settings import Settings
from outreach.store import tables

BATCH = 500

residents_commands = typer.Typer(no_args_is_help=True, help="Who we may write to.")
checkups_commands = typer.Typer(no_args_is_help=True, help="Checkup appointments.")
Number = Annotated[int, typer.Argument(metavar="ID")]


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


@residents_commands.command("list")
def list_residents(
    after: Annotated[int, typer.Option(help="Show those with a higher id.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    json: JsonFlag = False,
) -> None:
    """A page of residents, by id."""
    loaded = settings()

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await people.listing(connection, after=after, limit=limit)

    found = run(work())
    if json:
        show_json({"residents": found})
    else:
        rows = [(r["id"], r["name"] or "—", r["township"], r["language"]) for r in found]
        show_table(
            ("id", "name", "township", "language"), rows, "No residents yet: `outreach residents import`."
        )


@residents_commands.command("show")
def show(resident: Number, json: JsonFlag = False) -> None:
    """One resident's record: addresses, consent, what was said and why or why not it was sent."""
    record = _record(resident)
    if json:
        show_json(record)
        return
    consent = ", ".join(
        f"{name}: {'yes' if given else 'never asked' if given is None else 'stopped'}"
        for name, given in record["consent"].items()
    )
    say(f"{record['id']} {record['name'] or '—'} {record['township'] or ''}")
    say(consent)
    rows = [(m["at"], m["channel"], m["state"], m["reason"], m["text"]) for m in record["messages"]]
    show_table(("at", "channel", "state", "reason", "text"), rows, "No messages.")


@residents_commands.command("export")
def export(resident: Number) -> None:
    """Everything held on one resident, as JSON."""
    show_json(_record(resident))


def _unknown(resident: int) -> BadInput:
    return BadInput("no resident has this id", where=str(resident), fix="see `outreach residents list`")


def _record(resident: int) -> JSON:
    loaded = settings()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            record = await people.export(connection, resident)
        if record is None:
            raise _unknown(resident)
        return record

    return run(work())


@residents_commands.command("consent")
def consent(resident: Number, json: JsonFlag = False) -> None:
    """The proof: every word of consent given or withdrawn."""
    loaded = settings()

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            if await people.get(connection, resident) is None:
                raise _unknown(resident)
            ledger = await people.proof(connection, resident)
        return [
            {
                "purpose": row.purpose,
                "given": row.given,
                "at": iso(row.at),
                "channel": row.channel,
                "wording": row.wording,
                "source": row.source,
            }
            for row in ledger
        ]

    found = run(work())
    if json:
        show_json({"consent": found})
    else:
        rows = [(r["at"], r["purpose"], "given" if r["given"] else "withdrawn", r["source"]) for r in found]
        show_table(("at", "purpose", "", "source"), rows, "Nothing was ever given or withdrawn.")


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
