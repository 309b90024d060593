"""The articles are complete, find their own questions, and know when not to answer."""

from __future__ import annotations

import re
import shutil
from datetime import date
from math import ceil
from pathlib import Path

import pytest
from conftest import ROOT

from outreach.app import Content
from outreach.knowledge import Knowledge, is_danger
from outreach.knowledge.answering import ANSWER_FROM, CLARIFY_FROM, LEAD, decide
from outreach.knowledge.matching import Index
from outreach.model import Problem
from outreach.templates import LANGUAGES, Templates

TODAY = date(2026, 11, 25)
GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€")


def segments(text: str) -> int:
    if set(text) <= GSM7 | EXTENDED:
        length = sum(2 if sign in EXTENDED else 1 for sign in text)
        return 1 if length <= 160 else ceil(length / 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else ceil(length / 67)


def test_eighty_topics_in_both_languages_are_complete(content: Content) -> None:
    topics = content.knowledge.topics()
    assert len(topics) == 80
    for topic in topics:
        for language in LANGUAGES:
            article = content.knowledge.article(topic, language)
            assert article is not None, (topic, language)
            assert len(article.front.examples) >= (8 if language == "zh-Hans" else 4)
            assert all(re.search(r"\d{4}", source) for source in article.front.sources), (
                "a source has its date"
            )
            assert article.front.next_review > article.front.valid_from
            assert set(article.front.related) <= set(topics)


def test_short_answers_fit_three_segments(content: Content) -> None:
    for topic in content.knowledge.topics():
        for language in LANGUAGES:
            article = content.knowledge.article(topic, language)
            assert article is not None
            text, basis = content.knowledge.text(article, "sms")
            sms = content.templates.say("replies/answer", language, "sms", text=text, basis=basis)
            assert segments(sms) <= 3, (topic, language, segments(sms))
            assert "http" not in sms


@pytest.mark.parametrize(
    ("language", "question", "topic"),
    [
        ("zh-Hans", "准生证还要办吗", "birth-registration-overview"),
        ("zh-Hans", "两癌筛查哪些人能做", "two-cancer-screening-eligibility"),
        ("zh-Hans", "有短信叫我点链接领补贴", "childcare-subsidy-scam-warning"),
        ("en", "do I still have to pay a fine for a third child?", "no-social-maintenance-fee"),
        ("en", "how do I unsubscribe", "message-consent-and-optout"),
    ],
)
def test_questions_nobody_wrote_down_are_answered_or_offered(
    content: Content, language: str, question: str, topic: str
) -> None:
    found = content.knowledge.ask(question, language, TODAY)
    assert found.outcome in ("answer", "clarify")
    assert found.candidates[0][0].topic == topic


@pytest.mark.parametrize("question", ["今天天气怎么样", "驾照到期怎么换", "公积金怎么提取", "电费多少钱一度"])
def test_other_questions_get_a_person(content: Content, question: str) -> None:
    assert content.knowledge.ask(question, "zh-Hans", TODAY).outcome == "handoff"


def test_confidence_does_not_depend_on_earlier_questions() -> None:
    index = Index({"a": ("挂失银行卡", ["卡丢了"]), "b": ("转账限额", ["一天能转多少"])})
    alone = index.rank("银行卡丢了")
    index.rank("一天能转多少钱")
    assert index.rank("银行卡丢了") == alone


@pytest.mark.parametrize(
    "text",
    [
        "怀孕了一直出血",
        "羊水破了怎么办",
        "孩子在肚子里半天都不动了",
        "我不想活了",
        "老公打我",
        "I'm bleeding a lot",
    ],
)
def test_danger_is_heard_in_any_sentence(text: str) -> None:
    assert is_danger(text)


@pytest.mark.parametrize(
    "text", ["给我打电话", "打我手机", "产检要抽血吗", "献血去哪里", "grape juice", "打疫苗会疼吗"]
)
def test_harmless_words_are_no_danger(text: str) -> None:
    assert not is_danger(text)


def test_article_out_of_its_time_answers_nothing_and_a_broken_one_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "templates", tmp_path / "t")
    folder = tmp_path / "t" / "knowledge"
    old = folder / "folic-acid.zh-Hans.md"
    old.write_text(re.sub(r"valid_from = .*", "valid_from = 2030-01-01", old.read_text("utf-8")), "utf-8")
    (folder / "no-layout.en.md").write_text("just text", "utf-8")
    wrong = folder / "folic-acid.en.md"
    wrong.write_text(wrong.read_text("utf-8").replace("{{ region.folic_site }}", "{{ nowhere }}", 1), "utf-8")

    templates = Templates(tmp_path / "t")
    knowledge = Knowledge(folder, templates)
    found = knowledge.ask("叶酸在哪里领", "zh-Hans", TODAY)
    assert "folic-acid" not in [article.topic for article, _ in found.candidates]
    named = {Path(p.file).name: p for p in (*knowledge.problems, *templates.problems)}
    assert "laid out" in named["no-layout.en.md"].problem
    assert "nowhere" in named["folic-acid.en.md"].problem
    lines = wrong.read_text("utf-8").splitlines()
    assert "nowhere" in lines[named["folic-acid.en.md"].line - 1]


