"""Which of our articles a question is for: one index a language, built the first time it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from outreach.files import read_text
from outreach.knowledge.articles import Article
from outreach.knowledge.elsewhere import Elsewhere, Rows
from outreach.model import BadInput, Problem

if TYPE_CHECKING:
    from outreach.knowledge.matching import Index, Match


# The office's own lists of names for the same thing, one a language.
WORDS = "words.*.txt"


class Finder:
    """Finds articles; everything it knows comes from their files, those beside them, and everyday words."""

    def __init__(self, articles: Iterable[Article], elsewhere: Elsewhere, words: tuple[str, ...]) -> None:
        """`words`: lines of the office's own lists of names for the same thing."""
        self._articles, self._elsewhere, self._words = list(articles), elsewhere, words
        self._indexes: dict[str, Index] = {}
        self._building = threading.Lock()

    def rank(self, question: str, language: str) -> Sequence[Match]:
        """Topics with how likely each is the one, best first."""
        return self._index(language).rank(question)

    def is_warm(self, languages: Iterable[str]) -> bool:
        return all(language in self._indexes for language in languages)

    def warm(self, languages: Iterable[str]) -> None:
        """Builds now what the first question would have to wait for; may be called from another thread."""
        for language in languages:
            self._index(language)

    def _index(self, language: str) -> Index:
        with self._building:
            if language not in self._indexes:
                self._indexes[language] = self._built(language)
            return self._indexes[language]

    def _built(self, language: str) -> Index:
        entries = tuple(
            (article.topic, article.front.title, tuple(article.front.examples))
            for article in self._articles
            if article.language == language
        )
        return _index(entries, self._elsewhere.entries(language), self._words)


def own_words(folder: Path) -> tuple[tuple[str, ...], list[Problem]]:
    """What the office's own lists say; a list that cannot be read is a problem, and the others count."""
    lines: list[str] = []
    problems: list[Problem] = []
    for file in sorted(folder.glob(WORDS)):
        try:
            lines += read_text(file).splitlines()
        except BadInput as mistake:
            problems.append(mistake.as_problem())
    return tuple(lines), problems


@lru_cache(maxsize=4)
def _index(entries: Rows, elsewhere: Rows, words: tuple[str, ...]) -> Index:
    """The same articles give the same index: it is built once a process, and kept while another is tried."""
    # A worker answers nothing, and need not hold the arrays and their library.
    from outreach.knowledge.matching import Index
    from outreach.knowledge.matching.words import everyday

    known = {name: (title, examples) for name, title, examples in entries}
    near = {name: (title, examples) for name, title, examples in elsewhere}
    return Index(known, near, everyday(words))
