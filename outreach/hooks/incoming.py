"""What Telegram and Twilio tell us, posted or polled: each piece of news is one call into the core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from outreach.channels import Sms, Telegram
from outreach.conversation import Conversation
from outreach.hooks.receipts import Receipts
from outreach.model import BadInput, Channel, Forged, Inbound, Receipt, Request, TryLater
from outreach.store import Store, is_away

LARGEST_BODY = 64 * 1024
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
TRIES = 3
LONGEST_PAUSE = 5.0
log = structlog.get_logger()


class Hooks:
    """The way in for both channels, whichever way they reach us."""

    def __init__(
        self,
        store: Store,
        conversation: Conversation,
        clock: Callable[[], datetime],
        *,
        telegram: Telegram | None,
        sms: Sms | None,
        public_url: str,
    ) -> None:
        self._store, self._conversation, self._clock = store, conversation, clock
        self._telegram, self._sms, self._public_url = telegram, sms, public_url
        self._receipts = Receipts(store, clock)

    def router(self) -> APIRouter:
        """The webhooks, at their own paths and below PUBLIC_URL's path (for a proxy that keeps it)."""
        router = APIRouter()
        prefix = urlsplit(self._public_url).path.rstrip("/")
        for before in {"", prefix}:
            for path, hook in (
                ("/webhooks/twilio/inbound", self.twilio),
                ("/webhooks/twilio/status", self.twilio),
                ("/webhooks/telegram", self.telegram),
            ):
                router.add_api_route(before + path, hook, methods=["POST"], include_in_schema=False)
        return router

    async def twilio(self, http: HttpRequest) -> Response:
        status = await self._take(self._sms, http)
        return Response(EMPTY_TWIML, status, media_type="text/xml")

    async def telegram(self, http: HttpRequest) -> Response:
        return Response(status_code=await self._take(self._telegram, http))

    async def _take(self, channel: Channel | None, http: HttpRequest) -> int:
        if channel is None:
            return 404
        body = await _body(http)
        if body is None:
            return 413
        headers = {name.lower(): value for name, value in http.headers.items()}
        try:
            news = channel.read(Request(self._signed_url(http), headers, body))
            for item in news:
                await self.receive(item)
        except Forged as problem:
            log.warning("forged_webhook", channel=channel.name, problem=str(problem))
            return 403
        except BadInput as problem:
            log.warning("unreadable_webhook", channel=channel.name, problem=problem.problem)
            return 400
        return 200

    def _signed_url(self, http: HttpRequest) -> str:
        """The URL the provider called and signed: a proxy may have shown us another one."""
        path = http.url.path[http.url.path.index("/webhooks/") :]
        query = f"?{http.url.query}" if http.url.query else ""
        public = self._public_url or f"{http.url.scheme}://{http.url.netloc}"
        return public + path + query

    async def receive(self, item: Inbound | Receipt) -> None:
        """One piece of news into the core; what it queued is sent by whoever sends."""
        if isinstance(item, Receipt):
            await self._receipts.take(item)
            return
        outcome = await self._conversation.receive(item, self._clock())
        log.info("received", channel=item.sender.channel, kind=item.kind, outcome=outcome)
        if item.tap_id and self._telegram:
            await self._telegram.acknowledge_tap(item.tap_id)

    async def close(self) -> None:
        """Writes the receipts that were answered and are not in the database yet."""
        await self._receipts.close()

    async def poll(self, telegram: Telegram) -> None:
        """Fetches updates until cancelled. An update is acknowledged only after its effect is committed."""
        offset, failures = 0, 0
        while True:
            try:
                news = await telegram.updates(offset)
                failures = 0
            except TryLater as trouble:
                failures += 1
                log.warning("telegram_polling", problem=trouble.reason)
                await asyncio.sleep(trouble.after or min(0.25 * 2.0**failures, LONGEST_PAUSE))
                continue
            for update_id, inbound in news:
                if inbound:
                    await self._insist(inbound)
                offset = update_id + 1

    async def _insist(self, inbound: Inbound) -> None:
        """Keeps at it while the database is away; a message that breaks us is passed over in the end."""
        attempt = 0
        while attempt < TRIES:
            try:
                await self.receive(inbound)
            except Exception as error:
                if is_away(error):
                    log.error("database_away", problem=str(error).splitlines()[0])
                else:
                    attempt += 1
                    log.exception("message_not_handled", provider_id=inbound.provider_id, attempt=attempt)
            else:
                return
            await asyncio.sleep(1)


async def _body(http: HttpRequest) -> bytes | None:
    """What was posted, or None as soon as it is larger than any provider's message."""
    body = b""
    async for piece in http.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            return None
    return body
