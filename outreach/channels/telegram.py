"""Telegram, through python-telegram-bot: updates in, sendMessage out."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import BaseRequest, RequestData

from outreach.channels.masking import masked
from outreach.channels.wire import TOTAL_SECONDS, NotWritten, Unanswered, Wire
from outreach.model import (
    JSON,
    TELEGRAM,
    Address,
    BadInput,
    Button,
    ChannelName,
    Forged,
    Inbound,
    InDoubt,
    Outbound,
    Receipt,
    Refused,
    Request,
    SendError,
    Sent,
    TryLater,
    Unreachable,
)

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 a header's name
POLL_SECONDS = 25
# What python-telegram-bot raises for an update that is not shaped as it expects.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
# A revoked token is mended by a person; until then nothing is lost by waiting.
REVOKED_SECONDS = 60.0
# Spelt so, the library does not warn at every call that it has a method of that name.
_SEND = "send_Message"


class Telegram:
    """The residents' bot. The port is read and send; polling is its own way of hearing."""

    name: ChannelName = TELEGRAM

    def __init__(self, token: str, api_base: str, wire: Wire, *, webhook_secret: str = "") -> None:
        self._secret = webhook_secret or hmac.new(token.encode(), b"webhook", hashlib.sha256).hexdigest()
        self._base = api_base
        self._poller = _Carrier(wire)
        try:
            self._bot = Bot(
                token,
                base_url=f"{api_base}/bot",
                base_file_url=f"{api_base}/file/bot",
                request=_Carrier(wire),
                get_updates_request=self._poller,
            )
        except InvalidToken as error:
            raise _bad_token(str(error)) from None

    @property
    def bot_id(self) -> str:
        return self._bot.token.split(":")[0]

    async def check(self) -> str:
        """Signs in, and returns the bot's name; BadInput names the setting that is wrong."""
        try:
            await self._bot.initialize()
        except InvalidToken:
            raise _bad_token("Telegram does not know this token") from None
        except TelegramError as error:
            raise BadInput(
                f"no Bot API answers at {self._base}: {error.message}",
                where="OUTREACH_TELEGRAM_API_BASE",
                fix="correct the address, or see whether this machine can reach it",
            ) from None
        return str(self._bot.username)

    async def listen_by_polling(self) -> None:
        with contextlib.suppress(TelegramError):
            await self._bot.delete_webhook()

    async def listen_by_webhook(self, url: str) -> None:
        try:
            await self._bot.set_webhook(url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES)
        except TelegramError as error:
            fix = "give an https address that Telegram can reach, or use polling"
            problem = f"Telegram refuses the webhook: {error.message}"
            raise BadInput(problem, where="OUTREACH_PUBLIC_URL", fix=fix) from None

    async def updates(self, offset: int) -> list[tuple[int, Inbound | None]]:
        """Waits for news; each with its update id. The next call's offset acknowledges what was kept.

        Raises TryLater.
        """
        try:
            updates: Sequence[Update] = await self._bot.get_updates(
                offset=offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED_UPDATES
            )
            return [(update.update_id, self._inbound(update)) for update in updates]
        except RetryAfter as error:
            raise TryLater(error.message, after=_seconds(error)) from None
        except Conflict as error:
            # A webhook that is still set, or another process that polls.
            await self.listen_by_polling()
            raise TryLater(masked(error.message)) from None
        except TelegramError as error:
            raise TryLater(masked(error.message)) from None
        except _UNREADABLE:
            return self._skimmed()

    def _skimmed(self) -> list[tuple[int, Inbound | None]]:
        """The last answer, update by update: one that cannot be read must not stop all that come after it."""
        news: list[tuple[int, Inbound | None]] = []
        for raw in json.loads(self._poller.last_body)["result"]:
            try:
                news.append(self._one(raw))
            except _UNREADABLE:
                news.append((raw["update_id"], None))
        return news

    def _one(self, raw: JSON) -> tuple[int, Inbound | None]:
        update = Update.de_json(raw, self._bot)
        return update.update_id, self._inbound(update)

    def read(self, request: Request) -> list[Inbound | Receipt]:
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret.encode()):
            raise Forged("the secret token is not ours")
        try:
            _, inbound = self._one(json.loads(request.body))
        except _UNREADABLE as error:
            raise BadInput("this is no Telegram update", where="request body") from error
        return [inbound] if inbound else []

    async def acknowledge_tap(self, tap_id: str) -> None:
        """Stops the button's waiting sign. Of no consequence where it fails: the tap itself is kept."""
        with contextlib.suppress(TelegramError):
            await self._bot.answer_callback_query(tap_id)

    async def send(self, message: Outbound) -> Sent:
        # Asked for raw: building the whole answer's objects takes most of the library's time.
        call = {"chat_id": message.address.value, "text": message.text}
        markup = {"reply_markup": _markup(message.buttons)} if message.buttons else {}
        try:
            answer: Any = await self._bot.do_api_request(_SEND, call | markup)
            return Sent(str(int(answer["message_id"])))
        except TelegramError as error:
            raise _decided(error) from error
        except _UNREADABLE as error:
            raise InDoubt(f"an answer of Telegram's that makes no sense: {error}") from error

    def _inbound(self, update: Update) -> Inbound | None:
        name = f"{self.bot_id}:{update.update_id}"
        if update.callback_query:
            return _tap(name, update)
        if update.my_chat_member:
            gone = update.my_chat_member.new_chat_member.status in ("kicked", "left")
            chat = update.my_chat_member.chat
            private = gone and chat.type == chat.PRIVATE
            return Inbound(name, Address(TELEGRAM, str(chat.id)), "", "blocked") if private else None
        message = update.message
        if message is None or message.chat.type != message.chat.PRIVATE or message.from_user is None:
            return None
        return _message(name, message)


