"""`outreach bench audience`: who is left out and why, counted beside a bare count of who is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.bench.figures import Figure, Target, median, spread
from outreach.bench.filling import town
from outreach.bench.ground import Ground, Options, ground
from outreach.model import SMS, TELEGRAM, BadInput, ChannelName
from outreach.residents import Audience, count, may_be_reached
from outreach.store import Store
from outreach.store.tables import residents

PEOPLE = 1_000_000
ROUNDS, MORE_ROUNDS = 3, 7
PURPOSE = "care"
CHANNELS: list[ChannelName] = [TELEGRAM, SMS]
# Everyone is meant; then as staff mean it in earnest.
AUDIENCES = {
    "everyone": Audience(),
    "a choice": Audience(
        townships=["镇1", "镇2", "镇3"], languages=["zh-Hans"], age_from=35, age_to=64, not_groups=["moved"]
    ),
}


def audience(options: Options) -> list[Figure]:
    """Each audience on each database."""
    figures: list[Figure] = []
    with ground(options) as stand:
        for kind in stand.databases:
            for figure in _counted(stand, kind):
                stand.tell(f"  {figure}")
                figures.append(figure)
    return figures


def _counted(stand: Ground, kind: str) -> Iterator[Figure]:
    people = stand.options.people
    stand.tell(f"audience {kind}: {people:,} residents")
    url = stand.new_database(kind)
    asyncio.run(_fill(url, people))
    for name, meant in AUDIENCES.items():
        ours, bare, detail = asyncio.run(_times(url, meant, stand.rounds(ROUNDS, MORE_ROUNDS)))
        told = f"{spread(ours)} against {spread(bare)}; {detail}"
        against = "a bare SELECT count over the same predicate"
        yield Figure(
            f"audience, {name} {kind}", median(ours), "ms", median(bare), against, Target(most=2), told
        )


async def _fill(url: str, people: int) -> None:
    store = Store(url)
    async with store.write() as connection:
        await town(connection, people)
    await store.close()


async def _times(url: str, meant: Audience, rounds: int) -> tuple[list[float], list[float], str]:
    """Milliseconds of ours and of the bare count, by turns, after one of each that warms up."""
    store, now = Store(url), datetime.now(UTC)
    ours, bare, detail = list[float](), list[float](), ""
    async with store.read() as connection:
        for turn in range(rounds + 1):
            started = time.perf_counter()
            counted = await count(connection, meant, PURPOSE, CHANNELS, now)
            middle = time.perf_counter()
            found = await _bare(connection, meant, now)
            ended = time.perf_counter()
            reached = sum(counted.reached.values())
            if reached != found:
                raise BadInput(f"the two counts differ: {reached} and {found}", where="bench")
            if turn:
                ours.append(1000 * (middle - started))
                bare.append(1000 * (ended - middle))
            detail = f"{counted.total:,} meant, {reached:,} reached, {len(counted.excluded)} reasons"
    await store.close()
    return ours, bare, detail


async def _bare(connection: AsyncConnection, meant: Audience, now: datetime) -> int:
    """Who gets a message, as one number: the audience's conditions, consent, an open address."""
    holds = may_be_reached(PURPOSE, CHANNELS, now)
    statement = select(func.count()).select_from(residents).where(*meant.conditions(now), holds)
    return (await connection.execute(statement)).scalar_one()
