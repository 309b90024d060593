"""`knowledge gaps`: questions that got no answer, or no good one, brought together by likeness."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest
from math import sqrt
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.folding import fold
from outreach.knowledge.answering import Knowledge
from outreach.knowledge.masking import masked
from outreach.model import JSON
from outreach.store.knowledge import answers
from outreach.store.tables import inbound, residents

# How alike a question must be to a group of them: the cosine of their pairs of signs.
ALIKE = 0.35
# How something is asked says nothing about what it is about.
_FRAME = re.compile(
    "请问|你好|您好|想问|问一下|一下|怎么样|怎么办|怎么|怎样|咋个|咋|什么|多少|哪里|哪儿|在哪|可以|可不可以|能不能|有没有|是不是"
    "|需要|[吗呢呀啊哈嘛吧的了我你您要]"
    r"|\b(how|do|does|i|what|where|when|is|are|the|a|an|my|can|to|for|of|please|we|you|get|in|it)\b"
)
Kind = Literal["handoff", "clarify", "unhelpful"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A question of a resident, and what became of it."""

    text: str
    kind: Kind
    language: str


@dataclass(slots=True)
class _Group:
    gaps: list[Gap] = field(default_factory=list)
    centre: Counter[str] = field(default_factory=Counter)
    length: float = 0.0

    def add(self, gap: Gap, grams: frozenset[str]) -> None:
        self.gaps.append(gap)
        self.centre.update(grams)
        self.length = sqrt(sum(n * n for n in self.centre.values()))

    def likeness(self, grams: frozenset[str]) -> float:
        """The cosine between the group and a question."""
        return sum(self.centre[gram] for gram in grams) / (self.length * sqrt(len(grams)))


async def gaps(connection: AsyncConnection, knowledge: Knowledge, since: datetime, today: date) -> list[JSON]:
    """The groups, the largest first; each with one example in which nobody can be recognised."""
    found = grouped(await open_questions(connection, since))
    known = (await connection.execute(select(residents.c.name))).scalars() if found else ()
    names = {name for name in known if name}
    return [_told(group, knowledge, today, names) for group in found]


async def open_questions(connection: AsyncConnection, since: datetime) -> list[Gap]:
    """What nothing answered: handed to a person, offered in vain, or answered without any help."""
    statement = (
        select(inbound.c.id, inbound.c.resident_id, inbound.c.text, inbound.c.outcome)
        .add_columns(answers.c.helpful, answers.c.language, residents.c.language.label("own"))
        .join(residents, residents.c.id == inbound.c.resident_id)
        .outerjoin(answers, answers.c.inbound_id == inbound.c.id)
        .where(inbound.c.received_at >= since)
        .order_by(inbound.c.resident_id, inbound.c.received_at, inbound.c.id)
    )
    rows = (await connection.execute(statement)).all()
    found = []
    for row, after in zip_longest(rows, rows[1:]):
        kind = _kind(row, after)
        if kind and fold(row.text):
            found.append(Gap(row.text, kind, row.language or row.own))
    return found


def _kind(row: Any, after: Any) -> Kind | None:
    if row.outcome == "handoff":
        return "handoff"
    if row.outcome == "clarify":
        return None if after and _chose(row, after) else "clarify"
    return "unhelpful" if row.helpful is False else None


def _chose(row: Any, after: Any) -> bool:
    """Whether the same person's next message picked one of what was offered: a tap, or a digit."""
    picked = after.text.startswith("topic:") or len(fold(after.text)) <= 2
    return bool(after.resident_id == row.resident_id and after.outcome == "answer" and picked)


def grouped(found: Iterable[Gap]) -> list[list[Gap]]:
    """Questions that are alike, the largest group first. Each joins the group that it is most like."""
    groups: list[_Group] = []
    having: dict[str, set[int]] = defaultdict(set)
    listed = [(gap, _grams(gap.text)) for gap in found]
    often = Counter(gram for _, grams in listed for gram in grams)
    # The common questions first: they are what the rarer ones gather around.
    for gap, grams in sorted(listed, key=lambda one: -sum(often[gram] for gram in one[1]) / len(one[1])):
        home = _nearest(grams, groups, having)
        if home is None:
            home = len(groups)
            groups.append(_Group())
        groups[home].add(gap, grams)
        for gram in grams:
            having[gram].add(home)
    return [group.gaps for group in sorted(groups, key=lambda group: -len(group.gaps))]


def _nearest(grams: frozenset[str], groups: Sequence[_Group], having: Mapping[str, set[int]]) -> int | None:
    near = {number for gram in grams for number in having.get(gram, ())}
    best = max(((groups[number].likeness(grams), -number) for number in near), default=(0.0, 0))
    return -best[1] if best[0] >= ALIKE else None


def _grams(text: str) -> frozenset[str]:
    """Pairs of signs, spaces and numbers left out: a price or a date makes no other question."""
    bare = fold(text)
    signs = "".join(sign for sign in _FRAME.sub("", bare) or bare if sign.isalpha()) or bare
    return frozenset(signs[n : n + 2] for n in range(len(signs) - 1)) or frozenset([signs])


def _told(group: Sequence[Gap], knowledge: Knowledge, today: date, names: Iterable[str]) -> JSON:
    # The shortest says best what they have in common.
    example = min(group, key=lambda gap: len(gap.text))
    nearest = knowledge.ask(example.text, example.language, today).candidates[:1]
    return {
        "n": len(group),
        "kinds": dict(Counter(gap.kind for gap in group)),
        "language": example.language,
        "example": masked(example.text, names)[:200],
        "nearest": {"topic": nearest[0][0].topic, "title": nearest[0][0].front.title, "score": nearest[0][1]}
        if nearest
        else None,
    }
