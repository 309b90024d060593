"""SMS, through Twilio's client: signed webhooks in, Messages.create out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from aiohttp import encode_basic_auth
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from outreach.channels.masking import masked
from outreach.channels.wire import Answer, NotWritten, Unanswered, Wire
from outreach.model import (
    SMS,
    Address,
    BadInput,
    ChannelName,
    Forged,
    Found,
    Inbound,
    InDoubt,
    Outbound,
    Receipt,
    Refused,
    Request,
    SendError,
    Sent,
    State,
    TryLater,
    Unreachable,
)

TWILIO = "https://api.twilio.com"
STATUS_PATH = "/webhooks/twilio/status"
INBOUND_PATH = "/webhooks/twilio/inbound"
MAX_FIELDS = 100
NAME = r"[A-Za-z0-9]{1,64}"
TOO_MANY, SERVER_ERROR, UNAUTHORIZED, FORBIDDEN = 429, 500, 401, 403
LANE_SECONDS = 60.0
PAGE, LOOK_THROUGH = 50, 200

# Twilio's error dictionary, in words for staff.
STOPPED = {21610}
NO_NUMBER = {21211, 21614, 21217, 21612}
SLOW_DOWN = {20429, 14107, 30001}
REASONS = {
    "30003": "the phone is off or out of reach",
    "30004": "the person or the carrier blocks us",
    "30005": "there is no such number",
    "30006": "a landline, or a carrier that takes no SMS",
    "30007": "filtered by the carrier",
    "30008": "the carrier gave no reason",
}
CLOSING = {"30005", "30006"}

_STATES = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}


class Sms:
    """`senders`: our numbers (E.164); `service`: a messaging service that picks one instead of us."""

    name: ChannelName = SMS

    def __init__(
        self,
        account: str,
        auth_token: str,
        api_base: str,
        wire: Wire,
        *,
        senders: Sequence[str] = (),
        service: str = "",
        public_url: str = "",
    ) -> None:
        self._senders, self._service, self._public_url, self._base = senders, service, public_url, api_base
        self._validator = RequestValidator(auth_token)
        self._create = f"{TWILIO}/2010-04-01/Accounts/{account}/Messages.json"
        self._client = Client(account, auth_token, http_client=_Carrier(wire, api_base, account, auth_token))

    async def check(self) -> None:
        """Asks for one message of the account; BadInput names the setting that is wrong."""
        try:
            await self._client.messages.list_async(limit=1, page_size=1)
        except TwilioRestException as error:
            if error.status in (UNAUTHORIZED, FORBIDDEN):
                where = "OUTREACH_TWILIO_ACCOUNT_SID, OUTREACH_TWILIO_AUTH_TOKEN"
                raise BadInput(
                    "Twilio refuses this account", where=where, fix="copy both from Twilio"
                ) from None
            raise self._unreachable(f"it answered {error.status}") from None
        except (NotWritten, Unanswered, TwilioException, ValueError) as error:
            raise self._unreachable(str(error)) from None

    def _unreachable(self, problem: str) -> BadInput:
        return BadInput(
            f"no Twilio API answers at {self._base}: {problem}",
            where="OUTREACH_TWILIO_API_BASE",
            fix="correct the address, or see whether this machine can reach it",
        )

    def read(self, request: Request) -> list[Inbound | Receipt]:
        form = self._authentic(request)
        if urlsplit(request.url).path.endswith(STATUS_PATH):
            news = _receipt(form, request.url)
            return [news] if news else []
        inbound = _inbound(form)
        return [inbound] if inbound else []

    def _authentic(self, request: Request) -> dict[str, str]:
        try:
            pairs = parse_qsl(
                request.body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
            )
        except ValueError:
            raise Forged("the body is no form of Twilio's") from None
        form = dict(pairs)
        if not self._validator.validate(request.url, form, request.headers.get("x-twilio-signature", "")):
            raise Forged("the signature is not Twilio's for this URL")
        return form

    async def send(self, message: Outbound) -> Sent:
        form = {"To": message.address.value, "Body": message.text, **self._sender(message)}
        if self._public_url:
            form["StatusCallback"] = f"{self._public_url}{STATUS_PATH}?id={message.id}"
        try:
            # Asked for raw: building the whole answer's object takes a sixth of the call's time.
            answer = await self._client.request_async("POST", self._create, data=form)
            return Sent(_sid(answer))
        except TwilioRestException as error:
            raise _decided(error) from error
        except NotWritten as error:
            raise TryLater(str(error), unreached=True) from error
        except (Unanswered, TwilioException, ValueError, TypeError, AttributeError) as error:
            raise InDoubt(f"no clear answer from Twilio: {error}") from error

    def _sender(self, message: Outbound) -> dict[str, str]:
        own = message.sender or self._service or next(iter(self._senders), "")
        if own in self._senders or not self._service:
            return {"From": own}
        return {"MessagingServiceSid": self._service}

    async def find(self, message: Outbound) -> list[Found]:
        """What Twilio has of this very message, oldest first: same number, words and sender.

        Asked for by To alone: a message that still waits at Twilio has no DateSent. Raises TryLater.
        """
        try:
            listed = await self._client.messages.list_async(
                to=message.address.value, page_size=PAGE, limit=LOOK_THROUGH
            )
        except (NotWritten, Unanswered, TwilioException, ValueError, TypeError, AttributeError) as error:
            raise TryLater(f"Twilio's list cannot be read: {error}") from error
        return [_found(item) for item in reversed(listed) if _is_it(item, message)]


def _is_it(item: Any, message: Outbound) -> bool:
    # A trial account puts a sentence of its own in front.
    same_words = str(item.body or "").strip().endswith(message.text.strip())
    ours = item.to == message.address.value and str(item.direction or "").startswith("outbound")
    senders = (item.from_, item.messaging_service_sid)
    return ours and same_words and message.sender in (None, *senders)


def _found(item: Any) -> Found:
    state = _STATES.get(str(item.status), State.SENT)
    code = str(item.error_code) if item.error_code else None
    made = item.date_created or item.date_sent
    return Found(
        str(item.sid), state, made, code, REASONS.get(code or "", "") if state == State.FAILED else ""
    )


def _sid(answer: Response) -> str:
    """The message's name, out of a good answer; TwilioRestException for a refusal."""
    if not answer.ok:
        raise _refusal(answer.status_code, answer.text)
    said = json.loads(answer.text)
    if not said.get("sid"):
        raise ValueError("it names no message")
    return str(said["sid"])


