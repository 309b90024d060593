"""Entries to be found: built once from their titles and examples, asked any number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from outreach.folding import fold
from outreach.knowledge.matching.calibration import Calibration, best, calibrate
from outreach.knowledge.matching.evidence import of_text
from outreach.knowledge.matching.features import features
from outreach.knowledge.matching.table import Table
from outreach.knowledge.matching.words import RUNS, Words, everyday

# id -> (title, example questions)
Entries = Mapping[str, tuple[str, Sequence[str]]]
# A question is short; of a letter the first part is read, and the last.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Match:
    """`confidence`: 0 to 1, how likely it is that this entry answers the question."""

    id: str
    confidence: float


class Index:
    """Entries to be found. Confidence depends on the entries and the question alone."""

    def __init__(
        self, entries: Entries, elsewhere: Entries | None = None, words: Words | None = None
    ) -> None:
        """`elsewhere`: questions that are nobody's here, to be told apart and never returned."""
        self._words = words or everyday()
        self._ids = [*entries, *(elsewhere or {})]
        self._foreign = frozenset(range(len(entries), len(self._ids)))
        texts: list[str] = []
        owner: list[int] = []
        for number, (title, examples) in enumerate([*entries.values(), *(elsewhere or {}).values()]):
            for text in dict.fromkeys([title, *examples]):
                if RUNS.search(fold(text)):
                    texts.append(text[:LONGEST])
                    owner.append(number)
        self._table = Table(texts, owner, len(self._ids), self._words) if texts else None
        self._calibration: Calibration | None = (
            calibrate(self._table, self._foreign) if self._table is not None else None
        )

    def rank(self, question: str, limit: int = 10) -> list[Match]:
        """The entries that speak to the question, best first, at most `limit`."""
        if self._table is None or self._calibration is None:
            return []
        text = features([_readable(question)], self._words)
        if not len(text.id):
            return []
        evidence = of_text(self._table, text)
        first = best(evidence, self._foreign)
        if evidence.covered[first] <= 0:
            return []
        sure = self._calibration.confidence(evidence.of(first))
        score = np.where(evidence.covered > 0, evidence.score, 0.0)
        score[list(self._foreign)] = 0.0
        order = np.argsort(-score, kind="stable")[:limit]
        share = score[order] / score[first]
        return [
            Match(self._ids[entry], round(sure * float(part), 6))
            for entry, part in zip(order, share, strict=True)
            if part > 0
        ]


def _readable(question: str) -> str:
    if len(question) <= LONGEST:
        return question
    return question[: LONGEST // 2] + " " + question[-LONGEST // 2 :]
