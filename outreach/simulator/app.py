"""The simulator as one web application on one port."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from outreach.simulator.bots import Bots
from outreach.simulator.carrier import Carrier
from outreach.simulator.control import Control
from outreach.simulator.phone import Phone
from outreach.simulator.telegram import TelegramApi
from outreach.simulator.twilio import TwilioApi
from outreach.simulator.world import World

# What Telegram accepts as a document.
LARGEST_REQUEST = 50 * 1024 * 1024
ACCOUNT = "/2010-04-01/Accounts/{account}"


def build(world: World, bots: Bots, carrier: Carrier) -> web.Application:
    app = web.Application(client_max_size=LARGEST_REQUEST)
    telegram, twilio = TelegramApi(world, bots), TwilioApi(world, carrier)
    app.router.add_routes(
        [
            web.route("*", "/bot{token}/{method}", telegram.handle),
            web.get(f"{ACCOUNT}/Messages.json", twilio.messages),
            web.post(f"{ACCOUNT}/Messages.json", twilio.messages),
            web.get(f"{ACCOUNT}/Messages/{{sid}}.json", twilio.message),
            web.post(f"{ACCOUNT}/Messages/{{sid}}.json", twilio.message),
            web.delete(f"{ACCOUNT}/Messages/{{sid}}.json", twilio.message),
            *Control(world, bots, carrier).routes(),
            *Phone(world, bots, carrier).routes(),
        ]
    )
    return app


class Simulator:
    """Telegram, Twilio and the residents' phones, on loopback.

    Under `url`: Telegram's Bot API at /bot<TOKEN>/<method>, Twilio's REST API at /2010-04-01/..., the control
    API at /sim/..., the phones at /phone.
    """

    def __init__(self) -> None:
        self._world = World()
        self._bots = Bots(self._world)
        self._carrier = Carrier(self._world)
        self._runner: web.AppRunner | None = None
        self._url = ""

    @property
    def url(self) -> str:
        if not self._url:
            raise RuntimeError("the simulator is not running")
        return self._url

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; raises OSError if the port is in use."""
        app = build(self._world, self._bots, self._carrier)
        app.on_shutdown.append(self._release)
        # A poll whose client has gone must not take updates.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=2.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._url = _url_of(runner.addresses[0])

    async def stop(self) -> None:
        runner, self._runner, self._url = self._runner, None, ""
        if runner is not None:
            await runner.cleanup()
            await self._world.close()

    async def _release(self, app: web.Application) -> None:
        self._bots.release_polls()


def _url_of(address: Any) -> str:
    host, port = address[0], address[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(host: str, port: int) -> None:
    """Run until cancelled."""
    simulator = Simulator()
    await simulator.start(host, port)
    try:
        await asyncio.Event().wait()
    finally:
        await simulator.stop()
