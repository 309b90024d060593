"""Builds all of it from Settings; starts and stops it in order."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from outreach import console
from outreach.campaigns import Campaigns
from outreach.channels import Sms, Telegram, Wire
from outreach.conversation import Conversation
from outreach.hooks import Hooks
from outreach.knowledge import Knowledge
from outreach.model import SMS, TELEGRAM, BadInput, Channel, ChannelName, Problem
from outreach.outbox import Lane, Rules
from outreach.reminders import Reminders
from outreach.settings import Settings
from outreach.store import Store, sole_sender, upgrade
from outreach.surveys import Surveys
from outreach.templates import Templates
from outreach.worker import Crew, Planner, keep_planning

Clock = Callable[[], datetime]
STOP_SECONDS = 5
log = structlog.get_logger()


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Content:
    """Everything that is read from files: what is said, to whom, and when."""

    templates: Templates
    knowledge: Knowledge
    surveys: Surveys
    reminders: Reminders
    campaigns: Campaigns

    @classmethod
    def load(cls, settings: Settings) -> Content:
        """Raises BadInput for a file that cannot be used at all; `problems` holds the rest."""
        for name, folder in (
            ("OUTREACH_TEMPLATES_DIR", settings.templates_dir),
            ("OUTREACH_CAMPAIGNS_DIR", settings.campaigns_dir),
        ):
            if not folder.is_dir():
                fix = "run from the project's folder, or set it"
                raise BadInput(f"there is no folder {folder}", where=name, fix=fix)
        templates = Templates(settings.templates_dir)
        surveys = Surveys(settings.campaigns_dir / "surveys", templates)
        return cls(
            templates,
            Knowledge(settings.templates_dir / "knowledge", templates),
            surveys,
            Reminders(settings.campaigns_dir / "plans", templates, settings.zone),
            Campaigns(
                settings.campaigns_dir,
                templates,
                surveys.names(),
                _rates(settings),
                approval_above=settings.approval_above,
            ),
        )

    @property
    def problems(self) -> list[Problem]:
        return [*self.templates.problems, *self.knowledge.problems]

    def must_be_sound(self) -> Content:
        """Nothing is sent from texts with a mistake in them."""
        for problem in self.problems:
            raise problem.raised()
        return self


def _rates(settings: Settings) -> dict[ChannelName, float]:
    """Messages a second and channel."""
    return {TELEGRAM: settings.telegram_rate, SMS: settings.twilio_rate * max(1, len(settings.senders))}


class App:
    """The whole service, not yet started. `run` is `outreach serve`; the other doors use the parts."""

    def __init__(self, settings: Settings, clock: Clock = wall_clock) -> None:
        self.settings, self.clock = settings, clock
        self.content = Content.load(settings)
        self.store = Store(settings.database_url)
        self.wire = Wire()
        self.telegram = self._telegram()
        self.sms = self._sms()
        self.conversation = Conversation(
            self.store,
            self.content.templates,
            self.content.knowledge,
            zone=settings.zone,
            language=settings.language,
        )
        self.planner = Planner(
            self.store, self.content.campaigns, self.content.reminders, self.content.surveys
        )
        self.crew = self._crew()
        self.hooks = Hooks(
            self.store,
            self.conversation,
            clock,
            telegram=self.telegram,
            sms=self.sms,
            public_url=settings.public_url,
        )
        self.key = console_key(settings)

    def _telegram(self) -> Telegram | None:
        settings = self.settings
        token = settings.telegram_token.get_secret_value()
        if not token:
            return None
        secret = settings.telegram_webhook_secret.get_secret_value()
        return Telegram(token, settings.telegram_api_base, self.wire, webhook_secret=secret)

    def _sms(self) -> Sms | None:
        settings = self.settings
        if not settings.twilio_account_sid:
            return None
        return Sms(
            settings.twilio_account_sid,
            settings.twilio_auth_token.get_secret_value(),
            settings.twilio_api_base,
            self.wire,
            senders=settings.senders,
            service=settings.twilio_messaging_service_sid,
            public_url=settings.public_url,
        )

    def _crew(self) -> Crew:
        settings = self.settings
        channels: dict[ChannelName, Channel] = {}
        if self.telegram:
            channels[TELEGRAM] = self.telegram
        if self.sms:
            channels[SMS] = self.sms
        return Crew(
            self.store,
            channels,
            self._lanes(),
            Rules(settings.zone, settings.quiet, settings.daily_message_cap),
            self.clock,
            {SMS: self.sms} if self.sms else {},
        )

    def _lanes(self) -> list[Lane]:
        """One lane a sender of ours: the bot, each number, or the messaging service in the numbers' place."""
        settings, lanes = self.settings, list[Lane]()
        if self.telegram:
            name = f"{TELEGRAM}:{self.telegram.bot_id}"
            lanes.append(Lane(name, TELEGRAM, None, settings.telegram_rate))
        if self.sms:
            service = settings.twilio_messaging_service_sid
            if service:
                lanes.append(Lane(f"{SMS}:{service}", SMS, service, _rates(settings)[SMS]))
            # Beside a service a number sends only what answers a message to that number.
            lanes += [
                Lane(f"{SMS}:{number}", SMS, number, settings.twilio_rate, pool=not service)
                for number in dict.fromkeys(settings.senders)
            ]
        return lanes

    async def check_channels(self) -> None:
        """Signs in at every provider there is; BadInput names the setting where one refuses."""
        if not (self.telegram or self.sms):
            raise BadInput(
                "no channel is set up, so nothing can be sent or received",
                where="OUTREACH_TELEGRAM_TOKEN, OUTREACH_TWILIO_ACCOUNT_SID",
                fix="set one of them; `outreach demo` needs neither",
            )
        for name, channel in (("telegram", self.telegram), ("sms", self.sms)):
            if channel is None:
                log.warning("channel_off", channel=name, why="it has no credentials in the settings")
        if self.telegram:
            log.info("channel_on", channel="telegram", bot=await self.telegram.check())
        if self.sms:
            await self.sms.check()
            if not self.settings.public_url:
                fix = "set OUTREACH_PUBLIC_URL"
                log.warning("no_public_url", why="Twilio cannot hand us replies and receipts", fix=fix)
            log.info("channel_on", channel="sms", senders=len(self.settings.senders) or "messaging service")

    def web(self) -> FastAPI:
        web = FastAPI(title="outreach", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
        web.include_router(self.hooks.router())
        web.include_router(
            console.router(
                self.store,
                self.content.campaigns,
                self.content.surveys,
                self.clock,
                self.key,
                self.settings.zone,
            )
        )
        return web

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[App]:
        """The database at this version, and everything closed afterwards."""
        try:
            await upgrade(self.store)
            yield self
        finally:
            await self.wire.close()
            await self.store.close()

    async def run(self, *, ready: asyncio.Event | None = None, stop: asyncio.Event | None = None) -> None:
        """The whole service, until `stop` is set or a signal comes; BadInput where it cannot start."""
        self.content.must_be_sound()
        if self.content.templates.is_sample:
            log.warning("sample_county", fix="put your county's own facts into templates/region.toml")
        with listening(self.settings.host, self.settings.port) as listener, sole_sender(self.store):
            async with self.opened():
                await self.check_channels()
                await self.crew.join()
                server = _Server(
                    uvicorn.Config(
                        self.web(), log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS
                    )
                )
                # The port answers before the provider is told to call it.
                serving = _until_ended(server, asyncio.create_task(server.serve(sockets=[listener])))
                await _until_stopped([serving, self._listening(), *self._loops()], ready, stop)

    async def work(self, *, drain: bool) -> None:
        """`outreach worker`: plans and sends until a signal comes, or with `drain` until nothing is due."""
        await self.crew.join()
        if drain:
            await _until_stopped([self._drain()])
        else:
            await _until_stopped([self.crew.run(), keep_planning(self.planner, self.clock, self.crew.name)])

    async def _drain(self) -> None:
        try:
            await self.planner.plan(self.clock())
            while True:
                await self.crew.drain()
                if not (await self.planner.plan(self.clock())).total:
                    return
        finally:
            await self.crew.leave()

    async def _listening(self) -> None:
        """Tells Telegram how we listen, and then does so until cancelled."""
        if self.telegram is None:
            await asyncio.get_running_loop().create_future()
        elif self.settings.telegram_by_webhook:
            await self.telegram.listen_by_webhook(f"{self.settings.public_url}/webhooks/telegram")
            await asyncio.get_running_loop().create_future()
        else:
            await self.telegram.listen_by_polling()
            await self.hooks.poll(self.telegram)

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        loops = [self.crew.run(), keep_planning(self.planner, self.clock, self.crew.name)]
        if token := self.settings.telegram_staff_token.get_secret_value():
            # aiogram takes seconds to import: only where the staff bot runs.
            from outreach import staffbot

            loops.append(staffbot.run(token, self.settings.telegram_api_base, self.store, self.clock))
        return loops


def console_key(settings: Settings) -> str:
    """What the console's sign-in link carries: the same after a restart where SECRET_KEY is set."""
    secret = settings.secret_key.get_secret_value()
    if not secret:
        return secrets.token_urlsafe(24)
    return hmac.new(secret.encode(), b"console", hashlib.sha256).hexdigest()[:32]


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


async def _until_stopped(
    loops: list[Coroutine[Any, Any, None]],
    ready: asyncio.Event | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Runs the loops together until `stop`, a signal, or the end of one of them; then ends them all."""
    stop = stop or asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    tasks = [asyncio.create_task(work) for work in loops]
    stopping = asyncio.create_task(stop.wait())
    if ready:
        ready.set()
    await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, *tasks):
        task.cancel()
    for result in await asyncio.gather(stopping, *tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
