"""Who is writing: a chat joined to a phone, two people on one number, somebody who lives elsewhere now."""

from __future__ import annotations

import re
from datetime import timedelta

from conftest import NOW
from sqlalchemy import select
from test_conversation import CHAT, PHONE, Town, on_sqlite, town

from outreach import residents
from outreach.conversation.who import masked
from outreach.model import Address
from outreach.residents import Resident
from outreach.residents.people import add_address
from outreach.store.tables import checkups, link_codes
from outreach.store.tables import outbox as messages
from outreach.store.tables import residents as table

__all__ = ["town"]
OTHER_CHAT = Address("telegram", "502")
LI_PHONE = Address("sms", "+8619912345679")


async def code(town: Town, text: str = "绑定", who: Address = PHONE) -> str:
    town.conversation.called("county_bot")
    reply = (await town.says(text, who)).reply
    found = re.search(r"https://t\.me/county_bot\?start=([\w-]{32})", reply)
    assert found, reply
    return found[1]


async def using(town: Town, address: Address) -> list[int]:
    async with town.store.read() as connection:
        return [person.id for person in await residents.at_address(connection, address)]


async def two_on_one(town: Town) -> tuple[Resident, Resident]:
    mei, li = await town.knows("张梅", township="东山镇"), await town.knows("李强", phone=LI_PHONE.value)
    async with town.store.write() as connection:
        await add_address(connection, li.id, PHONE, NOW)
    return mei, li


# -- one-time links


async def test_link_sent_by_sms_joins_the_chat_once(town: Town) -> None:
    resident = await town.knows()
    link = await code(town)
    (row,) = await town.read(select(link_codes))
    assert link not in str(tuple(row)), "only a hash is kept"
    assert (await town.says(f"/start {link}", CHAT)).outcome == "linked"
    assert await using(town, CHAT) == [resident.id]
    assert (await town.says(f"/start {link}", CHAT)).outcome == "linked", "a second tap by the same person"
    assert (await town.says(f"/start {link}", OTHER_CHAT)).outcome == "link_expired"
    assert resident.id not in await using(town, OTHER_CHAT)


@on_sqlite
async def test_link_that_is_over_or_not_ours_is_answered_kindly(town: Town) -> None:
    resident = await town.knows()
    link = await code(town)
    late = NOW + timedelta(hours=24)
    for text in (f"/start {link}", "/start abc", "/start@county_bot promo"):
        heard = await town.says(text, CHAT, late)
        assert heard.outcome == "link_expired"
        assert "绑定" in heard.reply
    assert await using(town, CHAT) != [resident.id]
    assert (await town.says("/start", CHAT)).outcome == "greeting"


@on_sqlite
async def test_links_are_not_sent_without_end(town: Town) -> None:
    await town.knows()
    for _ in range(3):
        await code(town)
    assert "t.me" not in (await town.says("绑定")).reply
    tomorrow = NOW + timedelta(hours=25)
    assert "t.me" in (await town.says("link", now=tomorrow)).reply


@on_sqlite
async def test_without_the_bots_name_we_say_how_else(town: Town) -> None:
    await town.knows()
    reply = (await town.says("绑定")).reply
    assert "分享我的手机号" in reply
    assert "t.me" not in reply


@on_sqlite
async def test_typed_number_links_nothing(town: Town) -> None:
    await town.knows()
    for text in ("19912345678", "+86 199 1234 5678", "我的手机号是19912345678", "绑定"):
        assert (await town.says(text, CHAT)).outcome == "link"
        (reply,) = await town.read(select(messages).order_by(messages.c.id.desc()).limit(1))
        assert [button["kind"] for button in reply.buttons] == ["contact"]
    (stranger,) = await using(town, CHAT)
    async with town.store.read() as connection:
        person = await residents.get(connection, stranger)
    assert person is not None
    assert person.name == ""


async def test_stop_in_the_chat_outlives_the_link(town: Town) -> None:
    resident = await town.knows()
    await town.says("别再给我发了", CHAT)
    await town.says(f"/start {await code(town)}", CHAT)
    assert await town.agrees(resident) == {False}


# -- two on one number


async def test_shared_contact_of_two_people_asks_which_of_them(town: Town) -> None:
    _, li = await two_on_one(town)
    heard = await town.says("", CHAT, kind="contact", phone=PHONE.value)
    assert heard.outcome == "who"
    (asked,) = await town.read(select(messages).order_by(messages.c.id.desc()).limit(1))
    assert [button["text"] for button in asked.buttons] == ["张*", "李*"]
    assert (await town.says(asked.buttons[1]["data"], CHAT, kind="tap")).outcome == "linked"
    assert await using(town, CHAT) == [li.id]


