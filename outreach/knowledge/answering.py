"""A question in, one of three outcomes: an approved answer, "did you mean", or a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from outreach.knowledge import elsewhere
from outreach.knowledge.articles import Article, load
from outreach.knowledge.finding import Finder, own_words
from outreach.knowledge.guides import Guides
from outreach.knowledge.versions import Exact, exact
from outreach.model import SMS, ChannelName
from outreach.templates import LANGUAGES, Templates

if TYPE_CHECKING:
    from outreach.knowledge.matching import Match

# Confidence is the chance to be right, learnt from the articles' own examples. An answer that is more likely
# right than wrong is given; below, the resident chooses; where even that would be a guess, a person answers.
ANSWER_FROM = 0.55
CLARIFY_FROM = 0.3
# Where another is as likely but for so small a share, the resident knows best which was meant.
LEAD = 0.06
LINES = 5
# In a question that goes on about a topic: the share of its own words, beside those of the topic's title.
OWN_WORDS = 2 / 3
_LETTER = re.compile(r"[^\W\d_]")
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

    def __init__(self, folder: Path, templates: Templates, drafts: Iterable[Path] = ()) -> None:
        """`drafts` stand in the place of the files that are called the same."""
        self._templates = templates
        self._articles, self.problems = load(folder, templates, drafts)
        near, problems = elsewhere.load(folder)
        self.guides = Guides(templates.folder / "guides", templates)
        words, unread = own_words(folder)
        self.problems += [*problems, *unread, *self.guides.problems]
        self.finder = Finder(self._articles.values(), near, words)

    @property
    def is_warm(self) -> bool:
        return self.finder.is_warm(LANGUAGES)

    def warm(self) -> None:
        """Makes ready, in a few seconds, what the first question would have to wait for; in any thread."""
        self.finder.warm(LANGUAGES)

    def articles(self) -> list[Article]:
        return list(self._articles.values())

    def topics(self) -> list[str]:
        return sorted({topic for topic, _ in self._articles})

    def article(self, topic: str, language: str) -> Article | None:
        return self._articles.get((topic, language))

    def ask(self, question: str, language: str, today: date, after: str | None = None) -> Answer:
        """The outcome for a question; an article that does not hold today answers nothing.

        `after`: the topic that the question goes on about, having no subject of its own.
        """
        if after and (before := self.article(after, language)) and before.holds_on(today):
            return self._follow(question, before, today)
        ranked = self.ranked(question, language, today)
        first, second = [*(match.confidence for match in ranked[:2]), 0.0, 0.0][:2]
        outcome = decide(first, second)
        candidates = [(self._articles[match.id, language], match.confidence) for match in ranked[:LINES]]
        best = candidates[0][0] if outcome == "answer" else None
        return Answer(outcome, first, candidates, best)

    def ranked(self, question: str, language: str, today: date) -> Sequence[Match]:
        """The topics whose article holds today, best first. A message without a letter asks nothing."""
        if not _LETTER.search(question):
            return []
        found = self.finder.rank(question, language)
        return [match for match in found if self._articles[match.id, language].holds_on(today)]

    def _follow(self, question: str, before: Article, today: date) -> Answer:
        """The best of the topic before and those related to it; it is always one of them."""
        near = {before.topic, *before.front.related}
        score = dict.fromkeys(near, 0.0)
        # With its title the topic before is all but sure to win: the question's own words count more.
        for asked, share in ((question, OWN_WORDS), (f"{before.front.title} {question}", 1 - OWN_WORDS)):
            for match in self.finder.rank(asked, before.language):
                if match.id in near:
                    score[match.id] += match.confidence * share
        candidates = [
            (article, round(score[topic], 4))
            for topic in sorted(near, key=lambda name: (-score[name], name != before.topic))
            if (article := self.article(topic, before.language)) and article.holds_on(today)
        ]
        return Answer("answer", candidates[0][1], candidates[:LINES], candidates[0][0])

    def exact(self, article: Article, today: date | None) -> Exact:
        """The very words that `text` gives on a day, to be kept with the answer."""
        return exact(article, self._templates.county, today)

    def text(self, article: Article, channel: ChannelName, today: date | None = None) -> tuple[str, str]:
        """The article's words for a channel, and what they rest on; without a day no fact is called old."""
        body = article.short if channel == SMS else article.full
        return self._templates.answer(body, article.language, today), article.front.sources[0]


def decide(first: float, second: float = 0.0) -> Outcome:
    """The outcome for the confidence of the best match, and of the one after it."""
    if first < CLARIFY_FROM:
        return "handoff"
    return "answer" if first >= ANSWER_FROM and second <= first * (1 - LEAD) else "clarify"
