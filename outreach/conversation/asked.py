"""The open question: what we last asked this person is read from the outbox."""

from __future__ import annotations

from typing import Any

from outreach import outbox, reminders, surveys
from outreach.conversation.answers import TOPIC, topic
from outreach.conversation.turn import Reply, Turn
from outreach.folding import fold
from outreach.outbox import CLARIFY
from outreach.templates import day_words, time_words


async def open_question(turn: Turn) -> Any:
    """The message of ours that this one answers, if it asked anything that is still open."""
    row = None
    if turn.inbound.reply_to:
        row = await outbox.sent_as(turn.connection, turn.inbound.sender, turn.inbound.reply_to)
    if row is None or not (row.survey or row.checkup_id or row.template == CLARIFY):
        row = await outbox.newest_question(turn.connection, turn.resident.id, turn.inbound.sender, turn.now)
    if row is not None and row.checkup_id:
        return row if await reminders.is_open(turn.connection, row.checkup_id, turn.now) else None
    return row


def is_about_visit(turn: Turn, asked: Any) -> bool:
    """ "取消" while an appointment is open is about the appointment, not about our messages."""
    return asked is not None and bool(asked.checkup_id) and reminders.understand(turn.text) is not None


async def answer(turn: Turn, asked: Any) -> Reply | None:
    """The reply where the message answers what was asked; None where it is about something else."""
    usual, turn.language = turn.language, asked.language
    if asked.template == CLARIFY:
        reply = _chosen(turn, asked)
    elif asked.checkup_id:
        reply = await _visit(turn, asked)
    else:
        reply = await _rated(turn, asked)
    if reply is None:
        turn.language = usual
    return reply


def _chosen(turn: Turn, asked: Any) -> Reply | None:
    if turn.text.startswith(TOPIC):
        return topic(turn, turn.text.removeprefix(TOPIC))
    choice = fold(turn.text)
    if not choice.isdecimal() or not 1 <= int(choice) <= len(asked.buttons):
        return None
    return topic(turn, asked.buttons[int(choice) - 1]["data"].removeprefix(TOPIC))


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
