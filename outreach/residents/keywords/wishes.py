"""What a whole message wishes of us: to stop, all or one kind; to start again; to be told how this works."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from outreach.residents.keywords import chinese, english
from outreach.residents.keywords.events import is_event
from outreach.residents.keywords.shape import any_of, asks, clauses, joined
from outreach.residents.keywords.topics import topics_of

# A reason needs no understanding beside a firm wish; but it must not take the wish back, or change it.
MOST_REASONS, LONGEST_REASON = 2, 80
BUT = re.compile(f"{chinese.BUT}|{english.BUT}")


class Keyword(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Wish:
    """`topics`: the purposes it is about, as many as the words may mean; none: all of them."""

    keyword: Keyword
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """One clause. `keyword` None: courtesy. `firm`: it can be about nothing but our messages."""

    keyword: Keyword | None
    topics: tuple[str, ...] = ()
    firm: bool = False


def _one_word(*words: str) -> re.Pattern[str]:
    return re.compile(f"(?:{any_of('|'.join(words).replace(' ', ''))})+")


_LETTERS = re.compile("[tnr]")
# "取消退订" is no stop, so starting is looked for first.
_WORD = {
    Keyword.START: _one_word(chinese.START_WORDS, english.START_WORDS),
    Keyword.STOP: _one_word(chinese.STOP_SURE, chinese.STOP_BARE, english.STOP_SURE, english.STOP_BARE),
    Keyword.HELP: _one_word(chinese.HELP_WORDS, english.HELP_WORDS),
}
_TOPICS: tuple[tuple[Keyword, tuple[re.Pattern[str], ...]], ...] = (
    (Keyword.START, (chinese.START_TOPIC, english.START_TOPIC)),
    (Keyword.STOP, (chinese.STOP_TOPIC, english.STOP_TOPIC)),
)
_WHOLE: tuple[tuple[Keyword, tuple[re.Pattern[str], ...]], ...] = (
    (Keyword.START, (chinese.START_ALL, english.START_ALL)),
    (Keyword.STOP, (chinese.STOP_ONE, chinese.SINGLE, english.STOP_ONE, chinese.STOP_ALL, english.STOP_ALL)),
    (Keyword.HELP, (chinese.HELP, english.HELP)),
)
# "可以帮我退订吗" asks us to do it; "可以退订吗" asks whether it can be done.
_ASKED_TO = re.compile(
    r"(.*(?:能不能|可不可以|可以|可否|能否|能|麻烦)(?:请|你们?|您|把|帮|给|替|为|不要|别"
    r"|不|停止|停).*?)(?:[吗嘛么]|吧)"
)


def wish(text: str) -> Wish | None:
    """What the message wishes, if that is all it does.

    >>> wish("请退订，谢谢！")
    Wish(keyword=<Keyword.STOP: 'stop'>, topics=())
    >>> wish("不要再发调查问卷")
    Wish(keyword=<Keyword.STOP: 'stop'>, topics=('surveys',))
    >>> wish("怎么取消医保") is None
    True
    """
    said = clauses(text)
    if not said:
        return Wish(Keyword.HELP) if text.strip() in ("?", "？") else None
    for word, pattern in _WORD.items():
        if pattern.fullmatch(joined(text)):
            return Wish(word)
    if len(said) == 1 and _LETTERS.fullmatch(said[0]):
        return None if asks(text) else Wish(Keyword.STOP)
    parts = [_part(clause) for clause in said]
    rest = [clause for clause, part in zip(said, parts, strict=True) if part is None]
    known = [part for part in parts if part is not None]
    if rest and not _only_reasons(rest, known, text):
        return None
    return _together([part for part in known if part.keyword])


def keyword(text: str) -> Keyword | None:
    """As `wish`, where it does not matter which messages are meant."""
    found = wish(text)
    return found.keyword if found else None


def _part(clause: str) -> _Part | None:
    asked = _ASKED_TO.fullmatch(clause)
    if asked:
        clause = asked.group(1)
    for word, patterns in _TOPICS:
        for pattern in patterns:
            if pattern.fullmatch(clause):
                return _Part(word, topics_of(clause) or ("reminders",), firm=True)
    for word, patterns in _WHOLE:
        if any(pattern.fullmatch(clause) for pattern in patterns):
            return _Part(word, firm=word == Keyword.STOP and _is_firm(clause))
    if chinese.COURTESY.fullmatch(clause) or english.COURTESY.fullmatch(clause) or is_event(clause):
        return _Part(None)
    return _Part(Keyword.STOP, firm=True) if _is_firm(clause) else None


def is_aside(clause: str) -> bool:
    """Whether the clause only stops our messages, or is courtesy, beside what else is said."""
    part = _part(clause)
    return part is not None and part.keyword in (None, Keyword.STOP) and not part.topics


def _is_firm(clause: str) -> bool:
    return bool(chinese.STOP_FIRM.fullmatch(clause) or english.STOP_FIRM.fullmatch(clause))


def _only_reasons(rest: Sequence[str], known: Sequence[_Part], text: str) -> bool:
    """Whether what we do not understand can only say why, beside a wish that cannot be mistaken."""
    if len(rest) > MOST_REASONS or asks(text) or not any(p.firm and p.keyword == Keyword.STOP for p in known):
        return False
    return not any(len(clause) > LONGEST_REASON or BUT.search(clause) for clause in rest)


def _together(parts: Sequence[_Part]) -> Wish | None:
    words = {part.keyword for part in parts}
    if not words or {Keyword.STOP, Keyword.START} <= words:
        return None
    word = next(word for word in Keyword if word in words)
    about = [part.topics for part in parts if part.keyword == word]
    if not all(about):
        return Wish(word)
    return Wish(word, tuple(dict.fromkeys(topic for topics in about for topic in topics)))
