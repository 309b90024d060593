"""Words that mean the same, read from lists that anyone can edit: `a | b | c`, any may stand for another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import Stemmer

from outreach.folding import fold

FOLDER = Path(__file__).parent / "words"
_HAN = re.compile(r"[\u3400-\u9fff]")
RUNS = re.compile(r"[a-z0-9']+|[\u3400-\u9fff]+")
_NUMBER = re.compile(r"\d+(st|nd|rd|th|am|pm|k|s)?|one|two|three|four|five|six|seven|eight|nine|ten|hundred")


class Words:
    """What words and phrases stand for: signs of Chinese, stems of other words."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._han: dict[str, str] = {}
        self._latin: dict[str, str] = {}
        self._longest_han = self._longest_latin = 1
        for line in lines:
            words = [fold(word) for word in line.partition("#")[0].split("|")]
            for word in filter(None, words):
                self._add(word, f"={words[0]}")

    def _add(self, phrase: str, name: str) -> None:
        """The first list that has a phrase keeps it."""
        if _HAN.search(phrase):
            self._han.setdefault(phrase, name)
            self._longest_han = max(self._longest_han, len(phrase))
        elif key := stems(phrase):
            self._latin.setdefault(key, name)
            self._longest_latin = max(self._longest_latin, key.count(" ") + 1)

    def concepts(self, runs: Sequence[str]) -> list[str]:
        """The runs of a folded text as concepts, longest first; what no list knows stays as it is."""
        out: list[str] = []
        latin: list[str] = []
        for run in runs:
            if not _HAN.match(run):
                latin.append(run)
                continue
            out.extend(self._phrases(latin))
            latin = []
            out.extend(self._signs(run))
        out.extend(self._phrases(latin))
        return out

    def _signs(self, run: str) -> Iterator[str]:
        at = 0
        while at < len(run):
            for size in range(min(self._longest_han, len(run) - at), 0, -1):
                if found := self._han.get(run[at : at + size]):
                    yield found
                    at += size
                    break
            else:
                yield run[at]
                at += 1

    def _phrases(self, words: Sequence[str]) -> Iterator[str]:
        stemmed, at = [stem(word) for word in words], 0
        while at < len(words):
            for size in range(min(self._longest_latin, len(words) - at), 0, -1):
                if found := self._latin.get(" ".join(stemmed[at : at + size])):
                    yield found
                    at += size
                    break
            else:
                yield "<number>" if _NUMBER.fullmatch(words[at]) else stemmed[at]
                at += 1


_STEMMER = Stemmer.Stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    return str(_STEMMER.stemWord(word.replace("'s", "").strip("'")))


def stems(text: str) -> str:
    return " ".join(stem(run) for run in RUNS.findall(text))


@lru_cache(maxsize=4)
def everyday(more: tuple[str, ...] = ()) -> Words:
    """The words of everyday life that come with the program, and the lines of an office's own list first."""
    return Words([*more, *(line for file in sorted(FOLDER.glob("*.txt")) for line in _read(file))])


def _read(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()
