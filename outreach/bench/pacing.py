"""Whether a lane keeps its pace, as the provider counts it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from outreach.bench import engine
from outreach.bench.figures import Figure, Target, busiest, pace
from outreach.bench.ground import Ground
from outreach.model import TELEGRAM
from outreach.settings import Settings

RATE = 30


def pace_part(ground: Ground) -> Iterator[Figure]:
    """The rate over a run, and the busiest second of it, by the simulator's clock."""
    seconds = ground.options.seconds
    for kind in ground.databases[: None if ground.options.full else 1]:
        ground.tell(f"pace {kind}: a lane at {RATE} messages a second, for {seconds:g} s")
        ground.outside.clear()
        settings = ground.settings(ground.new_database(kind), telegram_rate=RATE)
        asyncio.run(_sent_for(settings, seconds))
        moments = ground.outside.arrivals(TELEGRAM)
        detail = f"{len(moments)} messages in {moments[-1] - moments[0]:.1f} s"
        over_run, in_a_second = Target(29.5, 30.0, "/s"), Target(most=RATE, unit="/s")
        limit = "the lane's limit"
        yield Figure(f"pace {kind}", pace(moments), "/s", RATE, limit, over_run, detail)
        most = busiest(moments)
        yield Figure(f"pace, busiest second {kind}", most, "/s", RATE, limit, in_a_second, detail)


async def _sent_for(settings: Settings, seconds: float) -> None:
    async with engine.ready(settings) as app:
        await engine.queue(app, TELEGRAM, int(RATE * (seconds + 1) * 1.2))
        async with engine.sending(app):
            await asyncio.sleep(seconds)
