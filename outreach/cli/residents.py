"""Commands about residents and their checkups."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from outreach import residents as people
from outreach.cli.output import (
    JsonFlag,
    database,
    moment,
    run,
    say,
    settings,
    show_json,
    show_table,
)
from outreach.model import JSON, BadInput, iso
from outreach.store import tables

residents_commands = typer.Typer(no_args_is_help=True, help="Who we may write to.")
checkups_commands = typer.Typer(no_args_is_help=True, help="Checkup appointments.")
Number = Annotated[int, typer.Argument(metavar="ID")]


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
