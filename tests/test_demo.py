"""The demonstration: the main job from beginning to end, and a judge of its figures that can say no."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from conftest import NOW, ROOT
from sqlalchemy import insert
from terminal import Terminal

from outreach.demo.agreement import disagreements
from outreach.demo.county import SCRIPTED, people
from outreach.demo.story import QUESTIONS
from outreach.store import Store
from outreach.store.tables import consent, outbox, residents

PATIENCE = 60


async def demonstration(folder: Path, *arguments: str, **settings: str) -> str:
    """What it says, started where the README starts it: in the project's folder."""
    terminal = Terminal(folder, **settings)
    terminal.folder = ROOT
    demo = terminal.start("demo", "--once", *arguments)
    output, _ = await asyncio.to_thread(demo.communicate, timeout=PATIENCE)
    assert demo.returncode == 0, output
    return output


async def test_demonstration_does_the_main_job_and_its_figures_add_up(tmp_path: Path) -> None:
    # Nothing is on a terminal, so stderr, which comes along, stays empty.
    figures = json.loads(await demonstration(tmp_path, "--json", "--residents", "40"))

    assert figures["residents"] == 40
    campaign = figures["campaign"]
    assert campaign["total"] == 40
    assert campaign["sent"] + campaign["failed"] + campaign["suppressed"] == campaign["total"]
    assert 0 < campaign["delivered"] <= campaign["sent"]
    assert [answer["question"] for answer in figures["answers"]] == [text for _, text in QUESTIONS]
    for answer in figures["answers"]:
        assert answer.keys() == {"question", "topic", "outcome"}
        assert answer["outcome"] in ("answer", "clarify", "handoff", "guide")
        assert (answer["topic"] is not None) == (answer["outcome"] in ("answer", "guide"))
    assert {answer["outcome"] for answer in figures["answers"]} >= {"answer", "handoff"}
    assert figures["reminders"]["sent"] > 0
    survey = figures["survey"]
    assert 0 < survey["answered"] <= survey["sent"] <= campaign["sent"]
    assert 0 <= survey["csat"] <= 1
    assert 0 < figures["seconds"] < PATIENCE


async def test_demonstration_never_touches_what_the_settings_say(tmp_path: Path) -> None:
    """A real token and a real database in the environment stay out of it."""
    real = {"telegram_token": "4200:a-real-token-of-an-office", "telegram_api_base": "http://127.0.0.1:9"}
    assert "10 位居民" in await demonstration(tmp_path, "--residents", "10", **real)
    assert not (tmp_path / "outreach.db").exists()


async def test_no_log_ever_holds_a_name_or_a_number(tmp_path: Path) -> None:
    """The whole day of a county, its blocked chats and dead numbers too, logged as fully as can be."""
    logged = await demonstration(
        tmp_path, "--json", "--residents", "60", log_level="DEBUG", log_format="json"
    )
    assert len(logged.splitlines()) > 50, "there is a log at all"
    county = people(60)
    secrets = {str(value) for one in county for value in (one.name, one.phone, one.chat_id) if value}
    secrets |= {one.phone.removeprefix("+86") for one in county if one.phone}
    assert [secret for secret in secrets if secret in logged] == []


def test_same_seed_gives_the_same_people() -> None:
    random.seed(1)
    county = people(200)
    random.seed(2)
    assert people(200) == county
    assert people(60) == county[:60], "a smaller county has the same people first"


def test_county_is_mixed_and_nobody_shares_an_address() -> None:
    county = people(12_000)
    phones = [one.phone for one in county if one.phone]
    chats = [one.chat_id for one in county if one.chat_id]
    assert len(set(phones)) == len(phones)
    assert len(set(chats)) == len(chats)
    assert all(one.phone or one.chat_id for one in county)
    assert {one.agrees for one in county} == {True, False, None}
    assert {one.language for one in county} == {"zh-Hans", "en"}
    assert {phone[-4:] for phone in phones} & SCRIPTED == {"0003", "0005"}
    assert {str(chat)[-4:] for chat in chats} & SCRIPTED == {"0403"}


