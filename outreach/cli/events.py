"""Commands about what happens in residents' lives: what staff are told, and moves between townships."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach import audit
from outreach import residents as people
from outreach.app import Content, wall_clock
from outreach.cli.output import JsonFlag, database, mistakes, run, say, settings, show_json
from outreach.conversation.events import by_staff
from outreach.model import JSON, BadInput

Number = Annotated[int, typer.Argument(metavar="ID")]
By = Annotated[str, typer.Option(help="Who says so, for the audit.")]


def event(
    resident: Number,
    kind: Annotated[people.Event, typer.Option(help="What happened.")],
    reason: Annotated[str, typer.Option(help="More about it, kept beside what is taken back.")] = "",
    by: By = "cli",
    json: JsonFlag = False,
) -> None:
    """Takes back what would hurt or is needless now: messages, reminders, surveys; the reason stays."""
    loaded, now = settings(), wall_clock()

    async def work() -> int:
        async with database(loaded) as store, store.write() as connection:
            if await people.get(connection, resident) is None:
                raise _unknown(resident)
            return await by_staff(connection, resident, kind, reason, by, now)

    taken = run(work())
    if json:
        show_json({"resident": resident, "kind": str(kind), "taken_back": taken})
    else:
        say(f"resident {resident}, {kind}: {taken} messages and reminders were taken back")


def move(
    resident: Number,
    township: Annotated[str, typer.Option(help="Where they live now.")],
    new: Annotated[bool, typer.Option("--new", help="It is a township nobody lived in so far.")] = False,
    by: By = "cli",
    json: JsonFlag = False,
) -> None:
    """Notes in which township a resident lives now; they get the messages of that one."""
    loaded, now = settings(), wall_clock()
    with mistakes():
        also = Content.load(loaded).templates.fact("townships", loaded.language)

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            person = await people.get(connection, resident)
            if person is None:
                raise _unknown(resident)
            known = await people.townships(connection, also)
            name = people.same_township(township, known) or (township.strip() if new else "")
            if not name:
                raise _no_township(known)
            await people.move(connection, resident, name)
            await audit.note(connection, by, "residents.move", people.subject(resident), now)
            return {"resident": resident, "from": person.township, "township": name}

    done = run(work())
    if json:
        show_json(done)
    else:
        say(f"resident {resident} lives in {done['township']} now")


def _unknown(resident: int) -> BadInput:
    return BadInput("no resident has this id", where=str(resident), fix="see `outreach residents list`")


def _no_township(known: list[str]) -> BadInput:
    listed = ", ".join(known) or "none so far"
    return BadInput(
        f"no township of this name is known; known: {listed}",
        where="--township",
        fix="write one of these, or add --new",
    )
