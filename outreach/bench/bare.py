"""The baselines without a database: our own client in a plain loop, and a plain HTTP client in one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import aiohttp

from outreach.app import App
from outreach.bench.filling import TEXT, address
from outreach.bench.ground import ACCOUNT, AUTH, NUMBERS, TOKEN
from outreach.model import SMS, TELEGRAM, BadInput, Channel, ChannelName, Outbound
from outreach.settings import Settings

IN_FLIGHT = 64
FORM = "application/x-www-form-urlencoded"
REFUSED = 400


async def client_loop(settings: Settings, channel: ChannelName, count: int) -> float:
    """Messages a second with the client that the engine uses, over the same HTTP stack; nothing is kept."""
    app = App(settings)
    carrier, sender = _carrier(app, channel), NUMBERS[0] if channel == SMS else None

    async def send(number: int) -> None:
        await carrier.send(Outbound(number, address(channel, number), TEXT, (), sender))

    try:
        await app.check_channels()
        return await _paced_by_itself(send, count)
    finally:
        await app.wire.close()
        await app.store.close()


def _carrier(app: App, channel: ChannelName) -> Channel:
    """The client that the engine sends through."""
    found = app.telegram if channel == TELEGRAM else app.sms
    if found is None:
        raise RuntimeError(f"{channel} is off")
    return found


async def http_loop(url: str, channel: ChannelName, count: int) -> float:
    """Messages a second with aiohttp alone: one session, a form, the answer read and not looked into."""
    target, headers = endpoint(url, channel)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def send(number: int) -> None:
            body = urlencode(form(channel, number))
            async with session.post(target, data=body.encode()) as answer:
                await answer.read()
                if answer.status >= REFUSED:
                    raise BadInput(f"the simulator answered {answer.status}", where="bench")

        return await _paced_by_itself(send, count)


def endpoint(url: str, channel: ChannelName) -> tuple[str, dict[str, str]]:
    """Where a message is posted to, and with which headers."""
    headers = {"Content-Type": FORM}
    if channel == TELEGRAM:
        return f"{url}/bot{TOKEN}/sendMessage", headers
    headers["Authorization"] = aiohttp.encode_basic_auth(ACCOUNT, AUTH)
    return f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", headers


def form(channel: ChannelName, number: int) -> dict[str, str]:
    """The fields that the clients send for the person of this number."""
    to = address(channel, number).value
    if channel == TELEGRAM:
        return {"chat_id": to, "text": TEXT}
    return {"To": to, "From": NUMBERS[0], "Body": TEXT}


async def _paced_by_itself(send: Callable[[int], Awaitable[None]], count: int) -> float:
    """Coroutines that pull numbers from one iterator; the messages a second until the last is answered."""
    numbers = iter(range(1, count + 1))

    async def carry() -> None:
        for number in numbers:
            await send(number)

    started = time.perf_counter()
    await asyncio.gather(*(carry() for _ in range(IN_FLIGHT)))
    return count / (time.perf_counter() - started)
