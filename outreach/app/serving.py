"""`outreach serve`: the doors that listen, beside the scheduler and the senders."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from outreach import console
from outreach.app.parts import App, until_stopped
from outreach.hooks import Hooks
from outreach.model import BadInput
from outreach.store import sole_sender
from outreach.worker import keep_planning

STOP_SECONDS = 5
log = structlog.get_logger()


async def serve(app: App, *, ready: asyncio.Event | None = None, stop: asyncio.Event | None = None) -> None:
    """The whole service, until `stop` is set or a signal comes; BadInput where it cannot start."""
    settings = app.settings
    app.content.must_be_sound()
    if app.content.templates.is_sample:
        log.warning("sample_county", fix="put your county's own facts into templates/region.toml")
    with listening(settings.host, settings.port) as listener, sole_sender(app.store):
        async with app.opened():
            await app.check_channels()
            await app.crew.join()
            hooks = _hooks(app)
            # Beside the senders, which need not wait for it.
            warming = asyncio.create_task(app.conversation.ready())
            server = _Server(
                uvicorn.Config(
                    web(app, hooks), log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS
                )
            )
            # The port answers before the provider is told to call it.
            serving = _until_ended(server, asyncio.create_task(server.serve(sockets=[listener])))
            try:
                await until_stopped([serving, _hearing(app, hooks), *_loops(app)], ready, stop)
            finally:
                warming.cancel()
                await hooks.close()


def _hooks(app: App) -> Hooks:
    return Hooks(
        app.store,
        app.conversation,
        app.clock,
        telegram=app.telegram,
        sms=app.sms,
        public_url=app.settings.public_url,
    )


def web(app: App, hooks: Hooks) -> FastAPI:
    """Webhooks, console and the machines' questions, as one web application."""
    site = FastAPI(title="outreach", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    site.include_router(hooks.router())
    pages = console.router(
        app.store, app.content.campaigns, app.content.surveys, app.clock, app.key, app.settings.zone
    )
    site.include_router(pages)
    return site


async def _hearing(app: App, hooks: Hooks) -> None:
    """Tells Telegram how we listen, and then does so until cancelled."""
    if app.telegram is None:
        await asyncio.get_running_loop().create_future()
    elif app.settings.telegram_by_webhook:
        await app.telegram.listen_by_webhook(f"{app.settings.public_url}/webhooks/telegram")
        await asyncio.get_running_loop().create_future()
    else:
        await app.telegram.listen_by_polling()
        await hooks.poll(app.telegram)


def _loops(app: App) -> list[Coroutine[Any, Any, None]]:
    loops = [app.crew.run(), keep_planning(app.planner, app.clock, app.crew)]
    if token := app.settings.telegram_staff_token.get_secret_value():
        # aiogram takes seconds to import: only where the staff bot runs.
        from outreach import staffbot

        loops.append(staffbot.run(token, app.settings.telegram_api_base, app.store, app.clock))
    return loops


@contextlib.contextmanager
def listening(host: str, port: int) -> Any:
    """A bound socket, or BadInput where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise BadInput(
            f"port {port} on {host} cannot be used: {error.strerror}",
            where="OUTREACH_HOST, OUTREACH_PORT",
            fix="stop what listens there, or choose another port with --port",
        ) from None
    with listener:
        yield listener


class _Server(uvicorn.Server):
    """Leaves signals to us: senders must be drained before the process may go."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


async def _until_ended(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    """Waits for the web server; told to end, lets it finish the requests it has."""
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
