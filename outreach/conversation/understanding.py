"""How a message would be read, without a resident and without a database."""

from __future__ import annotations

from dataclasses import dataclass

from outreach import reminders, surveys
from outreach.conversation.courtesy import is_courtesy
from outreach.folding import fold
from outreach.knowledge import is_danger
from outreach.residents import Keyword, event, may_be_event, wish
from outreach.residents.keywords import asks


@dataclass(frozen=True, slots=True)
class Understood:
    """As the contract of `outreach understand` names it."""

    intent: str = "other"
    rating: int | None = None
    comment: bool = False
    action: str | None = None
    when: str | None = None


def understand(text: str, asked: str = "none") -> Understood:
    """`asked`: survey, appointment or none.

    In the dialogue's own order: danger, words that stop, a life event, what was asked, a question.
    """
    if is_danger(text):
        return Understood()
    action = reminders.understand(text) if asked == "appointment" else None
    if action:
        return Understood("appointment", action=str(action))
    if found := _wished(text):
        return Understood(found)
    unsure = "unclear" if asked == "appointment" else None
    if event(text) or may_be_event(text):
        return Understood(action=unsure)
    if asked == "survey" and (rated := surveys.rating(text)):
        return Understood("rating", rated[0], bool(rated[1]))
    if not fold(text) or is_courtesy(text):
        return Understood(action=unsure)
    return Understood("question", action="question" if asked == "appointment" and asks(text) else unsure)


def _wished(text: str) -> str | None:
    found = wish(text)
    if found is None:
        return None
    if found.keyword == Keyword.STOP:
        return "stop_topic" if found.topics else "stop_all"
    return found.keyword.value
