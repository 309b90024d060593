"""The demonstration is itself a test: it fails when the database and the phones disagree."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

from conftest import NOW, ROOT
from sqlalchemy import insert, select, update

from outreach.demo.agreement import disagreements
from outreach.demo.county import people
from outreach.model import Address, Priority
from outreach.outbox import Draft, enqueue
from outreach.residents import give, withdraw
from outreach.store import Store
from outreach.store.tables import outbox, residents


def test_demo_once_agrees_with_the_phones(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), "demo", "--once", "--json", "--residents", "40"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "OUTREACH_TELEGRAM_TOKEN": "1:real-token-that-must-not-be-used"},
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    campaign = figures["campaign"]
    assert figures["residents"] == campaign["total"] == 40
    assert campaign["sent"] + campaign["failed"] + campaign["suppressed"] == 40
    assert 0 < campaign["delivered"] <= campaign["sent"]
    assert [answer["outcome"] for answer in figures["answers"]].count("answer") >= 6
    assert figures["reminders"]["sent"] > 0
    assert 0 < figures["survey"]["answered"] <= figures["survey"]["sent"]
    assert 0 <= figures["survey"]["csat"] <= 1


def test_same_seed_gives_the_same_people() -> None:
    assert people(300) == people(300)
    assert people(300)[:50] == people(50)
    numbers = [one.phone for one in people(20_000) if one.phone]
    assert len(set(numbers)) == len(numbers)
    chats = [one.chat_id for one in people(20_000) if one.chat_id]
    assert len(set(chats)) == len(chats)


async def test_a_lost_an_extra_and_an_unwanted_message_are_found(store: Store) -> None:
    async with store.write() as connection:
        person = (
            await connection.execute(
                insert(residents)
                .values(name="张梅", language="zh-Hans", created_at=NOW)
                .returning(residents.c.id)
            )
        ).scalar_one()
        await give(connection, [person], wording="是", channel="import", source="list", now=NOW)
        draft = Draft(
            "k",
            person,
            Address("telegram", "7"),
            Priority.CAMPAIGN,
            "care",
            "care/hello",
            "zh-Hans",
            "您好",
            NOW,
        )
        await enqueue(connection, [draft], NOW)
        later = NOW + timedelta(minutes=1)
        sent = {"state": "sent", "provider_id": "1", "sent_at": later, "settled_at": later}
        await connection.execute(update(outbox).values(**sent))
    ledger: dict[str, Any] = {"telegram": [{"chat_id": 7, "text": "您好"}], "sms": []}
    assert await _found(store, ledger) == []
    assert await _found(store, {"telegram": [], "sms": []}) == [
        "1 messages count as sent and never reached a phone"
    ]
    assert await _found(store, {**ledger, "sms": [{"to": "+861", "body": "您好"}]}) == [
        "1 messages reached a phone and are not counted"
    ]
    async with store.write() as connection:
        await withdraw(connection, [person], wording="TD", channel="sms", source="inbound", now=NOW)
    assert await _found(store, ledger) == ["1 messages went to people who had not agreed"]
    async with store.write() as connection:
        await connection.execute(update(outbox).values(state="queued"))
        assert len((await connection.execute(select(outbox))).all()) == 1
    assert "1 messages are neither sent nor given up" in await _found(store, ledger)


async def _found(store: Store, ledger: dict[str, Any]) -> list[str]:
    async with store.read() as connection:
        return await disagreements(connection, ledger)
