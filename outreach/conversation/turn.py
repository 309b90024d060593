"""One message being answered: what every step of the dialogue is handed, and what it gives back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.cases import answer_by, open_case
from outreach.conversation.schemes import Schemes
from outreach.folding import fold
from outreach.knowledge import Knowledge
from outreach.model import TELEGRAM, Button, Inbound
from outreach.residents import Resident, at_address
from outreach.sounds import is_spelt
from outreach.templates import Templates, day_words, time_words

_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_RUN = re.compile(r"[a-z0-9']+")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the dialogue has at hand. `language`: where a resident has named none; `bot`: our name."""

    templates: Templates
    knowledge: Knowledge
    zone: ZoneInfo
    language: str
    schemes: Schemes
    bot: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and what the message was. `template` "" says nothing."""

    outcome: str
    template: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    buttons: Sequence[Button] = ()
    topic: str | None = None


@dataclass(slots=True)
class Turn:
    """One inbound message, inside its transaction. `language` is the one the reply will be in."""

    desk: Desk
    connection: AsyncConnection
    inbound: Inbound
    resident: Resident
    language: str
    now: datetime
    id: int

    @property
    def text(self) -> str:
        return self.inbound.text

    async def people(self) -> list[Resident]:
        """Everyone who uses the address, the one known longest first."""
        return await at_address(self.connection, self.inbound.sender)

    @property
    def source(self) -> str:
        return f"inbound {self.id}"

    def answer_in_kind(self) -> None:
        """A question is answered in the language it was asked in."""
        self.language = language_of(self.text, self.language)

    def says(self, template: str) -> str:
        """Words without anything around them: a button's."""
        return self.desk.templates.say(template, self.language, TELEGRAM)

    async def promise(
        self, kind: str, details: Mapping[str, str] | None = None, *, about: int | None = None
    ) -> dict[str, Any]:
        """Opens a case, and says when its answer will come. `about`: the message that is really meant."""
        due = answer_by(self.now, self.desk.zone)
        await self.opens(kind, due, details, about=about)
        return promised(self, due)

    async def opens(
        self, kind: str, due: datetime, details: Mapping[str, str] | None = None, *, about: int | None = None
    ) -> None:
        whose, said = self.resident.id, about or self.id
        await open_case(self.connection, kind, whose, said, due_at=due, now=self.now, details=details)


def promised(turn: Turn, due: datetime) -> dict[str, Any]:
    local = due.astimezone(turn.desk.zone)
    return {"answer_by": f"{day_words(local, turn.language)} {time_words(local)}"}


def language_of(text: str, usual: str) -> str:
    if _HAN.search(text) or is_spelt(_LATIN_RUN.findall(fold(text))):
        return "zh-Hans"
    return "en" if _LATIN_WORD.search(text) else usual


def language_of_stranger(hint: str | None, text: str, usual: str) -> str:
    """How they write, else what their app is set to, else the county's. "TD" alone says nothing."""
    if _HAN.search(text):
        return "zh-Hans"
    if hint:
        return "zh-Hans" if hint.startswith("zh") else "en"
    # A command, and a code behind it, is in no language.
    return "en" if not text.startswith("/") and len(_LATIN_WORD.findall(text)) > 1 else usual
