"""What arithmetic owes the flow: named tests on the facts known so far, and the end of every path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

# Facts by their key, each as `facts.py` reads it: a date, a whole or broken number, a truth, a word, a list.
Facts = Mapping[str, Any]
# What only the county's own rules may state.
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Result:
    """`outcome` is None where a guide only computes; `wording` names the text that says it to a resident."""

    outcome: str | None
    wording: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy's arithmetic. `reckon` is only called with the facts of a whole path through the flow.

    A test may meet facts that are not known yet, and is false then.
    """

    reckon: Callable[[Facts, date], Result]
    values: frozenset[str]
    tests: Mapping[str, Callable[[Facts, date], bool]] = field(default_factory=dict)
    # What follows from facts that a file gives; a resident is asked instead.
    complete: Callable[[dict[str, Any], date], dict[str, Any]] = lambda facts, today: facts
