"""Every message once, through any crash: counted at the providers, whatever was killed, cut, locked or full.

LOST 0: everyone is in the providers' ledger once, or their row says honestly why not. DOUBLED 0: nobody is in
it twice. What happens is drawn by a seed, OUTREACH_FAULT_SEED, which every failure names.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import asyncpg
import pytest
from faults import (
    ANSWERED,
    ANYWHERE,
    CALLED,
    CLAIMED,
    CLEAN,
    COMMIT,
    RENDERED,
    TAKEN,
    Call,
    Fate,
    Office,
    dice,
    opened_office,
    replay,
)
from sqlalchemy import delete, update

from outreach.app import Content
from outreach.bench.postgres import Postgres
from outreach.model import SMS, TELEGRAM
from outreach.store import Store, upgrade
from outreach.store.tables import lanes, workers

# So often a worker is killed in all (ask for 200 where minutes do not matter), so many on PostgreSQL.
RUNS = int(os.environ.get("OUTREACH_FAULT_RUNS", "60"))
ON_POSTGRESQL = RUNS // 5
SIDES = 3
POINTS = (CLAIMED, RENDERED, CALLED, TAKEN, ANSWERED, COMMIT, ANYWHERE)
# Chats and numbers that script nothing at the simulator.
CHATS = [f"{9_005_000 + n}" for n in range(1000)]
NUMBERS = [f"+861390000{5000 + n}" for n in range(1000)]

NewDatabase = Callable[[str], Awaitable[str]]


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Makes a migrated database of either kind."""
    count = itertools.count(1)

    async def make(kind: str) -> str:
        if kind == "sqlite":
            url = f"sqlite+aiosqlite:///{tmp_path}/office{next(count)}.db"
            store = Store(url)
            await upgrade(store)
            await store.close()
            return url
        server: Postgres = request.getfixturevalue("postgres")
        return await _copied(server)

    return make


