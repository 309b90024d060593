"""Which entry: ridge regression among the examples nearest to the question, solved anew for each question."""

from __future__ import annotations

import numpy as np

from outreach.knowledge.matching.table import Floats, Ints, Table

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
    best = np.argsort(-covering)[:ENTRIES]
    own = np.flatnonzero(np.isin(table.entry, best) & (likeness > 0))
    order = own[np.lexsort((-likeness[own], table.entry[own]))]
    _, first = np.unique(table.entry[order], return_index=True)
    place = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    both = np.union1d(chosen, order[place < EACH])
    return np.asarray(both[likeness[both] > 0])


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
    rows = [table.row(int(example)) for example in near]
    columns = np.concatenate([table.column[row] for row in rows])
    values = np.concatenate([table.value[row] for row in rows])
    which = np.repeat(np.arange(len(near)), [row.stop - row.start for row in rows])
    # A feature of a single example likens it to none.
    kept = table.frequency[columns] > 1
    used, place = np.unique(columns[kept], return_inverse=True)
    dense = np.zeros((len(near), len(used)), np.float32)
    dense[which[kept], place] = values[kept]
    gram = dense @ dense.T
    np.fill_diagonal(gram, 1.0)
    return gram.astype(float)
