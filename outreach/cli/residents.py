"""Commands about residents and their checkups."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from outreach.cli import consents, records
from outreach.cli.output import (
    JsonFlag,
    database,
    moment,
    run,
    settings,
    show_json,
    show_table,
)
from outreach.model import JSON, iso
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
