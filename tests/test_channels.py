"""The translators: captured payloads in, every answer a provider may give, and calls true to its spec."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import encode_basic_auth, web
from world import ACCOUNT, AUTH, NUMBER, TOKEN, free_port

from outreach.channels import Sms, Telegram, Wire
from outreach.channels.wire import CONNECTIONS, NotWritten, Unanswered
from outreach.model import (
    Address,
    BadInput,
    Button,
    Channel,
    Forged,
    Inbound,
    InDoubt,
    Outbound,
    Receipt,
    Request,
    SendError,
    Sent,
    State,
)
from outreach.simulator import Simulator
from outreach.simulator.signature import sign

CASES = Path(__file__).parent / "channels" / "cases"
SPECS = Path(__file__).parents[2] / "shared" / "specs"
PUBLIC, SECRET = "https://care.example.gov.cn", "a-secret-of-tests"
CHAT, PHONE = Address("telegram", "501"), Address("sms", "+8619912345678")
SERVICE = "MG" + "2" * 32
# Far more than an answer on loopback takes, and far less than the channels' own limit.
LIMIT = 0.3
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def table(name: str) -> list[Any]:
    cases = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return [pytest.param(case, id=case["name"]) for case in cases]


def spec(name: str) -> Any:
    file = SPECS / f"{name}.json"
    if not file.exists():
        pytest.skip(f"NO SPECIFICATION: {file} is not beside the checkout, calls are not held to it")
    return json.loads(file.read_text("utf-8"))


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    opened = Wire()
    yield opened
    await opened.close()


def telegram(wire: Wire, base: str = "http://127.0.0.1:9") -> Telegram:
    return Telegram(TOKEN, base, wire, webhook_secret=SECRET)


def sms(wire: Wire, base: str = "http://127.0.0.1:9", **more: Any) -> Sms:
    return Sms(ACCOUNT, AUTH, base, wire, **({"senders": [NUMBER], "public_url": PUBLIC} | more))


def channel(name: str, wire: Wire, base: str) -> Channel:
    return telegram(wire, base) if name == "telegram" else sms(wire, base)


def message(name: str, text: str = "您好", **more: Any) -> Outbound:
    return Outbound(12, CHAT if name == "telegram" else PHONE, text, **more)


@contextlib.asynccontextmanager
async def provider(answer: Answer) -> AsyncIterator[str]:
    """A provider that gives this answer to every call."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


# -- what comes in


def _words(expected: dict[str, Any]) -> dict[str, Any]:
    name, _, value = expected["sender"].partition(":")
    return {**expected, "sender": Address(name, value)}


@pytest.mark.parametrize("case", table("telegram_updates"))
def test_telegram_update_is_understood(case: Any) -> None:
    request = Request(
        PUBLIC, {"x-telegram-bot-api-secret-token": SECRET}, json.dumps(case["update"]).encode()
    )
    expected = [Inbound(**_words(case["expected"]))] if case["expected"] else []
    assert telegram(Wire()).read(request) == expected


JUNK = ("", "{", "[]", "null", "7", '"text"', "{}", '{"update_id": "x", "message": 5}', '{"message": {}}')


@pytest.mark.parametrize("body", JUNK)
def test_junk_from_telegram_is_named_as_such(body: str) -> None:
    request = Request(PUBLIC, {"x-telegram-bot-api-secret-token": SECRET}, body.encode())
    with pytest.raises(BadInput):
        telegram(Wire()).read(request)


