"""How soon a worker that was killed in the middle of a campaign goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from outreach.bench import engine
from outreach.bench.figures import Figure, Target
from outreach.bench.ground import Ground, environment
from outreach.bench.processes import running, said_last, until, worker
from outreach.model import TELEGRAM
from outreach.settings import Settings

RATE, QUEUED = 200, 5000
# So many are out when it is killed.
MIDDLE = 150
# What the dead one had put on the wire has arrived by then.
AFTERMATH_SECONDS = 0.3


def resume_part(ground: Ground) -> Iterator[Figure]:
    """kill -9, start again: the seconds from the new start until its first new message."""
    for kind in ground.databases:
        ground.tell(f"resume {kind}: kill -9 in the middle of a campaign, and a new start")
        ground.outside.clear()
        settings = ground.settings(ground.new_database(kind), telegram_rate=RATE)
        asyncio.run(_queue(settings))
        log = ground.folder / f"resume-{kind}.log"
        first = _first_run(ground, settings, log)
        again = _until_first_message(ground, settings, log)
        detail = f"{_repeated(ground)} messages arrived twice"
        limit = Target(most=5, unit="s")
        yield Figure(f"resume {kind}", again, "s", first, "the very first start", limit, detail)


async def _queue(settings: Settings) -> None:
    async with engine.ready(settings) as app:
        await engine.queue(app, TELEGRAM, QUEUED)


def _first_run(ground: Ground, settings: Settings, log: Path) -> float:
    started = time.time()
    with running(worker(), log, environment(settings)) as process:
        until(
            lambda: ground.outside.count(TELEGRAM) >= MIDDLE,
            lambda: f"the worker did not send: {said_last(log)}",
        )
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(AFTERMATH_SECONDS)
    return ground.outside.arrivals(TELEGRAM)[0] - started


def _until_first_message(ground: Ground, settings: Settings, log: Path) -> float:
    started = time.time()
    with running(worker(), log, environment(settings)):
        until(
            lambda: bool(ground.outside.taken(TELEGRAM, started)),
            lambda: f"the worker did not go on: {said_last(log)}",
        )
        return float(ground.outside.taken(TELEGRAM, started)[0]["at"]) - started


def _repeated(ground: Ground) -> int:
    counts = Counter(entry["chat_id"] for entry in ground.outside.taken(TELEGRAM))
    return sum(times > 1 for times in counts.values())
