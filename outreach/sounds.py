"""How Chinese is said: for words that a phone heard wrong, and for questions spelt in letters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from anyascii import anyascii

# Syllables of a text; letters of a syllable.
SHORTEST, LONGEST = 3, 6
# Letters without a space between: no sentence has more, and syllables are looked for as deep as there are.
LONGEST_RUN = 200
_BLADES = (("z", "zh"), ("c", "ch"), ("s", "sh"))


@lru_cache(maxsize=30_000)
def sound(sign: str) -> str:
    """How a sign is said, without tone, and without the differences that half the country does not make.

    >>> sound("补"), sound("是"), sound("零"), sound("女")
    ('bu', 'si', 'nin', 'nu')
    """
    return plain(anyascii(sign).lower())


def plain(said: str) -> str:
    """A syllable without the differences between z and zh, n and l, -n and -ng."""
    for flat, blade in _BLADES:
        if said.startswith(blade):
            said = flat + said[len(blade) :]
    said = said.removesuffix("g") if said.endswith(("ang", "eng", "ing", "ong")) else said
    return "n" + said[1:] if said.startswith("l") else said


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    said = {anyascii(chr(code)).lower() for code in range(0x4E00, 0x9FA6)}
    return frozenset(one for one in said if one.isalpha())


def is_spelt(words: Sequence[str]) -> bool:
    """Whether a whole text is Chinese spelt in letters; a word or two may be English that looks so.

    >>> is_spelt("yuer butie zen me ling".split()), is_spelt(["can", "he"])
    (True, False)
    """
    spelt = syllables(words)
    return spelt is not None and len(spelt) >= SHORTEST


def syllables(words: Sequence[str]) -> list[str] | None:
    """The syllables that the words are made of, numbers left out; None where one is made of others.

    >>> syllables(["tuiding", "8", "ge"]), syllables(["unsubscribe"])
    (['tui', 'ding', 'ge'], None)
    """
    found: list[str] = []
    for word in words:
        if word.isdecimal():
            continue
        parts = _parted(word) if len(word) <= LONGEST_RUN else None
        if parts is None:
            return None
        found += parts
    return found


@lru_cache(maxsize=10_000)
def _parted(word: str) -> tuple[str, ...] | None:
    """A word as syllables, the longest first that leave a rest that can be said."""
    if not word:
        return ()
    for size in range(min(LONGEST, len(word)), 0, -1):
        if word[:size] in _syllables() and (rest := _parted(word[size:])) is not None:
            return (word[:size], *rest)
    return None
