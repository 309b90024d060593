"""The five free visits of a pregnancy, each in its weeks (HLT-09)."""

from __future__ import annotations

from datetime import date
from typing import Any

from outreach.knowledge.guides.policy import Facts, Policy, Result
from outreach.knowledge.guides.timetable import Standing, passed, stand

WINDOWS = ((0, 12), (16, 20), (21, 24), (28, 36), (37, 40))
NAMES = ("<13", "16-20", "21-24", "28-36", "37-40")
# The day that was reckoned on is over.
POST_TERM = 41
VALUES = frozenset("due_visit window_weeks next_window_weeks open_handbook overdue".split())


def _reckon(facts: Facts, today: date) -> Result:
    week, done = int(facts["weeks"]), facts.get("visits_done", 0)
    if week >= POST_TERM:
        overdue = done < len(WINDOWS)
        return Result("refer", "post_term", {"due_visit": None, "open_handbook": False, "overdue": overdue})
    found = stand(WINDOWS, week, done)
    values = {
        "due_visit": found.due,
        "window_weeks": _name(found.due),
        "next_window_weeks": _name(found.next),
        "open_handbook": not facts["handbook"],
        "overdue": found.overdue,
    }
    return Result(None, _wording(found), values)


def _wording(found: Standing) -> str:
    if found.due is None:
        return "all_done"
    return "now" if found.is_open else "later"


def _name(visit: int | None) -> str | None:
    return NAMES[visit - 1] if visit else None


def _complete(facts: dict[str, Any], today: date) -> dict[str, Any]:
    """Where nothing is said of visits: none without a handbook, else those whose weeks are over."""
    if "weeks" not in facts:
        return facts
    if "visits_done" not in facts:
        on_time = 0 if facts.get("handbook") is False else passed(WINDOWS, int(facts["weeks"]))
        facts = facts | {"visits_done": on_time}
    return {"handbook": facts["visits_done"] > 0} | facts


POLICY = Policy(
    _reckon,
    VALUES,
    {"post_term": lambda facts, today: facts["weeks"] >= POST_TERM},
    _complete,
)
