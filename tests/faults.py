"""What the fault suite stands on: workers that die at a chosen point, a line that breaks by plan, an account.

A worker is the real thing in a process of its own, forked from one that has imported everything; the
simulator and its ledger stay in the test's process and survive it. Nothing in the program knows of this: a
worker that is to die has one of its own methods wrapped after the fork, and the line is a proxy in front of
the simulator.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import importlib
import inspect
import json
import os
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientSession
from sqlalchemy import insert, select
from world import settings_for

from outreach import campaigns
from outreach.app import App, Content, wall_clock
from outreach.model import SMS, TELEGRAM
from outreach.settings import Settings
from outreach.simulator import Simulator
from outreach.store import Store, sole_sender
from outreach.store.tables import addresses, consent, launches, outbox, residents, workers
from outreach.worker import Sender
from outreach.worker.looking import LOOKS

ROOT = Path(__file__).parent.parent
# The same faults in every run of the suite, unless another seed is asked for.
SEED = int(os.environ.get("OUTREACH_FAULT_SEED", "20261125"))
PATIENCE = 60.0


def dice(*what: object) -> random.Random:
    """Chance for one run, the same whenever the same seed is given."""
    return random.Random(f"{SEED}:{':'.join(map(str, what))}")


def replay(problem: object) -> str:
    """What a failed assertion says: what is wrong, and how to see it again."""
    return f"{problem} → replay with OUTREACH_FAULT_SEED={SEED}"


# -- a worker's life and death

# Where a worker is killed. The last two kill it from outside, as its call is on the line.
CLAIMED, RENDERED, ANSWERED, COMMIT, ANYWHERE = "claimed", "rendered", "answered", "commit", "anywhere"
CALLED, TAKEN = "called", "taken"
# Looking up doubts without the long pauses; they are as many looks as ever.
HASTY = {
    "outreach.worker.looking.LOOK_SECONDS": (0.05,),
    "outreach.worker.looking.PASS_SECONDS": 0.1,
    "outreach.worker.looking.MISSING": timedelta(0),
}


@dataclass(frozen=True)
class Job:
    """What a worker is born to do, and where it dies: at the `nth` time it comes to `point`, or never.

    `delay`: seconds that it still has from there. `serves`: it is the whole service. `hasty`: with HASTY's
    pauses. `busy`: seconds until SQLite says that the database is locked. `clock`: a file that says by how
    many seconds its clock is wrong.
    """

    settings: dict[str, Any]
    log: str
    drain: bool = True
    serves: bool = False
    clock: str = ""
    hasty: bool = False
    busy: float = 10.0
    point: str = ""
    nth: int = 1
    delay: float = 0.0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Fuse:
    """Ends this process at the nth time, without a word."""

    def __init__(self, nth: int, delay: float = 0.0) -> None:
        self._left, self._delay = nth, delay

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0 and self._delay:
            threading.Timer(self._delay, _die).start()
        elif self._left == 0:
            _die()


def _dies_claimed(_app: App, fuse: _Fuse) -> None:
    """The claim is committed, and no call of it is made."""
    push = Sender._push

    def dying(self: Sender, claimed: Sequence[Any]) -> None:
        if claimed:
            fuse.burn()
        push(self, claimed)

    Sender._push = dying  # type: ignore[method-assign]


def _dies_rendered(app: App, fuse: _Fuse) -> None:
    """The call is ready to the last byte, and not written."""
    request = app.wire.request

    async def dying(method: str, url: str, **more: Any) -> Any:
        if method == "POST":
            fuse.burn()
        return await request(method, url, **more)

    app.wire.request = dying  # type: ignore[method-assign, assignment]


def _dies_answered(_app: App, fuse: _Fuse) -> None:
    """The provider's answer is read, and not written down."""
    send = Sender._send

    async def dying(self: Sender, claimed: Any) -> Any:
        outcome = await send(self, claimed)
        fuse.burn()
        return outcome

    Sender._send = dying  # type: ignore[method-assign]


def _dies_in_commit(app: App, fuse: _Fuse) -> None:
    """A round's statements are made, and its commit begins."""
    express: Any = app.store.express
    take = express._take

    def dying(connection: Any, steps: Any) -> Any:
        value = take(connection, steps)
        fuse.burn()
        return value

    async def dying_later(connection: Any, steps: Any) -> Any:
        value = await take(connection, steps)
        fuse.burn()
        return value

    express._take = dying_later if inspect.iscoroutinefunction(take) else dying


