"""What a resident's phone shows: the chat with a bot, and the SMS thread, as JSON for the page."""

from __future__ import annotations

from typing import Any

from outreach.simulator.bots import Bot, Bots, Chat, Message
from outreach.simulator.carrier import Carrier
from outreach.simulator.markup import buttons_of
from outreach.simulator.texts import Sms
from outreach.simulator.world import Person

SHOWN = 200
ON_THE_PHONE = frozenset({"sent", "delivered", "received"})


def choose_bot(bots: Bots, person: Person, bot_id: int | None) -> Bot | None:
    """The bot asked for, else one that the person has talked with, else the first known."""
    known = list(bots.known.values())
    asked = [bot for bot in known if bot.id == bot_id]
    talked = [bot for bot in known if person.chat_id in bot.chats and bot.chats[person.chat_id].messages]
    return next(iter(asked or talked or known), None)


def version(resets: int, bots: Bots, bot: Bot | None, carrier: Carrier, person: Person) -> str:
    """Changes whenever the page would show something else."""
    chat = _chat(bot, person)
    texts = carrier.texts.thread(person.number) if person.number else []
    arrived = sum(sms.status in ON_THE_PHONE for sms in texts[-SHOWN:])
    parts = (resets, len(bots.known), bot.id if bot else 0, chat.revision if chat else 0, len(texts), arrived)
    return ":".join(map(str, parts))


def telegram_thread(bot: Bot | None, person: Person) -> dict[str, Any] | None:
    """{bot, messages, keyboard, placeholder, notice}; None for a person without Telegram."""
    if person.chat_id is None:
        return None
    chat = _chat(bot, person) or Chat()
    keyboard = chat.keyboard or {}
    return {
        "bot": bot.id if bot else None,
        "messages": [_telegram_message(m, person) for m in list(chat.messages.values())[-SHOWN:]],
        "keyboard": buttons_of(chat.keyboard),
        "placeholder": keyboard.get("input_field_placeholder"),
        "notice": chat.notice,
    }


def sms_thread(carrier: Carrier, person: Person) -> dict[str, Any] | None:
    """{messages: [{id, mine, text, at}], reachable}; None for a person without a number."""
    if person.number is None:
        return None
    arrived = [s for s in carrier.texts.thread(person.number)[-SHOWN:] if s.status in ON_THE_PHONE]
    messages = sorted(map(_sms, arrived), key=lambda one: float(one["at"]))
    return {"messages": messages, "reachable": carrier.line.inbound_url is not None}


def last_words(bots: Bots, carrier: Carrier, person: Person) -> dict[str, Any] | None:
    """{text, at} of the newest message on the phone, by either channel."""
    found = [_sms(sms) for sms in carrier.texts.thread(person.number or "")[-1:]]
    for bot in bots.known.values():
        chat = _chat(bot, person)
        if chat is not None and chat.messages:
            found.append(_telegram_message(chat.messages[next(reversed(chat.messages))], person))
    if not found:
        return None
    newest = max(found, key=lambda one: float(one["at"]))
    return {"text": newest["text"], "at": newest["at"]}


def _chat(bot: Bot | None, person: Person) -> Chat | None:
    if bot is None or person.chat_id is None:
        return None
    return bot.chats.get(person.chat_id)


def _telegram_message(message: Message, person: Person) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": message["message_id"],
        "mine": message["from"]["id"] == person.chat_id,
        "text": message.get("text") or message.get("caption") or "",
        "at": message["date"],
        "edited": "edit_date" in message,
        "buttons": buttons_of(message.get("reply_markup")),
    }
    if "contact" in message:
        shown["contact"] = message["contact"]["phone_number"]
    if "photo" in message:
        shown["photo"] = message["photo"][-1]["file_id"]
    if "document" in message:
        document = message["document"]
        shown["document"] = {"id": document["file_id"], "name": document.get("file_name", "")}
    if "reply_to_message" in message:
        original = message["reply_to_message"]
        shown["reply_to"] = original.get("text") or original.get("caption") or ""
    return shown


def _sms(sms: Sms) -> dict[str, Any]:
    at = (sms.sent or sms.created).timestamp()
    return {"id": sms.sid, "mine": sms.direction == "inbound", "text": sms.text, "at": at}
