"""Entries as sparse arrays: for each feature, which examples and entries have it, and what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outreach.knowledge.matching.features import WEIGHTS, Features, channels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# BM25: how soon a repeated feature counts no more, and how much long entries are damped.
K1, B = 1.2, 0.3
# What a text is about, feature by feature: its coverage is counted in these.
PLAIN = channels("sign", "word", "concept")
# What most examples of an entry share is what a question for it must have.
SHARED = channels("sign", "signs 2", "word", "concept")
# An unseen one of these is a word that nobody used; an unseen longer run may be made of known words.
TELLING = channels("sign", "signs 2", "word", "concept")


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows by column: `row[start[c]:start[c + 1]]` are the rows that have column c."""

    start: Ints
    row: Ints

    def gather(self, columns: Ints) -> tuple[Ints, Ints]:
        """Places in `row` for several columns, and for each place which of the columns it came from."""
        begin, length = self.start[columns], self.start[columns + 1] - self.start[columns]
        which = np.repeat(np.arange(len(columns)), length)
        return np.repeat(begin - np.concatenate(([0], np.cumsum(length)[:-1])), length) + np.arange(
            int(length.sum())
        ), which


def _postings(column: Ints, row: Ints, width: int) -> tuple[Postings, Ints]:
    order = np.argsort(column, kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=width))))
    return Postings(start, row[order]), order


class Table:
    """`entry[i]` is the entry that example i belongs to. Columns are features, as `vocabulary` lists them."""

    def __init__(self, texts: Sequence[Features], entry: Sequence[int], entries: int) -> None:
        self.texts, self.entry, self.entries = texts, np.array(entry, np.int64), entries
        self.examples = len(texts)
        ids = np.concatenate([text.ids for text in texts])
        self.vocabulary, column = np.unique(ids, return_inverse=True)
        self.width = len(self.vocabulary)
        self.channel = np.zeros(self.width, np.int64)
        self.channel[column] = np.concatenate([text.channel for text in texts])
        counts = np.concatenate([text.counts for text in texts])
        sizes = [len(text.ids) for text in texts]
        self.row_start = np.concatenate(([0], np.cumsum(sizes)))
        row = np.repeat(np.arange(self.examples), sizes)
        self.column, self.counts = column, counts
        self.by_entry = np.bincount(self.entry, minlength=entries)
        self._entry_end = np.cumsum(self.by_entry)
        self._weigh_examples(column, row, counts)
        self._weigh_entries(column, self.entry[row], counts)

    def _weigh_examples(self, column: Ints, row: Ints, counts: Floats) -> None:
        self.frequency = np.bincount(column, minlength=self.width)
        self.idf = _idf(self.examples, self.frequency)
        self.unseen_idf = float(_idf(self.examples, np.zeros(1))[0])
        self._scale = np.sqrt(WEIGHTS[self.channel])
        value = self._scale[column] * (1 + np.log(counts)) * self.idf[column]
        norm = np.sqrt(np.bincount(row, weights=value**2, minlength=self.examples))
        self.value = value / np.maximum(norm, 1e-9)[row]
        self.in_examples, order = _postings(column, row, self.width)
        self.example_value = self.value[order]
        # By example, what it has in common with any other.
        kept = self.frequency[column] > 1
        start = np.concatenate(([0], np.cumsum(np.bincount(row[kept], minlength=self.examples))))
        self.common = Postings(start, column[kept])
        self.common_value = self.value[kept].astype(np.float32)

    def _weigh_entries(self, column: Ints, entry: Ints, counts: Floats) -> None:
        pair, inverse = np.unique(column * self.entries + entry, return_inverse=True)
        self.pair_column, row = pair // self.entries, pair % self.entries
        self.pair_count = summed(inverse, counts, len(pair))
        self.pair_examples = np.bincount(inverse).astype(float)
        self.in_entries, _ = _postings(self.pair_column, row, self.width)
        self.spread = np.bincount(self.pair_column, minlength=self.width)
        self.entry_idf = _idf(self.entries, self.spread)
        self.unseen_entry_idf = float(_idf(self.entries, np.zeros(1))[0])
        length = np.bincount(row, weights=self.pair_count, minlength=self.entries)
        self.damping = K1 * (1 - B + B * length / max(length.mean(), 1e-9))
        share = self.pair_examples / self.by_entry[row]
        shared = share**2 * (self.entry_idf * SHARED[self.channel])[self.pair_column]
        self.shared_total = np.maximum(np.bincount(row, weights=shared, minlength=self.entries), 1e-9)
        self.pair_shared = shared

    def columns_of(self, text: Features) -> tuple[Ints, NDArray[np.bool_]]:
        """Where the text's features stand, and which of them are known at all."""
        at = np.searchsorted(self.vocabulary, text.ids)
        at = np.minimum(at, self.width - 1)
        return at, self.vocabulary[at] == text.ids

    def examples_of(self, entry: int) -> Ints:
        """Examples are numbered entry by entry."""
        end = int(self._entry_end[entry])
        return np.arange(end - int(self.by_entry[entry]), end)

    def row(self, example: int) -> slice:
        return slice(int(self.row_start[example]), int(self.row_start[example + 1]))

    def values_of(self, text: Features, at: Ints, known: NDArray[np.bool_]) -> Floats:
        """The text's known features as a vector of length 1, its unknown ones counted in the length."""
        scale = np.sqrt(WEIGHTS[text.channel]) * (1 + np.log(text.counts))
        value = scale * np.where(known, self.idf[at], self.unseen_idf)
        return np.asarray(value[known] / max(float(np.sqrt((value**2).sum())), 1e-9))


def summed(place: Ints, weights: Floats, size: int) -> Floats:
    """The sum of the weights at each place."""
    return np.bincount(place, weights=weights, minlength=size).astype(float)


def _idf(total: int, frequency: Ints | Floats) -> Floats:
    return np.asarray(np.log(1 + (total - frequency + 0.5) / (frequency + 0.5)))
