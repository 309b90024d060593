"""Commands that record what a resident said to staff: consent, and tags."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit, outbox
from outreach import residents as people
from outreach.app import wall_clock
from outreach.cli.output import JsonFlag, mistakes, say, show_json
from outreach.cli.records import By, Number, changed, must_be_there
from outreach.model import JSON
from outreach.store.tables import outbox as messages

HOW = Literal["paper", "telephone", "in_person"]


def consent(
    resident: Number,
    give: Annotated[list[str] | None, typer.Option(help="Record a yes: a purpose, repeatable.")] = None,
    withdraw: Annotated[list[str] | None, typer.Option(help="Record a no: a purpose, repeatable.")] = None,
    wording: Annotated[str, typer.Option(help="The exact words the person agreed to.")] = "",
    by: By = "",
    how: Annotated[HOW, typer.Option("--how", help="How they said it.")] = "paper",
    guardian: Annotated[
        bool, typer.Option("--guardian", help="A parent or guardian agreed for their child.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """The proof: every word of consent given or withdrawn. Records what was said on paper or by telephone."""
    given, withdrawn = give or [], withdraw or []
    for name, missing in (("--by", not by), ("--wording", bool(given) and not wording.strip())):
        if (given or withdrawn) and missing:
            raise typer.BadParameter("must be told, since it is the proof", param_hint=name)
    now = wall_clock()

    async def work(connection: AsyncConnection) -> JSON:
        await must_be_there(connection, resident)
        said = {"channel": how, "source": f"staff {by}", "now": now}
        if given:
            await _give(connection, resident, given, wording.strip(), said, guardian)
        if withdrawn:
            await _withdraw(connection, resident, withdrawn, wording.strip(), said, now)
        for act, purposes in (("give", given), ("withdraw", withdrawn)):
            if purposes:
                # The ledger says which: the audit is kept for ever, and no record of illnesses.
                await audit.note(connection, by, f"consent.{act}", people.subject(resident), now)
        return {"consent": await people.ledger(connection, resident)}

    with mistakes():
        for purpose in (*given, *withdrawn):
            people.must_be_known(purpose)
    found = changed(work)
    if json:
        show_json(found)
        return
    for act in found["consent"]:
        say(_told(act))
    if not found["consent"]:
        say("Nothing was ever given or withdrawn.")


def _told(act: JSON) -> str:
    """One word of the ledger, whole: a table would cut the wording short."""
    verb = "withdrawn" if not act["given"] else "given by a guardian" if act["by_guardian"] else "given"
    head = f"{act['at']}  {act['purpose']}  {verb}  ({act['channel']}; {act['source']})"
    return f"{head}\n    version {act['version']}: {act['wording']}"


async def _give(
    connection: AsyncConnection,
    resident: int,
    purposes: list[str],
    wording: str,
    said: dict[str, Any],
    guardian: bool,
) -> None:
    await people.give(
        connection, [resident], wording=wording, purposes=purposes, by_guardian=guardian, **said
    )


async def _withdraw(
    connection: AsyncConnection,
    resident: int,
    purposes: list[str],
    wording: str,
    said: dict[str, Any],
    now: datetime,
) -> None:
    words = wording or "withdrawn, as told to staff"
    await people.withdraw(connection, [resident], wording=words, purposes=purposes, **said)
    theirs = messages.c.resident_id == resident, messages.c.purpose.in_(purposes)
    await outbox.cancel(connection, *theirs, reason="the resident stopped our messages", now=now)


def tag(
    resident: Number,
    name: Annotated[str, typer.Argument(metavar="TAG")],
    by: By,
    remove: Annotated[bool, typer.Option("--remove", help="Take it off.")] = False,
    json: JsonFlag = False,
) -> None:
    """Notes a tag on a resident, for campaigns' [audience] tags; or takes it off."""
    now = wall_clock()

    async def work(connection: AsyncConnection) -> JSON:
        await must_be_there(connection, resident)
        if remove:
            changed = await people.untag(connection, resident, name)
        else:
            changed = await people.tag(connection, resident, name, by=by, now=now)
        if changed:
            act = "residents.untag" if remove else "residents.tag"
            await audit.note(connection, by, act, people.subject(resident), now)
        return {"id": resident, "tag": name.strip(), "changed": changed}

    result = changed(work)
    show_json(result) if json else say("done" if result["changed"] else "nothing to change")
