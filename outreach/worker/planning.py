"""The scheduler: what is due becomes messages; what is over expires; what hangs is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from outreach import outbox
from outreach.campaigns import Campaigns, finish
from outreach.reminders import Reminders
from outreach.store import Store, is_away
from outreach.surveys import Surveys

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

    def __init__(self, store: Store, campaigns: Campaigns, reminders: Reminders, surveys: Surveys) -> None:
        self._store, self._campaigns, self._reminders, self._surveys = store, campaigns, reminders, surveys

    async def plan(self, now: datetime, worker: str | None = None) -> Planned:
        """One pass, noted as `worker`'s.

        A long campaign is continued by the next pass, so that reminders are never held up.
        """
        done = Planned()
        for _ in range(PAGES_A_PASS):
            async with self._store.write() as connection:
                people = await self._campaigns.queue_next(connection, now)
            done.campaign += people
            self._store.wake()
            if not people:
                break
        # Each by itself: a sender waits for the database no longer than for one of them.
        async with self._store.write() as connection:
            done.reminder = await self._reminders.queue_due(connection, now)
        async with self._store.write() as connection:
            done.survey = await self._surveys.queue_due(connection, now)
        async with self._store.write() as connection:
            await outbox.overdue(connection, now)
            await finish(connection)
            if worker:
                await outbox.planned(connection, worker, await self._store.time(connection, now))
        self._store.wake()
        for _ in range(PAGES_A_PASS):
            async with self._store.write() as connection:
                expired = await outbox.expire(connection, now)
            done.expired += expired
            if not expired:
                break
        return done


async def keep_planning(planner: Planner, clock: Callable[[], datetime], worker: str) -> None:
    """Plans every second until cancelled; one bad pass is told and the next one tried."""
    while True:
        try:
            await planner.plan(clock(), worker)
        except Exception as error:
            if is_away(error):
                log.error("database_away", worker=worker, problem=str(error).splitlines()[0])
            else:
                log.exception("plan_failed")
        await asyncio.sleep(PLAN_SECONDS)
