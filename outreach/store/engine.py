"""Engines and transactions. SQLite: one writer, many readers; PostgreSQL: one pool."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Table, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from outreach.model import BadInput
from outreach.store.express import SERVER, PostgresExpress, SqliteExpress, agreed, run
from outreach.store.sealing import KeyRow, Seals

SETTING = "OUTREACH_DATABASE_URL"
BUSY_SECONDS = 10


class Store:
    """One database. `write()` and `read()` each open a transaction; both commit or roll back by themselves.

    `wake()` after queueing a message: a sender in the same process that `listen`s need not wait for its turn.
    """

    def __init__(self, url: str, key_file: Path | None = None) -> None:
        self.url = _checked(url)
        self.seals = Seals(key_file)
        self._listeners: list[Callable[[], None]] = []
        self._writer, self._reader = _engines(self.url)
        for engine in {self._writer, self._reader}:
            _learns_keys(engine, self.seals)
        # SQLite has one writer: whoever waits for it here need not ask again and again.
        self._turn = asyncio.Lock()
        self.express: SqliteExpress | PostgresExpress = (
            SqliteExpress(lambda: _plain(self.url), self._turn)
            if self.is_sqlite
            else PostgresExpress(self.url, asyncio.Lock())
        )

    @property
    def is_sqlite(self) -> bool:
        return self._writer.dialect.name == "sqlite"

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        turn = self._turn if self.is_sqlite else contextlib.nullcontext()
        async with turn, self._writer.begin() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._reader.begin() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """A connection for something that lasts, outside any transaction; closed for good afterwards."""
        async with self._reader.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                yield connection
            finally:
                await connection.invalidate()

    async def time(self, connection: AsyncConnection, now: datetime) -> datetime:
        """As `agreed`."""
        return await run(connection, agreed(self.express.dialect, now))

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Has `heard` called at every `wake`; returns what ends that."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    def wake(self) -> None:
        for heard in list(self._listeners):
            heard()

    async def close(self) -> None:
        await self.express.close()
        await self._writer.dispose()
        await self._reader.dispose()


def _checked(url: str) -> str:
    fix = "use sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME"
    try:
        parsed = make_url(url)
        name = parsed.get_backend_name()
        if name == "postgresql":
            return parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        if name == "sqlite" and parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite+aiosqlite").render_as_string(hide_password=False)
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass
    raise BadInput("this is no database address", where=SETTING, fix=fix)


def _engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    if url.startswith("postgresql"):
        engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=10,
            pool_pre_ping=True,
            connect_args={"timeout": 10, "server_settings": SERVER},
        )
        return engine, engine
    folder = Path(make_url(url).database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be made: {error.strerror}", where=SETTING) from None
    return _sqlite(url, size=1, begin="BEGIN IMMEDIATE"), _sqlite(url, size=4, begin="BEGIN")


def _learns_keys(engine: AsyncEngine, seals: Seals) -> None:
    """The keys of sealed columns are read with the first connection, and again with every later one."""
    engine.dialect.seals = seals  # type: ignore[attr-defined]
    is_there = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'keys'",
        "postgresql": "SELECT count(to_regclass('keys'))",
    }[engine.dialect.name]

    @event.listens_for(engine.sync_engine, "connect")
    def _learn(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        try:
            cursor.execute(is_there)
            if cursor.fetchone()[0]:
                cursor.execute("SELECT name, secret, current FROM keys")
                seals.take(KeyRow(name, secret, bool(current)) for name, secret, current in cursor.fetchall())
        finally:
            cursor.close()
            connection.rollback()


# SQLite's own cache of two megabytes a connection is enough: a sender needs the heads of its indexes.
PRAGMAS = ("foreign_keys=ON", "synchronous=FULL")


def _plain(url: str) -> sqlite3.Connection:
    """SQLite's own connection, set up as all of ours are. Blocks where another process has the file."""
    path = make_url(url).database or ""
    # The driver would open transactions of its own, and too late; ours say BEGIN themselves.
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _write_ahead(connection)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for its turn where it changes a file's journal, so that several first
    connections to a new file disturb each other: we wait instead."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


class _Connection(aiosqlite.Connection):
    """Rolls back before it closes.

    A cancelled transaction leaves statements behind that nobody finished, and SQLite keeps a closed
    connection with such statements alive, lock and all: the next writer would find it locked for good.
    """

    async def close(self) -> None:
        self._roll_back()
        await super().close()

    stopped: asyncio.Future[None] | None = None

    def stop(self) -> asyncio.Future[None] | None:
        self._roll_back()
        self.stopped = super().stop()
        return self.stopped

    def _roll_back(self) -> None:
        if self._connection is not None:
            self._tx.put_nowait((None, self._connection.rollback))


def _sqlite(url: str, size: int, begin: str) -> AsyncEngine:
    async def connect() -> aiosqlite.Connection:
        connection = _Connection(lambda: _plain(url), 64)
        # As SQLAlchemy does where it connects itself: a thread left over must not keep the process alive.
        connection._thread.daemon = True
        try:
            return await connection
        except sqlite3.Error:
            # Its thread ends by itself, and says so to a loop that must still be there.
            if connection.stopped:
                await connection.stopped
            raise

    engine = create_async_engine(
        url,
        hide_parameters=True,
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def insert_new(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Inserts the rows that are not there yet by any unique key; returns how many were new.

    All rows must have the same keys. Whoever repeats a step calls this again and nothing happens.
    """
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    key = next(iter(table.primary_key.columns))
    statement = insert(table).on_conflict_do_nothing().returning(key)
    return len((await connection.execute(statement, rows)).all())


async def next_ids(connection: AsyncConnection, table: Table, count: int) -> list[int]:
    """So many numbers for new rows of a table, ours until the transaction ends.

    Rows that know their number before they are inserted go in many at once, with what points to them.
    """
    if connection.dialect.name == "postgresql":
        sequence = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        drawn = select(sequence).select_from(func.generate_series(1, count))
        return list((await connection.execute(drawn)).scalars())
    last = (await connection.execute(select(func.max(table.c.id)))).scalar() or 0
    return list(range(last + 1, last + count + 1))


async def one_at_a_time(connection: AsyncConnection, what: str) -> None:
    """Holds, until the transaction ends, what two may not do at once: look at what is there, then add to it.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))


def is_away(error: BaseException) -> bool:
    """Whether the database could not be reached or used just now, and the same may work later."""
    away = (OSError, OperationalError, InterfaceError, PoolTimeout)
    return isinstance(error, away) or (isinstance(error, DBAPIError) and error.connection_invalidated)
