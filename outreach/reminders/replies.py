"""What a resident answers to a reminder, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.folding import fold
from outreach.outbox import cancel
from outreach.residents import without_courtesy
from outreach.store.tables import checkups, outbox, reminders


class Reply(StrEnum):
    CONFIRM = "confirm"
    MOVE = "reschedule"
    CANCEL = "cancel"


_REPLIES = {
    fold(word): reply
    for reply, words in {
        Reply.CONFIRM: "1|确认|好|好的|好滴|可以|行|收到|没问题|会去|我会去|能来|准时到|知道了|嗯"
        "|yes|y|ok|okay|confirm|sure",
        Reply.MOVE: "2|改时间|改期|换时间|改天|改约|换个时间|reschedule|change|move|another time",
        Reply.CANCEL: "3|取消|取消预约|取消掉|取消检查|取消体检|取消产检|不去了|不来了|去不了|来不了"
        "|不去|不来|停|停了|n|不要了|不用了|不做了|不检查了|算了|不想去|不想去了|没空|没时间|退掉"
        "|cancel|cancel it|cancel appointment|cancel my appointment|cancel the appointment|no|not coming"
        "|can't come|cannot come|i'm not coming|can't make it|i can't make it",
    }.items()
    for word in words.split("|")
}
# As they look when the courtesy around them is gone; of one letter or sign nothing is taken away.
_BARE = {bare: reply for word, reply in _REPLIES.items() if len(bare := without_courtesy(word)) > 1}
_STATES = {Reply.CONFIRM: "confirmed", Reply.MOVE: "moving", Reply.CANCEL: "cancelled"}


def understand(text: str) -> Reply | None:
    """What a whole reply to a reminder means; None where it is not surely one of the three."""
    return _REPLIES.get(fold(text)) or _BARE.get(without_courtesy(text))


async def answer(connection: AsyncConnection, checkup_id: int, reply: Reply, now: datetime) -> Any:
    """Records the resident's decision, takes back what it makes needless, and returns the checkup's row."""
    statement = (
        update(checkups)
        .where(checkups.c.id == checkup_id, checkups.c.state != "done")
        .values(state=_STATES[reply])
        .returning(checkups.c.at, checkups.c.place, checkups.c.state)
    )
    row = (await connection.execute(statement)).first()
    if reply != Reply.CONFIRM:
        await call_off(connection, [checkup_id], f"the resident chose: {reply}", now)
    return row


async def call_off(
    connection: AsyncConnection, checkup_ids: Sequence[int], reason: str, now: datetime
) -> int:
    """No further reminder of these checkups goes out; returns how many were taken back."""
    ahead = await connection.execute(
        update(reminders)
        .where(reminders.c.checkup_id.in_(checkup_ids), reminders.c.state == "scheduled")
        .values(state="cancelled", reason=reason)
    )
    waiting = await cancel(connection, outbox.c.checkup_id.in_(checkup_ids), reason=reason, now=now)
    return waiting + ahead.rowcount


async def is_open(connection: AsyncConnection, checkup_id: int, now: datetime) -> bool:
    """Whether the appointment still lies ahead and the resident has not called it off."""
    statement = select(checkups.c.id).where(
        checkups.c.id == checkup_id, checkups.c.at > now, checkups.c.state.in_(("open", "confirmed"))
    )
    return (await connection.execute(statement)).first() is not None
