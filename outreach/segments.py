"""How many SMS one text costs: GSM 03.38 packs 160 signs into one (153 each of several), UCS-2 70 (67)."""

from __future__ import annotations

from math import ceil

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes two places.
_EXTENDED = frozenset("\f^{}\\[~]|€")


def segments(text: str) -> int:
    """SMS segments of a text; at least 1.

    >>> segments("x" * 160), segments("x" * 161), segments("您" * 70), segments("您" * 71)
    (1, 2, 1, 2)
    """
    if set(text) <= _GSM7 | _EXTENDED:
        length = len(text) + sum(sign in _EXTENDED for sign in text)
        return 1 if length <= 160 else ceil(length / 153)
    length = len(text.encode("utf-16-be")) // 2
    return 1 if length <= 70 else ceil(length / 67)
