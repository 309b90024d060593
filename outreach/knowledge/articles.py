"""`templates/knowledge/TOPIC.LANGUAGE.md`: TOML between +++ lines, a short answer, ---, a full one."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from outreach.files import line_of, read_text
from outreach.model import Problem
from outreach.templates import LANGUAGES, Templates, Text

_SHAPE = re.compile(r"\+\+\+\n(?P<front>.*?)\n\+\+\+\n(?P<short>.*?)\n---\n(?P<full>.*)", re.DOTALL)


class Front(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

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
    # The lowest grade among its facts: A read in the source itself, B a copy, C unverified in part.
    confidence: Literal["A", "B", "C"] = "B"
    # The facts of region.toml that its words use.
    local: list[str] = []
    related: list[str] = []


@dataclass(frozen=True, slots=True)
class Article:
    topic: str
    language: str
    front: Front
    short: Text
    full: Text

    def holds_on(self, day: date) -> bool:
        return self.front.valid_from <= day and (self.front.valid_to is None or day <= self.front.valid_to)


def load(folder: Path, templates: Templates) -> tuple[dict[tuple[str, str], Article], list[Problem]]:
    """Every article by (topic, language), and what is wrong with the files that are not among them."""
    articles: dict[tuple[str, str], Article] = {}
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.md")):
        topic, _, language = file.name.removesuffix(".md").partition(".")
        found = _read(file, topic, language, templates)
        if isinstance(found, Article):
            articles[topic, language] = found
        else:
            problems.append(found)
    written = {file.name for file in folder.glob("*.md")}
    for topic in sorted({topic for topic, _ in articles}):
        for language in LANGUAGES:
            if (name := f"{topic}.{language}.md") not in written:
                problems.append(Problem(str(folder / name), 1, "file", "this article is missing", "write it"))
    return articles, problems


def _read(file: Path, topic: str, language: str, templates: Templates) -> Article | Problem:
    source = read_text(file)
    parts = _SHAPE.fullmatch(source)
    if parts is None:
        shape = "+++ front matter +++ short answer --- full answer"
        return Problem(str(file), 1, "file", "this is not laid out as an article", f"write it as: {shape}")
    try:
        front = Front.model_validate(tomllib.loads(parts["front"]))
    except tomllib.TOMLDecodeError as error:
        return Problem(str(file), _toml_line(error), "front matter", str(error), "correct the TOML")
    except ValidationError as error:
        # A misspelt key is also a missing one: the spelling is what the writer can see.
        mistake = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        key = str(mistake["loc"][0])
        return Problem(str(file), line_of(file, key), key, mistake["msg"], "correct the front matter")
    short, full = (
        templates.compile(str(file), parts[name], (), source[: parts.start(name)].count("\n") + 1)
        for name in ("short", "full")
    )
    if short is None or full is None:
        return templates.problems[-1]
    return Article(topic, language, front, short, full)


def _toml_line(error: tomllib.TOMLDecodeError) -> int:
    found = re.search(r"\(at line (\d+)", str(error))
    return int(found.group(1)) + 1 if found else 1
