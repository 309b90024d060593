"""Commands about staff accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach import audit, staff
from outreach.app import wall_clock
from outreach.cli.output import (
    JsonFlag,
    database,
    run,
    say,
    settings,
    show_json,
    show_table,
)
from outreach.model import JSON

staff_commands = typer.Typer(no_args_is_help=True, help="Staff accounts.")


@staff_commands.command("add")
def add_staff(
    name: str,
    role: Annotated[staff.Role, typer.Option(help="What they may do.")],
    json: JsonFlag = False,
) -> None:
    """A new account, and the one-time code that opens the staff bot to it."""
    loaded, now = settings(), wall_clock()

    async def work() -> str:
        async with database(loaded) as store, store.write() as connection:
            code = await staff.add(connection, name, role, now)
            await audit.note(connection, "cli", "staff.add", f"{name} ({role})", now)
        return code

    code = run(work())
    if json:
        show_json({"name": name, "role": role, "code": code})
    else:
        say(f"{name} ({role}): send the staff bot, within {staff.CODE_HOURS} hours:  /start {code}")


@staff_commands.command("list")
def list_staff(json: JsonFlag = False) -> None:
    """The accounts."""
    loaded = settings()

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await staff.listing(connection)

    found = run(work())
    if json:
        show_json({"staff": found})
    else:
        show_table(("name", "role", "state"), [tuple(row.values()) for row in found], "No staff yet.")


@staff_commands.command("disable")
def disable_staff(name: str) -> None:
    """Closes an account at once."""
    loaded, now = settings(), wall_clock()

    async def work() -> None:
        async with database(loaded) as store, store.write() as connection:
            await staff.disable(connection, name, now)
            await audit.note(connection, "cli", "staff.disable", name, now)

    run(work())
