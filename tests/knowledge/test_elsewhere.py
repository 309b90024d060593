"""The lists beside the articles: what is nobody's here, and the office's own words."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from conftest import ROOT

from outreach import knowledge
from outreach.app import Content
from outreach.knowledge import Knowledge, elsewhere
from outreach.model import Problem
from outreach.templates import Templates

TODAY = date(2026, 11, 25)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The county's facts and one article in both languages."""
    shutil.copy(ROOT / "templates/region.toml", tmp_path)
    (tmp_path / "knowledge/elsewhere").mkdir(parents=True)
    for language in ("zh-Hans", "en"):
        shutil.copy(ROOT / f"templates/knowledge/folic-acid.{language}.md", tmp_path / "knowledge")
    return tmp_path / "knowledge"


def found(folder: Path) -> list[Problem]:
    templates = Templates(ROOT / "templates", folder.parent / "region.toml")
    return [one for one in knowledge.check(folder, templates, TODAY) if "related" not in one.field]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[[near]]\ntitle = "狗打疫苗"\nzh = ["x"]\n', 3),
        ('[[near]]\ntitle = "狗打疫苗"\nask = "vet"\n', 3),
        ('[[near]]\ntitle = "狗打疫苗"\nzh-Hans = [\n', 3),
    ],
    ids=["unknown key", "unknown office", "open list"],
)
def test_mistake_beside_the_articles_is_named_and_holds_them_back(folder: Path, text: str, line: int) -> None:
    file = folder / "elsewhere/health.toml"
    file.write_text(text, "utf-8")
    assert [(one.file, one.line) for one in found(folder)] == [(str(file), line)]
    assert [one.file for one in Knowledge(folder, Templates(ROOT / "templates")).problems][:1] == [str(file)]


def test_list_of_words_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "words.zh-Hans.txt").write_bytes("叶酸 | 叶三".encode("gb18030"))
    assert [Path(one.file).name for one in found(folder)] == ["words.zh-Hans.txt"]


def test_question_cannot_be_ours_and_nobodys(folder: Path) -> None:
    question = Knowledge(folder, Templates(ROOT / "templates")).articles()[0].front.examples[0]
    (folder / "elsewhere/health.toml").write_text(f'[[near]]\ntitle = "x"\nen = ["{question}"]\n', "utf-8")
    assert [question in one.problem for one in found(folder)] == [True]


def test_shipped_lists_say_of_each_question_whose_it_is(content: Content) -> None:
    near, problems = elsewhere.load(ROOT / "templates/knowledge")
    assert problems == []
    assert len(near.near) > 250
    assert all(one.wordings("zh-Hans")[1:] and one.wordings("en") for one in near.near)
    asked = [one.chinese[0] for one in near.near]
    answered = sum(content.knowledge.ask(text, "zh-Hans", TODAY).outcome == "answer" for text in asked)
    assert answered <= 0.02 * len(asked)
