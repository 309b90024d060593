"""The open question: what we last asked this person is read from the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from outreach import outbox, reminders, residents, surveys
from outreach.conversation import answers, consent, guiding, linking, moving, unpaid
from outreach.conversation.turn import Reply, Turn
from outreach.conversation.who import PARTS, choice
from outreach.outbox import CHOICES, CLARIFY, GUIDE_ASK, TOWNSHIP, UNPAID, WHO
from outreach.store.tables import inbound
from outreach.templates import day_words, time_words


async def open_question(turn: Turn) -> Any:
    """The message of ours that this one answers, if it asked anything that is still open."""
    row = None
    people = [person.id for person in await turn.people()]
    if turn.inbound.reply_to:
        row = await outbox.sent_as(turn.connection, turn.inbound.sender, turn.inbound.reply_to)
    if row is None or not (row.survey or row.checkup_id or row.template in CHOICES):
        over = set() if await guiding.is_open(turn) else {GUIDE_ASK}
        # With all of it answered, a digit is for what was asked before: it must not undo an answer.
        over |= set() if await unpaid.is_open(turn) else set(UNPAID)
        choices = [one for one in CHOICES if one not in over]
        row = await outbox.newest_question(turn.connection, people, turn.inbound.sender, turn.now, choices)
    if row is None or row.resident_id not in people:
        return None
    if row.checkup_id:
        return row if await reminders.is_open(turn.connection, row.checkup_id, turn.now) else None
    return None if await _stopped_since(turn, people, row.created_at) else row


async def _stopped_since(turn: Turn, people: Sequence[int], asked_at: datetime) -> bool:
    """A stop closes what was asked before it; the appointment alone stands on."""
    statement = select(inbound.c.id).where(
        inbound.c.resident_id.in_(people), inbound.c.outcome == "stop", inbound.c.received_at > asked_at
    )
    return (await turn.connection.execute(statement.limit(1))).first() is not None


async def open_visit(turn: Turn, asked: Any) -> Any:
    """The appointment that "取消" is about, while one is open; None where the word is about our messages."""
    if reminders.understand(turn.text) is None:
        return None
    if asked is not None and asked.checkup_id:
        return asked
    # With another question in between only a word that would stop everything is taken for the visit.
    if residents.keyword(turn.text) != residents.Keyword.STOP:
        return None
    people = [person.id for person in await turn.people()]
    row = await outbox.newest_visit(turn.connection, people, turn.inbound.sender, turn.now)
    is_open = row is not None and await reminders.is_open(turn.connection, row.checkup_id, turn.now)
    return row if is_open else None


async def answer(turn: Turn, asked: Any) -> Reply | None:
    """The reply where the message answers what was asked; None where it is about something else."""
    usual, turn.language = turn.language, asked.language
    writer = turn.resident
    reply: Reply | None
    if asked.template == CLARIFY:
        reply = await answers.chosen(turn, asked)
    elif asked.template in UNPAID:
        reply = await unpaid.chosen(turn, asked)
    elif asked.template == WHO:
        reply = await _said_who(turn, asked)
    elif asked.template == GUIDE_ASK:
        reply = await guiding.answer(turn)
    elif asked.template == TOWNSHIP:
        reply = await moving.chosen(turn, asked)
    elif asked.checkup_id:
        reply = await _visit(turn, asked)
    else:
        reply = await _rated(turn, asked)
    if reply is None:
        turn.language = usual
    elif asked.template != WHO and turn.resident == writer:
        # Whoever of several was asked is the one who answers.
        turn.resident = next(one for one in await turn.people() if one.id == asked.resident_id)
    return reply


async def _said_who(turn: Turn, asked: Any) -> Reply | None:
    """What was wished before we asked who is writing, done for the one who says it is them.

    The choices are read from our own message, never from the text: nobody can choose what was not offered.
    """
    picked = choice(turn, asked)
    if picked is None:
        return None
    _, act, more, number = picked.split("|", PARTS - 1)
    chosen = await residents.get(turn.connection, int(number))
    if chosen is None:
        return None
    if act == "link":
        return await linking.join(turn, chosen)
    turn.resident = chosen
    if act == "code":
        return await linking.send_code(turn)
    if act == "township":
        return await (moving.settle(turn, more) if more else moving.offer(turn))
    return await consent.start(turn, more.split(",") if more else ())


async def _visit(turn: Turn, asked: Any) -> Reply | None:
    understood = reminders.understand(turn.text)
    if understood is None:
        return None
    checkup = await reminders.answer(turn.connection, asked.checkup_id, understood, turn.now)
    local = checkup.at.astimezone(turn.desk.zone)
    day = day_words(local, turn.language)
    if understood == reminders.Reply.CONFIRM:
        values = {"day": day, "time": time_words(local), "place": checkup.place}
        return Reply("appointment", "replies/appointment_confirmed", values)
    if understood == reminders.Reply.CANCEL:
        return Reply("appointment", "replies/appointment_cancelled", {"day": day})
    return Reply("appointment", "replies/appointment_move", await turn.promise("appointment"))


async def _rated(turn: Turn, asked: Any) -> Reply | None:
    grade = await surveys.record(turn.connection, asked, turn.id, turn.text, turn.now)
    if grade is None:
        return None
    if grade > surveys.LOW:
        return Reply("rating", "replies/survey_thanks")
    return Reply("rating", "replies/survey_thanks_low", await turn.promise("low_score"))
