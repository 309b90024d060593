"""A sender's speed: evenly spaced, never more than its rate in any second, less when the provider asks."""

from __future__ import annotations

import random
import time
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable

# A little under the limit, so that what the network bunches together stays below it.
MARGIN = 0.992
WINDOW_SECONDS = 1.006
# How far behind its timetable a lane may be and still catch up.
LATE_SECONDS = 0.1
# Above that nobody counts single messages, and a window of them would cost more than the call.
COUNTED = 500.0


class Pace:
    """Units a second. A unit is a message, or on SMS a segment.

    Two rules: a timetable with even gaps, and no more than `rate` arrivals at the provider within any second.
    When a call arrived is not known, only that it was before its answer came; so one that took longer than is
    usual counts as late by that much.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap, self._clock = 1 / (rate * MARGIN), clock
        self._limit = max(1, int(rate)) if rate <= COUNTED else None
        self._next = clock()
        self._open: dict[int, tuple[float, int]] = {}
        # Arrivals of the last second, one for each unit, as far as they are known, in order.
        self._arrived: list[float] = []
        self._usual = 0.0

    @property
    def is_counted(self) -> bool:
        """Whether single messages matter at this rate."""
        return self._limit is not None

    def pause(self, now: float | None = None) -> float:
        """Seconds until the next message may start; 0: now."""
        if now is None:
            now = self._clock()
        room = self._until_room(now) if self._limit is not None else 0.0
        wait = max(self._next - now, room)
        return wait if wait > 0 else 0.0

    def _until_room(self, now: float) -> float:
        del self._arrived[: bisect_right(self._arrived, now - WINDOW_SECONDS)]
        # A call that is no slower than others are arrived when it was made.
        recent = sum(
            units
            for made, units in self._open.values()
            if made > now - WINDOW_SECONDS or now - made > self._usual
        )
        if recent + len(self._arrived) < (self._limit or 1):
            return 0.0
        if not self._arrived:
            return self._gap
        room = self._arrived[0] + WINDOW_SECONDS
        # What a full second has made late is not caught up: it would only fill the next one as unevenly.
        self._next = max(self._next, room)
        return room - now

    def start(self, call: int, units: int = 1) -> None:
        now = self._clock()
        self._next = max(self._next, now - LATE_SECONDS) + units * self._gap
        self._open[call] = now, units

    def end(self, call: int) -> None:
        (started, units), now = self._open.pop(call), self._clock()
        if self._limit is None:
            return
        took = now - started
        late = max(0.0, took - self._usual) if self._usual else 0.0
        for _ in range(units):
            insort(self._arrived, started + late)
        # Nine calls of ten are quicker than that: it climbs at a slow one nine times as fast as it sinks.
        self._usual = (self._usual or took) * (1.09 if took > self._usual else 0.99)


class Brake:
    """Trouble with the provider as a whole: after each failure in a row the lane waits longer."""

    FIRST, LONGEST = 0.5, 60.0
    # One message may fail for its own sake, again and again; so many different ones do not.
    STORM = 8

    def __init__(self) -> None:
        self.failures = 0
        self._failed: set[int] = set()

    def released(self) -> None:
        self.failures = 0
        self._failed.clear()

    def doubted(self, message: int) -> float:
        """A server error about one message; returns the seconds the lane shall wait, mostly none."""
        self._failed.add(message)
        return self.pulled() if len(self._failed) >= self.STORM else 0.0

    def pulled(self) -> float:
        """The provider is in trouble; returns the seconds to wait, jittered lest all lanes return at once."""
        self.failures += 1
        pause = min(self.LONGEST, self.FIRST * 2.0 ** min(self.failures - 1, 16))
        return pause * random.uniform(0.75, 1.25)


class Addresses:
    """Who was just written to: one call at a time to each address, and `gap` seconds between two."""

    def __init__(self, gap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap, self._clock = gap, clock
        self._free_at: dict[str, float] = {}
        self._order: deque[tuple[float, str]] = deque()

    def pause(self, address: str) -> float:
        """Seconds until it may be written to again; infinite while a call to it is under way."""
        free = self._free_at.get(address)
        return 0.0 if free is None else max(0.0, free - self._clock())

    def start(self, address: str) -> None:
        self._free_at[address] = float("inf")

    def end(self, address: str) -> None:
        now = self._clock()
        while self._order and self._order[0][0] <= now:
            moment, old = self._order.popleft()
            if self._free_at.get(old) == moment:
                del self._free_at[old]
        if self._gap:
            self._free_at[address] = now + self._gap
            self._order.append((now + self._gap, address))
        else:
            del self._free_at[address]
