"""What happens in residents' lives: our messages that would hurt then are taken back, with the reason kept.

Nothing else is kept: no births, no losses, no pregnancies; only why a message did not go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit, outbox, reminders, residents, surveys
from outreach.conversation.turn import Reply, Turn
from outreach.model import SMS, Address
from outreach.outbox import REPLY
from outreach.residents import WRONG_NUMBER, Event
from outreach.store.tables import checkups
from outreach.store.tables import outbox as messages

REASONS = {
    Event.LOSS: "a loss was reported",
    Event.DEATH: "a death was reported",
    Event.MOVED: "they moved away",
    Event.DONE: "it is done already",
    Event.WRONG_NUMBER: WRONG_NUMBER,
}
# A person is told of these; what is done, or who moved away, needs nobody.
_TOLD = (Event.LOSS, Event.DEATH, Event.WRONG_NUMBER)
# Replies that say that nothing more comes: a stop beside needs no second one.
SAY_ENOUGH = tuple(f"replies/event_{kind}" for kind in _TOLD)
_BIRTH = re.compile(r"生|分娩|卸货|剖|\b(?:birth|born|deliver|baby)")
_STANDS = ("open", "confirmed", "moving")


async def reported(turn: Turn, asked: Any) -> Reply | None:
    """The reply to somebody who reports such a thing; None where the message does not."""
    people = await turn.people()
    kind = residents.event(turn.text, tuple(person.name for person in people))
    if kind is None:
        return await _heard_of(turn)
    turn.answer_in_kind()
    if kind == Event.DONE:
        return await _done(turn, asked)
    ids = [person.id for person in people]
    reason = f"{REASONS[kind]} by who uses the address"
    whose = await _whose_visits(turn.connection, ids, asked)
    await _take_back(turn.connection, ids, whose, reason, turn.now, state="cancelled")
    if kind == Event.WRONG_NUMBER:
        await residents.close_address(turn.connection, turn.inbound.sender, WRONG_NUMBER, turn.now)
    if kind == Event.DEATH:
        said = {"wording": turn.text, "channel": turn.inbound.sender.channel, "source": turn.source}
        await residents.stop(turn.connection, ids, now=turn.now, **said)
    await _note(turn.connection, "resident", ids, turn.now)
    values = await turn.promise("event") if kind in _TOLD else {}
    return Reply("event", f"replies/event_{kind}", values if kind in (Event.LOSS, Event.DEATH) else {})


async def _heard_of(turn: Turn) -> Reply | None:
    """A loss or a death, perhaps somebody else's: nothing is taken back blindly, and a person reads it."""
    if not residents.may_be_event(turn.text):
        return None
    turn.answer_in_kind()
    return Reply("event", "replies/event_unsure", await turn.promise("event"))


async def _done(turn: Turn, asked: Any) -> Reply:
    """The appointment we wrote about of late is over; a birth ends the one there is, of several a person
    finds out which. Nothing else is touched: "做过了" may be about anything.
    """
    ids = [person.id for person in await turn.people()]
    visits = await _written_about(turn, ids, asked)
    if not visits and _BIRTH.search(turn.text.casefold()):
        visits = await _visits(turn.connection, ids, checkups.c.at > turn.now)
    if len(visits) > 1:
        return Reply("event", "replies/event_unsure", await turn.promise("event"))
    if not visits:
        return Reply("event", "replies/event_noted")
    owner = select(checkups.c.resident_id).where(checkups.c.id == visits[0])
    whose = [int((await turn.connection.execute(owner)).scalar_one())]
    reason = f"{REASONS[Event.DONE]}, says who uses the address"
    await _call_off(turn.connection, visits, reason, turn.now, state="done")
    await _no_survey(turn.connection, whose, reason, turn.now)
    await _note(turn.connection, "resident", whose, turn.now)
    return Reply("event", "replies/event_done")


