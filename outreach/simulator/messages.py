"""Bot API methods about messages: sending, editing, deleting, and answering a tapped button.

Each takes the bot and the checked parameters, and returns the `result`.
"""

from __future__ import annotations

import time
from typing import Any

from outreach.simulator import formatting
from outreach.simulator.bots import Bot, Chat, Message
from outreach.simulator.errors import bad_request
from outreach.simulator.files import media
from outreach.simulator.ledger import Entry
from outreach.simulator.markup import buttons_of, check_markup

Params = dict[str, Any]

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
MEDIA = ("photo", "video", "voice", "video_note", "document")
ACTIONS = frozenset(
    {"typing", "choose_sticker", "find_location"}
    | {f"upload_{medium}" for medium in MEDIA}
    | {f"record_{medium}" for medium in ("video", "voice", "video_note")}
)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


# -- sending


def send_message(bot: Bot, p: Params) -> Message:
    return _send(bot, p, _text(p), "text")


def send_photo(bot: Bot, p: Params) -> Message:
    return _send(bot, p, media(bot, "photo", p["photo"]) | _caption(p), "caption")


def send_document(bot: Bot, p: Params) -> Message:
    return _send(bot, p, media(bot, "document", p["document"]) | _caption(p), "caption")


def _send(bot: Bot, p: Params, content: dict[str, Any], text_key: str) -> Message:
    chat_id: int = p["chat_id"]
    markup = p.get("reply_markup")
    if markup is not None:
        check_markup(markup)
    if "reply_parameters" in p:
        content |= _reply(bot.chat(chat_id), p["reply_parameters"])
    if markup is not None and "inline_keyboard" in markup:
        content["reply_markup"] = markup
    message = bot.add_message(chat_id, bot.user, content)
    _show_keyboard(bot.chat(chat_id), markup)
    _accept(bot, message, message.get(text_key, ""), markup)
    return message


def _accept(bot: Bot, message: Message, text: str, markup: dict[str, Any] | None) -> None:
    chat_id = message["chat"]["id"]
    entry: Entry = {
        "bot": bot.id,
        "chat_id": chat_id,
        "message_id": message["message_id"],
        "kind": "photo" if "photo" in message else "document" if "document" in message else "text",
        "text": text,
        "buttons": buttons_of(markup),
    }
    bot.chat(chat_id).accepted[message["message_id"]] = bot.world.ledger.telegram_accepted(entry)


def _text(p: Params) -> dict[str, Any]:
    text, entities = formatting.parse(p.get("text", ""), p.get("parse_mode"))
    if not text.strip():
        raise bad_request("message text is empty")
    if len(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    entities = entities or p.get("entities") or []
    return {"text": text, "entities": entities} if entities else {"text": text}


def _caption(p: Params) -> dict[str, Any]:
    text, entities = formatting.parse(p.get("caption", ""), p.get("parse_mode"))
    if len(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    entities = entities or p.get("caption_entities") or []
    caption = {"caption": text} if text else {}
    return caption | ({"caption_entities": entities} if entities else {})


def _reply(chat: Chat, parameters: dict[str, Any]) -> dict[str, Any]:
    original = chat.messages.get(parameters.get("message_id", 0))
    if original is not None:
        # As the real service does, without the original's own reply.
        return {"reply_to_message": {k: v for k, v in original.items() if k != "reply_to_message"}}
    if parameters.get("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


def _show_keyboard(chat: Chat, markup: dict[str, Any] | None) -> None:
    if markup is None:
        return
    if "keyboard" in markup:
        chat.keyboard = markup
    elif markup.get("remove_keyboard"):
        chat.keyboard = None


def send_chat_action(bot: Bot, p: Params) -> bool:
    if p["action"] not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    return True


# -- messages already sent


def edit_message_text(bot: Bot, p: Params) -> Message:
    message = _own_message(bot, p, "edit")
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _edit(bot, message, _text(p), p.get("reply_markup"))


def edit_message_reply_markup(bot: Bot, p: Params) -> Message:
    message = _own_message(bot, p, "edit")
    kept: dict[str, Any] = {key: message[key] for key in ("text", "entities") if key in message}
    return _edit(bot, message, kept, p.get("reply_markup"))


def _edit(bot: Bot, message: Message, content: dict[str, Any], markup: dict[str, Any] | None) -> Message:
    """An edit without reply_markup takes the inline keyboard away, as in the real service."""
    if markup is not None:
        check_markup(markup)
    if markup is not None and markup["inline_keyboard"]:
        content = content | {"reply_markup": markup}
    if content == {key: message[key] for key in ("text", "entities", "reply_markup") if key in message}:
        raise bad_request(NOT_MODIFIED)
    for key in ("text", "entities", "reply_markup"):
        message.pop(key, None)
    message |= content | {"edit_date": int(time.time())}
    chat = bot.chat(message["chat"]["id"])
    chat.revision += 1
    edit = {"text": message.get("text", ""), "buttons": buttons_of(content.get("reply_markup"))}
    chat.accepted[message["message_id"]].setdefault("edits", []).append(edit | {"at": time.time()})
    return message


def _own_message(bot: Bot, p: Params, verb: str) -> Message:
    if "chat_id" not in p:
        raise bad_request("chat_id is empty")
    if "message_id" not in p:
        raise bad_request("message identifier is not specified")
    message = bot.chat(p["chat_id"]).messages.get(p["message_id"])
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if message["from"]["id"] != bot.id and verb == "edit":
        raise bad_request("message can't be edited")
    return message


def delete_message(bot: Bot, p: Params) -> bool:
    message = _own_message(bot, p, "delete")
    chat = bot.chat(p["chat_id"])
    del chat.messages[message["message_id"]]
    chat.revision += 1
    return True


def answer_callback_query(bot: Bot, p: Params) -> bool:
    chat_id = bot.queries.get(p["callback_query_id"])
    if chat_id is None:
        raise bad_request(QUERY_TOO_OLD)
    if len(p.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    del bot.queries[p["callback_query_id"]]
    chat = bot.chat(chat_id)
    chat.notice = {"text": p.get("text", ""), "alert": p.get("show_alert", False), "at": time.time()}
    chat.revision += 1
    return True
