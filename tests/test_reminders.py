"""A step goes out once, on the right local hour, to those who agreed; and an answer means what it says."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW, ROOT
from sqlalchemy import func, insert, select

from outreach.app import Content
from outreach.lists import BadRow, Report
from outreach.model import BadInput
from outreach.reminders import Reminders, Reply, answer, call_off, importing, is_open, understand
from outreach.residents import give
from outreach.store import Store
from outreach.store.tables import addresses, checkups, outbox, reminders, residents
from outreach.templates import Templates

COUNTY = ZoneInfo("Asia/Shanghai")
VISIT = datetime(2026, 12, 3, 9, 30, tzinfo=COUNTY)


async def person(store: Store, *, agrees: bool = True) -> int:
    async with store.write() as connection:
        row = {"name": "张梅", "language": "zh-Hans", "created_at": NOW}
        number = (
            await connection.execute(insert(residents).values(**row).returning(residents.c.id))
        ).scalar_one()
        chat = {"resident_id": number, "channel": "telegram", "value": "7", "created_at": NOW}
        await connection.execute(insert(addresses).values(**chat))
        if agrees:
            await give(connection, [number], wording="是", channel="import", source="list", now=NOW)
    return int(number)


async def schedule(store: Store, plans: Reminders, who: int, now: datetime = NOW) -> int:
    async with store.write() as connection:
        return await plans.schedule(connection, who, "prenatal", VISIT, "县妇幼保健院", now)


async def due(store: Store, plans: Reminders, now: datetime) -> int:
    async with store.write() as connection:
        return await plans.queue_due(connection, now)


async def messages(store: Store) -> list[str]:
    async with store.read() as connection:
        return list((await connection.execute(select(outbox.c.text).order_by(outbox.c.id))).scalars())


async def test_each_step_goes_out_once_on_its_hour(store: Store, content: Content) -> None:
    plans, who = content.reminders, await person(store)
    await schedule(store, plans, who)
    await schedule(store, plans, who)
    first = datetime(2026, 11, 30, 9, 0, tzinfo=COUNTY)
    assert await due(store, plans, first - timedelta(seconds=1)) == 0
    assert await due(store, plans, first) == 1
    assert await due(store, plans, first + timedelta(minutes=5)) == 0
    assert await due(store, plans, datetime(2026, 12, 2, 16, 0, tzinfo=COUNTY)) == 1
    assert await due(store, plans, VISIT + timedelta(days=9)) == 0
    found = await messages(store)
    assert len(found) == 2
    assert all("12月3日（周四）" in text and "09:30" in text for text in found)


async def test_a_step_already_past_is_skipped_and_says_so(store: Store, content: Content) -> None:
    plans, who = content.reminders, await person(store)
    await schedule(store, plans, who, now=VISIT - timedelta(hours=20))
    async with store.read() as connection:
        rows = await connection.execute(select(reminders.c.step, reminders.c.state))
        states = sorted(tuple(row) for row in rows)
    assert states == [("day-before", "scheduled"), ("three-days-before", "skipped")]


async def test_after_a_long_downtime_nothing_stale_goes_out(store: Store, content: Content) -> None:
    plans, who = content.reminders, await person(store)
    await schedule(store, plans, who)
    assert await due(store, plans, VISIT + timedelta(hours=1)) == 0
    assert await messages(store) == []


async def test_without_consent_the_row_only_says_why(store: Store, content: Content) -> None:
    plans, who = content.reminders, await person(store, agrees=False)
    await schedule(store, plans, who)
    await due(store, plans, datetime(2026, 11, 30, 9, 0, tzinfo=COUNTY))
    async with store.read() as connection:
        (row,) = (await connection.execute(select(outbox.c.state, outbox.c.reason))).all()
    assert tuple(row) == ("suppressed", "never agreed to reminders")


ANSWERS = [(Reply.CONFIRM, "confirmed", 1), (Reply.MOVE, "moving", 0), (Reply.CANCEL, "cancelled", 0)]


@pytest.mark.parametrize(("reply", "state", "left"), ANSWERS)
async def test_an_answer_calls_off_what_it_makes_needless(
    store: Store, content: Content, reply: Reply, state: str, left: int
) -> None:
    plans, who = content.reminders, await person(store)
    visit = await schedule(store, plans, who)
    async with store.write() as connection:
        await answer(connection, visit, reply, NOW)
        assert (await connection.execute(select(checkups.c.state))).scalar_one() == state
    assert await due(store, plans, datetime(2026, 12, 2, 16, 0, tzinfo=COUNTY)) == left


async def test_the_local_hour_holds_over_a_change_of_clocks(store: Store) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    plans = Reminders(ROOT / "campaigns" / "plans", Templates(ROOT / "templates"), berlin)
    who = await person(store)
    async with store.write() as connection:
        at = datetime(2026, 10, 26, 9, 0, tzinfo=berlin)  # clocks go back on the 25th
        await plans.schedule(connection, who, "prenatal", at, "x", at - timedelta(days=9))
        rows = (await connection.execute(select(reminders.c.due_at).order_by(reminders.c.due_at))).scalars()
        assert [f"{moment.astimezone(berlin):%d %H:%M}" for moment in rows] == ["23 09:00", "25 16:00"]


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("1", Reply.CONFIRM), ("１。", Reply.CONFIRM), ("好的", Reply.CONFIRM), ("OK", Reply.CONFIRM),
        ("2", Reply.MOVE), ("改时间", Reply.MOVE), ("reschedule", Reply.MOVE),
        ("3", Reply.CANCEL), ("去不了", Reply.CANCEL), ("can't come", Reply.CANCEL),
        ("几点？", None), ("要带什么", None), ("4", None), ("不好", None), ("13", None),
    ],
)  # fmt: skip
def test_reply_is_read_as_a_whole(text: str, reply: Reply | None) -> None:
    assert understand(text) == reply


def test_a_broken_plan_is_named(tmp_path: Path) -> None:
    good = (ROOT / "campaigns" / "plans" / "prenatal.toml").read_text("utf-8")
    for change, says in (
        (("day-before", "three-days-before"), "same name"),
        (("reminders/prenatal", "reminders/nothing"), "reminders/nothing"),
        (('"09:00"', '"25:00"'), "at"),
    ):
        (tmp_path / "bad.toml").write_text(good.replace(*change), "utf-8")
        with pytest.raises(BadInput, match=says) as refused:
            Reminders(tmp_path, Templates(ROOT / "templates"), COUNTY)
        assert "bad.toml:" in refused.value.where


async def test_a_list_of_appointments_becomes_reminders_once(
    store: Store, content: Content, tmp_path: Path
) -> None:
    plans, who = content.reminders, await person(store)
    async with store.write() as connection:
        phone = {"resident_id": who, "channel": "sms", "value": "+8613912345678", "created_at": NOW}
        await connection.execute(insert(addresses).values(**phone))
    text = """手机号码,预约时间,地点