def _tap(name: str, update: Update) -> Inbound | None:
    query = update.callback_query
    if query is None or query.data is None:
        return None
    # A private chat has its person's id; an old message may have no more of itself than that.
    return Inbound(
        name,
        Address(TELEGRAM, str(query.from_user.id)),
        query.data,
        "tap",
        reply_to=str(query.message.message_id) if query.message else None,
        language=query.from_user.language_code,
        tap_id=query.id,
    )


def _message(name: str, message: Message) -> Inbound:
    sender = Address(TELEGRAM, str(message.chat.id))
    language = message.from_user.language_code if message.from_user else None
    reply_to = str(message.reply_to_message.message_id) if message.reply_to_message else None
    if message.contact:
        own = message.from_user is not None and message.contact.user_id == message.from_user.id
        phone = "+" + message.contact.phone_number.lstrip("+")
        return Inbound(
            name, sender, "", "contact" if own else "foreign_contact", phone=phone, language=language
        )
    text = message.text or message.caption
    if not text:
        return Inbound(name, sender, "", "unreadable", language=language)
    return Inbound(name, sender, text, reply_to=reply_to, language=language)


def _markup(buttons: Sequence[Button]) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    if any(button.kind == "contact" for button in buttons):
        rows = [[KeyboardButton(b.text, request_contact=b.kind == "contact" or None)] for b in buttons]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)
    if buttons:
        return InlineKeyboardMarkup([[InlineKeyboardButton(b.text, callback_data=b.data)] for b in buttons])
    return None


def _decided(error: TelegramError) -> SendError | InDoubt:
    """What a failed call means for the message, decided here and nowhere else."""
    said = masked(error.message)
    if isinstance(error, RetryAfter):
        return TryLater("Telegram asks us to slow down", "429", after=_seconds(error), lane=True)
    if isinstance(error, Forbidden):
        return Unreachable(said, "403")
    # BadRequest and TimedOut are kinds of NetworkError: look at the narrow ones first.
    if isinstance(error, BadRequest):
        gone = "chat not found" in said.casefold()
        return Unreachable(said, "400") if gone else Refused(said, "400")
    if isinstance(error.__cause__, Unanswered) or type(error) is TelegramError:
        return InDoubt(f"no clear answer from Telegram: {said}")
    if isinstance(error, InvalidToken) or isinstance(error.__cause__, InvalidToken):
        return TryLater("Telegram refuses the bot token", "401", after=REVOKED_SECONDS, lane=True)
    if isinstance(error, NetworkError):
        unreached = isinstance(error.__cause__, NotWritten)
        return TryLater(said, None if unreached else "5xx", unreached=unreached)
    return Refused(said)


def _seconds(error: RetryAfter) -> float:
    after: Any = error.retry_after
    return float(after.total_seconds() if hasattr(after, "total_seconds") else after)


def _bad_token(problem: str) -> BadInput:
    return BadInput(problem, where="OUTREACH_TELEGRAM_TOKEN", fix="copy the bot's token from @BotFather")


class _Carrier(BaseRequest):
    """python-telegram-bot's port for an HTTP stack, over ours."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.last_body = b""

    @property
    def read_timeout(self) -> float:
        return TOTAL_SECONDS

    async def initialize(self) -> None:
        """The wire opens by itself."""

    async def shutdown(self) -> None:
        """The wire is closed by who opened it."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        data = request_data.json_parameters if request_data else None
        seconds = read_timeout if isinstance(read_timeout, int | float) else TOTAL_SECONDS
        try:
            answer = await self._wire.request(method, url, seconds=seconds, data=data)
        except (NotWritten, Unanswered) as error:
            raise NetworkError(str(error)) from error
        self.last_body = answer.body
        return answer.status, answer.body
