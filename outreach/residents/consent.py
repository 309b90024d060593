"""Consent: an append-only ledger. The newest row of a purpose is what holds; no row is no consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, ScalarSelect, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store.tables import consent

PURPOSES = ("care", "reminders", "surveys")


def current(resident_id: ColumnElement[int], purpose: ColumnElement[str] | str) -> ScalarSelect[bool]:
    """An SQL expression: whether this resident agrees to this purpose now; NULL where never asked."""
    return (
        select(consent.c.given)
        .where(consent.c.resident_id == resident_id, consent.c.purpose == purpose)
        .order_by(consent.c.id.desc())
        .limit(1)
        .correlate_except(consent)
        .scalar_subquery()
    )


async def give(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    *,
    wording: str,
    channel: str,
    source: str,
    now: datetime,
    purposes: Sequence[str] = PURPOSES,
) -> None:
    """Records that these people agreed, in which words, and where that came from."""
    await _record(connection, resident_ids, purposes, True, wording, channel, source, now)


async def withdraw(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    *,
    wording: str,
    channel: str,
    source: str,
    now: datetime,
    purposes: Sequence[str] = PURPOSES,
) -> None:
    """Records that these people want no more of it. Queued messages are the outbox's to cancel."""
    await _record(connection, resident_ids, purposes, False, wording, channel, source, now)


async def _record(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    purposes: Sequence[str],
    given: bool,
    wording: str,
    channel: str,
    source: str,
    now: datetime,
) -> None:
    rows = [
        {
            "resident_id": resident_id,
            "purpose": purpose,
            "given": given,
            "at": now,
            "channel": channel,
            "wording": wording,
            "source": source,
        }
        for resident_id in resident_ids
        for purpose in purposes
    ]
    if rows:
        await connection.execute(insert(consent), rows)


async def proof(connection: AsyncConnection, resident_id: int) -> Sequence[Row[tuple[object, ...]]]:
    """Every word of consent ever given or withdrawn by this person, oldest first."""
    statement = select(consent).where(consent.c.resident_id == resident_id).order_by(consent.c.id)
    return (await connection.execute(statement)).all()
