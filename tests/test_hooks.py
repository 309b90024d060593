"""The way in, over real HTTP: who may post, what is kept, and that nothing counts twice or is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, web
from conftest import NOW, ROOT
from sqlalchemy import func, select
from sqlalchemy import text as text_of
from world import ACCOUNT, AUTH, NUMBER, TOKEN, Clock, World, free_port, opened_world, settings_for, until

from outreach.app import App, Content
from outreach.channels import Telegram, Wire
from outreach.conversation import Conversation
from outreach.hooks import Hooks
from outreach.simulator import Simulator
from outreach.simulator.signature import sign
from outreach.store import Store
from outreach.store.tables import addresses, inbound, outbox

INBOUND, STATUS, TELEGRAM = "/webhooks/twilio/inbound", "/webhooks/twilio/status", "/webhooks/telegram"
PHONE, SID = "+8619912345678", "SM" + "0123456789abcdef" * 2
SECRET = "a-secret-of-tests"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# One database is enough for what does not depend on it.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def text(body: str = "help", sid: str = SID, sender: str = PHONE) -> dict[str, str]:
    return {"MessageSid": sid, "From": sender, "To": NUMBER, "Body": body, "AccountSid": ACCOUNT}


def news(status: str, sid: str, **more: str) -> dict[str, str]:
    return {"MessageSid": sid, "MessageStatus": status, "To": PHONE, "From": NUMBER, **more}


def update(number: int, said: str = "help", chat_id: int = 501) -> dict[str, Any]:
    person = {"id": chat_id, "is_bot": False, "first_name": "梅"}
    chat = {"id": chat_id, "type": "private"}
    message = {"message_id": number, "from": person, "chat": chat, "date": 1764036000, "text": said}
    return {"update_id": number, "message": message}


async def twilio(world: World, path: str, form: dict[str, str], *, at: str = "", auth: str = AUTH) -> int:
    """Posts as Twilio does; `at` is the URL that was signed where that is another one."""
    signature = sign(auth, at or world.base + path, form)
    headers = {**FORM, "X-Twilio-Signature": signature, "Connection": "close"}
    return await world.post(path, data=urlencode(form).encode(), headers=headers)


async def rows(world: World, table: Any = inbound) -> int:
    ((n,),) = await world.read(select(func.count()).select_from(table))
    return int(n)


# -- Twilio


@on_sqlite
async def test_only_what_twilio_signed_for_this_url_is_taken(world: World) -> None:
    assert await twilio(world, INBOUND, text(), auth="guessed") == 403
    assert await twilio(world, INBOUND, text(), at=f"https://elsewhere.example{INBOUND}") == 403
    assert await twilio(world, INBOUND, text(), at=world.base + STATUS) == 403
    assert await world.post(INBOUND, data=urlencode(text()).encode(), headers=FORM) == 403
    assert await rows(world) == 0
    assert await twilio(world, INBOUND, text()) == 200
    assert await rows(world) == 1


@pytest.mark.parametrize("shown", ["/care", ""], ids=["kept", "stripped"])
async def test_signature_holds_behind_a_proxy_whether_it_keeps_the_path_or_not(
    shown: str, tmp_path: Any
) -> None:
    port = free_port()
    here, public = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/care"
    url = f"sqlite+aiosqlite:///{tmp_path}/outreach.db"
    async with opened_world(url, ROOT, port=port, public_url=public) as world:
        world.base = here + shown
        assert await twilio(world, INBOUND, text(), at=public + INBOUND) == 200
        query = f"{STATUS}?id=1"
        assert await twilio(world, query, news("delivered", SID), at=public + query) == 200
        assert await twilio(world, INBOUND, text(), at=here + INBOUND) == 403
        assert await rows(world) == 1


async def test_same_text_many_times_at_once_has_one_effect(world: World) -> None:
    assert await asyncio.gather(*(twilio(world, INBOUND, text()) for _ in range(10))) == [200] * 10
    assert await twilio(world, INBOUND, text()) == 200
    await world.quiet(heard=1)
    assert (await rows(world), await rows(world, outbox)) == (1, 1)
    assert len(await world.to_number(PHONE)) == 1


async def test_callbacks_in_any_order_end_where_the_message_ended(world: World) -> None:
    """Shuffled and doubled; then late ones, which change nothing."""
    await world.call("PUT", "/sim/settings", {"callback_delay": 600})
    orders = list(permutations(("queued", "sent", "delivered")))
    for n in range(len(orders)):
        assert await twilio(world, INBOUND, text(sid=f"{SID[:-1]}{n}", sender=f"+861991234567{n}")) == 200
    sent = await _sent(world, len(orders))
    for row, order in zip(sent, orders, strict=True):
        for status in (*order, *order, "sent"):
            assert await twilio(world, f"{STATUS}?id={row.id}", news(status, row.provider_id)) == 200
    assert {row.state for row in await world.read(select(outbox))} == {"delivered"}
    part = news("undelivered", sent[0].provider_id, ErrorCode="30003")
    for late in (part, news("delivered", sent[0].provider_id)):
        assert await twilio(world, f"{STATUS}?id={sent[0].id}", late) == 200
    found = {row.id: row.state for row in await world.read(select(outbox))}
    assert found.pop(sent[0].id) == "failed", "a failed part wins, whenever it is told"
    assert set(found.values()) == {"delivered"}


async def _sent(world: World, wanted: int) -> list[Any]:
    named = select(outbox).where(outbox.c.state == "sent").order_by(outbox.c.id)

    async def all_sent() -> bool:
        return len(await world.read(named)) == wanted

    await until(all_sent)
    return await world.read(named)


@on_sqlite
async def test_failure_closes_the_address_only_where_nothing_will_ever_arrive(world: World) -> None:
    await world.call("PUT", "/sim/settings", {"callback_delay": 600})
    codes = {"30003": "+8619912345671", "30005": "+8619912345672", "30006": "+8619912345673"}
    for n, number in enumerate(codes.values()):
        await twilio(world, INBOUND, text(sid=f"{SID[:-1]}{n}", sender=number))
    for row in await _sent(world, len(codes)):
        code = next(code for code, number in codes.items() if number == row.address)
        failed = news("undelivered", row.provider_id, ErrorCode=code)
        assert await twilio(world, f"{STATUS}?id={row.id}", failed) == 200
    closed = {row.value for row in await world.read(select(addresses)) if row.closed_at}
    assert closed == {codes["30005"], codes["30006"]}
    assert {row.state for row in await world.read(select(outbox))} == {"failed"}


@on_sqlite
async def test_callback_before_the_create_call_answered_is_not_lost(world: World) -> None:
    slow = "+8619912340104"
    await world.call("PUT", "/sim/settings", {"slow": 0.5, "callback_delay": 600})
    assert await twilio(world, INBOUND, text(sender=slow)) == 200

    async def taken() -> bool:
        return bool(await world.to_number(slow))

    async def settled() -> bool:
        return world.app.crew.tally.sent == 1

    await until(taken)
    (message,) = (await world.call("GET", "/sim/ledger?channel=sms"))["sms"]
    (row,) = await world.read(select(outbox))
    assert row.state == "sending"
    assert await twilio(world, f"{STATUS}?id={row.id}", news("delivered", message["sid"])) == 200
    assert not await settled(), "Twilio has not answered the call yet"
    await until(settled)
    (row,) = await world.read(select(outbox))
    assert (row.state, row.provider_id) == ("delivered", message["sid"])


async def test_callback_for_what_is_not_ours_changes_nothing(world: World) -> None:
    await world.call("PUT", "/sim/settings", {"callback_delay": 600})
    await twilio(world, INBOUND, text())
    (row,) = await _sent(world, 1)
    other = "SM" + "f" * 32
    for path, sid in (
        (f"{STATUS}?id=999999", other),
        (f"{STATUS}?id=999999", row.provider_id),
        (f"{STATUS}?id={row.id}", other),
        (f"{STATUS}?id=99999999999999999999", other),
        (f"{STATUS}?id={10**18 - 1}", other),
        (STATUS, other),
    ):
        assert await twilio(world, path, news("delivered", sid)) == 200
    assert [r.state for r in await world.read(select(outbox))] == ["sent"]
    assert await twilio(world, STATUS, news("delivered", row.provider_id)) == 200
    assert [r.state for r in await world.read(select(outbox))] == ["delivered"], "by its name alone"


# -- junk


SIGNED_JUNK = [
    text(body="a\0b"),
    text(body="\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace")),
    text(sid="\0"),
    text(sid="短信" * 20),
    text(sid="S" * 500),
    text(sender="+" + "9" * 400),
    text(sender="+86\n"),
    {**text(), "To": "x" * 5000},
    {**text(), "To": "\0"},
    {"": ""},
    {str(n): "" for n in range(300)},
    news("delivered", "S" * 500),
    news("delivered", "a\0b"),
    news("undelivered", SID, ErrorCode="9" * 200),
    news("undelivered", SID, ErrorCode="\0"),
    news("\0", SID),
]


async def test_signed_junk_never_breaks_the_service(world: World) -> None:
    await twilio(world, INBOUND, text(sid="SM" + "0" * 32))
    await world.quiet(heard=1)
    answers = {}
    for n, form in enumerate(SIGNED_JUNK):
        for path in (INBOUND, f"{STATUS}?id=1", f"{STATUS}?id=%00"):
            answers[n, path] = await twilio(world, path, form)
    assert {where: status for where, status in answers.items() if status >= 500} == {}


RAW_JUNK = (
    b"",
    b"\xff\xfe\x00",
    b"%",
    b"a=%ZZ&&&=",
    b"{",
    b"[]",
    b"null",
    b"1e999",
    b'"\\ud800"',
    b"[" * 30_000,
)
STRANGE: tuple[Any, ...] = (
    {"message": 5},
    {"update_id": {}},
    {"update_id": 10**30},
    update(2**70, chat_id=2**70),
    update(3, "a\0b\ud800"),
)


@on_sqlite
async def test_raw_junk_never_breaks_the_service(database_url: str) -> None:
    async with opened_world(database_url, ROOT, **WEBHOOK) as world:
        for body in (*RAW_JUNK, *(json.dumps(one).encode() for one in STRANGE)):
            for path in (INBOUND, STATUS, TELEGRAM):
                headers = {**FORM, "X-Telegram-Bot-Api-Secret-Token": SECRET, "X-Twilio-Signature": "é"}
                assert await world.post(path, data=body, headers=headers) < 500, (path, body[:80])
        assert await telegram(world, update(4)) == 200, "and goes on"


# -- Telegram by webhook


WEBHOOK = {"telegram_mode": "webhook", "telegram_webhook_secret": SECRET}


async def telegram(world: World, body: Any, secret: str | None = SECRET) -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}
    return await world.post(TELEGRAM, json=body, headers=headers)


async def test_telegram_update_needs_the_secret_and_counts_once(database_url: str) -> None:
    async with opened_world(database_url, ROOT, **WEBHOOK) as world:
        for wrong in (None, "", "guessed", SECRET.upper()):
            assert await telegram(world, update(7), wrong) == 403
        assert await rows(world) == 0
        assert await asyncio.gather(*(telegram(world, update(7)) for _ in range(5))) == [200] * 5
        assert await telegram(world, update(7)) == 200
        await world.says(502, "help")
        await world.quiet(heard=2)
        assert (await rows(world), await rows(world, outbox)) == (2, 2)
        assert (len(await world.to_chat(501)), len(await world.to_chat(502))) == (1, 1)


async def test_too_large_body_is_refused_unread(tmp_path: Any) -> None:
    async with opened_world(f"sqlite+aiosqlite:///{tmp_path}/outreach.db", ROOT, **WEBHOOK) as world:
        large = json.dumps(update(8, "问" * 100_000)).encode()
        secret = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        for path in (INBOUND, STATUS, TELEGRAM):
            assert await world.post(path, data=large, headers=secret) == 413

        async def in_pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(large), 10_000):
                yield large[start : start + 10_000]

        assert await world.post(TELEGRAM, data=in_pieces(), headers=secret) == 413, "without a length too"
        assert await rows(world) == 0


async def test_channel_that_is_off_is_not_there(tmp_path: Any) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/outreach.db"
    async with opened_world(url, ROOT, telegram_token="") as world:
        assert await telegram(world, update(1)) == 404
        assert await twilio(world, INBOUND, text()) == 200
    off = {"twilio_account_sid": "", "twilio_auth_token": "", "twilio_from": ""}
    async with opened_world(url, ROOT, **off, **WEBHOOK) as world:
        assert await twilio(world, INBOUND, text()) == 404
        assert await twilio(world, STATUS, news("sent", SID)) == 404
        assert await telegram(world, update(1)) == 200


# -- Telegram by polling


class Updates:
    """A Bot API with three updates, one of them unreadable; at each call it looks into our database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.pending = [
            update(5, "育儿补贴怎么领"),
            {"update_id": 6, "message": {"chat": 7}},
            update(7, "谢谢"),
        ]
        self.kept: dict[int, int] = {}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        offset = int(str(form.get("offset", 0)))
        async with self._store.read() as connection:
            kept = (await connection.execute(select(func.count()).select_from(inbound))).scalar_one()
        self.kept.setdefault(offset, kept)
        self.pending = [one for one in self.pending if one["update_id"] >= offset]
        # One by one, so that each acknowledgement is seen.
        return web.json_response({"ok": True, "result": self.pending[:1]})


