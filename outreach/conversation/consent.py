"""Words that stop, start and explain; a chat blocked, a number shared."""

from __future__ import annotations

from outreach import outbox, residents
from outreach.conversation.turn import Reply, Turn
from outreach.model import TELEGRAM, Button
from outreach.outbox import REPLY
from outreach.residents import Keyword
from outreach.store.tables import outbox as messages

SUBSCRIBE = "subscribe"


async def keyword(turn: Turn) -> Reply | None:
    word = Keyword.START if turn.text == SUBSCRIBE else residents.keyword(turn.text)
    if word == Keyword.STOP:
        return await _stop(turn)
    if word == Keyword.START:
        return await _start(turn)
    return Reply("help", "replies/help") if word == Keyword.HELP else None


async def _stop(turn: Turn) -> Reply:
    """Everyone who uses the address, on every channel: the one who wrote must not be written to again."""
    people = [person.id for person in await residents.at_address(turn.connection, turn.inbound.sender)]
    await residents.withdraw(
        turn.connection,
        people,
        wording=turn.text,
        channel=turn.inbound.sender.channel,
        source=turn.source,
        now=turn.now,
    )
    await outbox.cancel(
        turn.connection,
        messages.c.resident_id.in_(people),
        messages.c.purpose != REPLY,
        reason="the resident stopped our messages",
        now=turn.now,
    )
    # The carrier has confirmed it already; a second confirmation would be one message too many.
    return Reply("stop", "" if turn.inbound.answered_by_provider else "replies/stopped")


async def _start(turn: Turn) -> Reply:
    agreed = turn.desk.templates.say("replies/started", turn.language, turn.inbound.sender.channel)
    await residents.give(
        turn.connection,
        [turn.resident.id],
        wording=f"{turn.text} → {agreed}",
        channel=turn.inbound.sender.channel,
        source=turn.source,
        now=turn.now,
    )
    return Reply("start", "" if turn.inbound.answered_by_provider else "replies/started")


def greeting(turn: Turn) -> Reply:
    """Telegram's first screen: consent is offered, not assumed."""
    say = turn.desk.templates.say
    buttons = [
        Button(say("replies/button_subscribe", turn.language, TELEGRAM), SUBSCRIBE),
        Button(say("replies/button_share_contact", turn.language, TELEGRAM), kind="contact"),
    ]
    return Reply("greeting", "replies/greeting", buttons=buttons)


async def blocked(turn: Turn) -> Reply:
    address, reason = turn.inbound.sender, "the resident blocked the bot"
    await residents.close_address(turn.connection, address, reason, turn.now)
    await outbox.cancel(
        turn.connection,
        messages.c.channel == address.channel,
        messages.c.lookup == address.value,
        reason=reason,
        now=turn.now,
    )
    return Reply("blocked")


async def linked(turn: Turn) -> Reply:
    resident = await residents.link(turn.connection, turn.resident, turn.inbound.phone or "", turn.now)
    if resident is None:
        return Reply("contact_unknown", "replies/contact_unknown")
    turn.resident = resident
    return Reply("linked", "replies/linked")
