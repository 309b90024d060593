"""A guide in the dialogue: what is said besides answers, and that no answer outlives it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from test_conversation import CHAT, PHONE, Town, on_sqlite, town

from outreach import residents
from outreach.app import Content
from outreach.conversation.guiding.commands import command, is_aside, is_unsure
from outreach.knowledge import is_danger
from outreach.knowledge.guides import choice, said
from outreach.model import Address
from outreach.residents import Keep, purge
from outreach.store.guides import guide_runs
from outreach.store.tables import addresses, audit, cases, inbound
from outreach.store.tables import outbox as messages

__all__ = ["town"]
BEGIN = "帮我算算育儿补贴能领多少"
BIRTH, APPLIED, ORDER, MARRIED = "哪年哪月出生", "申请过育儿补贴吗", "第几个孩子", "结婚登记"
MINUTE, SOON, LATE = timedelta(minutes=1), timedelta(minutes=29), timedelta(minutes=31)
DAY = timedelta(days=1)


async def begun(town: Town, *answers: str, **more: Any) -> str:
    heard = await town.says(BEGIN, **more)
    for answer in answers:
        heard = await town.says(answer, **more)
    return heard.reply


async def runs(town: Town) -> list[Any]:
    return await town.read(select(guide_runs))


async def kept(town: Town) -> list[str]:
    """The words of residents that are still there."""
    return [row.text for row in await town.read(select(inbound)) if row.text]


async def test_answers_lie_sealed_in_one_row_and_are_gone_at_the_end(town: Town) -> None:
    assert ORDER in await begun(town, "2023年12月", "没申请")
    (run,) = await runs(town)
    assert run.asked == "birth_order"
    async with town.store.read() as connection:
        raw = (await connection.exec_driver_sql("SELECT guide, answers FROM guide_runs")).one()
    assert all(value.startswith("~") for value in raw)
    for answer in ("第二个", "领证了", "本县户口"):
        await town.says(answer)
    heard = await town.says("一个")
    assert "7200元" in heard.reply
    assert (heard.outcome, heard.topic) == ("guide", None)
    assert await runs(town) == []
    assert await kept(town) == []
    assert await town.read(select(cases)) == []
    assert await town.read(select(audit)) == []


@pytest.mark.parametrize(
    "words",
    [
        "帮我算算育儿补贴",
        "我能领育儿补贴吗",
        "测一下育儿补贴",
        "帮我算一下娃的补贴能领多少钱",
        "算一算三千六",
    ],
)
@on_sqlite
async def test_guide_begins_in_plain_words(town: Town, words: str) -> None:
    assert BIRTH in (await town.says(words)).reply


@pytest.mark.parametrize(
    "words", ["育儿补贴怎么算的", "我打算要三孩，有育儿补贴吗", "育儿补贴在哪领", "算了"]
)
@on_sqlite
async def test_question_about_it_begins_no_guide(town: Town, words: str) -> None:
    assert (await town.says(words)).outcome != "guide"


async def test_article_offers_its_guide_by_a_word_and_a_button(town: Town) -> None:
    heard = await town.says("育儿补贴一共能拿多少钱")
    assert "回复“算”" in heard.reply
    assert BIRTH in (await town.says("算")).reply
    heard = await town.says("育儿补贴一共能拿多少钱", CHAT)
    newest = (await town.read(select(messages).order_by(messages.c.id.desc()).limit(1)))[0]
    assert newest.buttons[0]["data"] == "guide:start:childcare_subsidy"
    assert BIRTH in (await town.says("guide:start:childcare_subsidy", CHAT, kind="tap")).reply


@on_sqlite
async def test_word_that_begins_needs_an_article_before_it(town: Town) -> None:
    assert (await town.says("算一下")).outcome != "guide"


@on_sqlite
async def test_why_explains_and_asks_again(town: Town) -> None:
    await begun(town)
    heard = await town.says("为什么问这个")
    assert "按出生年月算" in heard.reply
    assert BIRTH in heard.reply


@on_sqlite
async def test_back_takes_the_last_answer_away(town: Town) -> None:
    await begun(town, "2023年12月", "没申请")
    assert APPLIED in (await town.says("上一步")).reply
    assert "没申请" in str((await kept(town))[-2:])
    heard = await town.says("返回")
    assert BIRTH in heard.reply
    assert "前面没有问题了" in (await town.says("undo")).reply
    (run,) = await runs(town)
    assert run.answers == "{}"
    assert "2022年以前" in (await town.says("2021年5月")).reply


@pytest.mark.parametrize("word", ["不算了", "退出", "取消", "不想答了", "cancel", "算了吧"])
@on_sqlite
async def test_leaving_ends_the_guide_alone(town: Town, word: str) -> None:
    mei = await town.knows()
    await begun(town, "2023年12月")
    heard = await town.says(word)
    assert (heard.outcome, "已经删除" in heard.reply) == ("guide", True)
    assert await runs(town) == []
    assert await kept(town) == []
    async with town.store.read() as connection:
        assert (await residents.standing(connection, mei.id))["care"]


@pytest.mark.parametrize("word", ["退订", "STOP", "TD", "别再给我发短信了"])
@on_sqlite
async def test_stop_goes_first_and_ends_the_guide_too(town: Town, word: str) -> None:
    mei = await town.knows()
    await begun(town, "2023年12月")
    assert (await town.says(word)).outcome == "stop"
    assert await runs(town) == []
    async with town.store.read() as connection:
        assert not (await residents.standing(connection, mei.id))["care"]


@on_sqlite
async def test_word_that_the_carrier_took_for_a_stop_is_one(town: Town) -> None:
    await town.knows()
    await begun(town)
    assert (await town.says("CANCEL", answered_by_provider=True)).outcome == "stop"


@on_sqlite
async def test_danger_goes_first(town: Town) -> None:
    await begun(town)
    assert (await town.says("我不想活了")).outcome == "danger"


@on_sqlite
async def test_question_in_between_is_answered_and_the_guide_goes_on(town: Town) -> None:
    await begun(town, "2023年12月", "没申请")
    assert (await town.says("育儿补贴要什么材料？")).outcome == "answer"
    assert MARRIED in (await town.says("1", now=NOW + SOON)).reply
    assert MARRIED in (await town.says("继续", now=NOW + SOON)).reply
    assert await kept(town) != []


@pytest.mark.parametrize(
    ("words", "outcome"), [("你好", "help"), ("转人工", "handoff"), ("human", "handoff")]
)
@on_sqlite
async def test_what_is_plainly_no_answer_is_no_failed_one(town: Town, words: str, outcome: str) -> None:
    await town.knows()
    await begun(town, "2023年12月")
    for _ in range(2):
        assert (await town.says(words)).outcome == outcome
    assert ORDER in (await town.says("没申请")).reply


@pytest.mark.parametrize("words", ["有用", "没用", "👍", "helpful:no:{}"])
@on_sqlite
async def test_verdict_on_an_article_read_in_between_is_no_failed_answer(town: Town, words: str) -> None:
    who = CHAT if ":" in words else PHONE
    await begun(town, "2023年12月", who=who)
    assert (await town.says("叶酸在哪领", who, NOW + MINUTE)).outcome == "answer"
    (read,) = await town.read(select(inbound.c.id).where(inbound.c.outcome == "answer"))
    for _ in range(2):
        assert (await town.says(words.format(read.id), who, NOW + MINUTE)).outcome == "feedback"
    assert ORDER in (await town.says("没申请", who, NOW + MINUTE)).reply


@on_sqlite
async def test_word_that_begins_goes_on_with_the_same_and_begins_another(town: Town) -> None:
    await begun(town, "2023年12月")
    assert (await town.says("育儿补贴一共能拿多少钱")).outcome == "answer"
    assert APPLIED in (await town.says("算")).reply
    heard = await town.says("产假多少天")
    assert "回复“算”" in heard.reply
    assert "生孩子的产假" in (await town.says("算")).reply


@pytest.mark.parametrize("word", ["继续", "上一步", "不算了"])
@on_sqlite
async def test_command_for_a_guide_that_waited_too_long_hears_so(town: Town, word: str) -> None:
    await begun(town, "2023年12月")
    assert "已经结束" in (await town.says(word, now=NOW + LATE)).reply
    assert await runs(town) == []


@on_sqlite
async def test_digit_after_another_question_of_ours_is_for_that(town: Town) -> None:
    mei = await town.knows()
    await begun(town, "2023年12月")
    await town.survey(mei)
    assert (await town.says("5")).outcome == "rating"
    assert APPLIED in (await town.says("继续")).reply
    assert ORDER in (await town.says("2")).reply


@on_sqlite
async def test_digit_after_a_guide_that_ended_is_for_the_survey_before_it(town: Town) -> None:
    mei = await town.knows()
    await town.survey(mei)
    await begun(town, "2021年5月")
    assert (await town.says("5")).outcome == "rating"


@on_sqlite
async def test_half_an_hour_later_it_is_over(town: Town) -> None:
    await begun(town, "2023年12月")
    heard = await town.says("1", now=NOW + LATE)
    assert "已经结束" in heard.reply
    assert await runs(town) == []
    assert await kept(town) == ["1"] or await kept(town) == []


@on_sqlite
async def test_answer_not_understood_is_asked_once_more_then_a_person_helps(town: Town) -> None:
    await begun(town)
    heard = await town.says("去年吧大概是冬天")
    assert "没看明白" in heard.reply
    assert BIRTH in heard.reply
    heard = await town.says("冬天生的嘛")
    assert heard.outcome == "handoff"
    (case,) = await town.read(select(cases))
    assert case.kind == "question"
    assert await runs(town) == []
    (left,) = await kept(town)
    assert BIRTH in left, "staff see what was asked, not what was answered"


@pytest.mark.parametrize("words", ["我记不清了", "不知道", "我不知道", "i don't know"])
@on_sqlite
async def test_who_is_not_sure_gets_a_person(town: Town, words: str) -> None:
    await town.knows()
    await begun(town)
    assert (await town.says(words)).outcome == "handoff"
    assert [row.closed_at for row in await town.read(select(addresses))] == [None]


@on_sqlite
async def test_where_the_rules_say_nothing_a_person_gets_in_touch(town: Town) -> None:
    heard = await begun(town, "2026年2月", "4")
    assert "没有写明" in heard
    assert "前联系您" in heard
    assert len(await town.read(select(cases))) == 1
    assert await kept(town) == ["[算算育儿补贴能领多少]"]


@on_sqlite
async def test_button_of_an_earlier_question_changes_that_answer(town: Town) -> None:
    await begun(town, "2023年12月", who=CHAT)
    asked = (await town.read(select(messages).order_by(messages.c.id.desc()).limit(1)))[0]
    tapped = {"who": CHAT, "kind": "tap", "reply_to": asked.provider_id}
    await town.says("guide:applied_2025:no", **tapped)
    await town.says("1", CHAT)
    assert ORDER in (await town.says("guide:applied_2025:yes", **tapped)).reply
    (run,) = await runs(town)
    assert run.answers == '{"child_birth_date": "2023-12-01", "applied_2025": true}'


@on_sqlite
async def test_button_of_a_guide_that_ended_says_so(town: Town) -> None:
    await town.says("您好", CHAT)
    assert "已经结束" in (await town.says("guide:applied_2025:no", CHAT, kind="tap")).reply
    assert "已经结束" in (await town.says("guide:start:nothing", CHAT, kind="tap")).reply


@on_sqlite
async def test_loss_chosen_in_a_guide_is_an_answer_and_one_reported_is_heard(town: Town) -> None:
    await town.says("帮我算算产假")
    assert "怀孕几周" in (await town.says("流产")).reply
    assert (await town.says("我流产了")).outcome == "event"
    assert await runs(town) == []


async def test_export_shows_a_guide_under_way_and_the_night_takes_it(town: Town) -> None:
    mei = await town.knows()
    await begun(town, "2023年12月")
    async with town.store.read() as connection:
        record = await residents.export(connection, mei.id)
    assert record
    assert record["guides"][0]["answers"] == {"child_birth_date": "2023-12-01"}
    gone = [kind async for kind in purge(town.store, Keep(), NOW + DAY - SOON)]
    assert gone == []
    gone = [kind async for kind in purge(town.store, Keep(), NOW + DAY + SOON)]
    assert gone == [("guides", 1)]
    assert await kept(town) == []


@on_sqlite
async def test_two_numbers_are_two_guides(town: Town) -> None:
    other = Address("sms", "+8619912345670")
    await begun(town, "2023年12月")
    await begun(town, who=other)
    assert ORDER in (await town.says("1")).reply
    assert APPLIED in (await town.says("2023-12", other)).reply


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_no_caption_is_a_command_a_danger_or_a_stop(content: Content, language: str) -> None:
    guides = content.knowledge.guides
    for name in guides.names():
        for key, question in guides[name].flow.questions.items():
            words = guides[name].words[language].questions[key]
            for option in question.choices:
                for way in (words.options[option], *words.also.get(option, ())):
                    assert (command(way), is_danger(way), residents.wish(way)) == (None, False, None), way
                    assert choice(question, words, way) == option, (key, way)


@given(text=st.text(max_size=60))
@settings(max_examples=200)
def test_any_text_is_an_answer_or_none_and_never_an_error(content: Content, text: str) -> None:
    guides = content.knowledge.guides
    for name in guides.names():
        guide = guides[name]
        for key, question in guide.flow.questions.items():
            value = said(question, guide.words["zh-Hans"].questions[key], text, NOW.date())
            if value is not None:
                given_back = [str(one) for one in value] if isinstance(value, list) else value
                asked = str(given_back) if question.kind == "date" else given_back
                assert guide.read({key: asked}, NOW.date())[key] == value
    assert is_unsure(text) in (True, False)
    assert is_aside(text) in (True, False)
