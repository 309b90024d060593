"""Free HPV vaccination: girls born after 10 November 2011, from their thirteenth birthday (HLT-08)."""

from __future__ import annotations

from datetime import date

from outreach.knowledge.guides.dates import birthday
from outreach.knowledge.guides.policy import Facts, Policy, Result

BEGAN, LAST_BIRTH_NOT_MEANT = date(2025, 11, 10), date(2011, 11, 10)
AGE = 13
VALUES = frozenset("doses valency interval_months guardian_consent eligible_from then".split())
PROGRAMME = {"doses": 2, "valency": 2, "interval_months": 6, "guardian_consent": True}


def _reckon(facts: Facts, today: date) -> Result:
    if facts["sex"] == "male" or facts["birth_date"] <= LAST_BIRTH_NOT_MEANT:
        wording = "not_a_girl" if facts["sex"] == "male" else "born_too_early"
        return Result("not_in_national_programme", wording, {"then": "local_or_self_pay"})
    since = max(birthday(facts["birth_date"], AGE), BEGAN)
    outcome = "eligible" if today >= since else "not_yet"
    return Result(outcome, outcome, PROGRAMME | {"eligible_from": since})


POLICY = Policy(_reckon, VALUES)
