"""What became of a list's rows: counted, said, and written to a file that staff can work through."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from outreach.model import JSON, BadInput


class BadRow(Exception):
    """A row that must not go in: which field, and what to do. `hint` must not tell the value."""

    def __init__(self, field_name: str, problem: str, hint: str = "") -> None:
        self.field, self.problem, self.hint = field_name, problem, hint
        super().__init__(problem)


@dataclass(slots=True)
class Report:
    """`errors`: rows left out; `warnings`: values left out of rows that went in. Rows as a spreadsheet's.

    `keep`: only so many errors and as many warnings are kept, the rest is counted; None: all.
    `path`: where rejected rows are written to; `file`: what writes them, none where nothing may be written.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[JSON] = field(default_factory=list)
    warnings: list[JSON] = field(default_factory=list)
    warned: int = 0
    keep: int | None = None
    path: Path | None = None
    file: Rejected | None = None

    def refuse(self, row: int, problem: BadRow) -> None:
        self.rejected += 1
        if self.file:
            self.file.add(row, problem)
        if self._has_room(self.errors):
            self.errors.append(
                {"row": row, "field": problem.field, "value_hint": problem.hint, "problem": problem.problem}
            )

    def warn(self, row: int, field_name: str, problem: str) -> None:
        self.warned += 1
        if self._has_room(self.warnings):
            self.warnings.append({"row": row, "field": field_name, "problem": problem})

    def _has_room(self, kept: list[JSON]) -> bool:
        return self.keep is None or len(kept) < self.keep

    def as_json(self) -> JSON:
        names = ("rows", "created", "updated", "unchanged", "rejected", "errors", "warnings")
        path = str(self.path) if self.path and self.rejected else None
        return {**{name: getattr(self, name) for name in names}, "rejected_file": path}


class Rejected:
    """The rows that were left out, as a CSV that Excel opens: row, field, heading, what to do.

    Made when the first row comes; one from an earlier run is replaced.
    """

    def __init__(self, path: Path, headings: Mapping[str, str]) -> None:
        self.path, self._headings = path, headings
        self._open: IO[str] | None = None
        self._writer: Any = None

    def add(self, row: int, problem: BadRow) -> None:
        try:
            if self._open is None:
                self._begin()
            heading = self._headings.get(problem.field, "")
            self._writer.writerow((row, problem.field, heading, problem.problem))
        except OSError as error:
            raise self._refusal(error.strerror or "no room?") from None

    def _begin(self) -> None:
        self._open = self.path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._open)
        self._writer.writerow(("行号 row", "字段 field", "列名 heading", "怎么办 what to do"))

    def must_be_possible(self) -> None:
        """Before anything is written to the database. Raises BadInput."""
        try:
            existed = self.path.exists()
            self.path.open("a").close()
            if not existed:
                self.path.unlink()
        except OSError as error:
            raise self._refusal(error.strerror or "") from None

    def _refusal(self, reason: str) -> BadInput:
        problem = f"the file for rejected rows cannot be written: {reason}"
        return BadInput(problem, where=str(self.path), fix="name another place with --rejected FILE")

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
