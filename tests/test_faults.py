"""Every message once, through any crash: counted at the providers, whatever was killed, cut, locked or full.

LOST 0: everyone is in the providers' ledger once, or their row says honestly why not. DOUBLED 0: nobody is in
it twice. What happens is drawn by a seed, OUTREACH_FAULT_SEED, which every failure names.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import resource
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from urllib.parse import parse_qs

import asyncpg
import pytest
from aiohttp import ClientSession, web
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
    Worker,
    answer,
    dice,
    opened_office,
    replay,
)
from sqlalchemy import delete, select, text, update
from world import NUMBER, free_port

from outreach.app import Content, wall_clock
from outreach.bench.postgres import Postgres, postgres_programs
from outreach.model import SMS, TELEGRAM, Address, Priority
from outreach.outbox import Draft, enqueue
from outreach.store import Store, upgrade
from outreach.store.tables import lanes, outbox, workers

# So often a worker is killed in all (ask for 200 where minutes do not matter), so many on PostgreSQL.
RUNS = int(os.environ.get("OUTREACH_FAULT_RUNS", "25"))
ON_POSTGRESQL = RUNS // 5
SIDES = 3
POINTS = (CLAIMED, RENDERED, CALLED, TAKEN, ANSWERED, COMMIT, ANYWHERE)
# Chats and numbers that script nothing at the simulator.
CHATS = [f"{9_005_000 + n}" for n in range(1000)]
NUMBERS = [f"+861390000{5000 + n}" for n in range(1000)]

OTHER_NUMBER = "+15005550007"

NewDatabase = Callable[[str], Awaitable[str]]


@pytest.fixture
def new_database(tmp_path: Path, migrated: Path, request: pytest.FixtureRequest) -> NewDatabase:
    """Makes a migrated database of either kind."""
    count = itertools.count(1)

    async def make(kind: str) -> str:
        if kind == "sqlite":
            file = tmp_path / f"office{next(count)}.db"
            shutil.copyfile(migrated, file)
            return f"sqlite+aiosqlite:///{file}"
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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_campaign_over_a_line_that_breaks_comes_to_everyone_once(
    kind: str, new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    """SMS is settled without a person; a chat is in doubt only where the answer to its call did not come."""
    chance = dice("line", kind)
    names, weights = zip(*{"clean": 12, "before": 1, "after": 1, "amid": 1}.items(), strict=True)
    async with opened_office(await new_database(kind), tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:150])
        await office.knows(SMS, NUMBERS[:150])
        office.cable.plan = lambda call: FATES[chance.choices(names, weights)[0]]
        await office.launch()
        worker = await office.hire(drain=False, hasty=True)
        for calls in sorted(chance.sample(range(20, 240), 3)):
            await office.goes_out(calls)
            await office.cable.refuse()
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            await office.cable.connect()
        await office.finishes(worker)
        books = await office.balances()
        # A call cut off while its request was being written is in no book of the line's.
        answered = {call.address for call in office.cable.calls if call.whole}
        assert {call.fate.cut for call in office.cable.calls} == {None, "before", "after", "amid"}
    ours = [row for row in books.rows if row.channel == SMS]
    assert {row.state for row in ours} <= {"sent", "delivered"}, replay(books.states)
    assert Counter(books.took.values()) >= Counter(NUMBERS[:150])
    doubts = {row.address for row in books.rows if row.state == "in_doubt"}
    assert not doubts & answered, replay(f"answered, and in doubt: {doubts & answered}")
    chats = {row.state for row in books.rows if row.channel == TELEGRAM}
    assert chats <= {"sent", "in_doubt"}, replay(books.states)


async def test_slow_provider_and_a_stop_in_the_middle_leave_no_doubt(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    chance = dice("slow")
    async with opened_office(await new_database("sqlite"), tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:120])
        await office.knows(SMS, NUMBERS[:80])
        office.cable.plan = lambda call: Fate(hold=chance.uniform(0.2, 1.5))
        await office.launch()
        for calls in (30, 100):
            worker = await office.hire(drain=False)
            await office.goes_out(calls)
            await office.dismisses(worker)
        await office.finishes()
        await all_sent_once(office)


async def all_sent_once(office: Office) -> None:
    """Nothing was unclear, so nothing may be in doubt."""
    books = await office.balances()
    assert set(Counter(books.took.values()).values()) == {1}, replay(Counter(books.took.values()))
    assert {row.state for row in books.rows} <= {"sent", "delivered"}, replay(books.states)


# -- a provider that says wait


class Storm:
    """From each of these calls of a channel on, the provider takes nothing for so many seconds."""

    def __init__(self, channel: str, starts: Sequence[int], seconds: float, *, told: bool = True) -> None:
        self.channel, self._starts, self._seconds, self._told = channel, list(starts), seconds, told
        self.calls: list[Call] = []
        # When each began: the call that it began with, and its end.
        self.begun: list[tuple[Call, float]] = []

    @property
    def refused(self) -> list[Call]:
        return [call for call in self.calls if call.fate.answer]

    def plan(self, call: Call) -> Fate:
        self.calls.append(call)
        if self._starts and len(self.calls) >= self._starts[0]:
            self._starts.pop(0)
            self.begun.append((call, call.at + self._seconds))
        left = self.begun[-1][1] - call.at if self.begun else 0.0
        return Fate(answer=self._refusal(math.ceil(left))) if left > 0 else CLEAN

    def _refusal(self, left: int) -> bytes:
        words, status = f"Too Many Requests: retry after {left}", "429 Too Many Requests"
        if self.channel == TELEGRAM:
            body = {"ok": False, "error_code": 429, "description": words, "parameters": {"retry_after": left}}
            return answer(status, body)
        said = {"code": 20429, "message": "Too Many Requests", "status": 429}
        return answer(status, said, Retry_After=left) if self._told else answer(status, said)

    def too_early(self, since: float = 0.0) -> list[Call]:
        """Calls during a storm by somebody who must have heard of it."""
        return [
            call
            for first, end in self.begun
            for call in self.calls
            if max(since, (first.answered_at or end) + UNDER_WAY_SECONDS) < call.at < end
        ]


# Within that, calls that were on their way already have come.
UNDER_WAY_SECONDS = 0.3


def weather(*storms: Storm) -> Callable[[Call], Fate]:
    by_channel = {storm.channel: storm for storm in storms}
    return lambda call: by_channel[call.channel].plan(call)


async def test_lane_waits_as_long_as_the_provider_says_each_time(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    chance = dice("storms")
    storms = [Storm(name, sorted(chance.sample(range(5, 100), 2)), 2) for name in (TELEGRAM, SMS)]
    async with opened_office(await new_database("sqlite"), tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:120])
        await office.knows(SMS, NUMBERS[:120])
        office.cable.plan = weather(*storms)
        await office.launch()
        await office.finishes()
        await all_sent_once(office)
    for storm in storms:
        assert [len(storm.begun), storm.too_early()] == [2, []], replay(storm.channel)


async def test_lane_slows_down_by_itself_where_the_provider_does_not_say_how_long(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    storm = Storm(SMS, [30], 1.5, told=False)
    async with opened_office(await new_database("sqlite"), tmp_path, content, telegram_token="") as office:
        await office.knows(SMS, NUMBERS[:60])
        office.cable.plan = weather(storm)
        await office.launch()
        await office.finishes()
        await all_sent_once(office)
    assert len(storm.refused) <= 8, replay(f"{len(storm.refused)} calls into a storm of 1.5 seconds")


async def test_restart_does_not_forget_that_the_provider_said_wait(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    storms = [Storm(name, [20], 4) for name in (TELEGRAM, SMS)]
    async with opened_office(await new_database("sqlite"), tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:60])
        await office.knows(SMS, NUMBERS[:60])
        office.cable.plan = weather(*storms)
        await office.launch()

        async def is_written() -> bool:
            async with office.store.read() as connection:
                halted = (await connection.execute(select(lanes.c.halted_until))).scalars().all()
            return len(halted) == 2 and all(halted)

        worker = await office.hire(drain=False)
        await office.until(is_written)
        worker.kill()
        await worker.ended()
        killed_at = time.monotonic()
        await office.finishes()
        await office.balances()
    for storm in storms:
        assert storm.begun[0][1] - killed_at > 1, "there was time to forget it"
        assert storm.too_early(killed_at) == [], replay(storm.channel)


# -- a database that is locked, gone or full


async def test_database_locked_by_somebody_else_loses_nothing(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    url = await new_database("sqlite")
    async with opened_office(url, tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:150])
        await office.knows(SMS, NUMBERS[:100])
        await office.launch()
        worker = await office.hire(drain=False, hasty=True, busy=0.3)
        for calls in (40, 140):
            await office.goes_out(calls)
            with contextlib.closing(sqlite3.connect(url.partition("///")[2], timeout=10)) as other:
                other.execute("BEGIN EXCLUSIVE")
                await asyncio.sleep(2)
                other.rollback()
        await office.finishes(worker)
        await all_sent_once(office)
        assert office.says("database_away"), "nobody noticed"


class Fragile(Postgres):
    """A server of our own that goes down in the middle of whatever it does, and comes up again."""

    async def goes_down(self) -> None:
        # As a crash: nobody is told, nothing is tidied up, and the next start recovers from the log.
        self._server.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(self._server.wait, 30)

    async def comes_up(self) -> None:
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self._server = self._start(durable=False)
        await asyncio.to_thread(self._wait)


@pytest.fixture
def fragile(postgres: Postgres) -> Iterator[Fragile]:
    """The shared server's programs, with data of its own in a folder that another user may enter."""
    programs = postgres_programs()
    assert programs
    with tempfile.TemporaryDirectory(prefix="outreach-pg-") as folder:
        server = Fragile(programs, Path(folder))
        yield server
        server.stop()