DANGER = [
    "下面见红了", "羊水破了怎么办", "流了很多血", "宝宝一天都不动了", "没有胎动怎么办", "我不想活了",
    "想自杀", "我老公打我", "孩子没呼吸了", "吃了一瓶安眠药", "I am bleeding", "I’m bleeding",
    "I'm bleeding a lot", "my water broke", "the baby isn’t moving", "baby hasn't moved since morning",
    "can’t breathe", "I cannot breathe", "my husband hits me", "I want to die",
]  # fmt: skip
HARMLESS = [
    "补贴什么时候打我卡里", "钱打我账户了吗", "补贴打我微信行吗", "孩子被打了疫苗有点发烧",
    "给我打个电话", "打我的电话", "产检要抽血吗", "流产假几天", "孩子不动筷子吃饭",
    "where is the bleeding edge clinic", "grape juice", "how do I cancel",
    "the baby is moving house with us",
]  # fmt: skip


@pytest.mark.parametrize("text", DANGER)
def test_danger_is_heard(text: str) -> None:
    assert is_danger(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_is_not_taken_for_danger(text: str) -> None:
    assert not is_danger(text)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (0.0, 0.0, "handoff"),
        (CLARIFY_FROM - 0.01, 0.0, "handoff"),
        (CLARIFY_FROM, 0.0, "clarify"),
        (ANSWER_FROM - 0.01, 0.0, "clarify"),
        (ANSWER_FROM, 0.0, "answer"),
        (0.9, 0.9 * (1 - LEAD) - 0.001, "answer"),
        (0.9, 0.9 * (1 - LEAD) + 0.001, "clarify"),
        (0.9, 0.9, "clarify"),
    ],
)
def test_outcome_at_each_threshold(first: float, second: float, outcome: str) -> None:
    assert decide(first, second) == outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The region's facts and one article in both languages."""
    shutil.copy(ROOT / "templates/region.toml", tmp_path)
    (tmp_path / "knowledge").mkdir()
    for language in LANGUAGES:
        shutil.copy(ROOT / f"templates/knowledge/folic-acid.{language}.md", tmp_path / "knowledge")
    return tmp_path


def loaded(folder: Path, change: tuple[str, str] = ("", "")) -> tuple[Knowledge, list[Problem]]:
    file = folder / "knowledge/folic-acid.en.md"
    file.write_text(re.sub(change[0], change[1], file.read_text("utf-8"), count=1, flags=re.M), "utf-8")
    templates = Templates(folder)
    knowledge = Knowledge(folder / "knowledge", templates)
    return knowledge, [
        problem for problem in (*knowledge.problems, *templates.problems) if "/replies/" not in problem.file
    ]


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2025-12-31", False), ("2026-01-01", True), ("2026-06-30", True), ("2026-07-01", False)],
)
def test_article_answers_only_while_it_holds(folder: Path, day: str, holds: bool) -> None:
    knowledge, problems = loaded(
        folder, (r"^valid_from = .*", "valid_from = 2026-01-01\nvalid_to = 2026-06-30")
    )
    assert problems == []
    found = knowledge.ask("Where can I get free folic acid?", "en", date.fromisoformat(day))
    assert (found.outcome, bool(found.candidates)) == (("answer", True) if holds else ("handoff", False))


BROKEN = {
    "toml": (r"^owner = .*", "owner = nobody", "owner = nobody"),
    "missing key": (r"^owner = .*\n", "", "+++"),
    "unknown key": (r"^owner = ", "ownr = ", "ownr = "),
    "wrong risk": (r'^risk = "normal"', 'risk = "none"', "risk = "),
    "no sources": (r"^sources = \[\n.*\n\]", "sources = []", "sources = "),
    "no examples": (r"^examples = \[\n(.*\n)+?\]", "examples = []", "examples = "),
    "date": (r"^valid_from = .*", 'valid_from = "long ago"', "valid_from = "),
    "variable": (r"\{\{ region.office_phone \}\}", "{{ phone }}", "Take 0.4 mg"),
    "call": (r"^How much: ", "How much at {{ region.__class__ }}: ", "How much at"),
    "syntax": (r"^How long: ", "How long {% if %}: ", "How long {%"),
}


@pytest.mark.parametrize("name", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_mistake_in_an_article_is_named_by_its_line(folder: Path, name: str) -> None:
    pattern, new, marks = BROKEN[name]
    _, problems = loaded(folder, (pattern, new))
    file = folder / "knowledge/folic-acid.en.md"
    lines = file.read_text("utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if text.startswith(marks))
    assert {(problem.file, problem.line) for problem in problems} == {(str(file), line)}


def test_article_in_one_language_alone_is_a_problem(folder: Path) -> None:
    (folder / "knowledge/folic-acid.en.md").unlink()
    templates = Templates(folder)
    problems = Knowledge(folder / "knowledge", templates).problems
    assert [Path(problem.file).name for problem in problems] == ["folic-acid.en.md"]


def test_misses_of_their_own_examples_are_few(content: Content) -> None:
    missed, count = [], 0
    for topic in content.knowledge.topics():
        for language in LANGUAGES:
            article = content.knowledge.article(topic, language)
            assert article
            for example in article.front.examples:
                found = content.knowledge.ask(example, language, date(2026, 11, 25)).candidates
                count += 1
                if not found or found[0][0].topic != topic:
                    missed.append((topic, language, example))
    print(f"{len(missed)} of {count} missed:", *missed, sep="\n")
    assert len(missed) <= 0.05 * count
