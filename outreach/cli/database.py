"""Commands about the database: schema, backup, restore, integrity."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

import typer
from rich.progress import Progress
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit
from outreach.app import wall_clock
from outreach.cli.output import (
    JsonFlag,
    database,
    run,
    say,
    settings,
    show_json,
    show_table,
    stderr,
)
from outreach.model import JSON, BadInput
from outreach.outbox import overview
from outreach.settings import Settings
from outreach.store import Store, head, rotate, sole_sender, upgrade

database_commands = typer.Typer(
    no_args_is_help=True, help="The database: schema, backup, restore, integrity."
)


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


@database_commands.command("rotate")
def rotate_keys(json: JsonFlag = False) -> None:
    """Makes a new key and seals every name, number and text anew with it. Stop `serve` and `worker` first."""
    loaded = settings()

    async def work() -> str:
        bar = Progress(console=stderr, transient=True, disable=not stderr.is_terminal)
        async with database(loaded) as store:
            with sole_sender(store), bar:
                async with store.write() as connection:
                    await _nobody_works(connection, await store.time(connection, wall_clock()))
                    made = await rotate(connection, wall_clock(), partial(_shown, bar))
                    await audit.note(connection, "cli", "db.rotate", made, wall_clock())
                    return made

    name = run(work())
    where = str(loaded.key_file) if loaded.key_file else "the database"
    show_json({"ok": True, "key": name, "kept_in": where}) if json else say(f"key {name}, kept in {where}")


async def _nobody_works(connection: AsyncConnection, now: datetime) -> None:
    seen = await overview(connection, now, now)
    if seen["workers"]:
        raise BadInput(
            f"{len(seen['workers'])} processes work on this database, and know the old key alone",
            where="db rotate",
            fix="stop `serve` and every `worker`, wait five seconds, and try again",
        )


def _shown(bar: Progress, table: str, done: int, total: int) -> None:
    task = next((task.id for task in bar.tasks if task.description == table), None)
    bar.update(bar.add_task(table, total=total) if task is None else task, completed=done)


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
