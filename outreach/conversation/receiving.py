"""The way in. In this order: danger words, stop words, news of a life, the open question, a guide wished for,
wishes about the record (a chat to link, a township), knowledge, a person.

Nothing of a dialogue is kept in memory, so any process can answer, after any restart.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import outbox, residents
from outreach.conversation import (
    answers,
    asked,
    consent,
    events,
    guiding,
    helpful,
    linking,
    moving,
    person,
    unpaid,
)
from outreach.conversation.courtesy import is_courtesy, is_greeting
from outreach.conversation.schemes import Schemes
from outreach.conversation.turn import Desk, Reply, Turn, language_of_stranger
from outreach.conversation.unfamiliar import is_foreign, is_signs
from outreach.folding import fold
from outreach.knowledge import Danger, Knowledge, danger
from outreach.model import Inbound, Priority
from outreach.outbox import REPLY
from outreach.store import Store, insert_new
from outreach.store.tables import inbound as inbox
from outreach.templates import Templates

# Telegram's longest message is 4,096 signs; nobody needs more to ask a question.
LONGEST = 4096
# What says something; the rest is something that happened.
WORDS = ("text", "tap")


class Conversation:
    """Answers residents. `receive` is the only way in."""

    def __init__(
        self, store: Store, templates: Templates, knowledge: Knowledge, *, zone: ZoneInfo, language: str
    ) -> None:
        self._store = store
        self._desk = Desk(templates, knowledge, zone, language, Schemes.load(templates.folder))

    def called(self, bot: str) -> None:
        """The name of the residents' bot, which links are made with; known when it has signed in."""
        self._desk = replace(self._desk, bot=bot)

    async def ready(self) -> None:
        """Returns when questions can be answered at once: seconds after a start, and no time afterwards."""
        if not self._desk.knowledge.is_warm:
            await asyncio.to_thread(self._desk.knowledge.warm)

    async def receive(self, inbound: Inbound, now: datetime) -> str:
        """Keeps the message, its effect and the reply in one transaction; returns what it was.

        A second delivery of the same message is "repeat" and changes nothing.
        """
        # Looked for in the whole of it, before it is cut.
        alarming = danger(inbound.text) if inbound.kind in WORDS else None
        if alarming is None:
            await self.ready()
        inbound = replace(inbound, text=_storable(inbound.text))
        async with self._store.write() as connection:
            turn = await self._begin(connection, inbound, now)
            if turn is None:
                return "repeat"
            reply = await _answer(turn, alarming)
            await _keep(turn, reply)
        self._store.wake()
        return reply.outcome

    async def _begin(self, connection: AsyncConnection, inbound: Inbound, now: datetime) -> Turn | None:
        name = (inbox.c.channel == inbound.sender.channel) & (inbox.c.provider_id == inbound.provider_id)
        if (await connection.execute(select(inbox.c.id).where(name))).first():
            return None
        language = language_of_stranger(inbound.language, inbound.text, self._desk.language)
        resident = await residents.find(connection, inbound.sender, language, now)
        row = {
            "channel": inbound.sender.channel,
            "provider_id": inbound.provider_id,
            "resident_id": resident.id,
            "address": inbound.sender.value,
            "kind": inbound.kind,
            "text": inbound.text,
            "received_at": now,
        }
        # Two deliveries at the same moment: the one that comes second finds the first one's row here.
        if not await insert_new(connection, inbox, [row]):
            await connection.rollback()
            return None
        number = (await connection.execute(select(inbox.c.id).where(name))).scalar_one()
        return Turn(self._desk, connection, inbound, resident, resident.language, now, number)


def _storable(text: str) -> str:
    """Without what no database takes: NUL, and half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST]


async def _answer(turn: Turn, alarming: Danger | None) -> Reply:
    kind = turn.inbound.kind
    if kind == "blocked":
        return await consent.blocked(turn)
    await residents.reopen_address(turn.connection, turn.inbound.sender)
    if kind == "contact":
        return await linking.contact(turn)
    if kind == "foreign_contact":
        return Reply("contact_mismatch", "replies/contact_mismatch")
    if kind == "unreadable":
        return Reply("unreadable", "replies/unreadable")
    return await (answers.danger(turn, alarming) if alarming else _words(turn))


async def _words(turn: Turn) -> Reply:
    text = turn.text
    if linking.is_start(text):
        return await linking.started(turn) or consent.greeting(turn)
    question = await asked.open_question(turn)
    if visit := await asked.open_visit(turn, question):
        return await asked.answer(turn, visit) or await answers.question(turn)
    if unpaid.skips(turn, question) and (reply := await asked.answer(turn, question)):
        return reply
    if reply := await guiding.plainly(turn, question):
        return reply
    if reply := await _stopped_or_told(turn, question):
        # Neither after a stop nor after a loss would anybody want the next question.
        if reply.outcome in ("stop", "event"):
            await guiding.drop(turn)
        return reply
    if question is not None and (reply := await asked.answer(turn, question)):
        return reply
    if reply := await guiding.wished(turn) or await linking.wished(turn) or await moving.wished(turn):
        return reply
    for step in (answers.picked, person.wished, helpful.said, unpaid.wished):
        if reply := await step(turn):
            return reply
    if is_greeting(text):
        return Reply("help", "replies/help")
    if is_courtesy(text):
        return Reply("courtesy")
    if is_signs(text):
        return Reply("unreadable", "replies/unreadable")
    if is_foreign(text):
        return Reply("foreign", "replies/foreign")
    return await answers.question(turn) if fold(text) else Reply("help", "replies/help")


async def _stopped_or_told(turn: Turn, question: Any) -> Reply | None:
    """Stop words and news of a life, which may come in one message: "你发错人了，别再发了"."""
    wished = await consent.keyword(turn, question)
    if wished and wished.outcome != "stop":
        return wished
    told = await events.reported(turn, question)
    if wished and told and told.template in events.SAY_ENOUGH:
        # One confirmation, and the kinder one; none where the carrier gave it.
        return replace(told, outcome="stop", template=told.template if wished.template else "")
    return wished or told


async def _keep(turn: Turn, reply: Reply) -> None:
    outcome = {"outcome": reply.outcome, "topic": reply.topic, "resident_id": turn.resident.id}
    await turn.connection.execute(update(inbox).where(inbox.c.id == turn.id).values(**outcome))
    if not reply.template:
        return
    address = turn.inbound.sender
    draft = outbox.Draft(
        key=f"reply:{turn.id}",
        resident_id=turn.resident.id,
        address=address,
        sender=turn.inbound.recipient,
        priority=Priority.REPLY,
        purpose=REPLY,
        template=reply.template,
        language=turn.language,
        text=turn.desk.templates.say(reply.template, turn.language, address.channel, **reply.values),
        buttons=reply.buttons,
        due_at=turn.now,
    )
    await outbox.enqueue(turn.connection, [draft], turn.now)
