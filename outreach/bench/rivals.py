"""Other ways to send the same messages: how they are compared, and the client library as shipped."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from outreach.bench.bare import IN_FLIGHT
from outreach.bench.figures import Figure, Target, median, pace, spread
from outreach.bench.filling import TEXT, address
from outreach.bench.ground import TOKEN, Ground, interleaved
from outreach.bench.overhead import engine_rate
from outreach.bench.processes import until
from outreach.model import TELEGRAM

ROUNDS, MORE_ROUNDS = 2, 5
# A rival is slow: fewer messages say as much about it.
FEWER = 600
PATIENCE = 120.0
HOW_TO_GET = "uv sync --group bench, or pip install"


def is_there(ground: Ground, part: str, *names: str) -> bool:
    """Whether these packages are installed; where not, says which part is left out and how to get them."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        named = " ".join(missing)
        ground.tell(f"left out: {part}, without {' and '.join(missing)} → {HOW_TO_GET} {named}")
    return not missing


def compared(
    ground: Ground, name: str, kind: str, rivals: Mapping[str, Callable[[], float]], target: Target
) -> Iterator[Figure]:
    """The engine against the best of its rivals."""
    ours: Callable[[], float] = partial(engine_rate, ground, TELEGRAM, kind)
    contestants = {"engine": ours, **rivals}
    fresh = {named: partial(_fresh, ground, contestant) for named, contestant in contestants.items()}
    found = interleaved(fresh, ground.rounds(ROUNDS, MORE_ROUNDS), ground.tell)
    best = max(rivals, key=lambda rival: median(found[rival]))
    detail = "; ".join(f"{named} {spread(numbers)}" for named, numbers in found.items())
    yield Figure(f"{name} {kind}", median(found["engine"]), "/s", median(found[best]), best, target, detail)


def _fresh(ground: Ground, contestant: Callable[[], float]) -> float:
    ground.outside.clear()
    return contestant()


def fewer(ground: Ground) -> int:
    return min(FEWER, ground.options.messages)


def arrived(ground: Ground, count: int) -> float:
    """Messages a second from the first that arrived until the last, once all did."""
    until(
        lambda: ground.outside.count(TELEGRAM) >= count,
        lambda: f"of {count} messages only {ground.outside.count(TELEGRAM)} arrived",
    )
    return pace(ground.outside.arrivals(TELEGRAM))


def gather_part(ground: Ground) -> Iterator[Figure]:
    """Against the client library with its own HTTP stack, all sends at once."""
    if not ground.databases:
        return
    ground.tell("gather: the engine against python-telegram-bot as shipped, asyncio.gather over all")
    rival = {
        "python-telegram-bot, gathered": lambda: asyncio.run(_gathered(ground.outside.url, fewer(ground)))
    }
    yield from compared(ground, "gather", ground.databases[0], rival, Target(8))


async def _gathered(url: str, count: int) -> float:
    # Loaded by name: in the service the library belongs to the channels alone.
    telegram: Any = importlib.import_module("telegram")
    request: Any = importlib.import_module("telegram.request")
    pool = request.HTTPXRequest(connection_pool_size=IN_FLIGHT, pool_timeout=PATIENCE, read_timeout=PATIENCE)
    async with telegram.Bot(TOKEN, base_url=f"{url}/bot", request=pool) as bot:
        started = time.perf_counter()
        people = [address(TELEGRAM, number).value for number in range(1, count + 1)]
        await asyncio.gather(*(bot.send_message(chat_id=to, text=TEXT) for to in people))
        return count / (time.perf_counter() - started)
