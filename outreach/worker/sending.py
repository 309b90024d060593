"""One lane's sender: claims in batches, sends with bounded concurrency, settles in groups."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import outbox, residents
from outreach.model import SMS, TELEGRAM, Channel, InDoubt, Priority, SendError, State, TryLater, Unreachable
from outreach.outbox import REPLY, Claimed, Haul, Lane, Outcome, Rules
from outreach.store import Steps, Store, run
from outreach.store.tables import outbox as messages
from outreach.worker.pace import Addresses, Brake, Pace
from outreach.worker.tally import Tally

IN_FLIGHT = 64
# So many are claimed ahead of their calls: what goes out in AHEAD_SECONDS, so that a crash leaves few doubts.
MOST_READY, AHEAD_SECONDS = 1024, 0.1
IDLE_SECONDS = 0.5
# Results that come this close together are written together; twice that where nobody counts messages.
GROUP_SECONDS = 0.05
# A reply is looked for at once, even when enough is claimed already.
REPLIES = 16
# What was claimed longer ago goes back: its lease must not run out under it.
# And nobody may have found out meanwhile that the provider does not have it.
STALE_SECONDS = 15.0
LONGEST_HALT = 3600.0
# Together under the ten seconds a supervisor waits before it kills.
DRAIN_SECONDS, STOP_SECONDS = 6.0, 8.5
ADDRESS_GAP = {TELEGRAM: 1.0, SMS: 0.0}
log = structlog.get_logger()


class Sender:
    """Sends what is due in one lane, for as long as this process holds the lane.

    Claims and results are written in rounds, one transaction each; calls go on between and during them.
    """

    def __init__(
        self,
        store: Store,
        channel: Channel,
        lane: Lane,
        worker: str,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self.lane, self.tally = lane, Tally()
        self._store, self._channel, self._worker = store, channel, worker
        self._rules, self._clock = rules, clock
        self._pace, self._brake = Pace(lane.rate), Brake()
        self._addresses = Addresses(ADDRESS_GAP[lane.channel])
        self._most = max(2, min(MOST_READY, int(lane.rate * AHEAD_SECONDS)))
        # Claimed and waiting: (priority, order, when, message), a heap.
        self._ready: list[tuple[int, int, float, Claimed]] = []
        self._order = 0
        self._flying: dict[int, Claimed] = {}
        self._ended: list[Outcome] = []
        self._closing: list[tuple[Claimed, Unreachable]] = []
        # Carriers without a message, and the clock that hands the next one out.
        self._idle: list[asyncio.Future[Claimed]] = []
        self._timer: asyncio.TimerHandle | None = None
        # Something to write; something that cannot wait.
        self._news, self._urgent = asyncio.Event(), asyncio.Event()
        # How often we were woken, and how often when we last looked for a reply.
        self._woken = self._looked = 0
        self._more_waits = True
        self._lost_touch = self._stopping = False
        self._halted_until = self._held_until = 0.0
        self._told: tuple[datetime, str] | None = None

    # -- from outside

    def hold(self, seconds: float, halted_until: datetime | None = None) -> None:
        """The lane is ours for so much longer; and nothing starts before the provider's pause is over."""
        self._held_until = time.monotonic() + seconds
        if halted_until is not None:
            # A clock that was wrong must not silence the lane for days.
            left = min((halted_until - self._clock()).total_seconds(), LONGEST_HALT)
            self._halted_until = max(self._halted_until, time.monotonic() + left)
        self._feed()

    def rest(self, seconds: float) -> None:
        """Starts nothing for so long: another may just have used the lane's rate up."""
        self._halted_until = max(self._halted_until, time.monotonic() + seconds)

    def stop(self) -> None:
        """Starts nothing more; `run` ends when what is under way has landed."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        self._woken += 1
        self._news.set()
        self._urgent.set()

    async def run(self, *, drain: bool = False) -> None:
        """Sends until `stop`, or with `drain` until nothing is due; then waits for what is under way."""
        carriers = [asyncio.create_task(self._carry()) for _ in range(IN_FLIGHT)]
        deaf = self._store.listen(self._wake)
        try:
            while not self._stopping:
                idle = await self._round()
                self._feed()
                if idle and drain:
                    break
                await self._wait()
        finally:
            self._stopping = True
            deaf()
            await self._land()
            if self._timer:
                self._timer.cancel()
            for carrier in carriers:
                carrier.cancel()
            await asyncio.gather(*carriers, return_exceptions=True)

    # -- calls

    async def _carry(self) -> None:
        """One carrier: takes the next message that may go, and brings back what became of it."""
        while True:
            claimed = self._take()
            if claimed is None:
                waiting: asyncio.Future[Claimed] = asyncio.get_running_loop().create_future()
                self._idle.append(waiting)
                self._arm()
                claimed = await waiting
            message = claimed.message
            try:
                outcome = await self._send(claimed)
            finally:
                self._pace.end(message.id)
                self._addresses.end(message.address.value)
                del self._flying[message.id]
            self._ended.append(outcome)
            self._news.set()

    def _take(self) -> Claimed | None:
        """Starts the next message that may go this moment, replies first; None where none may."""
        if not self._ready or self._pause() > 0 or self._waits_for_reply():
            return None
        passed_over, taken, now = [], None, time.monotonic()
        while self._ready and taken is None:
            entry = heapq.heappop(self._ready)
            if now - entry[2] > STALE_SECONDS:
                self._ended.append(_handed_back(entry[3], "it waited too long for its turn"))
            elif self._addresses.pause(entry[3].message.address.value) > 0:
                passed_over.append(entry)
            else:
                taken = entry[3]
        for entry in passed_over:
            heapq.heappush(self._ready, entry)
        if taken:
            self._flying[taken.message.id] = taken
            self._pace.start(taken.message.id, taken.segments)
            self._addresses.start(taken.message.address.value)
        if self._more_waits and len(self._ready) <= self._most // 2:
            self._urgent.set()
        return taken

    def _waits_for_reply(self) -> bool:
        """A reply may just be queued: the turn is kept for it until we have looked."""
        return self._woken != self._looked and self._pace.is_counted and self._ready[0][0] > Priority.REPLY

    def _pause(self) -> float:
        """Seconds until the lane may start another call."""
        now = time.monotonic()
        one_at_a_time = self._brake.failures and self._flying
        if self._stopping or now >= self._held_until or one_at_a_time:
            return IDLE_SECONDS
        return max(self._halted_until - now, self._pace.pause(now))

    def _feed(self) -> None:
        """Hands messages to idle carriers while any may go, and comes back when the next one may."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._idle and (claimed := self._take()):
            self._idle.pop().set_result(claimed)
        self._arm()

    def _arm(self) -> None:
        if self._timer or not self._ready or not self._idle or self._stopping:
            return
        pause = self._pause()
        if self._waits_for_reply():
            # The round that looks for it hands out the next message.
            pause = IDLE_SECONDS
        elif pause <= 0:
            pause = min(self._addresses.pause(entry[3].message.address.value) for entry in self._ready)
        self._timer = asyncio.get_running_loop().call_later(min(pause, IDLE_SECONDS), self._feed)

    async def _send(self, claimed: Claimed) -> Outcome:
        try:
            sent = await self._channel.send(claimed.message)
        except TryLater as error:
            return self._later(claimed, error)
        except InDoubt as doubt:
            return Outcome(claimed, State.IN_DOUBT, None, doubt.reason)
        except SendError as error:
            self._brake.released()
            if isinstance(error, Unreachable):
                self._closing.append((claimed, error))
            return Outcome(claimed, State.FAILED, None, error.reason, error.code)
        except Exception as error:
            log.exception("send_broke", outbox_id=claimed.message.id)
            return Outcome(claimed, State.IN_DOUBT, None, f"the sender broke: {type(error).__name__}")
        self._brake.released()
        return Outcome(claimed, State.SENT, sent.provider_id)

    def _later(self, claimed: Claimed, error: TryLater) -> Outcome:
        """Not taken. What is no fault of this message's own is not counted against it."""
        if error.lane or error.unreached:
            # Those that were under way together are one trouble, not many in a row.
            left = self._halted_until - time.monotonic()
            after = error.after or (left if left > 0 else self._brake.pulled())
            self._halt(after, error.reason, told=error.lane)
            return Outcome(claimed, State.QUEUED, None, error.reason, error.code, after, counts=False)
        if pause := self._brake.doubted(claimed.message.id):
            self._halt(pause, error.reason, told=False)
        return Outcome(claimed, State.QUEUED, None, error.reason, error.code, error.after)

    def _halt(self, seconds: float, reason: str, *, told: bool) -> None:
        """Nothing starts for so long. What is claimed goes back, lest it wait under a lease."""
        until = time.monotonic() + seconds
        if until > self._halted_until:
            log.warning("lane_halted", lane=self.lane.name, seconds=round(seconds, 1), why=reason)
            self._halted_until = until
            # What the provider asked for outlives this process; our own caution need not.
            self._told = (self._clock() + timedelta(seconds=seconds), reason) if told else self._told
        self._hand_back(reason)

    def _hand_back(self, why: str) -> None:
        self._ended += [_handed_back(entry[3], why) for entry in self._ready]
        self._ready.clear()

    # -- rounds

    async def _round(self) -> bool:
        """Writes results and claims more, in one transaction; True where there is nothing left to do."""
        self._news.clear()
        self._urgent.clear()
        limit, replies_only = self._room()
        woken = self._woken
        outcomes, self._ended = self._ended, []
        closing, self._closing = self._closing, []
        told, self._told = self._told, None
        if not (outcomes or limit or told or closing):
            self._looked = woken
            return False
        steps = self._steps(outcomes, limit, replies_only)
        try:
            if told or closing or self._lost_touch:
                async with self._store.write() as connection:
                    await self._write(connection, outcomes, closing, told)
                    haul = await run(connection, steps)
            else:
                haul = await self._store.express.run(steps)
        except (SQLAlchemyError, OSError) as error:
            problem = str(error.__cause__ or error).splitlines()[0]
            log.error("database_away", lane=self.lane.name, problem=problem)
            self._ended, self._closing = outcomes + self._ended, closing + self._closing
            self._told, self._lost_touch = self._told or told, True
            self._looked = woken
            await asyncio.sleep(IDLE_SECONDS)
            return False
        self._lost_touch = False
        for outcome in outcomes:
            self.tally.count(outcome)
        self._push(haul.messages)
        self._looked = woken
        self._more_waits = 0 < limit == haul.found and not replies_only
        busy = haul.found or self._ready or self._flying or self._ended
        return bool(limit) and not (replies_only or busy)

    def _room(self) -> tuple[int, bool]:
        """How many to claim, and whether replies alone."""
        now = time.monotonic()
        if self._stopping or now >= self._held_until or self._halted_until > now:
            return 0, False
        waiting = len(self._ready)
        if self._brake.failures:
            return (0 if waiting or self._flying else 1), False
        if waiting <= self._most // 2:
            return self._most - waiting, False
        return (REPLIES, True) if self._woken != self._looked else (0, False)

    def _steps(self, outcomes: Sequence[Outcome], limit: int, replies_only: bool) -> Steps[Haul]:
        """What nearly every round is: results in, new messages out."""
        dialect, now = self._store.express.dialect, self._clock()
        yield from outbox.settling(dialect, outcomes, now)
        if not limit:
            return Haul([], 0)
        return (
            yield from outbox.claiming(
                dialect,
                self.lane.name,
                seals=self._store.seals,
                worker=self._worker,
                limit=limit,
                rules=self._rules,
                now=now,
                sender=self.lane.sender,
                replies_only=replies_only,
            )
        )

    async def _write(
        self,
        connection: AsyncConnection,
        outcomes: Sequence[Outcome],
        closing: Sequence[tuple[Claimed, Unreachable]],
        told: tuple[datetime, str] | None,
    ) -> None:
        """What a round seldom has besides."""
        now = self._clock()
        if self._lost_touch:
            # Perhaps the last claim was committed and only the word of it got lost: then nothing was called.
            ready = [entry[3].message.id for entry in self._ready]
            ended = [outcome.claimed.message.id for outcome in (*outcomes, *self._ended)]
            await outbox.unclaim(
                connection, self.lane.name, self._worker, [*self._flying, *ready, *ended], now
            )
        if told:
            await outbox.halt(connection, self.lane.name, *told)
        for claimed, error in closing:
            await _close(connection, claimed, error, now)

    def _push(self, claimed: Sequence[Claimed]) -> None:
        now = time.monotonic()
        for item in claimed:
            self._order += 1
            heapq.heappush(self._ready, (item.priority, self._order, now, item))

    async def _wait(self) -> None:
        """Until there is something to write or to claim; results are given a moment to come together."""
        if not (self._ended or self._told):
            await _until(self._news, IDLE_SECONDS)
        await _until(self._urgent, GROUP_SECONDS * (1 if self._pace.is_counted else 2))

    async def _land(self) -> None:
        """Waits for what is under way, and writes all there is to write; neither for ever."""
        self._hand_back("the sender stopped")
        began = time.monotonic()
        while self._flying and (left := began + DRAIN_SECONDS - time.monotonic()) > 0:
            self._news.clear()
            await _until(self._news, min(IDLE_SECONDS, left))
        while self._ended or self._told or self._closing:
            # Not cut off in the middle: it has the results in its hands.
            writing = asyncio.create_task(self._round())
            left = began + STOP_SECONDS - time.monotonic()
            if left <= 0 or not (await asyncio.wait([writing], timeout=left))[0]:
                log.error(
                    "results_lost", lane=self.lane.name, fix="see `outreach outbox doubts` after the restart"
                )
                return


def _handed_back(claimed: Claimed, why: str) -> Outcome:
    """Claimed, and not called after all."""
    return Outcome(claimed, State.QUEUED, None, why, None, 0.0, counts=False)


async def _close(connection: AsyncConnection, claimed: Claimed, error: Unreachable, now: datetime) -> None:
    """Nothing arrives at this address any more; where the person said so, they withdrew consent."""
    address = claimed.message.address
    await residents.close_address(connection, address, error.reason, now)
    if error.stopped:
        people = [person.id for person in await residents.at_address(connection, address)]
        await residents.stop(
            connection,
            people,
            wording=error.reason,
            channel=address.channel,
            source=f"provider code {error.code}",
            now=now,
        )
        theirs = messages.c.resident_id.in_(people), messages.c.purpose != REPLY
        await outbox.cancel(connection, *theirs, reason=error.reason, now=now)


async def _until(event: asyncio.Event, seconds: float) -> None:
    # Not wait_for: in Python 3.11 it may swallow a cancellation that comes with the result.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
