"""`outreach understand`: how messages would be read, as a filter."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from json import JSONDecodeError, dumps, loads
from typing import Annotated

import typer

from outreach.conversation.understanding import Understood, understand


class Open(StrEnum):
    SURVEY = "survey"
    APPOINTMENT = "appointment"
    NONE = "none"


def understanding(
    open_: Annotated[Open, typer.Option("--open", help="What was asked before.")] = Open.NONE,
    today: Annotated[str, typer.Option(help="The day to reckon from, such as 2026-12-01.")] = "",
    at: Annotated[str, typer.Option(help="The open appointment's time.")] = "",
) -> None:
    """How messages would be read: one a line on stdin (JSON or plain text), one JSON line each on stdout."""
    _checked("--today", today, date.fromisoformat)
    _checked("--at", at, datetime.fromisoformat)
    for line in sys.stdin.buffer:
        # A line that is no text is no reason to stop reading the others.
        text = _text(line.decode("utf-8", "replace"))
        read = Understood() if text is None else understand(text, open_.value)
        sys.stdout.write(dumps(asdict(read), ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _checked(name: str, text: str, parse: object) -> None:
    try:
        if text and callable(parse):
            parse(text)
    except ValueError:
        fix = "such as 2026-12-01, or 2026-12-01T09:00:00+08:00 for a time"
        raise typer.BadParameter(f"{text!r} is no such date: write one {fix}", param_hint=name) from None


def _text(line: str) -> str | None:
    """The message on one line; None for JSON that holds no text."""
    try:
        value = loads(line)
    except (JSONDecodeError, RecursionError):
        return line.strip("\r\n")
    if isinstance(value, dict):
        value = value.get("text")
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    # A bare digit is a message, and happens to be JSON too.
    return line.strip() if isinstance(value, int | float) else None
