"""A whole message that reports what happened; and one that perhaps does."""

from __future__ import annotations

from outreach.residents.keywords.events import SIGNS, Event, event_of
from outreach.residents.keywords.shape import asks, clauses
from outreach.residents.keywords.wishes import is_aside


def event(text: str, names: tuple[str, ...] = ()) -> Event | None:
    """What the whole message reports of the person we write to; None where it is not surely that.

    `names`: of those who use the address, each as our list has it.

    >>> event("流产了，谢谢")
    <Event.LOSS: 'loss'>
    >>> event("我妈妈去世了想问丧葬补贴") is None
    True
    """
    if asks(text):
        return None
    found = set[Event]()
    for clause in clauses(_unnamed(text, names)):
        if kind := event_of(clause):
            found.add(kind)
        elif not is_aside(clause):
            return None
    # In this order: of "没了，搬走了" the graver holds.
    return next((kind for kind in Event if kind in found), None)


def _unnamed(text: str, names: tuple[str, ...]) -> str:
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, "the owner" if name.isascii() else "机主")
    return text


def may_be_event(text: str) -> bool:
    """Whether it speaks of a loss or a death, somebody's."""
    return bool(SIGNS.search(" ".join(clauses(text)) or text))
