"""What we answered last: read from what came in, so any process knows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from outreach.conversation.turn import Turn
from outreach.store.tables import inbound


async def newest_answer(turn: Turn, within: timedelta) -> Any:
    """The newest message on this address that an article answered: its id, topic and time; or None."""
    people = [person.id for person in await turn.people()]
    statement = select(inbound.c.id, inbound.c.topic, inbound.c.received_at).where(
        inbound.c.resident_id.in_(people),
        inbound.c.channel == turn.inbound.sender.channel,
        inbound.c.id < turn.id,
        inbound.c.outcome == "answer",
        inbound.c.topic.is_not(None),
        inbound.c.received_at > turn.now - within,
    )
    return (await turn.connection.execute(statement.order_by(inbound.c.id.desc()).limit(1))).first()
