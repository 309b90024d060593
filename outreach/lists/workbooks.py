"""XLSX workbooks: looked at for traps before they are opened, then read row by row."""

from __future__ import annotations

import contextlib
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.parsers import expat

from outreach.model import BadInput

AGAIN = "open it in a spreadsheet and save it again, or save the list as CSV (UTF-8)"
ROWS, COLUMNS = 1_048_576, 256
# A sheet of a hundred thousand people unpacks to 60 MB, ten to thirty times its packed size.
_MOST_BYTES, _MOST_WORDS, _SMALL, _MOST_TIMES = 500_000_000, 100_000_000, 1_000_000, 200
# What a damaged file can make the libraries raise; a mistake of the file's, never of ours.
_DAMAGE = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error, expat.ExpatError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook; `name` as on its tab."""

    file: Path
    name: str
    # As the sheet says of itself; it may be wrong.
    rows: int | None
    _sheet: Any

    def records(self, width: int | None = None) -> Iterator[Sequence[Any]]:
        """From row 1 on, blank rows too: text, numbers, dates; a formula as text that begins with "="."""
        with _damage_told(self.file, self.name):
            found = self._sheet.iter_rows(max_col=width or COLUMNS, values_only=True)
            for number, record in enumerate(found, start=1):
                if number > ROWS:
                    raise BadInput(
                        f"a sheet has {ROWS} rows at most: it is damaged", where=str(self.file), fix=AGAIN
                    )
                yield record


def sheets(file: Path, stack: contextlib.ExitStack) -> list[Sheet]:
    """The sheets that a person sees, in their order; open until `stack` is closed."""
    with _damage_told(file):
        _must_be_harmless(file)
        # Costs 15 MB of memory, and a CSV needs none of it.
        import openpyxl

        warnings.filterwarnings("ignore", module="openpyxl")
        book = openpyxl.load_workbook(stack.enter_context(file.open("rb")), read_only=True, keep_links=False)
        stack.callback(book.close)
        found = [
            Sheet(file, sheet.title, sheet.max_row, sheet)
            for sheet in book.worksheets
            if sheet.sheet_state == "visible"
        ]
        for one in found:
            # Else rows beyond what the sheet says of itself would be lost in silence.
            one._sheet.reset_dimensions()
    if not found:
        raise BadInput("this workbook shows no sheet", where=str(file), fix=AGAIN)
    return found


@contextlib.contextmanager
def _damage_told(file: Path, sheet: str = "") -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        where = f"{file}, sheet {sheet}" if sheet else str(file)
        raise BadInput("this workbook is damaged", where=where, fix=AGAIN) from None


def _must_be_harmless(file: Path) -> None:
    """Sizes are believed: what a member holds beyond them is never unpacked, and its sum is then wrong."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len({member.filename for member in members}) < len(members):
            raise BadInput("this workbook holds a part twice: it is damaged", where=str(file), fix=AGAIN)
        _must_be_small(file, members)
        for member in members:
            if member.filename.endswith((".xml", ".rels")):
                with archive.open(member) as part:
                    _must_declare_nothing(file, member.filename, part)


def _must_be_small(file: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    words = sum(one.file_size for one in members if "sharedstrings" in one.filename.lower())
    total = sum(one.file_size for one in members)
    swollen = any(
        one.file_size > _SMALL and one.file_size > _MOST_TIMES * max(1, one.compress_size) for one in members
    )
    if swollen or total > _MOST_BYTES or words > _MOST_WORDS:
        raise BadInput(
            f"this workbook unpacks to {total // 1_000_000} MB, far more than a list needs",
            where=str(file),
            fix="copy the rows into a new workbook, or save the list as CSV (UTF-8)",
        )


def _must_declare_nothing(file: Path, name: str, part: Any) -> None:
    """No workbook declares entities of its own; whoever does means to have them multiplied."""
    declared, begun = [], []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: declared.append(name)
    parser.StartElementHandler = lambda *_: begun.append(name)
    while not begun and not declared and (chunk := part.read(512)):
        parser.Parse(chunk)
    if declared:
        raise BadInput(f"{name} in this workbook declares a document type", where=str(file), fix=AGAIN)


def as_text(value: object) -> str:
    """A cell as a spreadsheet shows it, a whole number without a fraction."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, (date, time)) else _plain(value)


def _plain(value: object) -> str:
    """A formula over several cells is an object of its own."""
    return str(value) if isinstance(value, (int, str)) else f"={type(value).__name__}"
