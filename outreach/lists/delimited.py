"""Text files: which encoding, and their records one by one, numbered as a spreadsheet numbers rows."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.lists.kinds import AS_CSV
from outreach.model import BadInput

DELIMITERS = (",", ";", "\t", "|", "，")
_CHUNK = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Excel writes it for itself, obeys it and does not show it as a row.
_SEPARATOR = re.compile(r'^"?sep=.?"?\s*$', re.IGNORECASE)
_TWO_BYTES = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Delimited:
    """One way to read a text file; of several the headings decide."""

    file: Path
    encoding: str
    delimiter: str
    name: str = ""
    rows: int | None = None

    def records(self, width: int | None = None) -> Iterator[list[str]]:
        """From row 1 on, blank rows too. BadInput for a quotation mark that is not closed."""
        number = 0
        with self.file.open(encoding=self.encoding, newline="") as text:
            first = text.readline()
            lines = text if _SEPARATOR.match(first) else itertools.chain([first] if first else [], text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True, skipinitialspace=True)
            try:
                for record in reader:
                    yield record
                    number += 1
            except csv.Error:
                raise BadInput(
                    "a quotation mark in this row is not closed, or closed in the middle of a cell",
                    where=f"{self.file}, row {number + 1} (up to line {reader.line_num} of the text)",
                    fix="correct the quotation marks, or open it in a spreadsheet and save it as CSV again",
                ) from None

    def may_hold_formulas(self) -> bool:
        """Whether there is an equals sign anywhere in it."""
        with self.file.open("rb") as raw:
            return any(b"=" in chunk for chunk in iter(lambda: raw.read(_CHUNK), b""))


def readings(file: Path) -> list[Delimited]:
    """The ways in which this text file may be meant. BadInput where it is no text."""
    encoding = encoding_of(file)
    return [Delimited(file, encoding, delimiter) for delimiter in DELIMITERS]


def encoding_of(file: Path) -> str:
    """The whole file is looked at: a byte that fits nowhere must be found before anything is written."""
    with file.open("rb") as raw:
        start = raw.read(1024)
    if start.startswith(_UTF16):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
        _must_hold_no_nul(file)
    broken = [_first_broken_line(file, encoding) for encoding in encodings]
    for encoding, line in zip(encodings, broken, strict=True):
        if line is None:
            return encoding
    fix = f"open it in a spreadsheet and {AS_CSV}"
    problem = f"its encoding is not known: it is not {' or '.join(encodings).upper().replace('-SIG', '')}"
    raise BadInput(problem, where=f"{file}, line {max(filter(None, broken))}", fix=fix)


def _must_hold_no_nul(file: Path) -> None:
    line, at_start = 1, True
    with file.open("rb") as raw:
        while chunk := raw.read(_CHUNK):
            if (found := chunk.find(b"\0")) >= 0:
                line += chunk.count(b"\n", 0, found)
                binary = at_start and found < 1024
                problem = "this is no text file" if binary else "this is no text file all through: a NUL byte"
                raise BadInput(problem, where=f"{file}, line {line}", fix=f"open it and {AS_CSV}")
            line, at_start = line + chunk.count(b"\n"), False


def _first_broken_line(file: Path, encoding: str) -> int | None:
    """The line of the first byte that this encoding does not have; None where it reads to the end."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with file.open("rb") as raw:
        while True:
            chunk = raw.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if "\0" in text:
                return line + text[: text.index("\0")].count("\n")
            if not chunk:
                return None
            line += text.count("\n")


def looks_foreign(file: Path, encoding: str) -> bool:
    """Whether a text that was taken for GB18030 is likely in another encoding.

    Nearly any bytes make some GB18030, but of rare characters: a Chinese text keeps to the common ones.
    """
    if encoding != "gb18030":
        return False
    with file.open(encoding=encoding, newline="") as text:
        signs = _TWO_BYTES.findall(text.read(_CHUNK))
    common = sum(1 for sign in signs if sign.encode("gb2312", "ignore"))
    return common < 0.75 * len(signs)
