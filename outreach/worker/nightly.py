"""Once a night what was kept long enough goes: a few pages at a time, beside the planning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import update

from outreach import audit
from outreach.residents import Keep, purge
from outreach.store import Store, insert_new
from outreach.store.tables import purges

# When everyone sleeps; later the same day where the service was not up.
AT = time(3)
PAGES_A_TURN = 5
WHO, ACT = "planner", "db.purge"
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
        self._looked, self._gone = local.date(), {}
        night = {"night": f"{local.date()}", "begun_at": now}
        async with self._store.write() as connection:
            return bool(await insert_new(connection, purges, [night]))

    async def _report(self, now: datetime) -> None:
        counts = ", ".join(f"{kind} {n}" for kind, n in self._gone.items() if n)
        mine = update(purges).where(purges.c.night == f"{self._looked}")
        async with self._store.write() as connection:
            await connection.execute(mine.values(ended_at=now, removed=self._gone))
            if counts:
                await audit.note(connection, WHO, ACT, counts, now)
        log.info("purged", **self._gone)
