"""Words that stop, start and explain; a chat blocked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outreach import outbox, residents
from outreach.conversation.turn import Reply, Turn
from outreach.conversation.who import several, who
from outreach.folding import fold
from outreach.model import TELEGRAM, Button
from outreach.outbox import REPLY
from outreach.residents import Keyword, Wish
from outreach.store.tables import outbox as messages

SUBSCRIBE = "subscribe"
# To a carrier it starts again; to us only of somebody who stopped, and where we asked nothing.
YES = "yes"


async def keyword(turn: Turn, asked: Any) -> Reply | None:
    """The reply to a word that stops, starts or explains; None where the message is no such word."""
    wish = Wish(Keyword.START) if turn.text == SUBSCRIBE else residents.wish(turn.text)
    if wish is None and asked is None and await _says_yes_again(turn):
        wish = Wish(Keyword.START)
    if wish is None:
        return None
    if wish.keyword == Keyword.STOP:
        return await stop(turn, wish.topics)
    if wish.keyword == Keyword.START:
        people = await several(turn)
        return who("start", people, ",".join(wish.topics)) if people else await start(turn, wish.topics)
    return Reply("help", "" if turn.inbound.answered_by_provider else "replies/help")


async def _says_yes_again(turn: Turn) -> bool:
    if fold(turn.text) != YES:
        return False
    held = await residents.standing(turn.connection, turn.resident.id)
    stopped = not any(held.values()) and await residents.restorable(turn.connection, turn.resident.id)
    return bool(stopped) or turn.inbound.answered_by_provider


async def stop(turn: Turn, topics: Sequence[str] = ()) -> Reply:
    """Everyone who uses the address, on every channel: the one who wrote must not be written to again."""
    people = [person.id for person in await turn.people()]
    ended = await residents.stop(
        turn.connection,
        people,
        topics,
        wording=turn.text,
        channel=turn.inbound.sender.channel,
        source=turn.source,
        now=turn.now,
    )
    # What was stopped before and is queued all the same goes too.
    which = messages.c.purpose.in_(ended | set(topics)) if topics else messages.c.purpose != REPLY
    reason = "the resident stopped our messages"
    await outbox.cancel(
        turn.connection, messages.c.resident_id.in_(people), which, reason=reason, now=turn.now
    )
    # The carrier has confirmed it already; a second confirmation would be one message too many.
    if turn.inbound.answered_by_provider:
        return Reply("stop")
    if not ended:
        return Reply("stop", "replies/stopped_already")
    if not topics:
        return Reply("stop", "replies/stopped")
    return Reply(
        "stop", "replies/stopped_topic", {"what": names(turn, sorted(ended)), "back": _back(turn, ended)}
    )


async def start(turn: Turn, topics: Sequence[str] = ()) -> Reply:
    """What there was before a stop, and never more; the words shown are kept with it."""
    new, holds = await residents.begin(turn.connection, turn.resident.id, topics)
    if not holds:
        return Reply("start", "replies/handoff", await turn.promise("question"))
    values = {"what": names(turn, holds)}
    shown = turn.desk.templates.say("replies/started", turn.language, turn.inbound.sender.channel, **values)
    await residents.give(
        turn.connection,
        [turn.resident.id],
        purposes=new,
        wording=f"{turn.text} → {shown}",
        channel=turn.inbound.sender.channel,
        source=turn.source,
        now=turn.now,
    )
    if turn.inbound.answered_by_provider:
        return Reply("start")
    return Reply("start", "replies/started", values)


def names(turn: Turn, purposes: Sequence[str]) -> str:
    """What these purposes are called, as one would list them aloud."""
    called = list(dict.fromkeys(_name(turn, purpose) for purpose in purposes))
    if turn.language == "en":
        return " and ".join(filter(None, (", ".join(called[:-1]), called[-1])))
    return "和".join(filter(None, ("、".join(called[:-1]), called[-1])))


def _name(turn: Turn, purpose: str) -> str:
    template = f"replies/purpose_{purpose}"
    known = turn.desk.templates.has(template, turn.language)
    return turn.desk.templates.say(template if known else "replies/purpose_other", turn.language, TELEGRAM)


def _back(turn: Turn, ended: set[str]) -> str:
    """What to reply to get it again."""
    word = _name(turn, min(ended, key=lambda purpose: (":" in purpose, purpose)))
    return f"START {word}" if turn.language == "en" else f"恢复{word}"


def greeting(turn: Turn) -> Reply:
    """Telegram's first screen: consent is offered, not assumed."""
    return Reply("greeting", "replies/greeting", buttons=[agree(turn), share(turn)])


def agree(turn: Turn) -> Button:
    return Button(turn.desk.templates.say("replies/button_subscribe", turn.language, TELEGRAM), SUBSCRIBE)


def share(turn: Turn) -> Button:
    """The button that shares the person's own number, which Telegram vouches for."""
    words = turn.desk.templates.say("replies/button_share_contact", turn.language, TELEGRAM)
    return Button(words, kind="contact")


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
