"""What staff must hear at once: a campaign that the service paused by itself."""

from __future__ import annotations

import asyncio

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from sqlalchemy.exc import SQLAlchemyError

from outreach import campaigns, staff
from outreach.store import Store

LOOK_SECONDS = 3.0
WORDS = "活动「{name}」（第 {number} 次发送）已自动暂停：{why}。\n请检查文字或联系运营商，再恢复发送。"
REASONS = {"filtered by the carrier": "短信被运营商拦截"}
log = structlog.get_logger()


class Alarm:
    """Tells everyone on duty once of each pause; after a restart once more, while it still stands."""

    def __init__(self, bot: Bot, store: Store) -> None:
        self._bot, self._store = bot, store
        self._told: set[tuple[int, str]] = set()

    async def run(self) -> None:
        while True:
            try:
                await self._look()
            except (SQLAlchemyError, OSError) as error:
                log.warning("alarm_blind", problem=str(error).splitlines()[0])
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        async with self._store.read() as connection:
            paused = await campaigns.held_back(connection)
            people = await staff.on_duty(connection) if paused else []
        # Resumed and paused again is news again.
        self._told &= {(number, person) for number, _, _ in paused for person in people}
        for number, name, why in paused:
            for person in people:
                if (number, person) not in self._told:
                    self._told.add((number, person))
                    await self._tell(
                        person, WORDS.format(name=name, number=number, why=REASONS.get(why, why))
                    )

    async def _tell(self, person: str, words: str) -> None:
        try:
            await self._bot.send_message(int(person), words)
        except TelegramAPIError as error:
            log.warning("alarm_not_heard", problem=str(error))
