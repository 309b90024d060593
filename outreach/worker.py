"""The clock: plan (what is due becomes a message), deliver (a message goes to its channel), sweep."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from outreach import outbox, residents
from outreach.campaigns import Campaigns, finish
from outreach.model import Channel, InDoubt, Refused, SendError, State, TryLater, Unreachable
from outreach.outbox import Claimed, Outcome, Rules
from outreach.reminders import Reminders
from outreach.store import Store
from outreach.surveys import Surveys

IN_FLIGHT = 64
IDLE_SECONDS = 0.5
PLAN_SECONDS = 1.0
PAGES_A_PASS = 20
BURST_SECONDS = 0.1
BREATH = 0.01
# Together under the ten seconds a supervisor waits before it kills.
DRAIN_SECONDS, SETTLE_SECONDS = 6.0, 2.0
LANE_PAUSE = 5.0
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

    async def plan(self, now: datetime) -> Planned:
        """One pass. A long campaign is continued by the next pass, so that reminders are never held up."""
        done = Planned()
        for _ in range(PAGES_A_PASS):
            async with self._store.write() as connection:
                people = await self._campaigns.queue_next(connection, now)
            done.campaign += people
            self._store.wake()
            if not people:
                break
        async with self._store.write() as connection:
            done.reminder = await self._reminders.queue_due(connection, now)
            done.survey = await self._surveys.queue_due(connection, now)
            done.expired = await outbox.expire(connection, now)
            await outbox.recover(connection, now, alone=False)
            await finish(connection)
        self._store.wake()
        return done


class Pace:
    """A sender's speed: so many a second, spread evenly, with no more than a short burst saved up."""

    def __init__(self, rate: float) -> None:
        self._rate, self._most = rate, max(1.0, rate * BURST_SECONDS)
        self._saved, self._at = self._most, time.monotonic()

    def available(self) -> int:
        now = time.monotonic()
        self._saved = min(self._most, self._saved + (now - self._at) * self._rate)
        self._at = now
        return int(self._saved)

    def spend(self, n: int) -> None:
        self._saved -= n

    def pause(self) -> float:
        """Seconds until one more may go."""
        return max(0.0, (1 - self._saved) / self._rate)


@dataclass(slots=True)
class Tally:
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    codes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> None:
        self.sent += outcome.state == State.SENT
        self.failed += outcome.state == State.FAILED
        self.in_doubt += outcome.state == State.IN_DOUBT
        if outcome.error_code:
            self.codes[outcome.error_code] = self.codes.get(outcome.error_code, 0) + 1


