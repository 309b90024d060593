"""The words every room shares. No I/O, no knowledge of a database or a provider.

A send ends in one of five ways, drawn here because the outbox and the channels must agree on them:

    Sent                      the provider took it, and gave it a name
    SendError
    ├── TryLater(after)       not taken; the same message may go again, `after` seconds from now
    ├── Refused(reason)       not taken; this message never will be
    └── Unreachable(reason)   not taken; nothing will ever be taken at this address
    InDoubt(reason)           nobody knows: the connection broke after the request was written
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Literal, NamedTuple, Protocol

ChannelName = Literal["telegram", "sms"]
TELEGRAM: ChannelName = "telegram"
SMS: ChannelName = "sms"


class BadInput(Exception):
    """Something a person can mend. Says what, where and how; the doors print it and exit 1."""

    def __init__(self, problem: str, *, where: str = "", fix: str = "") -> None:
        self.problem, self.where, self.fix = problem, where, fix
        super().__init__(": ".join(part for part in (where, problem) if part) + (f" → {fix}" if fix else ""))

    def as_problem(self) -> Problem:
        """The same as a line of `outreach check`."""
        file, _, line = self.where.rpartition(":")
        if not line.isdigit():
            file, line = self.where, "1"
        return Problem(file, int(line), "", self.problem, self.fix)


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of `outreach check`: where it is, what is wrong, how to mend it."""

    file: str
    line: int
    field: str
    problem: str
    fix: str

    def raised(self) -> BadInput:
        return BadInput(self.problem, where=f"{self.file}:{self.line}", fix=self.fix)


class Priority(IntEnum):
    """Smaller goes first."""

    REPLY = 0
    REMINDER = 1
    CAMPAIGN = 2


class State(StrEnum):
    """A message's life; see ARCHITECTURE.md."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    IN_DOUBT = "in_doubt"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message can be sent: a Telegram chat id (digits) or a phone number (E.164)."""

    channel: ChannelName
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """A caption and what a tap on it says. `kind="contact"` asks to share the resident's own number."""

    text: str
    data: str = ""
    kind: Literal["say", "contact"] = "say"


class Outbound(NamedTuple):
    """One message on its way out. `id` is the outbox row's, and goes into the status callback's URL.

    `sender` is the number of ours it must come from, where that matters.
    """

    id: int
    address: Address
    text: str
    buttons: Sequence[Button] = ()
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a resident did.

    `provider_id` names it at the provider, and makes a second delivery of it harmless.
    `reply_to` is the provider's name of the message it answers, where the provider says so.
    `phone` is a number the person shared as their own (E.164). `tap_id` names a tap to be acknowledged,
    `recipient` the number of ours that was written to.
    """

    provider_id: str
    sender: Address
    text: str
    kind: Literal["text", "tap", "contact", "foreign_contact", "unreadable", "blocked"] = "text"
    reply_to: str | None = None
    phone: str | None = None
    language: str | None = None
    recipient: str | None = None
    answered_by_provider: bool = False
    tap_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider says became of a message: ours by `outbox_id` where the callback carried it."""

    channel: ChannelName
    state: State
    outbox_id: int | None = None
    provider_id: str | None = None
    error_code: str | None = None
    reason: str = ""
    closes_address: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    provider_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A message as the provider has it, looked up there. `made`: when, by the provider's clock.

    The reason is for one that failed.
    """

    provider_id: str
    state: State
    made: datetime | None = None
    error_code: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a channel needs it to tell a true one from a forged one.

    `url` is the public one, the one the provider signed. Header names are lower case.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Forged(Exception):
    """The request does not prove that the provider sent it."""


class SendError(Exception):
    """Not taken by the provider. `reason` is for people, `code` is the provider's own."""

    def __init__(self, reason: str, code: str | None = None) -> None:
        self.reason, self.code = reason, code
        super().__init__(reason)


class TryLater(SendError):
    """`after`: seconds; `lane`: whether the whole sender must pause, not this message alone.

    `unreached`: the provider never heard of it, so this was no try of the message's own.
    """

    def __init__(
        self,
        reason: str,
        code: str | None = None,
        *,
        after: float | None = None,
        lane: bool = False,
        unreached: bool = False,
    ) -> None:
        super().__init__(reason, code)
        self.after, self.lane, self.unreached = after, lane, unreached


class Refused(SendError):
    pass


class Unreachable(SendError):
    """`stopped`: the person told the provider to stop us, which is a withdrawal of consent."""

    def __init__(self, reason: str, code: str | None = None, *, stopped: bool = False) -> None:
        super().__init__(reason, code)
        self.stopped = stopped


class InDoubt(Exception):
    """The request was written and no answer came. Never send it again blindly."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Channel(Protocol):
    """The port: translate what came in, carry what goes out. Decides nothing, retries nothing."""

    name: ChannelName

    def read(self, request: Request) -> list[Inbound | Receipt]:
        """Raises Forged, or BadInput where an authentic request makes no sense."""

    async def send(self, message: Outbound) -> Sent:
        """Raises SendError or InDoubt."""


JSON = dict[str, Any]


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
