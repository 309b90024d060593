"""One article's file as it was written: its three parts, and what keeps it from being read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outreach.model import Problem
from outreach.templates import LANGUAGES

# A whole article is some 8 KB; what is larger is something else.
LARGEST = 64 * 1024
_MARK = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_SHAPE = "+++ front matter +++ short answer --- full answer"
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffd]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the file, and the line of the file that it begins in."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sheet:
    file: Path
    source: str
    front: Part
    short: Part
    full: Part

    def line_of(self, key: str, words: str = "") -> int:
        """Where a key of the front matter stands, and below it these words; 1 where it is not written."""
        lines = self.front.text.split("\n")
        found = next((n for n, line in enumerate(lines) if re.match(rf"\s*{re.escape(key)}\s*=", line)), None)
        if found is None:
            return 1
        below = next((n for n in range(found, len(lines)) if words and words in lines[n]), found)
        return self.front.line + below


class _Refused(Exception):
    """The file is no article; raised with the line, what is wrong and how to mend it."""


def read(file: Path, problems: list[Problem], untidy: list[Problem]) -> Sheet | None:
    """The file's parts. `problems` keep it from being used, `untidy` is only told."""
    try:
        return _parts(file, _text(file, untidy))
    except _Refused as refused:
        line, told, fix = refused.args
        problems.append(Problem(str(file), line, "file", told, fix))
        return None


def named(file: Path, problems: list[Problem]) -> tuple[str, str]:
    """Topic and language, as the file's name says."""
    topic, _, language = file.name.removesuffix(".md").partition(".")
    if language not in LANGUAGES:
        told = f"{language!r} is no language of ours" if language else "the name says no language"
        fix = f"call it {topic or 'TOPIC'}.zh-Hans.md or {topic or 'TOPIC'}.en.md"
        problems.append(Problem(str(file), 1, "file", told, fix))
    return topic, language


def _text(file: Path, untidy: list[Problem]) -> str:
    text = _decoded(_bytes(file))
    if not text.strip("\ufeff \t\r\n"):
        raise _Refused(1, "the file is empty", f"write it as: {_SHAPE}")
    for line, told, fix in _untidy(text):
        untidy.append(Problem(str(file), line, "file", told, fix))
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _untidy(text: str) -> Iterator[tuple[int, str, str]]:
    if text.startswith("\ufeff"):
        yield 1, "it begins with a byte order mark", "save it without one"
    if "\r" in text:
        yield 1, "its lines end as Windows ends them", "save it with LF line ends"
    if unseen := _UNSEEN.search(text, pos=1):
        told = f"a sign that cannot be seen (U+{ord(unseen[0]):04X})"
        yield _line(text, unseen.start()), told, "remove it"


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            fix = "an article is one short and one full answer"
            raise _Refused(1, f"it is larger than {LARGEST // 1024} KB", fix)
        return file.read_bytes()
    except OSError as error:
        raise _Refused(1, f"it cannot be read: {error.strerror}", "put a readable file here") from None


def _decoded(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _Refused(1, f"it is not UTF-8{_guess(raw)}", "save it as UTF-8") from None
    if "\0" in text:
        raise _Refused(1, "it holds NUL, as no text does", "save it as plain UTF-8 text")
    return text


def _guess(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return " but UTF-16"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return " but most likely GB18030"


def _parts(file: Path, source: str) -> Sheet:
    def refused(at: int, problem: str) -> _Refused:
        told = f"this is not laid out as an article: {problem}"
        return _Refused(_line(source, at), told, f"write it as: {_SHAPE}")

    first = _MARK.match(source)
    if first is None:
        raise refused(0, "it does not begin with +++")
    second = _MARK.search(source, first.end())
    if second is None:
        raise refused(0, "no second +++ closes the front matter")
    rule = _RULE.search(source, second.end())
    if rule is None:
        raise refused(second.start(), "no --- stands between the short and the full answer")
    short, full = source[second.end() + 1 : rule.start()], source[rule.end() + 1 :]
    for name, part, at in (("short", short, second.start()), ("full", full, rule.start())):
        if not part.strip():
            raise refused(at, f"the {name} answer is empty")
    again = _RULE.search(source, rule.end()) or _MARK.search(source, second.end())
    if again:
        raise refused(again.start(), f"a second {again[0].strip()} stands in the answer")
    return Sheet(
        file,
        source,
        Part(source[first.end() + 1 : second.start()].rstrip("\n"), 2),
        Part(short, _line(source, second.end() + 1)),
        Part(full, _line(source, rule.end() + 1)),
    )


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1
