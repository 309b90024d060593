"""Which entry answers a question, and how sure that is. Lexical, and measured: no model weights.

An entry is one document (title and examples together, character and word n-grams) under BM25. The score is
divided by what the question could have scored at best, so it says how much of the question is covered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from outreach.folding import fold

K1, B = 1.2, 0.3
LONGEST_GRAM = 3
TITLE_WEIGHT = 2
TITLE_BONUS = 0.3
# The share of the question covered at which confidence is one half.
HALF = 0.5
PAIR = 2
_BY_SIZE = {1: 0.5, 2: 1.0, 3: 1.0}

_RUNS = re.compile(r"[a-z0-9']+|[^\W_a-z0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Politeness and question frames say nothing about the topic.
_FILLERS = re.compile(
    "请问一下|请问|你好|您好|我想问一下|我想问|想问一下|想问|问一下|我想知道|麻烦|谢谢|能不能告诉我|告诉我|那个|一下"
)
_STOPWORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "be",
        "by",
        "can",
        "could",
        "do",
        "does",
        "for",
        "from",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "of",
        "on",
        "or",
        "please",
        "should",
        "so",
        "tell",
        "that",
        "the",
        "there",
        "this",
        "to",
        "was",
        "we",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
        "am",
        "im",
        "need",
        "want",
        "about",
        "any",
        "get",
        "hello",
        "hi",
    ]
)
# How something is asked, not what about: "怎么申请" fits a hundred questions.
_FRAMES = (
    "怎么办理 怎么申请 怎么样 怎么领 怎么弄 怎么算 怎样 咋办 咋弄 什么时候 什么 啥时候"
    " 多少钱 多少 哪里 在哪 哪儿 为什么 可以吗 可不可以 能不能 要不要"
    " 需要 是不是 有没有 还有 申请 办理 材料 一年 一次 几次"
)
FRAME_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Match:
    """`confidence`: 0 to 1, how much of the question the entry covers."""

    id: str
    confidence: float


class Index:
    """Entries to be found. Confidence depends on the entries and the question alone."""

    def __init__(self, entries: Mapping[str, tuple[str, Sequence[str]]]) -> None:
        """`entries`: id -> (title, example questions)."""
        self._grams = {
            name: Counter(gram for text in (*[title] * TITLE_WEIGHT, *examples) for gram in grams(text))
            for name, (title, examples) in entries.items()
        }
        self._titles = {name: set(grams(title)) for name, (title, _) in entries.items()}
        frequency = Counter(gram for counts in self._grams.values() for gram in counts)
        n = len(self._grams)
        self._idf = {gram: log(1 + (n - df + 0.5) / (df + 0.5)) for gram, df in frequency.items()}
        self._unknown = log(1 + (n + 0.5) / 0.5)
        lengths = {name: sum(counts.values()) for name, counts in self._grams.items()}
        mean = sum(lengths.values()) / n if n else 1
        self._damping = {name: K1 * (1 - B + B * length / mean) for name, length in lengths.items()}

    def rank(self, question: str) -> list[Match]:
        """Every entry that shares anything with the question, best first."""
        asked = Counter(grams(_FILLERS.sub("", fold(question))))
        ideal = sum(self._weight(gram) for gram in asked)
        if not ideal:
            return []
        matches = [Match(name, _confidence(self._score(name, asked) / ideal)) for name in self._grams]
        return sorted((m for m in matches if m.confidence > 0), key=lambda m: (-m.confidence, m.id))

    def _weight(self, gram: str) -> float:
        size = len(gram) if _HAN.match(gram) else PAIR
        if gram in _FRAME_GRAMS:
            return FRAME_WEIGHT
        if gram in self._idf:
            return self._idf[gram] * _BY_SIZE[size]
        # That a long gram is new says little; a new word says that the question is about something else.
        return self._unknown * (_BY_SIZE[size] if size < LONGEST_GRAM else 0)

    def _score(self, name: str, asked: Counter[str]) -> float:
        counts, damping = self._grams[name], self._damping[name]
        explained = sum(
            self._weight(gram) * counts[gram] * (1 + damping) / (counts[gram] + damping)
            for gram in asked
            if gram in counts
        )
        title = self._titles[name]
        return explained * (1 + TITLE_BONUS * sum(gram in asked for gram in title) / (len(title) or 1))


def _confidence(covered: float) -> float:
    return round(covered / (covered + HALF), 4)


def grams(text: str) -> Iterator[str]:
    """Character n-grams of Chinese runs; stems and pairs of stems of Latin ones."""
    before = ""
    for run in _RUNS.findall(fold(text)):
        if _HAN.search(run):
            yield from _characters(run)
        elif run not in _STOPWORDS:
            stem = _stem(run)
            yield stem
            if before:
                yield f"{before} {stem}"
            before = stem


def _characters(run: str) -> Iterator[str]:
    for size in range(1, LONGEST_GRAM + 1):
        for start in range(len(run) - size + 1):
            yield run[start : start + size]


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


_FRAME_GRAMS = frozenset(gram for frame in _FRAMES.split() for gram in grams(frame))
