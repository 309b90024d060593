"""Several people on one address: which of them is writing, asked when it matters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from outreach.conversation.turn import Reply, Turn
from outreach.folding import fold
from outreach.model import Button
from outreach.outbox import WHO
from outreach.residents import Resident

# What a choice says: this word, what was wished, more about it, the resident's number.
MARK, PARTS = "who", 4
_NUMERALS = {numeral: n for n, numeral in enumerate("一二三四五六七八九十", start=1)} | {
    word: n // 2 + 1
    for n, word in enumerate("first one second two third three fourth four fifth five".split())
}
_NUMBER = re.compile(
    r"(?:我?(?:要|选|想问|问|是)?(?:的是)?(?:第|选)?|the |number |no\.? ?|option )?"
    rf"(?:(?P<digit>[1-9][0-9]?)|(?P<word>{'|'.join(_NUMERALS)}))"
    r"(?:个|号|项|条|种)?(?:吧|的|呀|啊|就是|谢谢)?(?: one| option|st|nd|rd|th)?"
)


async def several(turn: Turn) -> list[Resident]:
    """The people of our list on this address, where they are more than one."""
    named = [person for person in await turn.people() if person.name]
    return named if len(named) > 1 else []


def who(act: str, people: Sequence[Resident], more: str = "") -> Reply:
    """Asks which of `people` is writing; what they wished is read from the choices when they say so."""
    names = masked([person.name for person in people])
    buttons = [
        Button(name, "|".join((MARK, act, more, str(person.id))))
        for name, person in zip(names, people, strict=True)
    ]
    return Reply("who", WHO, {"options": names}, buttons)


def masked(names: Sequence[str]) -> list[str]:
    """The surnames, and of two alike the last sign too.

    >>> masked(["张梅", "李强", "张小兰"])
    ['张*梅', '李*', '张*兰']
    """
    first = [_surname(name) for name in names]
    many = Counter(first)
    return [
        f"{one}*{name[-1]}" if many[one] > 1 else f"{one}*" for one, name in zip(first, names, strict=True)
    ]


def _surname(name: str) -> str:
    return name.split()[-1][:1] if name.isascii() else name[:1]


def choice(turn: Turn, asked: Any) -> str | None:
    """What the chosen one of the message's choices stands for: by a tap, or by its number."""
    said = [str(button["data"]) for button in asked.buttons]
    if turn.text in said:
        return turn.text
    number = numbered(turn.text)
    return said[number - 1] if number and number <= len(said) else None


def numbered(text: str) -> int | None:
    """The number that was chosen, however it is written; None where the message is no number.

    >>> [numbered(text) for text in ("２", "②", "第二个", "选二", "the second one")]
    [2, 2, 2, 2, 2]
    """
    found = _NUMBER.fullmatch(fold(text).removesuffix(" please"))
    if found is None:
        return None
    said = found["digit"] or found["word"]
    return int(said) if said.isdecimal() else _NUMERALS[said]
