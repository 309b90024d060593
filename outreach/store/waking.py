"""Telling senders in other processes that a reply waits: PostgreSQL's LISTEN and NOTIFY.

What is told is a hint: whoever misses it looks again half a second later anyway.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store.batches import is_postgresql
from outreach.store.engine import Store

NAME = "outreach_reply"
AGAIN_SECONDS = 2.0
ALIVE_SECONDS = 30.0
log = structlog.get_logger()


async def notify(connection: AsyncConnection) -> None:
    """Wakes senders everywhere once this transaction is committed. On SQLite there are none elsewhere."""
    if is_postgresql(connection):
        await connection.execute(text(f"NOTIFY {NAME}"))


async def keep_listening(store: Store) -> None:
    """Turns what other processes tell into `store.wake()`, until cancelled; does nothing on SQLite."""
    if store.is_sqlite:
        return
    while True:
        try:
            await _listen(store)
        except (SQLAlchemyError, OSError) as error:
            log.warning("not_listening", problem=str(error).splitlines()[0])
        await asyncio.sleep(AGAIN_SECONDS)


async def _listen(store: Store) -> None:
    async with store.alone() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.add_listener(NAME, lambda *_: store.wake())
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            await connection.execute(text("SELECT 1"))