@pytest.mark.parametrize("headers", [{}, {"x-telegram-bot-api-secret-token": "guessed"}])
def test_update_without_the_secret_is_forged(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        telegram(Wire()).read(Request(PUBLIC, headers, b'{"update_id": 1}'))


def signed(path: str, form: dict[str, str]) -> Request:
    signature = sign(AUTH, PUBLIC + path, form)
    return Request(PUBLIC + path, {"x-twilio-signature": signature}, urlencode(form).encode())


@pytest.mark.parametrize("case", table("twilio_forms"))
def test_twilio_form_is_understood(case: Any) -> None:
    request, expected = signed(case["path"], case["form"]), case["expected"]
    if expected == "bad input":
        with pytest.raises(BadInput):
            sms(Wire()).read(request)
        return
    found: list[Inbound | Receipt] = []
    if expected and "inbound" in expected:
        found = [Inbound(**_words(expected["inbound"]))]
    elif expected:
        values = expected["receipt"]
        found = [Receipt("sms", **{**values, "state": State(values["state"])})]
    assert sms(Wire()).read(request) == found


# -- what a provider may answer


async def ending(sending: Awaitable[Sent]) -> tuple[str, Any]:
    try:
        return "Sent", await sending
    except (SendError, InDoubt) as error:
        return type(error).__name__, error


def answering(case: Any) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        body, kind = case["body"], "text/html"
        if not isinstance(body, str):
            body, kind = json.dumps(body), "application/json"
        return web.Response(text=body, status=case["status"], content_type=kind)

    return answer


async def _decides(name: str, case: Any, wire: Wire) -> None:
    async with provider(answering(case)) as base:
        kind, found = await ending(channel(name, wire, base).send(message(name)))
    ((expected, values),) = case["expected"].items()
    assert kind == expected
    assert {key: getattr(found, key) for key in values} == values


@pytest.mark.parametrize("case", table("telegram_answers"))
async def test_telegram_answer_is_decided(case: Any, wire: Wire) -> None:
    await _decides("telegram", case, wire)


@pytest.mark.parametrize("case", table("twilio_answers"))
async def test_twilio_answer_is_decided(case: Any, wire: Wire) -> None:
    await _decides("sms", case, wire)


both = pytest.mark.parametrize("name", ["telegram", "sms"])


@both
async def test_refused_connection_means_try_later(name: str, wire: Wire) -> None:
    kind, found = await ending(channel(name, wire, f"http://127.0.0.1:{free_port()}").send(message(name)))
    assert kind == "TryLater"
    assert not found.lane


@both
async def test_connection_cut_after_the_request_is_a_doubt(name: str, wire: Wire) -> None:
    simulator = Simulator()
    await simulator.start()
    one = channel(name, wire, simulator.url)
    for last in ("0101", "0102"):
        address = Address("telegram", f"7{last}") if name == "telegram" else Address("sms", f"+8619912{last}")
        kind, _ = await ending(one.send(Outbound(1, address, "您好")))
        assert kind == "InDoubt", last
    await simulator.stop()


@both
async def test_answer_cut_in_the_middle_is_a_doubt(name: str, wire: Wire) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b'{"ok": true, ')
        assert request.transport
        request.transport.close()
        return response

    async with provider(half) as base:
        assert (await ending(channel(name, wire, base).send(message(name))))[0] == "InDoubt"


# -- the wire


@pytest.mark.parametrize("headers_first", [False, True])
async def test_time_limit_holds_and_leaves_a_doubt(headers_first: bool, wire: Wire) -> None:
    forever = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if headers_first:
            await response.prepare(request)
            await response.write(b"{")
        await forever.wait()
        return response

    async with provider(hang) as base:
        started = time.monotonic()
        with pytest.raises(Unanswered):
            await wire.request("POST", base, seconds=LIMIT)
        assert LIMIT <= time.monotonic() - started < LIMIT + 2
        forever.set()


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://no-such-host.invalid/", "http://[::1/"])
async def test_nothing_was_written_where_nobody_answers(url: str, wire: Wire) -> None:
    with pytest.raises(NotWritten) as caught:
        await wire.request("POST", url.format(port=free_port()) + f"bot{TOKEN}/getMe", seconds=5)
    assert TOKEN not in str(caught.value)


class Crossing:
    """Answers every second call before the one that came first, and echoes the message's own number."""

    def __init__(self) -> None:
        self.at_once = self.most = 0
        self._waiting: asyncio.Event | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        if self._waiting is None:
            self._waiting = asyncio.Event()
            await self._waiting.wait()
        else:
            self._waiting.set()
            self._waiting = None
        self.at_once -= 1
        number = int(str(form.get("text") or form.get("Body")))
        chat = {"id": 501, "type": "private"}
        result = {"message_id": number, "date": 0, "chat": chat}
        return web.json_response({"ok": True, "result": result, "sid": str(number)}, status=_created(request))


