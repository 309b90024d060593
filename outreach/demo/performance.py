"""`outreach demo`: the story from beginning to end, then the phones and the console to play with."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from outreach.demo.agreement import disagreements
from outreach.demo.county import people
from outreach.demo.figures import summary
from outreach.demo.stage import Scene, stage
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
        async with stage(Path(folder), listen) as scene:
            if not once:
                _addresses(scene, screen)
            result = await scene.unless_interrupted(_story(scene, residents_wanted, screen))
            result.figures["seconds"] = round(time.monotonic() - started, 2)
            if not quiet:
                summary(result.figures, result.disagreements)
            if not once:
                screen.print("\nCtrl-C 结束 to end", highlight=False)
                await scene.running
    return result


async def _story(scene: Scene, residents_wanted: int, screen: Console) -> Result:
    story = Story(scene.app, scene.town, scene.clock, screen)
    figures = await story.live(people(residents_wanted))
    figures["reply_ms"] = story.reply_ms
    async with scene.app.store.read() as connection:
        return Result(figures, await disagreements(connection, await scene.town.ledger()))


def _addresses(scene: Scene, screen: Console) -> None:
    base = scene.app.settings.public_url
    screen.print(f"服务台 console:   {base}/?key={scene.app.key}", highlight=False, soft_wrap=True)
    screen.print(f"居民手机 phones:  {scene.phones}", highlight=False, soft_wrap=True)
