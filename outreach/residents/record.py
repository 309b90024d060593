"""Everything held on one person, and of each message why it was or was not sent."""

from __future__ import annotations

from collections.abc import Sequence
from json import loads
from typing import Any

from sqlalchemy import Row, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, State, iso
from outreach.residents.consent import PURPOSES, ledger
from outreach.store.guides import guide_runs
from outreach.store.knowledge import answers
from outreach.store.tables import (
    addresses,
    audit,
    cases,
    checkups,
    inbound,
    launches,
    outbox,
    reminders,
    resident_groups,
    resident_tags,
    residents,
    survey_answers,
)

# What a state means, for whoever asks why; a message's own reason comes behind it.
WORDS = {
    State.QUEUED: "waits to be sent",
    State.SENDING: "is being sent",
    State.SENT: "sent; the provider took it, and has not said yet that it arrived",
    State.DELIVERED: "arrived",
    State.FAILED: "did not arrive",
    State.SUPPRESSED: "not sent",
    State.IN_DOUBT: "nobody knows whether it went out",
    State.EXPIRED: "not sent",
    State.CANCELLED: "not sent",
}


def subject(resident_id: int) -> str:
    """How the audit names a person: by number alone."""
    return f"resident {resident_id}"


async def export(connection: AsyncConnection, resident_id: int) -> JSON | None:
    """Everything held on a person; None where there is no such person, or they were erased."""
    row = (await connection.execute(select(residents).where(residents.c.id == resident_id))).first()
    if row is None or row.erased_at:
        return None
    words = await ledger(connection, resident_id)
    given = {act["purpose"]: act["given"] for act in words}
    return {
        "id": row.id,
        "name": row.name,
        "township": row.township,
        "language": row.language,
        "birth_year": row.birth_year,
        "since": iso(row.created_at),
        "groups": sorted(await _names(connection, resident_groups, resident_id)),
        "tags": sorted(await _names(connection, resident_tags, resident_id)),
        "addresses": await _addresses(connection, resident_id),
        "consent": dict.fromkeys(PURPOSES) | given,
        "ledger": words,
        "received": await _received(connection, resident_id),
        "messages": await _messages(connection, resident_id),
        "checkups": await _checkups(connection, resident_id),
        "answers": await _answers(connection, resident_id),
        "guides": await _guides(connection, resident_id),
        "questions": await _questions(connection, resident_id),
        "cases": await _cases(connection, resident_id),
        "audit": await _audit(connection, resident_id),
    }


async def _names(connection: AsyncConnection, table: Table, resident_id: int) -> Sequence[str]:
    statement = select(table.c.name).where(table.c.resident_id == resident_id)
    return (await connection.execute(statement)).scalars().all()


async def _rows(connection: AsyncConnection, table: Table, resident_id: int) -> Sequence[Row[Any]]:
    """This person's rows, oldest first."""
    statement: Select[Any] = select(table).where(table.c.resident_id == resident_id).order_by(table.c.id)
    found: Sequence[Row[Any]] = (await connection.execute(statement)).all()
    return found


async def _addresses(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    return [
        {"channel": row.channel, "value": row.value, "closed": row.closed_reason or None}
        for row in await _rows(connection, addresses, resident_id)
    ]


async def _received(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    return [
        {
            "at": iso(row.received_at),
            "channel": row.channel,
            "address": row.address,
            "text": row.text,
            "outcome": row.outcome,
            "topic": row.topic,
        }
        for row in await _rows(connection, inbound, resident_id)
    ]


async def _messages(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    statement = (
        select(outbox, launches.c.campaign)
        .outerjoin(launches, launches.c.id == outbox.c.launch_id)
        .where(outbox.c.resident_id == resident_id)
        .order_by(outbox.c.id)
    )
    return [
        {
            "id": row.id,
            "at": iso(row.sent_at or row.due_at),
            "channel": row.channel,
            "address": row.address,
            "purpose": row.purpose,
            "campaign": row.campaign,
            "template": row.template,
            "language": row.language,
            "text": row.text,
            "state": row.state,
            "reason": row.reason,
            "why": why(row.state, row.reason, row.error_code),
        }
        for row in await connection.execute(statement)
    ]


def why(state: str, reason: str | None, code: str | None = None) -> str:
    """Why a message was or was not sent, in words.

    >>> why("suppressed", "stopped our messages")
    'not sent: stopped our messages'
    """
    told = f"{WORDS[State(state)]}: {reason}" if reason else WORDS[State(state)]
    return f"{told} ({code})" if code and code not in told else told


async def _checkups(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    steps: dict[int, list[JSON]] = {}
    theirs = select(checkups.c.id).where(checkups.c.resident_id == resident_id)
    statement = select(reminders).where(reminders.c.checkup_id.in_(theirs)).order_by(reminders.c.due_at)
    for row in await connection.execute(statement):
        step = {"step": row.step, "due_at": iso(row.due_at), "state": row.state}
        steps.setdefault(row.checkup_id, []).append(step)
    return [
        {
            "plan": row.plan,
            "at": iso(row.at),
            "place": row.place,
            "state": row.state,
            "reminders": steps.get(row.id, []),
        }
        for row in await _rows(connection, checkups, resident_id)
    ]


async def _answers(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    return [
        {
            "at": iso(row.at),
            "survey": row.survey,
            "question": row.question,
            "rating": row.rating,
            "comment": row.comment,
        }
        for row in await _rows(connection, survey_answers, resident_id)
    ]


async def _guides(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    """Guides under way; of those that ended nothing is left."""
    return [
        {"at": iso(row.asked_at), "channel": row.channel, "guide": row.guide, "answers": loads(row.answers)}
        for row in await _rows(connection, guide_runs, resident_id)
    ]


async def _questions(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    """How each of their questions was dealt with, and whether they said that it helped."""
    return [
        {
            "at": iso(row.at),
            "topic": row.topic,
            "outcome": row.outcome,
            "version": row.version,
            "helpful": row.helpful,
        }
        for row in await _rows(connection, answers, resident_id)
    ]


async def _cases(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    return [
        {
            "kind": row.kind,
            "state": row.state,
            "opened_at": iso(row.opened_at),
            "due_at": iso(row.due_at),
            "closed_at": iso(row.closed_at),
            "outcome": row.outcome,
            "details": row.details,
        }
        for row in await _rows(connection, cases, resident_id)
    ]


async def _audit(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    """What staff did about this person. The words after the number say what of theirs it was."""
    about = audit.c.subject == subject(resident_id)
    statement = select(audit).where(about).order_by(audit.c.id)
    return [
        {"at": iso(row.at), "who": row.who, "what": row.what, "subject": row.subject}
        for row in await connection.execute(statement)
    ]
