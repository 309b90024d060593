"""What a command says: words for people, or one JSON document; and every mistake in one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, TypeVar

import structlog
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from outreach.model import BadInput, Problem
from outreach.settings import Settings, load
from outreach.store import Store, upgrade

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else there.")]
NowOption = Annotated[str, typer.Option("--now", help="Use this time (ISO 8601 with an offset) as now.")]
Result = TypeVar("Result")
# What it logs it also raises; and its log lines hold whole updates, and URLs with the token in them.
_SILENT = ("telegram", "telegram.Bot", "telegram.request.BaseRequest", "telegram.request.HTTPXRequest")

stdout, stderr = Console(), Console(stderr=True)


@contextlib.contextmanager
def mistakes() -> Iterator[None]:
    """Bad input ends in one sentence and exit code 1, never in a traceback."""
    try:
        yield
    except BadInput as problem:
        complain(f"{problem.where or 'outreach'}: {problem.problem}")
        if problem.fix:
            complain(f"→ {problem.fix}")
        raise typer.Exit(1) from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        complain(f"OUTREACH_DATABASE_URL: the database failed: {cause}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def run(work: Coroutine[Any, Any, Result]) -> Result:
    with mistakes():
        return asyncio.run(work)


def settings(**overrides: object) -> Settings:
    """The settings, with logging set up as they say."""
    with mistakes():
        loaded = load(**overrides)
    set_up_logging(loaded.log_level, loaded.log_format)
    return loaded


def set_up_logging(least: str, shape: str) -> None:
    """Logs go to stderr, ours and the libraries' alike: `least` is a level's name, `shape` text or json."""
    stamps: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
        structlog.processors.format_exc_info,
    ]
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if shape == "text":
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*stamps, last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, least)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=last, foreign_pre_chain=stamps))
    logging.basicConfig(handlers=[handler], level=max(getattr(logging, least), logging.WARNING), force=True)
    for name in _SILENT:
        logging.getLogger(name).disabled = True


@contextlib.asynccontextmanager
async def database(loaded: Settings) -> AsyncIterator[Store]:
    """The database at this program's version, closed afterwards."""
    store = Store(loaded.database_url, loaded.key_file)
    try:
        await upgrade(store)
        yield store
    finally:
        await store.close()


def moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is no time with an offset, such as 2026-12-01T09:00:00+08:00")
    return found


def complain(text: str) -> None:
    """A mistake, a warning or a hint: on stderr, as it is."""
    stderr.print(text, highlight=False, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """Words for people, as they are: not wrapped, not coloured."""
    stdout.print(text, highlight=False, markup=False, soft_wrap=True)


def show_json(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def show_problems(problems: Sequence[Problem], json: bool) -> None:
    """Every problem, and exit code 1 where there is one."""
    if json:
        show_json({"ok": not problems, "problems": [asdict(problem) for problem in problems]})
    else:
        for one in problems:
            say(f"{one.file}:{one.line}: {one.problem} → {one.fix}")
        say("ok" if not problems else f"{len(problems)} problems")
    if problems:
        raise typer.Exit(1)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], nothing: str) -> None:
    if not rows:
        stdout.print(nothing)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    stdout.print(table)
