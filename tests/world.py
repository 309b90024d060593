"""The service as it runs in earnest, with the simulator outside and a clock that tests may move."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import func, select

from outreach.app import App
from outreach.residents import importing
from outreach.settings import Settings
from outreach.simulator import Simulator
from outreach.store.tables import inbound, outbox

TOKEN = "4200:tests-residents-bot"
ACCOUNT, AUTH, NUMBER = "AC" + "1" * 32, "auth-token-of-tests", "+15005550006"
SOON = 20.0


class Clock:
    """The wall clock, moved by days where a test says so."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move_to(self, moment: datetime) -> None:
        self.ahead = moment - datetime.now(UTC)


class World:
    def __init__(self, app: App, clock: Clock, simulator: str, session: aiohttp.ClientSession) -> None:
        self.app, self.clock, self.url, self._session = app, clock, simulator, session
        self.base = app.settings.public_url

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._session.request(method, self.url + path, json=body) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json()

    async def post(self, path: str, **content: Any) -> int:
        async with self._session.post(self.base + path, **content) as answer:
            return answer.status

    async def get(self, path: str) -> tuple[int, str]:
        async with self._session.get(self.base + path, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def says(self, chat_id: int, text: str, **more: Any) -> None:
        await self.call("POST", "/sim/telegram/say", {"chat_id": chat_id, "text": text, **more})

    async def taps(self, chat_id: int, message_id: int, data: str) -> None:
        await self.call(
            "POST", "/sim/telegram/tap", {"chat_id": chat_id, "message_id": message_id, "data": data}
        )

    async def texts(self, number: str, body: str, **more: Any) -> int:
        answer = await self.call("POST", "/sim/sms/say", {"from": number, "body": body, **more})
        return int(answer["status"])

    async def to_chat(self, chat_id: int) -> list[dict[str, Any]]:
        ledger = await self.call("GET", "/sim/ledger?channel=telegram")
        return [message for message in ledger["telegram"] if message["chat_id"] == chat_id]

    async def to_number(self, number: str) -> list[str]:
        ledger = await self.call("GET", "/sim/ledger?channel=sms")
        return [message["body"] for message in ledger["sms"] if message["to"] == number]

    async def knows(self, *people: dict[str, str]) -> None:
        """The office's list: each person as a row of cells."""
        now = self.clock()
        async with self.app.store.write() as connection:
            for number, cells in enumerate(people, start=2):
                row = importing.parse(number, cells)
                await importing.take(
                    connection, row, importing.Report(), language="zh-Hans", source="list.csv", now=now
                )

    async def launch(self, name: str) -> int:
        async with self.app.store.write() as connection:
            launched = await self.app.content.campaigns.launch(connection, name, by="tests", now=self.clock())
        return int(launched["id"])

    async def read(self, statement: Any) -> list[Any]:
        async with self.app.store.read() as connection:
            return list((await connection.execute(statement)).all())

    async def quiet(self, heard: int | None = None) -> None:
        """Until `heard` messages came in, nothing waits in the outbox, and every SMS has its receipt."""

        async def settled() -> bool:
            waiting = outbox.c.state.in_(("queued", "sending")) | (
                (outbox.c.state == "sent") & (outbox.c.channel == "sms")
            )
            async with self.app.store.read() as connection:
                # In this order: what came in after the first look must not be missed by the second.
                came = (await connection.execute(select(func.count()).select_from(inbound))).scalar_one()
                left = (
                    await connection.execute(select(func.count()).select_from(outbox).where(waiting))
                ).scalar_one()
            return left == 0 and (heard is None or came >= heard)

        await until(settled)

    async def plan(self) -> None:
        while (await self.app.planner.plan(self.clock())).total:
            pass


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits for a condition, and fails the test where it does not come true soon."""
    async with asyncio.timeout(SOON):
        while not await holds():  # noqa: ASYNC110 what is waited for is outside this process
            await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(database_url: str, root: Path, simulator: str, **more: Any) -> Settings:
    port = free_port()
    values: dict[str, Any] = {
        "database_url": database_url,
        "port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "templates_dir": root / "templates",
        "campaigns_dir": root / "campaigns",
        "telegram_token": TOKEN,
        "telegram_api_base": simulator,
        "telegram_rate": 1000,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": AUTH,
        "twilio_from": NUMBER,
        "twilio_api_base": simulator,
        "twilio_rate": 1000,
        "quiet_hours": "",
    }
    return Settings(_env_file=None, **(values | more))


@contextlib.asynccontextmanager
async def opened_world(database_url: str, root: Path, **more: Any) -> AsyncIterator[World]:
    simulator, clock = Simulator(), Clock()
    await simulator.start()
    app = App(settings_for(database_url, root, simulator.url, **more), clock)
    ready, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(app.run(ready=ready, stop=stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        async with aiohttp.ClientSession() as session:
            opened = World(app, clock, simulator.url, session)
            settings = app.settings
            line = {
                "inbound_url": f"{settings.public_url}/webhooks/twilio/inbound",
                "account_sid": ACCOUNT,
                "auth_token": AUTH,
                "number": NUMBER,
            }
            await opened.call("PUT", "/sim/sms", line)
            yield opened
    finally:
        stop.set()
        await running
        await simulator.stop()