def _dies_anywhere(_app: App, fuse: _Fuse) -> None:
    """At a moment that nobody chose."""
    fuse.burn()


_DEATHS: dict[str, Callable[[App, _Fuse], None]] = {
    CLAIMED: _dies_claimed,
    RENDERED: _dies_rendered,
    ANSWERED: _dies_answered,
    COMMIT: _dies_in_commit,
    ANYWHERE: _dies_anywhere,
}


def _live(job: Job) -> None:
    """`outreach worker`, as the command line runs it."""
    values = {"outreach.store.engine.BUSY_SECONDS": job.busy} | (HASTY if job.hasty else {})
    for name, value in values.items():
        module, _, variable = name.rpartition(".")
        setattr(importlib.import_module(module), variable, value)
    app = App(
        Settings(_env_file=None, **job.settings), _wrong_by(Path(job.clock)) if job.clock else wall_clock
    )
    if job.point:
        _DEATHS[job.point](app, _Fuse(job.nth, job.delay))
    if job.serves:
        asyncio.run(app.run())
        return

    async def work() -> None:
        async with app.opened():
            await app.work(drain=job.drain)

    with sole_sender(app.store):
        asyncio.run(work())


def _wrong_by(file: Path) -> Callable[[], datetime]:
    return lambda: wall_clock() + timedelta(seconds=float(file.read_text()))


# -- the process they are forked from


