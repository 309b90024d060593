"""`templates/knowledge/TOPIC.LANGUAGE.md`: TOML between +++ lines, a short answer, ---, a full one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outreach.knowledge import sheets
from outreach.knowledge.sheets import Sheet
from outreach.model import Problem
from outreach.templates import LANGUAGES, Passage, Templates


class Front(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: str
    examples: list[str] = Field(min_length=1)
    facts: list[str] = []
    sources: list[str] = Field(min_length=1)
    valid_from: date
    valid_to: date | None = None
    owner: str
    next_review: date
    risk: Literal[
        "normal", "review", "sensitive", "bereavement", "minor", "emergency", "compliance", "refuse"
    ] = "normal"
    # The lowest grade among its facts: A read in the source itself, B in a copy, C unverified in part.
    confidence: Literal["A", "B", "C"] = "B"
    # The facts of region.toml that its words use.
    local: list[str] = []
    related: list[str] = []


@dataclass(frozen=True, slots=True)
class Article:
    """`source`: the file's whole text; `uses`: the facts its words hold, each with its first line."""

    topic: str
    language: str
    front: Front
    short: Passage
    full: Passage
    source: str = ""
    uses: Mapping[str, int] = field(default_factory=dict)

    def holds_on(self, day: date) -> bool:
        return self.front.valid_from <= day and (self.front.valid_to is None or day <= self.front.valid_to)


@dataclass(slots=True)
class Reading:
    """A file, as far as it could be read. `problems` keep it from being used, `untidy` does not."""

    file: Path
    topic: str
    language: str
    sheet: Sheet | None = None
    front: Front | None = None
    article: Article | None = None
    problems: list[Problem] = field(default_factory=list)
    untidy: list[Problem] = field(default_factory=list)


def load(
    folder: Path, templates: Templates, drafts: Iterable[Path] = ()
) -> tuple[dict[tuple[str, str], Article], list[Problem]]:
    """Every article by (topic, language), and what is wrong with the files that are not among them.

    `drafts` stand in the place of the files that are called the same.
    """
    readings = read_all(folder, templates, drafts)
    problems = [problem for reading in readings for problem in reading.problems]
    articles = {(one.topic, one.language): one.article for one in readings if one.article}
    return articles, problems + missing_twins(folder, readings)


def read_all(folder: Path, templates: Templates, drafts: Iterable[Path] = ()) -> list[Reading]:
    """Every article's file, by its name."""
    files = {file.name: file for file in (*folder.glob("*.md"), *drafts)}
    return [read(files[name], templates) for name in sorted(files)]


def missing_twins(folder: Path, readings: Sequence[Reading]) -> list[Problem]:
    written = {reading.file.name for reading in readings}
    names = [
        f"{topic}.{language}.md"
        for topic in sorted({reading.topic for reading in readings if reading.language in LANGUAGES})
        for language in LANGUAGES
    ]
    fix = "write it: residents ask in both languages"
    return [
        Problem(str(folder / name), 1, "file", "this article is missing", fix)
        for name in names
        if name not in written
    ]


def read(file: Path, templates: Templates) -> Reading:
    problems: list[Problem] = []
    reading = Reading(file, *sheets.named(file, problems), problems=problems)
    reading.sheet = sheets.read(file, problems, reading.untidy)
    if reading.sheet is None:
        return reading
    reading.front = _front(reading.sheet, problems)
    words = {
        part: templates.article(str(file), stretch.text, stretch.line, problems)
        for part, stretch in (("short", reading.sheet.short), ("full", reading.sheet.full))
    }
    short, full = words["short"], words["full"]
    if reading.front and short and full and not problems:
        uses = full[1] | short[1]
        front, source = reading.front, reading.sheet.source
        reading.article = Article(reading.topic, reading.language, front, short[0], full[0], source, uses)
    return reading


def _front(sheet: Sheet, problems: list[Problem]) -> Front | None:
    try:
        raw = tomllib.loads(sheet.front.text)
        return Front.model_validate(raw)
    except ValidationError as error:
        problems += _mistakes(sheet, raw, error)
    except (ValueError, RecursionError) as error:
        line = _toml_line(str(error), sheet)
        told = re.sub(r" \(at .*\)$", "", str(error)) or "it is nested too deeply"
        problems.append(Problem(str(sheet.file), line, "front matter", told, "correct the TOML"))
    return None


def _mistakes(sheet: Sheet, raw: dict[str, Any], error: ValidationError) -> list[Problem]:
    """Each mistake with its line. A misspelt key is also a missing one: its spelling is what can be seen."""
    found, meant = [], set[str]()
    mistakes = error.errors(include_url=False, include_context=False)
    lacking = [str(one["loc"][0]) for one in mistakes if one["type"] == "missing"]
    for one in sorted(mistakes, key=lambda one: one["type"] != "extra_forbidden"):
        key = str(one["loc"][0])
        if one["type"] == "extra_forbidden":
            near = get_close_matches(key, lacking, 1) or get_close_matches(key, Front.model_fields, 1)
            meant.update(near)
            fix = f"write {near[0]!r}" if near else "remove it, or correct its spelling"
            found.append(Problem(str(sheet.file), sheet.line_of(key), key, f"unknown key {key!r}", fix))
        elif one["type"] == "missing" and key not in meant:
            told = f"the key {key!r} is missing"
            found.append(Problem(str(sheet.file), 1, key, told, f"add it to the front matter: {key} = …"))
        elif one["type"] != "missing":
            found.append(_mistake(sheet, raw, key, one))
    return found


def _mistake(sheet: Sheet, raw: dict[str, Any], key: str, mistake: Any) -> Problem:
    value = raw.get(key)
    fix = "write a date without quotation marks: 2026-11-23" if "date" in mistake["type"] else "correct it"
    if mistake["type"] == "too_short":
        fix = f"write at least one of the {key}"
    words = str(value) if isinstance(value, str) else ""
    return Problem(str(sheet.file), sheet.line_of(key, words), key, mistake["msg"], fix)


def _toml_line(told: str, sheet: Sheet) -> int:
    found = re.search(r"\(at line (\d+)", told)
    if found:
        return sheet.front.line + int(found.group(1)) - 1
    return sheet.front.line + sheet.front.text.count("\n") if "end of document" in told else 1