async def test_postgresql_goes_down_in_mid_campaign_and_nothing_is_lost(
    fragile: Fragile, tmp_path: Path, content: Content
) -> None:
    chance, url = dice("down"), fragile.url("postgres")
    store = Store(url)
    await upgrade(store)
    await store.close()
    async with opened_office(url, tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:200])
        await office.knows(SMS, NUMBERS[:150])
        await office.launch()
        worker = await office.hire(drain=False, hasty=True)
        for calls in sorted(chance.sample(range(20, 300), 3)):
            await office.goes_out(calls)
            await fragile.goes_down()
            await asyncio.sleep(chance.uniform(0, 1.5))
            await fragile.comes_up()
        await office.finishes(worker)
        await all_sent_once(office)
        assert office.says("database_away"), "nobody noticed"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "outreach-tests", place], check=False)
    if mounted.returncode:
        pytest.skip("NO SMALL DISK: only root may mount one, so a full disk is tested by a size limit alone")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


async def test_full_disk_stops_the_sending_and_loses_nothing(
    small_disk: Path, tmp_path: Path, content: Content
) -> None:
    ballast = small_disk / "ballast"

    def fill(_: Worker) -> None:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    await _full_for_a_while(small_disk, tmp_path, content, fill, lambda _: ballast.unlink())


