"""An inbound message in, one reply out: the only dialogue, the same on every channel.

In this order: danger words, stop words, the open question, knowledge, a person. What we last asked is read
from the outbox, so any process can answer, after any restart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import outbox, reminders, residents, surveys
from outreach.cases import answer_by, open_case
from outreach.folding import fold
from outreach.knowledge import Article, Knowledge, is_danger
from outreach.model import TELEGRAM, Button, Inbound, Priority
from outreach.outbox.claim import REPLY
from outreach.outbox.sight import CLARIFY
from outreach.residents import Keyword, Resident
from outreach.store import Store, insert_new
from outreach.store.tables import inbound as inbox
from outreach.store.tables import outbox as outbox_table
from outreach.templates import Templates, day_words, time_words

LONGEST = 4000
CHOICES = 3
TOPIC = "topic:"
SUBSCRIBE = "subscribe"
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORDS = re.compile(r"[A-Za-z]{2,}")
_COURTESY = {
    fold(word)
    for word in (
        "谢谢|谢谢您|谢谢你|多谢|好的|好|嗯|嗯嗯|收到|知道了|明白了|哦|行|thanks|thank you|thx|ok|okay|got it"
    ).split("|")
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and what the message was. `template` "" says nothing."""

    outcome: str
    template: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    buttons: Sequence[Button] = ()
    topic: str | None = None


@dataclass(slots=True)
class Turn:
    """One message being answered, inside its transaction."""

    connection: AsyncConnection
    inbound: Inbound
    resident: Resident
    language: str
    now: datetime
    id: int = 0
    is_new: bool = False


