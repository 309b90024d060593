"""The sender: its pace, every way a call can end, and what a stop, a crash and a second one leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from terminal import Terminal
from world import ACCOUNT, AUTH, NUMBER, TOKEN, Clock, World, opened_world, settings_for, until

from outreach import campaigns
from outreach.app import App, Content
from outreach.outbox import Lane
from outreach.residents import importing
from outreach.simulator import Simulator
from outreach.store import Store, sole_sender, upgrade
from outreach.store.tables import launches, outbox
from outreach.worker import Pace
from outreach.worker.looking import Looker
from outreach.worker.pace import Addresses

YES = {"consent_care": "是"}


def people(chats: range) -> list[dict[str, str]]:
    return [{"name": f"居民{chat}", "telegram_id": str(chat), **YES} for chat in chats]


async def states(world: World) -> dict[str, str]:
    return {row.address: row.state for row in await world.read(select(outbox))}


# -- pace


class Ticks:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(
    rate=st.sampled_from([1.0, 3.0, 30.0, 200.0]),
    answers=st.lists(st.sampled_from([0.001, 0.02, 0.05, 0.3, 2.0]), min_size=1, max_size=7),
    lateness=st.lists(st.sampled_from([0.0, 0.0, 0.001, 0.004, 0.2]), min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_no_second_ever_holds_more_than_the_rate(
    rate: float, answers: list[float], lateness: list[float]
) -> None:
    """However slow the answers and however late the loop: counted when a call was made, and when it ended."""
    clock = Ticks()
    pace, made, ends = Pace(rate, clock), list[float](), list[tuple[float, int]]()
    for call in range(int(rate * 3) + 5):
        while (pause := pace.pause()) > 0:
            clock.now += max(pause, 0.0005)
            for moment, number in [end for end in ends if end[0] <= clock.now]:
                ends.remove((moment, number))
                pace.end(number)
        clock.now += lateness[call % len(lateness)]
        if pace.pause() > 0:
            continue
        pace.start(call)
        made.append(clock.now)
        ends.append((clock.now + answers[call % len(answers)], call))
    assert all(b - a >= 1.0 for a, b in zip(made, made[int(rate) :], strict=False))


def test_lane_at_thirty_a_second_holds_it_and_spends_no_burst() -> None:
    clock = Ticks()
    pace, made = Pace(30, clock), list[float]()
    while clock.now < 1060:
        clock.now += max(pace.pause(), 0.0) + 0.0007
        if pace.pause() == 0:
            pace.start(len(made))
            pace.end(len(made))
            made.append(clock.now)
    assert 29.5 * 60 <= len(made) <= 30 * 60
    assert sum(moment < 1000.1 for moment in made) <= 4


def test_one_stall_does_not_come_back_every_second() -> None:
    """What is caught up after it must not fill the next second too early, and make a gap there, and so on."""
    clock = Ticks()
    pace, made = Pace(30, clock), list[float]()
    while clock.now < 1020:
        clock.now += 0.3 if len(made) == 90 and clock.now < 1003.2 else max(pace.pause(), 0.0) + 0.0003
        if pace.pause() == 0:
            pace.start(len(made))
            pace.end(len(made))
            made.append(clock.now)
    gaps = [b - a for a, b in pairwise(made) if a > 1006]
    assert max(gaps) < 0.05


def test_three_segments_take_three_times_as_long() -> None:
    clock = Ticks()
    pace = Pace(1, clock)
    pace.start(1, 3)
    pace.end(1)
    assert 3.0 <= pace.pause() < 3.1


def test_provider_that_is_always_slow_still_gets_the_whole_rate() -> None:
    clock = Ticks()
    pace, made, ends = Pace(30, clock), list[float](), list[tuple[float, int]]()
    while clock.now < 1040:
        clock.now += max(min(pace.pause(), 0.01), 0.0005)
        while ends and ends[0][0] <= clock.now:
            pace.end(ends.pop(0)[1])
        if pace.pause() == 0:
            pace.start(len(made))
            ends.append((clock.now + 1.5, len(made)))
            made.append(clock.now)
    assert sum(moment >= 1020 for moment in made) >= 29 * 20


def test_same_address_waits_its_second_and_is_never_written_to_twice_at_once() -> None:
    clock = Ticks()
    chats = Addresses(1.0, clock)
    assert chats.pause("7") == 0
    chats.start("7")
    clock.now += 5
    assert chats.pause("7") == float("inf")
    assert chats.pause("8") == 0
    chats.end("7")
    assert 0.9 < chats.pause("7") <= 1
    clock.now += 1
    assert chats.pause("7") == 0
    for chat in range(1000):
        chats.start(str(chat))
        chats.end(str(chat))
        clock.now += 0.1
    assert len(chats._free_at) < 20, "what is over is forgotten"


async def test_campaign_goes_out_at_the_rate_that_was_set(tmp_path: Path) -> None:
    async with opened_world(f"sqlite+aiosqlite:///{tmp_path}/outreach.db", ROOT, telegram_rate=50) as world:
        await world.knows(*people(range(9_005_000, 9_005_060)))
        await world.launch("hello")
        await world.plan()
        await world.quiet()
        ledger = (await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"]
    moments = [message["at"] for message in ledger]
    assert len(moments) == 60
    # A burst is a tenth of a second's worth; a little more for what the network bunches together.
    windows = [sum(start <= at < start + 0.5 for at in moments) for start in moments]
    assert max(windows) <= 25 + 5 + 5


# -- a provider that says wait


async def test_lane_pauses_as_long_as_telegram_says_and_nothing_is_lost(tmp_path: Path) -> None:
    busy, others = 90_429, range(9_005_000, 9_005_030)
    async with opened_world(f"sqlite+aiosqlite:///{tmp_path}/outreach.db", ROOT, telegram_rate=50) as world:
        await world.knows(*people(range(busy, busy + 1)), *people(others))
        await world.launch("hello")
        await world.plan()
        started = time.time()
        await world.quiet()
        ledger = (await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"]
    assert Counter(message["chat_id"] for message in ledger) == Counter(
        [90_429, *range(9_005_000, 9_005_030)]
    )
    early = [message for message in ledger if message["at"] < started + 0.9]
    assert len(early) < 25, "most of them waited"
    moments = [started, *(message["at"] for message in ledger)]
    assert max(b - a for a, b in pairwise(moments)) >= 0.5


# -- every way a call can end

# What the address ends in -> the state it ends in, and how many messages the provider took.
TELEGRAM = {
    "0101": ("in_doubt", 0),
    "0102": ("in_doubt", 1),
    "0104": ("sent", 1),
    "0500": ("sent", 1),
    "0501": ("failed", 0),
    "0403": ("failed", 0),
    "0400": ("failed", 0),
    "7777": ("sent", 1),
}
SMS = {
    "0101": ("in_doubt", 0),
    "0102": ("delivered", 1),  # its status callback carries our id
    "0104": ("delivered", 1),
    "0500": ("delivered", 1),
    "0501": ("failed", 0),
    "1610": ("failed", 0),
    "1211": ("failed", 0),
    "0005": ("failed", 1),
    "7777": ("delivered", 1),
}


async def test_every_call_ends_in_the_state_that_is_true(world: World) -> None:
    await world.call("PUT", "/sim/settings", {"slow": 0.3})
    chats = [{"name": f"居民{last}", "telegram_id": f"6{last}", **YES} for last in TELEGRAM]
    phones = [{"name": f"居民{last}", "phone": f"+861991234{last}", **YES} for last in SMS]
    await world.knows(*chats, *phones)
    await world.launch("hello")
    await world.plan()
    under_way = ("queued", "sending")

    async def only_the_hopeless_wait() -> bool:
        found = await states(world)
        return {a[-4:] for a, state in found.items() if state in under_way} <= {"0500", "0501"}

    await until(only_the_hopeless_wait)

    async def given_up() -> bool:
        """As if hours had passed: on to the next try, once the last one is settled."""
        waiting = await world.read(select(outbox).where(outbox.c.state.in_(under_way)))
        if all(row.state == "queued" and row.due_at > world.clock() for row in waiting):
            world.clock.ahead += timedelta(minutes=11)
        world.app.store.wake()
        return not waiting

    await until(given_up)
    await world.quiet()
    ledger = await world.call("GET", "/sim/ledger")
    took = Counter(str(m["chat_id"]) for m in ledger["telegram"])
    took += Counter(m["to"] for m in ledger["sms"])
    found = {address: (state, took[address]) for address, state in (await states(world)).items()}
    expected = {f"6{last}": end for last, end in TELEGRAM.items()}
    assert found == expected | {f"+861991234{last}": end for last, end in SMS.items()}
    rows = {row.address: row for row in await world.read(select(outbox))}
    assert rows["60501"].attempts == 12
    assert "12 tries" in rows["60501"].reason


# -- a stop, a crash, a second sender


@contextlib.asynccontextmanager
async def service(database_url: str, simulator: str, **more: Any) -> AsyncIterator[World]:
    """The service on a simulator that outlives it."""
    app = App(settings_for(database_url, ROOT, simulator, **more), Clock())
    ready, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(app.run(ready=ready, stop=stop))
    await ready.wait()
    async with ClientSession() as session:
        yield World(app, Clock(), simulator, session)
    stop.set()
    await running


async def test_stop_in_mid_campaign_settles_what_is_under_way_and_keeps_the_rest(database_url: str) -> None:
    simulator, chats = Simulator(), range(9_005_000, 9_005_120)
    await simulator.start()
    async with service(database_url, simulator.url, telegram_rate=100) as world:
        await world.call("PUT", "/sim/settings", {"latency": 0.05})
        await world.knows(*people(chats))
        await world.launch("hello")
        await world.plan()

        async def some_are_out() -> bool:
            return "sent" in (await states(world)).values()

        await until(some_are_out)
    store = Store(database_url)
    async with store.read() as connection:
        left = Counter((await connection.execute(select(outbox.c.state))).scalars())
    await store.close()
    assert left.keys() == {"sent", "queued"}, "nothing hangs in the middle"

    async with service(database_url, simulator.url) as world:
        before = len((await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"])
        assert before == left["sent"]
        await world.quiet()
        ledger = (await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"]
    await simulator.stop()
    assert sorted(message["chat_id"] for message in ledger) == list(chats)


async def test_kill_in_mid_campaign_writes_to_nobody_twice(tmp_path: Path, content: Content) -> None:
    simulator, chats = Simulator(), range(9_005_000, 9_005_150)
    await simulator.start()
    terminal = Terminal(
        tmp_path,
        port=0,
        telegram_token=TOKEN,
        telegram_api_base=simulator.url,
        telegram_rate=100,
        quiet_hours="",
    )
    store = await _launched(tmp_path, content, people(chats))
    async with ClientSession() as session:

        async def ledger() -> list[int]:
            async with session.get(f"{simulator.url}/sim/ledger?channel=telegram") as answer:
                return [message["chat_id"] for message in (await answer.json())["telegram"]]

        async def some_are_out() -> bool:
            return len(await ledger()) >= 20

        async with session.put(f"{simulator.url}/sim/settings", json={"latency": 0.1}) as answer:
            assert answer.status == 200
        first = terminal.start("serve")
        await until(some_are_out)
        first.kill()
        first.communicate()

        async def none_wait() -> bool:
            async with store.read() as connection:
                waiting = select(outbox.c.id).where(outbox.c.state.in_(("queued", "sending")))
                return (await connection.execute(waiting)).first() is None

        second = terminal.start("serve")
        await until(none_wait)
        second.terminate()
        output, _ = await asyncio.to_thread(second.communicate, timeout=10)
        received = await ledger()
    await simulator.stop()
    assert second.returncode == 0, output
    assert "Traceback" not in output

    async with store.read() as connection:
        doubtful = (await connection.execute(select(outbox).where(outbox.c.state == "in_doubt"))).all()
    await store.close()
    assert max(Counter(received).values()) == 1, "nobody twice"
    assert doubtful, "some calls were under way"
    assert set(received) | {int(row.address) for row in doubtful} == set(chats), "nobody forgotten"
    listed = (await terminal.runs("outbox", "doubts", "--json")).json["doubts"]
    assert [doubt["id"] for doubt in listed] == [row.id for row in doubtful]


async def _launched(folder: Path, content: Content, listed: list[dict[str, str]]) -> Store:
    """A database in which the campaign `hello` was launched for these people."""
    store, now = Store(f"sqlite+aiosqlite:///{folder}/outreach.db"), Clock()()
    await upgrade(store)
    async with store.write() as connection:
        for number, cells in enumerate(listed, start=2):
            row = importing.parse(number, cells)
            await importing.take(
                connection, row, importing.Report(), language="zh-Hans", source="list.csv", now=now
            )
        await content.campaigns.launch(connection, "hello", by="tests", now=now)
    return store


async def test_second_sender_on_one_sqlite_file_is_told_so(tmp_path: Path, content: Content) -> None:
    terminal = Terminal(
        tmp_path,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH,
        twilio_from=NUMBER,
        twilio_api_base="http://127.0.0.1:9",
    )
    store = await _launched(tmp_path, content, people(range(9_005_000, 9_005_001)))
    with sole_sender(store):
        for command in (("worker", "--drain"), ("serve", "--port", "0")):
            ran = await terminal.runs(*command)
            assert ran.code == 1
            assert "another process already sends from this database" in ran.err
            assert "OUTREACH_DATABASE_URL" in ran.err
            assert "Traceback" not in ran.said
    await store.close()


# -- doubts, looked up


@contextlib.asynccontextmanager
async def doubting(tmp_path: Path) -> AsyncIterator[tuple[World, Looker, Ticks, list[Lane]]]:
    """The service where Twilio can tell it nothing by itself, and somebody to look messages up."""
    url = f"sqlite+aiosqlite:///{tmp_path}/outreach.db"
    async with opened_world(url, ROOT, telegram_token="") as world:
        await world.call("PUT", "/sim/settings", {"callback_delay": 600})
        ticks = Ticks()
        looker = Looker(world.app.store, {"sms": world.app.sms}, world.clock, ticks)
        yield world, looker, ticks, [Lane(f"sms:{NUMBER}", "sms", NUMBER, 1)]


async def in_doubt(world: World, wanted: int) -> None:
    async def so_many() -> bool:
        return [*(await states(world)).values()].count("in_doubt") == wanted

    await until(so_many)


async def test_message_that_twilio_has_is_settled_by_looking_it_up(tmp_path: Path) -> None:
    taken, lost = "+8619912340102", "+8619912340101"
    async with doubting(tmp_path) as (world, looker, ticks, lanes):
        await world.knows(*({"name": "居民", "phone": phone, **YES} for phone in (taken, lost)))
        await world.launch("hello")
        await world.plan()

        # The service's own looker may be quicker than this one.
        async def found() -> bool:
            await looker.look(lanes)
            ticks.now += 300
            return (await states(world))[taken] == "sent"

        await until(found)
        (row,) = [row for row in await world.read(select(outbox)) if row.address == taken]
        (message,) = (await world.call("GET", "/sim/ledger?channel=sms"))["sms"]
        assert row.provider_id == message["sid"]
        await in_doubt(world, 1)

        world.clock.ahead += timedelta(minutes=6)
        for _ in range(4):
            await looker.look(lanes)
            ticks.now += 300

        async def arrived() -> bool:
            return (await states(world))[lost] == "sent"

        await until(arrived)
        assert len(await world.to_number(lost)) == 1, "what Twilio never had goes again, once"


async def test_no_message_at_twilio_settles_two_of_ours(tmp_path: Path) -> None:
    phone = "+8619912340102"
    async with doubting(tmp_path) as (world, looker, ticks, lanes):
        await world.knows({"name": "居民", "phone": phone, **YES})
        for _ in range(2):
            await world.launch("hello")
        await world.plan()

        async def both_found() -> bool:
            await looker.look(lanes)
            ticks.now += 300
            return [row.state for row in await world.read(select(outbox))] == ["sent", "sent"]

        await until(both_found)
        names = [row.provider_id for row in await world.read(select(outbox))]
        ledger = [message["sid"] for message in (await world.call("GET", "/sim/ledger?channel=sms"))["sms"]]
    assert sorted(names) == sorted(ledger)
    assert len(set(names)) == 2


async def test_message_filtered_by_the_carrier_pauses_its_campaign_and_no_other(world: World) -> None:
    await world.knows(*({"name": "居民", "phone": f"+86199123{last}", **YES} for last in ("45670", "40007")))
    # Someone whose message always waits for its next try keeps the campaign running.
    await world.knows({"name": "居民", "telegram_id": "60501", **YES})
    filtered = await world.launch("hello")
    await world.plan()

    async def paused() -> bool:
        return bool(await world.read(select(launches).where(launches.c.state == "paused")))

    await until(paused)
    (launch,) = await world.read(select(launches))
    assert (launch.id, launch.paused_because) == (filtered, "filtered by the carrier")
    async with world.app.store.write() as connection:
        assert (await campaigns.move(connection, filtered, "resume", world.clock()))["paused_because"] is None
