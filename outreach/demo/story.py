"""What happens in the demonstration, step by step, through the service as it runs in earnest."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import time as clock_time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import func, select

from outreach import campaigns
from outreach.app import App
from outreach.demo.agreement import reply_milliseconds
from outreach.demo.county import Neighbour
from outreach.demo.figures import figures
from outreach.demo.stage import Clock
from outreach.demo.town import Town, until
from outreach.model import JSON, BadInput
from outreach.residents import importing
from outreach.store.tables import addresses, inbound, outbox, residents

CAMPAIGN, SURVEY, PLAN = "childcare-subsidy", "service", "prenatal"
BATCH = 500
PLACE = {"zh-Hans": "县妇幼保健院", "en": "County Maternal and Child Health Hospital"}
QUESTIONS = (
    ("zh-Hans", "育儿补贴怎么领"),
    ("zh-Hans", "孩子户口在外地，补贴在哪领？"),
    ("zh-Hans", "现在还有超生罚款吗"),
    ("zh-Hans", "叶酸在哪里领"),
    ("zh-Hans", "收到短信说领育儿补贴，让点链接"),
    ("zh-Hans", "驾照到期怎么换"),
    ("en", "How much is the childcare subsidy?"),
    ("en", "where can I get folic acid"),
)
VISIT_REPLIES = ("1", "好的", "1", "2", "1", "3")
OPINIONS = ("5", "4", "5，大夫很耐心", "满意", "3", "5", "非常满意", "2", "4", "5")
ENGLISH_OPINIONS = ("5", "4", "satisfied", "5")


class Story:
    def __init__(self, app: App, town: Town, clock: Clock, screen: Console) -> None:
        self._app, self._town, self._clock, self._screen = app, town, clock, screen
        self._heard = 0
        self.reply_ms: float | None = None

    async def live(self, neighbours: list[Neighbour]) -> JSON:
        """The whole story; returns the figures of the contract, all read from the database."""
        await self._town.move_in(neighbours)
        with self._bar() as bar:
            await self._import(neighbours, bar)
            launch_id = await self._campaign(bar)
            await self._questions(neighbours)
            await self._two_days_later()
            await self._visits(neighbours)
            await self._opinions()
        return await figures(self._app, self._clock, launch_id, [text for _, text in QUESTIONS])

    def _bar(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        return Progress(*columns, console=self._screen, disable=not self._screen.is_terminal)

    async def _import(self, neighbours: list[Neighbour], bar: Progress) -> None:
        task = bar.add_task("名单导入 Importing the list", total=len(neighbours))
        report, now = importing.Report(), self._clock()
        for start in range(0, len(neighbours), BATCH):
            async with self._app.store.write() as connection:
                for number, one in enumerate(neighbours[start : start + BATCH], start=start + 2):
                    row = importing.parse(number, one.cells())
                    await importing.take(
                        connection, row, report, language="zh-Hans", source="demo.csv", now=now
                    )
                    bar.advance(task)

    async def _campaign(self, bar: Progress) -> int:
        store = self._app.store
        async with store.write() as connection:
            launched = await self._app.content.campaigns.launch(
                connection, CAMPAIGN, by="demo", now=self._clock()
            )
        store.wake()
        task = bar.add_task("育儿补贴告知 Campaign", total=None)

        async def done() -> bool:
            async with store.read() as connection:
                status = await campaigns.status(connection, launched["id"], self._clock())
                settling = await _awaiting_receipts(connection)
            left = status["queued"] + status["sending"]
            bar.update(task, total=status["total"], completed=status["total"] - left)
            return status["state"] == "done" and not settling

        await until("the campaign to go out", done)
        return int(launched["id"])

    async def _questions(self, neighbours: list[Neighbour]) -> None:
        """One at a time, so that the wait for an answer is measured on a quiet service."""
        for index, (language, question) in enumerate(QUESTIONS):
            telegram = index % 2 == 0
            # A small county may have nobody of this language on this channel.
            who = min(
                neighbours[index * 3 :] + neighbours[: index * 3],
                key=lambda one: (one.language != language, not (one.chat_id if telegram else one.phone)),
            )
            telegram = bool(who.chat_id) and (telegram or not who.phone)
            await self._town.say(who, question, telegram=telegram)
            await self._answered(index + 1)
        self.reply_ms = reply_milliseconds(
            await self._town.ledger(), (await self._town.inbound())[-len(QUESTIONS) :]
        )

    async def _answered(self, messages: int) -> None:
        self._heard = max(self._heard, messages)

        async def all_answered() -> bool:
            async with self._app.store.read() as connection:
                heard = (await connection.execute(select(func.count()).select_from(inbound))).scalar_one()
                return heard >= self._heard and not await _unsent(connection)

        await until("residents to be answered", all_answered)

    async def _two_days_later(self) -> None:
        zone = self._app.settings.zone
        day = self._clock().astimezone(zone).date() + timedelta(days=2)
        self._clock.move_to(datetime.combine(day, clock_time(16, 5), zone))

    async def _visits(self, neighbours: list[Neighbour]) -> None:
        """Check-ups tomorrow: the reminder goes out now, and some answer it."""
        zone, store = self._app.settings.zone, self._app.store
        day = self._clock().astimezone(zone).date() + timedelta(days=1)
        expecting = [one for one in neighbours if "expecting" in one.groups]
        async with store.write() as connection:
            for index, one in enumerate(expecting):
                at = datetime.combine(day, clock_time(8 + index % 4, 30), zone)
                resident_id = await _resident_of(connection, one)
                await self._app.content.reminders.schedule(
                    connection, resident_id, PLAN, at, PLACE[one.language], self._clock()
                )
        await self._planned()
        for index, (one, message) in enumerate(await self._received("checkup_id", expecting)):
            if index % 5 != 4:
                await self._reply(one, message, VISIT_REPLIES[index % len(VISIT_REPLIES)])
        await self._answered(self._heard)

    async def _opinions(self) -> None:
        await self._planned()
        everyone = await self._received("survey", None)
        for index, (one, message) in enumerate(everyone):
            if index % 5 in (0, 2, 3):
                words = ENGLISH_OPINIONS if one.language == "en" else OPINIONS
                await self._reply(one, message, words[index % len(words)])
        await self._answered(self._heard)

    async def _planned(self) -> None:
        """Until the scheduler finds nothing more to do and everything it queued has gone out."""
        while (await self._app.planner.plan(self._clock())).total:
            pass

        async def gone() -> bool:
            async with self._app.store.read() as connection:
                return not await _unsent(connection) and not await _awaiting_receipts(connection)

        await until("messages to go out", gone)

    async def _received(self, column: str, among: list[Neighbour] | None) -> list[tuple[Neighbour, Any]]:
        """Who got a message of this kind, with the message."""
        statement = (
            select(outbox, residents.c.name)
            .join(residents, residents.c.id == outbox.c.resident_id)
            .where(outbox.c[column].is_not(None), outbox.c.state.in_(("sent", "delivered")))
            .order_by(outbox.c.id)
        )
        async with self._app.store.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [(_neighbour(row), row) for row in rows]

    async def _reply(self, one: Neighbour, message: Any, words: str) -> None:
        self._heard += 1
        if message.channel == "telegram" and words.isdigit():
            await self._town.tap(one, int(message.provider_id), words)
        else:
            await self._town.say(one, words, telegram=message.channel == "telegram")


def _neighbour(row: Any) -> Neighbour:
    telegram = row.channel == "telegram"
    return Neighbour(
        row.name,
        None if telegram else row.address,
        int(row.address) if telegram else None,
        "",
        row.language,
        (),
        0,
        True,
    )


async def _unsent(connection: Any) -> bool:
    waiting = select(outbox.c.id).where(outbox.c.state.in_(("queued", "sending"))).limit(1)
    return (await connection.execute(waiting)).first() is not None


async def _awaiting_receipts(connection: Any) -> bool:
    waiting = select(outbox.c.id).where(outbox.c.state == "sent", outbox.c.channel == "sms").limit(1)
    return (await connection.execute(waiting)).first() is not None


async def _resident_of(connection: Any, one: Neighbour) -> int:
    value = one.phone or str(one.chat_id)
    statement = select(addresses.c.resident_id).where(addresses.c.lookup == value)
    found = (await connection.execute(statement)).scalar()
    if found is None:
        raise BadInput("a resident of the demonstration is missing", where=one.name)
    return int(found)
