"""The numbers of a question's columns, entry by entry, and what they would be without one example."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outreach.knowledge.matching.features import Floats, Ints
from outreach.knowledge.matching.table import SHARED, Table


@dataclass(slots=True)
class Mine:
    count: Floats
    examples: Floats


@dataclass(slots=True)
class Sums:
    """For each column of a question and each entry that has it: how often, in how many examples."""

    table: Table
    columns: Ints
    entry: Ints
    which: Ints
    count: Floats
    shared: Floats
    examples: Floats
    shared_total: Floats
    gone: int = -1

    @classmethod
    def over(cls, table: Table, columns: Ints) -> Sums:
        at, which = table.in_entries.gather(columns)
        return cls(
            table,
            columns,
            table.in_entries.row[at].astype(np.int64),
            which,
            table.pair_count[at].astype(float),
            table.pair_shared[at].astype(float),
            table.pair_examples[at].astype(float),
            table.shared_total,
        )

    def mine(self, entry: int) -> Mine:
        """One entry's numbers, a column each: every column of an example is one of its entry."""
        own = self.entry == entry
        return Mine(self.count[own], self.examples[own])

    def change(self, entry: int, examples: Floats, count: Floats, *, gone: bool) -> None:
        """One entry's numbers after something was left out of it."""
        own = np.flatnonzero(self.entry == entry)
        self.count, self.examples = self.count.copy(), self.examples.copy()
        self.count[own], self.examples[own] = count, examples
        weight = (self.table.entry_idf * SHARED[self.table.channel])[self.columns]
        all_of_it = int(self.table.by_entry[entry])
        others = max(all_of_it - 1, 1)
        before, now = self.shared[own], (examples / others) ** 2 * weight
        self.shared = self.shared.copy()
        self.shared[own] = now
        self.shared_total = self.shared_total.copy()
        # What the example does not have is shared by as many of one fewer.
        rest = max(float(self.shared_total[entry] - before.sum()), 0.0) * (all_of_it / others) ** 2
        self.shared_total[entry] = max(rest + float(now.sum()), 1e-9)
        self.gone = entry if gone else -1

    def only(self, kept: NDArray[np.bool_]) -> Sums:
        place = np.cumsum(kept) - 1
        here = kept[self.which]
        return Sums(
            self.table,
            self.columns[kept],
            self.entry[here],
            place[self.which[here]],
            self.count[here],
            self.shared[here],
            self.examples[here],
            self.shared_total,
            self.gone,
        )
