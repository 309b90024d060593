"""What every measurement stands on: the simulator beside us, new databases of either kind, our settings."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pydantic import SecretStr

from outreach.bench.outside import Outside, outside
from outreach.bench.postgres import Postgres, postgres_programs
from outreach.settings import Settings
from outreach.store import Store, upgrade

SQLITE, POSTGRESQL = "sqlite", "postgresql"
TOKEN = "4300:benchmark-residents-bot"  # noqa: S105 a bot of the simulator's
ACCOUNT, NUMBERS = "AC" + "2" * 32, ("+15005550006", "+15005550007")
AUTH = "benchmark"
UNLIMITED = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Options:
    """`folders`: what is said and sent. `tell`: a line about what is going on or left out.

    `rounds`: of each comparison; None: as many as it usually takes.
    """

    folders: Mapping[str, Path]
    tell: Callable[[str], None]
    only: Sequence[str] = ()
    databases: Sequence[str] = (SQLITE, POSTGRESQL)
    messages: int = 2000
    rows: int = 100_000
    people: int = 1_000_000
    rounds: int | None = None
    seconds: float = 20.0
    full: bool = False


@dataclass
class Ground:
    options: Options
    folder: Path
    outside: Outside
    postgres: Postgres | None = None
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def databases(self) -> list[str]:
        """Those that are asked for and there."""
        return [kind for kind in self.options.databases if kind == SQLITE or self.postgres]

    def has(self, kind: str, part: str) -> bool:
        """Whether that database is among them; where not, says that the part is left out."""
        if kind not in self.databases:
            self.tell(f"left out: {part}, which is about {kind}")
        return kind in self.databases

    def tell(self, line: str) -> None:
        self.options.tell(line)

    def rounds(self, usual: int, in_full: int) -> int:
        return self.options.rounds or (in_full if self.options.full else usual)

    def new_database(self, kind: str) -> str:
        """The address of one with all tables and no rows."""
        name = f"bench{next(self._count)}"
        if kind == SQLITE:
            shutil.copyfile(self.folder / "empty.db", self.folder / f"{name}.db")
            return f"sqlite+aiosqlite:///{self.folder}/{name}.db"
        if self.postgres is None:
            raise RuntimeError("there is no PostgreSQL")
        asyncio.run(_say(self.postgres.url("postgres"), f"CREATE DATABASE {name} TEMPLATE empty"))
        return self.postgres.url(name)

    def settings(self, database_url: str = "", **more: object) -> Settings:
        """Every knob set here: a real token in the environment must never get into a benchmark.

        No lane has a limit, and receipts are not asked for.
        """
        return Settings.model_validate(
            Settings.model_construct().model_dump()
            | {
                "database_url": database_url or f"sqlite+aiosqlite:///{self.folder}/empty.db",
                "telegram_token": TOKEN,
                "telegram_api_base": self.outside.url,
                "telegram_rate": UNLIMITED,
                "twilio_account_sid": ACCOUNT,
                "twilio_auth_token": AUTH,
                "twilio_from": NUMBERS[0],
                "twilio_api_base": self.outside.url,
                "twilio_rate": UNLIMITED,
                "quiet_hours": "",
                "log_level": "ERROR",
            }
            | dict(self.options.folders)
            | more
        )


def environment(settings: Settings) -> dict[str, str]:
    """The same settings for another process."""
    return {f"OUTREACH_{name.upper()}": _plain(value) for name, value in settings.model_dump().items()}


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


@contextlib.contextmanager
def ground(options: Options) -> Iterator[Ground]:
    """All of it, ended and thrown away afterwards."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_told_to_end())
        folder = Path(tempfile.mkdtemp(prefix="outreach-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        opened = Ground(options, folder, stack.enter_context(outside(folder)))
        asyncio.run(_upgraded(f"sqlite+aiosqlite:///{folder}/empty.db"))
        if POSTGRESQL in options.databases:
            opened.postgres = stack.enter_context(_postgres(options.tell))
        yield opened


@contextlib.contextmanager
def _postgres(tell: Callable[[str], None]) -> Iterator[Postgres | None]:
    programs = postgres_programs()
    if programs is None:
        fix = "install your system's postgresql package, or `uv sync --group postgres`"
        tell(f"left out: everything on PostgreSQL, which this machine has not → {fix}")
        yield None
        return
    # Not inside our own folder: that one is closed to the user it may have to run as.
    folder = Path(tempfile.mkdtemp(prefix="outreach-bench-pg-"))
    try:
        server = Postgres(programs, folder, durable=True)
        try:
            asyncio.run(_say(server.url("postgres"), "CREATE DATABASE empty"))
            asyncio.run(_upgraded(server.url("empty")))
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _upgraded(url: str) -> None:
    store = Store(url)
    await upgrade(store)
    await store.close()


async def _say(url: str, statement: str) -> None:
    store = Store(url)
    async with store.alone() as connection:
        await connection.exec_driver_sql(statement)
    await store.close()


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does, so that nothing of ours is left running."""

    def end(number: int, frame: FrameType | None) -> None:
        # While a loop runs this is asyncio's own, which cancels what is under way.
        interrupt = signal.getsignal(signal.SIGINT)
        (interrupt if callable(interrupt) else signal.default_int_handler)(number, frame)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def interleaved(
    contestants: Mapping[str, Callable[[], float]], rounds: int, tell: Callable[[str], None]
) -> dict[str, list[float]]:
    """Lets them run in turn, there and back, so that a busy minute of the machine's meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds):
        order = list(contestants) if turn % 2 == 0 else list(contestants)[::-1]
        for name in order:
            found[name].append(contestants[name]())
        told = ", ".join(f"{name} {numbers[-1]:.0f}/s" for name, numbers in found.items())
        tell(f"  round {turn + 1} of {rounds}: {told}")
    return found
