"""A question in, one of three outcomes: an approved answer, "did you mean", or a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from outreach.knowledge.articles import Article, load
from outreach.knowledge.matching import Index, Match
from outreach.knowledge.versions import Exact, exact
from outreach.model import SMS, ChannelName
from outreach.templates import LANGUAGES, Templates

# Set by hand on questions people might ask of these articles and on ones they cannot answer.
ANSWER_FROM, MARGIN = 0.57, 0.02
CLARIFY_FROM = 0.40
LINES = 5
Outcome = Literal["answer", "clarify", "handoff"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`article` where the outcome is answer; `candidates` best first, whatever the outcome."""

    outcome: Outcome
    confidence: float
    candidates: Sequence[tuple[Article, float]]
    article: Article | None = None


class Knowledge:
    """The county's approved articles, and finding the right one."""

    def __init__(
        self,
        folder: Path,
        templates: Templates,
        drafts: Iterable[Path] = (),
        before: Knowledge | None = None,
    ) -> None:
        """`drafts` stand in the place of the files that are called the same.

        `before`: what an index is taken from where nothing that it is made of has changed.
        """
        self._templates = templates
        self._articles, self.problems = load(folder, templates, drafts)
        self._entries = {language: self._entries_in(language) for language in LANGUAGES}
        self._indexes: dict[str, Index] = {
            language: before._indexes[language]
            if before and before._entries[language] == entries
            else Index(entries)
            for language, entries in self._entries.items()
        }

    def _entries_in(self, language: str) -> dict[str, tuple[str, Sequence[str]]]:
        return {
            topic: (article.front.title, article.front.examples)
            for (topic, own), article in self._articles.items()
            if own == language
        }

    def articles(self) -> list[Article]:
        return list(self._articles.values())

    def topics(self) -> list[str]:
        return sorted({topic for topic, _ in self._articles})

    def article(self, topic: str, language: str) -> Article | None:
        return self._articles.get((topic, language))

    def ask(self, question: str, language: str, today: date) -> Answer:
        """The outcome for a question; an article that does not hold today answers nothing."""
        ranked = [
            match
            for match in self._indexes[language].rank(question)
            if self._articles[match.id, language].holds_on(today)
        ]
        outcome = decide(ranked)
        candidates = [(self._articles[match.id, language], match.confidence) for match in ranked[:LINES]]
        best = candidates[0][0] if outcome == "answer" else None
        return Answer(outcome, ranked[0].confidence if ranked else 0.0, candidates, best)

    def exact(self, article: Article, today: date | None) -> Exact:
        """The very words that `text` gives on a day, to be kept with the answer."""
        return exact(article, self._templates.county, today)

    def text(self, article: Article, channel: ChannelName, today: date | None = None) -> tuple[str, str]:
        """The article's words for a channel, and what they rest on; without a day no fact is called old."""
        body = article.short if channel == SMS else article.full
        return self._templates.answer(body, article.language, today), article.front.sources[0]


def decide(ranked: Sequence[Match]) -> Outcome:
    """The outcome for matches, best first."""
    if not ranked or ranked[0].confidence < CLARIFY_FROM:
        return "handoff"
    best = ranked[0].confidence
    second = ranked[1].confidence if len(ranked) > 1 else 0.0
    return "answer" if best >= ANSWER_FROM and best - second >= MARGIN else "clarify"
