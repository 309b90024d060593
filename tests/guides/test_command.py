"""`outreach knowledge guide`: results as JSON, mistakes in a sentence without the value that was wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal

TODAY = ("--today", "2026-11-25")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def asked(terminal: Terminal, guide: str, facts: Any, *more: str) -> Any:
    ran = terminal.run("knowledge", "guide", guide, "--facts", json.dumps(facts), *TODAY, "--json", *more)
    assert ran.code == 0, ran.said
    return ran.json


def test_outcome_values_and_basis_come_as_json(terminal: Terminal) -> None:
    facts = {"child_birth_date": "2023-12-05", "birth_order": 1, "child_hukou": "this_county"}
    found = asked(terminal, "childcare_subsidy", facts)
    assert (found["outcome"], found["missing"]) == ("eligible", [])
    assert found["values"]["total_yuan"] == 7200
    assert found["basis"][0] == "CASH-01"
    assert "7200" in found["text"]


def test_missing_facts_are_listed_in_their_order(terminal: Terminal) -> None:
    found = asked(terminal, "rural_reward", {"hukou": "rural"})
    assert (found["outcome"], found["values"]) == (None, {})
    assert found["missing"] == ["living_sons", "living_daughters", "birth_date"]
    found = asked(terminal, "rural_reward", {"hukou": "rural", "living_sons": 0, "living_daughters": 0})
    assert found["missing"] == ["only_child_deceased", "birth_date"]
    assert asked(terminal, "childcare_subsidy", {})["missing"] == ["child_birth_date"]


def test_words_are_for_people(terminal: Terminal) -> None:
    facts = json.dumps({"weeks": 8, "handbook": False})
    ran = terminal.run("knowledge", "guide", "prenatal_visit_due", "--facts", facts, "--lang", "en")
    assert ran.code == 0
    assert "Visit 1 is due now (before week 13)" in ran.out
    assert "visits_done" not in ran.out


WRONG = {
    "unknown guide": ("hpv", '{"sex": "female"}', "hpv_vaccine_free"),
    "unknown fact": ("hpv_vaccine_free", '{"birthday": "2013-01-01"}', "birth_date"),
    "birth to come": ("hpv_vaccine_free", '{"birth_date": "2027-01-01"}', "birth_date"),
    "month 13": ("hpv_vaccine_free", '{"birth_date": "2013-13-01"}', "no such day"),
    "29 February": ("hpv_vaccine_free", '{"birth_date": "2013-02-29"}', "no such day"),
    "day left out": ("hpv_vaccine_free", '{"birth_date": "2013-02"}', "no date"),
    "year 0": ("hpv_vaccine_free", '{"birth_date": "0000-01-01"}', "birth_date"),
    "negative": ("prenatal_visit_due", '{"weeks": -3}', "weeks"),
    "too many": ("prenatal_visit_due", '{"weeks": 400}', "weeks"),
    "no number": ("prenatal_visit_due", '{"weeks": "zehn"}', "weeks"),
    "infinite": ("prenatal_visit_due", '{"weeks": Infinity}', "weeks"),
    "not a number": ("prenatal_visit_due", '{"weeks": NaN}', "weeks"),
    "huge": ("prenatal_visit_due", '{"weeks": 1' + "0" * 400 + "}", "weeks"),
    "half a visit": ("prenatal_visit_due", '{"weeks": 9, "visits_done": 0.5}', "whole"),
    "no choice": ("rural_reward", '{"hukou": "mixed"}', "rural, urban"),
    "level 5": ("special_assistance", '{"situation": "only_child_disabled", "disability_level": 5}', "level"),
    "neither": ("maternity_leave_base", '{"event": "birth", "difficult": "perhaps"}', "true or false"),
    "no list": ("infant_care_tax_deduction", '{"children": "2024-01-01"}', "list"),
    "bad child": ("infant_care_tax_deduction", '{"children": [{"born": "2024-01-01"}]}', "birth_date"),
    "list for a date": ("hpv_vaccine_free", '{"birth_date": ["2013-01-01"]}', "no date"),
    "no JSON": ("hpv_vaccine_free", "{birth_date: 2013}", "no JSON"),
    "no object": ("hpv_vaccine_free", "[1]", "no JSON object"),
}


@pytest.mark.parametrize("name", WRONG, ids=lambda name: name.replace(" ", "-"))
def test_mistake_is_told_in_a_sentence_without_the_value(terminal: Terminal, name: str) -> None:
    guide, facts, said = WRONG[name]
    ran = terminal.run("knowledge", "guide", guide, "--facts", facts, *TODAY, "--json")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "→" in ran.err
    assert "Traceback" not in ran.err
    for value in ("zehn", "mixed", "perhaps", "2027-01-01", "400", "-3"):
        assert value not in ran.err


def test_day_that_is_none_is_a_mistake(terminal: Terminal) -> None:
    ran = terminal.run("knowledge", "guide", "hpv_vaccine_free", "--today", "tomorrow")
    assert ran.code == 1
    assert "--today" in ran.err
