"""What staff must hear at once: somebody may be in danger; a campaign that the service paused by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from sqlalchemy.exc import SQLAlchemyError

from outreach import campaigns, cases, staff
from outreach.store import Store

LOOK_SECONDS = 3.0
WORDS = "活动「{name}」（第 {number} 次发送）已自动暂停：{why}。\n请检查文字或联系运营商，再恢复发送。"
REASONS = {"filtered by the carrier": "短信被运营商拦截"}
DANGER = "有居民可能有危险（{what}），第 {number} 号。请马上看 /inbox，并联系这位居民。"
DANGERS = {
    "self_harm": "想伤害自己",
    "violence": "受到伤害",
    "birth": "孕产急症",
    "child": "孩子急症",
    "emergency": "急症",
}
log = structlog.get_logger()


class Alarm:
    """Tells everyone on duty once of each danger and pause; after a restart once more, while it stands."""

    def __init__(self, bot: Bot, store: Store) -> None:
        self._bot, self._store = bot, store
        self._told: set[tuple[str, int, str]] = set()

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
            threatened = await cases.in_danger(connection)
            people = await staff.on_duty(connection) if paused or threatened else []
        news = {
            ("danger", number): DANGER.format(what=DANGERS.get(what, "情况不明"), number=number)
            for number, what in threatened
        } | {
            ("pause", number): WORDS.format(name=name, number=number, why=REASONS.get(why, why))
            for number, name, why in paused
        }
        await self._spread(news, people)

    async def _spread(self, news: Mapping[tuple[str, int], str], people: Sequence[str]) -> None:
        # Resumed and paused again is news again.
        self._told &= {(*what, person) for what in news for person in people}
        for what, words in news.items():
            for person in people:
                if (*what, person) not in self._told:
                    self._told.add((*what, person))
                    await self._tell(person, words)

    async def _tell(self, person: str, words: str) -> None:
        try:
            await self._bot.send_message(int(person), words)
        except TelegramAPIError as error:
            log.warning("alarm_not_heard", problem=str(error))
