"""What happens in the demonstration, step by step, through the service as it runs in earnest."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import func, select

from outreach import campaigns, surveys
from outreach.app import App, wall_clock
from outreach.demo.agreement import disagreements, reply_milliseconds
from outreach.demo.county import Neighbour, people
from outreach.demo.town import Town, until
from outreach.model import JSON, BadInput
from outreach.residents import importing
from outreach.settings import Settings
from outreach.simulator import Simulator
from outreach.store.tables import addresses, inbound, outbox, residents

CAMPAIGN, SURVEY, PLAN = "childcare-subsidy", "service", "prenatal"
DEFAULT_PORT = 8080
RATE = 500
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


@dataclass
class Result:
    figures: JSON
    disagreements: list[str] = field(default_factory=list)


class Clock:
    """The wall clock, which the story may move on by days."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return wall_clock() + self._ahead

    def move_to(self, moment: datetime) -> None:
        self._ahead = moment - wall_clock()


async def demo(residents_wanted: int, port: int | None, *, once: bool, quiet: bool) -> Result:
    """Lives the story; with `once` ends there, otherwise leaves console and phones open until interrupted."""
    started = time.monotonic()
    screen = Console(stderr=True, quiet=quiet and not Console(stderr=True).is_terminal)
    listen = 0 if once and port is None else port or DEFAULT_PORT
    with tempfile.TemporaryDirectory(prefix="outreach-demo-") as folder:
        async with _world(Path(folder), listen) as (app, town, clock, simulator):
            story = Story(app, town, clock, screen)
            figures = await story.live(people(residents_wanted))
            figures["seconds"] = round(time.monotonic() - started, 2)
            async with app.store.read() as connection:
                differences = await disagreements(connection, await town.ledger())
            if not quiet:
                _summary(figures, differences, story.reply_ms)
            if not once:
                await _stay_open(app, simulator, screen)
    return Result(figures, differences)


@contextlib.asynccontextmanager
async def _world(folder: Path, port: int) -> AsyncIterator[tuple[App, Town, Clock, str]]:
    simulator, clock = Simulator(), Clock()
    await simulator.start()
    try:
        app = App(_settings(folder, simulator.url, port or _free_port()), clock)
        ready, stop = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(app.run(ready=ready, stop=stop))
        await _started(running, ready)
        try:
            async with aiohttp.ClientSession() as session:
                yield app, await _connected(app, simulator.url, session), clock, simulator.url
        finally:
            stop.set()
            await running
    finally:
        await simulator.stop()


async def _started(running: asyncio.Task[None], ready: asyncio.Event) -> None:
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()


async def _connected(app: App, url: str, session: aiohttp.ClientSession) -> Town:
    town = Town(url, session)
    settings = app.settings
    await town.call(
        "PUT",
        "/sim/sms",
        {
            "inbound_url": f"{settings.public_url}/webhooks/twilio/inbound",
            "account_sid": settings.twilio_account_sid,
            "auth_token": settings.twilio_auth_token.get_secret_value(),
            "number": settings.senders[0],
        },
    )
    return town


def _settings(folder: Path, simulator: str, port: int) -> Settings:
    """Every knob set here: a real token in the environment must never get into a demonstration."""
    return Settings.model_validate(
        Settings.model_construct().model_dump()
        | {
            "database_url": f"sqlite+aiosqlite:///{folder}/outreach.db",
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "telegram_token": "1001:demonstration-residents-bot",
            "telegram_api_base": simulator,
            "telegram_mode": "polling",
            "telegram_rate": RATE,
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": "demonstration",
            "twilio_from": "+15005550006",
            "twilio_api_base": simulator,
            "twilio_rate": RATE,
            "quiet_hours": "",
        }
    )


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        return await self._figures(launch_id)

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
            who = next(
                one
                for one in neighbours[index * 3 :] + neighbours
                if one.language == language and (one.chat_id if telegram else one.phone)
            )
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

    async def _figures(self, launch_id: int) -> JSON:
        async with self._app.store.read() as connection:
            status = await campaigns.status(connection, launch_id, self._clock())
            asked = select(inbound).where(inbound.c.text.in_([text for _, text in QUESTIONS]))
            answers = (await connection.execute(asked.order_by(inbound.c.id))).all()
            reminded = select(func.count()).where(
                outbox.c.checkup_id.is_not(None), outbox.c.state.in_(("sent", "delivered"))
            )
            opinion = await surveys.results(connection, SURVEY)
            listed = select(func.count()).where(residents.c.name.is_not(None))
            return {
                "residents": (await connection.execute(listed)).scalar_one(),
                "campaign": {
                    "total": status["total"],
                    "sent": status["sent"] + status["delivered"],
                    "delivered": status["delivered"],
                    "failed": status["failed"],
                    "suppressed": status["suppressed"],
                },
                "answers": [
                    {"question": row.text, "topic": row.topic, "outcome": row.outcome} for row in answers
                ],
                "reminders": {"sent": (await connection.execute(reminded)).scalar_one()},
                "survey": {
                    "sent": opinion["sent"],
                    "answered": opinion["answered"],
                    "csat": opinion["questions"][0]["csat"] if opinion["questions"] else None,
                },
                "reply_ms": self.reply_ms,
            }


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
    statement = select(addresses.c.resident_id).where(addresses.c.value == value)
    found = (await connection.execute(statement)).scalar()
    if found is None:
        raise BadInput("a resident of the demonstration is missing", where=one.name)
    return int(found)


def _summary(figures: JSON, differences: list[str], reply_ms: float | None) -> None:
    out = Console(highlight=False)
    campaign, survey = figures["campaign"], figures["survey"]
    out.print(f"\n[bold]{figures['residents']} 位居民 residents[/]")
    out.print(
        f"关怀 campaign: {campaign['total']} 人 people, 已发 sent {campaign['sent']},"
        f" 其中送达 delivered {campaign['delivered']}, 失败 failed {campaign['failed']},"
        f" 没同意所以没发 left out {campaign['suppressed']}"
    )
    for answer in figures["answers"]:
        out.print(f"问 asked: {answer['question']} → {answer['topic'] or '转人工 a person'}", markup=False)
    out.print(f"提醒 reminders sent: {figures['reminders']['sent']}")
    csat = f"{100 * survey['csat']:.0f} %" if survey["csat"] is not None else "–"
    out.print(
        f"满意度 survey: 问了 asked {survey['sent']}, 回答 answered {survey['answered']}, 满意 CSAT {csat}"
    )
    out.print(f"回复用时 median reply: {reply_ms} ms; 全程 all of it: {figures['seconds']} s")
    out.print(
        "数据库和手机对得上 database and phones agree" if not differences else "[red]对不上 they disagree[/]"
    )


async def _stay_open(app: App, simulator: str, screen: Console) -> None:
    base = app.settings.public_url
    screen.print(f"\n服务台 console:   {base}/?key={app.key}", highlight=False, soft_wrap=True)
    screen.print(f"居民手机 phones:  {simulator}/phone", highlight=False, soft_wrap=True)
    screen.print("Ctrl-C 结束 to end", highlight=False)
    await asyncio.get_running_loop().create_future()
