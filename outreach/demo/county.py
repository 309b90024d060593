"""A made-up county: the same seed gives the same people. No number or name belongs to anyone."""

from __future__ import annotations

import random
from dataclasses import dataclass

SEED = 20261124
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "桂英 秀兰 建国 丽华 玉梅 志强 小红 春燕 海涛 雪梅 国庆 晓明 凤英 文静 大军 彩霞 永福 金花".split()
ENGLISH = (
    "Maria Santos|John Okafor|Anna Petrova|Ahmed Hassan|Linh Tran|Grace Kim|Sara Lopez|David Mwangi".split(
        "|"
    )
)
TOWNSHIPS = "青山镇 柳河乡 东关街道 石桥镇 白云乡 南湖街道".split()
# What the stand-ins do with these endings; see outreach/simulator/magic.py.
BLOCKED, NO_SUCH_NUMBER, SWITCHED_OFF = "0403", "0005", "0003"
SCRIPTED = {"0403", "0400", "0429", "0500", "0501", "0101", "0102", "0104", "1211", "1610", "1614"} | {
    "0003",
    "0005",
    "0006",
    "0007",
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One line of the office's list. `agrees`: True, False (said no), or None (was never asked)."""

    name: str
    phone: str | None
    chat_id: int | None
    township: str
    language: str
    groups: tuple[str, ...]
    birth_year: int
    agrees: bool | None

    def cells(self) -> dict[str, str]:
        """The line as it stands in a list that staff import."""
        consent = {True: "是", False: "否", None: ""}[self.agrees]
        return {
            "name": self.name,
            "phone": self.phone or "",
            "telegram_id": str(self.chat_id or ""),
            "township": self.township,
            "language": self.language,
            "groups": "、".join(self.groups),
            "birth_year": str(self.birth_year),
            "consent_care": consent,
            "consent_reminders": consent,
            "consent_surveys": consent,
        }


def people(n: int) -> list[Neighbour]:
    """`n` residents: both channels and languages, some opted out, some blocked, some with dead numbers."""
    dice = random.Random(SEED)
    return [_person(dice, index) for index in range(n)]


def _person(dice: random.Random, index: int) -> Neighbour:
    english = dice.random() < 0.15
    name = dice.choice(ENGLISH) if english else dice.choice(SURNAMES) + dice.choice(GIVEN)
    reach, fate = dice.random(), dice.random()
    phone = _number(index, SWITCHED_OFF if fate < 0.02 else NO_SUCH_NUMBER if fate < 0.04 else None)
    chat_id = _chat(index, BLOCKED if 0.04 <= fate < 0.08 else None)
    year = dice.randint(1950, 2004)
    groups = []
    if 1962 <= year <= 1991 and dice.random() < 0.5:
        groups.append("women_35_64")
    if dice.random() < 0.12:
        groups.append("migrant")
    if year > 1985 and dice.random() < 0.3:
        groups.append("expecting")
    willing = dice.random()
    return Neighbour(
        name,
        None if reach < 0.45 else phone,
        chat_id if reach < 0.6 else None,
        dice.choice(TOWNSHIPS),
        "en" if english else "zh-Hans",
        tuple(groups),
        year,
        False if willing < 0.06 else None if willing < 0.1 else True,
    )


def _number(index: int, ending: str | None) -> str:
    """An invented mobile number; with `ending`, one that scripts what happens to messages."""
    thousands, digits = divmod(index, 10_000)
    if ending:
        return f"+8619{8 - thousands}{digits:04d}{ending}"
    return f"+86199{_middle(digits) + thousands:04d}{_plain(digits):04d}"


def _chat(index: int, ending: str | None) -> int:
    thousands, digits = divmod(index, 10_000)
    if ending:
        return int(f"6{index:06d}{ending}")
    return int(f"5{_middle(digits) + thousands:04d}{_plain(digits):04d}")


def _middle(digits: int) -> int:
    return 2500 if _scripted(digits) else 2000


def _plain(digits: int) -> int:
    """Four digits that script nothing; `_middle` keeps those that had to be changed apart."""
    return 9999 - digits if _scripted(digits) else digits


def _scripted(digits: int) -> bool:
    return f"{digits:04d}" in SCRIPTED
