"""The benefits whose money residents ask after: `templates/schemes.toml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from outreach.files import parse
from outreach.folding import fold

FILE = "schemes.toml"


class Scheme(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    chinese: str = Field(alias="zh-Hans", min_length=1)
    english: str = Field(alias="en", min_length=1)
    words: list[str] = []
    # Nothing is asked: a colleague who is known by name calls.
    quiet: bool = False

    def name(self, language: str) -> str:
        return self.english if language == "en" else self.chinese


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scheme: list[Scheme] = Field(min_length=1)


@dataclass(frozen=True)
class Schemes:
    """Every benefit, in the order they are offered."""

    known: Sequence[Scheme]

    @classmethod
    def load(cls, folder: Path) -> Schemes:
        """Raises BadInput with file and line."""
        return cls(parse(folder / FILE, _File).scheme)

    @cached_property
    def _words(self) -> list[tuple[str, Scheme]]:
        pairs = [(fold(word), one) for one in self.known for word in (one.chinese, one.english, *one.words)]
        return sorted(pairs, key=lambda pair: -len(pair[0]))

    def named(self, text: str) -> Scheme | None:
        """The benefit that is spoken of; of several the one named at most length."""
        said = fold(text)
        return next((one for word, one in self._words if word in said), None)

    def get(self, name: str) -> Scheme | None:
        return next((one for one in self.known if one.id == name), None)
