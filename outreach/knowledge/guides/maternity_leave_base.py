"""Maternity leave by the national rule, without what a province adds (CASH-18).

The rule counts in months and people in weeks: four months of pregnancy are taken as sixteen weeks, and who is
near that, or past the 28th week, is told to ask.
"""

from __future__ import annotations

from datetime import date

from outreach.knowledge.guides.policy import LOCAL, Facts, Policy, Result

BASE, MORE = 98, 15
SHORT, LONG = 15, 42
FOUR_MONTHS = 16
# Between 4 times 28 days and four months of the calendar it depends on how one counts.
UNSURE = (15, 18)
LATE = 28
VALUES = frozenset("base_days provincial_extension ask_about_weeks".split())


def _reckon(facts: Facts, today: date) -> Result:
    if facts["event"] == "birth":
        days = BASE + MORE * (facts["babies"] - 1) + MORE * facts["difficult"]
        return Result(None, "birth", {"base_days": days, "provincial_extension": LOCAL})
    weeks = facts["weeks"]
    unsure = UNSURE[0] <= weeks < UNSURE[1] or weeks >= LATE
    values = {
        "base_days": SHORT if weeks < FOUR_MONTHS else LONG,
        "provincial_extension": LOCAL,
        "ask_about_weeks": unsure,
    }
    return Result(None, "miscarriage", values)


POLICY = Policy(_reckon, VALUES)
