"""Questions without a good answer come back grouped, and name nobody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from conftest import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import Terminal
from test_feedback import answered, asks, person

from outreach.app import Content
from outreach.knowledge import gaps, record_helpful
from outreach.knowledge.gaps import Gap, grouped, open_questions
from outreach.knowledge.masking import masked
from outreach.store import Store

MONTH = NOW - timedelta(days=30)


def minutes(n: int) -> Any:
    return NOW + timedelta(minutes=n)


async def test_only_what_helped_nobody_is_a_gap(store: Store) -> None:
    async with store.write() as connection:
        mei, li = await person(connection, 1), await person(connection, 2)
        await asks(connection, mei, "公积金怎么提", "handoff", received_at=minutes(1))
        await asks(connection, mei, "叶酸在哪领", "clarify", received_at=minutes(2))
        await asks(connection, mei, "2", "answer", received_at=minutes(3))
        await asks(connection, mei, "产检几次", "clarify", received_at=minutes(4))
        await asks(connection, li, "1", "answer", received_at=minutes(5))
        await asks(connection, li, "补贴多少", "clarify", received_at=minutes(6))
        await asks(connection, li, "叶酸在哪领呀", "answer", received_at=minutes(7))
        good = await asks(connection, li, "叶酸几片", received_at=minutes(8))
        bad = await asks(connection, li, "没用的答案", received_at=minutes(9))
        for question, helpful in ((good, True), (bad, False)):
            await answered(connection, li, question)
            await record_helpful(connection, question, helpful, NOW)
        await asks(connection, li, "很久以前", "handoff", received_at=MONTH - timedelta(days=1))
        await asks(connection, li, "", "handoff", received_at=minutes(10))
        await asks(connection, li, "TD", "stop", received_at=minutes(11))
        found = await open_questions(connection, MONTH)
    assert sorted((gap.text, gap.kind) for gap in found) == [
        ("产检几次", "clarify"),
        ("公积金怎么提", "handoff"),
        ("没用的答案", "unhelpful"),
        ("补贴多少", "clarify"),
    ]


async def test_groups_come_with_an_example_that_names_nobody(store: Store, content: Content) -> None:
    said = [
        "公积金怎么提取，我是张1，电话13812345678",
        "公积金怎么提取呀",
        "请问公积金能提取吗",
        "驾照到期怎么换",
    ]
    async with store.write() as connection:
        mei = await person(connection)
        for n, text in enumerate(said):
            await asks(connection, mei, text, "handoff", received_at=minutes(n))
        found = await gaps(connection, content.knowledge, MONTH, date(2026, 11, 25))
    assert [group["n"] for group in found] == [3, 1]
    assert found[0]["kinds"] == {"handoff": 3}
    assert "公积金" in found[0]["example"]
    assert not any(word in str(found) for word in ("张1", "138"))


ALIKE = [
    ["公积金怎么提取", "怎么提取公积金", "公积金咋提取呀", "公积金提取要什么材料"],
    ["驾照到期怎么换", "驾照到期换证", "换驾照 到期了"],
    ["how do I renew my passport", "renew passport where", "passport renewal"],
]


def test_like_questions_come_together_and_others_do_not() -> None:
    texts = [text for group in zip(*(one * 2 for one in ALIKE), strict=False) for text in group]
    groups = grouped(Gap(text, "handoff", "en") for text in texts)
    kinds = [{next(n for n, one in enumerate(ALIKE) if gap.text in one) for gap in group} for group in groups]
    assert all(len(kind) == 1 for kind in kinds), groups
    assert len(groups) <= 4


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=20))
def test_every_question_is_in_one_group_and_the_largest_is_first(texts: list[str]) -> None:
    groups = grouped(Gap(text, "handoff", "zh-Hans") for text in texts)
    assert sorted(gap.text for group in groups for gap in group) == sorted(texts)
    sizes = [len(group) for group in groups]
    assert sizes == sorted(sizes, reverse=True)


HIDDEN = {
    "我叫王小明，想问补贴": "我叫＊，想问补贴",
    "我是农村户口": "我是农村户口",
    "孩子叫李子涵。": "孩子叫＊。",
    "身份证530102199001011234": "身份证＊",
    "电话 138-1234-5678": "电话 ＊",
    "我的号是一三八零零一三八零零零": "我的号是＊",
    "张大夫说的": "＊大夫说的",
    "my name is Mary Smith and I ask": "my name is ＊ and I ask",
    "I am pregnant": "I am pregnant",
    "write to a.b@c.cn": "write to ＊",
    "欧阳海棠问的": "＊问的",
    "３６００元": "＊元",
}


@pytest.mark.parametrize("text", HIDDEN)
def test_numbers_and_names_are_masked(text: str) -> None:
    assert masked(text, ["欧阳海棠"]) == HIDDEN[text]


def test_gaps_is_a_command(tmp_path: Any) -> None:
    terminal = Terminal(tmp_path)
    none = terminal.run("knowledge", "gaps", "--json")
    assert (none.code, none.json["groups"]) == (0, []), none.said
    assert "No gaps." in terminal.run("knowledge", "gaps", "--since", "7").out
