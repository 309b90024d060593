"""What became of a message: by the call's answer, by the provider's receipt, or by a person."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import BadInput, State
from outreach.outbox.claim import Claimed
from outreach.store import Step, Steps, as_json, at, run
from outreach.store.tables import launches, outbox

# The pauses between tries, in seconds; the last one repeats.
BACKOFF = (2, 10, 30, 120, 600)
# Each pause is up to so much shorter or longer, so that what failed together does not come back together.
JITTER = 0.2
MAX_ATTEMPTS = 12


class Outcome(NamedTuple):
    """How one call ended. `retry_after` (seconds) belongs to a QUEUED outcome: the message goes again.

    `counts`: False where nothing was tried after all, so that the try is not counted against the message.
    """

    claimed: Claimed
    state: State
    provider_id: str | None = None
    reason: str | None = None
    error_code: str | None = None
    retry_after: float | None = None
    counts: bool = True


async def settle(connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """As `settling`, within a transaction that is open already."""
    await run(connection, settling(connection.dialect.name, outcomes, now))


def settling(dialect: str, outcomes: Sequence[Outcome], now: datetime) -> Steps[None]:
    """Writes how calls ended: one statement for all that ended alike, which most did.

    A receipt that came first is not moved backwards.
    """
    alike: dict[_Ending, dict[int, str | None]] = {}
    known: dict[tuple[object, ...], _Ending] = {}
    for outcome in outcomes:
        # Put together for each message, it would be a good part of this work.
        kind = (outcome.state, outcome.claimed.attempts, outcome.reason, outcome.error_code)
        ending = known.get(kind)
        if ending is None:
            ending = _ending(outcome, now)
            if outcome.state != State.QUEUED:
                known[kind] = ending
        alike.setdefault(ending, {})[outcome.claimed.message.id] = outcome.provider_id
    for ending, names in alike.items():
        times = {name: at(dialect, getattr(ending, name)) for name in ("due", "sent", "settled")}
        rows = {"rows": as_json(names)}
        written = yield Step(_SETTLE[dialect], ending._asdict() | times | rows)
        if written.count < len(names):
            yield Step(_NAME[dialect], rows)
        if ending.state == State.QUEUED:
            yield Step(_REOPEN[dialect], rows)


class _Ending(NamedTuple):
    """How a call ended, and the row's new values."""

    attempts: int
    state: str
    reason: str | None
    code: str | None
    due: datetime
    sent: datetime | None
    settled: datetime | None
    tries: int


def _ending(outcome: Outcome, now: datetime) -> _Ending:
    state, reason, due = outcome.state, outcome.reason, now
    if state == State.QUEUED:
        state, reason, due = _again(outcome, now)
    tries = outcome.claimed.attempts
    return _Ending(
        tries,
        state.value,
        reason,
        outcome.error_code,
        due,
        now if state == State.SENT else None,
        None if state in (State.QUEUED, State.IN_DOUBT) else now,
        tries if outcome.counts else tries - 1,
    )


# The provider's names by our ids, as rows.
_NEW = {
    "sqlite": "(SELECT CAST(key AS INTEGER) AS id, value AS name FROM json_each(:rows)) AS new",
    "postgresql": """(SELECT CAST(key AS bigint) AS id, value AS name
        FROM jsonb_each_text(CAST(:rows AS jsonb))) AS new""",
}
# An answer that comes after the lease ran out still ends the doubt; a call that hung so long that the message
# was tried again has nothing to say about the later try.
_SETTLE = {
    dialect: f"""UPDATE outbox SET state = :state, reason = :reason, error_code = :code, due_at = :due,
        sent_at = :sent, settled_at = :settled, attempts = :tries, lease_until = NULL,
        provider_id = COALESCE(new.name, outbox.provider_id)
        FROM {new}
        WHERE outbox.id = new.id AND outbox.attempts = :attempts
        AND outbox.state IN ('sending', 'in_doubt')"""  # noqa: S608 no value is written into it
    for dialect, new in _NEW.items()
}
_NAME = {
    dialect: f"""UPDATE outbox SET provider_id = new.name FROM {new}
        WHERE outbox.id = new.id AND new.name IS NOT NULL AND outbox.provider_id IS NULL
        AND outbox.state <> 'queued'"""  # noqa: S608
    for dialect, new in _NEW.items()
}

# Only a running launch's messages go out; one whose last messages were in doubt counted as done.
_REOPEN = {
    dialect: f"""UPDATE launches SET state = 'running' WHERE state = 'done' AND id IN (
        SELECT outbox.launch_id FROM outbox JOIN {new} ON outbox.id = new.id)"""  # noqa: S608
    for dialect, new in _NEW.items()
}


def _again(outcome: Outcome, now: datetime) -> tuple[State, str | None, datetime]:
    tries = outcome.claimed.attempts
    pause = outcome.retry_after
    if pause is None:
        pause = BACKOFF[min(tries, len(BACKOFF)) - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    due = now + timedelta(seconds=pause)
    if outcome.claimed.expires_at and due >= outcome.claimed.expires_at:
        return State.EXPIRED, f"no time left for another try: {outcome.reason}", due
    if tries >= MAX_ATTEMPTS and outcome.counts:
        return State.FAILED, f"given up after {tries} tries: {outcome.reason}", due
    return State.QUEUED, outcome.reason, due


async def decide(connection: AsyncConnection, message_id: int, *, sent: bool, now: datetime) -> None:
    """A person's word on a message in doubt: it was sent, or it shall be sent again."""
    values = (
        {"state": State.SENT, "reason": "settled by staff", "sent_at": now, "settled_at": now}
        if sent
        else {"state": State.QUEUED, "reason": "sent again by staff", "due_at": now, "provider_id": None}
    )
    statement = (
        update(outbox)
        .where(outbox.c.id == message_id, outbox.c.state == State.IN_DOUBT)
        .values(**values)
        .returning(outbox.c.launch_id)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        raise BadInput(
            "no message in doubt has this number", where=str(message_id), fix="see `outreach outbox doubts`"
        )
    if not sent and row.launch_id:
        its_own = launches.c.id == row.launch_id
        # Locked, so that nobody calls it done meanwhile.
        await connection.execute(select(launches.c.id).where(its_own).with_for_update())
        done = update(launches).where(its_own, launches.c.state == "done")
        await connection.execute(done.values(state="running"))
