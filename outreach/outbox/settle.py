"""What became of a message: by the call's answer, by the provider's receipt, or by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, Address, BadInput, Receipt, State, iso
from outreach.outbox.claim import Claimed
from outreach.store.tables import outbox

# The pauses between tries, in seconds; the last one repeats.
BACKOFF = (2, 10, 30, 120, 600)
MAX_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call ended. `retry_after` (seconds) belongs to a QUEUED outcome: the message goes again."""

    claimed: Claimed
    state: State
    provider_id: str | None = None
    reason: str | None = None
    error_code: str | None = None
    retry_after: float | None = None


async def settle(connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Writes how calls ended, all in one statement. A receipt that came first is not moved backwards."""
    if not outcomes:
        return
    await connection.execute(_SETTLE, [_settled(outcome, now) for outcome in outcomes])
    named = [
        {"b_id": outcome.claimed.message.id, "b_name": outcome.provider_id}
        for outcome in outcomes
        if outcome.provider_id
    ]
    if named:
        await connection.execute(_NAME, named)


_SETTLE = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("b_id"),
        # An answer that comes after the lease ran out still ends the doubt.
        or_(outbox.c.state == State.SENDING, outbox.c.state == State.IN_DOUBT),
        # A call that hung so long that the message was tried again has nothing to say about the later try.
        outbox.c.attempts == bindparam("b_attempts"),
    )
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        error_code=bindparam("b_code"),
        due_at=bindparam("b_due"),
        sent_at=bindparam("b_sent"),
        settled_at=bindparam("b_settled"),
        lease_until=None,
    )
)
_NAME = (
    update(outbox)
    .where(outbox.c.id == bindparam("b_id"), outbox.c.provider_id.is_(None))
    .values(provider_id=bindparam("b_name"))
)


def _settled(outcome: Outcome, now: datetime) -> dict[str, Any]:
    state, reason, due = outcome.state, outcome.reason, now
    if state == State.QUEUED:
        state, reason, due = _again(outcome, now)
    return {
        "b_id": outcome.claimed.message.id,
        "b_attempts": outcome.claimed.attempts,
        "b_state": state,
        "b_reason": reason,
        "b_code": outcome.error_code,
        "b_due": due,
        "b_sent": now if state == State.SENT else None,
        "b_settled": None if state in (State.QUEUED, State.IN_DOUBT) else now,
    }


def _again(outcome: Outcome, now: datetime) -> tuple[State, str | None, datetime]:
    tries = outcome.claimed.attempts
    pause = outcome.retry_after
    if pause is None:
        pause = BACKOFF[min(tries, len(BACKOFF)) - 1]
    due = now + timedelta(seconds=pause)
    if outcome.claimed.expires_at and due >= outcome.claimed.expires_at:
        return State.EXPIRED, f"no time left for another try: {outcome.reason}", due
    if tries >= MAX_ATTEMPTS:
        return State.FAILED, f"given up after {tries} tries: {outcome.reason}", due
    return State.QUEUED, outcome.reason, due


async def receipt(connection: AsyncConnection, news: Receipt, now: datetime) -> Address | None:
    """Moves a message forward as the provider tells; late, doubled and shuffled news change nothing.

    Returns the address where the message failed, so that the caller may close it.
    """
    forward = {
        State.SENT: (State.SENDING, State.IN_DOUBT),
        State.DELIVERED: (State.SENDING, State.IN_DOUBT, State.SENT),
        State.FAILED: (State.SENDING, State.IN_DOUBT, State.SENT),
    }[news.state]
    values: dict[str, Any] = {"state": news.state, "settled_at": now, "lease_until": None}
    if news.state == State.FAILED:
        values |= {"reason": news.reason, "error_code": news.error_code}
    else:
        values |= {"reason": None, "sent_at": func.coalesce(outbox.c.sent_at, now)}
    if news.provider_id:
        values["provider_id"] = news.provider_id
    statement = (
        update(outbox)
        .where(_named(news), outbox.c.channel == news.channel, outbox.c.state.in_(forward))
        .values(**values)
        .returning(outbox.c.channel, outbox.c.address)
    )
    row = (await connection.execute(statement)).first()
    return Address(row.channel, row.address) if row and news.state == State.FAILED else None


def _named(news: Receipt) -> ColumnElement[bool]:
    if news.outbox_id is None:
        return outbox.c.provider_id == news.provider_id
    # A callback must not settle a row that the provider knows by another name.
    other = and_(outbox.c.provider_id.is_not(None), outbox.c.provider_id != news.provider_id)
    return and_(outbox.c.id == news.outbox_id, ~other)


async def doubts(connection: AsyncConnection) -> list[JSON]:
    """The messages whose fate is unknown, oldest first."""
    statement = select(outbox).where(outbox.c.state == State.IN_DOUBT).order_by(outbox.c.id)
    return [
        {
            "id": row.id,
            "resident_id": row.resident_id,
            "channel": row.channel,
            "text": row.text,
            "reason": row.reason,
            "due_at": iso(row.due_at),
        }
        for row in await connection.execute(statement)
    ]


async def decide(connection: AsyncConnection, message_id: int, *, sent: bool, now: datetime) -> None:
    """A person's word on a message in doubt: it was sent, or it shall be sent again."""
    values = (
        {"state": State.SENT, "reason": "settled by staff", "sent_at": now, "settled_at": now}
        if sent
        else {"state": State.QUEUED, "reason": "sent again by staff", "due_at": now, "provider_id": None}
    )
    statement = (
        update(outbox).where(outbox.c.id == message_id, outbox.c.state == State.IN_DOUBT).values(**values)
    )
    if not (await connection.execute(statement)).rowcount:
        raise BadInput(
            "no message in doubt has this number", where=str(message_id), fix="see `outreach outbox doubts`"
        )
