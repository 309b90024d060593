"""What was kept long enough goes, and nothing else does; once a night, whoever asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from terminal import Terminal

from outreach import audit, residents
from outreach.app import kept_for
from outreach.model import Address, State
from outreach.residents import Keep
from outreach.residents.people import add_address
from outreach.settings import Settings
from outreach.store import Store
from outreach.store.tables import audit as acts
from outreach.store.tables import (
    cases,
    checkups,
    consent,
    inbound,
    outbox,
    purges,
    reminders,
    stops,
    survey_answers,
)
from outreach.store.tables import residents as people
from outreach.worker import Nightly

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAY = timedelta(days=1)
KEEP = Keep(messages=365, inbound=365, cases=730, checkups=730, strangers=180, consent=1095)
ZONE = ZoneInfo("Asia/Shanghai")


async def person(connection: AsyncConnection, name: str | None, at: datetime = NOW) -> int:
    values = {"name": name, "language": "zh-Hans", "created_at": at}
    statement = insert(people).values(**values).returning(people.c.id)
    number = int((await connection.execute(statement)).scalar_one())
    await add_address(connection, number, Address("sms", f"+86199{number:08}"), at)
    return number


async def message(connection: AsyncConnection, resident: int, at: datetime, **more: Any) -> int:
    row = {
        "key": f"k{resident}:{at}:{more}", "resident_id": resident, "channel": "sms", "address": "+861",
        "lane": "sms", "priority": 1, "purpose": "care", "template": "t", "text": "张梅您好",
        "language": "zh-Hans", "state": "delivered", "due_at": at, "created_at": at,
        "sent_at": at, "provider_id": "SM1",
    } | more  # fmt: skip
    statement = insert(outbox).values(**row).returning(outbox.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def heard(connection: AsyncConnection, resident: int, at: datetime) -> int:
    row = {"channel": "sms", "provider_id": f"m{resident}:{at}", "resident_id": resident, "kind": "text"}
    row |= {"address": "+861", "text": "我是张梅", "received_at": at, "outcome": "handoff"}
    statement = insert(inbound).values(**row).returning(inbound.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def purged(store: Store, keep: Keep = KEEP, now: datetime = NOW) -> dict[str, int]:
    gone: dict[str, int] = {}
    async for kind, n in residents.purge(store, keep, now):
        gone[kind] = gone.get(kind, 0) + n
    return gone


async def count(store: Store, table: Any) -> int:
    async with store.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def test_old_words_go_and_the_account_stays(store: Store) -> None:
    async with store.write() as connection:
        mei = await person(connection, "张梅", NOW - 900 * DAY)
        old = await message(connection, mei, NOW - 366 * DAY)
        await message(connection, mei, NOW - 364 * DAY)
        for state in ("queued", "sending", "in_doubt"):
            await message(connection, mei, NOW - 400 * DAY, state=state, provider_id=None)
        said = await heard(connection, mei, NOW - 366 * DAY)
        answer = {"resident_id": mei, "outbox_id": old, "inbound_id": said, "survey": "s", "question": "q"}
        answer |= {"rating": 2, "comment": "张大夫不好", "at": NOW - 366 * DAY}
        await connection.execute(insert(survey_answers).values(**answer))
        waiting = await heard(connection, mei, NOW - 367 * DAY)
        case = {"resident_id": mei, "inbound_id": waiting, "kind": "question", "due_at": NOW}
        await connection.execute(insert(cases).values(**case, opened_at=NOW))
    expected = {"cases": 0, "checkups": 0, "messages": 1, "guides": 0, "inbound": 1}
    expected |= {"strangers": 0, "consent": 0}
    assert await residents.due(store, KEEP, NOW) == expected
    assert await purged(store) == {"messages": 1, "inbound": 1}
    assert await purged(store) == {}, "a second time changes nothing"
    async with store.read() as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
        words = (await connection.execute(select(inbound.c.text).order_by(inbound.c.id))).scalars().all()
        (rated,) = (await connection.execute(select(survey_answers))).all()
    assert (rows[0].text, rows[0].address, rows[0].provider_id, rows[0].state) == ("", "", None, "delivered")
    assert [row.text for row in rows[1:]] == ["张梅您好"] * 4
    assert words == ["", "我是张梅"], "what a colleague must still answer stays"
    assert (rated.rating, rated.comment) == (2, None)


async def test_cases_and_appointments_go_after_their_time(store: Store) -> None:
    async with store.write() as connection:
        mei = await person(connection, "张梅", NOW - 900 * DAY)
        said = await heard(connection, mei, NOW)
        for state, closed in (("closed", 731), ("closed", 729), ("open", None)):
            at = NOW - closed * DAY if closed else None
            case = {"resident_id": mei, "inbound_id": said, "kind": "question", "state": state}
            await connection.execute(insert(cases).values(**case, opened_at=NOW, due_at=NOW, closed_at=at))
        for n, days in enumerate((731, 729), start=1):
            visit = {"id": n, "resident_id": mei, "plan": "prenatal", "at": NOW - days * DAY, "place": "三楼"}
            await connection.execute(insert(checkups).values(**visit, created_at=NOW))
            step = {"checkup_id": n, "step": "before", "due_at": NOW, "expires_at": NOW}
            await connection.execute(insert(reminders).values(**step))
        await message(connection, mei, NOW - 3 * DAY, checkup_id=1)
    assert await purged(store) == {"cases": 1, "checkups": 1}
    assert (await count(store, cases), await count(store, checkups), await count(store, reminders)) == (
        2,
        1,
        1,
    )
    assert await count(store, outbox) == 1


async def test_strangers_who_never_agreed_are_erased_and_their_stop_holds(store: Store) -> None:
    long_ago = NOW - 181 * DAY
    async with store.write() as connection:
        quiet = await person(connection, None, long_ago)
        await heard(connection, quiet, long_ago)
        stopped = await person(connection, None, long_ago)
        said = {"channel": "sms", "source": "inbound 1", "now": long_ago, "wording": "TD"}
        await residents.withdraw(connection, [stopped], **said)
        wrote = await person(connection, None, long_ago)
        await heard(connection, wrote, NOW - 5 * DAY)
        agreed = await person(connection, None, long_ago)
        await residents.give(connection, [agreed], **said)
        new, listed = await person(connection, None, NOW), await person(connection, "张梅", long_ago)
    assert await purged(store) == {"strangers": 2}
    async with store.read() as connection:
        left = select(people.c.id).where(people.c.erased_at.is_(None)).order_by(people.c.id)
        found = (await connection.execute(left)).scalars().all()
    assert found == [wrote, agreed, new, listed]
    assert await count(store, stops) == 3
    assert await purged(store) == {}


async def test_what_holds_of_consent_is_never_old(store: Store) -> None:
    ages = ago = NOW - 1200 * DAY
    async with store.write() as connection:
        mei, li = await person(connection, "张梅", ago), await person(connection, "李强", ago)
        for resident in (mei, li):
            said = {"channel": "sms", "source": "s", "wording": "w", "purposes": ["care"]}
            await residents.give(connection, [resident], now=ages, **said)
            await residents.withdraw(connection, [resident], now=ages + DAY, **said)
        await message(connection, li, NOW - 1000 * DAY)
    only = Keep(consent=1095)
    assert await purged(store, only) == {"consent": 1}
    async with store.read() as connection:
        (last,) = await residents.proof(connection, mei)
        assert last.given is False, "the stop stays for ever"
        assert len(await residents.proof(connection, li)) == 2, "the proof of what went out is needed still"
    assert await count(store, consent) == 3


@ONE_DATABASE
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(st.tuples(st.sampled_from(list(State)), st.integers(0, 800)), max_size=12))
async def test_only_what_is_settled_and_old_is_cleared(store: Store, lives: list[tuple[State, int]]) -> None:
    async with store.write() as connection:
        resident = await person(connection, "张梅", NOW - 900 * DAY)
        for n, (state, days) in enumerate(lives):
            await message(connection, resident, NOW - days * DAY, state=state, key=f"{resident}:{n}")
    await purged(store)
    async with store.read() as connection:
        mine = select(outbox).where(outbox.c.resident_id == resident).order_by(outbox.c.id)
        rows = (await connection.execute(mine)).all()
    waits = (State.QUEUED, State.SENDING, State.IN_DOUBT)
    assert [not row.text for row in rows] == [days > 365 and state not in waits for state, days in lives]
    assert [row.state for row in rows] == [state for state, _ in lives], "the account is the same"


async def test_the_night_s_work_is_done_once_by_whoever_comes_first(store: Store) -> None:
    night = datetime(2026, 11, 26, 3, 0, tzinfo=ZONE)
    async with store.write() as connection:
        mei = await person(connection, "张梅", NOW - 900 * DAY)
        for n in range(1200):
            await message(connection, mei, NOW - 400 * DAY, key=f"k{n}")
    one, other = (Nightly(store, KEEP, ZONE) for _ in range(2))

    async def cleared() -> int:
        async with store.read() as connection:
            gone = select(func.count()).where(outbox.c.cleared_at.is_not(None))
            return int((await connection.execute(gone)).scalar_one())

    await one.turn(night - timedelta(minutes=1))
    assert await cleared() == 0, "not before three"
    for _ in range(4):
        await one.turn(night)
        await other.turn(night + timedelta(seconds=1))
    assert await cleared() == 1200
    async with store.read() as connection:
        noted = (await connection.execute(select(acts.c.what, acts.c.subject).order_by(acts.c.id))).all()
        assert await audit.verify(connection) is None
        told = (await connection.execute(select(purges))).one()
    assert [tuple(row) for row in noted] == [("db.purge", "messages 1200")]
    assert (told.night, told.removed, bool(told.ended_at)) == ("2026-11-26", {"messages": 1200}, True)
    await other.turn(night + DAY)
    assert await count(store, purges) == 2, "and the next night again"
    assert await count(store, acts) == 1, "a night with nothing to do is no act"


def test_every_kind_has_a_setting_and_empty_keeps_for_ever() -> None:
    assert kept_for(Settings(_env_file=None)) == KEEP
    names = ("messages", "inbound", "cases", "checkups", "strangers", "consent")
    none = {f"retain_{name}_days": "" for name in names}
    assert kept_for(Settings(_env_file=None, **none)) == Keep()  # type: ignore[arg-type]


def test_purge_by_hand_says_what_goes(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "list.csv").write_text("姓名,手机号码,同意接收关怀\n张梅,19912345678,是\n", "utf-8")
    for command in ("residents import list.csv", "campaign launch hello", "tick"):
        assert terminal.run(*command.split()).code == 0
    terminal.run("residents", "consent", "1", "--withdraw", "care", "--by", "王")
    later = ("--now", "2031-01-01T00:00:00+08:00", "--json")
    tried = terminal.run("db", "purge", "--dry-run", *later)
    assert tried.code == 0, tried.said
    assert tried.json["removed"]["messages"] == 1
    assert "张梅" in terminal.run("residents", "show", "1").out
    assert terminal.run("db", "purge", *later).json["removed"] == tried.json["removed"]
    (kept,) = terminal.run("residents", "show", "1", "--json").json["messages"]
    assert (kept["text"], kept["state"]) == ("", "cancelled")
    assert terminal.run("db", "verify").code == 0
    assert terminal.run("db", "purge", "--now", "soon").code == 2
