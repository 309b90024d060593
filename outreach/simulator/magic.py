"""Addresses whose last four digits script what happens to a message sent to them.

Anything else is delivered. A script marked `once` plays for the first attempt to its address;
every later attempt is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer. `code` is Twilio's own; Telegram has only the HTTP status."""

    status: int
    text: str
    code: int = 0
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    refusal: Refusal | None = None
    cut: Literal["before", "after"] | None = None
    once: bool = False
    slow: bool = False
    undelivered: int | None = None


PLAIN = Script()

_CONNECTION: dict[str, Script] = {
    "0101": Script(cut="before", once=True),
    "0102": Script(cut="after"),
    "0104": Script(slow=True),
}

TELEGRAM: Mapping[str, Script] = _CONNECTION | {
    "0403": Script(Refusal(403, "Forbidden: bot was blocked by the user")),
    "0400": Script(Refusal(400, "Bad Request: chat not found")),
    "0429": Script(Refusal(429, "Too Many Requests: retry after 1", retry_after=1), once=True),
    "0500": Script(Refusal(500, "Internal Server Error"), once=True),
    "0501": Script(Refusal(500, "Internal Server Error")),
}

SMS: Mapping[str, Script] = _CONNECTION | {
    "1211": Script(Refusal(400, "Invalid 'To' Phone Number: {to}", 21211)),
    "1610": Script(Refusal(400, "Attempt to send to unsubscribed recipient", 21610)),
    "1614": Script(Refusal(400, "'To' number is not a valid mobile number: {to}", 21614)),
    "0003": Script(undelivered=30003),
    "0005": Script(undelivered=30005),
    "0006": Script(undelivered=30006),
    "0007": Script(undelivered=30007),
    "0429": Script(Refusal(429, "Too Many Requests", 20429), once=True),
    "0500": Script(Refusal(500, "An internal server error has occurred", 20500), once=True),
    "0501": Script(Refusal(500, "An internal server error has occurred", 20500)),
}


class Cut(Exception):
    """The connection is to be closed without an answer."""


class Magic:
    """Remembers which `once` scripts have played."""

    def __init__(self) -> None:
        self._played: set[tuple[str, str]] = set()

    def telegram(self, chat_id: int | str, *, consume: bool = True) -> Script:
        return self._script(TELEGRAM, "telegram", str(chat_id), consume)

    def sms(self, number: str) -> Script:
        return self._script(SMS, "sms", number, True)

    def _script(self, table: Mapping[str, Script], channel: str, address: str, consume: bool) -> Script:
        script = table.get(address[-4:], PLAIN)
        if not script.once:
            return script
        if not consume or (channel, address) in self._played:
            return PLAIN
        self._played.add((channel, address))
        return script
