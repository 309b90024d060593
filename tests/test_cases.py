"""What we promise: the end of this working day, or of the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from sqlalchemy import insert, update

from outreach.cases import answer_by, number_waiting, open_case, waiting
from outreach.model import Address
from outreach.residents import find
from outreach.store import Store
from outreach.store.tables import cases, inbound

COUNTY = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("asked", "promised"),
    [
        ("2026-11-25T09:00+08:00", "2026-11-25T17:00+08:00"),  # Wednesday morning
        ("2026-11-25T11:59+08:00", "2026-11-25T17:00+08:00"),
        ("2026-11-25T12:00+08:00", "2026-11-26T17:00+08:00"),
        ("2026-11-25T23:30+00:00", "2026-11-26T17:00+08:00"),  # already Thursday in the county
        ("2026-11-27T15:00+08:00", "2026-11-30T17:00+08:00"),  # Friday afternoon
        ("2026-11-28T09:00+08:00", "2026-11-30T17:00+08:00"),
        ("2026-11-29T22:00+08:00", "2026-11-30T17:00+08:00"),
        ("2026-09-30T15:00+08:00", "2026-10-08T17:00+08:00"),  # over the National Day holiday
        ("2026-10-09T15:00+08:00", "2026-10-10T17:00+08:00"),  # a Saturday that is worked instead
        ("2026-02-14T09:00+08:00", "2026-02-14T17:00+08:00"),
    ],
)
def test_answer_is_promised_for_a_working_day(asked: str, promised: str) -> None:
    assert answer_by(datetime.fromisoformat(asked), COUNTY) == datetime.fromisoformat(promised)


async def test_who_is_due_first_stands_at_the_top_and_the_closed_are_gone(store: Store) -> None:
    async with store.write() as connection:
        resident = await find(connection, Address("sms", "+8619912345678"), "zh-Hans", NOW)
        for number, (words, hours) in enumerate(
            [("later", 5), ("first", 1), ("closed", 0), ("second", 1)], 1
        ):
            said = {
                "channel": "sms",
                "provider_id": f"SM{number}",
                "address": "+8619912345678",
                "kind": "text",
            }
            await connection.execute(
                insert(inbound).values(
                    id=number, resident_id=resident.id, text=words, received_at=NOW, **said
                )
            )
            due = NOW + timedelta(hours=hours)
            await open_case(connection, "question", resident.id, number, due_at=due, now=NOW)
        await connection.execute(update(cases).where(cases.c.inbound_id == 3).values(state="closed"))
        listed = await waiting(connection, NOW)
        assert [case["text"] for case in listed] == ["first", "second", "later"]
        assert [case["text"] for case in await waiting(connection, NOW, limit=1)] == ["first"]
        assert await number_waiting(connection) == 3
    assert listed[0] == {
        "id": listed[0]["id"],
        "kind": "question",
        "resident_id": resident.id,
        "channel": "sms",
        "text": "first",
        "details": {},
        "due_at": (NOW + timedelta(hours=1)).isoformat(timespec="seconds"),
        "overdue": False,
    }
