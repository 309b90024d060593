"""Settling doubts at the provider: was this message taken, or not?

Found there, it was sent. Looked for several times over minutes and never found, it was not, and goes again;
that is knowledge, not a guess. Where a provider cannot be asked (Telegram), a person decides.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from outreach import outbox
from outreach.model import ChannelName, Found, Outbound, Receipt, State, TryLater
from outreach.outbox import Doubt, Lane, Outcome
from outreach.store import Store

# The pauses between looks at one message; the last one repeats.
LOOK_SECONDS = (2.0, 5.0, 15.0, 60.0, 120.0)
PASS_SECONDS, START_SECONDS = 2.0, 3.0
AT_ONCE, A_PASS = 8, 64
# So long and so often it must be missing there before it counts as never taken.
MISSING, LOOKS = timedelta(minutes=5), 4
# Their clock and ours need not agree to the minute.
SKEW = timedelta(minutes=5)
log = structlog.get_logger()


class Finder(Protocol):
    async def find(self, message: Outbound) -> list[Found]:
        """What the provider has of this very message, oldest first. Raises TryLater."""


@dataclass(slots=True)
class _Looked:
    times: int = 0
    next_at: float = 0.0


class Looker:
    def __init__(
        self,
        store: Store,
        finders: Mapping[ChannelName, Finder],
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._finders, self._clock, self._ticks = store, finders, clock, ticks
        self._looked: dict[int, _Looked] = {}

    async def at_start(self, lanes: Sequence[Lane]) -> None:
        """What the last crash left is settled before anything new is sent, as far as that goes quickly."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.look(lanes)
        except (TimeoutError, SQLAlchemyError, OSError) as error:
            log.warning(
                "doubts_left", why=str(error) or "the provider took too long", fix="they are looked up later"
            )

    async def run(self, lanes: Callable[[], Sequence[Lane]]) -> None:
        """Looks on until cancelled."""
        while True:
            await asyncio.sleep(PASS_SECONDS)
            try:
                await self.look(lanes())
            except (SQLAlchemyError, OSError) as error:
                log.warning("not_looked_up", problem=str(error).splitlines()[0])

    async def look(self, lanes: Sequence[Lane]) -> None:
        """One look at every doubt of these lanes whose turn it is."""
        for lane in lanes:
            if finder := self._finders.get(lane.channel):
                await self._look_in(lane, finder)

    async def _look_in(self, lane: Lane, finder: Finder) -> None:
        now = self._ticks()
        waiting = [number for number, looked in self._looked.items() if looked.next_at > now]
        async with self._store.read() as connection:
            doubts = await outbox.doubtful(connection, lane.name, A_PASS, besides=waiting)
        turn = asyncio.Semaphore(AT_ONCE)
        found = await asyncio.gather(*(self._find(finder, doubt, turn) for doubt in doubts))
        await self._settle(lane, [(d, f) for d, f in zip(doubts, found, strict=True) if f is not None])

    async def _find(self, finder: Finder, doubt: Doubt, turn: asyncio.Semaphore) -> list[Found] | None:
        """None where the provider would not say."""
        message = doubt.claimed.message
        looked = self._looked.setdefault(message.id, _Looked())
        pause = LOOK_SECONDS[min(looked.times, len(LOOK_SECONDS) - 1)]
        looked.next_at = self._ticks() + pause
        async with turn:
            try:
                found = await finder.find(message)
            except TryLater as error:
                log.warning("not_looked_up", outbox_id=message.id, problem=error.reason)
                return None
        looked.times += 1
        return found

    async def _settle(self, lane: Lane, looked: Sequence[tuple[Doubt, list[Found]]]) -> None:
        names = {item.provider_id for _, found in looked for item in found}
        addresses = {doubt.claimed.message.address.value for doubt, _ in looked}
        async with self._store.write() as connection:
            # No message there may settle two of ours; and what is found may be another's, just being sent.
            taken = await outbox.known_names(connection, lane.channel, names)
            busy = await outbox.being_sent(connection, lane.channel, addresses)
            outcomes, news = [], []
            for doubt, found in looked:
                if doubt.claimed.message.address.value in busy:
                    continue
                left = [item for item in found if item.provider_id not in taken]
                item = next((item for item in left if _is_of_then(item, doubt)), None)
                if item:
                    taken.add(item.provider_id)
                    words = "found at the provider"
                    outcomes.append(Outcome(doubt.claimed, State.SENT, item.provider_id, words))
                    news.append(_as_news(lane, doubt, item))
                elif not left and self._is_missing(doubt):
                    words = "the provider never got it"
                    outcomes.append(Outcome(doubt.claimed, State.QUEUED, None, words, retry_after=0.0))
            now = self._clock()
            await outbox.settle(connection, outcomes, now)
            await outbox.receipts(connection, news, now)
        for outcome in outcomes:
            number = outcome.claimed.message.id
            self._looked.pop(number, None)
            log.info("doubt_settled", outbox_id=number, state=outcome.state.value, why=outcome.reason)
        if outcomes:
            self._store.wake()

    def _is_missing(self, doubt: Doubt) -> bool:
        looked = self._looked[doubt.claimed.message.id]
        return looked.times >= LOOKS and self._clock() - doubt.since >= MISSING


def _is_of_then(item: Found, doubt: Doubt) -> bool:
    """Whether it was made about when ours was called. One of another time is left to a person."""
    return item.made is None or item.made >= doubt.since - SKEW


def _as_news(lane: Lane, doubt: Doubt, item: Found) -> Receipt:
    return Receipt(
        lane.channel,
        item.state,
        outbox_id=doubt.claimed.message.id,
        provider_id=item.provider_id,
        error_code=item.error_code,
        reason=item.reason,
    )
