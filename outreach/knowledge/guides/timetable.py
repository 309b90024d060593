"""Visits that each have their window: which is due, whether one was missed, and which comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

At = TypeVar("At", int, date)


@dataclass(frozen=True, slots=True)
class Standing:
    """Visits counted from 1. `due`: to be made now, or next where `is_open` is false; None when all are done.

    `next`: the first visit whose window is still to come.
    """

    due: int | None
    next: int | None
    is_open: bool
    overdue: bool


def passed(windows: Sequence[tuple[At, At]], now: At) -> int:
    """How many windows are over."""
    return sum(last < now for _, last in windows)


def stand(windows: Sequence[tuple[At, At]], now: At, done: int) -> Standing:
    """`windows`: first and last day or week of each, in order; `done`: how many visits were made."""
    over, count = passed(windows, now), len(windows)
    under_way = over < count and windows[over][0] <= now
    coming = over + 1 + under_way
    following = coming if coming <= count else None
    overdue = done < over
    if under_way and done <= over:
        return Standing(over + 1, following, True, overdue)
    if overdue:
        return Standing(over, following, True, True)
    due = done + 1 if done < count else None
    return Standing(due, due, False, False)
