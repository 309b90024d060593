"""Lists that staff import: read as real spreadsheets are, with every bad row named and no number repeated."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import phonenumbers

from outreach.folding import fold
from outreach.model import JSON, BadInput


class BadRow(Exception):
    def __init__(self, field_name: str, problem: str, hint: str = "") -> None:
        self.field, self.problem, self.hint = field_name, problem, hint
        super().__init__(problem)


@dataclass(slots=True)
class Report:
    """`errors`: rows left out; `warnings`: values left out of rows that went in. Row 1 is the heading."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[JSON] = field(default_factory=list)
    warnings: list[JSON] = field(default_factory=list)

    def refuse(self, row: int, problem: BadRow) -> None:
        self.rejected += 1
        self.errors.append(
            {"row": row, "field": problem.field, "value_hint": problem.hint, "problem": problem.problem}
        )


def read(file: Path, headings: Mapping[str, str], needed: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file in UTF-8 or GB18030, each as {our field: text} with its number in a spreadsheet.

    `headings`: our field -> the words a heading may be, joined by |. `needed`: fields; those joined by | are
    alternatives, as in "name phone|telegram_id".

    Raises BadInput where the file as a whole cannot be used.
    """
    text = _decoded(file)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(io.StringIO(text), dialect)
    fields: list[str | None] | None = None
    try:
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if fields is None:
                fields = _fields(cells, headings, needed)
                continue
            yield number, _named(fields, cells)
    except csv.Error as error:
        fix = "open it in a spreadsheet and save it as CSV again"
        raise BadInput(str(error), where=f"{file}:{reader.line_num}", fix=fix) from None
    if fields is None:
        raise BadInput("no headings were found", where=str(file), fix="the first line must name the columns")


def _named(fields: list[str | None], cells: list[str]) -> dict[str, str]:
    """Of two columns with the same meaning the first that is filled counts."""
    found: dict[str, str] = {}
    for name, cell in zip(fields, cells, strict=False):
        if name and not found.get(name):
            found[name] = cell.strip()
    return found


def _decoded(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(file)) from None
    if b"\0" in raw:
        raise BadInput("this is no text file", where=str(file), fix="save the list as CSV (UTF-8)")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("its encoding is not known", where=str(file), fix="save the list as CSV (UTF-8)")


def _fields(cells: list[str], headings: Mapping[str, str], needed: str) -> list[str | None]:
    known = {fold(word): name for name, words in headings.items() for word in words.split("|")}
    names = [known.get(fold(cell)) for cell in cells]
    for alternatives in needed.split():
        if not set(alternatives.split("|")) & set(names):
            wanted = " or ".join(headings[name].replace("|", "/") for name in alternatives.split("|"))
            raise BadInput(
                f"the heading {wanted} is needed; found: {', '.join(cells)[:200]}",
                where="headings",
                fix="name the columns in the first line",
            )
    return names


def phone(text: str) -> str | None:
    """A mobile number as E.164, None for an empty cell; BadRow where it cannot receive SMS."""
    if not text:
        return None
    digits = sum(sign.isdigit() for sign in text)
    hint = f"{digits} digits"
    if "e+" in text.lower():
        raise BadRow("phone", "the spreadsheet lost this number's digits: format the column as text", hint)
    try:
        number = phonenumbers.parse(text.removesuffix(".0").lstrip("'"), "CN")
    except phonenumbers.NumberParseException:
        raise BadRow("phone", "this is no phone number: correct it", hint) from None
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not phonenumbers.is_possible_number(number):
        raise BadRow("phone", "this number has too many or too few digits: correct it", hint)
    if number.country_code == 86 and phonenumbers.number_type(number) not in mobile:
        raise BadRow("phone", "this number cannot receive SMS: give a mobile number", hint)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
