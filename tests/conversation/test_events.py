"""Life events: what would hurt is taken back with its reason, and nothing else is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest import NOW, ROOT
from sqlalchemy import insert, select
from test_conversation import CHAT, PHONE, Heard, Town, on_sqlite, town

from outreach import residents
from outreach.conversation.events import by_staff
from outreach.residents import Event, Resident, event, may_be_event
from outreach.residents.people import WRONG_NUMBER, add_address
from outreach.store.tables import addresses, audit, cases, checkups, launches, reminders
from outreach.store.tables import outbox as messages

__all__ = ["town"]
TOMORROW = NOW + timedelta(days=1)
YES = {"consent_care": "是", "consent_reminders": "是", "consent_surveys": "是"}
NAMES = ("张梅", "Tom Li")


def table() -> list[tuple[str, str]]:
    found, kind = list[tuple[str, str]](), ""
    for line in (ROOT / "tests/residents/events.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            kind = line.removeprefix("== ")
        elif line and not line.startswith("# "):
            found.append((line, kind))
    return found


def test_reports_are_taken_for_what_they_are() -> None:
    def taken(text: str) -> str:
        kind = event(text, NAMES)
        return str(kind) if kind else "unsure" if may_be_event(text) else "none"

    assert [(text, kind, taken(text)) for text, kind in table() if taken(text) != kind] == []


async def planned(town: Town, resident: Resident) -> None:
    """Something of every kind that waits for this person."""
    at = NOW + timedelta(days=10)
    async with town.store.write() as connection:
        await town.content.reminders.schedule(connection, resident.id, "prenatal", at, "县妇幼保健院", NOW)
    for purpose in ("care", "surveys", "reply"):
        more: dict[str, Any] = (
            {"survey": "service", "question": "satisfaction"} if purpose == "surveys" else {}
        )
        await town.sends(resident, due_at=TOMORROW, purpose=purpose, template=f"{purpose}/x", **more)


async def standing(town: Town) -> tuple[list[str], set[str], list[str]]:
    rows = await town.read(select(messages).where(messages.c.due_at == TOMORROW).order_by(messages.c.id))
    steps = await town.read(select(reminders))
    visits = await town.read(select(checkups).order_by(checkups.c.id))
    reasons = {row.reason for row in (*rows, *steps) if row.state == "cancelled"}
    return [row.state for row in rows] + [row.state for row in steps], reasons, [row.state for row in visits]


REPORTS = {
    Event.LOSS: ("孩子没了", "I had a miscarriage"),
    Event.DEATH: ("张梅已经去世了", "She passed away"),
    Event.MOVED: ("我们搬走了", "we moved away"),
    Event.WRONG_NUMBER: ("你发错人了", "wrong number"),
}


@pytest.mark.parametrize("kind", REPORTS)
async def test_report_takes_back_what_waits_and_says_why(town: Town, kind: Event) -> None:
    for text in REPORTS[kind]:
        resident, address = await town.newcomer(**YES)
        await planned(town, resident)
        heard = await town.says(text.replace("张梅", resident.name), address)
        assert heard.outcome == "event"
        assert "恭喜" not in heard.reply
        assert "ongratulat" not in heard.reply
    states, reasons, visits = await standing(town)
    assert states == ["cancelled", "cancelled", "queued"] * 2 + ["cancelled"] * 4
    assert len(reasons) == 1
    assert visits == ["cancelled"] * 2
    told = [case.kind for case in await town.read(select(cases))]
    assert told == ([] if kind == Event.MOVED else ["event"] * 2)
    (_, noted) = await town.read(select(audit))
    assert noted.what == "residents.event"
    assert noted.subject.split(" ")[0] == "resident"
    assert str(kind) not in noted.subject, "the audit is kept for ever, and is no record of what happened"


async def test_done_ends_the_visit_that_was_asked_about_and_no_other(town: Town) -> None:
    resident = await town.knows()
    await town.visit(resident)
    async with town.store.write() as connection:
        later = NOW + timedelta(days=40)
        await town.content.reminders.schedule(connection, resident.id, "prenatal", later, "县医院", NOW)
    heard = await town.says("已经做过了，谢谢")
    assert heard.outcome == "event"
    assert [row.state for row in await town.read(select(checkups).order_by(checkups.c.id))] == [
        "done",
        "open",
    ]
    assert set(await town.agrees(resident)) == {True}


@on_sqlite
async def test_done_without_any_visit_is_thanked_for_and_of_two_a_person_finds_out_which(town: Town) -> None:
    resident = await town.knows()
    assert "谢谢您告诉我们" in (await town.says("已经领过了")).reply
    async with town.store.write() as connection:
        for days in (10, 40):
            at = NOW + timedelta(days=days)
            await town.content.reminders.schedule(connection, resident.id, "prenatal", at, "县医院", NOW)
    assert "同事" in (await town.says("生了")).reply
    await town.says("已经办好了")
    assert {row.state for row in await town.read(select(checkups))} == {"open"}
    assert [case.kind for case in await town.read(select(cases))] == ["event"]


async def test_death_of_somebody_else_cancels_nothing_and_reaches_a_person(town: Town) -> None:
    resident = await town.knows()
    await planned(town, resident)
    heard = await town.says("我妈妈去世了，想问丧葬补贴")
    assert heard.outcome == "event"
    states, _, visits = await standing(town)
    assert "cancelled" not in states
    assert visits == ["open"]
    assert [case.kind for case in await town.read(select(cases))] == ["event"]


async def test_death_ends_consent_and_wrong_number_ends_the_address_alone(town: Town) -> None:
    resident = await town.knows(telegram_id=CHAT.value)
    await town.says("你发错人了，别再发了")
    closed = [row.channel for row in await town.read(select(addresses)) if row.closed_reason == WRONG_NUMBER]
    assert closed == ["sms"]
    await town.says("谁啊")
    closed = [row.channel for row in await town.read(select(addresses)) if row.closed_reason == WRONG_NUMBER]
    assert closed == ["sms"], "that somebody answers there proves nothing"
    other, address = await town.newcomer(**YES)
    await town.says("老人去世了", address)
    assert await town.agrees(other) == {False}
    assert resident.id != other.id


@on_sqlite
async def test_stop_and_news_in_one_message_get_one_reply(town: Town) -> None:
    resident = await town.knows()
    heard = await town.says("孩子没了，别再发了")
    assert heard.outcome == "stop"
    assert "难过" in heard.reply
    assert await town.agrees(resident) == {False}
    assert await town.says("STOP", answered_by_provider=True) == Heard("stop", "")


async def test_no_survey_is_asked_after_bad_news(town: Town) -> None:
    resident = await town.knows()
    frozen = {"survey": {"name": "service", "after_hours": 1}, "channels": ["sms"]}
    async with town.store.write() as connection:
        row = {"campaign": "x", "state": "running", "frozen": frozen, "starts_at": NOW, "total": 1}
        statement = insert(launches).values(**row, launched_by="tests", created_at=NOW)
        launch = (await connection.execute(statement.returning(launches.c.id))).scalar_one()
    await town.sends(resident, purpose="care", template="care/x", launch_id=launch)
    await town.says("胎停了")
    async with town.store.write() as connection:
        assert await town.content.surveys.queue_due(connection, NOW + timedelta(hours=2)) == 0
    (kept,) = await town.read(select(messages).where(messages.c.key == f"survey:{launch}:{resident.id}"))
    assert (kept.state, "loss" in kept.reason) == ("suppressed", True)


async def test_staff_take_back_for_one_resident_of_a_number(town: Town) -> None:
    mei, li = await town.knows("张梅"), await town.knows("李强", phone="+8619912345679")
    async with town.store.write() as connection:
        await add_address(connection, li.id, PHONE, NOW)
    for resident in (mei, li):
        await planned(town, resident)
    async with town.store.write() as connection:
        assert await by_staff(connection, mei.id, Event.WRONG_NUMBER, "家属来电", "wang", NOW) == 4
        assert [one.id for one in await residents.at_address(connection, PHONE)] == [li.id]
    states, reasons, visits = await standing(town)
    assert states[:6] == ["cancelled", "cancelled", "queued"] + ["queued"] * 3
    assert all(str(reason).endswith("家属来电") for reason in reasons)
    assert visits == ["cancelled", "open"]