async def _written_about(turn: Turn, ids: Sequence[int], asked: Any) -> Sequence[int]:
    if asked is not None and asked.checkup_id:
        return [asked.checkup_id]
    row = await outbox.newest_visit(turn.connection, ids, turn.inbound.sender, turn.now)
    return await _visits(turn.connection, ids, checkups.c.id == row.checkup_id) if row else []


async def by_staff(
    connection: AsyncConnection, resident_id: int, kind: Event, reason: str, who: str, now: datetime
) -> int:
    """What staff know of one resident; returns how many messages and reminders were taken back."""
    words = f"{REASONS[kind]}: staff" + (f": {reason}" if reason else "")
    ids = [resident_id]
    visits = await _visits(connection, ids)
    state = "done" if kind == Event.DONE else "cancelled"
    if kind == Event.DONE:
        taken = await _call_off(connection, visits, words, now, state=state)
        await _no_survey(connection, ids, words, now)
    else:
        taken = await _take_back(connection, ids, visits, words, now, state=state)
    if kind == Event.DEATH:
        await residents.stop(connection, ids, wording=words, channel="staff", source=who, now=now)
    if kind == Event.WRONG_NUMBER:
        for address in await residents.addresses_of(connection, resident_id, SMS):
            await _not_theirs(connection, resident_id, address, now)
    await _note(connection, who, ids, now)
    return taken


async def _not_theirs(connection: AsyncConnection, resident_id: int, address: Address, now: datetime) -> None:
    """A number that others of our list use too stays theirs."""
    if await residents.is_shared(connection, address):
        await residents.remove_address(connection, resident_id, address)
    else:
        await residents.close_address(connection, address, WRONG_NUMBER, now)


async def _take_back(
    connection: AsyncConnection,
    ids: Sequence[int],
    visits: Sequence[int],
    reason: str,
    now: datetime,
    *,
    state: str,
) -> int:
    """All that waits for these people, and the appointments' reminders."""
    mine = messages.c.resident_id.in_(ids), messages.c.purpose != REPLY
    taken = await outbox.cancel(connection, *mine, reason=reason, now=now)
    taken += await _call_off(connection, visits, reason, now, state=state)
    await surveys.spare(connection, ids, reason, now)
    return taken


async def _no_survey(connection: AsyncConnection, ids: Sequence[int], reason: str, now: datetime) -> None:
    asks = messages.c.resident_id.in_(ids), messages.c.survey.is_not(None)
    await outbox.cancel(connection, *asks, reason=reason, now=now)
    await surveys.spare(connection, ids, reason, now)


async def _call_off(
    connection: AsyncConnection, visits: Sequence[int], reason: str, now: datetime, *, state: str
) -> int:
    if not visits:
        return 0
    await connection.execute(update(checkups).where(checkups.c.id.in_(visits)).values(state=state))
    return await reminders.call_off(connection, visits, reason, now)


async def _visits(
    connection: AsyncConnection, ids: Sequence[int], *which: ColumnElement[bool]
) -> Sequence[int]:
    stands = checkups.c.resident_id.in_(ids), checkups.c.state.in_(_STANDS)
    statement = select(checkups.c.id).where(*stands, *which).order_by(checkups.c.id)
    return (await connection.execute(statement)).scalars().all()


async def _whose_visits(connection: AsyncConnection, ids: Sequence[int], asked: Any) -> Sequence[int]:
    """The appointments that the report is about: of several people on one address only where it is clear."""
    if asked is not None and asked.checkup_id:
        return await _visits(connection, [asked.resident_id])
    found = {one: await _visits(connection, [one]) for one in ids}
    having = [visits for visits in found.values() if visits]
    return having[0] if len(having) == 1 else []


async def _note(connection: AsyncConnection, who: str, ids: Sequence[int], now: datetime) -> None:
    """That it was done, and for whom; not what happened: the audit is kept for ever."""
    for resident_id in ids:
        await audit.note(connection, who, "residents.event", residents.subject(resident_id), now)
