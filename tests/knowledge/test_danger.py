"""Danger is heard in whatever words it comes, and which one it is; and seldom where there is none."""

from __future__ import annotations

from collections import defaultdict

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from outreach.app import Content
from outreach.knowledge import danger
from outreach.knowledge.danger import Danger, Kind
from outreach.templates import LANGUAGES

NUMBERS = {
    Kind.SELF_HARM: ("12356", "120"),
    Kind.VIOLENCE: ("110", "120", "12338"),
    Kind.BIRTH: ("120", "0000-1234572"),
    Kind.CHILD: ("120", "110"),
    Kind.EMERGENCY: ("120", "110", "12356"),
}


def sentences() -> dict[str, list[str]]:
    """The sentences of danger.txt by the kind they stand under."""
    found, kind = defaultdict[str, list[str]](list), ""
    for line in (ROOT / "tests/knowledge/danger.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            kind = line.removeprefix("== ")
        elif line and not line.startswith("# "):
            found[kind].append(line)
    return found


def test_every_sentence_is_heard_as_what_it_is() -> None:
    known = sentences()
    assert sum(len(texts) for kind, texts in known.items() if kind != "none") >= 250
    assert len(known["none"]) >= 250
    wrong = [
        (kind, str(found.kind) if (found := danger(text)) else "none", text)
        for kind, texts in known.items()
        for text in texts
        if (str(found.kind) if (found := danger(text)) else "none") != kind
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", Kind)
def test_fixed_words_name_the_right_numbers_on_both_channels(content: Content, kind: Kind) -> None:
    for language in LANGUAGES:
        for channel in ("telegram", "sms"):
            said = content.templates.say(Danger(kind).template, language, channel)
            assert all(number in said for number in NUMBERS[kind])
            first = min(NUMBERS[kind], key=said.index)
            assert first == NUMBERS[kind][0], "the number that matters most comes first"


@given(st.text(alphabet="怀孕出血打我死孩子没不想活了，。 救命水的", max_size=60), st.sampled_from(range(60)))
def test_danger_stays_danger_whatever_stands_around_it(noise: str, at: int) -> None:
    # Behind a full stop it is a sentence of its own.
    assert danger(f"{noise}。我不想活了，救我。{noise}")
    assert danger(noise) is None or danger(noise) == danger(f" {noise} ")


@given(st.text(max_size=400))
def test_any_text_at_all_is_judged_without_a_mistake(text: str) -> None:
    assert danger(text) is None or isinstance(danger(text), Danger)
