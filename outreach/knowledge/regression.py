"""`knowledge test`: questions with known answers, held against what was accepted the last time.

A wrong answer costs a resident more than no answer: where there are more of them, nothing else counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from outreach.files import parse
from outreach.knowledge.answering import Answer, Knowledge
from outreach.model import JSON

QUESTIONS, ACCEPTED = "questions.toml", "accepted.toml"
OFFERED = 3
# right: what should be said is said; for a question that nothing answers, that a person gets it.
Result = Literal["right", "wrong", "offered", "missed", "handed over"]


class Question(BaseModel):
    """`topic`: what answers it; `none`: nothing of ours does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    language: Literal["zh-Hans", "en"]
    topic: str | None = None
    none: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Question:
        if self.none == bool(self.topic):
            raise ValueError("a question has a topic, or none = true")
        return self


class _Questions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: list[Question] = []


class _Before(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str
    result: Result


class _Accepted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    figures: dict[str, int | float] = {}
    question: list[_Before] = []


@dataclass(frozen=True, slots=True)
class Tried:
    """A question and what came of it. `best`: the topics found, best first."""

    question: Question
    result: Result
    best: Sequence[str]


def questions(folder: Path) -> list[Question]:
    """BadInput where the file is not there, or has a mistake."""
    return parse(folder / QUESTIONS, _Questions).question


def run(knowledge: Knowledge, asked: Sequence[Question], today: date) -> list[Tried]:
    """Every question whose topic has an article."""
    known = set(knowledge.topics())
    return [_tried(knowledge, one, today) for one in asked if one.none or one.topic in known]


def _tried(knowledge: Knowledge, question: Question, today: date) -> Tried:
    found = knowledge.ask(question.text, question.language, today)
    best = [article.topic for article, _ in found.candidates]
    return Tried(question, _result(question, found, best), best)


def _result(question: Question, found: Answer, best: Sequence[str]) -> Result:
    if found.article:
        return "right" if found.article.topic == question.topic else "wrong"
    if question.none:
        return "right" if found.outcome == "handoff" else "offered"
    if found.outcome == "handoff":
        return "handed over"
    return "offered" if question.topic in best[:OFFERED] else "missed"


def figures(tried: Sequence[Tried], asked: Sequence[Question]) -> JSON:
    """Counts and shares: `in_scope` has a topic, `out_of_scope` has none; hits are among the first kind."""
    inside = [one for one in tried if not one.question.none]
    results = Counter(one.result for one in inside)
    outside = [one for one in tried if one.question.none]
    return {
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "without_article": len(asked) - len(tried),
        "hit_at_1": _share(inside, 1),
        "hit_at_3": _share(inside, OFFERED),
        "answered_right": results["right"],
        "answered_wrong": results["wrong"],
        "offered": results["offered"],
        "offered_in_vain": results["missed"],
        "handed_over": results["handed over"],
        "out_of_scope_answered": sum(one.result == "wrong" for one in outside),
    }


def _share(inside: Sequence[Tried], first: int) -> float:
    hits = sum(one.question.topic in one.best[:first] for one in inside)
    return round(hits / len(inside), 4) if inside else 0.0


def worse(folder: Path, tried: Sequence[Tried]) -> list[str]:
    """Why this may not be accepted unseen, in words; nothing where nothing was accepted yet."""
    if not (folder / ACCEPTED).exists():
        return []
    accepted = parse(folder / ACCEPTED, _Accepted).question
    before = {one.text: one.result for one in accepted}
    return turned_wrong(before, tried)


def turned_wrong(before: dict[str, Result], tried: Sequence[Tried]) -> list[str]:
    """Every question that was right and is wrong; and every wrong one, where there are more than before."""
    now = {one.question.text for one in tried}
    was = sum(result == "wrong" for text, result in before.items() if text in now)
    wrong = [one for one in tried if one.result == "wrong"]
    found = [
        f"was right and is wrong: {_words(one)}" for one in wrong if before.get(one.question.text) == "right"
    ]
    if len(wrong) > was:
        new = [one for one in wrong if before.get(one.question.text) not in ("wrong", "right")]
        found.append(f"wrong answers rose from {was} to {len(wrong)}")
        found += [f"is answered wrong: {_words(one)}" for one in new]
    return found


def _words(one: Tried) -> str:
    meant = one.question.topic or "nothing of ours"
    return f"{one.question.text!r} gets {one.best[0]}, and means {meant}"


def accept(folder: Path, tried: Sequence[Tried], counted: JSON) -> None:
    """Writes what came out as what is expected from now on."""
    lines = ["# Written by `outreach knowledge test --accept`.", "", "[figures]"]
    lines += [f"{name} = {value}" for name, value in counted.items()]
    for one in tried:
        text, result = (json.dumps(words, ensure_ascii=False) for words in (one.question.text, one.result))
        lines += ["", "[[question]]", f"text = {text}", f"result = {result}"]
    (folder / ACCEPTED).write_text("\n".join(lines) + "\n", "utf-8")
