"""Free screening for two cancers: women of 35 to 64, in town and country (HLT-01, HLT-03)."""

from __future__ import annotations

from datetime import date
from typing import Any

from outreach.knowledge.guides.dates import birthday, is_aged
from outreach.knowledge.guides.policy import Facts, Policy, Result

FROM, UNTIL = 35, 65
# The longest interval that is known of anywhere.
LONGEST_INTERVAL = 5
VALUES = frozenset("subject_to_local_quota eligible_from reason cervical_part_later".split())


def _reckon(facts: Facts, today: date) -> Result:
    if facts.get("sex") == "male":
        return Result("not_eligible", "not_a_woman", {"reason": "not_a_woman"})
    born: date = facts["birth_date"]
    if is_aged(born, UNTIL, today):
        return Result("not_eligible", "over_64", {"reason": "over_64"})
    since = birthday(born, FROM)
    if today < since:
        return Result("not_yet", "not_yet", {"eligible_from": since})
    if facts.get("hukou") == "other_county":
        return Result("refer", "hukou_is_local", {"reason": "hukou_is_local"})
    if facts.get("screened_within_5_years"):
        return Result("refer", "interval_is_local", {"reason": "interval_is_local"})
    values: dict[str, Any] = {"subject_to_local_quota": True, "eligible_from": since}
    return Result("eligible", "eligible", values | _pregnant(facts))


def _pregnant(facts: Facts) -> dict[str, Any]:
    return {"cervical_part_later": True} if facts.get("pregnant") else {}


def _settled(facts: Facts, today: date) -> bool:
    if facts.get("sex") == "male":
        return True
    born = facts["birth_date"]
    return is_aged(born, UNTIL, today) or not is_aged(born, FROM, today)


def _complete(facts: dict[str, Any], today: date) -> dict[str, Any]:
    last = facts.get("last_screened")
    if last is None:
        return facts
    return {"screened_within_5_years": not is_aged(last, LONGEST_INTERVAL, today)} | facts


POLICY = Policy(_reckon, VALUES, {"settled": _settled}, _complete)
