"""The scheduler: what is due becomes messages; what is over expires; what hangs is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import campaigns, outbox, reminders, surveys
from outreach.campaigns import Campaigns, finish
from outreach.reminders import Reminders
from outreach.store import Store, is_away
from outreach.surveys import Surveys
from outreach.worker.crew import Crew
from outreach.worker.nightly import Nightly

PLAN_SECONDS = 1.0
PAGES_A_PASS = 20
log = structlog.get_logger()


@dataclass(slots=True)
class Planned:
    """What one pass of the scheduler queued."""

    campaign: int = 0
    reminder: int = 0
    survey: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        return self.campaign + self.reminder + self.survey

    def plus(self, more: Planned) -> Planned:
        return Planned(
            self.campaign + more.campaign,
            self.reminder + more.reminder,
            self.survey + more.survey,
            self.expired + more.expired,
        )


class Planner:
    """Turns what is due into messages. Any number may run; each piece of work is done once."""

    def __init__(
        self,
        store: Store,
        files: Campaigns,
        plans: Reminders,
        questions: Surveys,
        nightly: Nightly | None = None,
    ) -> None:
        self._store, self._campaigns, self._reminders, self._surveys = store, files, plans, questions
        self._nightly = nightly

    async def tidy(self, now: datetime) -> None:
        """Some of the night's purge, if it is time; apart from `plan`, which may be tried at any time."""
        if self._nightly:
            await self._nightly.turn(now)

    async def plan(self, now: datetime) -> Planned:
        """One pass. A long campaign is continued by the next one, so that reminders are never held up."""
        done = Planned()
        waits = await self._waits(now)
        if waits.campaign:
            done.campaign = await self._some(self._campaigns.queue_next, now)
        # Each by itself: a sender waits for the database no longer than for one of them.
        if waits.reminder:
            async with self._store.write() as connection:
                done.reminder = await self._reminders.queue_due(connection, now)
        if waits.survey:
            async with self._store.write() as connection:
                done.survey = await self._surveys.queue_due(connection, now)
        if waits.overdue:
            async with self._store.write() as connection:
                await outbox.overdue(connection, now)
        if waits.finished:
            async with self._store.write() as connection:
                await finish(connection)
        if done.total or waits.overdue:
            self._store.wake()
        if waits.expired:
            done.expired = await self._some(outbox.expire, now)
        return done

    async def _waits(self, now: datetime) -> Row[Any]:
        """What there is to do: mostly nothing, and then the senders' database is not held up for it."""
        what = {
            "campaign": campaigns.waiting(now),
            "reminder": reminders.waiting(now),
            "survey": surveys.waiting(now),
            "overdue": outbox.is_overdue(now),
            "finished": campaigns.finished(),
            "expired": outbox.is_over(now),
        }
        statement = select(*(select(which.exists()).scalar_subquery().label(n) for n, which in what.items()))
        async with self._store.read() as connection:
            return (await connection.execute(statement)).one()

    async def _some(self, work: Callable[[AsyncConnection, datetime], Awaitable[int]], now: datetime) -> int:
        """Page after page, each in a transaction of its own, and not for ever; returns how many it was."""
        done = 0
        for _ in range(PAGES_A_PASS):
            async with self._store.write() as connection:
                page = await work(connection, now)
            self._store.wake()
            done += page
            if not page:
                break
        return done


async def keep_planning(planner: Planner, clock: Callable[[], datetime], crew: Crew) -> None:
    """Plans every second until cancelled; one bad pass is told and the next one tried."""
    while True:
        try:
            await planner.plan(clock())
            crew.planned()
            await planner.tidy(clock())
        except Exception as error:
            if is_away(error):
                log.error("database_away", worker=crew.name, problem=str(error).splitlines()[0])
            else:
                log.exception("plan_failed")
        await asyncio.sleep(PLAN_SECONDS)
