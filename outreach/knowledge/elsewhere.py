"""`templates/knowledge/elsewhere/*.toml`: questions near ours that no article answers.

They teach the matching where our knowledge ends, and say whose matter it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from outreach.files import parse
from outreach.model import BadInput, Problem

FOLDER = "elsewhere"
# Name, title, example questions.
Rows = tuple[tuple[str, str, tuple[str, ...]], ...]
Whose = Literal[
    "hospital", "police", "civil_affairs", "insurance", "school", "tax", "labour", "court", "bank",
    "other_office", "shop", "nobody", "us",
]  # fmt: skip


class Near(BaseModel):
    """One such question, in several wordings a language; `ask`: whose matter it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    title: str = Field(min_length=1)
    chinese: list[str] = Field(alias="zh-Hans", default=[])
    english: list[str] = Field(alias="en", default=[])
    ask: Whose = "nobody"

    def wordings(self, language: str) -> list[str]:
        return [self.title, *self.chinese] if language == "zh-Hans" else self.english


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    near: list[Near] = []


@dataclass(frozen=True, slots=True)
class Elsewhere:
    near: Sequence[Near] = ()

    def entries(self, language: str) -> Rows:
        """As the matching takes them; the name of an article never begins with "~"."""
        found = ((f"~{number}", near.wordings(language)) for number, near in enumerate(self.near))
        return tuple((name, wordings[0], tuple(wordings[1:])) for name, wordings in found if wordings)


def load(folder: Path) -> tuple[Elsewhere, list[Problem]]:
    """All files of the folder; one with a mistake is left out and named."""
    near: list[Near] = []
    problems: list[Problem] = []
    for file in sorted((folder / FOLDER).glob("*.toml")):
        try:
            near += parse(file, _File).near
        except BadInput as mistake:
            problems.append(mistake.as_problem())
    return Elsewhere(near), problems
