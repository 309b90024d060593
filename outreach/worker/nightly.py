"""Once a night what was kept long enough goes: a few pages at a time, beside the planning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select

from outreach import audit
from outreach.residents import Keep, purge
from outreach.store import Store, one_at_a_time
from outreach.store.tables import audit as acts

# When everyone sleeps; later the same day where the service was not up.
AT = time(3)
PAGES_A_TURN = 5
WHO, BEGUN, DONE = "planner", "db.purge.begun", "db.purge"
log = structlog.get_logger()


class Nightly:
    """The purge of one process. Any number of processes may ask; one of them does the night's work."""

    def __init__(self, store: Store, keep: Keep, zone: ZoneInfo) -> None:
        self._store, self._keep, self._zone = store, keep, zone
        self._looked: date | None = None
        self._pages: AsyncIterator[tuple[str, int]] | None = None
        self._gone: dict[str, int] = {}

    async def turn(self, now: datetime) -> None:
        """Goes on with what was begun, or begins where the night's work is still to be done."""
        if self._pages is None and not await self._begins(now):
            return
        pages = self._pages or purge(self._store, self._keep, now)
        self._pages = pages
        for _ in range(PAGES_A_TURN):
            page = await anext(pages, None)
            if page is None:
                self._pages = None
                await self._report(now)
                return
            self._gone[page[0]] = self._gone.get(page[0], 0) + page[1]

    async def _begins(self, now: datetime) -> bool:
        local = now.astimezone(self._zone)
        if local.time() < AT or self._looked == local.date():
            return False
        due = datetime.combine(local.date(), AT, self._zone)
        async with self._store.write() as connection:
            await one_at_a_time(connection, "nightly purge")
            since = select(acts.c.id).where(acts.c.what == BEGUN, acts.c.at >= due).limit(1)
            begins = (await connection.execute(since)).first() is None
            if begins:
                await audit.note(connection, WHO, BEGUN, f"{local.date()}", now)
        self._looked, self._gone = local.date(), {}
        return begins

    async def _report(self, now: datetime) -> None:
        counts = ", ".join(f"{kind} {n}" for kind, n in self._gone.items() if n) or "nothing"
        async with self._store.write() as connection:
            await audit.note(connection, WHO, DONE, counts, now)
        log.info("purged", **self._gone)
