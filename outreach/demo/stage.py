"""The stage: the simulator, the service in earnest settings on a throw-away database, and a movable clock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from outreach.app import App, wall_clock
from outreach.demo.town import Town
from outreach.settings import Settings
from outreach.simulator import Simulator

RATE = 500
Result = TypeVar("Result")


class Clock:
    """The wall clock, which the story may move on by days."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return wall_clock() + self._ahead

    def move_to(self, moment: datetime) -> None:
        self._ahead = moment - wall_clock()


@dataclass(frozen=True)
class Scene:
    """`running` ends when the service is told to stop. `phones`: the address of the phone page."""

    app: App
    town: Town
    clock: Clock
    phones: str
    running: asyncio.Task[None]

    async def unless_interrupted(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The work's result; KeyboardInterrupt where the service was stopped before."""
        task = asyncio.create_task(work)
        await asyncio.wait([task, self.running], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self.running.result()
        raise KeyboardInterrupt


@contextlib.asynccontextmanager
async def stage(folder: Path, port: int) -> AsyncIterator[Scene]:
    simulator, clock = Simulator(), Clock()
    await simulator.start()
    try:
        app = App(_settings(folder, simulator.url, port or _free_port()), clock)
        ready, stop = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(app.run(ready=ready, stop=stop))
        await _started(running, ready)
        try:
            async with aiohttp.ClientSession() as session:
                town = await _connected(app, simulator.url, session)
                yield Scene(app, town, clock, f"{simulator.url}/phone", running)
        finally:
            stop.set()
            await running
    finally:
        await simulator.stop()


async def _started(running: asyncio.Task[None], ready: asyncio.Event) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()


async def _connected(app: App, url: str, session: aiohttp.ClientSession) -> Town:
    town = Town(url, session)
    settings = app.settings
    await town.call(
        "PUT",
        "/sim/sms",
        {
            "inbound_url": f"{settings.public_url}/webhooks/twilio/inbound",
            "account_sid": settings.twilio_account_sid,
            "auth_token": settings.twilio_auth_token.get_secret_value(),
            "number": settings.senders[0],
        },
    )
    return town


def _settings(folder: Path, simulator: str, port: int) -> Settings:
    """Every knob set here: a real token in the environment must never get into a demonstration."""
    return Settings.model_validate(
        Settings.model_construct().model_dump()
        | {
            "database_url": f"sqlite+aiosqlite:///{folder}/outreach.db",
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "telegram_token": "1001:demonstration-residents-bot",
            "telegram_api_base": simulator,
            "telegram_mode": "polling",
            "telegram_rate": RATE,
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": "demonstration",
            "twilio_from": "+15005550006",
            "twilio_api_base": simulator,
            "twilio_rate": RATE,
            "quiet_hours": "",
        }
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
