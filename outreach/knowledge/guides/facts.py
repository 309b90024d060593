"""Facts as a file or a script gives them, each brought to one shape, or refused in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from outreach.knowledge.guides.flow import Fact, Flow
from outreach.model import BadInput

OLDEST = 1900
_DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|(\d\d)(\d\d))(?:[T ].*)?", re.ASCII)
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})", re.ASCII)
_WEEKS = re.compile(r"(\d{1,3})\+[0-6]")
_YES = {True, "yes", "true", "y", "1", "是"}
_NO = {False, "no", "false", "n", "0", "否"}


def read(flow: Flow, given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The facts that say something; null says nothing. Raises BadInput for the first that cannot be true.

    A value is never repeated in the error: it may be about a person.
    """
    facts = {}
    for key, value in given.items():
        fact = flow.fact(key)
        if fact is None:
            fix = f"use some of: {', '.join(flow.keys)}"
            raise BadInput("this guide knows no such fact", where=_spelt(key), fix=fix)
        if not _is_silent(fact, value):
            facts[key] = _value(key, fact, value, today)
    return facts


def _is_silent(fact: Fact, value: Any) -> bool:
    """A date of what never was says nothing either."""
    never = isinstance(value, str) and value.strip().casefold() in ("", "never", "none", "unknown")
    return value is None or (fact.kind == "date" and never)


def _spelt(key: str) -> str:
    return key if re.fullmatch(r"\w{1,40}", key, re.ASCII) else "a key of --facts"


def _value(key: str, fact: Fact, value: Any, today: date) -> Any:
    match fact.kind:
        case "date":
            return _date(key, value, today, month_will_do=fact.month_will_do)
        case "dates":
            return _dates(key, value, today)
        case "choice":
            return _choice(key, fact, value)
        case "yes_no":
            return _truth(key, value)
        case "number":
            return _number(key, fact, value, today)
        case "text":
            return _text(key, value)


def _date(key: str, value: Any, today: date, *, month_will_do: bool = False) -> date:
    text = value.strip() if isinstance(value, str) else ""
    found = _DAY.fullmatch(text) or (_MONTH.fullmatch(text) if month_will_do else None)
    fix = "write a day that there is, such as 2023-12-05"
    if not found:
        raise BadInput("this is no date", where=key, fix=fix)
    year, month, *rest = [int(part) for part in found.groups() if part]
    try:
        day = date(year, month, rest[0] if rest else 1)
    except ValueError:
        raise BadInput("there is no such day", where=key, fix=fix) from None
    if day > today:
        raise BadInput(
            f"this lies after {today}, the day reckoned from", where=key, fix="correct it, or give --today"
        )
    if day.year < OLDEST:
        raise BadInput(f"this lies before {OLDEST}", where=key, fix="correct the year")
    return day


def _dates(key: str, value: Any, today: date) -> list[date]:
    if not isinstance(value, list):
        raise BadInput("this is no list", where=key, fix='write it as [{"birth_date": "2024-03-01"}, …]')
    return [_one_of_dates(key, one, today) for one in value]


def _one_of_dates(key: str, value: Any, today: date) -> date:
    if not isinstance(value, dict):
        return _date(key, value, today)
    if unknown := set(value) - {"birth_date"}:
        raise BadInput(
            "a child has an unknown key", where=f"{key}.{_spelt(min(unknown))}", fix="use birth_date alone"
        )
    return _date(f"{key}.birth_date", value.get("birth_date"), today)


def _choice(key: str, fact: Fact, value: Any) -> str:
    said = re.sub(r"[\s-]+", "_", value.strip().casefold()) if isinstance(value, str) else ""
    if said in fact.options:
        return said
    for option, spellings in fact.spellings.items():
        if said in spellings:
            return option
    raise BadInput("this is none of the choices", where=key, fix=f"use one of: {', '.join(fact.options)}")


def _truth(key: str, value: Any) -> bool:
    said = value.strip().casefold() if isinstance(value, str) else value
    if isinstance(said, str | int | float):
        # How many there are says whether there are any.
        if said in _YES or (not isinstance(said, str) and said > 1):
            return True
        if said in _NO:
            return False
    raise BadInput("this is neither true nor false", where=key, fix="write true or false")


def _number(key: str, fact: Fact, value: Any, today: date) -> Any:
    """A list is the children's dates where the fact may be counted, and else how many there are."""
    if isinstance(value, list) and fact.counted:
        return _dates(key, value, today) if any(map(_is_dated, value)) else bounded(key, fact, len(value))
    if isinstance(value, str) and (weeks := _WEEKS.fullmatch(value.strip())) and fact.broken:
        value = int(weeks.group(1))
    try:
        number = (
            float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        )
    except (ValueError, OverflowError):
        number = None
    if number is None:
        raise BadInput("this is no number", where=key, fix="write a number, such as 2")
    return bounded(key, fact, number)


def _is_dated(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and bool(_DAY.fullmatch(value)))


def bounded(key: str, fact: Fact, number: float) -> float:
    """The number, whole where it is; BadInput where it cannot be one of these."""
    if not fact.least <= number <= fact.most:
        fix = f"write one from {fact.least:g} to {fact.most:g}"
        raise BadInput("this number is not possible", where=key, fix=fix)
    if number == int(number):
        return int(number)
    if not fact.broken:
        raise BadInput("this is no whole number", where=key, fix="write a whole number, such as 2")
    return number


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 100):
        return str(value)
    raise BadInput("this is no word", where=key, fix="write a short word in quotation marks")
