"""What a second worker process adds on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from outreach.bench import engine
from outreach.bench.figures import Figure, Target, median, pace, spread
from outreach.bench.ground import NUMBERS, POSTGRESQL, Ground, environment, interleaved
from outreach.bench.processes import running, said_last, until, worker
from outreach.model import SMS
from outreach.settings import Settings

ROUNDS, MORE_ROUNDS = 1, 5
# So long, and at no less than so many a second, until all have arrived.
PATIENCE, SLOWEST = 60.0, 100
# The simulator, the database and two workers each need one.
CORES = 4
LOOK_SECONDS, START_SECONDS = 0.1, 60.0


def workers_part(ground: Ground) -> Iterator[Figure]:
    """Two lanes worked on by one process and by two."""
    if not ground.has(POSTGRESQL, "workers"):
        return
    ground.tell("workers: two lanes on PostgreSQL, one worker process against two")
    contestants = {"one": partial(_rate, ground, 1), "two": partial(_rate, ground, 2)}
    found = interleaved(contestants, ground.rounds(ROUNDS, MORE_ROUNDS), ground.tell)
    detail, cores = f"{spread(found['two'])} against {spread(found['one'])}", os.cpu_count() or 1
    judged = cores >= CORES
    if not judged:
        detail += f"; not judged on {cores} cores, which the simulator and the database need as well"
    yield Figure(
        "workers, two postgresql",
        median(found["two"]),
        "/s",
        median(found["one"]),
        "one worker",
        Target(1.7),
        detail,
        judged,
    )


def _rate(ground: Ground, how_many: int) -> float:
    """Messages a second from the first that arrived until the last; the workers were ready before."""
    settings = ground.settings(ground.new_database(POSTGRESQL), twilio_from=",".join(NUMBERS))
    ground.outside.clear()
    log, count = ground.folder / "workers.log", ground.options.messages // 2 * 2
    with contextlib.ExitStack() as stack:
        for _ in range(how_many):
            stack.enter_context(running(worker(), log, environment(settings)))
        asyncio.run(_queue(settings, how_many, count, log))
        until(
            lambda: ground.outside.count(SMS) >= count,
            lambda: f"of {count} messages only {ground.outside.count(SMS)} arrived: {said_last(log)}",
            PATIENCE + count / SLOWEST,
        )
    return pace(ground.outside.arrivals(SMS))


async def _queue(settings: Settings, how_many: int, count: int, log: Path) -> None:
    """Waits until every worker holds its share of the lanes, and then gives them something to do."""
    async with engine.beside(settings) as app:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while not _shared(await engine.holders(app), how_many):  # noqa: ASYNC110 other processes
                    await asyncio.sleep(LOOK_SECONDS)
        await engine.queue(app, SMS, count, senders=NUMBERS)


def _shared(holders: set[str | None], how_many: int) -> bool:
    return None not in holders and len(holders) == how_many
