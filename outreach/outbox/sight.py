"""Looking into the outbox: what is waiting, what was asked, what an answer refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, Address, Priority, State, iso
from outreach.outbox.claim import UNDER_WAY
from outreach.outbox.lanes import HOLD
from outreach.store.tables import lanes, outbox, workers

ASKED = (State.SENT, State.DELIVERED, State.IN_DOUBT, State.SENDING)
CLARIFY, WHO, TOWNSHIP = "replies/clarify", "replies/who", "replies/township"
UNPAID_SCHEME, UNPAID_SINCE, UNPAID_TOWNSHIP = UNPAID = (
    "replies/unpaid_scheme",
    "replies/unpaid_since",
    "replies/unpaid_township",
)
GUIDE_ASK = "replies/guide_ask"
# Replies of ours that offer choices, each with what it stands for in the row's buttons.
CHOICES = (CLARIFY, WHO, TOWNSHIP, GUIDE_ASK, *UNPAID)
# After that an answer of one digit is more likely about something else.
STILL_OPEN = timedelta(days=7)


async def by_state(connection: AsyncConnection, *which: ColumnElement[bool]) -> dict[str, int]:
    """How many messages stand in each state; every state is named."""
    statement = select(outbox.c.state, func.count()).where(*which).group_by(outbox.c.state)
    counts = {state.value: 0 for state in State}
    for state, n in await connection.execute(statement):
        counts[state] = n
    return counts


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in one lane at one priority; `oldest`: since when the first that is due has been so."""

    lane: str
    channel: str
    priority: int
    waiting: int
    oldest: datetime | None


async def depth(connection: AsyncConnection, now: datetime) -> list[Queue]:
    """What is queued. Read from the index alone, since a million rows may wait."""
    is_due = outbox.c.due_at <= now
    statement = (
        select(outbox.c.lane, outbox.c.priority, func.count(), func.min(case((is_due, outbox.c.due_at))))
        .where(text("state = 'queued'"))
        .group_by(outbox.c.lane, outbox.c.priority)
        .order_by(outbox.c.lane, outbox.c.priority)
    )
    return [
        Queue(lane, lane.partition(":")[0], priority, n, oldest)
        for lane, priority, n, oldest in await connection.execute(statement)
    ]


async def under_way(connection: AsyncConnection) -> dict[str, int]:
    """How many are being sent and how many are in doubt, read from the index alone."""
    statement = select(outbox.c.state, func.count()).where(UNDER_WAY).group_by(outbox.c.state)
    rows = (await connection.execute(statement)).all()
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    return {"sending": found.get("sending", 0), "in_doubt": found.get("in_doubt", 0)}


async def errors(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Messages by channel and the provider's error code that they last met."""
    statement = (
        select(outbox.c.channel, outbox.c.error_code, func.count())
        .where(outbox.c.error_code.is_not(None))
        .group_by(outbox.c.channel, outbox.c.error_code)
    )
    return {(channel, code): n for channel, code, n in await connection.execute(statement)}


async def standing(connection: AsyncConnection, now: datetime) -> tuple[list[JSON], list[JSON]]:
    """The active lanes and the living workers. `now`: the time by which workers agree."""
    rows = await connection.execute(select(lanes).where(lanes.c.active).order_by(lanes.c.name))
    found = await connection.execute(select(workers).where(workers.c.beat_at > now - HOLD))
    return [_lane(row, now) for row in rows], [
        {"name": row.name, "beat_at": iso(row.beat_at), "planned_at": iso(row.planned_at)} for row in found
    ]


def _lane(row: Row[Any], now: datetime) -> JSON:
    held = row.held_by is not None and row.held_until is not None and row.held_until > now
    halted = row.halted_until is not None and row.halted_until > now
    return {
        "name": row.name,
        "channel": row.channel,
        "state": "unattended" if not held else "halted" if halted else "open",
        "held_by": row.held_by if held else None,
        "halted_until": iso(row.halted_until) if halted else None,
        "halted_reason": row.halted_reason if halted else None,
        "limit": row.rate,
        "rate": round(row.speed, 2) if held else 0.0,
        "sent": row.sent,
    }


async def overview(connection: AsyncConnection, now: datetime, agreed: datetime) -> JSON:
    """All an operator looks at first. `agreed`: the time by which workers agree, `Store.time`."""
    queues = await depth(connection, now)
    at_work, living = await standing(connection, agreed)
    queued = {priority.name.lower(): 0 for priority in Priority}
    for queue in queues:
        queued[Priority(queue.priority).name.lower()] += queue.waiting
    oldest = min((queue.oldest for queue in queues if queue.oldest), default=None)
    planned = [worker["planned_at"] for worker in living if worker["planned_at"]]
    return {
        "queued": queued,
        "queues": [
            {
                "lane": q.lane,
                "channel": q.channel,
                "priority": Priority(q.priority).name.lower(),
                "n": q.waiting,
            }
            for q in queues
        ],
        "oldest_due_at": iso(oldest),
        "oldest_waits_seconds": round((now - oldest).total_seconds(), 1) if oldest else 0.0,
        **await under_way(connection),
        "rate": round(sum(lane["rate"] for lane in at_work), 2),
        "lanes": at_work,
        "workers": living,
        "planned_at": max(planned, default=None),
        "errors": [
            {"channel": channel, "code": code, "messages": n}
            for (channel, code), n in (await errors(connection)).items()
        ],
    }


async def newest_question(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    address: Address,
    now: datetime,
    choices: Sequence[str] = CHOICES,
) -> Row[Any] | None:
    """The newest message on this address that asked one of these people something.

    A survey, an appointment, a guide, "did you mean", "who is writing", "which township".
    """
    asked = or_(
        outbox.c.survey.is_not(None), outbox.c.checkup_id.is_not(None), outbox.c.template.in_(choices)
    )
    return await _newest(connection, resident_ids, address, now, asked)


async def newest_visit(
    connection: AsyncConnection, resident_ids: Sequence[int], address: Address, now: datetime
) -> Row[Any] | None:
    """The newest message on this address that was about an appointment of one of these people."""
    return await _newest(connection, resident_ids, address, now, outbox.c.checkup_id.is_not(None))


async def _newest(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    address: Address,
    now: datetime,
    which: ColumnElement[bool],
) -> Row[Any] | None:
    statement = select(outbox).where(
        outbox.c.resident_id.in_(resident_ids),
        outbox.c.channel == address.channel,
        outbox.c.lookup == address.value,
        outbox.c.state.in_(ASKED),
        outbox.c.created_at > now - STILL_OPEN,
        which,
    )
    return (await connection.execute(statement.order_by(outbox.c.id.desc()).limit(1))).first()


async def sent_as(connection: AsyncConnection, address: Address, provider_id: str) -> Row[Any] | None:
    """Our message that the provider knows by this name."""
    statement = select(outbox).where(
        outbox.c.channel == address.channel,
        outbox.c.lookup == address.value,
        outbox.c.provider_id == provider_id,
    )
    return (await connection.execute(statement)).first()
