"""Words that cannot wait for a search: they bypass everything else and reach staff at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from outreach.folding import fold
from outreach.knowledge.danger import chinese, english
from outreach.knowledge.danger.beside import HARMLESS, HERE, POLICY, TALK
from outreach.knowledge.danger.misheard import mended

# Nobody calls for help in more; what counts stands at the beginning or at the end.
LONGEST = 8000
_HAN = "\u3400-\u9fff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[\s,.，。、~～…·*_-]+(?=[{_HAN}])")


class Kind(StrEnum):
    """Which danger; of several in one message the first one here is answered."""

    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    BIRTH = "birth"
    CHILD = "child"
    EMERGENCY = "emergency"


_TOPICS = {
    Kind.SELF_HARM: "mental-health-support",
    Kind.VIOLENCE: "domestic-violence-help",
    Kind.BIRTH: "prenatal-danger-signs",
}
# Somebody's doing, or a wish: these are meant even where money or papers are asked about.
_ALWAYS_MEANT = (Kind.SELF_HARM, Kind.VIOLENCE)


@dataclass(frozen=True, slots=True)
class Danger:
    kind: Kind

    @property
    def topic(self) -> str | None:
        """The article that belongs to it, where there is one."""
        return _TOPICS.get(self.kind)

    @property
    def template(self) -> str:
        """The fixed words that answer it."""
        return f"replies/danger_{self.kind}"


class _Signs:
    """Patterns, one a line; `a & b` is a sign where both stand anywhere in the message.

    A line that begins with | goes on with the one before.
    """

    def __init__(self, lines: str) -> None:
        rows = lines.replace("\n|", "|").split("\n")[1:-1]
        self._alone = re.compile("|".join(row for row in rows if " & " not in row) or "(?!)")
        self._together = [[re.compile(part) for part in row.split(" & ")] for row in rows if " & " in row]

    def found(self, text: str) -> bool:
        return bool(self._alone.search(text)) or any(
            all(part.search(text) for part in parts) for parts in self._together
        )


_CHINESE = {kind: _Signs(chinese.SIGNS[kind.value]) for kind in Kind}
_ENGLISH = {kind: _Signs(english.SIGNS[kind.value]) for kind in Kind}


def danger(text: str) -> Danger | None:
    """Which danger a life may be in, if any. Rather once too often than once too seldom.

    >>> danger("我媳妇大出血了").topic
    'prenatal-danger-signs'
    >>> danger("流产假休几天") is None
    True
    """
    said = HARMLESS.sub(" ", _shaped(text))
    meant = _meant(said)
    return next((Danger(kind) for kind in meant if _is(kind, said)), None)


def is_danger(text: str) -> bool:
    return danger(text) is not None


def _is(kind: Kind, said: str) -> bool:
    return _CHINESE[kind].found(said) or _ENGLISH[kind].found(said)


def _shaped(text: str) -> str:
    """One script and width, nothing between the signs of a Chinese word, and what was misheard mended."""
    short = text if len(text) <= 2 * LONGEST else f"{text[:LONGEST]} {text[-LONGEST:]}"
    return mended(_BETWEEN_HAN.sub(_joint, fold(short).replace("著", "着")))


def _joint(between: re.Match[str]) -> str:
    # A comma parts two clauses; a space or a dot may stand inside a word.
    return "，" if any(sign in between.group() for sign in ",，。") else ""


def _meant(said: str) -> Sequence[Kind]:
    """The kinds that the message may be about: a lecture is no danger, nor is what a bill is asked for."""
    if HERE.search(said):
        return list(Kind)
    if TALK.search(said):
        return ()
    return _ALWAYS_MEANT if POLICY.search(said) else list(Kind)
