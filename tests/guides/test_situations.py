"""People's situations, worked out by hand from the fact file, against what the guides say."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from outreach.app import Content
from outreach.templates import LANGUAGES

TODAY = date(2026, 11, 25)
SITUATIONS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("situations.toml").read_text("utf-8")
)
EVERY = [(guide, number) for guide, lines in SITUATIONS.items() for number in range(len(lines))]


@pytest.mark.parametrize(("guide", "number"), EVERY, ids=lambda part: str(part))
def test_situation_comes_out_as_by_hand(content: Content, guide: str, number: int) -> None:
    line = SITUATIONS[guide][number]
    today = date.fromisoformat(line.get("today", str(TODAY)))
    for language in LANGUAGES:
        found = content.knowledge.guides.answer(guide, line["facts"], today, language)
        assert found["missing"] == [], line
        assert found["outcome"] == (None if line["outcome"] == "-" else line["outcome"]), line
        wanted = line.get("values", {})
        assert {key: found["values"].get(key) for key in wanted} == wanted, line
        assert found["basis"]
        assert found["text"]


def test_every_guide_has_its_situations(content: Content) -> None:
    assert set(SITUATIONS) == set(content.knowledge.guides.names())
    assert min(len(lines) for lines in SITUATIONS.values()) >= 8