def _nursery(address: str) -> None:
    """Forks a worker for every connection, tells its pid and how it ended; kills it where nobody waits."""
    _read_texts_once()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    woken, wake = socket.socketpair()
    for end in (woken, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    nursery = _Nursery()
    # What is here now is shared with every child, and need not be looked through by each of them.
    gc.freeze()
    with selectors.DefaultSelector() as watch:
        for file, what in ((listener, nursery.bear), (woken, nursery.bury), (sys.stdin, nursery.end)):
            watch.register(file, selectors.EVENT_READ, what)
        nursery.watch = watch
        while True:
            for key, _ in watch.select():
                key.data(key.fileobj)


def _read_texts_once() -> None:
    """Reading all texts takes longer than anything else at a start, and is no part of what is tested here."""
    folders = {"templates_dir": ROOT / "templates", "campaigns_dir": ROOT / "campaigns"}
    content = Content.load(Settings(_env_file=None, **folders))
    Content.load = lambda settings: content  # type: ignore[method-assign, misc, assignment]


class _Nursery:
    watch: selectors.BaseSelector

    def __init__(self) -> None:
        self._parents: dict[int, socket.socket] = {}

    def bear(self, listener: socket.socket) -> None:
        parent, _ = listener.accept()
        job = json.loads(parent.makefile("r").readline())
        pid = os.fork()
        if not pid:
            _be_born(Job(**job))
        self._parents[pid] = parent
        parent.sendall(f"{pid}\n".encode())
        self.watch.register(parent, selectors.EVENT_READ, functools.partial(self._abandoned, pid))

    def _abandoned(self, pid: int, parent: socket.socket) -> None:
        self.watch.unregister(parent)
        os.kill(pid, signal.SIGKILL)

    def bury(self, woken: socket.socket) -> None:
        woken.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                parent = self._parents.pop(ended[0])
                if parent in self.watch.get_map():
                    self.watch.unregister(parent)
                with contextlib.suppress(OSError):
                    parent.sendall(f"{os.waitstatus_to_exitcode(ended[1])}\n".encode())
                parent.close()

    def end(self, _stdin: Any) -> None:
        for pid in self._parents:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _be_born(job: Job) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    code = 1
    try:
        _live(job)
        code = 0
    except BaseException:  # noqa: BLE001 whatever it is, it must not run on as a second nursery
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@functools.cache
def _nursery_address() -> str:
    folder = tempfile.TemporaryDirectory(prefix="outreach-faults-")
    address = f"{folder.name}/nursery"
    places = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    kept = {name: text for name, text in os.environ.items() if not name.startswith("OUTREACH_")}
    nursery = subprocess.Popen(
        [sys.executable, str(Path(__file__)), address],
        stdin=subprocess.PIPE,
        cwd=folder.name,
        env={**kept, "PYTHONPATH": places, "PYTHONUTF8": "1"},
    )

    def end() -> None:
        with nursery, folder:
            nursery.kill()

    atexit.register(end)
    return address


class Worker:
    """A worker's process, as its parent sees it."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid, self._writer = pid, writer
        self._end = asyncio.create_task(reader.readline())

    @property
    def is_alive(self) -> bool:
        return not self._end.done()

    def kill(self, sign: int = signal.SIGKILL) -> None:
        # It may have ended just now, and its parent may not have heard of it.
        with contextlib.suppress(ProcessLookupError):
            if self.is_alive:
                os.kill(self.pid, sign)

    async def ended(self) -> int:
        """How it ended: its exit code, or less than nothing by a signal."""
        async with asyncio.timeout(PATIENCE):
            return int(await self._end)

    def leave(self) -> None:
        """Whoever has not ended yet is killed by the nursery."""
        self._end.cancel()
        self._writer.close()


async def born(job: Job) -> Worker:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                reader, writer = await asyncio.open_unix_connection(_nursery_address())
                break
            await asyncio.sleep(0.05)
        writer.write((json.dumps(asdict(job)) + "\n").encode())
        return Worker(int(await reader.readline()), reader, writer)


# -- the line between us and the providers

Cut = Literal["before", "after", "amid"]


@dataclass(frozen=True)
class Fate:
    """What befalls one call: the line is cut before it reaches the provider, after, or in mid-answer.

    `answer`: somebody else's in the provider's place, which never hears of it. `hold`: seconds that the
    answer is on its way. `first` and `last` are done when the whole call is here, and when its answer is.
    """

    cut: Cut | None = None
    answer: bytes | None = None
    hold: float = 0.0
    first: Callable[[], None] | None = None
    last: Callable[[], None] | None = None


CLEAN = Fate()


@dataclass
class Call:
    """One message on its way to a provider, and what befell it. `whole`: its answer went all the way back."""

    channel: str
    address: str
    at: float
    sender: str = ""
    fate: Fate = CLEAN
    answered_at: float | None = None
    whole: bool = False


class Cable:
    """A proxy in front of the simulator. `plan` says what befalls each call that sends a message."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._lines: set[asyncio.Task[None]] = set()
        self.calls: list[Call] = []
        # How often it was asked what became of a message to this number.
        self.looks: Counter[str] = Counter()
        self.plan: Callable[[Call], Fate] = lambda call: CLEAN

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def connect(self) -> None:
        self._server = await asyncio.start_server(self._line, "127.0.0.1", self._port, limit=1 << 20)
        self._port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Nobody is let in any more, and who is in is thrown out."""
        if self._server:
            self._server.close()
        for line in list(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        try:
            provider = await asyncio.open_connection(self._target.hostname, self._target.port, limit=1 << 20)
            try:
                while await self._carry(reader, writer, provider):
                    pass
            finally:
                provider[1].transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        provider: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> bool:
        """One call and its answer; False where the line is cut."""
        request = await _message(reader)
        call = _call(request)
        self.looks.update(_asked_about(request))
        fate = CLEAN
        if call:
            self.calls.append(call)
            fate = call.fate = self.plan(call)
        if fate.first:
            fate.first()
        if fate.cut == "before":
            return False
        answer = fate.answer
        if answer is None:
            provider[1].write(request)
            answer = await _message(provider[0])
        if fate.hold:
            await asyncio.sleep(fate.hold)
        if fate.last:
            fate.last()
        if call:
            call.answered_at = time.monotonic()
        if fate.cut == "after":
            return False
        writer.write(answer[: len(answer) // 2] if fate.cut == "amid" else answer)
        await writer.drain()
        if call and fate.cut is None:
            call.whole = True
        return fate.cut is None


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A whole HTTP message; both sides say how long theirs are."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


def _call(request: bytes) -> Call | None:
    head, _, body = request.partition(b"\r\n\r\n")
    verb, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    form = parse_qs(body.decode()) if verb == "POST" else {}
    if path.lower().endswith("/sendmessage"):
        return Call(TELEGRAM, form["chat_id"][0], time.monotonic())
    if verb == "POST" and path.endswith("/Messages.json"):
        return Call(SMS, form["To"][0], time.monotonic(), form["From"][0])
    return None


def _asked_about(request: bytes) -> list[str]:
    verb, path, _ = request.split(b"\r\n")[0].decode().split(" ")
    return parse_qs(urlsplit(path).query).get("To", []) if verb == "GET" else []


def answer(status: str, body: dict[str, Any], **headers: object) -> bytes:
    """A provider's answer as it is on the line."""
    content = json.dumps(body).encode()
    named = {"Content-Type": "application/json", "Content-Length": len(content), **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


# -- an office


@dataclass
class Office:
    """One database, the simulator of its own, the line between the two, and the workers it hires."""

    store: Store
    simulator: Simulator
    cable: Cable
    session: ClientSession
    content: Content
    settings: dict[str, Any]
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    people: int = 0

    async def knows(self, channel: str, people: Sequence[str]) -> None:
        """People who agreed, each at an address of this channel."""
        now, first = wall_clock(), self.people + 1
        who = [{"resident_id": first + n, "channel": channel} for n in range(len(people))]
        said = {"purpose": "care", "given": True, "wording": "", "source": "", "at": now}
        person = {"name": "居民", "language": "zh-Hans", "created_at": now}
        async with self.store.write() as connection:
            await connection.execute(insert(residents), [{"id": one["resident_id"]} | person for one in who])
            where = [one | {"value": to, "created_at": now} for one, to in zip(who, people, strict=True)]
            await connection.execute(insert(addresses), where)
            await connection.execute(insert(consent), [one | said for one in who])
        self.people += len(people)

    async def launch(self) -> int:
        async with self.store.write() as connection:
            done = await self.content.campaigns.launch(connection, "hello", by="tests", now=wall_clock())
        return int(done["id"])

    async def hire(self, **job: Any) -> Worker:
        worker = await born(Job(self.settings, str(self.folder / "workers.log"), **job))
        self.workers.append(worker)
        return worker

    async def works(self, **job: Any) -> int:
        """A worker's whole life."""
        return await (await self.hire(**job)).ended()

    async def finishes(self, *workers: Worker) -> None:
        """Until nothing waits or is under way, and Twilio was asked about every doubt; then all may go."""
        team = workers or (await self.hire(drain=False, hasty=True),)
        open_ = outbox.c.state.in_(("queued", "sending"))
        open_ |= (outbox.c.state == "in_doubt") & (outbox.c.channel == SMS)

        async def is_done() -> bool:
            assert all(worker.is_alive for worker in team), replay(f"a worker gave up, see {self.folder}")
            return await self.are_at_work(team) and not await self.rows(open_)

        await self.until(is_done)
        await self.dismisses(*team)

    async def goes_out(self, calls: int) -> None:
        """Until so many calls were made in all."""

        async def are_made() -> bool:
            return len(self.cable.calls) >= calls

        await self.until(are_made)

    async def has_looked(self, *team: Worker) -> bool:
        """Whether nothing waits, and Twilio was asked about each doubt oftener than settling one takes."""
        if not await self.are_at_work(team):
            return False
        rows = await self.rows(outbox.c.state.in_(("queued", "sending", "in_doubt")))
        return all(row.state == "in_doubt" for row in rows) and all(
            self.cable.looks[row.address] >= 2 * LOOKS for row in rows if row.channel == SMS
        )

    async def dismisses(self, *team: Worker) -> None:
        """All of them are told to go, and go in order."""
        for worker in team:
            worker.kill(signal.SIGTERM)
        codes = [await worker.ended() for worker in team]
        assert codes == [0] * len(team), replay(f"they ended with {codes}, see {self.folder}")

    def says(self, event: str) -> bool:
        """Whether a worker logged it."""
        return event in (self.folder / "workers.log").read_text("utf-8")

    async def are_at_work(self, team: Sequence[Worker]) -> bool:
        """Whether they have begun, and every launch was worked through."""
        async with self.store.read() as connection:
            names = (await connection.execute(select(workers.c.name))).scalars().all()
            unread = (await connection.execute(select(launches.c.id).where(~launches.c.expanded))).all()
        begun = {int(name.split(":")[1]) for name in names}
        return not unread and begun >= {worker.pid for worker in team}

    async def until(self, holds: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not await holds():
            assert time.monotonic() < end, replay(f"in vain: {await self.states()}, see {self.folder}")
            await asyncio.sleep(0.05)

    async def asks(self, method: str, path: str, body: Any = None) -> Any:
        async with self.session.request(method, self.simulator.url + path, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def rows(self, *which: Any) -> list[Any]:
        async with self.store.read() as connection:
            return list((await connection.execute(select(outbox).where(*which).order_by(outbox.c.id))).all())

    async def states(self) -> Counter[str]:
        return Counter(row.state for row in await self.rows())

    async def books(self) -> Books:
        ledger = await self.asks("GET", "/sim/ledger")
        took = {(TELEGRAM, f"{m['message_id']}"): f"{m['chat_id']}" for m in ledger["telegram"]}
        took |= {(SMS, m["sid"]): m["to"] for m in ledger["sms"]}
        assert len(took) == len(ledger["telegram"]) + len(ledger["sms"])
        async with self.store.read() as connection:
            started = (await connection.execute(select(launches.c.id))).scalars().all()
            accounts = [await campaigns.status(connection, number, wall_clock()) for number in started]
        return Books(await self.rows(), took, accounts, self.people)

    async def balances(self, *, may_wait: bool = False) -> Books:
        """The account, which must add up: nothing lost, nothing doubled, every row's state true."""
        books = await self.books()
        problems = books.problems(may_wait=may_wait)
        assert not problems, replay(f"{len(problems)}: {problems[:5]}, {books.states}, see {self.folder}")
        return books


@contextlib.asynccontextmanager
async def opened_office(
    database_url: str, folder: Path, content: Content, **more: Any
) -> AsyncIterator[Office]:
    """On a migrated database. Receipts are not asked for, since nobody would hear them."""
    simulator = Simulator()
    await simulator.start()
    cable = Cable(simulator.url)
    await cable.connect()
    asked = {"public_url": "", "telegram_rate": 100, "twilio_rate": 100} | more
    given = settings_for(database_url, ROOT, cable.url, **asked)
    tokens = {
        name: getattr(given, name).get_secret_value() for name in ("telegram_token", "twilio_auth_token")
    }
    settings = given.model_dump(mode="json", exclude_unset=True) | tokens
    store = Store(database_url)
    async with ClientSession() as session:
        office = Office(store, simulator, cable, session, content, settings, folder)
        try:
            yield office
        finally:
            for worker in office.workers:
                worker.leave()
            await store.close()
            await cable.refuse()
            await simulator.stop()


# -- the account

# States that need words: why a message has not simply been sent.
_EXPLAINED = {"failed", "suppressed", "expired", "cancelled", "in_doubt"}
_OUT = {"sent", "delivered"}


@dataclass(frozen=True)
class Books:
    """Our rows, what the providers took (its name there: to whom), and the campaigns' own accounts."""

    rows: list[Any]
    took: dict[tuple[str, str], str]
    accounts: list[dict[str, Any]]
    people: int

    @property
    def states(self) -> Counter[tuple[str, str]]:
        return Counter((row.channel, row.state) for row in self.rows)

    def problems(self, *, may_wait: bool = False) -> list[str]:
        """All that is wrong once the workers are at rest: what is lost, doubled, left over or unclear."""
        return [*self._lost(may_wait), *self._doubled(), *self._unclear()]

    def _lost(self, may_wait: bool) -> Iterator[str]:
        for row in self.rows:
            there = self.took.get((row.channel, row.provider_id or ""))
            if row.state in _OUT and there != row.address:
                yield f"LOST: row {row.id} is {row.state}, and {row.address} got no {row.provider_id}"
            if row.state == "sending" or (row.state == "queued" and not may_wait):
                yield f"LEFT: row {row.id} is still {row.state}: {row.reason}"

    def _doubled(self) -> Iterator[str]:
        names = Counter((row.channel, row.provider_id) for row in self.rows if row.provider_id)
        yield from (f"DOUBLED: {n} rows say that they are {name}" for name, n in names.items() if n > 1)
        # What the providers took and no row knows of must be what a row is in doubt about.
        doubts = Counter(
            (row.channel, row.address)
            for row in self.rows
            if row.state == "in_doubt" and (row.channel, row.provider_id) not in self.took
        )
        nameless = Counter((name[0], to) for name, to in self.took.items() if name not in names)
        for address, n in nameless.items():
            if n > doubts[address]:
                yield f"DOUBLED: {address} got {n} that no row knows of, {doubts[address]} are in doubt"

    def _unclear(self) -> Iterator[str]:
        for row in self.rows:
            if row.state in _EXPLAINED and not row.reason:
                yield f"UNCLEAR: row {row.id} is {row.state}, and nobody says why"
        people = Counter((row.launch_id, row.resident_id) for row in self.rows)
        yield from (f"DOUBLED: {n} rows for {who}" for who, n in people.items() if n > 1)
        for account in self.accounts:
            counted = sum(account[state] for state in ("queued", "sending", *_OUT, *_EXPLAINED))
            if not counted == account["total"] == self.people:
                yield f"UNCLEAR: {counted} of {account['total']} for {self.people} people: {account}"


if __name__ == "__main__":
    _nursery(sys.argv[1])
