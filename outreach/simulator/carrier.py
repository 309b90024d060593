"""Carries SMS: moves accepted messages on with signed status callbacks, and hands residents' texts over."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree

from outreach.simulator.courier import FORM, Reply
from outreach.simulator.ledger import Entry
from outreach.simulator.segments import segment_count
from outreach.simulator.signature import sign
from outreach.simulator.texts import API_VERSION, Sms, Texts, new_sid
from outreach.simulator.world import World

DEFAULT_NUMBER = "+15005550006"
DEFAULT_ACCOUNT = "AC" + "0" * 32
E164 = re.compile(r"\+[1-9]\d{6,14}")

Step = tuple[str, int | None]


@dataclass(slots=True)
class Line:
    """The office's side, as set up in Twilio's console: where inbound texts go, and as whom."""

    inbound_url: str | None = None
    account_sid: str | None = None
    auth_token: str | None = None
    number: str | None = None
    messaging_service_sid: str | None = None


class Carrier:
    def __init__(self, world: World) -> None:
        self._world = world
        self.line = Line()
        self.tokens: dict[str, str] = {}
        self.texts = Texts()

    def forget(self, *, everything: bool) -> None:
        self.texts = Texts()
        if everything:
            self.configure(Line())
            self.tokens = {}

    def configure(self, line: Line) -> None:
        self.line = line
        if line.account_sid and line.auth_token:
            self.tokens[line.account_sid] = line.auth_token

    # -- outbound

    def accept(self, sms: Sms, undelivered: int | None) -> Sms:
        """Take a message into the ledger and start its way to the phone."""
        self.texts.add(sms)
        entry: Entry = {
            "sid": sms.sid,
            "to": sms.to,
            "from": sms.sender or self.sender_for(sms),
            "body": sms.body,
            "status": sms.status,
            "error_code": None,
        }
        sms.entry = self._world.ledger.sms_accepted(entry)
        last = ("undelivered", undelivered) if undelivered else ("delivered", None)
        steps: list[Step] = [("queued", None), ("sent", None), last]
        if sms.status_callback:
            self._world.spawn(self._carry(sms, sms.status_callback, steps))
        else:
            self._carry_quietly(sms, self.texts, steps[1:])
        return sms

    def sender_for(self, sms: Sms) -> str:
        return sms.sender or self.line.number or DEFAULT_NUMBER

    async def _carry(self, sms: Sms, callback: str, steps: list[Step]) -> None:
        texts = self.texts
        for status, error_code in steps:
            await asyncio.sleep(self._world.settings.callback_delay)
            if texts is not self.texts:
                return
            self._move(sms, status, error_code)
            await self._call_back(sms, callback)

    def _carry_quietly(self, sms: Sms, texts: Texts, steps: list[Step]) -> None:
        """Without a callback timers will do, which take a fraction of a task's time."""
        loop = asyncio.get_running_loop()
        for count, (status, error_code) in enumerate(steps, start=2):
            delay = count * self._world.settings.callback_delay
            loop.call_later(delay, self._move_unless_forgotten, sms, texts, status, error_code)

    def _move_unless_forgotten(self, sms: Sms, texts: Texts, status: str, error_code: int | None) -> None:
        if texts is self.texts:
            self._move(sms, status, error_code)

    def _move(self, sms: Sms, status: str, error_code: int | None) -> None:
        sms.status, sms.error_code, sms.updated = status, error_code, datetime.now(UTC)
        if status == "sent":
            sms.sent = sms.updated
            # A messaging service picks the sender only when it sends.
            sms.sender = self.sender_for(sms)
        if sms.entry is not None:
            self._world.ledger.sms_moved(sms.entry, status, error_code)

    async def _call_back(self, sms: Sms, url: str) -> None:
        form = {
            "MessageSid": sms.sid,
            "SmsSid": sms.sid,
            "MessageStatus": sms.status,
            "SmsStatus": sms.status,
            "To": sms.to,
            "From": self.sender_for(sms),
            "AccountSid": sms.account_sid,
            "ApiVersion": API_VERSION,
        }
        if sms.error_code is not None:
            form["ErrorCode"] = str(sms.error_code)
        if sms.service_sid is not None:
            form["MessagingServiceSid"] = sms.service_sid
        reply = await self._post(sms.account_sid, url, form)
        self._world.ledger.callbacks[f"sms {reply.status}"] += 1

    async def _post(self, account_sid: str, url: str, form: Mapping[str, str]) -> Reply:
        signature = sign(self.tokens.get(account_sid, ""), url, form)
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": new_sid()}
        return await self._world.courier.post(url, urlencode(form).encode(), FORM, headers)

    # -- inbound

    def inbound(self, sender: str, body: str, to: str | None, sid: str | None) -> Sms:
        """A resident's new text; hand it over with `deliver`."""
        sms = Sms(
            account_sid=self.line.account_sid or DEFAULT_ACCOUNT,
            to=to or self.line.number or DEFAULT_NUMBER,
            sender=sender,
            body=body,
            direction="inbound",
            status="received",
            service_sid=self.line.messaging_service_sid,
            sid=sid or new_sid(),
        )
        sms.sent = sms.created
        return self.texts.add(sms)

    def last_from(self, number: str) -> Sms | None:
        """The last text a resident sent, for sending the same one again."""
        sent = (sms for sms in reversed(self.texts.thread(number)) if sms.direction == "inbound")
        return next(sent, None)

    async def deliver(self, sms: Sms) -> Reply:
        """POST an inbound text to the office's webhook, and send what TwiML it answers."""
        if self.line.inbound_url is None:
            return Reply(0)
        form = _inbound_form(sms)
        entry: Entry = {"channel": "sms", "kind": "text", "sid": sms.sid, "from": sms.sender, "to": sms.to}
        self._world.ledger.handed_over(entry | {"text": sms.text})
        reply = await self._post(sms.account_sid, self.line.inbound_url, form)
        self._world.ledger.callbacks[f"inbound {reply.status}"] += 1
        if reply.ok:
            for text in twiml_messages(reply.body):
                self._answer(sms, text)
        return reply

    def _answer(self, inbound: Sms, text: str) -> None:
        answer = Sms(
            account_sid=inbound.account_sid,
            to=inbound.sender or "",
            sender=inbound.to,
            body=text,
            direction="outbound-reply",
            status="queued",
            service_sid=inbound.service_sid,
        )
        self.accept(answer, None)


def _inbound_form(sms: Sms) -> dict[str, str]:
    form = dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sms.sid) | {
        "AccountSid": sms.account_sid,
        "ApiVersion": API_VERSION,
        "From": sms.sender or "",
        "To": sms.to,
        "Body": sms.text,
        "SmsStatus": "received",
        "NumMedia": "0",
        "NumSegments": str(segment_count(sms.text)),
    }
    for party in ("From", "To"):
        form |= {f"{party}Country": "US", f"{party}State": "", f"{party}City": "", f"{party}Zip": ""}
    if sms.service_sid is not None:
        form["MessagingServiceSid"] = sms.service_sid
    return form


def twiml_messages(body: str) -> list[str]:
    """The texts of the <Message> verbs in a TwiML answer."""
    if "<Message" not in body or "<!DOCTYPE" in body:
        return []
    try:
        # What the office's own webhook answers; without a document type there are no entities to expand.
        root = ElementTree.fromstring(body.encode())  # noqa: S314
    except ElementTree.ParseError:
        return []
    texts = (message.findtext("Body") or message.text or "" for message in root.iter("Message"))
    return [text.strip() for text in texts if text.strip()]
