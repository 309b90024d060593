"""The control API, /sim/...: what a test or a demonstration uses to move the simulated world.

JSON in and out, no authentication, loopback only. What cannot be done is answered {"error": text}: 400 for a
request that makes no sense, 404 for a bot or a message that is not there.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from aiohttp import web

from outreach.simulator import residents
from outreach.simulator.bots import Bot, Bots
from outreach.simulator.carrier import Carrier, Line
from outreach.simulator.exchange import (
    Answer,
    Json,
    Unclear,
    answering,
    as_object,
    read_integer,
    read_json,
    read_object,
    read_text,
)
from outreach.simulator.ledger import Entry, since
from outreach.simulator.texts import Sms
from outreach.simulator.world import Person, Settings, World


class Control:
    def __init__(self, world: World, bots: Bots, carrier: Carrier) -> None:
        self._world = world
        self._bots = bots
        self._carrier = carrier

    def routes(self) -> list[web.RouteDef]:
        table: list[tuple[str, str, Answer]] = [
            ("POST", "/sim/people", self.add_people),
            ("GET", "/sim/people", self.people),
            ("PUT", "/sim/sms", self.configure_sms),
            ("PUT", "/sim/settings", self.configure),
            ("POST", "/sim/telegram/say", self.telegram_say),
            ("POST", "/sim/telegram/tap", self.telegram_tap),
            ("POST", "/sim/telegram/contact", self.telegram_contact),
            ("POST", "/sim/sms/say", self.sms_say),
            ("GET", "/sim/ledger", self.ledger),
            ("GET", "/sim/inbound", self.inbound),
            ("GET", "/sim/bots", self.bots),
            ("POST", "/sim/reset", self.reset),
        ]
        return [web.route(method, path, answering(handler)) for method, path, handler in table]

    # -- people and settings

    async def add_people(self, request: web.Request) -> Json:
        """[{name, number?, chat_id?, language?}] -> {people: how many there are now}"""
        given = read_json(await request.read())
        if not isinstance(given, list):
            raise Unclear("a list of people is expected")
        for person in [_person(one) for one in given]:
            self._world.add_person(person)
        return {"people": len(self._world.people)}

    async def people(self, request: web.Request) -> list[Json]:
        return [person.as_json() for person in self._world.people]

    async def configure_sms(self, request: web.Request) -> Json:
        """{inbound_url, account_sid, auth_token, number?, messaging_service_sid?}"""
        given = read_object(await request.read())
        names = [field.name for field in fields(Line)]
        self._carrier.configure(Line(**{name: read_text(given, name, optional=True) for name in names}))
        return {name: getattr(self._carrier.line, name) for name in names if name != "auth_token"}

    async def configure(self, request: web.Request) -> Json:
        """{latency?, slow?, callback_delay?}, in seconds; what is not given stays."""
        given = read_object(await request.read())
        names = [field.name for field in fields(Settings)]
        for name in given.keys() & names:
            if isinstance(given[name], bool) or not isinstance(given[name], (int, float)) or given[name] < 0:
                raise Unclear(f"{name} must be a number of seconds")
            setattr(self._world.settings, name, float(given[name]))
        return {name: getattr(self._world.settings, name) for name in names}

    async def reset(self, request: web.Request) -> Json:
        """Forget people, settings and all that happened; with {"all": true} also webhooks and set-up."""
        given = read_object(await request.read()) if request.can_read_body else {}
        everything = given.get("all") is True
        self._world.forget()
        self._bots.forget(everything=everything)
        self._carrier.forget(everything=everything)
        return {"reset": True}

    # -- Telegram

    def _bot(self, given: Json) -> Bot:
        token = read_text(given, "token", optional=True)
        bot = self._bots.get(token) if token else self._bots.only()
        if bot is None:
            raise Unclear(f"no token is given, and {len(self._bots.known)} bots are known")
        return bot

    async def telegram_say(self, request: web.Request) -> Json:
        """{token?, chat_id, text, reply_to_message_id?, language_code?} -> {update_id, message_id}"""
        given = read_object(await request.read())
        done = residents.say(
            self._bot(given),
            read_integer(given, "chat_id"),
            read_text(given, "text"),
            reply_to=read_integer(given, "reply_to_message_id") if given.get("reply_to_message_id") else None,
            language_code=read_text(given, "language_code", optional=True),
        )
        return done.as_json()

    async def telegram_tap(self, request: web.Request) -> Json:
        """{token?, chat_id, message_id, data} -> {update_id, message_id}"""
        given = read_object(await request.read())
        chat_id, message_id = read_integer(given, "chat_id"), read_integer(given, "message_id")
        return residents.tap(self._bot(given), chat_id, message_id, read_text(given, "data")).as_json()

    async def telegram_contact(self, request: web.Request) -> Json:
        """{token?, chat_id, phone_number} -> {update_id, message_id}"""
        given = read_object(await request.read())
        chat_id, number = read_integer(given, "chat_id"), read_text(given, "phone_number")
        return residents.share_contact(self._bot(given), chat_id, number).as_json()

    async def bots(self, request: web.Request) -> list[Json]:
        """[{id, token, webhook: WebhookInfo}]"""
        known = self._bots.known.values()
        return [{"id": b.id, "token": b.token, "webhook": b.updates.webhook_info()} for b in known]

    # -- SMS

    async def sms_say(self, request: web.Request) -> Json:
        """{from, body, to?, sid?, repeat?} -> {sid, status}

        `status` is what the inbound webhook answered, 0 if it was not reached. A known `sid` is delivered
        again as it was. `repeat` delivers the number's last text again; if that was another, this one twice.
        """
        given = read_object(await request.read())
        sms = self._known_text(given)
        if sms is None:
            new = self._carrier.inbound(
                read_text(given, "from"),
                read_text(given, "body"),
                read_text(given, "to", optional=True),
                read_text(given, "sid", optional=True),
            )
            sms, reply = new, await self._carrier.deliver(new)
            if not given.get("repeat"):
                return {"sid": sms.sid, "status": reply.status}
        reply = await self._carrier.deliver(sms)
        return {"sid": sms.sid, "status": reply.status}

    def _known_text(self, given: Json) -> Sms | None:
        sid = read_text(given, "sid", optional=True)
        if sid:
            return self._carrier.texts.get(sid)
        last = self._carrier.last_from(read_text(given, "from")) if given.get("repeat") else None
        return last if last is not None and given.get("body") in (None, "", last.text) else None

    # -- what has happened

    async def ledger(self, request: web.Request) -> Json:
        """?channel=telegram|sms&since=seconds -> {telegram: [], sms: [], counts}; ?counts=1 -> {counts}"""
        ledger = self._world.ledger
        if request.query.get("counts") == "1":
            return {"counts": ledger.counts()}
        channel, moment = request.query.get("channel"), _since(request)
        lists = {"telegram": ledger.telegram, "sms": ledger.sms}
        wanted = {name: since(kept, moment) for name, kept in lists.items() if channel in (None, "", name)}
        return {"telegram": [], "sms": [], **wanted, "counts": ledger.counts()}

    async def inbound(self, request: web.Request) -> list[Entry]:
        """?channel=&since= -> [{channel, kind, text, at, ...}]"""
        channel = request.query.get("channel")
        entries = since(self._world.ledger.inbound, _since(request))
        return [entry for entry in entries if channel in (None, "", entry["channel"])]


def _since(request: web.Request) -> float:
    try:
        return float(request.query.get("since") or 0)
    except ValueError:
        raise Unclear("since must be a number of seconds") from None


def _person(given: Any) -> Person:
    one = as_object(given)
    chat_id = read_integer(one, "chat_id") if one.get("chat_id") is not None else None
    language = read_text(one, "language", optional=True) or "zh"
    return Person(read_text(one, "name"), read_text(one, "number", optional=True), chat_id, language)
