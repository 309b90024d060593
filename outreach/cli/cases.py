"""Commands about cases: what a person must answer."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from outreach import audit
from outreach import cases as waiting
from outreach import residents as people
from outreach.app import Content, wall_clock
from outreach.cli.output import (
    JsonFlag,
    NowOption,
    database,
    mistakes,
    moment,
    run,
    say,
    settings,
    show_json,
    show_table,
)
from outreach.model import JSON

cases_commands = typer.Typer(no_args_is_help=True, help="What a person must answer.")
Number = Annotated[int, typer.Argument(metavar="ID")]
Outcome = Literal["paid", "not_entitled", "in_process", "other"]
MOST = 1000


@cases_commands.command("list")
def list_cases(now: NowOption = "", json: JsonFlag = False) -> None:
    """Open cases, the one due first at the top; what is overdue says so."""
    loaded, at = settings(), moment(now) if now else wall_clock()

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await waiting.waiting(connection, at, limit=MOST)

    found = run(work())
    if json:
        show_json({"cases": found})
        return
    rows = [
        (case["id"], case["kind"], case["resident_id"], _due(case), _details(case), case["text"])
        for case in found
    ]
    show_table(("id", "kind", "resident", "due", "details", "said"), rows, "Nobody is waiting.")


@cases_commands.command("show")
def show(case: Number, now: NowOption = "", json: JsonFlag = False) -> None:
    """One case, open or closed."""
    loaded, at = settings(), moment(now) if now else wall_clock()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            return await waiting.show(connection, case, at)

    found = run(work())
    if json:
        show_json(found)
    else:
        show_table(("", ""), list((found | {"details": _details(found)}).items()), "")


@cases_commands.command("close")
def close(
    case: Number,
    outcome: Annotated[Outcome | None, typer.Option(help="How it ended; has words of its own.")] = None,
    words: Annotated[str, typer.Option("--say", help="Another approved text: case_NAME.")] = "",
    by: Annotated[str, typer.Option(help="Who closes it, for the audit.")] = "cli",
    json: JsonFlag = False,
) -> None:
    """Ends a case: the resident hears the outcome once, in an approved text, where they had written from."""
    if not (outcome or words):
        raise typer.BadParameter("say how it ended: --outcome paid, not_entitled, in_process or other")
    loaded, now = settings(), wall_clock()
    text = f"replies/{words.removeprefix('replies/')}" if words else f"{waiting.WORDS}{outcome}"
    ended = outcome or text.removeprefix(waiting.WORDS)
    with mistakes():
        templates = Content.load(loaded).templates

    async def work() -> JSON:
        async with database(loaded) as store:
            async with store.write() as connection:
                done = await waiting.close(connection, templates, case, ended, text, now)
                await audit.note(connection, by, "case.close", people.subject(done["resident_id"]), now)
            store.wake()
        return done

    done = run(work())
    if json:
        show_json(done)
    else:
        told = "the resident is told" if done["told"] else "nobody could be told: the address is gone"
        say(f"case {case} is closed ({ended}); {told}")


def _due(case: JSON) -> str:
    return f"{case['due_at']}{' OVERDUE' if case['overdue'] else ''}"


def _details(case: JSON) -> str:
    return ", ".join(f"{name}: {value}" for name, value in case["details"].items())
