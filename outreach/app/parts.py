"""Builds all of it from Settings; starts and stops it in order."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog

from outreach.app.content import Content, rates
from outreach.channels import Sms, Telegram, Wire
from outreach.conversation import Conversation
from outreach.model import SMS, TELEGRAM, BadInput, Channel, ChannelName
from outreach.outbox import Lane, Rules
from outreach.residents import Keep
from outreach.settings import Settings
from outreach.store import Store, upgrade
from outreach.worker import Crew, Nightly, Planner, keep_planning

Clock = Callable[[], datetime]
log = structlog.get_logger()


def wall_clock() -> datetime:
    return datetime.now(UTC)


class App:
    """The whole service, not yet started. `run` is `outreach serve`; the other doors use the parts."""

    def __init__(self, settings: Settings, clock: Clock = wall_clock) -> None:
        self.settings, self.clock = settings, clock
        self.content = Content.load(settings)
        self.store = Store(settings.database_url, settings.key_file)
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
            self.store,
            self.content.campaigns,
            self.content.reminders,
            self.content.surveys,
            Nightly(self.store, kept_for(settings), settings.zone),
        )
        self.crew = self._crew()
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
                lanes.append(Lane(f"{SMS}:{service}", SMS, service, rates(settings)[SMS]))
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
            bot = await self.telegram.check()
            self.conversation.called(bot)
            log.info("channel_on", channel="telegram", bot=bot)
        if self.sms:
            await self.sms.check()
            if not self.settings.public_url:
                fix = "set OUTREACH_PUBLIC_URL"
                log.warning("no_public_url", why="Twilio cannot hand us replies and receipts", fix=fix)
            log.info("channel_on", channel="sms", senders=len(self.settings.senders) or "messaging service")

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
        # A worker has no web server: its libraries are a tenth of its memory.
        from outreach.app.serving import serve

        await serve(self, ready=ready, stop=stop)

    async def work(self, *, drain: bool) -> None:
        """`outreach worker`: plans and sends until a signal comes, or with `drain` until nothing is due."""
        await self.crew.join()
        if drain:
            await until_stopped([self._drain()])
        else:
            await until_stopped([self.crew.run(), keep_planning(self.planner, self.clock, self.crew)])

    async def _drain(self) -> None:
        try:
            await self.planner.plan(self.clock())
            while True:
                await self.crew.drain()
                if not (await self.planner.plan(self.clock())).total:
                    return
        finally:
            await self.crew.leave()


async def until_stopped(
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


def kept_for(settings: Settings) -> Keep:
    """How long each kind of data is kept."""
    return Keep(
        messages=settings.retain_messages_days,
        inbound=settings.retain_inbound_days,
        cases=settings.retain_cases_days,
        checkups=settings.retain_checkups_days,
        strangers=settings.retain_strangers_days,
        consent=settings.retain_consent_days,
    )


def console_key(settings: Settings) -> str:
    """What the console's sign-in link carries: the same after a restart where SECRET_KEY is set."""
    secret = settings.secret_key.get_secret_value()
    if not secret:
        return secrets.token_urlsafe(24)
    return hmac.new(secret.encode(), b"console", hashlib.sha256).hexdigest()[:32]
