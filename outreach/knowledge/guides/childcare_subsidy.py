"""Childcare subsidy: 3,600 yuan a year and child up to the age of three (CASH-01 to CASH-08).

A child born before 2025 is paid for the months from January 2025 to the month of the third birthday, that
month included; the share of 2025 had to be applied for within 2025.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from outreach.knowledge.guides.dates import birthday, months_apart
from outreach.knowledge.guides.policy import Facts, Policy, Result

BEGAN = date(2025, 1, 1)
EARLIEST_BIRTH = date(2022, 1, 1)
A_MONTH, A_YEAR, MOST_MONTHS = 300, 3600, 36
MOST_CHILDREN = 3
VALUES = frozenset(
    "months total_yuan total_yuan_if_applied_in_time payable_now_yuan per_child_yuan apply_at apply_here"
    " reason share_2025_lost children lost_yuan".split()
)


def months(born: date) -> int:
    """The months that are paid for; 0 for a child born too early."""
    if born < EARLIEST_BIRTH:
        return 0
    return min(MOST_MONTHS, MOST_MONTHS + 1 - max(0, months_apart(born, BEGAN)))


def share(born: date, year: int) -> int:
    """Yuan a child for one year's application."""
    if born < BEGAN:
        return A_MONTH * max(0, min(12, months(born) - 12 * (year - BEGAN.year)))
    return A_YEAR if born.year <= year < born.year + 3 else 0


def _reckon(facts: Facts, today: date) -> Result:
    births = _births(facts)
    reason = _never(facts, births, today)
    if reason:
        values = {} if reason != "applied_too_late" else _amounts(facts, births, today)
        return Result("not_eligible", reason, {**values, "reason": reason})
    if doubt := _doubt(facts):
        return Result("refer", "refer", {"reason": doubt})
    values = _amounts(facts, births, today) | {"apply_at": "child_hukou_place"}
    if facts.get("child_hukou") == "none":
        return Result("register_hukou_first", "register_hukou_first", values)
    here = facts.get("child_hukou", "this_county") == "this_county"
    paid = today.year > BEGAN.year and not values["payable_now_yuan"]
    wording = "paid_already" if paid else "eligible_here" if here else "eligible_elsewhere"
    return Result("eligible", wording, values | {"apply_here": here})


def _births(facts: Facts) -> list[date]:
    """One entry a child: of several born together, or each with a date of its own."""
    listed = facts.get("children", 1)
    return list(listed) if isinstance(listed, list) else [facts["child_birth_date"]] * int(listed)


def _amounts(facts: Facts, births: list[date], today: date) -> dict[str, Any]:
    each = [A_MONTH * months(born) for born in births]
    lost = _lost_2025(facts, today) * sum(share(born, BEGAN.year) for born in births if born < BEGAN)
    return {
        "months": _one([months(born) for born in births]),
        "per_child_yuan": _one(each),
        "total_yuan": sum(each),
        "total_yuan_if_applied_in_time": sum(each),
        "payable_now_yuan": sum(share(born, today.year) for born in births),
        "children": len(births),
        "share_2025_lost": lost > 0,
        "lost_yuan": lost,
    }


def _one(numbers: list[int]) -> int | list[int]:
    return numbers[0] if len(set(numbers)) == 1 else numbers


def _lost_2025(facts: Facts, today: date) -> bool:
    return today.year > BEGAN.year and facts.get("applied_2025") is False


def _never(facts: Facts, births: list[date], today: date) -> str:
    """Why there is nothing to apply for, "" where there may be."""
    if all(born < EARLIEST_BIRTH for born in births):
        return "born_before_2022"
    if today < BEGAN:
        return "programme_not_started"
    if not is_chinese(facts.get("child_nationality", "CN")):
        return "foreign_nationality"
    if all(_is_over(born, today) for born in births):
        # Whoever applied within 2025 keeps that year's share.
        in_2025 = all(born < BEGAN and months(born) <= 12 for born in births)
        if in_2025 and today.year == BEGAN.year + 1:
            return "" if facts.get("applied_2025") else "applied_too_late"
        return "over_three"
    return ""


def _is_over(born: date, today: date) -> bool:
    """Whether no year's share is left."""
    if born < BEGAN:
        return share(born, today.year) == 0
    return today >= birthday(born, 3)


def _doubt(facts: Facts) -> str:
    """What the national text does not settle."""
    if facts.get("birth_order", 1) > MOST_CHILDREN:
        return "fourth_child"
    if facts.get("parents_married") is False and not facts.get("adopted"):
        return "parents_not_married"
    return ""


def is_chinese(nationality: str) -> bool:
    """
    >>> is_chinese("中国籍"), is_chinese("CN"), is_chinese("US")
    (True, True, False)
    """
    said = nationality.strip().casefold()
    return said in ("cn", "chn", "china", "chinese", "prc") or said.startswith("中国")


def _settled(facts: Facts, today: date) -> bool:
    births = _births(facts)
    return bool(_never(dict(facts) | {"applied_2025": True}, births, today))


def _of_2025(facts: Facts, today: date) -> bool:
    """Whether it counts that an application was made within 2025."""
    born = min(_births(facts))
    return today.year == BEGAN.year + 1 and EARLIEST_BIRTH <= born < BEGAN


def _too_late(facts: Facts, today: date) -> bool:
    return _never(facts, _births(facts), today) == "applied_too_late"


def _complete(facts: dict[str, Any], today: date) -> dict[str, Any]:
    """Where every child has a date of its own, the youngest's stands for the question; twins are two."""
    listed = facts.get("children")
    if isinstance(listed, list) and listed:
        return {"child_birth_date": max(listed)} | facts
    if facts.get("twins") is False or listed == []:
        return facts | {"children": 1}
    return facts | {"children": max(2, listed or 2)} if facts.get("twins") else facts


POLICY = Policy(
    _reckon,
    VALUES,
    {
        "settled": _settled,
        "share_of_2025_counts": _of_2025,
        "too_late": _too_late,
        "unsettled_order": lambda facts, today: _doubt(facts) == "fourth_child",
    },
    _complete,
)
