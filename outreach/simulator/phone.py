"""The residents' phones in a browser: /phone lists the people, /phone/{index} is one person's phone.

The pages are files; they get what they show as JSON. Message texts reach the page only as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

from outreach.simulator import residents, threads
from outreach.simulator.bots import Bot, Bots
from outreach.simulator.carrier import Carrier
from outreach.simulator.exchange import Json, Unclear, answering_anyone, read_integer, read_object, read_text
from outreach.simulator.files import picture_type
from outreach.simulator.residents import Impossible
from outreach.simulator.world import Person, World

STATIC = Path(__file__).with_name("static")
LISTED = 100
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'"
    ),
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Phone:
    def __init__(self, world: World, bots: Bots, carrier: Carrier) -> None:
        self._world = world
        self._bots = bots
        self._carrier = carrier

    def routes(self) -> list[web.RouteDef]:
        one = r"/phone/{index:\d+}"
        return [
            web.get("/", _to_people),
            web.get("/phone", self.people_page),
            web.get("/phone/people", answering_anyone(self.people)),
            web.get(r"/phone/static/{name:[a-z]+\.(?:css|js|svg)}", _static),
            web.get(one, self.phone_page),
            web.get("/phone/{index}", self.unknown_page),
            web.get(f"{one}/thread", self.thread),
            web.get(f"{one}/file/{{file_id}}", self.file),
            web.post(f"{one}/telegram", answering_anyone(self.send_telegram)),
            web.post(f"{one}/tap", answering_anyone(self.tap)),
            web.post(f"{one}/contact", answering_anyone(self.share_contact)),
            web.post(f"{one}/sms", answering_anyone(self.send_sms)),
        ]

    # -- pages

    async def people_page(self, request: web.Request) -> web.StreamResponse:
        return _page("people.html")

    async def phone_page(self, request: web.Request) -> web.StreamResponse:
        return _page("phone.html") if self._person(request) else await self.unknown_page(request)

    async def unknown_page(self, request: web.Request) -> web.StreamResponse:
        return _page("unknown.html", status=404)

    # -- what they show

    async def people(self, request: web.Request) -> Json:
        """?q= -> {total, matched, people: [{index, name, number, chat_id, language, last}]}"""
        matching = list(self._matching(request.query.get("q", "").strip().casefold()))
        shown = [
            {
                "index": index,
                **person.as_json(),
                "last": threads.last_words(self._bots, self._carrier, person),
            }
            for index, person in matching[:LISTED]
        ]
        return {"total": len(self._world.people), "matched": len(matching), "people": shown}

    def _matching(self, words: str) -> Iterator[tuple[int, Person]]:
        for index, person in enumerate(self._world.people):
            if words in f"{person.name} {person.number or ''} {person.chat_id or ''}".casefold():
                yield index, person

    async def thread(self, request: web.Request) -> web.StreamResponse:
        """?bot=&seen=VERSION -> 204 if nothing has changed, else {version, person, bots, telegram, sms}"""
        person = self._person(request)
        if person is None:
            return web.json_response({"error": "unknown person"}, status=404)
        bot = self._bot(request, person)
        version = threads.version(self._world.resets, self._bots, bot, self._carrier, person)
        if request.query.get("seen") == version:
            return web.Response(status=204)
        shown = {
            "version": version,
            "person": person.as_json(),
            "bots": [{"id": b.id, "username": b.user["username"]} for b in self._bots.known.values()],
            "telegram": threads.telegram_thread(bot, person),
            "sms": threads.sms_thread(self._carrier, person),
        }
        return web.json_response(shown, headers={"Cache-Control": "no-store"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A picture or a document a bot has sent; only pictures are shown, the rest is for saving."""
        found = (b.files.get(request.match_info["file_id"]) for b in self._bots.known.values())
        upload = next((one for one in found if one is not None), None)
        if upload is None:
            return _page("unknown.html", status=404)
        picture = picture_type(upload.data)
        headers = _HEADERS if picture else _HEADERS | {"Content-Disposition": "attachment"}
        kind = picture or "application/octet-stream"
        return web.Response(body=upload.data, content_type=kind, headers=headers)

    # -- what the person does

    async def send_telegram(self, request: web.Request) -> Json:
        """{text}; ?bot= -> {update_id, message_id}"""
        bot, chat_id, given = await self._chatting(request)
        return residents.say(bot, chat_id, _words(given)).as_json()

    async def tap(self, request: web.Request) -> Json:
        """{message_id, data}; ?bot= -> {update_id, message_id}"""
        bot, chat_id, given = await self._chatting(request)
        return residents.tap(
            bot, chat_id, read_integer(given, "message_id"), read_text(given, "data")
        ).as_json()

    async def share_contact(self, request: web.Request) -> Json:
        """{}; ?bot= -> {update_id, message_id}. A person without a number has none to share."""
        bot, chat_id, _ = await self._chatting(request)
        person = self._person(request)
        if person is None or person.number is None:
            raise Impossible("this person has no phone number to share")
        return residents.share_contact(bot, chat_id, person.number).as_json()

    async def send_sms(self, request: web.Request) -> Json:
        """{text} -> {sid, status}; status is what the office's webhook answered, 0 if it was not reached."""
        given = read_object(await request.read())
        person = self._person(request)
        if person is None or person.number is None:
            raise Impossible("this person has no phone number")
        sms = self._carrier.inbound(person.number, _words(given), None, None)
        reply = await self._carrier.deliver(sms)
        return {"sid": sms.sid, "status": reply.status}

    async def _chatting(self, request: web.Request) -> tuple[Bot, int, Json]:
        """The bot, the chat id and the body of a request to do something in Telegram."""
        given = read_object(await request.read())
        person = self._person(request)
        bot = self._bot(request, person) if person else None
        if person is None or person.chat_id is None or bot is None:
            raise Impossible("there is no such chat")
        return bot, person.chat_id, given

    def _person(self, request: web.Request) -> Person | None:
        index = int(request.match_info["index"])
        return self._world.people[index] if index < len(self._world.people) else None

    def _bot(self, request: web.Request, person: Person) -> Bot | None:
        asked = request.query.get("bot", "")
        return threads.choose_bot(self._bots, person, int(asked) if asked.isdecimal() else None)


def _words(given: dict[str, Any]) -> str:
    text = read_text(given, "text").strip()
    if not text:
        raise Unclear("text must not be empty")
    return str(text)


def _page(name: str, status: int = 200) -> web.Response:
    body = (STATIC / name).read_bytes()
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8", headers=_HEADERS)


async def _static(request: web.Request) -> web.StreamResponse:
    path = STATIC / request.match_info["name"]
    if not path.is_file():
        return _page("unknown.html", status=404)
    return web.FileResponse(path, headers=_HEADERS)


async def _to_people(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/phone")
