"""What speaks for each entry: coverage, likeness, what it must have; and the same for an example left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outreach.knowledge.matching.features import WEIGHTS, Features, Floats, Ints
from outreach.knowledge.matching.ridge import chances, neighbours
from outreach.knowledge.matching.sums import Sums
from outreach.knowledge.matching.table import PLAIN, SOUNDS, TELLING, Table, idf_of, summed

LEAST = 1e-6
MUST_POWER = 0.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """For each entry, 0 to about 1: `score` ranks. `unknown`: the share of the question nobody ever said."""

    score: Floats
    chance: Floats
    covered: Floats
    explained: Floats
    alike: Floats
    must: Floats
    unknown: float
    length: int

    def of(self, entry: int) -> Floats:
        """The numbers that confidence is made of, for one entry against all others."""
        chance, second_chance = _lead(self.chance, entry)
        covered, second_covered = _lead(self.covered, entry)
        alike, second_alike = _lead(self.alike, entry)
        return np.array(
            [
                _log(chance),
                _log(covered),
                _log(alike),
                _log(float(self.explained[entry])),
                -self.unknown,
                _margin(chance, second_chance),
                _margin(covered, second_covered),
                _margin(alike, second_alike),
                _log(float(self.must[entry])),
                float(np.log(1 + self.length)),
            ]
        )


def _lead(values: Floats, entry: int) -> tuple[float, float]:
    others = values.copy()
    others[entry] = -np.inf
    return float(values[entry]), float(others.max(initial=0.0))


def _log(value: float) -> float:
    return float(np.log(max(value, 1e-2)))


def _margin(first: float, second: float) -> float:
    return float(np.clip((first - second) / max(first, 0.02), -1, 1))


@dataclass(frozen=True, slots=True)
class _Question:
    """A text's known features as columns, the channels of its unknown ones, and who it is like."""

    columns: Ints
    # Of each column, by how few entries have it.
    idf: Floats
    unknown_channels: NDArray[np.integer]
    likeness: Floats
    length: int
    spelt: bool = False


def of_text(table: Table, text: Features) -> Evidence:
    """For one text's features."""
    at, known = table.columns_of(text)
    columns = at[known]
    likeness = _likeness(table, columns, table.values_of(text, at, known))
    question = _Question(
        columns,
        table.entry_idf[columns],
        text.channel[~known],
        likeness,
        int(text.length[0]),
        bool(text.spelt[0]),
    )
    return _weighed(table, question, Sums.over(table, columns))


def of_example(table: Table, example: int, *, without_entry: bool) -> Evidence:
    """As if the example had been asked and were not in the table; or none of its entry's."""
    row, own = table.row(example), int(table.entry[example])
    columns = table.column[row].astype(np.int64)
    likeness = _likeness(table, columns, table.value[row].astype(float))
    likeness[table.entry == own if without_entry else np.array([example])] = 0.0
    sums = Sums.over(table, columns)
    here = sums.mine(own)
    left_examples = np.zeros(len(columns)) if without_entry else here.examples - 1
    left_count = np.zeros(len(columns)) if without_entry else here.count - table.counts[row]
    spread = table.spread[columns] - (left_examples <= 0)
    lost = spread <= 0
    sums.change(own, left_examples, left_count, gone=without_entry)
    question = _Question(
        columns[~lost],
        idf_of(table.entries, spread[~lost]),
        table.channel[columns[lost]],
        likeness,
        int(table.length[example]),
        bool(table.spelt[example]),
    )
    return _weighed(table, question, sums.only(~lost))


def _likeness(table: Table, columns: Ints, values: Floats) -> Floats:
    at, which = table.in_examples.gather(columns)
    weights = values[which] * table.example_value[at]
    return summed(table.in_examples.row[at], weights, table.examples)


def _weighed(table: Table, question: _Question, sums: Sums) -> Evidence:
    channel = table.channel[sums.columns]
    idf = question.idf
    missing = question.unknown_channels
    telling, plainly = (SOUNDS, SOUNDS) if question.spelt else (TELLING, PLAIN)
    lost = float((WEIGHTS * telling)[missing].sum()) * table.unseen_entry_idf
    ideal = max(float((WEIGHTS[channel] * idf).sum()) + lost, 1e-9)
    damping = table.damping[sums.entry]
    filled = sums.count * (1 + damping) / np.maximum(sums.count + damping, 1e-9)
    covered = _by_entry(table, sums, (WEIGHTS[channel] * idf)[sums.which] * filled) / ideal
    plain = plainly[channel] * idf
    all_plain = max(float(plain.sum() + plainly[missing].sum() * table.unseen_entry_idf), 1e-9)
    explained = _by_entry(table, sums, plain[sums.which] * (sums.count > 0)) / all_plain
    must = explained if question.spelt else _by_entry(table, sums, sums.shared) / sums.shared_total
    if sums.gone >= 0:
        covered[sums.gone] = explained[sums.gone] = must[sums.gone] = 0.0
    alike = np.zeros(table.entries)
    np.maximum.at(alike, table.entry, question.likeness)
    near = neighbours(table, question.likeness, covered)
    chance = chances(table, question.likeness, near)
    score = np.sqrt(np.maximum(chance, LEAST) * np.maximum(covered, LEAST))
    score = score * np.maximum(must, 1e-3) ** MUST_POWER
    return Evidence(score, chance, covered, explained, alike, must, lost / ideal, question.length)


def _by_entry(table: Table, sums: Sums, weights: Floats) -> Floats:
    return summed(sums.entry, weights, table.entries)