class Conversation:
    """Answers residents. `receive` is the only way in."""

    def __init__(
        self, store: Store, templates: Templates, knowledge: Knowledge, *, zone: ZoneInfo, language: str
    ) -> None:
        self._store, self._templates, self._knowledge = store, templates, knowledge
        self._zone, self._language = zone, language

    async def receive(self, inbound: Inbound, now: datetime) -> str:
        """Keeps the message, its effect and the reply in one transaction; returns what it was.

        A second delivery of the same message is "repeat" and changes nothing.
        """
        async with self._store.write() as connection:
            turn = await self._begin(connection, inbound, now)
            if turn is None:
                return "repeat"
            reply = await self._answer(turn)
            await self._keep(turn, reply)
        self._store.wake()
        return reply.outcome

    async def _begin(self, connection: AsyncConnection, inbound: Inbound, now: datetime) -> Turn | None:
        text = inbound.text.replace("\0", "")[:LONGEST]
        resident, is_new = await residents.find(
            connection, inbound.sender, self._guess_language(inbound.language, text), now
        )
        row = {
            "channel": inbound.sender.channel,
            "provider_id": inbound.provider_id,
            "resident_id": resident.id,
            "address": inbound.sender.value,
            "kind": inbound.kind,
            "text": text,
            "received_at": now,
        }
        if not await insert_new(connection, inbox, [row]):
            return None
        which = select(inbox.c.id).where(
            inbox.c.channel == inbound.sender.channel, inbox.c.provider_id == inbound.provider_id
        )
        number = (await connection.execute(which)).scalar_one()
        return Turn(connection, inbound, resident, resident.language, now, number, is_new)

    def _guess_language(self, hint: str | None, text: str) -> str:
        """A stranger's language: how they write, else what their app is set to, else the county's."""
        if _HAN.search(text):
            return "zh-Hans"
        if hint:
            return "zh-Hans" if hint.startswith("zh") else "en"
        return "en" if len(_LATIN_WORDS.findall(text)) > 1 else self._language

    async def _keep(self, turn: Turn, reply: Reply) -> None:
        await turn.connection.execute(
            update(inbox)
            .where(inbox.c.id == turn.id)
            .values(outcome=reply.outcome, topic=reply.topic, resident_id=turn.resident.id)
        )
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
            text=self._templates.say(reply.template, turn.language, address.channel, **reply.values),
            buttons=reply.buttons,
            due_at=turn.now,
        )
        await outbox.enqueue(turn.connection, [draft], turn.now)

    async def _answer(self, turn: Turn) -> Reply:
        kind = turn.inbound.kind
        if kind == "blocked":
            return await self._blocked(turn)
        await residents.reopen_address(turn.connection, turn.inbound.sender)
        if kind == "contact":
            return await self._linked(turn)
        if kind == "foreign_contact":
            return Reply("contact_mismatch", "replies/contact_mismatch")
        if kind == "unreadable":
            return Reply("unreadable", "replies/unreadable")
        return await self._words(turn)

    async def _words(self, turn: Turn) -> Reply:
        text = turn.inbound.text
        if is_danger(text):
            return await self._danger(turn)
        if text.startswith("/start"):
            return self._greeting(turn)
        asked = await self._asked(turn)
        # "取消" while an appointment is open is about the appointment.
        about_visit = asked is not None and asked.checkup_id and reminders.understand(text)
        if not about_visit and (reply := await self._keyword(turn)):
            return reply
        if asked is not None and (reply := await self._open_question(turn, asked)):
            return reply
        if text.startswith(TOPIC) and (reply := self._topic(turn, text.removeprefix(TOPIC))):
            return reply
        if fold(text) in _COURTESY:
            return Reply("courtesy")
        if not fold(text):
            return Reply("help", "replies/help")
        return await self._question(turn)

    # Words that stop, start and explain

    async def _keyword(self, turn: Turn) -> Reply | None:
        text = turn.inbound.text
        word = Keyword.START if text == SUBSCRIBE else residents.keyword(text)
        if word == Keyword.STOP:
            return await self._stop(turn)
        if word == Keyword.START:
            return await self._start(turn)
        return Reply("help", "replies/help") if word == Keyword.HELP else None

    async def _stop(self, turn: Turn) -> Reply:
        """Everyone who uses the address, on every channel: the one who wrote must not be written to again."""
        people = [person.id for person in await residents.at_address(turn.connection, turn.inbound.sender)]
        await residents.withdraw(
            turn.connection,
            people,
            wording=turn.inbound.text,
            channel=turn.inbound.sender.channel,
            source=f"inbound {turn.id}",
            now=turn.now,
        )
        await outbox.cancel(
            turn.connection,
            outbox_table.c.resident_id.in_(people),
            outbox_table.c.purpose != REPLY,
            reason="the resident stopped our messages",
            now=turn.now,
        )
        # The carrier has confirmed it already; a second confirmation would be one message too many.
        return Reply("stop", "" if turn.inbound.answered_by_provider else "replies/stopped")

    async def _start(self, turn: Turn) -> Reply:
        wording = self._templates.say("replies/started", turn.language, turn.inbound.sender.channel)
        await residents.give(
            turn.connection,
            [turn.resident.id],
            wording=f"{turn.inbound.text} → {wording}",
            channel=turn.inbound.sender.channel,
            source=f"inbound {turn.id}",
            now=turn.now,
        )
        return Reply("start", "" if turn.inbound.answered_by_provider else "replies/started")

    def _greeting(self, turn: Turn) -> Reply:
        caption = self._templates.say("replies/button_share_contact", turn.language, TELEGRAM)
        subscribe = self._templates.say("replies/button_subscribe", turn.language, TELEGRAM)
        buttons = [Button(subscribe, SUBSCRIBE), Button(caption, kind="contact")]
        return Reply("greeting", "replies/greeting", buttons=buttons)

    async def _blocked(self, turn: Turn) -> Reply:
        address = turn.inbound.sender
        await residents.close_address(turn.connection, address, "the resident blocked the bot", turn.now)
        await outbox.cancel(
            turn.connection,
            outbox_table.c.channel == address.channel,
            outbox_table.c.address == address.value,
            reason="the resident blocked the bot",
            now=turn.now,
        )
        return Reply("blocked")

    async def _linked(self, turn: Turn) -> Reply:
        phone = turn.inbound.phone or ""
        resident = await residents.link(turn.connection, turn.resident, phone, turn.now)
        if resident is None:
            return Reply("contact_unknown", "replies/contact_unknown")
        turn.resident = resident
        return Reply("linked", "replies/linked")

    # The open question

    async def _asked(self, turn: Turn) -> Any:
        """The message of ours that this one answers, if it asked anything."""
        row = None
        if turn.inbound.reply_to:
            row = await outbox.sent_as(turn.connection, turn.inbound.sender, turn.inbound.reply_to)
        if row is None or not (row.survey or row.checkup_id or row.template == CLARIFY):
            row = await outbox.newest_question(
                turn.connection, turn.resident.id, turn.inbound.sender, turn.now
            )
        if row is not None and row.checkup_id:
            return row if await reminders.is_open(turn.connection, row.checkup_id, turn.now) else None
        return row

    async def _open_question(self, turn: Turn, asked: Any) -> Reply | None:
        usual, turn.language = turn.language, asked.language
        if asked.template == CLARIFY:
            reply = self._chosen(turn, asked)
        elif asked.checkup_id:
            reply = await self._appointment(turn, asked)
        else:
            reply = await self._survey(turn, asked)
        if reply is None:
            turn.language = usual
        return reply

    def _chosen(self, turn: Turn, asked: Any) -> Reply | None:
        if turn.inbound.text.startswith(TOPIC):
            return self._topic(turn, turn.inbound.text.removeprefix(TOPIC))
        choice = fold(turn.inbound.text)
        if not choice.isdecimal() or not 1 <= int(choice) <= len(asked.buttons):
            return None
        return self._topic(turn, asked.buttons[int(choice) - 1]["data"].removeprefix(TOPIC))

    async def _appointment(self, turn: Turn, asked: Any) -> Reply | None:
        understood = reminders.understand(turn.inbound.text)
        if understood is None:
            return None
        checkup = await reminders.answer(turn.connection, asked.checkup_id, understood, turn.now)
        local = checkup.at.astimezone(self._zone)
        day = day_words(local, turn.language)
        if understood == reminders.Reply.CONFIRM:
            values = {"day": day, "time": time_words(local), "place": checkup.place}
            return Reply("appointment", "replies/appointment_confirmed", values)
        if understood == reminders.Reply.CANCEL:
            return Reply("appointment", "replies/appointment_cancelled", {"day": day})
        return Reply("appointment", "replies/appointment_move", await self._promise(turn, "appointment"))

    async def _survey(self, turn: Turn, asked: Any) -> Reply | None:
        grade = await surveys.record(turn.connection, asked, turn.id, turn.inbound.text, turn.now)
        if grade is None:
            return None
        if grade > surveys.LOW:
            return Reply("rating", "replies/survey_thanks")
        return Reply("rating", "replies/survey_thanks_low", await self._promise(turn, "low_score"))

    # Knowledge, then a person

    async def _question(self, turn: Turn) -> Reply:
        text = turn.inbound.text
        turn.language = self._language_of(text, turn.language)
        found = self._knowledge.ask(text, turn.language, turn.now.astimezone(self._zone).date())
        if found.outcome == "answer" and found.article:
            return self._article(turn, found.article)
        if found.outcome == "clarify":
            return self._clarify([article for article, _ in found.candidates[:CHOICES]])
        return Reply("handoff", "replies/handoff", await self._promise(turn, "question"))

    def _language_of(self, text: str, usual: str) -> str:
        if _HAN.search(text):
            return "zh-Hans"
        return "en" if _LATIN_WORDS.search(text) else usual

    def _topic(self, turn: Turn, topic: str) -> Reply | None:
        article = self._knowledge.article(topic, turn.language)
        return self._article(turn, article) if article else None

    def _article(self, turn: Turn, article: Article) -> Reply:
        text, basis = self._knowledge.text(article, turn.inbound.sender.channel)
        return Reply("answer", "replies/answer", {"text": text, "basis": basis}, topic=article.topic)

    def _clarify(self, articles: Sequence[Article]) -> Reply:
        titles = [article.front.title for article in articles]
        buttons = [Button(article.front.title, TOPIC + article.topic) for article in articles]
        return Reply("clarify", CLARIFY, {"options": titles}, buttons)

    async def _danger(self, turn: Turn) -> Reply:
        turn.language = self._language_of(turn.inbound.text, turn.language)
        await open_case(turn.connection, "danger", turn.resident.id, turn.id, due_at=turn.now, now=turn.now)
        return Reply("danger", "replies/danger")

    async def _promise(self, turn: Turn, kind: str) -> dict[str, Any]:
        """Opens a case, and says when its answer will come."""
        due = answer_by(turn.now, self._zone)
        await open_case(turn.connection, kind, turn.resident.id, turn.id, due_at=due, now=turn.now)
        return {"answer_by": f"{day_words(due, turn.language)} {time_words(due)}"}
