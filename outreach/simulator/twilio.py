"""Twilio's REST API 2010-04-01 over HTTP: the Messages of an account.

Answers are Message resources, or RestError's shape with its HTTP status.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from outreach.simulator.carrier import E164, Carrier
from outreach.simulator.errors import RestError
from outreach.simulator.listing import list_messages
from outreach.simulator.magic import Cut, Script
from outreach.simulator.texts import FINAL, Sms
from outreach.simulator.wire import cut, form_fields, json_answer
from outreach.simulator.world import World

BODY_LIMIT = 1600
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,6}|[A-Za-z0-9 ]{1,11}")
_URL = re.compile(r"https?://[^\s/]+\S*")
# fmt: off
_KNOWN = frozenset({
    "To", "StatusCallback", "ApplicationSid", "MaxPrice", "ProvideFeedback", "Attempt",
    "ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention", "SmartEncoded",
    "PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms",
    "ContentVariables", "RiskCheck", "From", "FallbackFrom", "MessagingServiceSid", "Body", "MediaUrl",
    "ContentSid",
})
# fmt: on


class TwilioApi:
    def __init__(self, world: World, carrier: Carrier) -> None:
        self._world = world
        self._carrier = carrier

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """/2010-04-01/Accounts/{account}/Messages.json: POST creates, GET lists."""
        try:
            account = await self._begin(request, "create" if request.method == "POST" else "list")
            if request.method == "POST":
                return json_answer(await self._create(account, await _form(request)), 201)
            return json_answer(list_messages(self._carrier.texts, account, request.path, request.query), 200)
        except RestError as error:
            return json_answer(error.as_json(), error.status)
        except Cut:
            return cut(request)

    async def message(self, request: web.Request) -> web.StreamResponse:
        """/2010-04-01/Accounts/{account}/Messages/{sid}.json: GET fetches, POST redacts, DELETE deletes."""
        verb = {"GET": "fetch", "POST": "update", "DELETE": "delete"}[request.method]
        try:
            account = await self._begin(request, verb)
            sms = self._find(account, request.match_info["sid"], request.path)
            if verb == "delete":
                return self._delete(sms)
            if verb == "update":
                _redact(sms, await _form(request))
            return json_answer(sms.as_json(), 200)
        except RestError as error:
            return json_answer(error.as_json(), error.status)

    async def _begin(self, request: web.Request, verb: str) -> str:
        """Count the call, wait as set, and return the account that authenticated."""
        self._world.ledger.calls[f"Messages.{verb}"] += 1
        if self._world.settings.latency:
            await asyncio.sleep(self._world.settings.latency)
        account = request.match_info["account"]
        self._authenticate(account, request.headers.get("Authorization", ""))
        return account

    def _authenticate(self, account: str, header: str) -> None:
        """The first token an account shows is its token, unless /sim/sms has set one."""
        user, _, token = _basic(header).partition(":")
        known = bool(token) and user == account and _ACCOUNT.fullmatch(account) is not None
        if not known or self._carrier.tokens.setdefault(account, token) != token:
            raise RestError(401, 20003, "Authenticate")

    async def _create(self, account: str, form: Mapping[str, str]) -> dict[str, Any]:
        for name in form.keys() - _KNOWN:
            self._world.ledger.unknown_parameters[f"Messages.create.{name}"] += 1
        _check(form)
        script = self._world.magic.sms(form["To"])
        _refuse(script, form["To"])
        sms = Sms(
            account_sid=account,
            to=form["To"],
            sender=form.get("From"),
            body=form["Body"],
            direction="outbound-api",
            status="queued",
            service_sid=form.get("MessagingServiceSid"),
            status_callback=form.get("StatusCallback"),
        )
        self._carrier.accept(sms, script.undelivered)
        accepted = sms.as_json()
        if script.cut == "after":
            raise Cut
        if script.slow:
            await asyncio.sleep(self._world.settings.slow)
        return accepted

    def _find(self, account: str, sid: str, path: str) -> Sms:
        sms = self._carrier.texts.get(sid)
        if sms is None or sms.account_sid != account:
            raise RestError(404, 20404, f"The requested resource {path} was not found")
        return sms

    def _delete(self, sms: Sms) -> web.Response:
        if sms.status not in FINAL:
            raise RestError(409, 20009, "Cannot delete message because delivery has not been completed.")
        self._carrier.texts.delete(sms)
        return web.Response(status=204)


def _check(form: Mapping[str, str]) -> None:
    """Refuse what the real service would, in its order: recipient, sender, body."""
    if not form.get("To"):
        raise RestError(400, 21604, "A 'To' phone number is required.")
    if not form.get("From") and not form.get("MessagingServiceSid"):
        raise RestError(400, 21603, "A 'From' phone number is required.")
    if not form.get("Body"):
        raise RestError(400, 21602, "Message body is required.")
    if not E164.fullmatch(form["To"]):
        raise RestError(400, 21211, f"Invalid 'To' Phone Number: {form['To']}")
    _check_sender(form)
    if len(form["Body"]) > BODY_LIMIT:
        raise RestError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")


def _check_sender(form: Mapping[str, str]) -> None:
    sender, service, callback = (form.get(name) for name in ("From", "MessagingServiceSid", "StatusCallback"))
    if sender and not _SENDER.fullmatch(sender):
        raise RestError(400, 21212, f"Invalid 'From' Phone Number: {sender}")
    if service and not _SERVICE.fullmatch(service):
        raise RestError(400, 21701, "The Messaging Service does not exist.")
    if callback and not _URL.fullmatch(callback):
        raise RestError(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")


def _refuse(script: Script, to: str) -> None:
    if script.cut == "before":
        raise Cut
    if script.refusal is not None:
        refusal = script.refusal
        raise RestError(refusal.status, refusal.code, refusal.text.format(to=to))


def _redact(sms: Sms, form: Mapping[str, str]) -> None:
    if form.get("Body") != "":
        raise RestError(400, 20001, "Only an empty Body, which redacts the message, can be set.")
    sms.body = ""


def _basic(header: str) -> str:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type == "multipart/form-data":
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return form_fields(await request.read())
