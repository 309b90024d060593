"""The simulator over real HTTP: unmodified client libraries, and the providers' specifications."""

from __future__ import annotations

import asyncio
import io
import json
import re
import struct
import time
import zlib
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import aiogram
import aiohttp
import pytest
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from outreach.simulator import Simulator, schema
from outreach.simulator.segments import segment_count
from outreach.simulator.signature import sign
from outreach.simulator.twilio import _KNOWN

SPECS = Path(__file__).parents[2] / "shared/specs"
TOKEN = "123456:ABCDEFGHIJKL"
ACCOUNT = "AC" + "ab" * 16
SERVICE = "MG" + "cd" * 16
SECRET = "twilio-auth-token"
OFFICE = "+12025559000"
CHAT = 700001


def specification(name: str) -> Any:
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"the providers' specifications are not here: {path}")
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def bot_api() -> Any:
    return specification("telegram-bot-api.json")


@pytest.fixture(scope="module")
def rest_api() -> Any:
    return specification("twilio-api-v2010.json")


# -- the world


class Desk:
    """A running simulator, and what drives it."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.url = simulator.url
        self.session = session

    async def sim(self, verb: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with self.session.request(verb, f"{self.url}/sim/{path}", json=body) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def bot(self, method: str, body: Any = None, *, token: str = TOKEN) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}/bot{token}/{method}", json=body or {}) as response:
            return response.status, await response.json()

    async def result(self, method: str, body: Any = None) -> Any:
        status, answer = await self.bot(method, body)
        assert (status, answer["ok"]) == (200, True), answer
        return answer["result"]

    async def rest(self, verb: str, path: str, form: Any = None, *, auth: str = SECRET) -> tuple[int, Any]:
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, auth)}
        url = f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/{path}"
        async with self.session.request(verb, url, data=form, headers=headers) as response:
            return response.status, await response.json() if response.status != 204 else None

    async def sms_settled(self, sid: str) -> Any:
        async def settled() -> Any:
            for entry in (await self.sim("GET", "ledger?channel=sms"))["sms"]:
                if entry["sid"] == sid and entry["status"] in ("delivered", "undelivered"):
                    return entry
            return None

        return await until(settled)


async def until(condition: Callable[[], Any], seconds: float = 8.0) -> Any:
    """Wait for a condition to be true, and return what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        value = await value if asyncio.iscoroutine(value) else value
        if value:
            return value
        await asyncio.sleep(0.01)
    raise AssertionError(f"nothing came of {condition} within {seconds} s")


