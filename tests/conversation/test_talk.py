"""What stands around an answer: did you mean, follow-ups, helpful or not, a person, unpaid money."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update
from terminal import Terminal
from test_conversation import CHAT, HOW_TO_APPLY, Town, on_sqlite, town

from outreach import cases as waiting
from outreach.conversation.complaints import is_unpaid
from outreach.conversation.following import is_elliptic
from outreach.conversation.person import wants_person
from outreach.conversation.unfamiliar import is_foreign
from outreach.model import BadInput, State
from outreach.store.tables import cases, inbound, resident_groups
from outreach.store.tables import outbox as messages

__all__ = ["town"]
MINUTE = timedelta(minutes=1)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told(file: str) -> list[tuple[str, str]]:
    found, kind = list[tuple[str, str]](), ""
    for line in (ROOT / "tests/conversation" / file).read_text("utf-8").splitlines():
        if line.startswith("== "):
            kind = line.removeprefix("== ")
        elif line and not line.startswith("# "):
            found.append((line, kind))
    return found


async def opened(town: Town) -> list[Any]:
    return await town.read(select(cases).order_by(cases.c.id))


# -- did you mean


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "１",
        "①",
        "第一个",
        "第1个",
        "一",
        "选1",
        "1吧",
        "the first one",
        "first",
        "怎么领",
        "我想问怎么领",
    ],
)
@on_sqlite
async def test_choice_is_understood_however_it_is_made_and_answers_at_once(town: Town, text: str) -> None:
    resident, address = await town.newcomer()
    await town.clarify(resident)
    heard = await town.says(text, address)
    assert (heard.outcome, heard.topic) == ("answer", HOW_TO_APPLY)


@pytest.mark.parametrize("text", ["都不是", "都不对", "0", "none", "没有", "不是这些"])
@on_sqlite
async def test_none_of_them_is_a_person_who_sees_what_was_asked(town: Town, text: str) -> None:
    await town.knows()
    assert (await town.says("补贴")).outcome == "clarify"
    heard = await town.says(text)
    assert heard.outcome == "handoff"
    assert "11月25日" in heard.reply
    async with town.store.read() as connection:
        assert [case["text"] for case in await waiting.waiting(connection, NOW)] == ["补贴"]


@on_sqlite
async def test_a_new_question_is_no_choice(town: Town) -> None:
    resident, address = await town.newcomer()
    await town.clarify(resident)
    assert (await town.says("第三胎还要罚款吗", address)).topic != HOW_TO_APPLY
    assert (await town.says("驾照到期怎么换", address)).outcome == "handoff"


# -- follow-ups

ELLIPTIC = (
    "那要什么材料?|在哪办|要钱吗|多久|几岁|那二胎呢|and where?|what documents|要带户口本吗|网上能办吗"
    "|咋个办嘛|几时可以领|没领证能办吗"
)
FULL = (
    "叶酸在哪领|产假多少天|两癌筛查要钱吗|疫苗在哪打|那两癌筛查呢|how do I apply for folic acid"
    "|驾照到期怎么换|几点上班 电话多少"
)


def test_a_question_without_a_subject_is_told_from_a_whole_one() -> None:
    assert [text for text in ELLIPTIC.split("|") if not is_elliptic(text)] == []
    assert [text for text in FULL.split("|") if is_elliptic(text)] == []


@on_sqlite
async def test_follow_up_keeps_its_topic_for_half_an_hour(town: Town) -> None:
    await town.knows()
    near = {HOW_TO_APPLY, *town.content.knowledge.article(HOW_TO_APPLY, "zh-Hans").front.related}  # type: ignore[union-attr]
    for text in ELLIPTIC.split("|"):
        _, address = await town.newcomer()
        assert (await town.says("育儿补贴怎么领", address)).topic == HOW_TO_APPLY
        followed = await town.says(text, address, NOW + 29 * MINUTE)
        assert (followed.outcome, followed.topic in near) == ("answer", True), text
    await town.says("育儿补贴怎么领")
    assert (await town.says("多久", now=NOW + 31 * MINUTE)).outcome != "answer"


@pytest.mark.parametrize(
    ("first", "then", "topic"),
    [
        ("育儿补贴一共能拿多少钱", "那要什么材料?", HOW_TO_APPLY),
        ("育儿补贴什么时候到账", "那要什么材料", HOW_TO_APPLY),
        ("育儿补贴怎么领", "能领多少钱", "childcare-subsidy-amount"),
        ("育儿补贴一共能拿多少钱", "那二胎呢", "childcare-subsidy-amount"),
        ("育儿补贴怎么领", "在哪办", HOW_TO_APPLY),
    ],
)
@on_sqlite
async def test_follow_up_is_answered_by_the_article_of_the_topic_that_says_it(
    town: Town, first: str, then: str, topic: str
) -> None:
    assert (await town.says(first)).outcome == "answer"
    assert (await town.says(then)).topic == topic


@on_sqlite
async def test_whole_question_is_never_dragged_to_the_old_topic(town: Town) -> None:
    await town.knows()
    await town.says("育儿补贴怎么领")
    assert (await town.says("叶酸在哪里领", now=NOW + MINUTE)).topic == "folic-acid"
    assert (await town.says("驾照到期怎么换", now=NOW + MINUTE)).outcome == "handoff"


# -- helpful or not, and a person


@on_sqlite
async def test_helpful_by_a_button_and_by_a_word(town: Town) -> None:
    await town.says("育儿补贴怎么领", CHAT)
    (row,) = await town.read(select(messages.c.buttons))
    assert [button["text"] for button in row.buttons] == ["👍 有用", "👎 没用"]
    assert "人工" in (await town.says(row.buttons[1]["data"], CHAT, kind="tap")).reply
    assert (await town.says(row.buttons[0]["data"], CHAT, kind="tap")).outcome == "feedback"
    await town.says("育儿补贴怎么领")
    for text in ("有用", "没用", "不是我问的", "👍", "helpful"):
        assert (await town.says(text)).outcome == "feedback", text
    assert await opened(town) == []


@on_sqlite
async def test_verdict_is_thanked_for_in_its_own_language(town: Town) -> None:
    await town.knows()
    assert (await town.says("how much is the childcare subsidy")).outcome == "answer"
    assert (await town.says("helpful")).language == "en"
    assert (await town.says("👎")).language == "zh-Hans"


@pytest.mark.parametrize("text", ["a" * 5000, "ma" * 2000, "hahaha" * 700, "补" * 5000, "(" * 5000])
@on_sqlite
async def test_one_letter_for_ever_is_answered_like_anything_else(town: Town, text: str) -> None:
    assert (await town.says(text)).reply


@on_sqlite
async def test_verdict_on_nothing_is_none(town: Town) -> None:
    assert (await town.says("没用")).outcome != "feedback"
    assert (await town.says("有用", now=NOW + timedelta(days=2))).outcome != "feedback"


PERSON = (
    "转人工|人工|找个人|我要人工客服|有真人吗|不要机器人，转人工|能不能找个人跟我说"
    "|talk to a human please|human"
)
NO_PERSON = (
    "人工流产多少钱|人工受精报销|我要办事|人工客服电话多少|工作人员态度不好|别人能代领吗|谢谢"
    "|where is the person"
)


def test_a_person_is_asked_for_by_the_whole_message() -> None:
    assert [text for text in PERSON.split("|") if not wants_person(text)] == []
    assert [text for text in NO_PERSON.split("|") if wants_person(text)] == []


async def test_person_is_promised_at_once_and_asked_twice_is_one_case(town: Town) -> None:
    await town.knows()
    await town.says("育儿补贴怎么领")
    heard = await town.says("转人工")
    assert heard.outcome == "handoff"
    assert "11月25日（周三） 17:00" in heard.reply
    assert "17:00" in (await town.says("人工")).reply
    async with town.store.read() as connection:
        shown = await waiting.waiting(connection, NOW)
    assert [(case["kind"], case["text"]) for case in shown] == [("person", "育儿补贴怎么领")]


# -- money that did not come


def test_complaint_is_told_from_a_question() -> None:
    texts = told("unpaid.txt")
    assert [(text, kind) for text, kind in texts if is_unpaid(text) != (kind == "unpaid")] == []


async def test_three_questions_at_most_and_then_the_day(town: Town) -> None:
    await town.knows("李强", phone="+8619912345679", township="清溪镇")
    assert "1. 育儿补贴" in (await town.says("该发的钱没收到")).reply
    assert "从什么时候" in (await town.says("①")).reply
    assert "1. 清溪镇" in (await town.says("今年3月起")).reply
    assert "12月1日" in (await town.says("清溪")).reply
    (case,) = await opened(town)
    assert (case.kind, case.state) == ("unpaid", "open")
    assert case.details == {"scheme": "childcare-subsidy", "since": "今年3月起", "township": "清溪镇"}


async def test_nothing_is_asked_that_was_said_or_is_known(town: Town) -> None:
    await town.knows(township="清溪镇")
    heard = await town.says("育儿补贴去年3月就没发了")
    assert "已登记" in heard.reply
    (case,) = await opened(town)
    assert case.details == {"scheme": "childcare-subsidy", "since": "去年3月", "township": "清溪镇"}


@on_sqlite
async def test_every_question_may_be_skipped(town: Town) -> None:
    await town.says("钱没到")
    for text in ("跳过", "不知道"):
        assert (await town.says(text)).outcome == "unpaid"
    assert "已登记" in (await town.says("不想说")).reply
    async with town.store.read() as connection:
        assert [case["details"] for case in await waiting.waiting(connection, NOW)] == [{}]


@on_sqlite
async def test_digit_after_the_last_question_undoes_no_answer(town: Town) -> None:
    await town.says("帮我算算育儿补贴能领多少")
    await town.says("2023年12月")
    for text in ("育儿补贴没收到", "今年3月", "清溪镇"):
        heard = await town.says(text)
    assert "已登记" in heard.reply
    assert (await town.says("1")).outcome == "guide"
    (case,) = await opened(town)
    assert case.details["township"] == "清溪镇"


@on_sqlite
async def test_township_is_asked_by_number_only_where_there_is_a_list(town: Town) -> None:
    await town.says("育儿补贴没收到")
    heard = await town.says("今年3月")
    assert "数字" not in heard.reply
    assert "写名字" in heard.reply


@pytest.mark.parametrize("text", ["还没收到", "still nothing"])
@on_sqlite
async def test_still_nothing_while_the_case_is_open_is_that_case(town: Town, text: str) -> None:
    await town.says("育儿补贴今年3月就没发了")
    await town.says("跳过")
    assert (await town.says(text)).outcome == "unpaid"
    assert len(await opened(town)) == 1


@on_sqlite
async def test_another_question_in_between_is_answered_and_the_case_stays(town: Town) -> None:
    await town.says("补贴没到账")
    assert (await town.says("叶酸在哪里领")).topic == "folic-acid"
    assert (await town.says("不想活了")).outcome == "danger"
    assert [case.kind for case in await opened(town)] == ["unpaid", "danger"]


@on_sqlite
async def test_said_again_it_is_one_case_and_the_promise_is_not_put_off(town: Town) -> None:
    await town.knows(township="清溪镇")
    first = await town.says("奖扶今年没发")
    again = await town.says("奖扶还没发啊", now=NOW + timedelta(days=2))
    assert "12月1日" in first.reply
    assert "12月1日" in again.reply
    late = await town.says("奖扶还没发！", now=NOW + timedelta(days=9))
    assert "12月4日" in late.reply, "over its time the next working day is promised"
    assert len(await opened(town)) == 1
    async with town.store.read() as connection:
        (shown,) = await waiting.waiting(connection, NOW + timedelta(days=9))
    assert shown["overdue"]


@pytest.mark.parametrize("by_list", [False, True])
@on_sqlite
async def test_families_who_lost_their_child_are_not_questioned(town: Town, by_list: bool) -> None:
    resident = await town.knows()
    if by_list:
        async with town.store.write() as connection:
            group = {"resident_id": resident.id, "name": "特扶家庭"}
            await connection.execute(insert(resident_groups).values(**group))
    heard = await town.says("钱没收到" if by_list else "特扶金没发")
    assert "专人" in heard.reply
    assert not any(word in heard.reply for word in ("特别扶助", "失独", "？"))
    assert len(await opened(town)) == 1


@on_sqlite
async def test_question_about_the_benefit_is_no_complaint(town: Town) -> None:
    assert (await town.says("育儿补贴什么时候发")).outcome in ("answer", "clarify")
    assert await opened(town) == []


# -- how a case ends


async def ended(town: Town, case: int, outcome: str = "paid") -> Any:
    async with town.store.write() as connection:
        words = f"{waiting.WORDS}{outcome}"
        return await waiting.close(connection, town.content.templates, case, outcome, words, NOW)


@pytest.mark.parametrize("outcome", waiting.OUTCOMES)
async def test_resident_hears_the_outcome_once_where_they_wrote_from(town: Town, outcome: str) -> None:
    await town.knows(township="清溪镇")
    await town.says("育儿补贴今年没发", CHAT)
    (case,) = await opened(town)
    assert (await ended(town, case.id, outcome))["told"]
    with pytest.raises(BadInput, match="closed"):
        await ended(town, case.id, outcome)
    sent = select(messages).where(messages.c.template == f"replies/case_{outcome}")
    (row,) = await town.read(sent)
    assert (row.channel, row.address, row.priority, row.state) == ("telegram", CHAT.value, 0, State.QUEUED)
    (case,) = await opened(town)
    assert (case.state, case.outcome) == ("closed", outcome)


@on_sqlite
async def test_still_nothing_after_the_outcome_is_a_new_case_without_questions(town: Town) -> None:
    await town.knows(township="清溪镇")
    await town.says("育儿补贴今年没发")
    (first,) = await opened(town)
    await ended(town, first.id)
    assert "已登记" in (await town.says("还没收到")).reply
    assert [case.details for case in await opened(town)] == [first.details] * 2
    assert "已经登记" in (await town.says("还没收到")).reply
    assert len(await opened(town)) == 2


@on_sqlite
async def test_whose_address_is_gone_is_told_nothing_and_staff_see_that(town: Town) -> None:
    await town.says("钱没到")
    (case,) = await opened(town)
    async with town.store.write() as connection:
        await connection.execute(update(inbound).values(address=""))
    assert not (await ended(town, case.id))["told"]


# -- what nobody can answer


FOREIGN = (
    "Xin chào tôi muốn hỏi về trợ cấp|Здравствуйте|مرحبا كيف حالك|안녕하세요|မင်္ဂလာပါ|こんにちは"
    "|hola como estas donde"
)


@on_sqlite
async def test_other_languages_get_both_of_ours_and_the_telephone(town: Town) -> None:
    for text in FOREIGN.split("|"):
        assert is_foreign(text)
        heard = await town.says(text)
        assert heard.outcome == "foreign"
        assert all(part in heard.reply for part in ("中文", "English", "0000-1234567"))
    assert not any(is_foreign(text) for text in ("hello how are you", "育儿补贴 мама", "123", "👍", "résumé"))


@on_sqlite
async def test_abuse_and_signs_get_kind_words_and_thanks_get_none(town: Town) -> None:
    for text in ("傻逼", "你们这群废物", "fuck you"):
        assert (await town.says(text)).outcome == "rude", text
    assert (await town.says("😡😡😡")).outcome == "unreadable"
    for text in ("谢谢哈", "谢谢哈 好人一生平安", "多谢啦", "辛苦了", "🙏", "好的好的谢谢", "thanks a lot"):
        assert (await town.says(text)).outcome == "courtesy", text
    assert await opened(town) == []


INJECTED = (
    "{{ 7*7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "${jndi:ldap://x}",
    "'; DROP TABLE residents; --",
    "<script>alert(1)</script>",
    "{{ config.__class__ }}",
    "%s%n%x",
    "\x1b[31m\x07\u202e",
    "who|code||1",
    "unpaid|1|scheme|x",
    "helpful:yes:1",
    "helpful:yes:99999999999999999999999999",
    "topic:../../etc/passwd",
    "township:1",
)


@on_sqlite
async def test_injections_are_words_and_nothing_else(town: Town) -> None:
    for text in INJECTED:
        heard = await town.says(text, CHAT)
        assert "49" not in heard.reply
        assert "xxxxx" not in heard.reply
        assert text not in heard.reply
    assert (await town.says("好" * 100_000)).reply
    assert (await town.says("请问" + "，" * 100_000 + "我不想活了")).outcome == "danger"


WORDS = st.sampled_from(
    [
        *INJECTED,
        *FOREIGN.split("|"),
        *ELLIPTIC.split("|"),
        *(text for text, _ in told("unpaid.txt")),
        "1",
        "②",
        "跳过",
        "都不是",
        "有用",
        "没用",
        "人工",
        "还没收到",
        "补贴",
        "育儿补贴怎么领",
        "TD",
        "谢谢",
        "清溪镇",
        "今年3月",
    ]
)


@on_sqlite
@QUICK
@given(texts=st.lists(WORDS | st.text(max_size=80), min_size=1, max_size=5), chat=st.booleans())
async def test_whatever_is_said_has_one_outcome_and_at_most_one_reply(
    town: Town, texts: list[str], chat: bool
) -> None:
    _, address = await town.newcomer(township="清溪镇")
    address = CHAT if chat else address
    for text in texts:
        before = await town.read(select(func.count()).select_from(messages))
        heard = await town.says(text, address)
        after = await town.read(select(func.count()).select_from(messages))
        assert heard.outcome
        assert after[0][0] - before[0][0] == (1 if heard.reply else 0)
        assert "{{" not in heard.reply
        heard.reply.encode()
    (newest,) = await town.read(select(inbound.c.outcome).order_by(inbound.c.id.desc()).limit(1))
    assert newest.outcome
    failed = select(messages.c.reason).where(messages.c.state == State.FAILED)
    assert await town.read(failed) == []


# -- at the terminal


def test_cases_are_listed_shown_and_closed_at_the_terminal(tmp_path: Path) -> None:
    shell = Terminal(tmp_path)
    assert json.loads(shell.run("cases", "list", "--json").out) == {"cases": []}
    missing = shell.run("cases", "show", "7")
    assert (missing.code, "no case has this number" in missing.err) == (1, True)
    assert shell.run("cases", "close", "7").code == 2, "how did it end?"
    unknown = shell.run("cases", "close", "7", "--say", "case_unheard")
    assert (unknown.code, "case_paid" in unknown.err) == (1, True)
    assert shell.run("cases", "close", "7", "--outcome", "paid").code == 1
