"""A list of residents, row by row: what each cell means, and which rows must not go in."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from outreach.folding import fold
from outreach.lists import (
    AS_EMPTY,
    BadRow,
    Cells,
    Listing,
    Report,
    open_list,
    phone,
    shape,
    single_line,
    telegram_id,
    year,
)
from outreach.residents.columns import HEADINGS, answer, language
from outreach.residents.consent import PURPOSES
from outreach.residents.joining import Row, take, take_all

NEEDED = "name phone|telegram_id"
_BETWEEN_GROUPS = re.compile(r"[、；，;|/,\n]")
_NUMBER = re.compile(r"\d{9}")
_LONGEST_NAME, _LONGEST_WORD = 100, 100


def read(file: Path) -> Listing:
    """A list of residents, open; BadInput where the file as a whole cannot be used."""
    return open_list(file, HEADINGS, NEEDED)


def parse(
    number: int,
    cells: Mapping[str, str],
    headings: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Row:
    """One row, understood; `headings`: the list's own words for our fields. Raises BadRow where it must
    not go in."""
    name = _name(cells.get("name", ""))
    chat = telegram_id(cells.get("telegram_id", ""))
    written = cells.get("phone", "")
    mobile = None if chat and fold(written) in AS_EMPTY | {""} else phone(written)
    if not mobile and not chat:
        raise BadRow("phone", "the number is missing: write it, or remove the row")
    doubts: list[tuple[str, str]] = []
    consent = {
        purpose: given for purpose in PURPOSES if (given := _consent(cells, purpose, doubts)) is not None
    }
    return Row(
        number,
        name,
        mobile,
        chat,
        _word(cells.get("township", ""), "township", doubts),
        _language(cells.get("language", ""), doubts),
        _groups(cells.get("groups", ""), doubts),
        _birth_year(cells.get("birth_year", ""), (now or datetime.now()).year, doubts),
        consent,
        tuple(doubts),
        {purpose: _wording(cells, purpose, headings or {}) for purpose in consent},
    )


def _name(text: str) -> str:
    name = single_line(text)
    if not name or name.casefold() in AS_EMPTY:
        raise BadRow("name", "the name is missing: write it, or remove the row", shape(name) if name else "")
    if len(name) > _LONGEST_NAME:
        raise BadRow("name", f"a name has {_LONGEST_NAME} characters at most: shorten it", shape(name))
    if not name.isalpha() and _is_no_name(name):
        raise BadRow("name", "this is no name: check whether the columns have shifted", shape(name))
    return name


def _is_no_name(text: str) -> bool:
    has_number = _NUMBER.search(text) is not None
    return has_number or text.startswith("#") or not any(sign.isalpha() for sign in text)


def _word(text: str, field: str, doubts: list[tuple[str, str]]) -> str | None:
    found = _useful(text)
    if found is None:
        doubts.append((field, "this says nothing that could be used; it was left out"))
    return found or None


# Lists say the same few words again and again.
@functools.lru_cache(1024)
def _useful(text: str) -> str | None:
    """A word of a list; "" where there is none, None where it cannot be meant."""
    word = single_line(text)
    if word.casefold() in AS_EMPTY:
        return ""
    if word.startswith("#") or len(word) > _LONGEST_WORD or sum(sign.isdigit() for sign in word) >= 7:
        return None
    return word


def _groups(text: str, doubts: list[tuple[str, str]]) -> tuple[str, ...]:
    if not text:
        return ()
    words = (_word(part, "groups", doubts) for part in _BETWEEN_GROUPS.split(text))
    return tuple(dict.fromkeys(filter(None, words)))


def _language(text: str, doubts: list[tuple[str, str]]) -> str | None:
    """A language we do not speak is no reason to leave the person out: the office's own stands."""
    if not text or text.casefold() in AS_EMPTY:
        return None
    found = language(text)
    if found is None:
        doubts.append(("language", "the language must be 中文/zh-Hans or 英文/en; it was left out"))
    return found


def _birth_year(text: str, latest: int, doubts: list[tuple[str, str]]) -> int | None:
    if not text or text.casefold() in AS_EMPTY:
        return None
    found = year(text, latest)
    if found is None:
        doubts.append(("birth_year", "this is no likely year of birth; it was left out"))
    return found


def _consent(cells: Mapping[str, str], purpose: str, doubts: list[tuple[str, str]]) -> bool | None:
    """What is not plainly a yes or a no is neither: the person goes in, and nothing is noted of it."""
    text = cells.get(f"consent_{purpose}", "")
    given = answer(text) if text else None
    if text and given is None:
        doubts.append((f"consent_{purpose}", "neither 是 nor 否 (yes or no): no consent was noted"))
    return given


def _wording(cells: Mapping[str, str], purpose: str, headings: Mapping[str, str]) -> str:
    """What the list itself says: its heading and the answer under it."""
    field = f"consent_{purpose}"
    return f"{headings.get(field) or HEADINGS[field].split('|')[1]}: {cells.get(field, '')}"


__all__ = ["HEADINGS", "BadRow", "Cells", "Report", "Row", "parse", "read", "take", "take_all"]
