"""A question asked without a resident: in the order of the dialogue, and with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.cases import answer_by
from outreach.conversation.answers import CHOICES, as_a_guess
from outreach.conversation.unfamiliar import is_foreign, is_only_rude
from outreach.knowledge import Answer, Article, Danger, Knowledge, danger
from outreach.knowledge.guides import Guide
from outreach.model import SMS, TELEGRAM
from outreach.templates import Templates, day_words, time_words


@dataclass(frozen=True, slots=True)
class Asked:
    """As the contract of `outreach ask` names it."""

    outcome: str
    topic: str | None
    confidence: float
    candidates: Sequence[tuple[Article, float]]
    text: str
    sources: Sequence[str]


@dataclass(frozen=True, slots=True)
class Asking:
    knowledge: Knowledge
    templates: Templates
    zone: ZoneInfo

    def ask(self, question: str, language: str, now: datetime) -> Asked:
        """Danger first, then a guide that was named, then the articles, then a person."""
        today = now.astimezone(self.zone).date()
        if alarming := danger(question):
            return self._danger(alarming, language)
        if is_only_rude(question):
            return Asked("handoff", None, 0.0, (), self.templates.say("replies/rude", language, SMS), ())
        if is_foreign(question):
            return Asked("handoff", None, 0.0, (), self.templates.say("replies/foreign", language, SMS), ())
        if name := self.knowledge.guides.started_by(question):
            return self._guide(self.knowledge.guides[name], language)
        found = as_a_guess(question, self.knowledge.ask(question, language, today))
        text, sources = self._words(found, language, now)
        topic = found.article.topic if found.article else None
        return Asked(found.outcome, topic, found.confidence, found.candidates, text, sources)

    def _danger(self, alarming: Danger, language: str) -> Asked:
        article = self.knowledge.article(alarming.topic, language) if alarming.topic else None
        candidates = [(article, 1.0)] if article else []
        text = self.templates.say(alarming.template, language, SMS)
        return Asked("handoff", alarming.topic, 1.0, candidates, text, ())

    def _guide(self, guide: Guide, language: str) -> Asked:
        words = guide.words[language]
        topic = guide.flow.topics[0] if guide.flow.topics else None
        article = self.knowledge.article(topic, language) if topic else None
        first = words.questions[guide.flow.first]
        return Asked("guide", topic, 1.0, [(article, 1.0)] if article else [], first.ask, ())

    def _words(self, found: Answer, language: str, now: datetime) -> tuple[str, Sequence[str]]:
        if found.article:
            today = now.astimezone(self.zone).date()
            return self.knowledge.text(found.article, SMS, today)[0], found.article.front.sources
        if found.outcome == "clarify":
            titles = [article.front.title for article, _ in found.candidates[:CHOICES]]
            return self.templates.say("replies/clarify", language, TELEGRAM, options=titles), ()
        due = answer_by(now, self.zone)
        promise = f"{day_words(due, language)} {time_words(due)}"
        return self.templates.say("replies/handoff", language, SMS, answer_by=promise), ()
