"""A list that is open: its headings found, its rows read as often as needed, each with its number."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outreach.lists import delimited, workbooks
from outreach.lists.cells import tidy
from outreach.lists.delimited import Delimited
from outreach.lists.headings import Head, Vocabulary
from outreach.lists.kinds import AS_CSV, is_workbook
from outreach.lists.workbooks import Sheet
from outreach.model import BadInput

Cells = dict[str, str]
_CONSTANT = re.compile(r'="([^"]*)"')
_TOTAL = re.compile(
    r"\s*(?:合\s*计|总\s*计|共\s*计|小\s*计|总\s*数|总人数|总\s*共|共(?=\s*\d)"
    r"|(?P<english>(?:grand |sub-?)?total|sum|count))"
    r"\s*[:：]?\s*[\d.,]*\s*(?:人|户|条|行|名|个|people|rows)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Listing:
    """`others`: sheets that have rows too and are not read."""

    file: Path
    head: Head
    others: Sequence[str]
    _source: Delimited | Sheet
    _needed: str
    _stack: contextlib.ExitStack = field(repr=False)

    def __enter__(self) -> Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def size(self) -> int | None:
        """About how many rows the file has, where it says so."""
        return self._source.rows

    @property
    def where(self) -> str:
        return f"{self.file}, sheet {self._source.name}" if self._source.name else str(self.file)

    def check(self, passed: Callable[[int], None] = lambda row: None) -> int:
        """Reads it to the end, so that what is wrong with the whole file is found before anything is written.

        Returns about how many rows there are; `passed` hears the number of every thousandth.
        """
        count = 0
        for number, _ in self._plainly() or self.rows():
            count += 1
            if not count % 1000:
                passed(number)
        if not count or next(self.rows(), None) is None:
            fix = "write the people in the rows below, one a row"
            raise BadInput("there are headings and no rows", where=self.where, fix=fix)
        return count

    def _plainly(self) -> Iterator[tuple[int, object]] | None:
        """The rows without a look into their cells, where the file can hold no formula anyway."""
        if not isinstance(self._source, Delimited) or self._source.may_hold_formulas():
            return None
        records = enumerate(self._source.records(), start=1)
        return ((number, record) for number, record in records if number > self.head.row and any(record))

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Each row of people as {our field: text} with its number in a spreadsheet.

        Blank rows, totals and repeated headings are passed over. BadInput for a formula, which has no value
        that could be trusted.
        """
        head, pick = self.head, self._picker()
        for number, record in enumerate(self._source.records(head.width), start=1):
            if number <= head.row:
                continue
            cells = pick(record)
            if not any(cells.values()) or self._is_total(record, cells) or self._is_heading(cells):
                continue
            if any(text[:1] == "=" for text in cells.values()):
                cells = {name: self._constant(number, name, text) for name, text in cells.items()}
            yield number, cells

    def _picker(self) -> Callable[[Sequence[Any]], Cells]:
        """Of several columns with one meaning the best that is filled counts."""
        single = [(name, columns[0]) for name, columns in self.head.columns.items()]
        several = [(name, columns[1:]) for name, columns in self.head.columns.items() if len(columns) > 1]

        def pick(record: Sequence[Any]) -> Cells:
            width = len(record)
            cells = {name: tidy(record[n]) if n < width else "" for name, n in single}
            for name, columns in several:
                if not cells[name]:
                    found = (tidy(record[n]) for n in columns if n < width)
                    cells[name] = next(filter(None, found), "")
            return cells

        return pick

    def _is_total(self, record: Sequence[Any], cells: Cells) -> bool:
        first = record[0] if record else ""
        if first is None or not isinstance(first, str) or not first.strip():
            first = next((text for cell in record if (text := tidy(cell))), "")
        total = _TOTAL.match(first) if len(first) < 24 else None
        if total is None or not total["english"]:
            return total is not None
        needed = [cells.get(name, "") for part in self._needed.split() for name in part.split("|")]
        return not any(sum(sign.isdigit() for sign in text) >= 7 and text[0] != "=" for text in needed)

    def _is_heading(self, cells: Cells) -> bool:
        return cells == self.head.words

    def _constant(self, number: int, name: str, text: str) -> str:
        """What ="13912345678" says: spreadsheets keep a number's digits by it."""
        if text[:1] != "=":
            return text
        if found := _CONSTANT.fullmatch(text):
            return tidy(found[1])
        raise BadInput(
            "this cell is a formula",
            where=f"{self.where}, row {number}, column {self.head.words[name]}",
            fix="copy the column, paste it as values, and save again",
        )


def open_list(file: Path, headings: Mapping[str, str], needed: str) -> Listing:
    """A CSV or XLSX file as a list; see Vocabulary for `headings` and `needed`. To be used with `with`.

    Raises BadInput where the file as a whole cannot be used.
    """
    vocabulary = Vocabulary(headings, needed)
    with contextlib.ExitStack() as stack:
        if is_workbook(file):
            source, head, others = _best_sheet(workbooks.sheets(file, stack), vocabulary)
        else:
            (source, head), others = _best_reading(delimited.readings(file), vocabulary), []
        if head is None or not head.has(needed):
            raise vocabulary.refusal(head, str(file))
        _must_be_legible(source, head)
        return Listing(file, head, others, source, needed, stack.pop_all())


def _best_sheet(
    sheets: Sequence[Sheet], vocabulary: Vocabulary
) -> tuple[Delimited | Sheet, Head | None, list[str]]:
    """The first sheet that has the headings, and the names of the others that have them and rows too."""
    heads = [(sheet, vocabulary.find(sheet.records())) for sheet in sheets]
    whole = [(sheet, head) for sheet, head in heads if head and head.has(vocabulary.needed)]
    if not whole:
        return max(((*pair, []) for pair in heads), key=lambda one: len(one[1].columns) if one[1] else 0)
    others = [sheet.name for sheet, head in whole[1:] if _has_rows(sheet, head)]
    return *whole[0], others


def _has_rows(sheet: Sheet, head: Head) -> bool:
    for number, record in enumerate(sheet.records(), start=1):
        if number > head.row and any(tidy(cell) for cell in record):
            return True
        if number > head.row + 100:
            break
    return False


def _best_reading(
    readings: Sequence[Delimited], vocabulary: Vocabulary
) -> tuple[Delimited | Sheet, Head | None]:
    """The separator with which most headings are known."""
    best: tuple[Delimited, Head | None] = readings[0], None
    broken: BadInput | None = None
    for reading in readings:
        try:
            head = vocabulary.find(reading.records())
        except BadInput as error:
            broken = broken or error
            continue
        if head and (best[1] is None or len(head.columns) > len(best[1].columns)):
            best = reading, head
    if best[1] is None and broken:
        raise broken
    return best


def _must_be_legible(source: Delimited | Sheet, head: Head) -> None:
    """Headings that are read in Chinese prove the encoding; English ones prove nothing."""
    if head.is_chinese or not isinstance(source, Delimited):
        return
    if delimited.looks_foreign(source.file, source.encoding):
        fix = f"open it in a spreadsheet and {AS_CSV}"
        raise BadInput("its encoding is not known", where=str(source.file), fix=fix)