13912345678,2026-12-03 09:30,县妇幼保健院
139 1234 5678,2026/12/03 09:30,县妇幼保健院
13912345679,2026-12-03 09:30,县妇幼保健院
13912345678,昨天,县妇幼保健院
13912345678,2026-11-01 09:30,县妇幼保健院
13912345678,2026-12-04 09:30,
"""
    (tmp_path / "list.csv").write_text(text, "utf-8")
    report = Report()
    with importing.read(tmp_path / "list.csv") as listing:
        found = list(listing.rows())
    for number, cells in found:
        async with store.write() as connection:
            try:
                row = importing.parse(number, cells, plans, COUNTY, NOW)
                await importing.take(connection, row, plans, report, now=NOW)
            except BadRow as problem:
                report.refuse(number, problem)
    assert (report.created, report.unchanged, report.rejected) == (1, 1, 4)
    assert [(error["row"], error["field"]) for error in report.errors] == [
        (4, "phone"),
        (5, "at"),
        (6, "at"),
        (7, "place"),
    ]
    assert "1391234" not in str(report.errors)
    assert await due(store, plans, datetime(2026, 11, 30, 9, 0, tzinfo=COUNTY)) == 1


FIRST = datetime(2026, 11, 30, 9, 0, tzinfo=COUNTY)
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def booked(store: Store, content: Content, people: int = 1) -> list[int]:
    """So many residents who agreed, each with the same visit; the visits."""
    async with store.write() as connection:
        rows = [
            {"id": n, "name": f"居民{n}", "language": "zh-Hans", "created_at": NOW}
            for n in range(1, people + 1)
        ]
        await connection.execute(insert(residents), rows)
        chats = [
            {
                "resident_id": row["id"],
                "channel": "telegram",
                "value": str(500 + row["id"]),
                "created_at": NOW,
            }
            for row in rows
        ]
        await connection.execute(insert(addresses), chats)
        ids = [row["id"] for row in rows]
        await give(connection, ids, wording="是", channel="import", source="list", now=NOW)
        return [
            await content.reminders.schedule(connection, n, "prenatal", VISIT, "县妇幼保健院", NOW)
            for n in ids
        ]


async def states(store: Store, table: str = "outbox") -> dict[str, int]:
    column = {"outbox": outbox.c.state, "reminders": reminders.c.state}[table]
    async with store.read() as connection:
        return dict((await connection.execute(select(column, func.count()).group_by(column))).all())


@pytest.mark.parametrize("reply", [Reply.MOVE, Reply.CANCEL])
async def test_answer_takes_back_what_is_queued_and_what_is_still_to_come(
    store: Store, content: Content, reply: Reply
) -> None:
    mine, other = await booked(store, content, 2)
    async with store.write() as connection:
        assert await content.reminders.queue_due(connection, FIRST) == 2
        assert await is_open(connection, mine, FIRST)
        row = await answer(connection, mine, reply, FIRST)
        assert (row.at, row.place) == (VISIT, "县妇幼保健院")
        assert not await is_open(connection, mine, FIRST)
        assert await is_open(connection, other, FIRST)
        assert not await is_open(connection, other, VISIT), "over"
    assert await states(store) == {"queued": 1, "cancelled": 1}
    assert await states(store, "reminders") == {"queued": 2, "cancelled": 1, "scheduled": 1}


@ONE_DATABASE
async def test_confirming_leaves_the_later_reminder(store: Store, content: Content) -> None:
    (visit,) = await booked(store, content)
    async with store.write() as connection:
        await content.reminders.queue_due(connection, FIRST)
        assert (await answer(connection, visit, Reply.CONFIRM, FIRST)).state == "confirmed"
        assert await is_open(connection, visit, FIRST)
    assert await states(store, "reminders") == {"queued": 1, "scheduled": 1}
    async with store.write() as connection:
        await call_off(connection, [visit], "the office closed", FIRST)
    assert await states(store, "reminders") == {"queued": 1, "cancelled": 1}
    assert await states(store) == {"cancelled": 1}


@ONE_DATABASE
async def test_many_due_at_once_are_queued_page_by_page(store: Store, content: Content) -> None:
    await booked(store, content, 25)
    counts = []
    for _ in range(4):
        async with store.write() as connection:
            counts.append(await content.reminders.queue_due(connection, FIRST, limit=10))
    assert counts == [10, 10, 5, 0]
    assert await states(store) == {"queued": 25}


@ONE_DATABASE
async def test_reminder_expires_before_the_visit_and_is_said_in_words_of_the_day(
    store: Store, content: Content
) -> None:
    await booked(store, content)
    async with store.write() as connection:
        await content.reminders.queue_due(connection, FIRST)
        row = (await connection.execute(select(outbox))).one()
    assert row.expires_at == FIRST + timedelta(hours=24)
    assert row.key == "reminder:1"
    assert "居民1" in row.text
    assert [button["data"] for button in row.buttons] == ["1", "2", "3"]


@pytest.mark.parametrize("text", ["can't come", "can’t come", "Can’t come!", "不去了。"])
def test_no_is_understood_as_a_telephone_types_it(text: str) -> None:
    assert understand(text) == Reply.CANCEL


GOOD = (ROOT / "campaigns/plans/prenatal.toml").read_text("utf-8")
WRONG: dict[str, tuple[str, str]] = {
    "time in the first step": ('at = "09:00"', 'at = "25:00"'),
    "time in the second step": ('at = "16:00"', 'at = "25:00"'),
    "no time left": ("expires_hours = 6", "expires_hours = 0"),
    "unknown key": ('facts = ["HLT-09"]', 'fact = ["HLT-09"]'),
    "missing text": ('template = "reminders/prenatal"', 'template = "reminders/nothing"'),
    "bad TOML": ("offset_days = -1", "offset_days = minus one"),
    "purpose": ('purpose = "reminders"', 'purpose = "care"'),
}


@pytest.mark.parametrize("name", WRONG, ids=lambda name: name.replace(" ", "-"))
def test_mistake_in_a_plan_is_named_by_its_line(tmp_path: Path, name: str) -> None:
    old, new = WRONG[name]
    source = GOOD.replace(old, new, 1)
    (tmp_path / "bad.toml").write_text(source, "utf-8")
    line = source.splitlines().index(new) + 1
    with pytest.raises(BadInput) as refused:
        Reminders(tmp_path, Templates(ROOT / "templates"), COUNTY)
    assert refused.value.where == f"{tmp_path / 'bad.toml'}:{line}"


def test_unknown_plan_is_told_with_those_there_are(content: Content) -> None:
    with pytest.raises(BadInput) as refused:
        content.reminders["nothing"]
    assert "prenatal" in refused.value.fix
