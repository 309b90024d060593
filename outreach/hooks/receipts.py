"""Status callbacks, thousands at a time: written in groups, answered at once.

Twilio does not call again. So a receipt is answered when it is written, or after a moment when the database
is slow, and then it is kept here until it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit, campaigns, outbox, residents
from outreach.model import Receipt
from outreach.store import Store, is_away

ANSWER_SECONDS, AGAIN_SECONDS, CLOSE_SECONDS = 1.0, 0.5, 3.0
MOST_AT_ONCE = 1000
# The carrier filtered it: whatever goes on like this is filtered too.
FILTERED = "30007"
log = structlog.get_logger()


class Receipts:
    """Collects receipts, and writes all that came together in one transaction."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._waiting: list[tuple[Receipt, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def take(self, news: Receipt) -> None:
        """Returns when the receipt is written, or a moment later when that takes long."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((news, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await asyncio.wait([written], timeout=ANSWER_SECONDS)

    async def close(self) -> None:
        if self._writing:
            await asyncio.wait([self._writing], timeout=CLOSE_SECONDS)
            self._writing.cancel()
        if self._waiting:
            log.error("receipts_lost", receipts=len(self._waiting), why="the database did not come back")

    async def _write(self) -> None:
        most = MOST_AT_ONCE
        while self._waiting:
            batch, self._waiting = self._waiting[:most], self._waiting[most:]
            try:
                async with self._store.write() as connection:
                    await self._apply(connection, [news for news, _ in batch])
            except (SQLAlchemyError, OSError) as error:
                log.error("receipts_wait", receipts=len(batch), problem=str(error).splitlines()[0])
                if is_away(error) or len(batch) > 1:
                    self._waiting = batch + self._waiting
                # One that the database will never take must not hold up the others.
                most = MOST_AT_ONCE if is_away(error) else 1
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            for _, written in batch:
                with contextlib.suppress(asyncio.InvalidStateError):
                    written.set_result(None)

    async def _apply(self, connection: AsyncConnection, news: list[Receipt]) -> None:
        now = self._clock()
        for failure in await outbox.receipts(connection, news, now):
            if failure.news.closes_address:
                await residents.close_address(connection, failure.address, failure.news.reason, now)
            if failure.news.error_code == FILTERED and failure.launch_id:
                await _hold_back(connection, failure.launch_id, failure.news.reason, now)


async def _hold_back(connection: AsyncConnection, launch_id: int, why: str, now: datetime) -> None:
    name = await campaigns.hold_back(connection, launch_id, why)
    if name:
        await audit.note(connection, "service", "campaign.pause", f"{name} #{launch_id}: {why}", now)
        fix = f"reword it or ask the carrier, then `outreach campaign resume {launch_id}`"
        log.error("campaign_paused", campaign=name, launch=launch_id, why=why, fix=fix)
