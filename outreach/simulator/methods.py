"""The Bot API's methods: those about updates and the bot itself, and the table of all that are simulated.

Each takes the bot and the checked parameters, and returns the `result`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from outreach.simulator import messages
from outreach.simulator.bots import Bot
from outreach.simulator.courier import is_loopback
from outreach.simulator.errors import bad_request
from outreach.simulator.messages import Params

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


async def get_updates(bot: Bot, p: Params) -> list[dict[str, Any]]:
    bot.updates.allow(p.get("allowed_updates"))
    return await bot.updates.poll(p.get("offset", 0), p.get("limit", 100), min(p.get("timeout", 0), 50))


def set_webhook(bot: Bot, p: Params) -> bool:
    url, secret = p["url"], p.get("secret_token")
    if secret is not None and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if url and not is_loopback(url):
        raise bad_request("bad webhook: Failed to resolve host: the simulator reaches loopback only")
    if not 1 <= p.get("max_connections", 40) <= 100:
        raise bad_request("max_connections must be between 1 and 100")
    if p.get("drop_pending_updates"):
        bot.updates.drop()
    bot.updates.allow(p.get("allowed_updates"))
    if url:
        bot.updates.set_webhook(url, secret, p.get("max_connections", 40))
    else:
        bot.updates.delete_webhook()
    return True


def delete_webhook(bot: Bot, p: Params) -> bool:
    if p.get("drop_pending_updates"):
        bot.updates.drop()
    bot.updates.delete_webhook()
    return True


def get_webhook_info(bot: Bot, p: Params) -> dict[str, Any]:
    return bot.updates.webhook_info()


def log_out(bot: Bot, p: Params) -> bool:
    bot.updates.delete_webhook()
    return True


def close(bot: Bot, p: Params) -> bool:
    bot.updates.release_poll()
    return True


# -- the bot and its chats


def get_me(bot: Bot, p: Params) -> dict[str, Any]:
    return bot.user | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(bot: Bot, p: Params) -> dict[str, Any]:
    """A ChatFullInfo object."""
    return bot.chat_object(p["chat_id"]) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, False),
    }


def _scope(p: Params) -> tuple[str, str]:
    scope = p.get("scope") or {"type": "default"}
    return "/".join(str(value) for value in scope.values()), p.get("language_code", "")


def set_my_commands(bot: Bot, p: Params) -> bool:
    if len(p["commands"]) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in p["commands"]:
        if not _COMMAND.fullmatch(command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands[_scope(p)] = p["commands"]
    return True


def get_my_commands(bot: Bot, p: Params) -> list[dict[str, Any]]:
    return bot.commands.get(_scope(p), [])


def delete_my_commands(bot: Bot, p: Params) -> bool:
    bot.commands.pop(_scope(p), None)
    return True


def _set_description(name: str, limit: int) -> Callable[[Bot, Params], bool]:
    def method(bot: Bot, p: Params) -> bool:
        text = p.get(name, "")
        if len(text) > limit:
            raise bad_request(f"bot {name.replace('_', ' ')} is too long")
        bot.descriptions[name, p.get("language_code", "")] = text
        return True

    return method


def _get_description(name: str) -> Callable[[Bot, Params], dict[str, Any]]:
    def method(bot: Bot, p: Params) -> dict[str, Any]:
        default = bot.descriptions.get((name, ""), "")
        return {name: bot.descriptions.get((name, p.get("language_code", "")), "") or default}

    return method


HANDLERS: dict[str, Callable[[Bot, Params], Any]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": messages.send_message,
    "editMessageText": messages.edit_message_text,
    "editMessageReplyMarkup": messages.edit_message_reply_markup,
    "answerCallbackQuery": messages.answer_callback_query,
    "sendPhoto": messages.send_photo,
    "sendDocument": messages.send_document,
    "sendChatAction": messages.send_chat_action,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": _set_description("description", 512),
    "getMyDescription": _get_description("description"),
    "setMyShortDescription": _set_description("short_description", 120),
    "getMyShortDescription": _get_description("short_description"),
    "logOut": log_out,
    "close": close,
    "getChat": get_chat,
    "deleteMessage": messages.delete_message,
}

SENDING = frozenset({"sendMessage", "sendPhoto", "sendDocument"})
