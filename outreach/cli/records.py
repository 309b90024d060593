"""Commands about one resident: what is held on them, and the right to see it and to have it gone."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit
from outreach import residents as people
from outreach.app import wall_clock
from outreach.cli.output import (
    JsonFlag,
    complain,
    database,
    mistakes,
    run,
    say,
    settings,
    show_json,
    show_table,
)
from outreach.cli.record_page import record_page
from outreach.model import JSON, BadInput

Number = Annotated[int, typer.Argument(metavar="ID", min=1)]
By = Annotated[str, typer.Option("--by", help="Who does it: a staff member's name.")]
Work = Callable[[AsyncConnection], Awaitable[JSON]]


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


def show(resident: Number, json: JsonFlag = False) -> None:
    """One resident's record: addresses, consent, and why each message was or was not sent."""
    record = _record(resident)
    if json:
        show_json(record)
        return
    say(" ".join(str(part) for part in (record["id"], record["name"] or "—", record["township"] or "")))
    say("groups: " + (", ".join(record["groups"]) or "—") + "; tags: " + (", ".join(record["tags"]) or "—"))
    for address in record["addresses"]:
        say(f"{address['channel']}: {address['value']}" + _closed(address["closed"]))
    say(", ".join(f"{name}: {_agreement(given)}" for name, given in record["consent"].items()))
    rows = [
        (m["at"], m["channel"], m["campaign"] or m["template"], m["why"], m["text"])
        for m in record["messages"]
    ]
    show_table(("at", "channel", "what", "why it was or was not sent", "text"), rows, "No messages.")


def _closed(reason: str | None) -> str:
    return f" (closed: {reason})" if reason else ""


def _agreement(given: bool | None) -> str:
    return "yes" if given else "never asked" if given is None else "stopped"


def export(
    resident: Number,
    out: Annotated[Path | None, typer.Option("--out", help="FILE.json or FILE.html.")] = None,
    html: Annotated[bool, typer.Option("--html", help="A page to read or print, in their language.")] = False,
    by: By = "cli",
    json: JsonFlag = False,
) -> None:
    """Everything held on one resident, to hand over to them: as JSON, or as a page to read."""
    loaded = settings()
    if html and json:
        raise typer.BadParameter("one of --json and --html, not both", param_hint="--html")
    if out is not None and out.suffix.lower() not in (".json", ".html"):
        raise typer.BadParameter("the name must end in .json or .html", param_hint="--out")
    as_page = html or (out is not None and out.suffix.lower() == ".html")
    record = _record(resident)

    async def note(connection: AsyncConnection) -> JSON:
        await audit.note(connection, by, "residents.export", people.subject(resident), wall_clock())
        return {}

    changed(note)
    if as_page:
        with mistakes():
            text = record_page(record, loaded.templates_dir, loaded.zone, wall_clock())
        _write(text, out)
    elif out is None:
        show_json(record)
    else:
        _write(dumps(record, ensure_ascii=False, indent=2) + "\n", out)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    with mistakes():
        try:
            out.write_text(text, "utf-8")
        except OSError as error:
            raise BadInput(
                f"cannot be written: {error.strerror}", where=str(out), fix="choose another place"
            ) from None
    complain(f"written to {out}; it holds personal data: hand it over, then delete it")


def erase(
    resident: Number,
    by: By = "cli",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    json: JsonFlag = False,
) -> None:
    """Erases a resident for good. Counts stay; and, where they had stopped, a keyed hash of each address."""
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("nobody can be asked here: add --yes", param_hint="--yes")
        typer.confirm(f"Erase resident {resident} for good? It cannot be taken back", abort=True, err=True)
    now = wall_clock()

    async def work(connection: AsyncConnection) -> JSON:
        result = await people.erase(connection, resident, now)
        if not result["already"]:
            await audit.note(connection, by, "residents.erase", people.subject(resident), now)
        return result

    result = changed(work)
    if json:
        show_json(result)
    elif result["already"]:
        say(f"resident {resident} was erased already, on {result['erased_at']}")
    else:
        say(f"resident {resident} is erased; kept without them: {result['kept']}")
        say(f"stops that still hold: {', '.join(result['stops']) or 'none'}")


def changed(work: Work) -> JSON:
    """What `work` did in one transaction, or nothing of it."""
    loaded = settings()

    async def transaction() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            return await work(connection)

    return run(transaction())


def _record(resident: int) -> JSON:
    loaded = settings()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            record = await people.export(connection, resident)
        if record is None:
            raise _unknown(resident)
        return record

    return run(work())


def _unknown(resident: int) -> BadInput:
    return BadInput("no resident has this id", where=str(resident), fix="see `outreach residents list`")


async def must_be_there(connection: AsyncConnection, resident: int) -> None:
    if await people.get(connection, resident) is None:
        raise _unknown(resident)
