"""The residents' side of the demonstration: what they type and tap, and what their phones received."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from outreach.demo.county import Neighbour
from outreach.model import BadInput

PATIENCE = 60.0
GLANCE = 0.05


class Town:
    """Speaks to the simulator's control API over HTTP, like anything outside."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = url, session

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._session.request(method, self._url + path, json=body) as answer:
            result = await answer.json()
            if answer.status >= 400:
                raise RuntimeError(f"the simulator refused {path}: {result}")
            return result

    async def move_in(self, neighbours: list[Neighbour]) -> None:
        listed = [
            {"name": one.name, "number": one.phone, "chat_id": one.chat_id, "language": one.language[:2]}
            for one in neighbours
        ]
        await self.call("POST", "/sim/people", listed)

    async def say(self, neighbour: Neighbour, text: str, *, telegram: bool) -> None:
        if telegram:
            body = {"chat_id": neighbour.chat_id, "text": text, "language_code": neighbour.language[:2]}
            await self.call("POST", "/sim/telegram/say", body)
        else:
            await self.call("POST", "/sim/sms/say", {"from": neighbour.phone, "body": text})

    async def tap(self, neighbour: Neighbour, message_id: int, data: str) -> None:
        body = {"chat_id": neighbour.chat_id, "message_id": message_id, "data": data}
        await self.call("POST", "/sim/telegram/tap", body)

    async def ledger(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.call("GET", "/sim/ledger")
        return found

    async def inbound(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.call("GET", "/sim/inbound")
        return found


async def until(what: str, holds: Callable[[], Any]) -> None:
    """Waits for an async condition; says what it waited for when it never comes."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            raise BadInput(f"waited {PATIENCE:.0f} s in vain for {what}", where="demo", fix="run it again")
        await asyncio.sleep(GLANCE)