def _created(request: web.Request) -> int:
    return 201 if "Accounts" in request.path else 200


@both
async def test_concurrent_sends_get_their_own_answers(name: str, wire: Wire) -> None:
    crossing = Crossing()
    async with provider(crossing) as base:
        one = channel(name, wire, base)
        sent = await asyncio.gather(*(one.send(message(name, str(n))) for n in range(1, 401)))
    assert [answer.provider_id for answer in sent] == [str(n) for n in range(1, 401)]
    assert 2 < crossing.most <= CONNECTIONS, "side by side, and bounded"


async def test_message_comes_from_the_number_it_names(wire: Wire) -> None:
    calls, service = Calls(), "MG" + "1" * 32
    async with provider(calls) as base:
        one = sms(wire, base, senders=[NUMBER, "+15005550007"])
        await one.send(Outbound(1, PHONE, "您好", sender="+15005550007"))
        await one.send(Outbound(1, PHONE, "您好"))
        pooled = sms(wire, base, senders=["+15005550007"], service=service)
        await pooled.send(Outbound(1, PHONE, "您好", sender=service))
        await pooled.send(Outbound(1, PHONE, "您好", sender="+15005550007"))
        await pooled.send(Outbound(1, PHONE, "您好"))
    sent = [(call["params"].get("From"), call["params"].get("MessagingServiceSid")) for call in calls.made]
    seven = ("+15005550007", None)
    assert sent == [seven, (NUMBER, None), (None, service), seven, (None, service)]


# -- every call, against what the providers publish


class Calls:
    """A provider of both kinds that writes down what it is asked."""

    RESULTS: dict[str, Any] = {  # noqa: RUF012
        "getMe": {"id": 4200, "is_bot": True, "first_name": "县卫健", "username": "sim4200_bot"},
        "getUpdates": [],
        "sendMessage": {"message_id": 31, "date": 1764036000, "chat": {"id": 501, "type": "private"}},
    }

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        params = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
        call = {"path": request.path, "verb": request.method, "params": params}
        self.made.append({**call, "login": request.headers.get("Authorization", "")})
        if "Accounts" in request.path:
            body = {"messages": [], "next_page_uri": None} if request.method == "GET" else {"sid": "SM1"}
            return web.json_response(body, status=201 if request.method == "POST" else 200)
        method = request.path.rsplit("/", 1)[1]
        return web.json_response({"ok": True, "result": self.RESULTS.get(method, True)})


async def test_every_telegram_call_is_true_to_the_specification(wire: Wire) -> None:
    published, calls = spec("telegram-bot-api"), Calls()
    async with provider(calls) as base:
        one = telegram(wire, base)
        await one.check()
        await one.listen_by_polling()
        await one.listen_by_webhook(f"{PUBLIC}/webhooks/telegram")
        assert await one.updates(0) == []
        await one.acknowledge_tap("4200700000001")
        await one.send(message("telegram"))
        await one.send(message("telegram", buttons=[Button("好", "1"), Button("不好", "2")]))
        await one.send(message("telegram", buttons=[Button("同意"), Button("分享手机号", kind="contact")]))
    methods = [call["path"].removeprefix(f"/bot{TOKEN}/") for call in calls.made]
    assert methods[:5] == ["getMe", "deleteWebhook", "setWebhook", "getUpdates", "answerCallbackQuery"]
    for method, call in zip(methods, calls.made, strict=True):
        shape = {field["name"]: field for field in published["methods"][method].get("fields", [])}
        assert call["params"].keys() <= shape.keys(), method
        assert {name for name, field in shape.items() if field["required"]} <= call["params"].keys(), method
        for name, text in call["params"].items():
            assert _fits_text(text, shape[name]["types"], published), f"{method}.{name} = {text}"


