"""Commands about residents, their checkups, and the database that keeps them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit
from outreach import residents as people
from outreach.app import wall_clock
from outreach.cli.output import (
    JsonFlag,
    database,
    moment,
    run,
    say,
    settings,
    show_json,
    show_table,
    stderr,
)
from outreach.model import JSON, BadInput, iso
from outreach.residents import importing
from outreach.settings import Settings
from outreach.store import Store, head, tables, upgrade

BATCH = 500

residents_commands = typer.Typer(no_args_is_help=True, help="Who we may write to.")
checkups_commands = typer.Typer(no_args_is_help=True, help="Checkup appointments.")
database_commands = typer.Typer(
    no_args_is_help=True, help="The database: schema, backup, restore, integrity."
)

Number = Annotated[int, typer.Argument(metavar="ID")]


@residents_commands.command("import")
def import_list(
    file: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    json: JsonFlag = False,
) -> None:
    """Brings in a list of residents (CSV). Good rows go in, bad ones are named."""
    loaded = settings()
    report = run(_import(loaded, file, dry_run))
    if json:
        show_json({name: getattr(report, name) for name in importing.Report.__slots__})
        return
    done = "would be" if dry_run else "were"
    say(
        f"{report.rows} rows: {report.created} {done} created, {report.updated} updated,"
        f" {report.unchanged} unchanged, {report.rejected} rejected"
    )
    for error in report.errors:
        say(f"row {error['row']}, {error['field']}: {error['problem']}")
    for warning in report.warnings:
        say(f"row {warning['row']}, {warning['field']}: {warning['problem']}")


async def _import(loaded: Settings, file: Path, dry_run: bool) -> importing.Report:
    report, now = importing.Report(), wall_clock()
    rows = list(importing.read_csv(file))
    async with database(loaded) as store:
        with Progress(console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
            task = bar.add_task(file.name, total=len(rows))
            for start in range(0, len(rows), len(rows) or 1 if dry_run else BATCH):
                batch = rows[start : start + (len(rows) if dry_run else BATCH)]
                await _import_batch(store, batch, report, loaded, file.name, now, dry_run)
                bar.advance(task, len(batch))
    return report


async def _import_batch(
    store: Store,
    batch: list[tuple[int, dict[str, str]]],
    report: importing.Report,
    loaded: Settings,
    source: str,
    now: datetime,
    dry_run: bool,
) -> None:
    async with store.write() as connection:
        for number, cells in batch:
            report.rows += 1
            try:
                row = importing.parse(number, cells)
                await importing.take(
                    connection, row, report, language=loaded.language, source=source, now=now
                )
            except importing.BadRow as problem:
                report.refuse(number, problem)
                continue
            report.warnings += [
                {"row": number, "field": name, "problem": problem} for name, problem in row.doubts
            ]
        if dry_run:
            await connection.rollback()
        elif batch:
            await audit.note(connection, "cli", "residents.import", f"{source}: {len(batch)} rows", now)


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


def _record(resident: int) -> JSON:
    loaded = settings()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            record = await people.export(connection, resident)
        if record is None:
            raise BadInput(
                "no resident has this id", where=str(resident), fix="see `outreach residents list`"
            )
        return record

    return run(work())


@residents_commands.command("consent")
def consent(resident: Number, json: JsonFlag = False) -> None:
    """The proof: every word of consent given or withdrawn."""
    loaded = settings()

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
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


@database_commands.command("upgrade")
def upgrade_schema(json: JsonFlag = False) -> None:
    """Brings the schema to this program's version."""
    loaded = settings()

    async def work() -> str:
        async with database(loaded) as store:
            return await upgrade(store)

    revision = run(work())
    show_json({"ok": True, "revision": revision}) if json else say(f"at revision {revision}")


@database_commands.command("verify")
def verify(json: JsonFlag = False) -> None:
    """Integrity of the database and of the audit chain."""
    loaded = settings()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            problem = await _integrity(connection, store)
            broken = await audit.verify(connection)
        return {
            "ok": problem is None and broken is None,
            "integrity": problem or "ok",
            "audit_broken_at": broken,
            "revision": head(),
        }

    result = run(work())
    show_json(result) if json else show_table(("", ""), list(result.items()), "")
    if not result["ok"]:
        raise typer.Exit(1)


async def _integrity(connection: AsyncConnection, store: Store) -> str | None:
    if not store.is_sqlite:
        return None
    found = (await connection.exec_driver_sql("PRAGMA integrity_check")).scalar()
    return None if found == "ok" else str(found)


@database_commands.command("backup")
def backup(file: Path, json: JsonFlag = False) -> None:
    """Copies the database to FILE while the service runs (SQLite; PostgreSQL has pg_dump)."""
    source = _sqlite_file(settings())
    if not source.exists():
        _refuse(f"there is no database at {source}")
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(file)) as copy:
        live.backup(copy)
    show_json({"ok": True, "file": str(file)}) if json else say(f"written to {file}")


@database_commands.command("restore")
def restore(file: Path, json: JsonFlag = False) -> None:
    """Puts a backup in the database's place; the one there is kept beside it."""
    target = _sqlite_file(settings())
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            sound = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            sound &= bool(
                copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            )
    except sqlite3.Error:
        sound = False
    if not sound:
        _refuse(f"{file} is no sound backup")
    kept = target.with_name(f"{target.name}.{wall_clock():%Y%m%d%H%M%S}.before-restore")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        with closing(sqlite3.connect(target)) as live:
            live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        target.rename(kept)
        for ending in ("-wal", "-shm"):
            Path(f"{target}{ending}").unlink(missing_ok=True)
    shutil.copy(file, target)
    show_json({"ok": True, "kept": str(kept)}) if json else say(f"restored; the old one is {kept}")


def _sqlite_file(loaded: Settings) -> Path:
    url = make_url(loaded.database_url)
    if url.get_backend_name() != "sqlite":
        _refuse("this is PostgreSQL: use pg_dump and pg_restore")
    return Path(url.database or "")


def _refuse(problem: str) -> None:
    stderr.print(problem)
    raise typer.Exit(1)
