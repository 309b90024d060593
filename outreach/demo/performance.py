"""`outreach demo`: the story from beginning to end, then the phones and the console to play with."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from outreach.app import App
from outreach.demo.agreement import disagreements
from outreach.demo.county import people
from outreach.demo.figures import summary
from outreach.demo.stage import stage
from outreach.demo.story import Story
from outreach.model import JSON

DEFAULT_PORT = 8080


@dataclass
class Result:
    figures: JSON
    disagreements: list[str] = field(default_factory=list)


async def demo(residents_wanted: int, port: int | None, *, once: bool, quiet: bool) -> Result:
    """Lives the story; with `once` ends there, otherwise leaves console and phones open until interrupted."""
    started = time.monotonic()
    screen = Console(stderr=True, quiet=quiet and not Console(stderr=True).is_terminal)
    listen = 0 if once and port is None else port or DEFAULT_PORT
    with tempfile.TemporaryDirectory(prefix="outreach-demo-") as folder:
        async with stage(Path(folder), listen) as (app, town, clock, simulator):
            story = Story(app, town, clock, screen)
            figures = await story.live(people(residents_wanted))
            figures["reply_ms"] = story.reply_ms
            figures["seconds"] = round(time.monotonic() - started, 2)
            async with app.store.read() as connection:
                differences = await disagreements(connection, await town.ledger())
            if not quiet:
                summary(figures, differences)
            if not once:
                await _stay_open(app, simulator, screen)
    return Result(figures, differences)


async def _stay_open(app: App, simulator: str, screen: Console) -> None:
    base = app.settings.public_url
    screen.print(f"\n服务台 console:   {base}/?key={app.key}", highlight=False, soft_wrap=True)
    screen.print(f"居民手机 phones:  {simulator}/phone", highlight=False, soft_wrap=True)
    screen.print("Ctrl-C 结束 to end", highlight=False)
    await asyncio.get_running_loop().create_future()
