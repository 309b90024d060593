"""Reward for older rural parents of one child or two daughters (RWD-01, RWD-02). Amounts are local."""

from __future__ import annotations

from datetime import date
from typing import Any

from outreach.knowledge.guides.dates import birthday, is_aged
from outreach.knowledge.guides.policy import LOCAL, Facts, Policy, Result

AGE = 60
# Births before that are settled by local rules.
OLDEST_BIRTH = date(1933, 1, 1)
VALUES = frozenset("amount_yuan eligible_from reason".split())


def _reckon(facts: Facts, today: date) -> Result:
    if reason := _never(facts):
        return Result("not_eligible", reason, {"reason": reason})
    born: date = facts["birth_date"]
    if born < OLDEST_BIRTH:
        return Result("refer", "refer")
    values = {"amount_yuan": LOCAL, "eligible_from": birthday(born, AGE)}
    outcome = "eligible" if is_aged(born, AGE, today) else "not_yet"
    return Result(outcome, outcome, values)


def _never(facts: Facts) -> str:
    if "urban" in (facts.get("hukou"), facts.get("spouse_hukou")):
        return "not_rural"
    if _children_decide(facts):
        return "children_composition"
    return "policy_violation" if facts.get("policy_violation") else ""


def _children_decide(facts: Facts) -> bool:
    """Whether what is known rules it out: neither one child, nor two daughters, nor none after a loss."""
    sons, daughters = facts.get("living_sons"), facts.get("living_daughters")
    if sons is not None and sons > 1:
        return True
    if sons is None or daughters is None:
        return False
    if sons + daughters == 0:
        return facts.get("only_child_deceased") is False
    return sons + daughters > 1 and (sons, daughters) != (0, 2)


def _complete(facts: dict[str, Any], today: date) -> dict[str, Any]:
    """Whose only child died has none living, unless they say otherwise."""
    if facts.get("only_child_deceased"):
        return {"living_sons": 0, "living_daughters": 0} | facts
    return facts


POLICY = Policy(
    _reckon,
    VALUES,
    {
        "settled": lambda facts, today: bool(_never(facts)),
        "none_living": lambda facts, today: facts["living_sons"] + facts["living_daughters"] == 0,
    },
    _complete,
)
