"""Into the outbox, and out of it again before anything was sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import SMS, TELEGRAM, Address, Button, Priority, State
from outreach.outbox.lanes import Choice, choosing
from outreach.segments import segments
from outreach.store import insert_new, notify
from outreach.store.tables import outbox

_SHAPES = {TELEGRAM: re.compile(r"-?\d{1,19}"), SMS: re.compile(r"\+[1-9]\d{6,14}")}
# What the providers take, counted as they do: UTF-16 units and signs.
_LONGEST = {TELEGRAM: 4096, SMS: 1600}


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be. `key` names the step and the person: the same key is the same message.

    `suppressed` is the reason, in words, why this person gets nothing; `failed`, what is wrong with the
    message itself. Either row only keeps the account. A `launch_id` goes with Priority.CAMPAIGN alone.
    """

    key: str
    resident_id: int
    address: Address
    priority: Priority
    purpose: str
    template: str
    language: str
    text: str
    due_at: datetime
    expires_at: datetime | None = None
    buttons: Sequence[Button] = ()
    launch_id: int | None = None
    checkup_id: int | None = None
    survey: str | None = None
    question: str | None = None
    sender: str | None = None
    suppressed: str | None = None
    failed: str | None = None

    def fault(self) -> str | None:
        """Why no provider could take this, in words; None where it can be tried."""
        if self.failed:
            return self.failed
        channel, value = self.address.channel, self.address.value
        if channel not in _SHAPES:
            return f"there is no channel {channel!r}"
        if not _SHAPES[channel].fullmatch(value):
            return "this is no address of a chat" if channel == TELEGRAM else "this is no telephone number"
        if _clean(self.text) != self.text:
            return "the text has a sign in it that no provider takes"
        if not self.text.strip():
            return "the text is empty"
        length = len(self.text.encode("utf-16-le")) // 2
        if length > _LONGEST[channel]:
            return f"the text has {length} signs, and {channel} takes {_LONGEST[channel]}"
        return None


async def enqueue(connection: AsyncConnection, drafts: Sequence[Draft], now: datetime) -> int:
    """Queues what is not queued yet, and returns how many that were. Call `store.wake()` after the commit.

    What no provider could take is kept as failed, with its reason; the rest go on.
    """
    if not drafts:
        return 0
    choose = await choosing(connection)
    new = await insert_new(connection, outbox, [_row(draft, choose, now) for draft in drafts])
    if any(draft.priority == Priority.REPLY for draft in drafts):
        await notify(connection)
    return new


def _row(draft: Draft, choose: Choice, now: datetime) -> dict[str, Any]:
    fault = None if draft.suppressed else draft.fault()
    reason, text = draft.suppressed or fault, _clean(draft.text)
    return {
        "key": draft.key,
        "resident_id": draft.resident_id,
        "channel": draft.address.channel[:16],
        "address": draft.address.value,
        "sender": draft.sender,
        "lane": choose(draft.address, draft.sender)[:64],
        "segments": segments(text) if draft.address.channel == SMS else 1,
        "priority": int(draft.priority),
        "purpose": draft.purpose,
        "launch_id": draft.launch_id,
        "checkup_id": draft.checkup_id,
        "survey": draft.survey,
        "question": draft.question,
        "template": draft.template,
        "language": draft.language,
        "text": text,
        "buttons": [asdict(button) for button in draft.buttons],
        "state": State.SUPPRESSED if draft.suppressed else State.FAILED if fault else State.QUEUED,
        "reason": reason,
        "due_at": draft.due_at,
        "expires_at": draft.expires_at,
        "created_at": now,
        "settled_at": now if reason else None,
    }


def _clean(text: str) -> str:
    """Without what no database keeps and no provider takes: NUL, and halves of a sign."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


async def cancel(connection: AsyncConnection, *which: ColumnElement[bool], reason: str, now: datetime) -> int:
    """Cancels queued messages; what is already on its way is not touched. Returns how many."""
    statement = (
        update(outbox)
        .where(outbox.c.state == State.QUEUED, *which)
        .values(state=State.CANCELLED, reason=reason, settled_at=now)
    )
    return (await connection.execute(statement)).rowcount
