"""What the matching promises: the right entry for words never written down, and honest confidence."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.app import Content
from outreach.knowledge.finding import Finder
from outreach.knowledge.matching import Index
from outreach.knowledge.matching.evidence import of_example, of_text
from outreach.knowledge.matching.features import features
from outreach.knowledge.matching.table import Table
from outreach.knowledge.matching.words import Words, everyday
from outreach.templates import LANGUAGES

SHOP = {
    "lost": ("挂失银行卡", ["银行卡丢了怎么办", "卡找不到了要挂失", "我的卡掉了"]),
    "limit": ("转账限额", ["一天最多能转多少钱", "转账有上限吗", "每天转账的限额"]),
    "open": ("营业时间", ["你们几点开门", "周末上班吗", "几点关门"]),
}


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("玉儿不贴咋个领", "childcare-subsidy-how-to-apply"),
        ("两挨筛查几多岁可以做", "two-cancer-screening-eligibility"),
        ("育兒補貼一年幾多錢", "childcare-subsidy-amount"),
        ("chan jia you ji tian", "maternity-leave-days"),
        ("ＨＰＶ疫苗　１３岁　免费吗", "hpv-vaccine-free"),
        ("how meny days is maternaty leave", "maternity-leave-days"),
    ],
)
def test_voices_scripts_and_typing_errors_are_understood(content: Content, question: str, topic: str) -> None:
    language = "en" if question.startswith("how") else "zh-Hans"
    assert content.knowledge.finder.rank(question, language)[0].id == topic


@pytest.mark.parametrize("language", LANGUAGES)
def test_example_that_is_held_back_still_finds_its_article(content: Content, language: str) -> None:
    """The last example of each article, asked of an index that never saw it."""
    rows = {
        article.topic: (article.front.title, list(article.front.examples))
        for article in content.knowledge.articles()
        if article.language == language
    }
    held = [(topic, texts.pop()) for topic, (_, texts) in rows.items()]
    index = Index(rows)
    first = sum(index.rank(text)[0].id == topic for topic, text in held)
    three = sum(topic in [match.id for match in index.rank(text)[:3]] for topic, text in held)
    assert first >= 0.7 * len(held), f"{first} of {len(held)} first"
    assert three >= 0.9 * len(held), f"{three} of {len(held)} among three"


def test_what_is_elsewhere_is_told_apart_and_never_returned() -> None:
    near = {"~0": ("银行卡年费", ["银行卡一年收多少费", "卡的年费怎么免"])}
    question = "银行卡一年要收多少费用"
    alone, apart = Index(SHOP), Index(SHOP, near)
    assert apart.rank(question)[0].confidence < alone.rank(question)[0].confidence
    assert {match.id for match in apart.rank(question)} <= set(SHOP)


def test_the_offices_own_words_make_an_unknown_name_known() -> None:
    own = Words(["银行卡 | 塑料片子"])
    assert (
        Index(SHOP, words=own).rank("塑料片子丢了")[0].confidence
        > Index(SHOP).rank("塑料片子丢了")[0].confidence
    )


def test_the_offices_own_words_go_before_everyday_ones() -> None:
    words = everyday(("怎么办 | 咋整",))
    assert words.concepts(["咋整"]) == words.concepts(["怎么办"])


def test_table_of_many_texts_says_of_each_what_it_says_alone() -> None:
    texts = ["银行卡丢了怎么办", "chan jia ji tian", "How do I apply, please?", "HPV疫苗", "   ", "😀"]
    words = everyday()
    together = features(texts, words)
    for number, text in enumerate(texts):
        alone = features([text], words)
        mine = together.text == number
        assert np.array_equal(together.id[mine], alone.id)
        assert np.array_equal(together.times[mine], alone.times)
        assert together.length[number] == alone.length[0]


def test_example_left_out_is_as_good_as_never_written() -> None:
    words = everyday()
    rows = [(number, text) for number, (_, texts) in enumerate(SHOP.values()) for text in texts]
    table = Table([text for _, text in rows], [number for number, _ in rows], len(SHOP), words)
    for left, (own, text) in enumerate(rows):
        others = [row for place, row in enumerate(rows) if place != left]
        small = Table([text for _, text in others], [number for number, _ in others], len(SHOP), words)
        rebuilt, simulated = (
            of_text(small, features([text], words)),
            of_example(table, left, without_entry=False),
        )
        for entry in range(len(SHOP)):
            assert simulated.explained[entry] == pytest.approx(rebuilt.explained[entry], abs=0.05)
            assert simulated.covered[entry] == pytest.approx(rebuilt.covered[entry], abs=0.1)
        assert of_example(table, left, without_entry=True).covered[own] == 0


@pytest.mark.parametrize("rows", [{}, {"a": ("", [])}, {"a": ("！", ["？"])}], ids=["none", "empty", "signs"])
def test_entries_without_a_word_answer_nothing(rows: dict[str, tuple[str, list[str]]]) -> None:
    assert Index(rows).rank("银行卡") == []


def test_a_single_entry_is_found_and_a_stranger_is_not_sure() -> None:
    index = Index({"lost": SHOP["lost"]})
    assert index.rank("银行卡丢了怎么办")[0].confidence > 0.5
    assert all(match.confidence < 0.3 for match in index.rank("今天下雨"))


INDEX = Index(SHOP)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_confidence_between_nothing_and_one(text: str) -> None:
    found = INDEX.rank(text)
    assert all(0 <= match.confidence <= 1 for match in found)
    assert [match.confidence for match in found] == sorted((m.confidence for m in found), reverse=True)
    assert INDEX.rank(text) == found


def test_a_letter_of_100_000_signs_is_read_in_part(content: Content) -> None:
    begun = time.process_time()
    content.knowledge.finder.rank("育儿补贴怎么申领" + "啊" * 100_000, "zh-Hans")
    assert time.process_time() - begun < 5, "the whole of it would take minutes"


def test_finder_builds_an_index_once_for_the_same_articles(content: Content, tmp_path: Path) -> None:
    knowledge = content.knowledge
    again = Finder(knowledge.articles(), knowledge.finder._elsewhere, knowledge.finder._words)
    assert again._index("en") is knowledge.finder._index("en")
