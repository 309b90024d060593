"""Commands that bring an article from its author to the residents."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from outreach import knowledge
from outreach.app import wall_clock
from outreach.cli.output import (
    JsonFlag,
    database,
    mistakes,
    run,
    say,
    settings,
    show_json,
    show_problems,
    show_table,
)
from outreach.knowledge.drafts import Drafts
from outreach.model import JSON
from outreach.settings import Settings
from outreach.templates import Templates

By = Annotated[str, typer.Option("--by", help="Who does it: the name of a staff account.")]
Draft = Annotated[str, typer.Argument(metavar="DRAFT", help="TOPIC or TOPIC.LANGUAGE")]


def _drafts(loaded: Settings) -> tuple[Drafts, datetime, date]:
    with mistakes():
        folder, now = loaded.templates_dir, wall_clock()
        return Drafts(folder / "knowledge", Templates(folder)), now, now.astimezone(loaded.zone).date()


def draft(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file in templates/knowledge/drafts.")],
    by: By,
    json: JsonFlag = False,
) -> None:
    """Hands in a draft, checked like every article; another person publishes it."""
    loaded = settings()
    there, now, today = _drafts(loaded)
    with mistakes():
        problems = there.problems(there.files(file.name), today)
    if problems:
        show_problems(problems, json)

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            return await there.hand_in(connection, file, by, now, today)

    result = run(work())
    if json:
        show_json(result)
    else:
        name = result["draft"]
        say(f"{name} is handed in; `outreach knowledge replay {name}` shows what it changes")


def drafts(json: JsonFlag = False) -> None:
    """The drafts there are, and who handed them in."""
    loaded = settings()
    there, _, _ = _drafts(loaded)

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await there.listing(connection)

    found = run(work())
    if json:
        show_json({"drafts": found})
    else:
        rows = [tuple(one.values()) for one in found]
        show_table(("draft", "state", "by", "handed in"), rows, "There are no drafts.")


def replay(
    name: Draft,
    days: Annotated[int, typer.Option(min=1, help="Look back so many days.")] = 90,
    json: JsonFlag = False,
) -> None:
    """Asks again what residents asked, with the draft and without it: which answers would be others."""
    loaded = settings()
    there, now, today = _drafts(loaded)

    async def work() -> JSON:
        before, after = there.knowledge(), there.knowledge(there.files(name))
        async with database(loaded) as store, store.read() as connection:
            return await knowledge.replay(connection, before, after, now - timedelta(days=days), today)

    result = run(work())
    if json:
        show_json({"draft": name, **result})
        return
    say(f"{result['asked']} questions of {days} days, {len(result['changed'])} would be answered otherwise")
    for one in result["changed"]:
        say(f"  {one['n']} x {one['question']}: {_words(one['before'])} → {_words(one['after'])}")


def _words(outcome: JSON) -> str:
    return f"{outcome['outcome']} {outcome['topic'] or ', '.join(outcome['offered'])}".strip()


def publish(name: Draft, by: By, json: JsonFlag = False) -> None:
    """Publishes what another person handed in; a service that runs answers from it within seconds."""
    loaded = settings()
    there, now, today = _drafts(loaded)

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            return await there.publish(connection, name, by, now, today)

    result = run(work())
    show_json(result) if json else say(f"published: {', '.join(result['published'])}")
