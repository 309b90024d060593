"""What is a rating, what only looks like one, and how they are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, ROOT
from sqlalchemy import insert, select, update

from outreach.model import Address, BadInput, Priority
from outreach.outbox import Draft, enqueue
from outreach.store import Store
from outreach.store.tables import inbound, outbox, residents, survey_answers
from outreach.surveys import Surveys, rating, results, wilson
from outreach.templates import Templates

RATINGS = {
    "5": 5, "５": 5, "⑤": 5, "5️⃣": 5, "五": 5, "5分": 5, "五星": 5, "5 stars": 5, "3。": 3, " 4 ": 4, "1!": 1,
    "非常满意": 5, "满意": 4, "基本满意": 3, "还行": 3, "不满意": 2, "非常不满意": 1, "Very satisfied": 5,
    "dissatisfied": 2, "OK": 3,
}  # fmt: skip
REMARKS = {
    "5，大夫很耐心": (5, "大夫很耐心"),
    "2分 排队太久": (2, "排队太久"),
    "４、挺好": (4, "挺好"),
    "不满意，等了两个小时": (2, "等了两个小时"),
    "5 thank you": (5, "thank you"),
}
OTHERS = [
    "5个月的孩子能打疫苗吗", "13912345678", "2026-12-01", "2个孩子能领多少", "等了3小时", "6", "0", "10",
    "55",     "育儿补贴怎么领", "", "？", "3 months pregnant, what now", "12345", "3岁以下",
]  # fmt: skip


@pytest.mark.parametrize("text", RATINGS)
def test_a_rating_in_any_dress_is_understood(text: str) -> None:
    assert rating(text) == (RATINGS[text], None)


@pytest.mark.parametrize("text", REMARKS)
def test_a_remark_beside_the_rating_is_kept(text: str) -> None:
    assert rating(text) == REMARKS[text]


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_a_rating_is_none(text: str) -> None:
    assert rating(text) is None


async def test_newest_answer_counts_and_both_are_kept(store: Store) -> None:
    async with store.write() as connection:
        person = {"name": "张梅", "language": "zh-Hans", "created_at": NOW}
        number = (
            await connection.execute(insert(residents).values(**person).returning(residents.c.id))
        ).scalar_one()
        for key in ("a", "b", "c"):
            to, what = Address("sms", "+861"), ("surveys", "surveys/service", "zh-Hans", "?")
            asked: dict[str, Any] = {"survey": "service", "question": "satisfaction"}
            await enqueue(connection, [Draft(key, number, to, Priority.CAMPAIGN, *what, NOW, **asked)], NOW)
        await connection.execute(update(outbox).values(state="sent"))
        ids = list((await connection.execute(select(outbox.c.id).order_by(outbox.c.id))).scalars())
        for place, (outbox_id, grade) in enumerate([(ids[0], 1), (ids[0], 5), (ids[1], 4)]):
            row = {"channel": "sms", "provider_id": str(place), "resident_id": number, "address": "+861"}
            kind = {"kind": "text", "text": str(grade), "received_at": NOW}
            heard = insert(inbound).values(**row, **kind).returning(inbound.c.id)
            answer = {
                "resident_id": number,
                "outbox_id": outbox_id,
                "inbound_id": (await connection.execute(heard)).scalar_one(),
                "survey": "service",
                "question": "satisfaction",
                "rating": grade,
                "at": NOW,
            }
            await connection.execute(insert(survey_answers).values(**answer))
        found = await results(connection, "service")
    assert (found["sent"], found["answered"], found["response_rate"]) == (3, 2, 0.6667)
    assert found["questions"][0]["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 1}
    assert found["questions"][0]["csat"] == 1.0


def test_interval_is_wilsons() -> None:
    # Brown, Cai and DasGupta 2001; computed independently.
    assert wilson(8, 10) == (0.4902, 0.8, 0.9433)
    assert wilson(0, 10) == (0.0, 0.0, 0.2775)
    assert wilson(0, 0) == (0.0, 0.0, 1.0)


def test_a_survey_without_a_label_or_a_text_is_named(tmp_path: Path) -> None:
    good = (ROOT / "campaigns" / "surveys" / "service.toml").read_text("utf-8")
    templates = Templates(ROOT / "templates")
    for change, says in (
        (('"满意", ', ""), "5 labels"),
        (("surveys/service", "surveys/nothing"), "surveys/nothing"),
        (("kind = ", "sort = "), "sort"),
    ):
        (tmp_path / "bad.toml").write_text(good.replace(*change), "utf-8")
        with pytest.raises(BadInput, match=says) as refused:
            Surveys(tmp_path, templates)
        assert "bad.toml:" in refused.value.where


MORE_RATINGS = {
    "一": 1,
    "二分": 2,
    "四星": 4,
    "５ ": 5,
    "5⭐": 5,
    "3 points": 3,
    "很满意！": 5,
    "一般": 3,
    "bad": 2,
}
MEASURES = [
    "5分钟到", "3分钟能办完吗", "2星期后能领吗", "4分之一", "2 胎能领多少", "3 hours", "5 pm", "4 of us",
    "1 more question", "1 小时", "3 甲医院是哪家", "5 o'clock", "2 people", "3 times a week",
]  # fmt: skip
QUESTIONS = ["好，怎么领育儿补贴？", "OK, when is my appointment?"]


@pytest.mark.parametrize("text", MORE_RATINGS)
def test_more_dresses_of_a_rating(text: str) -> None:
    assert rating(text) == (MORE_RATINGS[text], None)


@pytest.mark.parametrize("text", MEASURES)
def test_number_with_its_unit_is_no_rating(text: str) -> None:
    assert rating(text) is None


@pytest.mark.parametrize("text", QUESTIONS)
def test_question_after_a_word_of_assent_is_no_rating(text: str) -> None:
    assert rating(text) is None


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(10, 10, 0.7225, 1.0), (1, 2, 0.0945, 0.9055), (50, 100, 0.4038, 0.5962)]
)
def test_interval_against_known_values(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits, n)
    assert (found[0], found[2]) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


GOOD = (ROOT / "campaigns/surveys/service.toml").read_text("utf-8")
WRONG = {
    "label missing": ('"满意", ', "", "labels"),
    "text missing": ("surveys/service", "surveys/nothing", "template"),
    "unknown key": ("kind = ", "sort = ", "sort"),
    "unknown kind": ('kind = "satisfaction"', 'kind = "essay"', "kind"),
    "language missing": ("en = [", "fr = [", "labels"),
    "purpose": ('purpose = "surveys"', 'purpose = "care"', "purpose"),
}


@pytest.mark.parametrize("name", WRONG, ids=lambda name: name.replace(" ", "-"))
def test_mistake_in_a_survey_is_named_by_its_line(tmp_path: Path, name: str) -> None:
    old, new, key = WRONG[name]
    source = GOOD.replace(old, new, 1)
    (tmp_path / "bad.toml").write_text(source, "utf-8")
    lines = source.splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if text.startswith(key))
    with pytest.raises(BadInput) as refused:
        Surveys(tmp_path, Templates(ROOT / "templates"))
    assert refused.value.where == f"{tmp_path / 'bad.toml'}:{line}"
