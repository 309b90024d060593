"""Every guide of the folder, loaded and checked at the start; what comes next in one, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

from outreach.files import parse
from outreach.knowledge.guides import checking
from outreach.knowledge.guides.facts import read
from outreach.knowledge.guides.flow import Flow, Question
from outreach.knowledge.guides.policies import POLICIES
from outreach.knowledge.guides.policy import Policy, Result
from outreach.knowledge.guides.starting import started
from outreach.knowledge.guides.walking import Walk, walk
from outreach.knowledge.guides.wording import Wording
from outreach.model import JSON, BadInput, Problem
from outreach.templates import LANGUAGES, Templates, Text


@dataclass(frozen=True)
class Guide:
    """One guide: its flow, its arithmetic, and its words in each language."""

    name: str
    flow: Flow
    policy: Policy
    words: Mapping[str, Wording]
    # Compiled outcome texts by (wording, language).
    texts: Mapping[tuple[str, str], Text] = field(default_factory=dict)

    def walk(self, facts: Mapping[str, Any], today: date, *, assume: bool = False) -> Walk:
        return walk(self.flow, self.policy, facts, today, assume=assume)

    def read(self, given: Mapping[str, Any], today: date) -> dict[str, Any]:
        """The facts as the arithmetic takes them, or BadInput."""
        return read(self.flow, given, today)

    def outcome(self, given: Mapping[str, Any], today: date) -> tuple[Walk, dict[str, Any]]:
        """Where facts from a file lead, and what was taken for granted on the way; or BadInput."""
        facts = self.read(given, today)
        completed = self.policy.complete(facts, today)
        found = self.walk(completed, today, assume=True)
        assumed = {key: value for key, value in completed.items() if key not in facts} | found.assumed
        return found, assumed

    def question(self, key: str) -> Question:
        return self.flow.questions[key]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _all_plain(values: Mapping[str, Any]) -> JSON:
    return {key: _plain(value) for key, value in values.items()}


class Guides:
    """The guides by name. `problems`: what is wrong with the files of those that are not among them."""

    def __init__(self, folder: Path, templates: Templates) -> None:
        self._folder, self._templates = folder, templates
        self.problems: list[Problem] = []
        self._guides: dict[str, Guide] = {}
        for file in sorted(folder.glob("*.toml")):
            if "." not in file.stem and (guide := self._load(file)):
                self._guides[guide.name] = guide
        self._by_topic = {topic: name for name, one in self._guides.items() for topic in one.flow.topics}

    def __getitem__(self, name: str) -> Guide:
        if name not in self._guides:
            known = ", ".join(self._guides) or "none"
            raise BadInput("there is no guide of this name", where="NAME", fix=f"use one of: {known}")
        return self._guides[name]

    def __contains__(self, name: object) -> bool:
        return name in self._guides

    def names(self) -> list[str]:
        return list(self._guides)

    def answer(self, name: str, given: Mapping[str, Any], today: date, language: str) -> JSON:
        """As the contract of `outreach knowledge guide` names it; `text`: what a resident would read.

        Raises BadInput for a guide or a fact that there is not, and for a value that cannot be true.
        """
        guide = self[name]
        found, assumed = guide.outcome(given, today)
        result = found.result
        return {
            "outcome": result.outcome if result else None,
            "values": _all_plain(result.values) if result else {},
            "basis": guide.flow.outcomes[result.wording].basis if result else [],
            "missing": found.missing,
            "assumed": _all_plain(assumed),
            "text": self.text(guide, result, language)[0] if result else "",
        }

    def guide_for(self, topic: str) -> str | None:
        """The guide that an article's readers may take."""
        return self._by_topic.get(topic)

    def started_by(self, text: str) -> str | None:
        """The guide that somebody asks for in plain words, in whatever language."""
        wordings = [(key, words) for key, one in self._guides.items() for words in one.words.values()]
        return started(text, [(name, key) for key, words in wordings for name in words.names])

    def text(self, guide: Guide, result: Result, language: str) -> tuple[str, str]:
        """A result in words, and the document it rests on."""
        wording = guide.words[language]
        known = dict.fromkeys(guide.policy.values) | result.values
        values = {key: spoken(value, language, wording.says) for key, value in known.items()}
        words = wording.outcomes[result.wording]
        said = self._templates.render(guide.texts[result.wording, language], language, values)
        return said, words.basis or wording.basis

    def _load(self, file: Path) -> Guide | None:
        try:
            flow = parse(file, Flow)
            files = {language: file.with_suffix(f".{language}.toml") for language in LANGUAGES}
            words = {language: parse(one, Wording) for language, one in files.items()}
        except BadInput as problem:
            self.problems.append(problem.as_problem())
            return None
        policy = POLICIES.get(file.stem)
        found = checking.flow(file, flow, policy)
        for language, one in files.items():
            found += checking.words(one, words[language], flow)
        if found or policy is None:
            self.problems += found
            return None
        texts = {
            (name, language): text
            for language, one in files.items()
            for name, ending in words[language].outcomes.items()
            if (text := self._compile(one, name, ending.text, policy))
        }
        complete = len(texts) == len(LANGUAGES) * len(flow.outcomes)
        return Guide(file.stem, flow, policy, words, texts) if complete else None

    def _compile(self, file: Path, name: str, source: str, policy: Policy) -> Text | None:
        """None where it is no text; the templates themselves note why."""
        known = len(self._templates.problems)
        at = checking.text_line(file, name)
        text = self._templates.compile(str(file), source, policy.values, at)
        return text if len(self._templates.problems) == known else None


def spoken(value: Any, language: str, says: Mapping[str, str]) -> Any:
    """A day as people say it, a word as the guide says it; all else as it is.

    >>> spoken(date(2027, 5, 3), "zh-Hans", {})
    '2027年5月3日'
    """
    if isinstance(value, str):
        return says.get(value, value)
    if not isinstance(value, date):
        return value
    if language == "en":
        return f"{value.day} {value:%B} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


def facts_of(text: str) -> dict[str, Any]:
    """The JSON object of `--facts`, or BadInput."""
    fix = """write it as '{"birth_date": "2013-05-03"}'"""
    try:
        found = loads(text)
    except (JSONDecodeError, RecursionError) as error:
        where = f"--facts, sign {error.pos + 1}" if isinstance(error, JSONDecodeError) else "--facts"
        raise BadInput("this is no JSON", where=where, fix=fix) from None
    if not isinstance(found, dict):
        raise BadInput("this is no JSON object", where="--facts", fix=fix)
    return found
