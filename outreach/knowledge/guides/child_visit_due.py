"""The free check-ups of a child up to six years: thirteen, each with its age (HLT-17)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from outreach.knowledge.guides.dates import birthday, day_before, is_aged, months_after
from outreach.knowledge.guides.policy import Facts, Policy, Result
from outreach.knowledge.guides.timetable import passed, stand

MONTHS, YEARS = (3, 6, 8, 12, 18, 24, 30, 36), (4, 5, 6)
NAMES = (
    "newborn_home",
    "full_month",
    *(f"{months}_months" for months in MONTHS),
    *(f"{years}_years" for years in YEARS),
)
LAST_YEAR = 7
VALUES = frozenset("due_visit window next_visit overdue visit_from visit_to next_from".split())


def windows(born: date, discharged: date | None = None) -> list[tuple[date, date]]:
    """The first and last day of each visit: its month of life, or from four on its year."""
    # Without the day of leaving hospital, the visit at home is open until the one at a month.
    home = discharged + timedelta(days=7) if discharged else born + timedelta(days=27)
    month = (born + timedelta(days=28), born + timedelta(days=30))
    return [
        (born, min(home, day_before(month[0]))),
        month,
        *((months_after(born, n), day_before(months_after(born, n + 1))) for n in MONTHS),
        *((birthday(born, n), day_before(birthday(born, n + 1))) for n in YEARS),
    ]


def _reckon(facts: Facts, today: date) -> Result:
    born: date = facts["birth_date"]
    if is_aged(born, LAST_YEAR, today):
        return Result(None, "too_old", {"due_visit": None, "next_visit": None, "overdue": False})
    when = windows(born, facts.get("discharge_date"))
    found = stand(when, today, facts["visits_done"])
    values: dict[str, Any] = {"overdue": found.overdue, "due_visit": None, "next_visit": None}
    if found.due:
        first, last = when[found.due - 1]
        values |= {"due_visit": NAMES[found.due - 1], "visit_from": first, "visit_to": last}
        values["window"] = f"{first}/{last}"
    if found.next:
        values |= {"next_visit": NAMES[found.next - 1], "next_from": when[found.next - 1][0]}
    wording = "all_done" if found.due is None else "now" if found.is_open else "later"
    return Result(None, wording, values)


def _complete(facts: dict[str, Any], today: date) -> dict[str, Any]:
    """Where nothing is said of visits, those whose time is over were made."""
    if "birth_date" not in facts or "visits_done" in facts:
        return facts
    return facts | {"visits_done": passed(windows(facts["birth_date"], facts.get("discharge_date")), today)}


POLICY = Policy(
    _reckon,
    VALUES,
    {"too_old": lambda facts, today: is_aged(facts["birth_date"], LAST_YEAR, today)},
    _complete,
)
