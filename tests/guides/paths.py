"""Every way through a guide's flow: each question answered with samples that lead down each branch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from outreach.knowledge.guides import Guide, Walk

TODAY = date(2026, 11, 25)
DAYS = {
    "childcare_subsidy": ("2021-12-31", "2022-06-10", "2023-12-05", "2024-12-31", "2025-01-01", "2026-11-25"),
    "rural_reward": ("1932-12-31", "1966-11-25", "1966-11-26"),
    "special_assistance": ("1977-11-25", "1977-11-26"),
    "hpv_vaccine_free": ("2011-11-10", "2013-11-25", "2013-11-26"),
    "two_cancer_screening": ("1961-11-25", "1961-11-26", "1991-11-26"),
    "child_visit_due": ("2019-11-25", "2020-01-01", "2025-09-08", "2026-08-25", "2026-11-23"),
}
NUMBERS = {
    "birth_order": (1, 4),
    "children": (1, 2),
    "living_sons": (0, 1, 2),
    "living_daughters": (0, 1, 2, 3),
    "disability_level": (1, 3, 4),
    "complication_level": (1, 2, 3),
    "children_ever": (1, 2),
    "babies": (1, 3),
    "weeks": (8, 14, 16, 39, 41),
    "visits_done": (0, 2, 5, 13),
}
LISTS = (["2025-05-01"], ["2025-05-01", "2020-06-01"], ["2020-06-01"])


def samples(guide: Guide, key: str) -> tuple[Any, ...]:
    question = guide.question(key)
    match question.kind:
        case "yes_no":
            return (True, False)
        case "choice":
            return tuple(question.options)
        case "number":
            return NUMBERS[key]
        case "dates":
            return LISTS
        case _:
            return DAYS[guide.name]


def leaves(guide: Guide, answers: dict[str, Any] | None = None) -> Iterator[tuple[dict[str, Any], Walk]]:
    """The answers of every way to an end, in the order they are asked, and the walk that they make."""
    answers = answers or {}
    found = guide.walk(guide.read(answers, TODAY), TODAY)
    if found.result:
        yield answers, found
        return
    asked = found.missing[0]
    for value in samples(guide, asked):
        yield from leaves(guide, {**answers, asked: value})


def said(value: Any) -> str:
    """An answer as a resident types it: a day in words, a digit for a choice."""
    if isinstance(value, list):
        return "，".join(said(one) for one in value)
    if isinstance(value, str):
        day = date.fromisoformat(value)
        return f"{day.year}年{day.month}月{day.day}日"
    return str(value)


def typed(guide: Guide, key: str, value: Any) -> str:
    """What answers `key` with `value` by SMS."""
    question = guide.question(key)
    if question.kind == "yes_no":
        return "1" if value else "2"
    if question.kind == "choice":
        return str(question.options.index(value) + 1)
    return said(value)
