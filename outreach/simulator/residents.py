"""What a resident does in Telegram: writes, taps a button, shares a contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from outreach.simulator import formatting
from outreach.simulator.bots import Bot, Message


class Impossible(Exception):
    """Nobody could do this in the real application."""


@dataclass(frozen=True, slots=True)
class Done:
    """The update a resident's action made, and the message it is about."""

    update_id: int
    message_id: int

    def as_json(self) -> dict[str, int]:
        return {"update_id": self.update_id, "message_id": self.message_id}


def say(
    bot: Bot, chat_id: int, text: str, *, reply_to: int | None = None, language_code: str | None = None
) -> Done:
    content: dict[str, Any] = {"text": text}
    entities = formatting.command_entities(text)
    if entities:
        content["entities"] = entities
    if reply_to is not None:
        original = _message(bot, chat_id, reply_to)
        content["reply_to_message"] = {k: v for k, v in original.items() if k != "reply_to_message"}
    return _send(bot, chat_id, content, "text", language_code)


def share_contact(bot: Bot, chat_id: int, phone_number: str) -> Done:
    user = bot.person(chat_id)
    contact = {"phone_number": phone_number, "first_name": user["first_name"], "user_id": chat_id}
    return _send(bot, chat_id, {"contact": contact}, "contact", None)


def _send(bot: Bot, chat_id: int, content: dict[str, Any], kind: str, language_code: str | None) -> Done:
    message = bot.add_message(chat_id, bot.person(chat_id, language_code), content)
    _hide_one_time_keyboard(bot, chat_id)
    entry = _entry(bot, chat_id, kind, message["message_id"], content.get("text", ""))
    return Done(bot.updates.push("message", message, chat_id, entry), message["message_id"])


def tap(bot: Bot, chat_id: int, message_id: int, data: str) -> Done:
    """Tap the inline button carrying `data` on a message; it must be there to be tapped."""
    message = _message(bot, chat_id, message_id)
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    if not any(button.get("callback_data") == data for row in rows for button in row):
        raise Impossible(f"message {message_id} has no button with data {data!r}")
    entry = _entry(bot, chat_id, "callback_query", message_id, data)
    query_id = f"{bot.id}{bot.new_query_number()}"
    query = {
        "id": query_id,
        "from": bot.person(chat_id),
        "message": dict(message),
        "chat_instance": str(bot.id ^ chat_id),
        "data": data,
    }
    bot.queries[query_id] = chat_id
    return Done(bot.updates.push("callback_query", query, chat_id, entry), message_id)


def _entry(bot: Bot, chat_id: int, kind: str, message_id: int, text: str) -> dict[str, Any]:
    return {
        "channel": "telegram",
        "kind": kind,
        "bot": bot.id,
        "chat_id": chat_id,
        "message_id": message_id,
        "text": text,
    }


def _message(bot: Bot, chat_id: int, message_id: int) -> Message:
    message = bot.chat(chat_id).messages.get(message_id)
    if message is None:
        raise Impossible(f"chat {chat_id} has no message {message_id}")
    return message


def _hide_one_time_keyboard(bot: Bot, chat_id: int) -> None:
    chat = bot.chat(chat_id)
    if chat.keyboard is not None and chat.keyboard.get("one_time_keyboard"):
        chat.keyboard = None