async def test_file_that_may_not_grow_stops_the_sending_and_loses_nothing(
    tmp_path: Path, content: Content
) -> None:
    """As a quota would have it: SQLite hears of another error than from a full disk."""

    def limit(worker: Worker, size: int) -> None:
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    await _full_for_a_while(
        tmp_path,
        tmp_path,
        content,
        lambda worker: limit(worker, (tmp_path / "office.db-wal").stat().st_size),
        lambda worker: limit(worker, resource.RLIM_INFINITY),
    )


async def _full_for_a_while(
    disk: Path, folder: Path, content: Content, fill: Callable[[Worker], None], free: Callable[[Worker], None]
) -> None:
    url = f"sqlite+aiosqlite:///{disk}/office.db"
    store = Store(url)
    await upgrade(store)
    await store.close()
    async with opened_office(url, folder, content) as office:
        await office.knows(TELEGRAM, CHATS[:250])
        await office.knows(SMS, NUMBERS[:150])
        await office.launch()
        worker = await office.hire(drain=False, hasty=True)
        await office.goes_out(60)
        fill(worker)

        async def is_noticed() -> bool:
            return office.says("database_away")

        await office.until(is_noticed)
        await asyncio.sleep(2)
        waiting = len(await office.rows(outbox.c.state == "queued"))
        free(worker)
        await office.finishes(worker)
        await all_sent_once(office)
    assert waiting > 50, "it was full in the middle of the campaign"


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
        await office.until(lambda: office.has_looked(worker))
        await office.dismisses(worker)
        got = Counter((await office.books()).took.values())
        assert got == dict.fromkeys(NUMBERS[:10], 1), replay(f"DOUBLED: {got}")
        books = await office.balances()
        assert books.states == {(SMS, "in_doubt" if hours > 0 else "delivered"): 10}, replay(books.states)


