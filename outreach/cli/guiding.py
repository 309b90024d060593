"""`outreach knowledge guide`: a guide run to its outcome without a dialogue."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from outreach.app import Content, wall_clock
from outreach.cli.output import JsonFlag, mistakes, say, settings, show_json, show_table
from outreach.knowledge.guides import facts_of
from outreach.model import BadInput
from outreach.templates import LANGUAGES


def guide(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    facts: Annotated[str, typer.Option(help="What is known, as a JSON object.")] = "{}",
    today: Annotated[str, typer.Option(help="The day to reckon from, such as 2026-12-01.")] = "",
    lang: Annotated[str, typer.Option(help="The language of the text: zh-Hans or en.")] = LANGUAGES[0],
    json: JsonFlag = False,
) -> None:
    """Runs a guide to its outcome without a dialogue, or says which facts are missing."""
    if lang not in LANGUAGES:
        raise typer.BadParameter(f"{lang!r} is no language of ours: {' or '.join(LANGUAGES)}")
    loaded = settings()
    with mistakes():
        guides = Content.load(loaded).must_be_sound().knowledge.guides
        day = _day(today) if today else wall_clock().astimezone(loaded.zone).date()
        result = guides.answer(name, facts_of(facts), day, lang)
    if json:
        show_json(result)
        return
    if result["missing"]:
        say("still needed: " + ", ".join(result["missing"]))
        return
    values = {"outcome": result["outcome"] or "-"} | result["values"]
    show_table(("", ""), list(values.items()), "")
    say(result["text"])
    say(f"basis: {', '.join(result['basis'])}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("this is no day", where="--today", fix="write it as 2026-12-01") from None
