"""Commands about what goes out: how the lanes stand, and messages whose fate is unknown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from outreach import outbox
from outreach.app import wall_clock
from outreach.cli.output import JsonFlag, database, run, say, settings, show_json, show_table, stderr
from outreach.model import JSON
from outreach.worker import Crew

LOOK_SECONDS = 0.5

outbox_commands = typer.Typer(no_args_is_help=True, help="Messages whose fate is unknown.")


def status(json: JsonFlag = False) -> None:
    """How sending stands: what waits, each lane, its worker, what is in doubt, which errors came back."""
    loaded = settings()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            now = wall_clock()
            return await outbox.overview(connection, now, await store.time(connection, now))

    seen = run(work())
    if json:
        show_json(seen)
        return
    queued = ", ".join(f"{n} {priority}" for priority, n in seen["queued"].items())
    say(f"queued: {queued}; the oldest that is due waits {seen['oldest_waits_seconds']:.0f} s")
    say(f"being sent: {seen['sending']}, in doubt: {seen['in_doubt']} (outreach outbox doubts)")
    rows = [
        (lane["name"], _standing(lane), lane["rate"], lane["limit"], lane["sent"]) for lane in seen["lanes"]
    ]
    show_table(("lane", "state", "a second", "limit", "sent"), rows, "No lane: nothing was started yet.")
    say(f"workers: {len(seen['workers'])}; scheduler: {_heard(seen['planned_at'])}")
    errors = [(error["channel"], error["code"], error["messages"]) for error in seen["errors"]]
    if errors:
        show_table(("channel", "error", "messages"), errors, "")


@contextlib.asynccontextmanager
async def shown(crew: Crew, *, on: bool) -> AsyncIterator[None]:
    """Shows on a terminal how many messages have gone out so far."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, disable=not (on and stderr.is_terminal), transient=True) as bar:
        task = bar.add_task("")

        async def watch() -> None:
            while True:
                tally = crew.tally
                words = f"{tally.sent} sent, {tally.failed} failed, {tally.in_doubt} in doubt"
                bar.update(task, description=words)
                await asyncio.sleep(LOOK_SECONDS)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()


def _standing(lane: JSON) -> str:
    if lane["state"] == "halted":
        return f"halted until {lane['halted_until']}: {lane['halted_reason']}"
    return "no worker attends to it" if lane["state"] == "unattended" else "open"


def _heard(moment: str | None) -> str:
    if moment is None:
        return "not running; start `outreach serve` or `outreach worker`"
    ago = (wall_clock() - datetime.fromisoformat(moment)).total_seconds()
    return f"last pass {max(ago, 0):.0f} s ago"


@outbox_commands.command("doubts")
def doubts(json: JsonFlag = False) -> None:
    """Messages that may or may not have reached the provider."""
    loaded = settings()

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await outbox.doubts(connection)

    found = run(work())
    if json:
        show_json({"doubts": found})
    else:
        rows = [(row["id"], row["channel"], row["resident_id"], row["reason"]) for row in found]
        show_table(("id", "channel", "resident", "reason"), rows, "No message is in doubt.")


@outbox_commands.command("settle")
def settle(
    message: Annotated[int, typer.Argument(metavar="ID")],
    as_: Annotated[str, typer.Option("--as", help="sent: it did reach the provider.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Send it again.")] = False,
) -> None:
    """A person's decision on a message in doubt: it was sent, or it shall go again."""
    if again == bool(as_) or as_ not in ("", "sent"):
        raise typer.BadParameter("say either --as sent or --again")
    loaded = settings()

    async def work() -> None:
        async with database(loaded) as store, store.write() as connection:
            await outbox.decide(connection, message, sent=not again, now=wall_clock())

    run(work())
