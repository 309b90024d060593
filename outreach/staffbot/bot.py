"""The commands. The gate stands before the whole router: a stranger gets one polite line and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiogram import Bot, Dispatcher, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, CommandObject, CommandStart, Filter
from aiogram.types import BotCommand, Message
from aiogram.utils.token import TokenValidationError

from outreach import campaigns, cases, staff
from outreach.model import BadInput
from outreach.staffbot.alarm import Alarm
from outreach.store import Store

STRANGER = "这是工作人员的机器人。居民请找本县的关怀服务号。\nThis bot is for staff only."
HELP = "/campaigns 正在发送和已发送\n/inbox 等人回复"
STATES = {
    "running": "发送中",
    "done": "完成",
    "paused": "已暂停",
    "scheduled": "待开始",
    "cancelled": "已取消",
    "awaiting_approval": "待批准",
}
KINDS = {
    "question": "问题",
    "low_score": "不满意",
    "appointment": "改预约",
    "event": "生活变故",
    "township": "换乡镇",
    "person": "要找人",
    "unpaid": "钱没收到",
    "danger": "可能有危险",
}
LATE = "（已超时）"
SHOWN = 5
LONGEST_QUOTE = 80


class StaffOnly(Filter):
    """Lets staff through. It must be a Filter: aiogram takes a bare async callable's coroutine for a yes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        if message.from_user is None or message.chat.type != "private":
            return False
        async with self._store.read() as connection:
            member = await staff.by_telegram(connection, str(message.from_user.id))
        return {"member": member} if member else False


class Desk:
    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def sign_in(self, message: Message, command: CommandObject) -> None:
        member = None
        if message.from_user and command.args and message.chat.type == "private":
            async with self._store.write() as connection:
                member = await staff.sign_in(
                    connection, command.args.strip(), str(message.from_user.id), self._clock()
                )
        await message.answer(f"{member.name}，欢迎。\n{HELP}" if member else STRANGER)

    async def help(self, message: Message) -> None:
        await message.answer(HELP)

    async def campaigns(self, message: Message) -> None:
        async with self._store.read() as connection:
            launches = await campaigns.recent(connection, self._clock(), limit=SHOWN)
        lines = [
            f"{launch['name']}：{STATES[launch['state']]}，{launch['total']} 人，送达 {launch['delivered']}，"
            f"已发 {launch['sent']}，失败 {launch['failed']}，待发 {launch['queued'] + launch['sending']}"
            for launch in launches
        ]
        await message.answer("\n".join(lines) or "还没有发过。")

    async def inbox(self, message: Message) -> None:
        async with self._store.read() as connection:
            waiting = await cases.waiting(connection, self._clock(), limit=SHOWN)
            number = await cases.number_waiting(connection)
        lines = [
            f"{case['id']}. {KINDS.get(case['kind'], case['kind'])}{LATE if case['overdue'] else ''}："
            f"{case['text'][:LONGEST_QUOTE]}"
            for case in waiting
        ]
        await message.answer(f"{number} 人在等。\n" + "\n".join(lines))

    async def stranger(self, message: Message) -> None:
        if message.chat.type == "private":
            await message.answer(STRANGER)


def dispatcher(store: Store, clock: Callable[[], datetime]) -> Dispatcher:
    """Staff commands behind the gate; everyone else falls through to the polite line."""
    desk, inside, outside = Desk(store, clock), Router(), Router()
    inside.message.filter(StaffOnly(store))
    inside.message.register(desk.campaigns, Command("campaigns"))
    inside.message.register(desk.inbox, Command("inbox"))
    inside.message.register(desk.help)
    outside.message.register(desk.sign_in, CommandStart(deep_link=True))
    outside.message.register(desk.stranger)
    root = Dispatcher()
    root.include_routers(inside, outside)
    return root


async def run(token: str, api_base: str, store: Store, clock: Callable[[], datetime]) -> None:
    """Polls until cancelled; BadInput names the setting where Telegram refuses."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(api_base))
    try:
        bot = Bot(token, session=session)
        await bot.set_my_commands(
            [
                BotCommand(command="campaigns", description="正在发送和已发送"),
                BotCommand(command="inbox", description="等人回复"),
            ]
        )
        alarm = asyncio.create_task(Alarm(bot, store).run())
        try:
            await dispatcher(store, clock).start_polling(bot, handle_signals=False)
        finally:
            alarm.cancel()
    except (TelegramAPIError, TokenValidationError) as error:
        where = "OUTREACH_TELEGRAM_STAFF_TOKEN"
        raise BadInput(str(error), where=where, fix="copy the staff bot's token from @BotFather") from None
    finally:
        await session.close()
