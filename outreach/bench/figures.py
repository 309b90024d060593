"""A measurement, as it is told: a value, the baseline of the same run, and their ratio."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.model import JSON


@dataclass(frozen=True, slots=True)
class Target:
    """Between which bounds the ratio must be; with a `unit`, the value."""

    least: float | None = None
    most: float | None = None
    unit: str = ""

    def holds(self, figure: Figure) -> bool:
        number = figure.value if self.unit else figure.ratio
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        low, high = (f"{n:g}" if n is not None else "" for n in (self.least, self.most))
        span = f"{low} to {high}" if low and high else f">= {low}" if low else f"<= {high}"
        return f"{span} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Figure:
    """`against`: what the baseline is. `judged`: False where this machine cannot show what is promised."""

    name: str
    value: float
    unit: str
    baseline: float
    against: str
    target: Target | None = None
    detail: str = ""
    judged: bool = True

    @property
    def ratio(self) -> float:
        return self.value / self.baseline if self.baseline else 0.0

    @property
    def ok(self) -> bool | None:
        return self.target.holds(self) if self.target and self.judged else None

    def __str__(self) -> str:
        numbers = f"{_short(self.value)} {self.unit}, {self.against} {_short(self.baseline)}"
        judged = {True: "ok", False: f"missed: {self.target}", None: "not judged"}[self.ok]
        told = f"; {self.detail}" if self.detail else ""
        return f"{self.name}: {numbers}, ratio {self.ratio:.2f}, {judged}{told}"

    @property
    def row(self) -> tuple[str, ...]:
        """Name, value, baseline, ratio, target, verdict: for people."""
        judged = {True: "ok", False: "missed", None: "–"}[self.ok]
        numbers = f"{_short(self.value)} {self.unit}", _short(self.baseline), f"{self.ratio:.2f}"
        return self.name, *numbers, str(self.target or ""), judged

    def as_json(self) -> JSON:
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "baseline": round(self.baseline, 3),
            "ratio": round(self.ratio, 3),
            "against": self.against,
            "target": str(self.target) if self.target else None,
            "ok": self.ok,
            "detail": self.detail,
        }


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers)


def spread(numbers: Sequence[float], digits: int = 0) -> str:
    """From the least to the greatest."""
    return f"{min(numbers):.{digits}f} to {max(numbers):.{digits}f}"


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The smallest of the numbers that so many percent do not exceed."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * percent // 100) - 1))]


def busiest(moments: Sequence[float], seconds: float = 1.0) -> int:
    """The greatest number of ordered moments within any span of so many seconds."""
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def pace(moments: Sequence[float]) -> float:
    """Events a second from the first of these ordered moments to the last."""
    return (len(moments) - 1) / (moments[-1] - moments[0])
