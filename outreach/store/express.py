"""The short way to the database, for the few transactions that run many times a second.

Through SQLAlchemy a statement costs over half a millisecond of our own time, more than sending a message. So
what a sender does in each round is written as a generator of statements, and driven in three ways: within any
transaction of SQLAlchemy's (`run`), or on a connection of its own, on SQLite in one go on another thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

import asyncpg
from sqlalchemy import DateTime, bindparam, make_url, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
# A process that freezes in mid-transaction must not keep its locks from the one that takes over;
# and compiling what looks costly takes longer than running it.
SERVER = {"idle_in_transaction_session_timeout": "6000", "jit": "off"}
_DIALECT: Any = asyncpg_dialect()  # type: ignore[no-untyped-call]


class Step(NamedTuple):
    """One statement with named values; a time among them as `at` gives it."""

    sql: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    rows: list[tuple[Any, ...]]
    count: int


Steps = Generator[Step, Result, T]


def at(dialect: str, moment: datetime | None) -> Any:
    """A time as a plain statement must hold it, so that it reads like one of `tables.Instant`'s."""
    if moment is None or dialect != "sqlite":
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def moment(value: Any) -> datetime | None:
    """A time as a plain statement gives it back."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def agreed(dialect: str, now: datetime) -> Steps[datetime]:
    """The time by which several processes agree: the database's own, where it is a server's."""
    if dialect == "sqlite":
        return now
    return (yield Step("SELECT clock_timestamp()", {})).rows[0][0]  # type: ignore[no-any-return]


async def run(connection: AsyncConnection, steps: Steps[T]) -> T:
    """Takes the steps within a transaction that is open already."""

    async def take(step: Step) -> Result:
        times = [name for name, value in step.values.items() if isinstance(value, datetime)]
        typed = [bindparam(name, type_=DateTime(timezone=True)) for name in times]
        done = await connection.execute(text(step.sql).bindparams(*typed), step.values)
        rows = [tuple(row) for row in done] if done.returns_rows else []
        return Result(rows, len(rows) if rows else done.rowcount)

    return await _drive(steps, take)


async def _drive(steps: Steps[T], take: Callable[[Step], Awaitable[Result]]) -> T:
    try:
        step = next(steps)
        while True:
            step = steps.send(await take(step))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


class SqliteExpress:
    """A connection and a thread of its own: a whole transaction is one step for the event loop."""

    dialect = "sqlite"

    def __init__(self, connect: Callable[[], sqlite3.Connection], turn: asyncio.Lock) -> None:
        self._connect, self._turn = connect, turn
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def run(self, steps: Steps[T]) -> T:
        async with self._turn:
            self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="express")
            work = asyncio.get_running_loop().run_in_executor(self._thread, self._transact, steps)
            # Once begun it is carried through: whoever waits must know how it ended.
            return await asyncio.shield(work)

    def _transact(self, steps: Steps[T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._connect()
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                value = self._take(connection, steps)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
        except sqlite3.Error as error:
            raise OperationalError("express", None, error) from error
        return value

    def _take(self, connection: sqlite3.Connection, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                cursor = connection.execute(step.sql, step.values)
                rows = cursor.fetchall() if cursor.description else []
                step = steps.send(Result(rows, len(rows) if rows else cursor.rowcount))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        connection, self._connection = self._connection, None
        if thread is not None:
            if connection is not None:
                await asyncio.get_running_loop().run_in_executor(thread, connection.close)
            thread.shutdown(wait=False)


class PostgresExpress:
    """One connection straight from asyncpg, opened when needed and again after it broke."""

    dialect = "postgresql"

    def __init__(self, url: str, turn: asyncio.Lock) -> None:
        self._url, self._turn = make_url(url), turn
        self._connection: asyncpg.Connection[Any] | None = None
        self._prepared: dict[str, Any] = {}

    async def run(self, steps: Steps[T]) -> T:
        async with self._turn:
            try:
                connection = await self._open()
                async with connection.transaction():
                    return await _drive(steps, partial(self._execute, connection))
            except (
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
                OSError,
            ) as error:
                await self._drop()
                raise OperationalError("express", None, error) from error
            except BaseException:
                # Broken off in the middle: nobody knows what state the connection is in.
                await self._drop()
                raise

    async def _open(self) -> asyncpg.Connection[Any]:
        if self._connection is None or self._connection.is_closed():
            _, options = _DIALECT.create_connect_args(self._url)
            for known_to_sqlalchemy in ("async_fallback", "prepared_statement_cache_size"):
                options.pop(known_to_sqlalchemy, None)
            self._connection = await asyncpg.connect(**options, timeout=10, server_settings=SERVER)
            self._prepared.clear()
        return self._connection

    async def _execute(self, connection: asyncpg.Connection[Any], step: Step) -> Result:
        sql, names = _numbered(step.sql)
        prepared = self._prepared.get(sql)
        if prepared is None:
            prepared = self._prepared[sql] = await connection.prepare(sql)
        rows = [tuple(row) for row in await prepared.fetch(*(step.values[name] for name in names))]
        count = prepared.get_statusmsg().rpartition(" ")[2]
        return Result(rows, int(count) if count.isdigit() else len(rows))

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._prepared.clear()
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def close(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)


@cache
def _numbered(sql: str) -> tuple[str, list[str]]:
    """The statement with $1, $2, … for its names, and the names in that order."""
    compiled = text(sql).compile(dialect=_DIALECT)
    return str(compiled), list(compiled.positiontup or ())