@contextlib.asynccontextmanager
async def polling(
    api: Updates, store: Store, content: Content, clock: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Our poller at this Bot API."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await api(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    wire = Wire()
    channel = Telegram(TOKEN, f"http://127.0.0.1:{runner.addresses[0][1]}", wire)
    zone = settings_for("", ROOT, "http://127.0.0.1").zone
    conversation = Conversation(store, content.templates, content.knowledge, zone=zone, language="zh-Hans")
    hooks = Hooks(store, conversation, clock, telegram=channel, sms=None, public_url="")
    running = asyncio.create_task(hooks.poll(channel))
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await wire.close()
        await runner.cleanup()


async def test_update_is_acknowledged_only_after_its_effect_is_kept(store: Store, content: Content) -> None:
    api = Updates(store)

    async def all_acknowledged() -> bool:
        return max(api.kept, default=0) == 8

    async with polling(api, store, content, lambda: NOW):
        await until(all_acknowledged)
    assert api.kept == {0: 0, 6: 1, 7: 1, 8: 2}


@on_sqlite
async def test_update_outlasts_a_database_that_is_away_for_a_while(store: Store, content: Content) -> None:
    """A word such as "TD" must not be lost because a disk was full for ten seconds."""
    api, tries = Updates(store), 0

    def clock() -> datetime:
        nonlocal tries
        tries += 1
        return NOW

    async def fourth_try_or_given_up() -> bool:
        return tries >= 4 or max(api.kept, default=0) > 5

    async def all_acknowledged() -> bool:
        return max(api.kept, default=0) == 8

    async with store.write() as connection:
        # What a message's effect needs; looking at the inbox, as the Bot API of the test does, goes on.
        await connection.execute(text_of("ALTER TABLE addresses RENAME TO away"))
    async with polling(api, store, content, clock):
        await until(fourth_try_or_given_up)
        async with store.write() as connection:
            await connection.execute(text_of("ALTER TABLE away RENAME TO addresses"))
        await until(all_acknowledged)
    assert api.kept == {0: 0, 6: 1, 7: 1, 8: 2}


async def test_restart_in_the_middle_loses_nothing_and_doubles_nothing(database_url: str) -> None:
    simulator = Simulator()
    await simulator.start()
    chats = range(9_005_000, 9_005_030)
    for start in range(3):
        async with _service(database_url, simulator.url) as world:
            for chat_id in chats[start * 10 : start * 10 + 10]:
                await world.says(chat_id, "叶酸在哪里领")
            if start == 2:
                await world.quiet(heard=len(chats))
                ledger = (await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"]
                kept = await rows(world)
    await simulator.stop()
    assert kept == len(chats)
    assert sorted(message["chat_id"] for message in ledger) == list(chats)


@contextlib.asynccontextmanager
async def _service(database_url: str, simulator: str) -> AsyncIterator[World]:
    """The service on a simulator that outlives it."""

    app = App(settings_for(database_url, ROOT, simulator), Clock())
    ready, stop = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(app.run(ready=ready, stop=stop))
    await ready.wait()
    async with ClientSession() as session:
        yield World(app, Clock(), simulator, session)
    stop.set()
    await running
