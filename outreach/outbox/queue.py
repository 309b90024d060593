"""Into the outbox, and out of it again before anything was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, Button, Priority, State
from outreach.store import insert_new
from outreach.store.tables import outbox


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be. `key` names the step and the person: the same key is the same message.

    `suppressed` is the reason, in words, why this person gets nothing; the row then only keeps the account.
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


async def enqueue(connection: AsyncConnection, drafts: Sequence[Draft], now: datetime) -> int:
    """Queues what is not queued yet, and returns how many that were. Call `store.wake()` after the commit."""
    return await insert_new(connection, outbox, [_row(draft, now) for draft in drafts])


def _row(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "key": draft.key,
        "resident_id": draft.resident_id,
        "channel": draft.address.channel,
        "address": draft.address.value,
        "sender": draft.sender,
        "priority": int(draft.priority),
        "purpose": draft.purpose,
        "launch_id": draft.launch_id,
        "checkup_id": draft.checkup_id,
        "survey": draft.survey,
        "question": draft.question,
        "template": draft.template,
        "language": draft.language,
        "text": draft.text,
        "buttons": [asdict(button) for button in draft.buttons],
        "state": State.SUPPRESSED if draft.suppressed else State.QUEUED,
        "reason": draft.suppressed,
        "due_at": draft.due_at,
        "expires_at": draft.expires_at,
        "created_at": now,
        "settled_at": now if draft.suppressed else None,
    }


async def cancel(connection: AsyncConnection, *which: ColumnElement[bool], reason: str, now: datetime) -> int:
    """Cancels queued messages; what is already on its way is not touched. Returns how many."""
    statement = (
        update(outbox)
        .where(outbox.c.state == State.QUEUED, *which)
        .values(state=State.CANCELLED, reason=reason, settled_at=now)
    )
    return (await connection.execute(statement)).rowcount
