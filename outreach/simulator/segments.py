"""How many SMS segments a text takes: GSM 03.38 alphabet 160/153, UCS-2 70/67."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_GSM = _BASIC | _EXTENDED


def segment_count(text: str) -> int:
    if _GSM.issuperset(text):
        septets = len(text) + sum(character in _EXTENDED for character in text)
        return _count(septets, 160, 153)
    return _count(len(text.encode("utf-16-le")) // 2, 70, 67)


def _count(units: int, single: int, joined: int) -> int:
    return 1 if units <= single else -(-units // joined)
