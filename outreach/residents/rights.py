"""Erasure: one transaction takes a person out of everything, and leaves only what counts need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, Table, case, cast, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, BadInput, State, iso
from outreach.residents import stops
from outreach.residents.consent import stopped
from outreach.store import insert_new
from outreach.store.knowledge import answers
from outreach.store.tables import (
    cases,
    checkups,
    consent,
    erasing,
    inbound,
    metadata,
    outbox,
    reminders,
    residents,
    survey_answers,
)

# Whose rows are left for the accounts: no person has this number.
NOBODY = 0
ERASED = "the resident was erased"
_HUSKS = (outbox, inbound, survey_answers, answers, cases)


async def erase(connection: AsyncConnection, resident_id: int, now: datetime) -> JSON:
    """Removes a person and all that names them; a second time changes nothing.

    What stays is nobody's: the state of each campaign message, so that accounts still add up; each grade of a
    survey, so that results do; that a case was there. Who had stopped also leaves a keyed hash of each
    address. Raises BadInput where there is no such person, or a message is on its way to them this moment.
    """
    # Locked: whoever would queue a message to this person waits, and then finds nobody.
    statement = select(residents.c.erased_at).where(residents.c.id == resident_id).with_for_update()
    row = (await connection.execute(statement)).first()
    if row is None or resident_id == NOBODY:
        raise BadInput("no resident has this id", where=str(resident_id), fix="see `outreach residents list`")
    if row.erased_at:
        return {"id": resident_id, "erased_at": iso(row.erased_at), "already": True, "stops": [], "kept": {}}
    await _nothing_under_way(connection, resident_id, now)
    kept_stops = await stopped(connection, resident_id)
    await stops.remember(connection, resident_id, kept_stops, now)
    kept = await _leave_husks(connection, resident_id, now)
    await _remove(connection, resident_id)
    await forget_consent(connection, resident_id)
    blank = {"name": None, "township": None, "birth_year": None, "language": "", "created_at": now}
    await connection.execute(
        update(residents).where(residents.c.id == resident_id).values(**blank, erased_at=now)
    )
    return {
        "id": resident_id,
        "erased_at": iso(now),
        "already": False,
        "stops": kept_stops,
        "kept": kept,
    }


async def _nothing_under_way(connection: AsyncConnection, resident_id: int, now: datetime) -> None:
    """Takes back what waits; what is being sent cannot be taken back, so that erasure must wait for it."""
    theirs = outbox.c.resident_id == resident_id
    waits = update(outbox).where(theirs, outbox.c.state == State.QUEUED)
    await connection.execute(waits.values(state=State.CANCELLED, reason=ERASED, settled_at=now))
    sending = select(outbox.c.id).where(theirs, outbox.c.state == State.SENDING).limit(1)
    if (await connection.execute(sending)).first():
        raise BadInput(
            "a message to this resident is being sent this moment, so nothing was erased",
            where=str(resident_id),
            fix="wait two minutes and erase again",
        )


async def _leave_husks(connection: AsyncConnection, resident_id: int, now: datetime) -> dict[str, int]:
    """What the accounts need, without the person; the rest of their messages goes. Returns how much stays."""
    await make_nobody(connection, now)
    answered = select(survey_answers.c.inbound_id).where(survey_answers.c.resident_id == resident_id)
    handled = select(cases.c.inbound_id).where(cases.c.resident_id == resident_id)
    needed = inbound.c.id.in_(answered) | inbound.c.id.in_(handled)
    counted = outbox.c.launch_id.is_not(None) | outbox.c.survey.is_not(None)
    unknown = outbox.c.state == State.IN_DOUBT
    empty = {"address": "", "text": "", "cleared_at": now}
    end = {
        "state": "closed",
        "closed_at": func.coalesce(cases.c.closed_at, _at(now)),
        "outcome": ERASED,
        "details": None,
    }
    sent = empty | {
        "lookup": "",
        "key": literal("erased:") + cast(outbox.c.id, String),
        "sender": None,
        "buttons": [],
        "checkup_id": None,
        "provider_id": None,
        "reason": ERASED,
        # Nobody will find out any more what became of it.
        "state": case((unknown, State.FAILED.value), else_=outbox.c.state),
    }
    named = {"provider_id": literal("erased:") + cast(inbound.c.id, String)}
    kept = {
        "messages": await _to_nobody(connection, outbox, resident_id, sent, counted),
        "received": await _to_nobody(connection, inbound, resident_id, empty | named, needed),
        "answers": await _to_nobody(connection, survey_answers, resident_id, {"comment": None}),
        "questions": await _to_nobody(connection, answers, resident_id, {"inbound_id": None}),
        "cases": await _to_nobody(connection, cases, resident_id, end),
    }
    for table in (outbox, inbound):
        await connection.execute(delete(table).where(table.c.resident_id == resident_id))
    return kept


async def make_nobody(connection: AsyncConnection, now: datetime) -> None:
    """The one whose rows belong to no person."""
    row = {"id": NOBODY, "language": "", "created_at": now, "erased_at": now}
    await insert_new(connection, residents, [row])


def _at(now: datetime) -> ColumnElement[datetime]:
    return literal(now, cases.c.closed_at.type)


async def _to_nobody(
    connection: AsyncConnection,
    table: Table,
    resident_id: int,
    values: dict[str, Any],
    *which: ColumnElement[bool],
) -> int:
    statement = update(table).where(table.c.resident_id == resident_id, *which)
    return (await connection.execute(statement.values(resident_id=NOBODY, **values))).rowcount


async def _remove(connection: AsyncConnection, resident_id: int) -> None:
    theirs = select(checkups.c.id).where(checkups.c.resident_id == resident_id)
    await connection.execute(delete(reminders).where(reminders.c.checkup_id.in_(theirs)))
    for table in reversed(naming()):
        await connection.execute(delete(table).where(table.c.resident_id == resident_id))


def naming() -> Sequence[Table]:
    """The tables whose rows belong to one person and go with them, whatever they are."""
    return [
        table
        for table in metadata.sorted_tables
        if table not in (*_HUSKS, consent)
        and any(
            key.column.table is residents and key.parent.name == "resident_id" for key in table.foreign_keys
        )
    ]


async def forget_consent(connection: AsyncConnection, resident_id: int, *which: ColumnElement[bool]) -> int:
    """The one way past the triggers of the ledger: their rows may go in this transaction alone."""
    await connection.execute(insert(erasing).values(resident_id=resident_id))
    mine = delete(consent).where(consent.c.resident_id == resident_id, *which)
    gone = (await connection.execute(mine)).rowcount
    await connection.execute(delete(erasing).where(erasing.c.resident_id == resident_id))
    return gone
