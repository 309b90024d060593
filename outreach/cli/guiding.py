"""`outreach knowledge guide`: a guide run to its outcome without a dialogue."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from outreach.app import Content, wall_clock
from outreach.cli.output import JsonFlag, mistakes, say, settings, show_json
from outreach.knowledge.guides import facts_of
from outreach.model import BadInput


def guide(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    facts: Annotated[str, typer.Option(help="What is known, as a JSON object.")] = "{}",
    today: Annotated[str, typer.Option(help="The day to reckon from, such as 2026-12-01.")] = "",
    json: JsonFlag = False,
) -> None:
    """Runs a guide to its outcome without a dialogue, or says which facts are missing."""
    loaded = settings()
    with mistakes():
        knowledge = Content.load(loaded).must_be_sound().knowledge
        day = _day(today) if today else wall_clock().astimezone(loaded.zone).date()
        chosen = knowledge.guides[name]
        result = chosen.answer(facts_of(facts), day)
    if json:
        show_json(result)
        return
    if result["missing"]:
        say("still needed: " + ", ".join(result["missing"]))
        return
    say(result["outcome"] or "")
    for key, value in result["values"].items():
        say(f"  {key}: {value}")
    say(f"basis: {', '.join(result['basis'])}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("this is no day", where="--today", fix="write it as 2026-12-01") from None
