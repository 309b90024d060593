"""The bots Telegram knows: each token's chats, messages, files and settings."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from outreach.simulator.errors import ApiError
from outreach.simulator.ledger import Entry
from outreach.simulator.schema import Upload
from outreach.simulator.updates import UpdateQueue
from outreach.simulator.world import World

Message = dict[str, Any]

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{10,}")


@dataclass(slots=True)
class Chat:
    """A private chat. `keyboard` is the reply keyboard shown; `revision` grows with every change."""

    messages: dict[int, Message] = field(default_factory=dict)
    accepted: dict[int, Entry] = field(default_factory=dict)
    keyboard: dict[str, Any] | None = None
    notice: dict[str, Any] | None = None
    revision: int = 0


class Bot:
    def __init__(self, token: str, world: World) -> None:
        self.token = token
        self.id = int(token.partition(":")[0])
        self.world = world
        self.updates = UpdateQueue(world)
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        # As update ids do, message ids keep growing over restarts of the simulator.
        self._last_message_id = int(time.time() - 1_750_000_000)
        self._last_query = int((time.time() - 1_700_000_000) * 1000)
        self.forget()

    def forget(self) -> None:
        """Forget messages and updates, but not what the bot has set up."""
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Upload] = {}
        self.queries: dict[str, int] = {}
        self.updates.drop()

    @property
    def user(self) -> dict[str, Any]:
        """A User object."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": "Simulated bot",
            "username": f"sim{self.id}_bot",
        }

    def chat(self, chat_id: int) -> Chat:
        chat = self.chats.get(chat_id)
        if chat is None:
            chat = self.chats[chat_id] = Chat()
        return chat

    def person(self, chat_id: int, language_code: str | None = None) -> dict[str, Any]:
        """The User behind a private chat."""
        known = self.world.person_in_chat(chat_id)
        user = {"id": chat_id, "is_bot": False, "first_name": known.name if known else "Resident"}
        language = language_code or (known.language if known else None)
        return user | {"language_code": language} if language else user

    def chat_object(self, chat_id: int) -> dict[str, Any]:
        """A Chat object."""
        if chat_id < 0:
            return {"id": chat_id, "type": "group", "title": "Simulated group"}
        known = self.world.person_in_chat(chat_id)
        return {"id": chat_id, "type": "private", "first_name": known.name if known else "Resident"}

    def add_message(self, chat_id: int, sender: dict[str, Any], content: dict[str, Any]) -> Message:
        """Store a new Message in a chat and return it."""
        self._last_message_id += 1
        message = {
            "message_id": self._last_message_id,
            "from": sender,
            "chat": self.chat_object(chat_id),
            "date": int(time.time()),
            **content,
        }
        chat = self.chat(chat_id)
        chat.messages[self._last_message_id] = message
        chat.revision += 1
        return message

    def new_query_number(self) -> int:
        self._last_query += 1
        return self._last_query

    def add_file(self, upload: Upload) -> tuple[str, str]:
        """Keep a file, once for the same bytes; returns (file_id, file_unique_id)."""
        unique_id = sha1(upload.data, usedforsecurity=False).hexdigest()[:16]
        file_id = f"SIM{self.id}-{unique_id}"
        self.files.setdefault(file_id, upload)
        return file_id, unique_id


class Bots:
    def __init__(self, world: World) -> None:
        self._world = world
        self.known: dict[str, Bot] = {}

    def get(self, token: str) -> Bot:
        """The bot of a token, made on first use; ApiError for a token Telegram would not know."""
        bot = self.known.get(token)
        if bot is not None:
            return bot
        if not re.match(r"\d+:", token):
            raise ApiError(404, "Not Found")
        if not _TOKEN.fullmatch(token) or token.endswith("revoked"):
            raise ApiError(401, "Unauthorized")
        bot = self.known[token] = Bot(token, self._world)
        return bot

    def only(self) -> Bot | None:
        """The bot, if exactly one is known."""
        return next(iter(self.known.values())) if len(self.known) == 1 else None

    def forget(self, *, everything: bool) -> None:
        for bot in self.known.values():
            bot.forget()
            if everything:
                bot.updates.delete_webhook()
                bot.updates.release_poll()
        if everything:
            self.known.clear()

    def release_polls(self) -> None:
        for bot in self.known.values():
            bot.updates.release_poll()
