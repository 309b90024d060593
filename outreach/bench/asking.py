"""`outreach bench ask`: from a question to its ranked articles, beside a bare BM25 over the same examples.

Ours are the articles as they are; the many are 14,000 entries mixed from the halves of their examples.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest
from json import dumps, loads
from math import log
from operator import itemgetter
from pathlib import Path

from outreach.bench.figures import Figure, Target, median, percentile
from outreach.bench.ground import Options
from outreach.bench.processes import peak_mb
from outreach.knowledge import Knowledge
from outreach.model import JSON
from outreach.templates import Templates

MANY, EACH, ASKED, SEED = 14_000, 2, 400, 5
LONGEST = 40
Rows = Mapping[str, tuple[str, Sequence[str]]]


def ask(options: Options) -> list[Figure]:
    """Both sizes, each in a process of its own, whose memory is nothing else's."""
    figures: list[Figure] = []
    for size in ("own", "many"):
        options.tell(f"ask {size}: building, then {ASKED} questions")
        command = [sys.executable, "-c", f"from {__name__} import main; main()"]
        given = dumps({"size": size, "templates": str(options.folders["templates_dir"])})
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)  # noqa: S603
        for figure in _figures(size, loads(done.stdout)):
            options.tell(f"  {figure}")
            figures.append(figure)
    return figures


def _figures(size: str, found: JSON) -> list[Figure]:
    bare, ours = found["bare"], found["ours"]
    told = f"p50 {median(ours):.2f}, p95 {percentile(ours, 95):.2f}, p99 {percentile(ours, 99):.2f} ms"
    against, unit = "a bare BM25 of pairs of signs", "ms"
    if size == "own":
        half = Figure("ask p50", median(ours), unit, median(bare), against, Target(most=2, unit=unit), told)
        late, bare_late = (percentile(times, 99) for times in (ours, bare))
        return [half, Figure("ask p99", late, unit, bare_late, against, Target(most=5, unit=unit), told)]
    late, bare_late = (percentile(times, 95) for times in (ours, bare))
    return [
        Figure("ask p95, 14,000 entries", late, unit, bare_late, against, Target(most=20, unit=unit), told),
        Figure(
            "index, 14,000 entries",
            found["built"],
            "s",
            found["bare_built"],
            against,
            Target(most=8, unit="s"),
        ),
        Figure(
            "memory, 14,000 entries",
            found["peak"],
            "MB",
            found["before"],
            "before",
            Target(most=300, unit="MB"),
        ),
    ]


def main() -> None:
    """The child: reads what to do, prints what it measured."""
    given = loads(sys.stdin.read())
    folder = Path(given["templates"])
    knowledge = Knowledge(folder / "knowledge", Templates(folder))
    own = {
        a.topic: (a.front.title, a.front.examples) for a in knowledge.articles() if a.language == "zh-Hans"
    }
    rows, questions = _mixed(own) if given["size"] == "many" else (own, _questions(own))
    print(dumps(_measured(rows, questions)))


def _measured(rows: Rows, questions: Sequence[str]) -> JSON:
    from outreach.knowledge.matching import Index

    before, begun = peak_mb(), time.perf_counter()
    index = Index(rows)
    built, peak = time.perf_counter() - begun, peak_mb()
    ours = _times(index.rank, questions)
    begun = time.perf_counter()
    bare = _Bare(rows)
    bare_built = time.perf_counter() - begun
    times = {"ours": ours, "bare": _times(bare.rank, questions)}
    return times | {"built": built, "bare_built": bare_built, "peak": peak, "before": before}


def _times(rank: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    rank(questions[0])
    found = []
    for question in questions:
        begun = time.perf_counter()
        rank(question)
        found.append(1000 * (time.perf_counter() - begun))
    return found


def _halves(rows: Rows) -> list[str]:
    return [text for _, examples in rows.values() for text in examples if len(text) < LONGEST]


def _mix(texts: Sequence[str], chance: random.Random) -> str:
    first, second = chance.choice(texts), chance.choice(texts)
    return first[: len(first) // 2] + second[len(second) // 2 :]


def _questions(rows: Rows) -> list[str]:
    chance, texts = random.Random(SEED), _halves(rows)
    return [_mix(texts, chance) for _ in range(ASKED)]


def _mixed(own: Rows) -> tuple[Rows, list[str]]:
    chance, texts = random.Random(SEED), _halves(own)
    rows = {
        str(n): (_mix(texts, chance), [_mix(texts, chance) for _ in range(EACH - 1)]) for n in range(MANY)
    }
    return rows, [_mix(texts, chance) for _ in range(ASKED)]


class _Bare:
    """What everybody would write first: pairs of signs, one document an entry, BM25."""

    def __init__(self, rows: Rows) -> None:
        counts = {name: Counter(_pairs(" ".join([title, *texts]))) for name, (title, texts) in rows.items()}
        mean = sum(map(len, counts.values())) / len(counts)
        self._postings: dict[str, list[tuple[str, float]]] = {}
        for name, found in counts.items():
            damping = 1.2 * (0.25 + 0.75 * len(found) / mean)
            for pair, n in found.items():
                self._postings.setdefault(pair, []).append((name, n * 2.2 / (n + damping)))
        self._total = len(rows)

    def rank(self, question: str) -> list[tuple[str, float]]:
        score: dict[str, float] = {}
        for pair in set(_pairs(question)):
            found = self._postings.get(pair, ())
            weight = log(1 + (self._total - len(found) + 0.5) / (len(found) + 0.5))
            for name, value in found:
                score[name] = score.get(name, 0.0) + weight * value
        return nlargest(10, score.items(), key=itemgetter(1))


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)]
