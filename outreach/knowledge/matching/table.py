"""Entries as sparse arrays: for each feature, which examples and entries have it, and what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from outreach.knowledge.matching.features import WEIGHTS, Features, Floats, Ints, channels, features, joined
from outreach.knowledge.matching.words import Words

# BM25: how soon a repeated feature counts no more, and how much long entries are damped.
K1, B = 1.2, 0.3
# What a text is about, feature by feature: its coverage is counted in these.
PLAIN = channels("sign", "word", "concept")
# What most examples of an entry share is what a question for it must have.
SHARED = channels("sign", "signs 2", "word", "concept")
# An unseen one of these is a word that nobody used; an unseen longer run may be made of known words.
TELLING = channels("sign", "signs 2", "word", "concept")
SOUNDS = channels("sound 2")


Small = NDArray[np.int32]
Shares = NDArray[np.float32]
# Columns.
_PIECE = 30_000


@dataclass(frozen=True, slots=True)
class Postings:
    """Rows by column: `row[start[c]:start[c + 1]]` are the rows that have column c."""

    start: Ints
    row: Small

    def gather(self, columns: Ints) -> tuple[Ints, Ints]:
        """Places in `row` for several columns, and for each place which of the columns it came from."""
        begin = self.start[columns]
        length = self.start[columns + 1] - begin
        which = np.repeat(np.arange(len(columns)), length)
        shift = begin - np.concatenate(([0], np.cumsum(length)[:-1]))
        return np.repeat(shift, length) + np.arange(int(length.sum())), which


def _postings(column: Small, row: Small, width: int) -> tuple[Postings, Ints]:
    order = np.argsort(column, kind="stable")
    return Postings(_starts(column, width), row[order].astype(np.int32)), order


def _numbered(values: Ints) -> tuple[Ints, Ints, Small]:
    """The different values in order, where each first stands, and for each place the number of its value."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.ones(len(values), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    number = np.empty(len(values), np.int32)
    number[order] = np.cumsum(new, dtype=np.int32) - 1
    return ordered[new], order[new], number


def _starts(column: Ints | Small, width: int) -> Ints:
    return np.concatenate(([0], np.cumsum(np.bincount(column, minlength=width))))


