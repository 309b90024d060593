"""Texts as countable features: signs, words, sounds and concepts, and short runs of each.

Many texts at once: what differs from sign to sign is done by arrays, what needs a dictionary word by word.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from outreach.folding import fold
from outreach.knowledge.matching.words import RUNS, Words, stem
from outreach.sounds import is_spelt, plain, sound, syllables

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# How much a match in a channel weighs. Measured on four public sets at once, one setting for all.
_CHANNELS = {
    "sign": 0.5, "signs 2": 0.8, "signs 3": 0.6, "sound 2": 0.4,
    "word": 0.8, "words 2": 0.5, "words near": 0.4, "letters 3": 0.2, "letters 4": 0.4,
    "concept": 1.0, "concepts 2": 0.8, "concepts near": 0.5,
}  # fmt: skip
_NUMBERS = {name: number for number, name in enumerate(_CHANNELS)}
WEIGHTS: Floats = np.array(list(_CHANNELS.values()))


def channels(*names: str) -> Floats:
    """1 for each of the named channels, 0 for the others."""
    return np.array([1.0 if name in names else 0.0 for name in _CHANNELS])


_NEAR = 3
# Words that stand beside any other say nothing together.
_SLIGHT = frozenset(
    "a an the of to in on at for is are am be i my me you your do does did can could will would please it its"
    " this that and or with have has had there so if by from as was were i'm it's".split()
)


class Features(NamedTuple):
    """Each feature of each text once: `text` says whose it is, `id` which, `channel` its place in `WEIGHTS`.

    `length`: signs and words, a text each; `spelt`: whether it is Chinese spelt in letters.
    """

    text: NDArray[np.int32]
    id: Ints
    channel: NDArray[np.int8]
    times: NDArray[np.float32]
    length: Ints
    spelt: NDArray[np.bool_]


# So many texts at a time: what is in between takes several times the room of what is kept.
_AT_ONCE = 2000


def features(texts: Sequence[str], words: Words) -> Features:
    parts: list[list[NDArray[Any]]] = []
    for start in range(0, len(texts), _AT_ONCE):
        parts.append([*_some(texts, start, words)])
    return Features(*joined(parts))


def joined(rows: list[list[NDArray[Any]]]) -> list[NDArray[Any]]:
    """Tables joined column by column; each piece is given up when taken, so that nothing lies here twice.

    `rows` is empty of arrays afterwards.
    """
    columns = []
    for number, first in enumerate(rows[0]):
        column = np.empty(sum(len(row[number]) for row in rows), first.dtype)
        nothing, at = first[:0].copy(), 0
        for row in rows:
            column[at : at + len(row[number])] = row[number]
            at += len(row[number])
            row[number] = nothing
        columns.append(column)
    return columns


def _some(texts: Sequence[str], start: int, words: Words) -> Features:
    levels = _Levels()
    for number, text in enumerate(texts[start : start + _AT_ONCE], start=start):
        levels.read(number, RUNS.findall(fold(text)), words)
    nothing = np.zeros(0, np.int64)
    parts = list(levels.grams()) or [(0, nothing, nothing)]
    owner = np.concatenate([part[1] for part in parts])
    ids = np.concatenate([part[2] for part in parts])
    channel = np.repeat(np.array([part[0] for part in parts], np.int8), [len(part[1]) for part in parts])
    order = np.lexsort((ids, owner))
    owner, ids, channel = owner[order], ids[order], channel[order]
    new = np.ones(len(ids), bool)
    new[1:] = (ids[1:] != ids[:-1]) | (owner[1:] != owner[:-1])
    first = np.flatnonzero(new)
    count = np.diff(np.append(first, len(ids))).astype(np.float32)
    lengths = np.array(levels.length, np.int64)
    spelt = np.array(levels.spelt, bool)
    return Features(owner[first].astype(np.int32), ids[first], channel[first], count, lengths, spelt)


@dataclass(slots=True)
class _Level:
    """One way to see the texts: tokens in groups, which no run of tokens may leave."""

    tokens: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    texts: array[int] = field(default_factory=lambda: array("q"))

    def add(self, text: int, tokens: Iterable[int]) -> None:
        before = len(self.tokens)
        self.tokens.extend(tokens)
        self.sizes.append(len(self.tokens) - before)
        self.texts.append(text)

    def arrays(self) -> tuple[Ints, Ints, Ints]:
        """Tokens, the group of each, the text of each group."""
        group = np.repeat(np.arange(len(self.sizes)), np.array(self.sizes, np.int64))
        return np.array(self.tokens, np.int64), group, np.array(self.texts, np.int64)


class _Levels:
    def __init__(self) -> None:
        self.signs, self.sounds, self.letters = _Level(), _Level(), _Level()
        self.words, self.bare_words = _Level(), _Level()
        self.concepts, self.bare_concepts = _Level(), _Level()
        self.length: list[int] = []
        self.spelt: list[bool] = []

    def read(self, text: int, runs: Sequence[str], words: Words) -> None:
        spelt = syllables(runs) if is_spelt(runs) else None
        self.spelt.append(spelt is not None)
        if spelt is not None:
            self.length.append(len(spelt))
            self.sounds.add(text, [hash(plain(one)) for one in spelt])
            return
        han = [run for run in runs if run[0] >= "\u3400"]
        latin = [run for run in runs if run[0] < "\u3400"]
        self.length.append(sum(map(len, han)) + len(latin))
        for run in han:
            self.signs.add(text, map(ord, run))
            self.sounds.add(text, [hash(sound(sign)) for sign in run])
        for word in latin:
            self.letters.add(text, map(ord, f"#{word}#"))
        self.words.add(text, [hash(stem(word)) for word in latin])
        self.bare_words.add(text, [hash(stem(word)) for word in latin if word not in _SLIGHT])
        concepts = words.concepts(runs)
        self.concepts.add(text, map(hash, concepts))
        self.bare_concepts.add(text, [hash(concept) for concept in concepts if concept not in _SLIGHT])

    def grams(self) -> Iterator[tuple[int, Ints, Ints]]:
        """Channel, and for each feature its text and its id; as often as it stands there."""
        for level, names in (
            (self.signs, ("sign", "signs 2", "signs 3")),
            (self.sounds, ("", "sound 2")),
            (self.letters, ("", "", "letters 3", "letters 4")),
            (self.words, ("word", "words 2")),
            (self.concepts, ("concept", "concepts 2")),
        ):
            if not level.tokens:
                continue
            tokens, group, text = level.arrays()
            for size, name in enumerate(names, start=1):
                if name:
                    number = _NUMBERS[name]
                    yield number, *_in_a_row(tokens, group, text, size, number)
        for level, name in ((self.bare_words, "words near"), (self.bare_concepts, "concepts near")):
            if level.tokens:
                yield from _near(*level.arrays(), _NUMBERS[name])


def _in_a_row(tokens: Ints, group: Ints, text: Ints, size: int, number: int) -> tuple[Ints, Ints]:
    count = max(len(tokens) - size + 1, 0)
    inside = group[:count] == group[size - 1 :][:count]
    start = np.flatnonzero(inside)
    return text[group[start]], _mixed(number, [tokens[start + place] for place in range(size)])


def _near(tokens: Ints, group: Ints, text: Ints, number: int) -> Iterator[tuple[int, Ints, Ints]]:
    """Two that stand near each other, in whatever order."""
    for apart in range(1, _NEAR + 1):
        start = np.flatnonzero(group[:-apart] == group[apart:]) if len(tokens) > apart else np.zeros(0, int)
        first, second = tokens[start], tokens[start + apart]
        yield (
            number,
            text[group[start]],
            _mixed(number, [np.minimum(first, second), np.maximum(first, second)]),
        )


def _mixed(number: int, tokens: Sequence[Ints]) -> Ints:
    """One number for a run of tokens, its channel included: a hash of 64 bits."""
    mixed = np.full(len(tokens[0]), number + 1, np.uint64)
    for part in tokens:
        mixed = (mixed ^ part.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed.astype(np.int64)
