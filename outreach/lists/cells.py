"""Single cells: cleaned, and understood as what they stand for. None of it echoes what a cell says."""

from __future__ import annotations

import functools
import re
import unicodedata

from outreach.lists.reporting import BadRow
from outreach.lists.workbooks import as_text

# What people and programs write where there is nothing.
AS_EMPTY = frozenset(
    "无 暂无 没有 空 不详 未知 无手机 none null nan nil n/a na #n/a - -- — —— / \\ .".split()
)
_SPACES = {ord(sign): " " for sign in "\u00a0\u1680\u2007\u202f\u205f\u3000\t\r\n\v\f\u2028\u2029\x85"}
_LOST = "the spreadsheet lost this number's digits: format the column as text and write the number again"
_SCIENTIFIC = re.compile(r"([+-]?\d)(?:[.,](\d*))?[eE]\+?(\d{1,2})", re.ASCII)
_WHOLE = re.compile(r"(\d+)[.,]0*", re.ASCII)
_CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_YEARS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(\d{4})(?:\.0*)?\s*(?:年|年生|年出生)?",
        r"(\d{4})\s*[-/.年]\s*(?:0?[1-9]|1[0-2])\s*月?(?:\s*[-/.]?\s*[0-3]?\d\s*[日号]?)?(?:[ T][\d:.]*)?生?",
        r"(\d{4})(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:\.0*)?",
        r"[0-3]?\d[-/.][0-3]?\d[-/.](\d{4})",
    )
)
FIRST_YEAR = 1900


def tidy(cell: object) -> str:
    """A cell as text, without invisible signs, any white space plain, none at the ends."""
    text = cell if isinstance(cell, str) else as_text(cell)
    # No odd white space and nothing invisible is printable, in any script.
    if text.isprintable():
        return text.strip()
    plain = text.translate(_SPACES)
    return "".join(sign for sign in plain if unicodedata.category(sign) not in ("Cf", "Cc", "Cs")).strip()


def single_line(text: str) -> str:
    """Runs of white space as one space, and none between Chinese characters: they only align a column."""
    joined = " ".join(text.split())
    if " " not in joined:
        return joined
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", joined)


def digits_of(text: str, field: str) -> str:
    """A number as a spreadsheet may have mangled it, its digits whole; other text as it is.

    Raises BadRow where digits are lost.
    """
    if whole := _WHOLE.fullmatch(text):
        return whole[1]
    if parts := _SCIENTIFIC.fullmatch(text):
        fraction, places = parts[2] or "", int(parts[3])
        if parts[1].startswith("-") or len(fraction) < places or fraction[places:].strip("0"):
            raise BadRow(field, _LOST, shape(text))
        return parts[1].lstrip("+") + fraction[:places]
    return text


def shape(text: str) -> str:
    """What may be said of a cell in a report: how long it is, never what it says."""
    digits = sum(sign.isdigit() for sign in text)
    return f"{digits} digits" if digits else f"{len(text)} characters"


def telegram_id(text: str) -> str | None:
    """A Telegram user's number as digits, None for an empty cell. Raises BadRow."""
    if not text:
        return None
    field = "telegram_id"
    plain = unicodedata.normalize("NFKC", text).strip(" '\"`‘’“”")
    if not plain or plain.casefold() in AS_EMPTY:
        return None
    digits = digits_of(plain, field)
    if not (digits.isascii() and digits.isdigit() and digits.strip("0") and len(digits) <= 16):
        problem = "a Telegram id is digits only, no @name and no link: correct it, or leave it empty"
        raise BadRow(field, problem, shape(text))
    if re.fullmatch(r"(?:86)?1[3-9]\d{9}", digits):
        problem = "this looks like a phone number, not a Telegram id: correct it, or leave it empty"
        raise BadRow(field, problem, shape(text))
    return digits.lstrip("0")


@functools.lru_cache(1024)
def year(text: str, latest: int) -> int | None:
    """A year of birth out of a year, a date or a number; None where it is no likely one."""
    plain = unicodedata.normalize("NFKC", text).strip(" '\"")
    if re.search(r"\d", plain) is None:
        plain = plain.translate(_CHINESE_DIGITS)
    for pattern in _YEARS:
        if (found := pattern.fullmatch(plain)) and FIRST_YEAR <= int(found[1]) <= latest:
            return int(found[1])
    return None
