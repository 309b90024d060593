"""The county's own facts (`templates/region.toml`): names, telephones, amounts, each with day and source.

A fact grows old, and some were never found out. Neither may keep an answer from a resident: an old one is
said with its month, and in the place of a missing one stands whom to call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from outreach.files import line_of, read_toml
from outreach.model import Problem

LANGUAGES = ("zh-Hans", "en")
STALE_AFTER = timedelta(days=400)
PHONE = "office_phone"
NEEDED = ("sms_signature", "sms_optout_text", PHONE)
_KEYS = {*LANGUAGES, "as_of", "until", "source"}

_CALL = {"zh-Hans": "请打{phone}问", "en": "please call {phone}"}
_OLD = {
    "zh-Hans": "（{day.year}年{day.month}月的情况，请核实）",
    "en": " (as of {day:%B} {day.year}, please check)",
}
_OVER = {"zh-Hans": "（可能已变，请核实）", "en": " (may have changed, please check)"}


@dataclass(frozen=True, slots=True)
class Fact:
    """`as_of`: the day somebody last looked; `until`: the last day it is known to hold."""

    name: str
    line: int
    words: Mapping[str, str]
    as_of: date | None
    until: date | None

    def is_stale(self, today: date) -> bool:
        over = self.until is not None and today > self.until
        return over or (self.as_of is not None and today - self.as_of > STALE_AFTER)


class Region:
    """Every fact of the county. `problems` hold a text back; `cautions` never do."""

    def __init__(self, file: Path) -> None:
        """Raises BadInput where the file is no TOML, or not there."""
        self.file = file
        raw = read_toml(file)
        self.is_sample = bool(raw.get("sample"))
        self.problems: list[Problem] = []
        self._untidy: list[Problem] = []
        self.facts = {name: self._fact(name, one) for name, one in raw.items() if isinstance(one, dict)}
        self._check_needed()
        for name in raw.keys() - self.facts.keys() - {"sample"}:
            self._note(self._untidy, name, f"{name!r} is no fact", f"write it as a table: [{name}]")

    def words(self, language: str) -> dict[str, str]:
        """Every fact as it stands in the file, whatever its age; "" where it has no wording."""
        return {name: fact.words.get(language, "") for name, fact in self.facts.items()}

    def has(self, name: str, language: str) -> bool:
        fact = self.facts.get(name)
        return bool(fact and fact.words.get(language))

    def say(self, name: str, language: str, today: date | None) -> str:
        """A fact as an answer says it on a day; without a day its age is not looked at."""
        if not self.has(name, language):
            phone = self.facts[PHONE].words.get(language, "") if PHONE in self.facts else ""
            return _CALL[language].format(phone=phone)
        fact = self.facts[name]
        said = fact.words[language]
        if today is None or not fact.is_stale(today):
            return said
        return said + (_OLD[language].format(day=fact.as_of) if fact.as_of else _OVER[language])

    def on(self, language: str, today: date | None) -> Said:
        return Said(self, language, today)

    def cautions(self, today: date, used: Mapping[str, Sequence[str]]) -> list[Problem]:
        """What is missing, old or without a day or source. `used`: fact -> the topics that say it."""
        found = [*self._untidy, *(one for fact in self.facts.values() for one in self._aged(fact, today))]
        found += [self._missing(name) for name in sorted(used) if name not in self.facts]
        return [_with_topics(one, used.get(one.field, ())) for one in found]

    def _missing(self, name: str) -> Problem:
        near = get_close_matches(name, self.facts, 1)
        fix = f"add [{name}]" + (f", or did the article mean {near[0]!r}?" if near else "")
        problem = f"the fact {name!r} is missing, so that residents are told to call"
        return Problem(str(self.file), 1, name, problem, fix)

    def _aged(self, fact: Fact, today: date) -> list[Problem]:
        found: list[Problem] = []
        look = "look it up again, and set as_of to that day"
        if fact.as_of and fact.as_of > today:
            self._note(found, fact.name, f"its day {fact.as_of} has not come yet", look)
        if fact.until and fact.until < today:
            self._note(found, fact.name, f"it held until {fact.until} and is said with a warning", look)
        elif fact.is_stale(today):
            self._note(found, fact.name, f"it is of {fact.as_of} and is said with its month", look)
        for language in LANGUAGES:
            if fact.words.get(language) == "":
                told = "residents are told to call instead"
                self._note(found, fact.name, f"its {language} wording is empty: {told}", "find it out")
        return found

    def _fact(self, name: str, raw: Mapping[str, Any]) -> Fact:
        words = {language: raw[language].strip() for language in LANGUAGES if _is_text(raw.get(language))}
        for language in LANGUAGES:
            if language not in words:
                self._note(self.problems, name, f"no {language} wording", f'add {language} = "…"')
        for key in raw.keys() - _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            fix = f"write {near[0]!r}" if near else f"use only {', '.join(sorted(_KEYS))}"
            self._note(self._untidy, name, f"unknown key {key!r}", fix)
        if not (_is_text(raw.get("source")) and raw["source"].strip()):
            self._note(self._untidy, name, "it has no source", 'add source = "…": who said so')
        line = line_of(self.file, name)
        return Fact(name, line, words, self._day(name, raw, "as_of"), self._day(name, raw, "until"))

    def _day(self, name: str, raw: Mapping[str, Any], key: str) -> date | None:
        value = raw.get(key)
        if type(value) is date:
            return value
        if value is not None:
            self._note(self._untidy, name, f"its {key} is no date", f"write {key} = 2026-11-01")
        elif key == "as_of":
            self._note(self._untidy, name, "it has no as_of", "add as_of = the day somebody last looked")
        return None

    def _check_needed(self) -> None:
        for needed in NEEDED:
            if not self.has(needed, LANGUAGES[0]):
                problem = Problem(
                    str(self.file), 1, needed, f"the fact {needed!r} is missing", f"add [{needed}]"
                )
                self.problems.append(problem)

    def _note(self, into: list[Problem], name: str, problem: str, fix: str) -> None:
        into.append(Problem(str(self.file), line_of(self.file, name), name, problem, fix))


class Said:
    """The facts inside an article: `region.NAME`, each as `Region.say` says it, and nothing else."""

    __slots__ = ("_language", "_region", "_today")

    def __init__(self, region: Region, language: str, today: date | None) -> None:
        self._region, self._language, self._today = region, language, today

    def __getitem__(self, name: str) -> str:
        return self._region.say(name, self._language, self._today)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _with_topics(problem: Problem, topics: Sequence[str]) -> Problem:
    if not topics:
        return problem
    words = f"{problem.problem}; used by {', '.join(sorted(set(topics)))}"
    return Problem(problem.file, problem.line, problem.field, words, problem.fix)
