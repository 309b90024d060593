"""How sure: learnt from the entries' own examples, each asked as if it, or its whole entry, were not there.

What is left out of its entry is a question that can be answered; what has lost its entry is one that cannot,
and comes as near to one that can as any stranger's. So each set of entries says what its numbers mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from outreach.knowledge.matching.evidence import Evidence, of_example
from outreach.knowledge.matching.table import Floats, Table

# Where nothing is learnt: chance, coverage, likeness, explained, known, three margins, must, length.
PRIOR = np.array([1.0, 0.5, 0.2, 1.0, 1.0, 0.5, 0.3, 0.3, 0.5, 0.6])
# How many asked examples the prior weighs as much as.
STRENGTH = 20.0
# A question of ours that was taken for another of ours is more ours than a stranger's.
HALF_RIGHT = 0.75
STRANGERS = 0.5
SAMPLE, SAMPLE_OF_MANY, MANY = 300, 120, 6000
_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    centre: Floats
    slope: Floats
    offset: float

    def confidence(self, numbers: Floats) -> float:
        """0 to 1: the chance that the entry is the right one."""
        value = float((numbers - self.centre) @ self.slope) + self.offset
        return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))


@dataclass(frozen=True, slots=True)
class _Case:
    numbers: Floats
    target: float
    weight: float


def calibrate(table: Table, foreign: frozenset[int]) -> Calibration:
    """`foreign`: entries that are there only to be told apart: their examples are strangers' questions."""
    cases = list(_cases(table, foreign))
    if len(cases) < len(PRIOR):
        return Calibration(np.zeros(len(PRIOR)), PRIOR, 3.0)
    return _fitted(cases)


def best(evidence: Evidence, foreign: frozenset[int]) -> int:
    """The best entry of ours."""
    score = evidence.score
    if foreign:
        score = score.copy()
        score[list(foreign)] = -1.0
    return int(score.argmax())


def _cases(table: Table, foreign: frozenset[int]) -> Iterator[_Case]:
    step = max(1, table.examples // (SAMPLE_OF_MANY if table.examples > MANY else SAMPLE))
    for example in range(0, table.examples, step):
        own = int(table.entry[example])
        if own not in foreign and table.by_entry[own] > 1:
            evidence = of_example(table, example, without_entry=False)
            found = best(evidence, foreign)
            yield _Case(evidence.of(found), 1.0 if found == own else HALF_RIGHT, 1.0)
        evidence = of_example(table, example, without_entry=True)
        yield _Case(evidence.of(best(evidence, foreign)), 0.0, STRANGERS)


def _fitted(cases: list[_Case]) -> Calibration:
    """Logistic regression, drawn to the prior."""
    numbers = np.array([case.numbers for case in cases])
    target = np.array([case.target for case in cases])
    weight = np.array([case.weight for case in cases])
    ours = target > 0
    for part in (ours, ~ours):
        weight[part] *= len(cases) / max(float(part.sum()), 1.0)
    weight *= 1000 / weight.sum()
    centre = numbers.mean(axis=0)
    inputs = np.hstack([numbers - centre, np.ones((len(cases), 1))])
    prior = np.append(PRIOR, 0.0)
    pull = np.diag(np.append(STRENGTH * numbers.var(axis=0) + 1e-6, 1e-6))
    slope = prior.copy()
    for _ in range(_ROUNDS):
        guess = 1 / (1 + np.exp(-np.clip(inputs @ slope, -30, 30)))
        gradient = inputs.T @ (weight * (target - guess)) - pull @ (slope - prior)
        curve = (inputs * np.maximum(weight * guess * (1 - guess), 1e-9)[:, None]).T @ inputs + pull
        step = np.clip(np.linalg.solve(curve, gradient), -2, 2)
        slope = slope + step
        if np.abs(step).max() < 1e-6:
            break
    return Calibration(centre, slope[:-1], float(slope[-1]))
