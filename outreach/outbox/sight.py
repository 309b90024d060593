"""Looking into the outbox: what is waiting, what was asked, what an answer refers to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, State
from outreach.store.tables import outbox

ASKED = (State.SENT, State.DELIVERED, State.IN_DOUBT, State.SENDING)
CLARIFY = "replies/clarify"
# After that an answer of one digit is more likely about something else.
STILL_OPEN = timedelta(days=7)


async def by_state(connection: AsyncConnection, *which: ColumnElement[bool]) -> dict[str, int]:
    """How many messages stand in each state; every state is named."""
    statement = select(outbox.c.state, func.count()).where(*which).group_by(outbox.c.state)
    counts = {state.value: 0 for state in State}
    for state, n in await connection.execute(statement):
        counts[state] = n
    return counts


async def depth(connection: AsyncConnection) -> dict[tuple[str, int], int]:
    """Queued messages by channel and priority."""
    statement = (
        select(outbox.c.channel, outbox.c.priority, func.count())
        .where(outbox.c.state == State.QUEUED)
        .group_by(outbox.c.channel, outbox.c.priority)
    )
    return {(channel, priority): n for channel, priority, n in await connection.execute(statement)}


async def newest_question(
    connection: AsyncConnection, resident_id: int, address: Address, now: datetime
) -> Row[Any] | None:
    """The newest message on this address that asked something: a survey, an appointment, "did you mean"."""
    statement = (
        select(outbox)
        .where(
            outbox.c.resident_id == resident_id,
            outbox.c.channel == address.channel,
            outbox.c.address == address.value,
            outbox.c.state.in_(ASKED),
            outbox.c.created_at > now - STILL_OPEN,
            or_(
                outbox.c.survey.is_not(None),
                outbox.c.checkup_id.is_not(None),
                outbox.c.template == CLARIFY,
            ),
        )
        .order_by(outbox.c.id.desc())
        .limit(1)
    )
    return (await connection.execute(statement)).first()


async def sent_as(connection: AsyncConnection, address: Address, provider_id: str) -> Row[Any] | None:
    """Our message that the provider knows by this name."""
    statement = select(outbox).where(
        outbox.c.channel == address.channel,
        outbox.c.address == address.value,
        outbox.c.provider_id == provider_id,
    )
    return (await connection.execute(statement)).first()
