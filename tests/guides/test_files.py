"""Mistakes in a guide's files are named by file and line; a flow that cannot be walked is not loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from outreach.knowledge.guides import Guides
from outreach.templates import Templates

FLOW, WORDS = "hpv_vaccine_free.toml", "hpv_vaccine_free.en.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path / "templates"


def problems(folder: Path, file: str, old: str, new: str) -> list[tuple[str, int, str]]:
    """What loading says once `old` is `new`, and that the guide is not there then."""
    path = folder / "guides" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    templates = Templates(folder)
    guides = Guides(folder / "guides", templates)
    assert "hpv_vaccine_free" not in guides
    assert len(guides.names()) == 8
    found = guides.problems + templates.problems
    return [(Path(one.file).name, one.line, one.problem) for one in found]


ASK_SEX = '[questions.sex]\nask = "Is the vaccine for a girl or a boy?"'
BROKEN = {
    "dead end": (FLOW, '{ to = "birth_date" }', '{ to = "birthday" }', 5, "'birthday', which is no question"),
    "answer that leads nowhere": (FLOW, 'then = [{ is = ["male"], to = "done" }, { to = "birth_date" }]',
        'then = [{ is = ["male"], to = "birth_date" }]', 5, "not every answer leads somewhere"),
    "unknown option": (FLOW, 'is = ["male"]', 'is = ["man"]', 5, "'man' is no answer"),
    "unknown test": (FLOW, 'is = ["male"]', 'test = "is_man"', 5, "no test 'is_man'"),
    "unreachable": (FLOW, '{ to = "birth_date" }', '{ to = "done" }', 15, "nothing leads to"),
    "loop": (FLOW, 'kind = "date"\nthen = [{ to = "done" }]', 'kind = "date"\nthen = [{ to = "sex" }]', 5,
        "leads back to itself"),
    "no such first": (FLOW, 'first = "sex"', 'first = "gender"', 3, "no such question"),
    "unworded question": (WORDS, ASK_SEX, ASK_SEX.replace("questions.sex", "questions.gender"), 5,
        "not worded"),
    "unworded option": (WORDS, 'options = { female = "A girl", male = "A boy" }',
        'options = { female = "A girl" }', 5, "'male' is not worded"),
    "unworded outcome": (WORDS, "[outcomes.eligible]", "[outcomes.allowed]", 17, "not worded"),
    "unknown value": (WORDS, "{{ eligible_from }}", "{{ eligible_since }}", 21, "unknown variable"),
    "misspelt key": (FLOW, "topics =", "topic =", 2, "unknown key"),
    "no TOML": (FLOW, "topics =", "topics", 2, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_mistake_is_named_by_its_line(folder: Path, name: str) -> None:
    file, old, new, line, said = BROKEN[name]
    found = problems(folder, file, old, new)
    assert [(one[0], one[1]) for one in found if said in one[2]][:1] == [(file, line)], found


def test_missing_language_is_a_problem(folder: Path) -> None:
    (folder / "guides" / WORDS).unlink()
    found = Guides(folder / "guides", Templates(folder)).problems
    assert [Path(one.file).name for one in found] == [WORDS]


def test_file_without_arithmetic_is_a_problem(folder: Path) -> None:
    for file in (folder / "guides").glob("hpv_vaccine_free*"):
        file.rename(file.with_name(file.name.replace("hpv_vaccine_free", "flu_vaccine")))
    found = Guides(folder / "guides", Templates(folder)).problems
    assert [one.problem for one in found] == ["no arithmetic has this name"]
