"""One process's senders: it holds lanes, runs a sender for each, and lets go of them in order."""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from outreach import outbox
from outreach.model import Channel, ChannelName
from outreach.outbox import HOLD, Held, Lane, Rules
from outreach.store import Steps, Store, agreed, keep_listening, run
from outreach.worker.looking import Finder, Looker
from outreach.worker.sending import Sender
from outreach.worker.tally import Tally

BEAT_SECONDS = 1.0
# The lane is given up so much before another may take it.
SAFETY_SECONDS = 0.5
log = structlog.get_logger()


@dataclass(slots=True)
class _Post:
    """A lane that is ours, and its sender at work."""

    sender: Sender
    task: asyncio.Task[None] | None = None
    counted: int = 0


class Crew:
    """Holds this process's share of the lanes. On SQLite that is all of them: nobody else may send."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[ChannelName, Channel],
        lanes: Sequence[Lane],
        rules: Rules,
        clock: Callable[[], datetime],
        finders: Mapping[ChannelName, Finder],
    ) -> None:
        self.name = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._store, self._channels, self._rules, self._clock = store, channels, rules, clock
        self._lanes = {lane.name: lane for lane in lanes}
        self._looker = Looker(store, finders, clock)
        self._posts: dict[str, _Post] = {}
        self._elsewhere: set[str] = set()
        self._beaten_at = time.monotonic()
        self._has_planned = False
        self._gone = Tally()

    @property
    def tally(self) -> Tally:
        """What this process sent, in all its lanes."""
        total = Tally()
        for tally in (self._gone, *(post.sender.tally for post in self._posts.values())):
            total.add(tally)
        return total

    async def join(self) -> None:
        """Makes our lanes known, takes what is free, and settles what the last crash left there."""
        async with self._store.write() as connection:
            moved = await outbox.register(connection, list(self._lanes.values()))
        if moved:
            log.info("messages_moved", messages=moved, why="their sender is no longer in the settings")
        await self._beat()
        await self._looker.at_start(self._held())

    def planned(self) -> None:
        """The scheduler beside us made a whole pass; the next beat says so."""
        self._has_planned = True

    def _held(self) -> list[Lane]:
        return [post.sender.lane for post in self._posts.values()]

    async def run(self) -> None:
        """Sends until cancelled; then lets everything under way land, and leaves."""
        others = [
            asyncio.create_task(keep_listening(self._store)),
            asyncio.create_task(self._looker.run(self._held)),
        ]
        try:
            while True:
                self._start(drain=False)
                await self._until_next_beat()
                await self._clear()
                await self._try_beat()
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.leave()

    async def drain(self) -> None:
        """Sends until nothing is due in any lane that no other worker attends to."""
        self._start(drain=True)
        while self._unfinished():
            await self._until_next_beat()
            await self._try_beat()
            self._start(drain=True)
        for post in self._posts.values():
            if post.task:
                post.task.result()
                post.task = None
                self._renew(post)

    def _unfinished(self) -> bool:
        done = {name for name, post in self._posts.items() if post.task and post.task.done()}
        return bool(self._lanes.keys() - done - self._elsewhere)

    def _renew(self, post: _Post) -> None:
        """A sender runs once; the next one goes on counting where it stopped."""
        self._gone.add(post.sender.tally)
        post.sender, post.counted = self._sender(post.sender.lane), 0
        post.sender.hold(self._beaten_at + self._hold_seconds() - time.monotonic())

    def _sender(self, lane: Lane) -> Sender:
        return Sender(self._store, self._channels[lane.channel], lane, self.name, self._rules, self._clock)

    def _start(self, *, drain: bool) -> None:
        for post in self._posts.values():
            post.task = post.task or asyncio.create_task(post.sender.run(drain=drain))

    async def _until_next_beat(self) -> None:
        at_work = [post.task for post in self._posts.values() if post.task and not post.task.done()]
        if at_work:
            await asyncio.wait(at_work, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(BEAT_SECONDS)

    async def _clear(self) -> None:
        """Lets go of lanes whose senders have ended: given up, or lost to another worker."""
        ended = [name for name, post in self._posts.items() if post.task and post.task.done()]
        for name in ended:
            post = self._posts.pop(name)
            self._gone.add(post.sender.tally)
            if post.task:
                post.task.result()
        if ended:
            try:
                async with self._store.write() as connection:
                    await outbox.release(connection, self.name, ended)
            except (SQLAlchemyError, OSError) as error:
                # Then they become free by themselves, a little later.
                log.warning("lanes_not_released", worker=self.name, problem=str(error).splitlines()[0])

    # -- the beat

    async def _try_beat(self) -> None:
        try:
            await self._beat()
        except (SQLAlchemyError, OSError) as error:
            problem = str(error.__cause__ or error).splitlines()[0]
            log.error("database_away", worker=self.name, problem=problem)

    async def _beat(self) -> None:
        """Says that we live; holds on to our lanes, and learns which to take up or give up."""
        started = time.monotonic()
        has_planned, self._has_planned = self._has_planned, False
        steps = self._holding(self._progress(started), has_planned)
        if self._store.is_sqlite:
            held = await self._store.express.run(steps)
        else:
            # On another connection than the senders': it waits for the other workers' beats.
            async with self._store.write() as connection:
                held = await run(connection, steps)
        self._beaten_at = started
        if held.doubts:
            log.warning("in_doubt", messages=held.doubts, fix="see `outreach outbox doubts`")
        self._take_up(held)

    def _holding(self, sent: dict[str, tuple[int, float]], has_planned: bool) -> Steps[Held]:
        dialect = self._store.express.dialect
        return (
            yield from outbox.holding(
                dialect,
                self.name,
                list(self._lanes),
                (yield from agreed(dialect, self._clock())),
                alone=self._store.is_sqlite,
                sent=sent,
                has_planned=has_planned,
            )
        )

    def _progress(self, now: float) -> dict[str, tuple[int, float]]:
        passed = max(now - self._beaten_at, 0.001)
        counts = {}
        for name, post in self._posts.items():
            new = post.sender.tally.sent - post.counted
            post.counted += new
            counts[name] = (new, new / passed)
        return counts

    def _take_up(self, held: Held) -> None:
        rows = {row.name: row for row in held.lanes}
        self._elsewhere = set(held.elsewhere)
        for name, row in rows.items():
            seconds = self._beaten_at + self._hold_seconds() - time.monotonic()
            if name not in self._posts:
                log.info("lane_taken", lane=name, worker=self.name)
                self._posts[name] = _Post(self._sender(self._lanes[name]))
                self._posts[name].sender.hold(seconds, row.halted_until)
                if name in held.used:
                    self._posts[name].sender.rest(BEAT_SECONDS)
            self._posts[name].sender.hold(seconds)
        for name, post in self._posts.items():
            if name not in rows or name in held.surplus:
                post.sender.stop()

    def _hold_seconds(self) -> float:
        return math.inf if self._store.is_sqlite else HOLD.total_seconds() - SAFETY_SECONDS

    async def leave(self) -> None:
        """Everything under way lands; then the lanes are free for others at once."""
        for post in self._posts.values():
            post.sender.stop()
        at_work = [post.task for post in self._posts.values() if post.task]
        results = await asyncio.gather(*at_work, return_exceptions=True)
        for post in self._posts.values():
            self._gone.add(post.sender.tally)
        names = list(self._posts)
        self._posts.clear()
        try:
            async with self._store.write() as connection:
                await outbox.release(connection, self.name, names)
                await outbox.leave(connection, self.name)
        except (SQLAlchemyError, OSError) as error:
            log.warning("not_signed_off", worker=self.name, problem=str(error).splitlines()[0])
        for result in results:
            if isinstance(result, Exception):
                raise result