class Receiver:
    """The office's webhooks: keeps what arrives, and answers what it is told to."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[web.Response] = []
        self.url = ""

    async def receive(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((str(request.rel_url), dict(request.headers), await request.read()))
        return self.answers.pop(0) if self.answers else web.Response(text="")

    def forms(self) -> list[dict[str, str]]:
        pairs = [[part.partition("=") for part in body.decode().split("&")] for _, _, body in self.requests]
        return [{k: unquote_plus(v) for k, _, v in form} for form in pairs]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    simulator = Simulator()
    await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Desk(simulator, session)
    await simulator.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = "http://{}:{}".format(*runner.addresses[0])
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def ptb(desk: Desk) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(TOKEN, base_url=f"{desk.url}/bot") as bot:
        yield bot


@pytest.fixture
async def gram(desk: Desk) -> AsyncIterator[aiogram.Bot]:
    bot = aiogram.Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(desk.url)))
    yield bot
    await bot.session.close()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    http = AsyncTwilioHttpClient()
    client = Client(ACCOUNT, SECRET, http_client=http)
    client.api.base_url = desk.url
    yield client
    await http.close()


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x7f" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# -- checkers of the specifications


PRIMITIVE: dict[str, Any] = {
    "Integer": int,
    "String": str,
    "Boolean": bool,
    "Float": (int, float),
    "True": bool,
}


def fewest(tried: list[list[str]]) -> list[str]:
    return min(tried, key=lambda found: len(found))


def faults(value: Any, kind: str, types: Any, where: str) -> list[str]:
    """How a Bot API answer departs from its type."""
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where} is not an array"]
        return [f for i, one in enumerate(value) for f in faults(one, kind[9:], types, f"{where}[{i}]")]
    if kind in PRIMITIVE:
        good = isinstance(value, PRIMITIVE[kind]) and (kind == "Boolean" or not isinstance(value, bool))
        return [] if good or kind == "True" else [f"{where} is not {kind}: {value!r}"]
    described = types[kind]
    if described.get("subtypes"):
        tried = [faults(value, subtype, types, where) for subtype in described["subtypes"]]
        return fewest(tried)
    if not isinstance(value, dict):
        return [f"{where} is not {kind}: {value!r}"]
    return object_faults(value, described.get("fields", []), types, where)


def object_faults(value: dict[str, Any], fields: Any, types: Any, where: str) -> list[str]:
    known = {field["name"]: field for field in fields}
    found = [f"{where}.{name} is unknown" for name in value.keys() - known.keys()]
    for name, field in known.items():
        if name in value:
            tried: list[list[str]] = [
                faults(value[name], kind, types, f"{where}.{name}") for kind in field["types"]
            ]
            found += fewest(tried)
        elif field["required"]:
            found.append(f"{where}.{name} is missing")
    return found


def check_answer(bot_api: Any, method: str, result: Any) -> None:
    kinds = bot_api["methods"][method]["returns"]
    tried = [faults(result, kind, bot_api["types"], method) for kind in kinds]
    assert fewest(tried) == []


def check_update(bot_api: Any, update: Any) -> None:
    assert faults(update, "Update", bot_api["types"], "update") == []


def schema_faults(value: Any, described: Any, schemas: Any, where: str) -> list[str]:
    """How a Twilio answer departs from its OpenAPI schema."""
    if "$ref" in described:
        described = schemas[described["$ref"].rpartition("/")[2]]
    if value is None:
        return [] if described.get("nullable") else [f"{where} is null"]
    python: Any = {"string": str, "integer": int, "object": dict, "array": list}[described["type"]]
    if not isinstance(value, python) or isinstance(value, bool):
        return [f"{where} is not {described['type']}: {value!r}"]
    if described["type"] == "object":
        return resource_faults(value, described.get("properties", {}), schemas, where)
    if described["type"] == "array":
        return [f for one in value for f in schema_faults(one, described["items"], schemas, where)]
    return text_faults(value, described, where)


def resource_faults(value: dict[str, Any], properties: Any, schemas: Any, where: str) -> list[str]:
    if not properties:
        return []
    found = [f"{where}.{name} is unknown" for name in value.keys() - properties.keys()]
    found += [f"{where}.{name} is missing" for name in properties.keys() - value.keys()]
    for name in value.keys() & properties.keys():
        found += schema_faults(value[name], properties[name], schemas, f"{where}.{name}")
    return found


def text_faults(value: Any, described: Any, where: str) -> list[str]:
    if "enum" in described and value not in described["enum"]:
        return [f"{where} is not one of {described['enum']}: {value}"]
    if "pattern" in described and not re.fullmatch(described["pattern"], value):
        return [f"{where} does not match {described['pattern']}: {value}"]
    if described.get("format") == "date-time-rfc-2822" and parsedate_to_datetime(value).tzinfo is None:
        return [f"{where} has no zone: {value}"]
    return []


def check_resource(rest_api: Any, resource: Any) -> None:
    schemas = rest_api["components"]["schemas"]
    described = {"$ref": "#/components/schemas/api.v2010.account.message"}
    assert schema_faults(resource, described, schemas, "message") == []


# -- the request schema is the specification's


def test_every_simulated_method_takes_what_the_specification_lists(bot_api: Any) -> None:
    for name, shape in schema.METHODS.items():
        listed = bot_api["methods"][name].get("fields", [])
        assert {f["name"]: (tuple(f["types"]), f["required"]) for f in listed} == {
            n: (f.types, f.required) for n, f in shape.fields.items()
        }


def test_every_type_is_the_specifications(bot_api: Any) -> None:
    for name, shape in schema.TYPES.items():
        listed = bot_api["types"][name].get("fields", [])
        assert {f["name"]: (tuple(f["types"]), f["required"]) for f in listed} == {
            n: (f.types, f.required) for n, f in shape.fields.items()
        }
    for name, subtypes in schema.UNIONS.items():
        assert tuple(bot_api["types"][name]["subtypes"]) == subtypes


def test_every_twilio_parameter_is_the_specifications(rest_api: Any) -> None:
    create = rest_api["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    body = create["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert set(body["properties"]) == _KNOWN


# -- Bot API: answers


INLINE = {
    "inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}, {"text": "Map", "url": "https://x.org"}]]
}
KEYBOARD = {
    "keyboard": [[{"text": "Share", "request_contact": True}, {"text": "No"}]],
    "resize_keyboard": True,
}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("getMe", {}),
        ("getUpdates", {}),
        (
            "setWebhook",
            {"url": "http://127.0.0.1:1/hook", "secret_token": "s3cret", "allowed_updates": ["message"]},
        ),
        ("deleteWebhook", {"drop_pending_updates": True}),
        ("getWebhookInfo", {}),
        ("sendMessage", {"chat_id": CHAT, "text": "hello", "reply_markup": INLINE}),
        ("sendMessage", {"chat_id": CHAT, "text": "hello", "reply_markup": KEYBOARD}),
        ("sendMessage", {"chat_id": CHAT, "text": "hello", "reply_markup": {"remove_keyboard": True}}),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "<b>a</b> <a href='https://x.org'>b</a>", "parse_mode": "HTML"},
        ),
        ("sendMessage", {"chat_id": -1001, "text": "to a group"}),
        ("sendChatAction", {"chat_id": CHAT, "action": "typing"}),
        ("setMyCommands", {"commands": [{"command": "start", "description": "Begin"}]}),
        ("getMyCommands", {}),
        ("deleteMyCommands", {"scope": {"type": "all_private_chats"}}),
        ("setMyDescription", {"description": "d", "language_code": "zh"}),
        ("getMyDescription", {}),
        ("setMyShortDescription", {"short_description": "d"}),
        ("getMyShortDescription", {}),
        ("getChat", {"chat_id": CHAT}),
        ("logOut", {}),
        ("close", {}),
    ],
)
async def test_answer_is_as_specified(desk: Desk, bot_api: Any, method: str, params: Any) -> None:
    check_answer(bot_api, method, await desk.result(method, params))


async def test_answers_about_a_sent_message_are_as_specified(desk: Desk, bot_api: Any) -> None:
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "one", "reply_markup": INLINE})
    place = {"chat_id": CHAT, "message_id": sent["message_id"]}
    edited = await desk.result("editMessageText", place | {"text": "two", "reply_markup": INLINE})
    check_answer(bot_api, "editMessageText", edited)
    bare = await desk.result("editMessageReplyMarkup", place)
    check_answer(bot_api, "editMessageReplyMarkup", bare)
    reply = {"chat_id": CHAT, "text": "three", "reply_parameters": {"message_id": sent["message_id"]}}
    answer = await desk.result("sendMessage", reply)
    check_answer(bot_api, "sendMessage", answer)
    assert answer["reply_to_message"]["text"] == edited["text"] == "two"
    assert "reply_markup" in edited
    assert "reply_markup" not in bare
    check_answer(bot_api, "deleteMessage", await desk.result("deleteMessage", place))


async def test_updates_are_as_specified(desk: Desk, bot_api: Any) -> None:
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "ok?", "reply_markup": INLINE})
    tap = {"chat_id": CHAT, "message_id": sent["message_id"], "data": "yes"}
    said = await desk.sim(
        "POST", "telegram/say", {"chat_id": CHAT, "text": "/start now", "language_code": "zh"}
    )
    tapped = await desk.sim("POST", "telegram/tap", tap)
    shared = await desk.sim("POST", "telegram/contact", {"chat_id": CHAT, "phone_number": "+12025550155"})
    text, query, contact = await desk.result("getUpdates")
    for update in (text, query, contact):
        check_update(bot_api, update)
    assert [u["update_id"] for u in (text, query, contact)] == [
        d["update_id"] for d in (said, tapped, shared)
    ]
    assert text["message"]["message_id"] == said["message_id"]
    assert text["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert text["message"]["from"]["language_code"] == "zh"
    assert query["callback_query"]["data"] == "yes"
    assert query["callback_query"]["message"]["message_id"] == sent["message_id"]
    assert contact["message"]["contact"]["user_id"] == CHAT
    answer = await desk.result("answerCallbackQuery", {"callback_query_id": query["callback_query"]["id"]})
    check_answer(bot_api, "answerCallbackQuery", answer)


async def test_uploads_are_as_specified(desk: Desk, bot_api: Any) -> None:
    for method, part, data in (("sendPhoto", "photo", png()), ("sendDocument", "document", b"a,b\n")):
        form = aiohttp.FormData({"chat_id": str(CHAT), "caption": "see", part: "attach://file0"})
        form.add_field("file0", data, filename="given.bin", content_type="application/octet-stream")
        async with desk.session.post(f"{desk.url}/bot{TOKEN}/{method}", data=form) as response:
            result = (await response.json())["result"]
        check_answer(bot_api, method, result)
        assert result["caption"] == "see"
    again = await desk.result("sendDocument", {"chat_id": CHAT, "document": result["document"]["file_id"]})
    assert again["document"]["file_unique_id"] == result["document"]["file_unique_id"]


@pytest.mark.parametrize("way", ["query", "urlencoded", "multipart", "json"])
async def test_parameters_are_read_from(desk: Desk, way: str) -> None:
    url = f"{desk.url}/bot{TOKEN}/sendMessage"
    params = {"chat_id": str(CHAT), "text": "a+b & 你好", "reply_markup": json.dumps(INLINE)}
    multipart = aiohttp.FormData(params, default_to_multipart=True)
    requests = {
        "query": lambda: desk.session.get(url, params=params),
        "urlencoded": lambda: desk.session.post(url, data=params),
        "multipart": lambda: desk.session.post(url, data=multipart),
        "json": lambda: desk.session.post(url, json=params | {"chat_id": CHAT, "reply_markup": INLINE}),
    }
    async with requests[way]() as response:
        result = (await response.json())["result"]
    assert (result["chat"]["id"], result["text"], result["reply_markup"]) == (CHAT, params["text"], INLINE)


# -- Bot API: refusals


@pytest.mark.parametrize(
    ("method", "params", "status", "description"),
    [
        ("noSuchMethod", {}, 404, "Not Found"),
        ("sendMessage", {"text": "x"}, 400, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": CHAT}, 400, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": CHAT, "text": " \n"}, 400, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": CHAT, "text": "x" * 4097}, 400, "Bad Request: message is too long"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, 400, "Bad Request: chat not found"),
        ("sendMessage", {"chat_id": CHAT, "text": ["x"]}, 400, "Bad Request: can't parse text"),
        ("sendMessage", {"chat_id": CHAT, "text": "<b>x", "parse_mode": "HTML"}, 400, "can't parse entities"),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": [{}]}},
            400,
            "reply_markup",
        ),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
            400,
            "Text buttons are unallowed",
        ),
        (
            "sendMessage",
            {
                "chat_id": CHAT,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "字" * 22}]]},
            },
            400,
            "BUTTON_DATA_INVALID",
        ),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_parameters": {"message_id": 1}},
            400,
            "not found",
        ),
        (
            "editMessageText",
            {"chat_id": CHAT, "message_id": 1, "text": "x"},
            400,
            "message to edit not found",
        ),
        ("deleteMessage", {"chat_id": CHAT, "message_id": 1}, 400, "message to delete not found"),
        ("deleteMessage", {"chat_id": CHAT, "message_id": "x"}, 400, "can't parse message_id"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, 400, "query ID is invalid"),
        ("sendChatAction", {"chat_id": CHAT, "action": "dancing"}, 400, "wrong parameter action"),
        ("sendPhoto", {"chat_id": CHAT}, 400, "there is no photo in the request"),
        ("sendPhoto", {"chat_id": CHAT, "photo": "unknown"}, 400, "wrong file identifier"),
        ("setWebhook", {}, 400, "url is required"),
        ("setWebhook", {"url": "https://example.org/x"}, 400, "bad webhook"),
        ("setWebhook", {"url": "http://127.0.0.1/x", "secret_token": "a b"}, 400, "secret token"),
        (
            "setMyCommands",
            {"commands": [{"command": "Start!", "description": "x"}]},
            400,
            "BOT_COMMAND_INVALID",
        ),
    ],
)
async def test_refuses(desk: Desk, method: str, params: Any, status: int, description: str) -> None:
    answered, answer = await desk.bot(method, params)
    assert (answered, answer["ok"], answer["error_code"]) == (status, False, status)
    assert description in answer["description"]
    assert (await desk.sim("GET", "ledger"))["telegram"] == []


@pytest.mark.parametrize(
    ("token", "status"),
    [("abc", 404), ("123456:short", 401), ("123456:ABCDEFGHIrevoked", 401), ("123456:ABCDEFGHIJ!", 401)],
)
async def test_refuses_token(desk: Desk, token: str, status: int) -> None:
    answered, answer = await desk.bot("getMe", token=token)
    assert (answered, answer["error_code"]) == (status, status)


async def test_an_unchanged_edit_is_refused(desk: Desk) -> None:
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "same", "reply_markup": INLINE})
    same = {"chat_id": CHAT, "message_id": sent["message_id"], "text": "same", "reply_markup": INLINE}
    status, answer = await desk.bot("editMessageText", same)
    assert (status, "message is not modified" in answer["description"]) == (400, True)


async def test_an_unknown_parameter_is_ignored_and_counted(desk: Desk) -> None:
    await desk.result("sendMessage", {"chat_id": CHAT, "text": "x", "txet": "y"})
    counts = (await desk.sim("GET", "ledger?counts=1"))["counts"]
    assert counts["unknown_parameters"] == {"sendMessage.txet": 1}


# -- Bot API: scripted failures


@pytest.mark.parametrize(
    ("chat", "error"),
    [(9990403, Forbidden), (9990400, BadRequest), (9990501, NetworkError), (9990102, NetworkError)],
)
async def test_a_failure_that_stays(ptb: telegram.Bot, desk: Desk, chat: int, error: type[Exception]) -> None:
    for _ in range(2):
        with pytest.raises(error):
            await ptb.send_message(chat, "hello")
    accepted = (await desk.sim("GET", "ledger"))["telegram"]
    assert len(accepted) == (2 if chat == 9990102 else 0)


@pytest.mark.parametrize(
    ("chat", "error"), [(9990429, RetryAfter), (9990500, NetworkError), (9990101, NetworkError)]
)
async def test_a_failure_that_passes(
    ptb: telegram.Bot, desk: Desk, chat: int, error: type[Exception]
) -> None:
    await ptb.send_chat_action(chat, "typing")
    with pytest.raises(error):
        await ptb.send_message(chat, "hello")
    assert (await desk.sim("GET", "ledger"))["telegram"] == []
    assert (await ptb.send_message(chat, "hello")).text == "hello"
    assert len((await desk.sim("GET", "ledger"))["telegram"]) == 1


async def test_too_many_requests_says_when_to_come_back(desk: Desk, bot_api: Any) -> None:
    status, answer = await desk.bot("sendMessage", {"chat_id": 9990429, "text": "x"})
    assert (status, answer["parameters"]) == (429, {"retry_after": 1})
    assert faults(answer["parameters"], "ResponseParameters", bot_api["types"], "parameters") == []


async def test_a_slow_chat_is_accepted_before_it_answers(desk: Desk) -> None:
    await desk.sim("PUT", "settings", {"slow": 0.3})
    before = time.time()
    await desk.result("sendMessage", {"chat_id": 9990104, "text": "x"})
    (entry,) = (await desk.sim("GET", "ledger"))["telegram"]
    assert time.time() - before >= 0.3
    assert entry["at"] - before < 0.25


async def test_latency_comes_before_every_answer(desk: Desk) -> None:
    await desk.sim("PUT", "settings", {"latency": 0.15})
    before = time.monotonic()
    await desk.result("getMe")
    assert time.monotonic() - before >= 0.15
    status, _ = await desk.rest("GET", "Messages.json")
    assert (status, time.monotonic() - before >= 0.3) == (200, True)


# -- Bot API: updates


async def test_an_offset_confirms_what_is_before_it(desk: Desk) -> None:
    for text in "abc":
        await desk.sim("POST", "telegram/say", {"token": TOKEN, "chat_id": CHAT, "text": text})
    first = await desk.result("getUpdates", {"limit": 2})
    assert [u["message"]["text"] for u in first] == ["a", "b"]
    assert first == await desk.result("getUpdates", {"limit": 2})
    rest = await desk.result("getUpdates", {"offset": first[-1]["update_id"] + 1})
    assert [u["message"]["text"] for u in rest] == ["c"]
    assert [u["message"]["text"] for u in await desk.result("getUpdates")] == ["c"]
    assert await desk.result("getUpdates", {"offset": rest[0]["update_id"] + 1}) == []


async def test_a_negative_offset_forgets_all_but_the_last(desk: Desk) -> None:
    for text in "abc":
        await desk.sim("POST", "telegram/say", {"token": TOKEN, "chat_id": CHAT, "text": text})
    assert [u["message"]["text"] for u in await desk.result("getUpdates", {"offset": -1})] == ["c"]
    assert len(await desk.result("getUpdates")) == 1


async def test_a_long_poll_waits_for_an_update(desk: Desk) -> None:
    poll = asyncio.create_task(desk.result("getUpdates", {"timeout": 20}))
    await until(lambda: called(desk, "getUpdates"))
    assert not poll.done()
    said = await desk.sim("POST", "telegram/say", {"chat_id": CHAT, "text": "now"})
    assert [u["update_id"] for u in await asyncio.wait_for(poll, 5)] == [said["update_id"]]
    (handed,) = await desk.sim("GET", "inbound")
    assert handed["update_id"] == said["update_id"]
    assert abs(handed["at"] - time.time()) < 5


async def called(desk: Desk, method: str) -> bool:
    calls = (await desk.sim("GET", "ledger?counts=1"))["counts"]["calls"]
    return bool(calls.get(method))


async def test_a_second_poll_ends_the_first(desk: Desk, ptb: telegram.Bot) -> None:
    older = asyncio.create_task(desk.bot("getUpdates", {"timeout": 20}))
    await until(lambda: called(desk, "getUpdates"))
    assert await ptb.get_updates(timeout=0) == ()
    status, answer = await asyncio.wait_for(older, 5)
    assert (status, "terminated by other getUpdates request" in answer["description"]) == (409, True)


async def test_no_poll_while_a_webhook_is_set(desk: Desk, ptb: telegram.Bot, receiver: Receiver) -> None:
    await ptb.set_webhook(receiver.url)
    with pytest.raises(Conflict, match="webhook is active"):
        await ptb.get_updates()
    await ptb.delete_webhook()
    assert await ptb.get_updates() == ()


async def test_only_allowed_updates_are_queued(desk: Desk) -> None:
    await desk.result("getUpdates", {"allowed_updates": ["callback_query"]})
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "x", "reply_markup": INLINE})
    await desk.sim("POST", "telegram/say", {"chat_id": CHAT, "text": "not wanted"})
    await desk.sim("POST", "telegram/tap", {"chat_id": CHAT, "message_id": sent["message_id"], "data": "yes"})
    assert [list(u)[1] for u in await desk.result("getUpdates")] == ["callback_query"]


async def test_every_token_has_its_own_queue(desk: Desk) -> None:
    other = "98765:ZYXWVUTSRQPO"
    await desk.sim("POST", "telegram/say", {"token": TOKEN, "chat_id": CHAT, "text": "a"})
    await desk.sim("POST", "telegram/say", {"token": other, "chat_id": CHAT, "text": "b"})
    _, answer = await desk.bot("getUpdates", token=other)
    assert [u["message"]["text"] for u in answer["result"]] == ["b"]
    assert [u["message"]["text"] for u in await desk.result("getUpdates")] == ["a"]
    assert (
        "no token" in (await desk.sim("POST", "telegram/say", {"chat_id": CHAT, "text": "c"}, 400))["error"]
    )


async def test_a_webhook_gets_updates_in_order_with_the_secret(desk: Desk, receiver: Receiver) -> None:
    await desk.result("setWebhook", {"url": f"{receiver.url}/hook", "secret_token": "s3cret"})
    receiver.answers = [web.Response(status=500), web.Response(status=503)]
    for text in "abc":
        await desk.sim("POST", "telegram/say", {"chat_id": CHAT, "text": text})
    await until(lambda: len(receiver.requests) == 5)
    assert [json.loads(body)["message"]["text"] for _, _, body in receiver.requests] == [
        "a",
        "a",
        "a",
        "b",
        "c",
    ]
    assert {headers["X-Telegram-Bot-Api-Secret-Token"] for _, headers, _ in receiver.requests} == {"s3cret"}
    info = await until(lambda: nothing_pending(desk))
    assert "503" in info["last_error_message"]
    handed = await desk.sim("GET", "inbound")
    assert [one["text"] for one in handed] == ["a", "b", "c"]


async def nothing_pending(desk: Desk) -> Any:
    info = await desk.result("getWebhookInfo")
    return info if info["pending_update_count"] == 0 else None


async def test_a_webhook_gets_what_waited_for_it(desk: Desk, receiver: Receiver, bot_api: Any) -> None:
    await desk.sim("POST", "telegram/say", {"token": TOKEN, "chat_id": CHAT, "text": "dropped"})
    await desk.result("deleteWebhook", {"drop_pending_updates": True})
    await desk.sim("POST", "telegram/say", {"chat_id": CHAT, "text": "kept"})
    await desk.result("setWebhook", {"url": receiver.url, "max_connections": 1})
    check_answer(bot_api, "getWebhookInfo", await desk.result("getWebhookInfo"))
    await until(lambda: receiver.requests)
    assert [json.loads(body)["message"]["text"] for _, _, body in receiver.requests] == ["kept"]
    assert "X-Telegram-Bot-Api-Secret-Token" not in receiver.requests[0][1]


# -- the client libraries


async def test_python_telegram_bot(desk: Desk, ptb: telegram.Bot) -> None:
    assert ptb.id == 123456
    markup = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Yes", callback_data="yes")]])
    sent = await ptb.send_message(CHAT, "ok?", reply_markup=markup, disable_notification=True)
    assert sent.reply_markup == markup
    edited = await ptb.edit_message_text("done", CHAT, sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert (edited.text, edited.reply_markup) == ("done", None)
    assert (await ptb.send_photo(CHAT, png(5, 4))).photo[0].width == 5
    document = (await ptb.send_document(CHAT, io.BytesIO(b"a,b"), filename="a.csv")).document
    assert document is not None
    assert (document.file_name, document.file_size) == ("a.csv", 3)
    button = telegram.KeyboardButton("Share", request_contact=True)
    await ptb.send_message(CHAT, "number?", reply_markup=telegram.ReplyKeyboardMarkup([[button]]))
    await ptb.set_my_commands([("start", "Begin")], language_code="zh")
    assert [c.command for c in await ptb.get_my_commands(language_code="zh")] == ["start"]
    assert (await ptb.get_chat(CHAT)).id == CHAT
    buttons = [entry["buttons"] for entry in (await desk.sim("GET", "ledger"))["telegram"]]
    assert buttons[0] == [[{"text": "Yes", "data": "yes"}]]
    assert buttons[-1] == [[{"text": "Share", "data": None, "contact": True}]]


async def test_python_telegram_bot_is_refused(desk: Desk) -> None:
    bot = telegram.Bot("123456:ABCDEFGHIrevoked", base_url=f"{desk.url}/bot")
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()


async def test_aiogram(desk: Desk, gram: aiogram.Bot) -> None:
    assert (await gram.get_me()).username == "sim123456_bot"
    dispatcher = aiogram.Dispatcher()
    heard: list[str | None] = []

    @dispatcher.message()
    async def echo(message: aiogram.types.Message) -> None:
        heard.append(message.text)
        await message.answer(f"you said {message.text}")

    polling = asyncio.create_task(
        dispatcher.start_polling(gram, handle_signals=False, close_bot_session=False)
    )
    await desk.sim("POST", "telegram/say", {"token": TOKEN, "chat_id": CHAT, "text": "hello"})
    await until(lambda: heard)
    entry = await until(lambda: first_accepted(desk))
    assert (heard, entry["text"]) == (["hello"], "you said hello")
    await dispatcher.stop_polling()
    await asyncio.wait_for(polling, 10)


async def first_accepted(desk: Desk) -> Any:
    return next(iter((await desk.sim("GET", "ledger"))["telegram"]), None)


async def test_twilio_client(desk: Desk, client: Client) -> None:
    sent = await client.messages.create_async(to="+12025550155", from_=OFFICE, body="hello")
    assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
    await desk.sms_settled(sent.sid)
    fetched = await client.messages(sent.sid).fetch_async()
    assert (fetched.status, fetched.body) == ("delivered", "hello")
    assert (await client.messages(sent.sid).update_async(body="")).body == ""
    assert await client.messages(sent.sid).delete_async()
    with pytest.raises(TwilioRestException) as gone:
        await client.messages(sent.sid).fetch_async()
    assert (gone.value.status, gone.value.code) == (404, 20404)


async def test_twilio_client_follows_pages(desk: Desk, client: Client) -> None:
    for n in range(5):
        await client.messages.create_async(to="+12025550155", from_=OFFICE, body=str(n))
    async with asyncio.timeout(8):  # Pages that do not move on would be followed for ever.
        listed = await client.messages.list_async(to="+12025550155", page_size=2)
    assert [message.body for message in listed] == ["4", "3", "2", "1", "0"]


# -- Twilio: answers


def message(**changes: str | None) -> dict[str, str]:
    form: dict[str, str | None] = {"To": "+12025550155", "From": OFFICE, "Body": "hello", **changes}
    return {name: value for name, value in form.items() if value is not None}


async def test_resources_are_as_specified(desk: Desk, rest_api: Any) -> None:
    status, by_number = await desk.rest("POST", "Messages.json", message())
    assert status == 201
    check_resource(rest_api, by_number)
    _, by_service = await desk.rest("POST", "Messages.json", message(From=None, MessagingServiceSid=SERVICE))
    check_resource(rest_api, by_service)
    assert (by_service["from"], by_service["messaging_service_sid"]) == (None, SERVICE)
    await desk.sms_settled(by_service["sid"])
    _, fetched = await desk.rest("GET", f"Messages/{by_service['sid']}.json")
    check_resource(rest_api, fetched)
    assert (fetched["status"], fetched["from"]) == ("delivered", "+15005550006")


async def test_the_list_is_as_specified(desk: Desk, rest_api: Any) -> None:
    for n in range(3):
        await desk.rest("POST", "Messages.json", message(Body=str(n)))
    _, listed = await desk.rest("GET", "Messages.json?PageSize=2")
    path = rest_api["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]
    described = path["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema_faults(listed, described, rest_api["components"]["schemas"], "list") == []
    assert [m["body"] for m in listed["messages"]] == ["2", "1"]
    assert "PageToken=" in listed["next_page_uri"]


async def test_the_list_is_filtered(desk: Desk) -> None:
    await desk.rest("POST", "Messages.json", message())
    await desk.rest("POST", "Messages.json", message(To="+12025550156"))

    async def count(query: str) -> int:
        return len((await desk.rest("GET", f"Messages.json?{query}"))[1]["messages"])

    assert await count("To=%2B12025550156") == 1
    assert await count("From=%2B12025559000") == 2
    assert await count("From=%2B12025550156") == 0
    assert await count("DateSent%3E=2020-01-01&DateSent%3C=2999-01-01") == 2
    assert await count("DateSent%3C=2020-01-01") == 0
    assert await count("DateSent=2020-01-01") == 0
    assert await count("DateSent%3E=2999-01-01T00:00:00Z") == 0
    assert await count(time.strftime("DateSent=%Y-%m-%d", time.gmtime())) == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "2025550155"}, 21211),
        ({"To": "+0"}, 21211),
        ({"To": "+12345"}, 21211),
        ({"From": None}, 21603),
        ({"From": "not a number at all"}, 21212),
        ({"From": None, "MessagingServiceSid": "MGx"}, 21701),
        ({"Body": None}, 21602),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "not a url"}, 21609),
    ],
)
async def test_twilio_refuses(desk: Desk, changes: dict[str, str | None], code: int) -> None:
    status, answer = await desk.rest("POST", "Messages.json", message(**changes))
    assert (status, answer["code"], answer["status"]) == (400, code, 400)
    assert answer["more_info"].endswith(f"/{code}")
    assert answer["message"]
    assert (await desk.sim("GET", "ledger"))["sms"] == []


async def test_twilio_wants_the_accounts_token(desk: Desk) -> None:
    await desk.rest("POST", "Messages.json", message())
    status, answer = await desk.rest("POST", "Messages.json", message(), auth="another")
    assert (status, answer["code"]) == (401, 20003)
    async with desk.session.get(f"{desk.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json") as response:
        assert response.status == 401


async def test_a_message_under_way_is_not_deleted(desk: Desk) -> None:
    await desk.sim("PUT", "settings", {"callback_delay": 30})
    _, sent = await desk.rest("POST", "Messages.json", message())
    status, answer = await desk.rest("DELETE", f"Messages/{sent['sid']}.json")
    assert (status, answer["code"]) == (409, 20009)


# -- Twilio: scripted failures


@pytest.mark.parametrize(
    ("digits", "status", "code"),
    [("1211", 400, 21211), ("1610", 400, 21610), ("1614", 400, 21614), ("0501", 500, 20500)],
)
async def test_an_sms_failure_that_stays(desk: Desk, digits: str, status: int, code: int) -> None:
    for _ in range(2):
        answered, answer = await desk.rest("POST", "Messages.json", message(To=f"+1202555{digits}"))
        assert (answered, answer["code"]) == (status, code)
    assert (await desk.sim("GET", "ledger"))["sms"] == []


@pytest.mark.parametrize(("digits", "status", "code"), [("0429", 429, 20429), ("0500", 500, 20500)])
async def test_an_sms_failure_that_passes(desk: Desk, digits: str, status: int, code: int) -> None:
    answered, answer = await desk.rest("POST", "Messages.json", message(To=f"+1202555{digits}"))
    assert (answered, answer["code"]) == (status, code)
    answered, _ = await desk.rest("POST", "Messages.json", message(To=f"+1202555{digits}"))
    assert (answered, len((await desk.sim("GET", "ledger"))["sms"])) == (201, 1)


async def test_an_sms_connection_cut_before_acceptance(desk: Desk) -> None:
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await desk.rest("POST", "Messages.json", message(To="+12025550101"))
    assert (await desk.sim("GET", "ledger"))["sms"] == []
    assert (await desk.rest("POST", "Messages.json", message(To="+12025550101")))[0] == 201


async def test_an_sms_connection_cut_after_acceptance(desk: Desk) -> None:
    for _ in range(2):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await desk.rest("POST", "Messages.json", message(To="+12025550102"))
    assert len((await desk.sim("GET", "ledger"))["sms"]) == 2
    _, listed = await desk.rest("GET", "Messages.json?To=%2B12025550102")
    assert len(listed["messages"]) == 2


async def test_a_slow_number_is_accepted_before_it_answers(desk: Desk) -> None:
    await desk.sim("PUT", "settings", {"slow": 0.3})
    before = time.time()
    assert (await desk.rest("POST", "Messages.json", message(To="+12025550104")))[0] == 201
    (entry,) = (await desk.sim("GET", "ledger"))["sms"]
    assert time.time() - before >= 0.3
    assert entry["at"] - before < 0.25


@pytest.mark.parametrize("digits", ["0003", "0005", "0006", "0007"])
async def test_an_undelivered_sms(desk: Desk, rest_api: Any, digits: str) -> None:
    _, sent = await desk.rest("POST", "Messages.json", message(To=f"+1202555{digits}"))
    entry = await desk.sms_settled(sent["sid"])
    assert (entry["status"], entry["error_code"]) == ("undelivered", 30000 + int(digits))
    _, fetched = await desk.rest("GET", f"Messages/{sent['sid']}.json")
    check_resource(rest_api, fetched)
    assert fetched["error_code"] == 30000 + int(digits)
    assert fetched["error_message"]
    counts = (await desk.sim("GET", "ledger?counts=1"))["counts"]
    assert counts["sms_status"] == {"undelivered": 1}


# -- Twilio: callbacks and inbound texts


def check_signatures(receiver: Receiver) -> None:
    validator = RequestValidator(SECRET)
    for (path, headers, _), form in zip(receiver.requests, receiver.forms(), strict=True):
        assert validator.validate(receiver.url + path, form, headers["X-Twilio-Signature"])


async def test_status_callbacks_are_signed(desk: Desk, receiver: Receiver) -> None:
    callback = f"{receiver.url}/status?x=1&y=你"
    form = message(From=None, MessagingServiceSid=SERVICE, StatusCallback=callback.replace("你", "%E4%BD%A0"))
    _, sent = await desk.rest("POST", "Messages.json", form)
    await until(lambda: len(receiver.requests) == 3)
    check_signatures(receiver)
    assert [form["MessageStatus"] for form in receiver.forms()] == ["queued", "sent", "delivered"]
    last = receiver.forms()[-1]
    assert last == {
        "MessageSid": sent["sid"],
        "SmsSid": sent["sid"],
        "MessageStatus": "delivered",
        "SmsStatus": "delivered",
        "To": "+12025550155",
        "From": "+15005550006",
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "MessagingServiceSid": SERVICE,
    }


async def test_a_failed_delivery_is_called_back_with_its_code(desk: Desk, receiver: Receiver) -> None:
    await desk.rest("POST", "Messages.json", message(To="+12025550003", StatusCallback=receiver.url + "/"))
    await until(lambda: len(receiver.requests) == 3)
    assert [form.get("ErrorCode") for form in receiver.forms()] == [None, None, "30003"]
    check_signatures(receiver)


async def configure(desk: Desk, receiver: Receiver, **more: str) -> None:
    line = {
        "inbound_url": f"{receiver.url}/in",
        "account_sid": ACCOUNT,
        "auth_token": SECRET,
        "number": OFFICE,
    }
    await desk.sim("PUT", "sms", line | more)


async def test_an_inbound_text_is_signed_and_can_come_again(desk: Desk, receiver: Receiver) -> None:
    await configure(desk, receiver, messaging_service_sid=SERVICE)
    receiver.answers = [web.Response(status=503)]
    say = {"from": "+12025550155", "body": "你好"}
    first = await desk.sim("POST", "sms/say", say)
    assert first["status"] == 503
    again = await desk.sim("POST", "sms/say", say | {"repeat": True})
    assert again == {"sid": first["sid"], "status": 200}
    by_sid = await desk.sim("POST", "sms/say", say | {"sid": first["sid"]})
    assert by_sid["sid"] == first["sid"]
    assert len((await desk.rest("GET", "Messages.json"))[1]["messages"]) == 1
    check_signatures(receiver)
    one, two, three = receiver.forms()
    assert one == two == three
    assert (one["From"], one["To"], one["Body"], one["NumMedia"]) == ("+12025550155", OFFICE, "你好", "0")
    assert {one["MessageSid"], one["SmsSid"], one["SmsMessageSid"]} == {first["sid"]}
    assert (one["MessagingServiceSid"], one["FromCountry"], one["NumSegments"]) == (SERVICE, "US", "1")
    assert len(await desk.sim("GET", "inbound?channel=sms")) == 3


async def test_a_new_text_with_repeat_comes_twice(desk: Desk, receiver: Receiver) -> None:
    await configure(desk, receiver)
    say = {"from": "+12025550155", "body": "1", "repeat": True}
    sid = (await desk.sim("POST", "sms/say", say))["sid"]
    assert [form["MessageSid"] for form in receiver.forms()] == [sid, sid]


async def test_twiml_is_sent_as_a_reply(desk: Desk, receiver: Receiver, rest_api: Any) -> None:
    await configure(desk, receiver)
    twiml = "<Response><Message>thanks</Message><Message><Body>bye</Body></Message></Response>"
    receiver.answers = [web.Response(text=twiml, content_type="text/xml")]
    await desk.sim("POST", "sms/say", {"from": "+12025550155", "body": "1"})
    entries = (await desk.sim("GET", "ledger"))["sms"]
    assert [(e["to"], e["from"], e["body"]) for e in entries] == [
        ("+12025550155", OFFICE, "thanks"),
        ("+12025550155", OFFICE, "bye"),
    ]
    _, listed = await desk.rest("GET", "Messages.json")
    assert [m["direction"] for m in listed["messages"]] == ["outbound-reply", "outbound-reply", "inbound"]
    for resource in listed["messages"]:
        check_resource(rest_api, resource)


@pytest.mark.parametrize("url", [None, "https://example.org/", "http://127.0.0.1:9/"])
async def test_an_unreachable_webhook_is_status_0(desk: Desk, url: str | None) -> None:
    await desk.sim("PUT", "sms", {"inbound_url": url, "account_sid": ACCOUNT, "auth_token": SECRET})
    assert (await desk.sim("POST", "sms/say", {"from": "+12025550155", "body": "1"}))["status"] == 0


def test_segments() -> None:
    cases = [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2)]
    cases += [
        ("你" * 70, 1),
        ("你" * 71, 2),
        ("你" * 134, 2),
        ("你" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ]
    for text, segments in cases:
        assert segment_count(text) == segments, (text[0], len(text))


@given(st.dictionaries(st.text("AbC_z09", min_size=1), st.text()), st.text(min_size=1))
def test_the_signature_is_twilios(form: dict[str, str], token: str) -> None:
    url = "http://127.0.0.1:8080/sms?a=b"
    assert RequestValidator(token).validate(url, form, sign(token, url, form))
    assert not RequestValidator(token + "x").validate(url, form, sign(token, url, form))


# -- control and phones


async def test_the_ledger_is_read_from_a_moment_on(desk: Desk) -> None:
    await desk.result("sendMessage", {"chat_id": CHAT, "text": "a"})
    moment = (await desk.sim("GET", "ledger"))["telegram"][0]["at"]
    await desk.result("sendMessage", {"chat_id": CHAT, "text": "b"})
    await desk.rest("POST", "Messages.json", message())
    later = await desk.sim("GET", f"ledger?since={moment!r}")
    assert ([e["text"] for e in later["telegram"]], [e["body"] for e in later["sms"]]) == (["b"], ["hello"])
    assert (await desk.sim("GET", "ledger?channel=sms"))["telegram"] == []
    counts = (await desk.sim("GET", "ledger?counts=1"))["counts"]
    assert (counts["telegram"], counts["sms"]) == (2, 1)
    assert counts["calls"] == {"sendMessage": 2, "Messages.create": 1}


async def test_an_edit_is_kept_with_the_message(desk: Desk) -> None:
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "a", "reply_markup": INLINE})
    await desk.result("editMessageText", {"chat_id": CHAT, "message_id": sent["message_id"], "text": "b"})
    (entry,) = (await desk.sim("GET", "ledger"))["telegram"]
    assert (entry["text"], [(e["text"], e["buttons"]) for e in entry["edits"]]) == ("a", [("b", [])])


async def test_reset_forgets_what_happened_but_not_what_is_set_up(desk: Desk, receiver: Receiver) -> None:
    await configure(desk, receiver)
    await desk.result("setWebhook", {"url": receiver.url})
    await desk.sim("POST", "people", [{"name": "A", "number": "+12025550155", "chat_id": CHAT}])
    await desk.bot("sendMessage", {"chat_id": 9990429, "text": "x"})
    await desk.result("sendMessage", {"chat_id": CHAT, "text": "x"})
    await desk.sim("POST", "reset")
    counts = (await desk.sim("GET", "ledger"))["counts"]
    assert (counts["telegram"], counts["calls"], await desk.sim("GET", "people")) == (0, {}, [])
    assert (await desk.bot("sendMessage", {"chat_id": 9990429, "text": "x"}))[0] == 429
    assert (await desk.result("getWebhookInfo"))["url"] == receiver.url
    await desk.sim("POST", "reset", {"all": True})
    assert (await desk.result("getWebhookInfo"))["url"] == ""


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "people", {"name": "not a list"}, 400),
        ("POST", "people", [{"name": 1}], 400),
        ("PUT", "settings", {"slow": -1}, 400),
        ("POST", "telegram/say", {"token": TOKEN, "chat_id": "x", "text": "x"}, 400),
        ("POST", "telegram/say", {"token": "x", "chat_id": 1, "text": "x"}, 404),
        ("POST", "telegram/tap", {"token": TOKEN, "chat_id": 1, "message_id": 1, "data": "x"}, 404),
        ("POST", "sms/say", {"body": "x"}, 400),
        ("GET", "ledger?since=yesterday", None, 400),
    ],
)
async def test_control_refuses(desk: Desk, verb: str, path: str, body: Any, status: int) -> None:
    assert (await desk.sim(verb, path, body, status))["error"]


async def test_a_button_that_is_not_there_cannot_be_tapped(desk: Desk) -> None:
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "x", "reply_markup": INLINE})
    tap = {"chat_id": CHAT, "message_id": sent["message_id"], "data": "no"}
    assert "no button" in (await desk.sim("POST", "telegram/tap", tap, 404))["error"]


async def page(desk: Desk, path: str, body: Any = None, verb: str = "GET") -> tuple[int, Any]:
    async with desk.session.request(verb, desk.url + path, json=body) as response:
        return response.status, await (
            response.json() if "json" in response.content_type else response.text()
        )


async def test_a_phone_shows_and_sends(desk: Desk, receiver: Receiver) -> None:
    await configure(desk, receiver)
    await desk.sim("POST", "people", [{"name": "王秀英", "number": "+12025550155", "chat_id": CHAT}])
    await desk.result("sendMessage", {"chat_id": CHAT, "text": "<b>hi</b>", "reply_markup": KEYBOARD})
    sent = await desk.result("sendMessage", {"chat_id": CHAT, "text": "ok?", "reply_markup": INLINE})
    _, shown = await page(desk, "/phone/0/thread")
    assert [m["text"] for m in shown["telegram"]["messages"]] == ["<b>hi</b>", "ok?"]
    assert shown["telegram"]["keyboard"][0][0] == {"text": "Share", "data": None, "contact": True}
    assert (await page(desk, f"/phone/0/thread?seen={shown['version']}"))[0] == 204
    tap = {"message_id": sent["message_id"], "data": "yes"}
    for path, body in (("tap", tap), ("contact", {}), ("telegram", {"text": "yes"}), ("sms", {"text": "1"})):
        assert (await page(desk, f"/phone/0/{path}", body, "POST"))[0] == 200
    kinds = [next(k for k in u if k != "update_id") for u in await desk.result("getUpdates")]
    assert (kinds, len(receiver.requests)) == (["callback_query", "message", "message"], 1)
    _, after = await page(desk, "/phone/0/thread")
    assert ([m["mine"] for m in after["telegram"]["messages"]], len(after["sms"]["messages"])) == (
        [False, False, True, True],
        1,
    )


async def test_a_phone_gets_only_what_was_delivered(desk: Desk) -> None:
    people = [{"name": "A", "number": "+12025550155"}, {"name": "B", "number": "+12025550003"}]
    await desk.sim("POST", "people", people)
    for number in ("+12025550155", "+12025550003"):
        _, sent = await desk.rest("POST", "Messages.json", message(To=number))
        await desk.sms_settled(sent["sid"])
    threads = [(await page(desk, f"/phone/{n}/thread"))[1] for n in (0, 1)]
    assert [len(t["sms"]["messages"]) for t in threads] == [1, 0]
    assert [t["telegram"] for t in threads] == [None, None]


async def test_pages(desk: Desk) -> None:
    async with desk.session.get(f"{desk.url}/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/phone")
    for path in ("/phone/0", "/phone/99999999999999999999", "/phone/x"):
        status, text = await page(desk, path)
        assert (status, "没有这位居民" in text) == (404, True)
    await desk.sim("POST", "people", [{"name": "王秀英"}, {"name": "陈建国", "chat_id": 5}])
    assert (await page(desk, "/phone/0"))[0] == 200
    _, found = await page(desk, "/phone/people?q=陈")
    assert ([p["index"] for p in found["people"]], found["total"]) == ([1], 2)


async def test_pages_ask_nothing_of_other_hosts(desk: Desk) -> None:
    await desk.sim("POST", "people", [{"name": "王秀英"}])
    for path in (
        "/phone",
        "/phone/0",
        "/phone/static/phone.js",
        "/phone/static/people.js",
        "/phone/static/phone.css",
    ):
        status, text = await page(desk, path)
        assert status == 200
        assert "innerHTML" not in text
        assert re.findall(r"""(?:src|href|url)\s*=?\s*[("']+(//|https?:)""", text) == []


async def test_a_picture_is_shown_and_other_files_are_saved(desk: Desk, ptb: telegram.Bot) -> None:
    await desk.sim("POST", "people", [{"name": "A", "chat_id": CHAT}])
    await ptb.send_photo(CHAT, png())
    await ptb.send_document(CHAT, b"<script>alert(1)</script>", filename="a.html")
    _, shown = await page(desk, "/phone/0/thread")
    picture, document = shown["telegram"]["messages"]
    async with desk.session.get(f"{desk.url}/phone/0/file/{picture['photo']}") as response:
        assert response.content_type == "image/png"
    async with desk.session.get(f"{desk.url}/phone/0/file/{document['document']['id']}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"


async def test_a_port_in_use_is_an_error(desk: Desk) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await Simulator().start(port=int(desk.url.rpartition(":")[2]))
