"""A text as countable features: signs, words, sounds and concepts, and short runs of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from outreach.folding import fold
from outreach.knowledge.matching.words import RUNS, Words, stem

# Channel: how much a match in it weighs. Measured on four public sets at once, one setting for all.
_CHANNELS = {
    "sign": 0.5, "signs 2": 0.8, "signs 3": 0.6, "sound 2": 0.3, "sound 3": 0.3,
    "word": 0.8, "words 2": 0.5, "words near": 0.4, "letters 3": 0.2, "letters 4": 0.4,
    "concept": 1.0, "concepts 2": 0.8, "concepts near": 0.5,
}  # fmt: skip
_NUMBERS = {name: number for number, name in enumerate(_CHANNELS)}
WEIGHTS = np.array(list(_CHANNELS.values()))


def channels(*names: str) -> NDArray[np.float64]:
    """1 for each of the named channels, 0 for the others."""
    return np.array([1.0 if name in names else 0.0 for name in _CHANNELS])


_NEAR = 3
# Words that stand beside any other say nothing together.
_SLIGHT = frozenset(
    "a an the of to in on at for is are am be i my me you your do does did can could will would please it its"
    " this that and or with have has had there so if by from as was were i'm it's".split()
)


@dataclass(frozen=True, slots=True)
class Features:
    """`ids`: one number a feature; `counts`: how often; `channel`: its place in `WEIGHTS`; of one length."""

    ids: NDArray[np.int64]
    counts: NDArray[np.float64]
    channel: NDArray[np.int64]
    # Signs and words in the text.
    length: int


def features(text: str, words: Words) -> Features:
    folded = fold(text)
    runs = RUNS.findall(folded)
    ids: list[int] = []
    channel: list[int] = []
    length = 0
    for name, grams in _grams(runs, words):
        number = _NUMBERS[name]
        found = [hash((number, gram)) for gram in grams]
        ids += found
        channel += [number] * len(found)
        if name in ("sign", "word"):
            length += len(found)
    unique, first, counts = np.unique(np.array(ids, np.int64), return_index=True, return_counts=True)
    return Features(unique, counts.astype(float), np.array(channel, np.int64)[first], length)


def _grams(runs: Sequence[str], words: Words) -> Iterator[tuple[str, Iterable[object]]]:
    latin: list[str] = []
    for run in runs:
        if run[0] >= "\u3400":
            yield from _of_signs(run)
        else:
            latin.append(run)
    yield from _of_words(latin)
    concepts = words.concepts(runs)
    yield "concept", concepts
    yield "concepts 2", pairwise(concepts)
    yield "concepts near", _pairs(concepts)


def _of_signs(run: str) -> Iterator[tuple[str, Iterable[object]]]:
    yield "sign", run
    yield "signs 2", _of_size(run, 2)
    yield "signs 3", _of_size(run, 3)
    sounds = [sound(sign) for sign in run]
    yield "sound 2", pairwise(sounds)
    yield "sound 3", zip(sounds, sounds[1:], sounds[2:], strict=False)


def _of_words(latin: Sequence[str]) -> Iterator[tuple[str, Iterable[object]]]:
    stemmed = [stem(word) for word in latin]
    yield "word", stemmed
    yield "words 2", pairwise(stemmed)
    yield "words near", _pairs([stem(word) for word in latin if word not in _SLIGHT])
    for word in latin:
        edged = f"#{word}#"
        yield "letters 3", _of_size(edged, 3)
        yield "letters 4", _of_size(edged, 4)


def _of_size(run: str, size: int) -> Iterator[str]:
    return (run[start : start + size] for start in range(len(run) - size + 1))


def _pairs(items: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Two that stand near each other, in whatever order."""
    kept = [item for item in items if item not in _SLIGHT]
    for at, first in enumerate(kept):
        for second in kept[at + 1 : at + 1 + _NEAR]:
            yield (first, second) if first < second else (second, first)


@lru_cache(maxsize=30_000)
def sound(sign: str) -> str:
    """How a sign is said, without tone, and without the differences that half the country does not make.

    >>> sound("补"), sound("不"), sound("女")
    ('bu', 'bu', 'nu')
    """
    said = anyascii(sign).lower()
    for plain, blade in (("z", "zh"), ("c", "ch"), ("s", "sh")):
        if said.startswith(blade):
            said = plain + said[len(blade) :]
    said = said.removesuffix("g") if said.endswith(("ang", "eng", "ing", "ong")) else said
    return "n" + said[1:] if said.startswith("l") else said
