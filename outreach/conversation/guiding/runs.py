"""Guides under way: one a resident and channel, open for half an hour after its last question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from json import dumps, loads
from typing import Any

from sqlalchemy import insert, select, update

from outreach.conversation.turn import Turn
from outreach.residents import drop_guides
from outreach.store.guides import guide_runs

OPEN_FOR = timedelta(minutes=30)


@dataclass(slots=True)
class Run:
    """`answers`: by question, as JSON has them."""

    id: int
    resident_id: int
    guide: str
    language: str
    answers: dict[str, Any]
    asked: str
    tries: int
    asked_at: datetime


async def newest(turn: Turn) -> Run | None:
    """The run of whoever uses this address, however old."""
    people = [person.id for person in await turn.people()]
    mine = guide_runs.c.resident_id.in_(people), guide_runs.c.channel == turn.inbound.sender.channel
    statement = select(guide_runs).where(*mine).order_by(guide_runs.c.id.desc()).limit(1)
    row = (await turn.connection.execute(statement)).first()
    if row is None:
        return None
    answers = loads(row.answers)
    return Run(row.id, row.resident_id, row.guide, row.language, answers, row.asked, row.tries, row.asked_at)


async def under_way(turn: Turn) -> Run | None:
    """The run that still waits for an answer."""
    run = await newest(turn)
    return run if run and run.asked_at > turn.now - OPEN_FOR else None


async def begin(turn: Turn, guide: str, first: str) -> Run:
    await drop(turn)
    row = {
        "resident_id": turn.resident.id,
        "channel": turn.inbound.sender.channel,
        "guide": guide,
        "language": turn.language,
        "answers": "{}",
        "asked": first,
        "started_at": turn.now,
        "asked_at": turn.now,
    }
    key = (await turn.connection.execute(insert(guide_runs).values(**row))).inserted_primary_key
    number = int(key[0]) if key else 0
    return Run(number, turn.resident.id, guide, turn.language, {}, first, 0, turn.now)


async def save(turn: Turn, run: Run) -> None:
    values = {"answers": dumps(run.answers), "asked": run.asked, "tries": run.tries, "asked_at": turn.now}
    await turn.connection.execute(update(guide_runs).where(guide_runs.c.id == run.id).values(**values))


async def drop(turn: Turn, people: Sequence[int] = ()) -> None:
    """Ends whatever guide is under way here; its answers go with it."""
    ids = people or [person.id for person in await turn.people()] or [turn.resident.id]
    channel = guide_runs.c.channel == turn.inbound.sender.channel
    await drop_guides(turn.connection, guide_runs.c.resident_id.in_(ids), channel)
