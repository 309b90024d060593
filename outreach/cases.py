"""What a person must answer: a question no template answers, a low score, money that did not come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, String, cast, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import outbox
from outreach.calendar import next_working
from outreach.model import JSON, Address, BadInput, Priority, iso
from outreach.store.tables import cases, inbound
from outreach.store.tables import outbox as messages
from outreach.templates import Templates

CLOSING_TIME = time(17, 0)
# A question that comes in the afternoon may wait for the next working day.
SAME_DAY_UNTIL = time(12, 0)
DANGER, UNPAID = "danger", "unpaid"
# How a case can end, each with its words for the resident: `replies/case_OUTCOME`.
OUTCOMES = ("paid", "not_entitled", "in_process", "other")
WORDS = "replies/case_"


def answer_by(now: datetime, zone: ZoneInfo, *, days: int = 0) -> datetime:
    """When we promise an answer: the end of this working day, or of the next one; `days` of them later."""
    local = now.astimezone(zone)
    day = next_working(local.date() if local.time() < SAME_DAY_UNTIL else local.date() + timedelta(days=1))
    for _ in range(days):
        day = next_working(day + timedelta(days=1))
    return datetime.combine(day, CLOSING_TIME, zone)


async def open_case(
    connection: AsyncConnection,
    kind: str,
    resident_id: int,
    inbound_id: int,
    *,
    due_at: datetime,
    now: datetime,
    details: Mapping[str, str] | None = None,
) -> int:
    """`details`: what is known of it so far, sealed. Returns its id."""
    about = {"kind": kind, "resident_id": resident_id, "inbound_id": inbound_id, "details": details or None}
    statement = insert(cases).values(**about, opened_at=now, due_at=due_at).returning(cases.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def note(connection: AsyncConnection, case_id: int, details: Mapping[str, str]) -> None:
    """What is known of it now."""
    await connection.execute(update(cases).where(cases.c.id == case_id).values(details=dict(details)))


async def of_kind(
    connection: AsyncConnection, kind: str, resident_ids: Sequence[int], state: str
) -> Sequence[Row[Any]]:
    """The open or the closed cases of a kind of these people, the newest first."""
    theirs = cases.c.kind == kind, cases.c.state == state, cases.c.resident_id.in_(resident_ids)
    return (await connection.execute(select(cases).where(*theirs).order_by(cases.c.id.desc()))).all()


async def waiting(connection: AsyncConnection, now: datetime, *, limit: int = 50) -> list[JSON]:
    """Open cases, the one due first at the top, each with the resident's own words."""
    statement = _joined().where(cases.c.state == "open").order_by(cases.c.due_at, cases.c.id).limit(limit)
    return [_shown(row, now) for row in await connection.execute(statement)]


async def number_waiting(connection: AsyncConnection) -> int:
    statement = select(func.count()).select_from(cases).where(cases.c.state == "open")
    return (await connection.execute(statement)).scalar_one()


async def in_danger(connection: AsyncConnection) -> list[tuple[int, str]]:
    """Open cases of those who may be in danger, each with its kind."""
    statement = select(cases.c.id, cases.c.details).where(cases.c.state == "open", cases.c.kind == DANGER)
    rows = await connection.execute(statement.order_by(cases.c.id))
    return [(number, (details or {}).get("danger", "")) for number, details in rows]


async def show(connection: AsyncConnection, case_id: int, now: datetime) -> JSON:
    """One case, open or closed. Raises BadInput where there is none of this number."""
    row = (await connection.execute(_joined().where(cases.c.id == case_id))).first()
    if row is None:
        raise BadInput("no case has this number", where=str(case_id), fix="see `outreach cases list`")
    ended = {"opened_at": iso(row.opened_at), "closed_at": iso(row.closed_at), "outcome": row.outcome}
    return _shown(row, now) | {"state": row.state} | ended


async def close(
    connection: AsyncConnection, templates: Templates, case_id: int, outcome: str, words: str, now: datetime
) -> JSON:
    """Ends a case, and tells the resident in the approved text `words`, once.

    Raises BadInput where there is no such case or text, or where the case is closed already.
    """
    if not words.startswith(WORDS) or not templates.has(words, "zh-Hans"):
        known = ", ".join(name.removeprefix("replies/") for name in templates.names(WORDS))
        raise BadInput("there is no such text for the end of a case", where=words, fix=f"use one of: {known}")
    # Locked by its state: of two who close it the second one finds it closed.
    ended = update(cases).where(cases.c.id == case_id, cases.c.state == "open")
    done = await connection.execute(ended.values(state="closed", closed_at=now, outcome=outcome))
    case = await show(connection, case_id, now)
    if not done.rowcount:
        fix = "nothing is left to do: the resident was told then"
        raise BadInput(f"this case was closed at {case['closed_at']}", where=str(case_id), fix=fix)
    return case | {"told": await _tell(connection, templates, case_id, words, now)}


async def _tell(
    connection: AsyncConnection, templates: Templates, case_id: int, words: str, now: datetime
) -> bool:
    """Where and how they were answered when they wrote; False where that is no longer known."""
    reply = messages.c.key == literal("reply:") + cast(cases.c.inbound_id, String)
    statement = (
        select(messages, inbound.c.address.label("wrote_from"))
        .select_from(cases)
        .join(inbound, inbound.c.id == cases.c.inbound_id)
        .join(messages, reply)
        .where(cases.c.id == case_id)
    )
    row = (await connection.execute(statement)).first()
    if row is None or not row.wrote_from:
        return False
    draft = outbox.Draft(
        key=f"case:{case_id}:closed",
        resident_id=row.resident_id,
        address=Address(row.channel, row.wrote_from),
        sender=row.sender,
        priority=Priority.REPLY,
        purpose=outbox.REPLY,
        template=words,
        language=row.language,
        text=templates.say(words, row.language, row.channel),
        due_at=now,
    )
    return await outbox.enqueue(connection, [draft], now) == 1


def _joined() -> Select[Any]:
    return select(cases, inbound.c.text, inbound.c.channel).join(inbound, inbound.c.id == cases.c.inbound_id)


def _shown(row: Row[Any], now: datetime) -> JSON:
    return {
        "id": row.id,
        "kind": row.kind,
        "resident_id": row.resident_id,
        "channel": row.channel,
        "text": row.text,
        # What was asked and not answered is empty.
        "details": {name: value for name, value in (row.details or {}).items() if value},
        "due_at": iso(row.due_at),
        "overdue": row.state == "open" and row.due_at < now,
    }
