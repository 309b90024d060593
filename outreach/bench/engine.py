"""How the sending engine is driven: the only file here that knows its parts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sqlalchemy import select

from outreach import outbox
from outreach.app import App
from outreach.bench.filling import address, fill, states
from outreach.model import Address, BadInput, ChannelName, Priority
from outreach.outbox import Draft, Rules, choosing
from outreach.settings import Settings
from outreach.store import notify, sole_sender
from outreach.store.tables import lanes
from outreach.worker import keep_planning

LOOK_SECONDS = 0.005


@contextlib.asynccontextmanager
async def ready(settings: Settings) -> AsyncIterator[App]:
    """The service with its channels signed in and its lanes taken; it does not send yet."""
    app = App(settings)
    async with app.opened():
        with sole_sender(app.store):
            await app.check_channels()
            await app.crew.join()
            try:
                yield app
            finally:
                await app.crew.leave()


@contextlib.asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator[App]:
    """The service's parts, for what is done while other processes send."""
    async with App(settings).opened() as app:
        yield app


async def holders(app: App) -> set[str | None]:
    """The workers that hold the lanes; None stands for a lane that nobody holds."""
    async with app.store.read() as connection:
        found = await connection.execute(select(lanes.c.held_by).where(lanes.c.active))
        return set(found.scalars())


async def queue(
    app: App, channel: ChannelName, count: int, *, first: int = 1, senders: Sequence[str | None] = (None,)
) -> None:
    """Queues a campaign to `count` people, shared out evenly among the senders of ours."""
    async with app.store.write() as connection:
        choose = await choosing(connection)
        each = count // len(senders)
        for turn, sender in enumerate(senders):
            start = first + turn * each
            lane = choose(address(channel, start), sender)
            await fill(connection, channel, lane, each, first=start, sender=sender)
        await notify(connection)
    app.store.wake()


async def drain(app: App, count: int) -> float:
    """Sends all `count` messages that are queued; the seconds until the last of them was settled."""
    sending = asyncio.create_task(app.crew.drain())
    started = time.perf_counter()
    while app.crew.tally.sent < count and not sending.done():  # noqa: ASYNC110 the engine has no such event
        await asyncio.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - started
    await sending
    async with app.store.read() as connection:
        found = await states(connection)
    if found != {"sent": count}:
        raise BadInput(f"of {count} messages not all were sent: {found}", where="bench")
    return seconds


@contextlib.asynccontextmanager
async def sending(app: App) -> AsyncIterator[None]:
    """Plans and sends as `outreach worker` does, while this is open."""
    tasks = [
        asyncio.create_task(app.crew.run()),
        asyncio.create_task(keep_planning(app.planner, app.clock, app.crew)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def reply(app: App, to: Address, resident_id: int, text: str, key: str) -> float:
    """Queues one reply, as the answer to a resident is; returns when it was committed."""
    now = app.clock()
    draft = Draft(key, resident_id, to, Priority.REPLY, outbox.REPLY, "replies/bench", "zh-Hans", text, now)
    async with app.store.write() as connection:
        await outbox.enqueue(connection, [draft], now)
    committed = time.time()
    app.store.wake()
    return committed


async def claim(app: App, channel: ChannelName, limit: int, now: datetime) -> float:
    """Claims so many messages of the channel's first lane; the seconds from BEGIN to COMMIT."""
    async with app.store.read() as connection:
        lane = (await choosing(connection))(address(channel, 1), None)
    rules = Rules(app.settings.zone, app.settings.quiet, app.settings.daily_message_cap)
    started = time.perf_counter()
    async with app.store.write() as connection:
        claimed = await outbox.claim(
            connection, lane, worker=app.crew.name, limit=limit, rules=rules, now=now
        )
    seconds = time.perf_counter() - started
    if len(claimed) != limit:
        raise BadInput(f"{len(claimed)} messages were claimed instead of {limit}", where="bench")
    return seconds
