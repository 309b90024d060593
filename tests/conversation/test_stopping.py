"""Stop and start: all or one kind, once, for everybody on the address, and never more back than there was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from test_conversation import CHAT, PHONE, YES, Heard, Town, on_sqlite, town

from outreach import outbox, residents
from outreach.model import Priority
from outreach.residents import Resident
from outreach.residents.people import add_address
from outreach.store import Store
from outreach.store.tables import consent, survey_answers
from outreach.store.tables import outbox as messages

__all__ = ["town"]
TOMORROW = NOW + timedelta(days=1)


async def held(town: Town, resident: Resident) -> dict[str, bool]:
    async with town.store.read() as connection:
        return await residents.standing(connection, resident.id)


async def waiting(town: Town, resident: Resident, *purposes: str) -> list[int]:
    return [
        await town.sends(resident, due_at=TOMORROW, purpose=purpose, template=f"{purpose}/x")
        for purpose in purposes
    ]


async def states(town: Town) -> list[str]:
    rows = select(messages.c.state).where(messages.c.due_at == TOMORROW).order_by(messages.c.id)
    return [row.state for row in await town.read(rows)]


async def test_stop_of_one_kind_leaves_the_others(town: Town) -> None:
    resident = await town.knows()
    await waiting(town, resident, "care", "reminders", "surveys")
    heard = await town.says("不要再发调查问卷")
    assert heard.outcome == "stop"
    assert "满意度问卷停了" in heard.reply
    assert "恢复满意度问卷" in heard.reply
    assert await held(town, resident) == {"care": True, "reminders": True, "surveys": False}
    assert await states(town) == ["queued", "queued", "cancelled"]


async def test_what_the_confirmation_says_brings_it_back(town: Town) -> None:
    for language, stops in (
        ("中文", ("退订问卷", "退订提醒", "退订关怀消息")),
        ("英文", ("stop surveys", "stop reminders", "stop care messages")),
    ):
        for text in stops:
            resident, address = await town.newcomer(language=language, **YES)
            reply = (await town.says(text, address)).reply
            assert False in (await held(town, resident)).values()
            back = (
                reply.split("回复“")[1].split("”")[0]
                if "回复“" in reply
                else reply.split("reply ")[1].split(".")[0]
            )
            assert (await town.says(back, address)).outcome == "start", back
            assert set((await held(town, resident)).values()) == {True}, back


async def test_start_gives_back_what_the_stop_ended_and_nothing_else(town: Town) -> None:
    resident = await town.knows(consent_surveys="否")
    await town.says("退订提醒")
    await town.says("TD")
    heard = await town.says("恢复订阅")
    assert await held(town, resident) == {"care": True, "reminders": False, "surveys": False}
    assert "关怀消息" in heard.reply
    assert "预约提醒" not in heard.reply
    (newest,) = await town.read(select(consent).order_by(consent.c.id.desc()).limit(1))
    assert heard.reply in newest.wording, "the words that were shown are kept"
    await town.says("恢复提醒")
    assert (await held(town, resident))["reminders"] is True


async def test_start_after_several_kinds_were_stopped_gives_them_all_back(town: Town) -> None:
    resident = await town.knows()
    await town.says("退订提醒")
    await town.says("退订问卷")
    await town.says("恢复订阅")
    assert set((await held(town, resident)).values()) == {True}


@on_sqlite
async def test_sensitive_topic_comes_back_only_where_it_was_given(town: Town) -> None:
    mei, li = await town.knows("张梅"), await town.knows("李强", phone="+8619912345679")
    said = {"wording": "同意", "channel": "paper", "source": "staff", "now": NOW}
    async with town.store.write() as connection:
        await residents.give(connection, [mei.id], purposes=["health:screening"], **said)
    for address in (PHONE, "+8619912345679"):
        who = address if address == PHONE else type(PHONE)("sms", str(address))
        await town.says("退订筛查提醒", who)
        await town.says("恢复筛查提醒", who)
    assert (await held(town, mei))["health:screening"] is True
    assert "health:screening" not in await held(town, li)
    await town.says("STOP")
    assert set((await held(town, mei)).values()) == {False}
    await town.says("START")
    assert set((await held(town, mei)).values()) == {True}


@on_sqlite
async def test_second_stop_is_answered_in_one_line_and_writes_nothing(town: Town) -> None:
    resident = await town.knows()
    await town.says("TD")
    before = await town.read(select(consent.c.id).where(consent.c.resident_id == resident.id))
    heard = await town.says("退订！！！")
    assert heard.outcome == "stop"
    assert "早就停了" in heard.reply
    assert await town.read(select(consent.c.id).where(consent.c.resident_id == resident.id)) == before
    assert await town.says("STOP", answered_by_provider=True) == Heard("stop", "")


async def test_stop_closes_the_open_survey_and_is_no_answer_to_it(town: Town) -> None:
    resident = await town.knows()
    await town.survey(resident)
    for text in ("停", "别再发问卷了", "5"):
        await town.says(text, now=NOW + timedelta(minutes=1))
    assert await town.read(select(survey_answers)) == []


async def test_stop_reaches_the_other_channel_and_what_was_put_off(town: Town) -> None:
    resident = await town.knows(telegram_id=CHAT.value)
    await waiting(town, resident, "care")
    async with town.store.write() as connection:
        draft = outbox.Draft(
            "chat", resident.id, CHAT, Priority.CAMPAIGN, "care", "care/x", "zh-Hans", "您好", TOMORROW
        )
        await outbox.enqueue(connection, [draft], NOW)
    await town.says("不要再给我发短信了，谢谢", CHAT)
    assert await states(town) == ["cancelled", "cancelled"]


async def test_bare_cancel_is_about_the_visit_even_with_another_question_in_between(town: Town) -> None:
    resident = await town.knows()
    await town.visit(resident)
    await town.clarify(resident, NOW + timedelta(minutes=1))
    assert (await town.says("请取消", now=NOW + timedelta(minutes=2))).outcome == "appointment"
    assert (await town.says("取消", now=NOW + timedelta(minutes=3))).outcome == "stop", "none is open now"


@pytest.mark.parametrize("text", ["STOP", "退订", "TD", "T", "R", "unsubscribe", "不要再发了", "拒收"])
@on_sqlite
async def test_word_for_messages_is_a_stop_while_a_visit_is_open(town: Town, text: str) -> None:
    await town.visit(await town.knows())
    assert (await town.says(text)).outcome == "stop"


@on_sqlite
async def test_yes_starts_again_only_who_stopped(town: Town) -> None:
    resident = await town.knows()
    assert (await town.says("Yes")).outcome == "courtesy"
    await town.says("STOP")
    assert (await town.says("YES")).outcome == "start"
    assert set((await held(town, resident)).values()) == {True}


async def test_start_on_a_shared_number_asks_who_and_stop_does_not(town: Town) -> None:
    mei, li = await two_on_one(town)
    await town.says("退订")
    heard = await town.says("恢复订阅")
    assert heard.outcome == "who"
    assert "1. 张*\n2. 李*" in heard.reply
    assert set((await held(town, li)).values()) == {False}
    assert (await town.says("2")).outcome == "start"
    assert set((await held(town, li)).values()) == {True}
    assert set((await held(town, mei)).values()) == {False}, "each for themselves"


@on_sqlite
async def test_nobody_is_chosen_by_words_we_did_not_offer(town: Town) -> None:
    mei, _ = await two_on_one(town)
    await town.says("TD")
    assert (await town.says(f"who|start||{mei.id}")).outcome != "start"
    assert (await town.says(f"who|link||{mei.id}", CHAT)).outcome != "linked"
    other, _ = await town.newcomer()
    assert (await town.says("", CHAT, kind="contact", phone=PHONE.value)).outcome == "who"
    assert (await town.says(f"who|link||{other.id}", CHAT)).outcome != "linked"
    assert (await town.says("3", CHAT)).outcome != "linked"
    assert (await town.says("", CHAT, kind="contact", phone=PHONE.value)).outcome == "who"
    assert (await town.says("1", CHAT)).outcome == "linked"


async def two_on_one(town: Town) -> tuple[Resident, Resident]:
    mei, li = await town.knows("张梅"), await town.knows("李强", phone="+8619912345679")
    async with town.store.write() as connection:
        await add_address(connection, li.id, PHONE, NOW)
    return mei, li


ACTS = ("TD", "恢复订阅", "退订提醒", "恢复提醒", "退订问卷", "恢复问卷", "退订关怀消息", "恢复关怀消息")


@on_sqlite
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(ACTS), max_size=7), st.sets(st.sampled_from(["care", "reminders", "surveys"]))
)
async def test_nothing_is_given_that_was_not_given_before_or_named(
    town: Town, acts: list[str], given: set[str]
) -> None:
    cells = {
        f"consent_{purpose}": "是" if purpose in given else "否"
        for purpose in ("care", "reminders", "surveys")
    }
    resident, address = await town.newcomer(**cells)
    allowed = set(given)
    for text in acts:
        named = {"提醒": "reminders", "问卷": "surveys", "关怀消息": "care"}.get(text[2:])
        before = await held(town, resident)
        assert (await town.says(text, address)).outcome in ("stop", "start")
        after = await held(town, resident)
        if text == "TD":
            assert set(after.values()) == {False}
        elif text.startswith("退订"):
            assert after == before | {str(named): False}
        elif named:
            assert after == before | {named: True}
            allowed.add(named)
        elif not allowed:
            # Who never gave anything asks for all there is.
            allowed = {purpose for purpose, yes in after.items() if yes}
        else:
            assert {purpose for purpose, yes in after.items() if yes} <= allowed
            assert any(after.values())


def test_purposes_have_names_in_both_languages(store: Store, content: object) -> None:
    for purpose in residents.PURPOSES:
        for language in ("zh-Hans", "en"):
            assert content.templates.has(f"replies/purpose_{purpose}", language)  # type: ignore[attr-defined]