class Table:
    """`entry[i]` is the entry that example i belongs to. Columns are features, as `vocabulary` lists them.

    Examples are numbered entry by entry. Numbers by the million are kept in four bytes each.
    """

    def __init__(self, texts: Sequence[str], entry: Sequence[int], entries: int, words: Words) -> None:
        self.entry, self.entries = np.array(entry, np.int64), entries
        self.examples = len(entry)
        found = features(texts, words)
        self.length, self.spelt = found.length, found.spelt
        self.by_entry = np.bincount(self.entry, minlength=entries)
        self._entry_end = np.cumsum(self.by_entry)
        self.vocabulary, first, self.column = _numbered(found.id)
        self.width = len(self.vocabulary)
        self.channel = found.channel[first].astype(np.int64)
        self.counts, row = found.times, found.text
        # The largest of them, and from here on in the way of what is to come.
        del found, first
        self.row_start = _starts(row, self.examples)
        self._weigh_entries(*self._weigh_examples(self.column, row, self.counts))

    def _weigh_examples(self, column: Small, row: Small, counts: Shares) -> tuple[Small, Small, Shares]:
        """Columns, entries and counts in the order of the columns, and within one of the entries."""
        frequency = np.bincount(column, minlength=self.width)
        self.idf = idf_of(self.examples, frequency)
        self.unseen_idf = float(idf_of(self.examples, np.zeros(1))[0])
        weight = (np.sqrt(WEIGHTS[self.channel]) * self.idf).astype(np.float32)
        value = weight[column] * (1 + np.log(counts))
        norm = np.sqrt(summed(row, value**2, self.examples))
        value = value / np.maximum(norm, 1e-9).astype(np.float32)[row]
        self.value = value
        self.in_examples, order = _postings(column, row, self.width)
        self.example_value = value[order]
        # By example, what it has in common with any other.
        kept = frequency[column] > 1
        self.common = Postings(_starts(row[kept], self.examples), self.column[kept])
        self.common_value = value[kept]
        return column[order], self.entry.astype(np.int32)[row[order]], counts[order]

    def _weigh_entries(self, column: Small, entry: Small, counts: Shares) -> None:
        """Piece by piece of the columns: what is in between takes more room than what is kept."""
        self.shared_total, length = np.zeros(self.entries), np.zeros(self.entries)
        self.spread = np.zeros(self.width, np.int64)
        pieces: list[list[NDArray[Any]]] = []
        cuts = np.searchsorted(column, np.arange(0, self.width + _PIECE, _PIECE))
        for begin, end in pairwise(cuts.tolist()):
            piece = self._pairs(column[begin:end], entry[begin:end], counts[begin:end])
            self.shared_total += summed(piece[0], piece[3], self.entries)
            length += summed(piece[0], piece[1], self.entries)
            pieces.append(list(piece))
        rows, self.pair_count, self.pair_examples, self.pair_shared = joined(pieces)
        self.in_entries = Postings(np.concatenate(([0], np.cumsum(self.spread))), rows)
        self.shared_total = np.maximum(self.shared_total, 1e-9)
        self.entry_idf = idf_of(self.entries, self.spread)
        self.unseen_entry_idf = float(idf_of(self.entries, np.zeros(1))[0])
        self.damping = K1 * (1 - B + B * length / max(float(length.mean()), 1e-9))

    def _pairs(self, column: Small, entry: Small, counts: Shares) -> tuple[Small, Shares, Shares, Shares]:
        """Each entry that has a column: how often, in how many examples, and how surely all have it."""
        new = np.ones(len(column), bool)
        new[1:] = (column[1:] != column[:-1]) | (entry[1:] != entry[:-1])
        first = np.flatnonzero(new)
        own, row = column[first], entry[first]
        self.spread += np.bincount(own, minlength=self.width)
        count = np.add.reduceat(counts, first) if len(first) else counts
        examples = np.diff(np.append(first, len(column))).astype(np.float32)
        weight = idf_of(self.entries, self.spread[own]) * SHARED[self.channel[own]]
        shared = (examples / self.by_entry[row]) ** 2 * weight
        return row, count, examples, shared.astype(np.float32)

    def columns_of(self, text: Features) -> tuple[Ints, NDArray[np.bool_]]:
        """Where the features of one text stand, and which of them are known at all."""
        at = np.minimum(np.searchsorted(self.vocabulary, text.id), self.width - 1)
        return at, self.vocabulary[at] == text.id

    def examples_of(self, entry: int) -> Ints:
        end = int(self._entry_end[entry])
        return np.arange(end - int(self.by_entry[entry]), end)

    def row(self, example: int) -> slice:
        return slice(int(self.row_start[example]), int(self.row_start[example + 1]))

    def values_of(self, text: Features, at: Ints, known: NDArray[np.bool_]) -> Floats:
        """The text's known features as a vector of length 1, its unknown ones counted in the length."""
        scale = np.sqrt(WEIGHTS[text.channel]) * (1 + np.log(text.times))
        value = scale * np.where(known, self.idf[at], self.unseen_idf)
        return np.asarray(value[known] / max(float(np.sqrt((value**2).sum())), 1e-9))


def summed(place: NDArray[np.integer], weights: NDArray[np.floating], size: int) -> Floats:
    """The sum of the weights at each place."""
    return np.bincount(place, weights=weights, minlength=size).astype(float)


def idf_of(total: int, frequency: Ints | Floats) -> Floats:
    """How much a feature tells that so many of all have."""
    return np.asarray(np.log(1 + (total - frequency + 0.5) / (frequency + 0.5)))