class Sender:
    """One channel's lane: claims, sends with bounded concurrency, settles in groups."""

    def __init__(
        self,
        store: Store,
        channel: Channel,
        rules: Rules,
        clock: Callable[[], datetime],
        rate: float,
    ) -> None:
        self._store, self._channel, self._rules, self._clock = store, channel, rules, clock
        self._pace = Pace(rate)
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}"
        self._woken = store.listen()
        self._flying: set[asyncio.Task[None]] = set()
        self._settled: asyncio.Queue[Outcome] = asyncio.Queue()
        self._halted_until = 0.0
        self._stopping = False
        self.tally = Tally()

    async def run(self, *, drain: bool = False) -> None:
        """Sends until cancelled, or with `drain` until nothing is due; then waits for what is under way."""
        settler = asyncio.create_task(self._settle())
        steps = asyncio.create_task(self._steps(drain))
        try:
            await asyncio.shield(steps)
        except asyncio.CancelledError:
            # Not in the middle of a step: what is claimed must also be sent.
            self._stopping = True
            self._woken.set()
            await steps
            raise
        finally:
            await self._land(settler)

    async def _steps(self, drain: bool) -> None:
        while not self._stopping:
            if not await self._step() and drain:
                return

    async def _step(self) -> bool:
        """One round; False where nothing was due and nothing is under way."""
        self._woken.clear()
        limit = self._room()
        if limit < 1:
            await asyncio.sleep(min(max(self._pace.pause(), BREATH), IDLE_SECONDS))
            return True
        claimed = await self._claim(limit)
        for message in claimed:
            task = asyncio.create_task(self._carry(message))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        busy = bool(claimed or self._flying or not self._settled.empty())
        if not claimed:
            await self._wait(BURST_SECONDS if busy else IDLE_SECONDS)
        return busy

    def _room(self) -> int:
        """How many may be claimed now: no more than can go at once, so a reply never waits behind them."""
        if self._halted_until > time.monotonic():
            return 0
        return min(self._pace.available(), IN_FLIGHT - len(self._flying))

    async def _wait(self, seconds: float) -> None:
        # Not wait_for: in Python 3.11 it may swallow a cancellation that comes with the result.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _claim(self, limit: int) -> Sequence[Claimed]:
        try:
            async with self._store.write() as connection:
                claimed = await outbox.claim(
                    connection,
                    self._channel.name,
                    worker=self._name,
                    limit=limit,
                    rules=self._rules,
                    now=self._clock(),
                )
        except SQLAlchemyError as error:
            log.error("claim_failed", channel=self._channel.name, problem=str(error.__cause__ or error))
            return []
        self._pace.spend(len(claimed))
        return claimed

    async def _carry(self, claimed: Claimed) -> None:
        await self._settled.put(await self._send(claimed))

    async def _send(self, claimed: Claimed) -> Outcome:
        try:
            sent = await self._channel.send(claimed.message)
        except TryLater as error:
            if error.lane:
                self._halt(error.after or LANE_PAUSE)
            return Outcome(claimed, State.QUEUED, None, error.reason, error.code, error.after)
        except (Refused, Unreachable) as error:
            if isinstance(error, Unreachable):
                await self._close(claimed, error)
            return Outcome(claimed, State.FAILED, None, error.reason, error.code)
        except InDoubt as doubt:
            return Outcome(claimed, State.IN_DOUBT, None, doubt.reason)
        except SendError as error:
            return Outcome(claimed, State.FAILED, None, error.reason, error.code)
        except Exception as error:
            log.exception("send_broke", outbox_id=claimed.message.id)
            return Outcome(claimed, State.IN_DOUBT, None, f"the sender broke: {type(error).__name__}")
        return Outcome(claimed, State.SENT, sent.provider_id)

    def _halt(self, seconds: float) -> None:
        log.warning("lane_halted", channel=self._channel.name, seconds=seconds)
        self._halted_until = max(self._halted_until, time.monotonic() + seconds)

    async def _close(self, claimed: Claimed, error: Unreachable) -> None:
        now = self._clock()
        async with self._store.write() as connection:
            await residents.close_address(connection, claimed.message.address, error.reason, now)
            if error.stopped:
                people = await residents.at_address(connection, claimed.message.address)
                await residents.withdraw(
                    connection,
                    [person.id for person in people],
                    wording=error.reason,
                    channel=self._channel.name,
                    source=f"provider code {error.code}",
                    now=now,
                )

    async def _settle(self) -> None:
        """Writes results as they come, all that wait in one commit. A result is never dropped."""
        while True:
            outcomes = [await self._settled.get()]
            while not self._settled.empty():
                outcomes.append(self._settled.get_nowait())
            while not await self._written(outcomes):  # noqa: ASYNC110 nothing tells when a disk is free again
                await asyncio.sleep(IDLE_SECONDS)
            for outcome in outcomes:
                self.tally.count(outcome)
                self._settled.task_done()

    async def _written(self, outcomes: Sequence[Outcome]) -> bool:
        try:
            async with self._store.write() as connection:
                await outbox.settle(connection, outcomes, self._clock())
        except SQLAlchemyError as error:
            log.error("settle_failed", channel=self._channel.name, problem=str(error.__cause__ or error))
            return False
        return True

    async def _land(self, settler: asyncio.Task[None]) -> None:
        if self._flying:
            await asyncio.wait(self._flying, timeout=DRAIN_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._settled.join()
        settler.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await settler


async def keep_planning(planner: Planner, clock: Callable[[], datetime]) -> None:
    """Plans every second until cancelled; one bad pass is told and the next one tried."""
    while True:
        try:
            await planner.plan(clock())
        except Exception:
            log.exception("plan_failed")
        await asyncio.sleep(PLAN_SECONDS)
