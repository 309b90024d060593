"""`templates/guides/NAME.LANGUAGE.toml`: a guide's words in one language."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_SHAPE = ConfigDict(extra="forbid", frozen=True)


class QuestionWords(BaseModel):
    model_config = _SHAPE

    ask: str
    why: str
    # What an answer looks like, said when one was not understood.
    example: str
    # A choice's captions, in the flow's order, and other ways to say each.
    options: dict[str, str] = {}
    also: dict[str, list[str]] = {}


class EndingWords(BaseModel):
    model_config = _SHAPE

    text: str
    # The document it rests on, where that is not the whole guide's.
    basis: str = ""


class Wording(BaseModel):
    model_config = _SHAPE

    title: str
    # What people call it: "帮我算算" and one of these starts the guide.
    names: list[str] = Field(min_length=1)
    basis: str
    # Values that are words, as people say them.
    says: dict[str, str] = {}
    questions: dict[str, QuestionWords]
    outcomes: dict[str, EndingWords]
