"""The engine on PostgreSQL against procrastinate on the same server."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from typing import Any

import aiohttp

from outreach.bench.bare import IN_FLIGHT, endpoint, form
from outreach.bench.figures import Figure, Target
from outreach.bench.ground import POSTGRESQL, Ground
from outreach.bench.rivals import arrived, compared, fewer, is_there
from outreach.model import TELEGRAM

CONNECTIONS, RETRIES = 16, 5


def procrastinate_part(ground: Ground) -> Iterator[Figure]:
    """Against one worker with as many jobs at once as we have calls under way."""
    there = ground.has(POSTGRESQL, "procrastinate")
    if not (there and is_there(ground, "procrastinate", "procrastinate", "psycopg")):
        return
    ground.tell("procrastinate: the engine against procrastinate on the same PostgreSQL, a job a message")
    rival = {f"procrastinate, {IN_FLIGHT} at once": lambda: _procrastinate(ground)}
    yield from compared(ground, "procrastinate", POSTGRESQL, rival, Target(4))


def _procrastinate(ground: Ground) -> float:
    database = ground.new_database(POSTGRESQL).replace("+asyncpg", "")
    asyncio.run(_worked_off(database, ground.outside.url, fewer(ground)))
    return arrived(ground, fewer(ground))


async def _worked_off(database: str, url: str, count: int) -> None:
    procrastinate: Any = importlib.import_module("procrastinate")
    target, headers = endpoint(url, TELEGRAM)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database, max_size=CONNECTIONS))
    async with app.open_async(), aiohttp.ClientSession() as session:

        async def send(number: int) -> None:
            fields = form(TELEGRAM, number)
            async with session.post(target, data=fields, headers=headers, raise_for_status=True) as answer:
                await answer.read()

        task = app.task(send, name="send", retry=RETRIES)
        await app.schema_manager.apply_schema_async()
        await task.batch_defer_async(*({"number": number} for number in range(1, count + 1)))
        await app.run_worker_async(concurrency=IN_FLIGHT, wait=False, install_signal_handlers=False)
