"""`templates/guides/NAME.toml`: what is asked, in which order, and what follows from each answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["date", "dates", "choice", "yes_no", "number", "text"]
YES_NO = ("yes", "no")
DONE = "done"
_SHAPE = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Next(BaseModel):
    """Where to go on: where the answer is one of `is`, where the arithmetic's test holds, or in any case."""

    model_config = _SHAPE

    to: str
    answers: list[str | int | bool] | None = Field(None, alias="is")
    test: str | None = None

    @property
    def always(self) -> bool:
        return self.answers is None and self.test is None


class Fact(BaseModel):
    """One thing the arithmetic may know, whether it is asked or only taken from a file."""

    model_config = _SHAPE

    kind: Kind
    # What a choice may be; a number's bounds; whether it may be broken, or a list that is counted.
    options: list[str] = []
    least: float = 0
    most: float = 100
    broken: bool = False
    counted: bool = False
    # Other spellings that a file of facts may use.
    spellings: dict[str, list[str]] = {}
    # Only the month counts, so a resident need not name the day.
    month_will_do: bool = False
    # What holds where a file of facts says nothing about it; a resident is asked all the same.
    assume: str | int | float | bool | None = None
    # Taken for granted only beside one of these.
    assume_beside: list[str] = []

    def assumed(self, known: Any) -> bool:
        """Whether it may be taken for granted beside the keys that are known."""
        beside = not self.assume_beside or any(key in known for key in self.assume_beside)
        return self.assume is not None and beside

    @property
    def choices(self) -> tuple[str, ...]:
        return YES_NO if self.kind == "yes_no" else tuple(self.options)


class Question(Fact):
    then: list[Next] = Field(min_length=1)


class Ending(BaseModel):
    """One of the outcomes' wordings, and the facts of the fact file that it rests on."""

    model_config = _SHAPE

    basis: list[str] = Field(min_length=1)


class Flow(BaseModel):
    model_config = _SHAPE

    # The articles whose readers are offered the guide.
    topics: list[str] = Field(min_length=1)
    first: str
    questions: dict[str, Question] = Field(min_length=1)
    # Known to the arithmetic, and never asked.
    facts: dict[str, Fact] = {}
    outcomes: dict[str, Ending] = Field(min_length=1)

    def fact(self, key: str) -> Fact | None:
        return self.questions.get(key) or self.facts.get(key)

    @property
    def keys(self) -> list[str]:
        return [*self.questions, *self.facts]
