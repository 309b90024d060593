"""How much a long queue costs: a claim's time beside that with a short one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

from outreach.bench import engine
from outreach.bench.figures import Figure, Target, median, spread
from outreach.bench.ground import Ground
from outreach.model import TELEGRAM
from outreach.settings import Settings

SHORT, LONG, LONGEST = 1_000, 200_000, 1_000_000
AT_ONCE = 100
# So many claims until a short queue is filled up again, and so often.
CLAIMS, ROUNDS = 5, 6


def claim_part(ground: Ground) -> Iterator[Figure]:
    """The same claims with a short queue and with a long one, by turns."""
    long = LONGEST if ground.options.full else LONG
    for kind in ground.databases:
        name = f"claim of {AT_ONCE} {kind}"
        ground.tell(f"{name}: {long:,} messages queued against {SHORT:,}")
        few, many = (ground.settings(ground.new_database(kind)) for _ in range(2))
        short, loaded = asyncio.run(_claims(few, many, long))
        detail = f"{spread(loaded, 1)} against {spread(short, 1)}, {len(loaded)} claims each"
        baseline = f"with {SHORT:,} queued"
        yield Figure(name, median(loaded), "ms", median(short), baseline, Target(most=1.5), detail)


async def _claims(few: Settings, many: Settings, long: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each claim, with a short queue and with a long one."""
    found: tuple[list[float], list[float]] = ([], [])
    async with engine.ready(few) as short, engine.ready(many) as loaded:
        await engine.queue(short, TELEGRAM, SHORT)
        await engine.queue(loaded, TELEGRAM, long)
        for app in (short, loaded):
            # The first one also makes the statements.
            await engine.claim(app, TELEGRAM, AT_ONCE, _now())
        for turn in range(ROUNDS):
            for _ in range(CLAIMS):
                for app, times in zip((short, loaded), found, strict=True):
                    times.append(1000 * await engine.claim(app, TELEGRAM, AT_ONCE, _now()))
            start = long + 1 + turn * CLAIMS * AT_ONCE
            await engine.queue(short, TELEGRAM, CLAIMS * AT_ONCE, first=start)
    return found


def _now() -> datetime:
    return datetime.now(UTC)