def _inbound(form: dict[str, str]) -> Inbound | None:
    """None for what no resident sent: a carrier's short code, a name instead of a number, ourselves."""
    name, sender = form.get("MessageSid", ""), form.get("From", "")
    if not re.fullmatch(NAME, name) or not sender:
        raise BadInput("MessageSid and From are needed", where="Twilio inbound webhook")
    if not re.fullmatch(r"\+[1-9]\d{6,14}", sender) or sender == form.get("To"):
        return None
    text = form.get("Body", "")
    return Inbound(
        name,
        Address(SMS, sender),
        text,
        "text" if text.strip() else "unreadable",
        recipient=form.get("To"),
        answered_by_provider=bool(form.get("OptOutType")),
    )


def _receipt(form: dict[str, str], url: str) -> Receipt | None:
    state = _STATES.get(form.get("MessageStatus", "") or form.get("SmsStatus", ""))
    sid = form.get("MessageSid", "")
    if state is None or not re.fullmatch(NAME, sid):
        return None
    number = parse_qs(urlsplit(url).query).get("id", [""])[0]
    code = form["ErrorCode"] if re.fullmatch(r"\d{1,6}", form.get("ErrorCode", "")) else None
    return Receipt(
        SMS,
        state,
        outbox_id=int(number) if re.fullmatch(r"\d{1,18}", number) else None,
        provider_id=sid,
        error_code=code,
        reason=REASONS.get(code or "", f"not delivered (Twilio {code})" if code else "not delivered"),
        closes_address=code in CLOSING,
    )


def _decided(error: TwilioRestException) -> SendError:
    """What Twilio's refusal means for the message, decided here and nowhere else."""
    code, reason = str(error.code or error.status), error.msg or "refused by Twilio"
    if error.code in STOPPED:
        return Unreachable("the person stopped our SMS at the carrier", code, stopped=True)
    if error.code in NO_NUMBER:
        return Unreachable("this number cannot receive SMS", code)
    if error.status == TOO_MANY or error.code in SLOW_DOWN:
        after = error.retry_after if isinstance(error, _SlowDown) else None
        return TryLater("Twilio asks us to slow down", code, after=after, lane=True)
    if error.status in (UNAUTHORIZED, FORBIDDEN):
        return TryLater("Twilio refuses the account", code, after=LANE_SECONDS, lane=True)
    if error.status >= SERVER_ERROR:
        return TryLater(f"Twilio has trouble ({error.status})", code)
    return Refused(masked(reason), code)


class _Carrier(AsyncHttpClient):
    """Twilio's port for an HTTP stack, over ours. Its own leaves calls without a time limit."""

    def __init__(self, wire: Wire, api_base: str, account: str, auth_token: str) -> None:
        super().__init__(None, True, None)
        self._wire, self._base = wire, api_base
        self._authorization = encode_basic_auth(account, auth_token)

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        answer = await self._wire.request(
            method,
            self._base + url.removeprefix(TWILIO),
            params=_texts(params),
            data=_texts(data),
            headers={**(headers or {}), "Authorization": self._authorization},
        )
        if answer.status == TOO_MANY:
            raise _SlowDown(answer)
        return Response(answer.status, answer.body.decode("utf-8", "replace"))


def _refusal(status: int, body: str | bytes) -> TwilioRestException:
    """Twilio's own words, or none where a gateway on the way answered in its place."""
    try:
        said = json.loads(body)
        message, code = said.get("message"), said.get("code")
    except (ValueError, AttributeError):
        message, code = None, None
    return TwilioRestException(status, "Messages", message or f"refused by Twilio ({status})", code)


class _SlowDown(TwilioRestException):
    """429, with what the library drops: how long to wait."""

    def __init__(self, answer: Answer) -> None:
        said = _refusal(answer.status, answer.body)
        super().__init__(said.status, said.uri, said.msg, said.code)
        self.retry_after = answer.retry_after


def _texts(values: dict[str, Any] | None) -> dict[str, str] | None:
    return {key: str(value) for key, value in values.items()} if values else None
