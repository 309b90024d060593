"""One way through a flow for the command line and the dialogue, so that both come to the same end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from outreach.knowledge.guides.flow import DONE, Flow, Question
from outreach.knowledge.guides.policy import Policy, Result


@dataclass(frozen=True, slots=True)
class Walk:
    """`path`: the questions passed, in order; `missing`: those of them that have no answer.

    What lies behind a missing answer is guessed by the usual way on. `result` where nothing is missing.
    """

    path: list[str]
    missing: list[str]
    assumed: dict[str, Any]
    result: Result | None


def walk(flow: Flow, policy: Policy, facts: Mapping[str, Any], today: date, *, assume: bool) -> Walk:
    """`assume`: whether a fact that is not there may be taken as the flow says."""
    known, assumed = dict(facts), dict[str, Any]()
    path, missing, place = list[str](), list[str](), flow.first
    while place != DONE:
        question = flow.questions[place]
        path.append(place)
        if place not in known and assume and question.assumed(known):
            known[place] = assumed[place] = question.assume
        if place not in known:
            missing.append(place)
        place = _next(question, place, known, policy, today)
    if missing:
        return Walk(path, missing, assumed, None)
    if assume:
        silent = {
            key: fact.assume for key, fact in flow.facts.items() if key not in known and fact.assumed(known)
        }
        known |= silent
    return Walk(path, missing, assumed, policy.reckon(known, today))


def _next(question: Question, place: str, known: Mapping[str, Any], policy: Policy, today: date) -> str:
    if place not in known:
        return question.then[-1].to
    for way in question.then:
        if way.always or (way.answers is not None and known[place] in way.answers):
            return way.to
        if way.test and policy.tests[way.test](known, today):
            return way.to
    return question.then[-1].to