# -- the judge


class Books:
    """Our database and the phones' ledger, written by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ledger: dict[str, Any] = {"telegram": [], "sms": []}

    async def resident(self, *acts: tuple[bool, timedelta]) -> int:
        """Somebody who agreed (or not) at these times from now."""
        async with self.store.write() as connection:
            new = insert(residents).values(name="张梅", language="zh-Hans", created_at=NOW)
            number = int((await connection.execute(new.returning(residents.c.id))).scalar_one())
            for given, when in acts:
                act = {"resident_id": number, "purpose": "care", "given": given, "at": NOW + when}
                act |= {"channel": "import", "wording": "x", "source": "x"}
                await connection.execute(insert(consent).values(**act))
        return number

    async def sent(self, resident: int, state: str = "sent", purpose: str = "care", name: str = "n") -> None:
        """A message of ours, and its arrival at the phone."""
        await self.counted(resident, state, purpose, name)
        self.ledger["sms"].append({"to": "+1", "body": "您好"})

    async def counted(self, resident: int, state: str, purpose: str = "care", name: str | None = "n") -> None:
        row = {
            "key": f"k{len(self.ledger['sms'])}:{resident}:{state}",
            "resident_id": resident,
            "channel": "sms",
            "address": "+1",
            "priority": 2,
            "purpose": purpose,
            "template": "care/hello",
            "language": "zh-Hans",
            "text": "您好",
            "state": state,
            "provider_id": name,
            "due_at": NOW,
            "created_at": NOW,
            "sent_at": NOW,
        }
        async with self.store.write() as connection:
            await connection.execute(insert(outbox).values(**row))

    async def judged(self) -> list[str]:
        async with self.store.read() as connection:
            return await disagreements(connection, self.ledger)


BEFORE, AFTER = timedelta(hours=-1), timedelta(hours=1)


async def test_books_that_agree_are_passed(store: Store) -> None:
    books = Books(store)
    assert await books.judged() == []
    willing = await books.resident((True, BEFORE))
    await books.sent(willing)
    await books.sent(await books.resident((True, BEFORE), (False, AFTER)))
    await books.sent(await books.resident(), purpose="reply")
    await books.counted(willing, "failed", name=None)
    await books.counted(willing, "suppressed", name=None)
    assert await books.judged() == []


async def test_lost_message_is_found(store: Store) -> None:
    books = Books(store)
    await books.counted(await books.resident((True, BEFORE)), "delivered")
    assert await books.judged() == ["1 messages count as sent and never reached a phone"]


async def test_extra_message_is_found(store: Store) -> None:
    books = Books(store)
    await books.sent(await books.resident((True, BEFORE)))
    books.ledger["sms"] *= 2
    books.ledger["telegram"].append({"chat_id": 501, "text": "您好"})
    assert await books.judged() == ["2 messages reached a phone and are not counted"]


async def test_message_to_somebody_else_is_lost_and_extra(store: Store) -> None:
    books = Books(store)
    await books.sent(await books.resident((True, BEFORE)))
    books.ledger["sms"][0]["to"] = "+2"
    assert len(await books.judged()) == 2


async def test_unwanted_message_is_found(store: Store) -> None:
    books = Books(store)
    await books.sent(await books.resident())
    await books.sent(await books.resident((True, AFTER)))
    await books.sent(await books.resident((True, BEFORE * 2), (False, BEFORE)))
    assert await books.judged() == ["3 messages went to people who had not agreed"]


async def test_unfinished_message_is_found(store: Store) -> None:
    books = Books(store)
    willing = await books.resident((True, BEFORE))
    for state in ("queued", "sending", "in_doubt"):
        await books.counted(willing, state, name=None)
    assert await books.judged() == ["3 messages are neither sent nor given up"]