@on_sqlite
async def test_link_for_a_shared_number_asks_first(town: Town) -> None:
    _, li = await two_on_one(town)
    town.conversation.called("county_bot")
    assert (await town.says("绑定")).outcome == "who"
    reply = (await town.says("2")).reply
    link = reply.split("start=")[1].split()[0]
    await town.says(f"/start {link}", CHAT)
    assert await using(town, CHAT) == [li.id]


async def test_answer_to_the_second_ones_reminder_is_theirs(town: Town) -> None:
    mei, li = await two_on_one(town)
    async with town.store.write() as connection:
        for address in await residents.addresses_of(connection, li.id, "sms"):
            if address != PHONE:
                await residents.remove_address(connection, li.id, address)
    await town.visit(li)
    (row,) = await town.read(select(messages))
    assert row.template == "reminders/prenatal_neutral"
    assert "李强" not in row.text
    assert (await town.says("1")).outcome == "appointment"
    (visit,) = await town.read(select(checkups))
    assert (visit.resident_id, visit.state) == (li.id, "confirmed")
    assert mei.id != li.id


@on_sqlite
async def test_sensitive_campaign_is_worded_neutrally_where_others_read_along(town: Town) -> None:
    await two_on_one(town)
    alone, _ = await town.newcomer(consent_care="是")
    async with town.store.read() as connection:
        shared = await residents.sharing(connection, [1, 2, alone.id])
        assert await residents.is_shared(connection, PHONE)
        assert not await residents.is_shared(connection, LI_PHONE)
    assert shared == {(1, "sms"), (2, "sms")}


def test_names_are_masked_to_the_surname_unless_two_are_alike() -> None:
    assert masked(["张梅", "李强"]) == ["张*", "李*"]
    assert masked(["张梅", "张小兰", "李强"]) == ["张*梅", "张*兰", "李*"]
    assert masked(["Tom Li", "Ann Wu"]) == ["L*", "W*"]


# -- where they live


async def living(town: Town, resident: Resident) -> str:
    ((place,),) = await town.read(select(table.c.township).where(table.c.id == resident.id))
    return str(place)


async def test_move_within_the_county_takes_one_message(town: Town) -> None:
    resident = await town.knows(township="东山镇")
    for place in ("东山镇", "西河乡"):
        await town.newcomer(township=place)
    for text, place in (
        ("我现在住在西河乡", "西河乡"),
        ("我搬到东山镇了", "东山镇"),
        ("我住西河", "西河乡"),
        ("/township 东山镇", "东山镇"),
        ("I live in 西河乡 now", "西河乡"),
    ):
        heard = await town.says(text)
        assert heard.outcome == "township", text
        assert place in heard.reply
        assert await living(town, resident) == place


async def test_unknown_township_is_asked_about_and_chosen_by_number_or_name(town: Town) -> None:
    resident = await town.knows(township="东山镇")
    for place in ("东山镇", "西河乡"):
        await town.newcomer(township=place)
    heard = await town.says("我搬到南湖镇了")
    assert "1. 东山镇\n2. 西河乡" in heard.reply or "1. 西河乡\n2. 东山镇" in heard.reply
    assert await living(town, resident) == "东山镇"
    await town.says("西河")
    assert await living(town, resident) == "西河乡"
    await town.says("换乡镇", now=NOW + timedelta(minutes=1))
    (asked,) = await town.read(select(messages).order_by(messages.c.id.desc()).limit(1))
    number = 1 + [button["text"] for button in asked.buttons].index("东山镇")
    assert (await town.says(str(number), now=NOW + timedelta(minutes=2))).outcome == "township"
    assert await living(town, resident) == "东山镇"


@on_sqlite
async def test_on_a_shared_number_the_one_who_moved_is_asked_for(town: Town) -> None:
    mei, li = await two_on_one(town)
    assert (await town.says("我现在住在东山镇")).outcome == "who"
    await town.says("2")
    assert await living(town, li) == "东山镇"
    assert await living(town, mei) == "东山镇"


@on_sqlite
async def test_what_is_no_move_is_no_move(town: Town) -> None:
    await town.knows(township="东山镇")
    for text in ("我在家", "我住在医院", "东山镇卫生院在哪", "住院怎么报销", "我在上班"):
        assert (await town.says(text)).outcome != "township", text