def _fits_text(text: str, types: list[str], published: Any) -> bool:
    """A parameter as it stands in a form: plain text, or JSON."""
    if "String" in types:
        return True
    with contextlib.suppress(ValueError):
        return any(_fits(json.loads(text), kind, published) for kind in types)
    return False


def _fits(value: Any, kind: str, published: Any) -> bool:
    plain = {"String": str, "Integer": int, "Float": (int, float), "Boolean": bool, "True": bool}
    if kind in plain:
        return isinstance(value, plain[kind]) and (kind in ("Boolean", "True")) == isinstance(value, bool)
    if kind.startswith("Array of "):
        inner = kind.removeprefix("Array of ")
        return isinstance(value, list) and all(_fits(item, inner, published) for item in value)
    shape = {field["name"]: field for field in published["types"][kind].get("fields", [])}
    return (
        isinstance(value, dict)
        and value.keys() <= shape.keys()
        and {name for name, field in shape.items() if field["required"]} <= value.keys()
        and all(any(_fits(v, t, published) for t in shape[name]["types"]) for name, v in value.items())
    )


async def test_every_twilio_call_is_true_to_the_specification(wire: Wire) -> None:
    published, calls = spec("twilio-api-v2010"), Calls()
    async with provider(calls) as base:
        one, through_service = sms(wire, base), sms(wire, base, senders=[], service=SERVICE)
        await one.check()
        await one.send(message("sms"))
        await one.send(message("sms", sender=NUMBER))
        await through_service.send(message("sms"))
        await sms(wire, base, public_url="").send(message("sms"))
    path = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
    create = published["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    shapes = {
        "POST": create["schema"]["properties"],
        "GET": {p["name"]: p["schema"] for p in published["paths"][path]["get"]["parameters"]},
    }
    assert [call["verb"] for call in calls.made] == ["GET", "POST", "POST", "POST", "POST"]
    for call in calls.made:
        assert call["path"] == path.format(AccountSid=ACCOUNT)
        assert call["login"] == encode_basic_auth(ACCOUNT, AUTH)
        assert call["params"].keys() <= shapes[call["verb"]].keys()
        for name, text in call["params"].items():
            assert _suits(text, shapes[call["verb"]][name]), f"{name} = {text}"
    for call in calls.made[1:]:
        assert {"To", "Body"} <= call["params"].keys()
        assert len({"From", "MessagingServiceSid"} & call["params"].keys()) == 1
    assert calls.made[1]["params"]["StatusCallback"] == f"{PUBLIC}/webhooks/twilio/status?id=12"
    assert "StatusCallback" not in calls.made[-1]["params"]


def _suits(text: str, schema: Any) -> bool:
    if schema.get("type") == "integer":
        return text.isdigit()
    if schema.get("format") == "uri":
        return text.startswith(("http://", "https://"))
    if schema.get("format") == "phone-number":
        return bool(re.fullmatch(r"\+[1-9]\d{6,14}", text))
    return bool(re.fullmatch(schema.get("pattern", ".*"), text, re.DOTALL))


# -- signing in


@pytest.mark.parametrize(
    ("token", "where"),
    [("4200:tests-bot-revoked", "OUTREACH_TELEGRAM_TOKEN"), ("no-token", "OUTREACH_TELEGRAM_TOKEN")],
)
async def test_refused_token_names_its_setting(token: str, where: str, wire: Wire) -> None:
    simulator = Simulator()
    await simulator.start()
    with pytest.raises(BadInput) as caught:
        await Telegram(token, simulator.url, wire).check()
    await simulator.stop()
    assert caught.value.where == where
    assert token not in str(caught.value)


async def test_unreadable_update_does_not_stop_the_next(wire: Wire) -> None:
    broken = {"update_id": 5, "message": {"message_id": "x", "chat": 7}}
    sound = json.loads((CASES / "telegram_updates.json").read_text("utf-8"))[0]["update"]

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True, "result": [broken, {**sound, "update_id": 6}]})

    async with provider(answer) as base:
        first, second = await telegram(wire, base).updates(5)
    assert first == (5, None)
    assert second[0] == 6
    assert second[1] is not None
    assert second[1].text == "育儿补贴怎么领"
