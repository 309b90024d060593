"""Income tax: 2,000 yuan a month and child under three are deducted before tax is reckoned (CASH-13)."""

from __future__ import annotations

from datetime import date
from typing import Any

from outreach.knowledge.guides.dates import is_aged
from outreach.knowledge.guides.policy import Facts, Policy, Result

SINCE, RAISED = date(2022, 1, 1), date(2023, 1, 1)
BEFORE, NOW = 1000, 2000
LIMIT = 3
VALUES = frozenset("monthly_deduction_yuan is_cash_refund other_item per_child_yuan children".split())


def _reckon(facts: Facts, today: date) -> Result:
    if today < SINCE:
        return Result("refer", "refer")
    young = [born for born in facts["children"] if not is_aged(born, LIMIT, today)]
    each = NOW if today >= RAISED else BEFORE
    values: dict[str, Any] = {
        "monthly_deduction_yuan": each * len(young),
        "per_child_yuan": each,
        "children": len(young),
        "is_cash_refund": False,
    }
    if len(young) < len(facts["children"]):
        values["other_item"] = "child_education"
    return Result(None, "deduction" if young else "education", values)


POLICY = Policy(_reckon, VALUES)
