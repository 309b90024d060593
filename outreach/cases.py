"""What a person must answer: a question no template answers, a low score, a visit to move."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, iso
from outreach.store.tables import cases, inbound

CLOSING_TIME = time(17, 0)
# A question that comes in the afternoon may wait for the next working day.
SAME_DAY_UNTIL = time(12, 0)
SATURDAY = 5


def answer_by(now: datetime, zone: ZoneInfo) -> datetime:
    """When we promise an answer: the end of this working day, or of the next one."""
    local = now.astimezone(zone)
    day = local.date() if local.time() < SAME_DAY_UNTIL else local.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, CLOSING_TIME, zone)


async def open_case(
    connection: AsyncConnection,
    kind: str,
    resident_id: int,
    inbound_id: int,
    *,
    due_at: datetime,
    now: datetime,
) -> None:
    await connection.execute(
        insert(cases).values(
            kind=kind, resident_id=resident_id, inbound_id=inbound_id, opened_at=now, due_at=due_at
        )
    )


async def waiting(connection: AsyncConnection, *, limit: int = 50) -> list[JSON]:
    """Open cases, the one due first at the top, each with the resident's own words."""
    statement = (
        select(
            cases.c.id, cases.c.kind, cases.c.resident_id, cases.c.due_at, inbound.c.text, inbound.c.channel
        )
        .join(inbound, inbound.c.id == cases.c.inbound_id)
        .where(cases.c.state == "open")
        .order_by(cases.c.due_at, cases.c.id)
        .limit(limit)
    )
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "resident_id": row.resident_id,
            "channel": row.channel,
            "text": row.text,
            "due_at": iso(row.due_at),
        }
        for row in await connection.execute(statement)
    ]


async def number_waiting(connection: AsyncConnection) -> int:
    statement = select(func.count()).select_from(cases).where(cases.c.state == "open")
    return (await connection.execute(statement)).scalar_one()