async def test_clock_that_hops_by_hours_and_days_doubles_nothing(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    clock, chance = tmp_path / "clock", dice("clock")
    hops = [0, 3600, -3600, 5 * 3600, -7200, 86400, -86400, 3 * 86400, -2 * 86400]
    names, weights = ("clean", "before", "after"), (12, 1, 1)

    def hop(seconds: int) -> None:
        # Whoever reads it just now must not find it empty.
        (tmp_path / "next").write_text(f"{seconds}")
        (tmp_path / "next").rename(clock)

    hop(0)
    async with opened_office(await new_database("sqlite"), tmp_path, content) as office:
        await office.knows(TELEGRAM, CHATS[:150])
        await office.knows(SMS, NUMBERS[:100])
        office.cable.plan = lambda call: FATES[chance.choices(names, weights)[0]]
        for _ in range(2):
            await office.launch()
            worker = await office.hire(clock=str(clock), drain=False)
            for _ in range(12):
                await asyncio.sleep(0.2)
                hop(chance.choice(hops))
            await office.dismisses(worker)
        office.cable.plan = lambda call: CLEAN
        office.cable.looks.clear()
        # Later than whatever it ever said: everything is due, and has been for long.
        hop(5 * 86400)
        worker = await office.hire(clock=str(clock), drain=False, hasty=True)
        await office.until(lambda: office.has_looked(worker))
        await office.dismisses(worker)
        books = await office.balances()
        got = Counter(books.took.values())
        assert max(got.values()) <= 2, replay(f"DOUBLED: {got}")
    states = {row.state for row in books.rows}
    assert states <= {"sent", "delivered", "in_doubt"}, replay(books.states)


# -- news of messages, in whatever order it comes


class Shuffler:
    """Stands where Twilio calls back: hands everything on twice, in no order at all."""

    def __init__(self, chance: Random, session: ClientSession) -> None:
        self._chance, self._session = chance, session
        self._under_way: set[asyncio.Task[None]] = set()
        self.target = ""
        # How often a message's news came while the call that made it was not answered yet.
        self.early = 0
        self.answered: set[str] = set()

    async def open(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        return runner

    async def _hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in ("Content-Type", "X-Twilio-Signature")}
        for _ in range(2):
            handing = asyncio.create_task(self._hand_on(str(request.rel_url), body, headers))
            self._under_way.add(handing)
        return web.Response()

    async def _hand_on(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        await asyncio.sleep(self._chance.uniform(0, 0.4))
        self.early += parse_qs(body.decode())["To"][0] not in self.answered
        async with self._session.post(self.target + path, data=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    async def is_done(self) -> None:
        await asyncio.gather(*self._under_way)


async def test_news_shuffled_doubled_and_before_the_answer_moves_nothing_backwards(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    chance = dice("news")
    bad = [f"+86139{n:04}0003" for n in range(5000, 5030)]
    everyone = [*NUMBERS[:170], *bad]
    chance.shuffle(everyone)
    async with ClientSession() as session:
        shuffler = Shuffler(chance, session)
        runner = await shuffler.open()
        site = web.TCPSite(runner, "127.0.0.1", free_port())
        await site.start()
        settings = {"telegram_token": "", "twilio_rate": 400, "public_url": site.name, "port": free_port()}
        async with opened_office(await new_database("sqlite"), tmp_path, content, **settings) as office:
            shuffler.target = f"http://127.0.0.1:{settings['port']}"
            await office.asks("PUT", "/sim/settings", {"callback_delay": 0.0})
            await office.knows(SMS, everyone)
            office.cable.plan = lambda call: Fate(
                hold=chance.uniform(0, 0.5), last=lambda: shuffler.answered.add(call.address)
            )
            await office.launch()
            worker = await office.hire(serves=True)

            async def all_is_said() -> bool:
                status = (await office.asks("GET", "/sim/ledger?counts=1"))["counts"]["sms_status"]
                return status == {"delivered": 170, "undelivered": 30}

            await office.until(all_is_said)
            await asyncio.sleep(0.5)
            await shuffler.is_done()
            await office.finishes(worker)
            books = await office.balances()
        await runner.cleanup()
    wrong = [
        (row.address, row.state, row.reason)
        for row in books.rows
        if row.state != ("failed" if row.address in bad else "delivered")
        or (row.error_code == "30003") != (row.address in bad)
    ]
    assert not wrong, replay(wrong)
    assert Counter(books.took.values()) == Counter(everyone)
    # On a busy machine the news waits as the calls do; of 200 so many are enough to be sure of.
    assert shuffler.early > 20, "many came before the call was answered"


# -- several workers

# Messages a second and lane, and the segments of one.
A_SECOND, SEGMENTS = {TELEGRAM: 12, SMS: 6}, 3


async def test_workers_come_and_go_and_no_lane_ever_has_two_or_exceeds_its_rate(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    chance = dice("crew")
    rates = {"twilio_rate": A_SECOND[SMS] * SEGMENTS, "telegram_rate": A_SECOND[TELEGRAM]}
    numbers = {"twilio_from": f"{NUMBER},{OTHER_NUMBER}"}
    async with opened_office(
        await new_database("postgresql"), tmp_path, content, **numbers, **rates
    ) as office:
        await office.knows(TELEGRAM, CHATS[:130])
        await office.knows(SMS, NUMBERS[:110])
        await office.launch()
        team = [await office.hire(drain=False, hasty=True) for _ in range(4)]
        for turn in range(6):
            await asyncio.sleep(chance.uniform(0.8, 1.8))
            holders = await held_by(office)
            # Every lane's holder goes once in this way and once in that, where somebody has it just now.
            wanted = [worker for worker in team if holders.get(turn % 3) == worker.pid]
            gone = chance.choice(wanted or team)
            team.remove(gone)
            gone.kill((signal.SIGKILL, signal.SIGTERM)[turn % 2])
            team.append(await office.hire(drain=False, hasty=True))
        await office.finishes(*team)
        books = await office.balances()
        calls = office.cable.calls
    ours = {row.state for row in books.rows if row.channel == SMS}
    assert ours <= {"sent", "delivered"}, replay(books.states)
    assert {row.segments for row in books.rows if row.channel == SMS} == {SEGMENTS}
    callers = {row.address: row.claimed_by for row in books.rows}
    for lane in {(call.channel, call.sender) for call in calls}:
        own = [call for call in calls if (call.channel, call.sender) == lane]
        most = max(sum(first.at <= call.at < first.at + 1 for call in own) for first in own)
        # One more where the holder was late and catches up, one more where the lane has just passed on: its
        # new holder does not know of the last one's calls. Two at once would make it twice as many.
        assert most <= A_SECOND[lane[0]] + 2, replay(f"{lane}: {most} within a second")
        assert not (both := taking_turns(own, callers)), replay(f"{lane}: two at once: {both}")
    held = {(row.lane, row.claimed_by) for row in books.rows}
    by_lane = Counter(lane for lane, _ in held)
    assert len(by_lane) == 3
    assert min(by_lane.values()) >= 2, replay(f"a lane never passed on: {by_lane}")


async def held_by(office: Office) -> dict[int, int]:
    """The pid of each lane's holder, by the lane's place in the list."""
    async with office.store.read() as connection:
        names = (await connection.execute(select(lanes.c.held_by).order_by(lanes.c.name))).scalars().all()
    return {number: int(name.split(":")[1]) for number, name in enumerate(names) if name}


def taking_turns(calls: Sequence[Call], callers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Who called, and then another, and within a second the first one again: no lane comes back so soon."""
    spans = [(name, list(own)) for name, own in itertools.groupby(calls, lambda call: callers[call.address])]
    return [
        (first, second)
        for (first, before), (second, _), (third, after) in zip(spans, spans[1:], spans[2:], strict=False)
        if first == third and after[0].at - before[-1].at < 1
    ]


async def stands_still(office: Office, worker: Worker) -> None:
    """Stopped outside any transaction: what it had locked, nobody could take over from it."""
    hangs = text(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle in transaction' AND state_change < clock_timestamp() - interval '0.2 seconds'"
    )
    while True:
        worker.kill(signal.SIGSTOP)
        await asyncio.sleep(0.3)
        async with office.store.read() as connection:
            if not (await connection.execute(hangs)).all():
                return
        worker.kill(signal.SIGCONT)
        await asyncio.sleep(0.07)


async def test_worker_that_stood_still_sends_nothing_more_in_a_lane_that_passed_on(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    off = {"twilio_account_sid": "", "twilio_auth_token": "", "twilio_from": ""}
    async with opened_office(await new_database("postgresql"), tmp_path, content, **off) as office:
        await office.knows(TELEGRAM, CHATS[:500])
        await office.launch()
        first = await office.hire(drain=False)
        await office.goes_out(50)
        second = await office.hire(drain=False)
        await office.until(lambda: office.are_at_work((first, second)))
        await stands_still(office, first)
        stopped = len(office.cable.calls)
        await office.goes_out(stopped + 20)
        thawed_at = time.monotonic()
        first.kill(signal.SIGCONT)
        await office.finishes(first, second)
        books = await office.balances()
        late = {call.address for call in office.cable.calls if call.at > thawed_at}
    callers = {row.address: int(row.claimed_by.split(":")[1]) for row in books.rows}
    its_own = [address for address in late if callers[address] == first.pid]
    # At most the one whose call was just being written when it stood still.
    assert len(its_own) <= 1, replay(f"{len(its_own)} of {len(late)} by a worker that has no lane")
    assert len(late) > 50, "the campaign was not over"


# -- what nobody can send

BAD = {
    "too long for a chat": (TELEGRAM, "9006001", "长" * 4097),
    "too long for SMS": (SMS, "+8613900060002", "长" * 1601),
    "no such channel": ("pigeon", "the dovecote", "您好"),
    "no address": (TELEGRAM, "", "您好"),
    "no number": (SMS, "", "您好"),
    "a name for a number": (SMS, "王家", "您好"),
    "no words": (SMS, "+8613900060006", " \n"),
    "refused there": (TELEGRAM, "9000400", "您好"),
    "stopped there": (SMS, "+8613900001610", "您好"),
}


async def test_what_nobody_can_send_fails_with_its_reason_and_the_others_go_out(
    new_database: NewDatabase, tmp_path: Path, content: Content
) -> None:
    chance, now = dice("bad"), wall_clock()
    good = [(TELEGRAM, to, "您好") for to in CHATS[:100]] + [(SMS, to, "您好") for to in NUMBERS[:100]]
    everything = [*good, *BAD.values()]
    chance.shuffle(everything)
    async with opened_office(await new_database("sqlite"), tmp_path, content) as office:
        await office.knows(TELEGRAM, [f"{9_100_000 + n}" for n in range(len(everything))])
        drafts = [
            Draft(f"k{n}", n, Address(channel, to), Priority.CAMPAIGN, "care", "t", "zh-Hans", words, now)
            for n, (channel, to, words) in enumerate(everything, start=1)
        ]
        async with office.store.write() as connection:
            await enqueue(connection, drafts, now)
        await office.finishes()
        books = await office.balances()
    failed = {(row.channel, row.address) for row in books.rows if row.state == "failed"}
    assert failed == {(channel, to) for channel, to, _ in BAD.values()}, replay(books.states)
    assert all(row.reason for row in books.rows if row.state == "failed")
    assert Counter(books.took.values()) == Counter(to for _, to, _ in good)
