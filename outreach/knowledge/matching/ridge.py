"""Which entry: ridge regression among the examples nearest to the question, solved anew for each question."""

from __future__ import annotations

import numpy as np

from outreach.knowledge.matching.features import Floats, Ints
from outreach.knowledge.matching.table import Table

NEAREST = 48
# Besides them the best examples of the entries that cover most of the question.
ENTRIES, EACH = 5, 6
LAMBDA = 0.5


def _curved(likeness: Floats) -> Floats:
    """Near examples count more than in proportion."""
    return np.asarray(0.5 * likeness + 0.5 * likeness**2)


def neighbours(table: Table, likeness: Floats, covering: Floats) -> Ints:
    """The examples to choose among, by their likeness to the question and the coverage of their entries."""
    count = min(NEAREST, len(likeness))
    chosen = np.argpartition(-likeness, count - 1)[:count]
    picked = np.zeros(len(likeness), bool)
    picked[chosen] = True
    for entry in np.argpartition(-covering, min(ENTRIES, len(covering) - 1))[:ENTRIES]:
        own = table.examples_of(int(entry))
        picked[own[np.argsort(-likeness[own])[:EACH]]] = True
    return np.flatnonzero(picked & (likeness > 0))


def chances(table: Table, likeness: Floats, near: Ints) -> Floats:
    """For each entry how much the near examples speak for it; 0 for the entries that have none."""
    out = np.zeros(table.entries)
    if not len(near):
        return out
    kernel = _curved(_among(table, near)) + LAMBDA * np.eye(len(near))
    weight = np.linalg.solve(kernel, _curved(likeness[near]))
    np.add.at(out, table.entry[near], weight)
    return out


def _among(table: Table, near: Ints) -> Floats:
    """The likeness of the examples to each other."""
    at, which = table.common.gather(near)
    columns = table.common.row[at]
    # Numbers the columns that are here, without a look at the hundred thousand that are not.
    last, order = np.empty(table.width, np.int32), np.arange(len(columns))
    last[columns] = order
    stands = last[columns]
    # What one of them has alone likens it to none of the others.
    shared = np.bincount(stands, minlength=len(columns)) > 1
    number = np.cumsum(shared) - 1
    kept = shared[stands]
    dense = np.zeros((len(near), int(shared.sum())), np.float32)
    dense[which[kept], number[stands[kept]]] = table.common_value[at[kept]]
    gram = dense @ dense.T
    np.fill_diagonal(gram, 1.0)
    return gram.astype(float)
