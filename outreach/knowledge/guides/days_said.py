"""A day as people write it: 2023年12月5日, 23.12.5, 去年三月, 5 Dec 2023. Understood, never guessed."""

from __future__ import annotations

import re
from datetime import date

from outreach.folding import fold

_DIGITS = {sign: str(n) for n, sign in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_TENS = re.compile("([二三])?十([一二三四五六七八九])?")
_YEARS_AGO = {"今年": 0, "去年": 1, "前年": 2, "大前年": 3, "this year": 0, "last year": 1}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_NAMED = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
# The moon's calendar is another one.
_LUNAR = re.compile("农历|阴历|旧历|腊月|正月|冬月|闰|初[一二三四五六七八九十]|lunar")
_AROUND = re.compile(
    r"^(?:(?:是|在|大概|大约|孩子|宝宝|我|他|她|娃|阳历|公历|新历|生于|出生于?"
    r"|born|on|in|it was|he was|she was|i was)\s*)+"
    r"|(?:出生的?|生的|生日|那天|左右|的|born)+$"
)
_YEAR = r"(?P<year>\d{4}|\d{2})"
_SHAPES = [
    re.compile(pattern)
    for pattern in (
        _YEAR + r"\s*年\s*(?P<month>\d{1,2})\s*月(?:份)?\s*(?:(?P<day>\d{1,2})\s*[日号]?)?",
        r"(?P<ago>今年|去年|前年|大前年)\s*的?(?P<month>\d{1,2})\s*月(?:份)?\s*(?:(?P<day>\d{1,2})\s*[日号]?)?",
        _YEAR + r"\s*[-/.．·、]\s*(?P<month>\d{1,2})\s*[-/.．·、]\s*(?P<day>\d{1,2})[日号]?",
        # 12.5 would be a December and a May.
        r"(?P<year>\d{4})\s*[-/.．·、]\s*(?P<month>\d{1,2})",
        r"(?P<year>\d{4})\s+(?P<month>\d{1,2})(?:\s+(?P<day>\d{1,2}))?",
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)?",
        r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?)?" + _NAMED + r",?\s*(?P<year>\d{4})",
        _NAMED + r"\s*(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?P<year>\d{4}),?\s+" + _NAMED + r"(?:\s+(?P<day>\d{1,2}))?",
        r"(?:(?P<day>\d{1,2})\s+)?" + _NAMED + r"\s+(?P<ago>this year|last year)",
        r"(?P<ago>this year|last year)(?: in)?\s+" + _NAMED,
    )
]
_BETWEEN = re.compile(r"[,，;；、\n]+|和|跟|还有|另一个|\band\b|&")


def day_said(text: str, today: date, *, month_will_do: bool = False) -> date | None:
    """The day meant, the month's first where none is named and the month will do; none after `today`."""
    said = _AROUND.sub("", _numbered(fold(text))).strip(" ,，。")
    if _LUNAR.search(text):
        return None
    for shape in _SHAPES:
        if found := shape.fullmatch(said):
            return _day(found.groupdict(), today, month_will_do)
    return None


def days_said(text: str, today: date) -> list[date] | None:
    """Several days, one a child; None where one of them is none."""
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    found = [day_said(part, today) for part in parts]
    if found and None not in found:
        return [day for day in found if day]
    one = day_said(text, today)
    return [one] if one else None


def _numbered(text: str) -> str:
    """Chinese numerals as digits: 二〇二三年十二月五日, 三月."""

    def tens(found: re.Match[str]) -> str:
        high, low = found.group(1), found.group(2)
        return f"{_DIGITS[high] if high else 1}{_DIGITS[low] if low else 0}"

    return "".join(_DIGITS.get(sign, sign) for sign in _TENS.sub(tens, text))


def _day(said: dict[str, str | None], today: date, month_will_do: bool) -> date | None:
    if not (said.get("day") or month_will_do):
        return None
    month = _MONTHS.index(said["name"] or "") + 1 if said.get("name") else int(said["month"] or 0)
    try:
        return _past(said, month, int(said.get("day") or 1), today)
    except ValueError:
        return None


def _past(said: dict[str, str | None], month: int, day: int, today: date) -> date | None:
    """Of a year in two digits the latest that is not to come."""
    if ago := said.get("ago"):
        found = date(today.year - _YEARS_AGO[ago], month, day)
    elif len(year := said["year"] or "") == 2:
        found = date(2000 + int(year), month, day)
        found = found if found <= today else date(1900 + int(year), month, day)
    else:
        found = date(int(year), month, day)
    return found if date(1900, 1, 1) <= found <= today else None
