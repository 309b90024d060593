"""Words that mean the same, and kinds of things: read from lists that anyone can edit.

`a | b | c`: any of them may stand for another. `kind: a | b | c`: each is one of that kind. `#`: a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import Stemmer

from outreach.folding import fold

FOLDER = Path(__file__).parent / "words"
_LINE = re.compile(r"(?:(?P<kind>[\w ]+):)?(?P<words>.+)")
_HAN = re.compile(r"[\u3400-\u9fff]")
RUNS = re.compile(r"[a-z0-9']+|[\u3400-\u9fff]+")
_NUMBER = re.compile(r"\d+(st|nd|rd|th|am|pm|k|s)?|one|two|three|four|five|six|seven|eight|nine|ten|hundred")


class Words:
    """A vocabulary of concepts: each word or phrase of a list is replaced by what it stands for."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._han: dict[str, str] = {}
        self._latin: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        for line in lines:
            self._take(line.partition("#")[0].strip())
        self._longest_han = max(map(len, self._han), default=1)
        self._longest_latin = max((key.count(" ") + 1 for key in self._latin), default=1)

    def _take(self, line: str) -> None:
        found = _LINE.fullmatch(line)
        if not found:
            return
        words = [fold(word) for word in found["words"].split("|")]
        name = f"<{found['kind'].strip()}>" if found["kind"] else f"={words[0]}"
        for word in words:
            table, key = (self._han, word) if _HAN.search(word) else (self._latin, stems(word))
            if not key:
                continue
            if found["kind"]:
                self._kinds.setdefault(table.setdefault(key, f"={word}"), name)
            else:
                table.setdefault(key, name)

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

    def kind(self, concept: str) -> str:
        """The kind of thing a concept is; the concept itself where no list says."""
        return self._kinds.get(concept, concept)

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