async def _copied(server: Postgres) -> str:
    name = f"faults{secrets.token_hex(6)}"
    connection = await asyncpg.connect(user="tester", host="127.0.0.1", port=server.port, database="postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    await connection.close()
    return server.url(name)


# -- kill -9


@pytest.mark.parametrize(("kind", "runs"), [("sqlite", RUNS - ON_POSTGRESQL), ("postgresql", ON_POSTGRESQL)])
async def test_killed_at_any_point_nothing_is_lost_or_doubled(
    kind: str, runs: int, new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    points = list(itertools.islice(itertools.cycle(POINTS), runs))
    killed: Counter[str] = Counter()

    async def side(url: str, folder: Path, points: list[str]) -> None:
        async with opened_office(url, folder, content) as office:
            await office.knows(TELEGRAM, CHATS[:60])
            await office.knows(SMS, NUMBERS[:60])
            killed.update(await besieged(office, points, dice("kill", kind, folder.name)))

    # Several offices beside each other, so that the machine is never idle.
    async with asyncio.TaskGroup() as sides:
        for number in range(SIDES):
            folder = tmp_path / f"side{number}"
            folder.mkdir()
            sides.create_task(side(await new_database(kind), folder, points[number::SIDES]))
    assert killed.total() == runs, killed


async def besieged(office: Office, points: list[str], chance: Random) -> Counter[str]:
    """One worker after the other is killed; now and then one is let live, and settles what can be."""
    killed: Counter[str] = Counter()
    chance.shuffle(points)
    for point in points:
        await office.launch()
        while not await killed_at(office, point, chance):
            await office.launch()
        killed[point] += 1
        await leave_lanes(office)
        if killed.total() % 6 == 0 or killed.total() == len(points):
            await office.finishes()
            await office.balances()
    return killed


async def killed_at(office: Office, point: str, chance: Random) -> bool:
    """One worker's life up to that point; False where it was done before it came there."""
    nth, delay = chance.randint(1, 30), 0.0
    if point == CLAIMED:
        nth = chance.randint(1, 3)
    if point == COMMIT:
        nth, delay = chance.randint(1, 6), chance.uniform(0, 0.006)
    if point == ANYWHERE:
        nth, delay = 1, chance.uniform(0.01, 0.9)
    on_the_line = point in (CALLED, TAKEN)
    office.cable.plan = killing(office, point, nth) if on_the_line else lambda call: CLEAN
    inside = {} if on_the_line else {"point": point, "nth": nth, "delay": delay}
    code = await office.works(**inside)
    office.cable.plan = lambda call: CLEAN
    assert code in (0, -signal.SIGKILL), replay(f"{point}: it ended with {code}, see {office.folder}")
    return code != 0


def killing(office: Office, point: str, nth: int) -> Callable[[Call], Fate]:
    """Kills the newest worker while its nth call is on the line."""
    first = len(office.cable.calls)

    def plan(call: Call) -> Fate:
        if len(office.cable.calls) - first < nth:
            return CLEAN
        kill = office.workers[-1].kill
        return Fate(cut="before", first=kill) if point == CALLED else Fate(cut="after", last=kill)

    return plan


async def leave_lanes(office: Office) -> None:
    """As if the seconds had passed for which a dead worker still holds its lanes."""
    async with office.store.write() as connection:
        await connection.execute(update(lanes).values(held_until=None))
        await connection.execute(delete(workers))


# -- the line is cut

FATES = {
    "clean": CLEAN,
    "held": Fate(hold=1.5),
    "before": Fate(cut="before"),
    "after": Fate(cut="after"),
    "amid": Fate(cut="amid"),
}


async def test_two_identical_texts_to_one_number_are_two_messages(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    """Whatever befalls either of them, what Twilio's list has of one is not to settle the other."""
    pairs = list(itertools.product(FATES, FATES))
    fates = dict(zip(NUMBERS, pairs, strict=False))
    tries: Counter[str] = Counter()

    def plan(call: Call) -> Fate:
        tries[call.address] += 1
        pair = fates[call.address]
        return FATES[pair[tries[call.address] - 1]] if tries[call.address] <= len(pair) else CLEAN

    # So fast that the second call is made before anybody looks what became of the first.
    fast = {"telegram_token": "", "twilio_rate": 1000}
    async with opened_office(await new_database("sqlite"), tmp_path, content, **fast) as office:
        await office.knows(SMS, NUMBERS[: len(pairs)])
        office.cable.plan = plan
        for _ in range(2):
            await office.launch()
        await office.finishes()
        books = await office.books()
        got = Counter(books.took.values())
        wrong = [(*fates[to], got[to]) for to in fates if got[to] != 2]
        assert not wrong, replay(f"first call, second call, messages that came: {wrong}")
        await office.balances()


# -- a clock that is wrong


@pytest.mark.parametrize("hours", [1, -1])
async def test_doubt_from_a_time_when_the_clock_was_wrong_never_goes_again_while_it_is_there(
    hours: int, new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    clock = tmp_path / "clock"
    async with opened_office(await new_database("sqlite"), tmp_path, content, telegram_token="") as office:
        await office.knows(SMS, NUMBERS[:10])
        office.cable.plan = lambda call: Fate(cut="after")
        await office.launch()
        clock.write_text(f"{hours * 3600}")
        assert await office.works(clock=str(clock)) == 0
        office.cable.plan = lambda call: CLEAN
        # Somebody puts it right, and some hours pass.
        clock.write_text("7200")
        worker = await office.hire(clock=str(clock), drain=False, hasty=True)
        # Claimed by a clock that ran ahead, it could be any other message of these words: a person decides.
        await (office.finishes(worker) if hours < 0 else office.until(office.has_looked, 20))
        got = Counter((await office.books()).took.values())
        assert set(got.values()) == {1}, replay(f"DOUBLED: {got}")
        await office.balances()
