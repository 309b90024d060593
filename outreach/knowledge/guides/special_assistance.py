"""Special assistance for parents whose only child died or is disabled, and after surgery (RWD-04, RWD-05).

Whatever comes out, a person gets in touch: this is not left to a machine.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from outreach.knowledge.guides.dates import birthday, is_aged
from outreach.knowledge.guides.policy import Facts, Policy, Result

AGE = 49
MILDEST = 3
# Since when each table holds, the newest first. What went before is not known for certain.
_TABLES = (
    (date(2022, 7, 1), {"only_child_deceased": 590, "only_child_disabled": 460}, {1: 520, 2: 390, 3: 260}),
    (date(2022, 1, 1), {"only_child_deceased": 450, "only_child_disabled": 350}, {1: 400, 2: 300, 3: 200}),
)
SURGERY = "family_planning_surgery_complication"
COUPLE = 2
VALUES = frozenset(
    "monthly_yuan_per_person couple_monthly_yuan may_be_higher_locally human_contact eligible_from"
    " reason".split()
)


def monthly(facts: Facts, today: date) -> int | None:
    """Yuan a month and person; None for a day before the tables that are known."""
    for since, situations, levels in _TABLES:
        if today >= since:
            situation = facts["situation"]
            return levels[facts["complication_level"]] if situation == SURGERY else situations[situation]
    return None


def _reckon(facts: Facts, today: date) -> Result:
    outcome, wording, values = _decided(facts, today)
    return Result(outcome, wording, {**values, "human_contact": True})


def _decided(facts: Facts, today: date) -> tuple[str, str, dict[str, Any]]:
    if reason := _never(facts):
        return "not_eligible", reason, {"reason": reason}
    woman: date | None = facts.get("woman_birth_date")
    only_amount = facts["situation"] == SURGERY or _amount_only(facts, today)
    if _more_than_one(facts) or (woman is None and not only_amount):
        return "refer", "refer", {}
    if woman and not only_amount and not is_aged(woman, AGE, today):
        return "not_yet", "not_yet", {"eligible_from": birthday(woman, AGE)}
    each = monthly(facts, today)
    if each is None:
        return "refer", "refer", {}
    outcome = "amount_only" if only_amount else "eligible"
    return outcome, outcome, _amounts(facts, each)


def _amounts(facts: Facts, each: int) -> dict[str, Any]:
    """Both of a couple are paid, each on their own."""
    applicants = facts.get("applicants", 1 if facts["situation"] == SURGERY else COUPLE)
    values: dict[str, Any] = {"monthly_yuan_per_person": each, "may_be_higher_locally": True}
    return values | ({"couple_monthly_yuan": each * COUPLE} if applicants >= COUPLE else {})


def _never(facts: Facts) -> str:
    if facts["situation"] == SURGERY:
        return ""
    if facts["situation"] == "only_child_disabled" and facts.get("disability_level", 1) > MILDEST:
        return "disability_below_level_3"
    return "has_living_child" if facts.get("other_living_children") else ""


def _more_than_one(facts: Facts) -> bool:
    """Not the one child that the rule speaks of, born or adopted."""
    if facts["situation"] == SURGERY:
        return False
    ever = facts.get("children_ever", 1)
    return bool(ever > 1 or (ever == 0 and not facts.get("adopted")))


def _amount_only(facts: Facts, today: date) -> bool:
    """Who says how many apply, and nothing of their ages, asks for the amount."""
    ages = facts.get("woman_birth_date") or facts.get("husband_birth_date")
    return "applicants" in facts and not ages


POLICY = Policy(
    _reckon,
    VALUES,
    {
        "settled": lambda facts, today: bool(_never(facts)),
        "more_than_one": lambda facts, today: _more_than_one(facts),
        "amount_only": _amount_only,
        # The rule names the wife's age; of a husband alone it says nothing.
        "husband_alone": lambda facts, today: (
            "husband_birth_date" in facts and "woman_birth_date" not in facts
        ),
    },
)
