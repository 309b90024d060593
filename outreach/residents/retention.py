"""How long each kind of data is kept, and how it goes: page by page, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import BadInput, State
from outreach.residents.guided import drop_guides
from outreach.residents.rights import NOBODY, erase, forget_consent, make_nobody
from outreach.store import Store
from outreach.store.guides import guide_runs
from outreach.store.knowledge import answers
from outreach.store.tables import (
    cases,
    checkups,
    consent,
    inbound,
    outbox,
    reminders,
    residents,
    survey_answers,
)

PAGE = 500
_UNDER_WAY = (State.QUEUED, State.SENDING, State.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Keep:
    """Days; None keeps for ever."""

    messages: int | None = None
    inbound: int | None = None
    cases: int | None = None
    checkups: int | None = None
    strangers: int | None = None
    consent: int | None = None
    guides: int | None = 1


@dataclass(frozen=True, slots=True)
class _Kind:
    """`old`: ids that are due before a moment; `go`: removes those ids at a moment, and says how many."""

    name: str
    old: Callable[[datetime], Select[Any]]
    go: Callable[[AsyncConnection, Sequence[int], datetime], Awaitable[int]]
    page: int = PAGE


async def purge(store: Store, keep: Keep, now: datetime) -> AsyncIterator[tuple[str, int]]:
    """Removes what was kept long enough: each page a transaction of its own, and its kind and size."""
    for kind, since in _kinds(keep, now):
        after = -1
        # Looked for in a reading transaction, which holds up nobody.
        while ids := await _page(store, kind.old(since), after, kind.page):
            async with store.write() as connection:
                gone = await kind.go(connection, ids, now)
            after = ids[-1]
            yield kind.name, gone


async def due(store: Store, keep: Keep, now: datetime) -> dict[str, int]:
    """How much `purge` would remove, by kind; nothing is written."""
    found = {}
    async with store.read() as connection:
        for kind, since in _kinds(keep, now):
            counted = select(func.count()).select_from(kind.old(since).subquery())
            found[kind.name] = int((await connection.execute(counted)).scalar_one())
    return found


def _kinds(keep: Keep, now: datetime) -> list[tuple[_Kind, datetime]]:
    wanted = ((kind, getattr(keep, kind.name)) for kind in KINDS)
    return [(kind, now - timedelta(days=days)) for kind, days in wanted if days is not None]


async def _page(store: Store, old: Select[Any], after: int, limit: int) -> Sequence[int]:
    number = old.selected_columns[0]
    async with store.read() as connection:
        found = await connection.execute(old.where(number > after).order_by(number).limit(limit))
        return [int(row[0]) for row in found]


def _old_messages(since: datetime) -> Select[Any]:
    settled = outbox.c.state.not_in(_UNDER_WAY)
    # A receipt that came after an erasure may have brought the provider's name of the message again.
    named = (outbox.c.resident_id == NOBODY) & outbox.c.provider_id.is_not(None)
    return select(outbox.c.id).where(
        or_(outbox.c.cleared_at.is_(None) & (outbox.c.created_at < since), named), settled
    )


async def _clear_messages(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    empty: dict[str, Any] = {
        "text": "",
        "address": "",
        "lookup": "",
        "sender": None,
        "buttons": [],
        "provider_id": None,
        "cleared_at": now,
    }
    statement = update(outbox).where(outbox.c.id.in_(ids), outbox.c.state.not_in(_UNDER_WAY))
    return (await connection.execute(statement.values(**empty))).rowcount


def _old_inbound(since: datetime) -> Select[Any]:
    open_case = exists().where(cases.c.inbound_id == inbound.c.id, cases.c.state == "open")
    old = inbound.c.cleared_at.is_(None), inbound.c.received_at < since
    return select(inbound.c.id).where(*old, ~open_case)


async def _clear_inbound(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    remarks = update(survey_answers).where(survey_answers.c.inbound_id.in_(ids))
    await connection.execute(remarks.values(comment=None))
    # That an answer was given, and helped or not, is kept for the counts: whose it was is not.
    await make_nobody(connection, now)
    given = update(answers).where(answers.c.inbound_id.in_(ids))
    await connection.execute(given.values(resident_id=NOBODY, inbound_id=None))
    statement = update(inbound).where(inbound.c.id.in_(ids)).values(text="", address="", cleared_at=now)
    return (await connection.execute(statement)).rowcount


def _old_cases(since: datetime) -> Select[Any]:
    return select(cases.c.id).where(cases.c.state == "closed", cases.c.closed_at < since)


async def _remove_cases(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    return (await connection.execute(delete(cases).where(cases.c.id.in_(ids)))).rowcount


def _old_checkups(since: datetime) -> Select[Any]:
    waits = exists().where(outbox.c.checkup_id == checkups.c.id, outbox.c.state.in_(_UNDER_WAY))
    return select(checkups.c.id).where(checkups.c.at < since, ~waits)


async def _remove_checkups(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    await connection.execute(delete(reminders).where(reminders.c.checkup_id.in_(ids)))
    await connection.execute(update(outbox).where(outbox.c.checkup_id.in_(ids)).values(checkup_id=None))
    return (await connection.execute(delete(checkups).where(checkups.c.id.in_(ids)))).rowcount


def _silent(resident_id: ColumnElement[int], since: datetime) -> ColumnElement[bool]:
    """Nothing went to this person, and nothing came from them, after that moment."""
    sent = exists().where(
        outbox.c.resident_id == resident_id,
        or_(outbox.c.created_at >= since, outbox.c.sent_at >= since, outbox.c.state.in_(_UNDER_WAY)),
    )
    wrote = exists().where(inbound.c.resident_id == resident_id, inbound.c.received_at >= since)
    return ~sent & ~wrote


def _old_strangers(since: datetime) -> Select[Any]:
    agreed = exists().where(consent.c.resident_id == residents.c.id, consent.c.given)
    asks = exists().where(cases.c.resident_id == residents.c.id, cases.c.state == "open")
    unknown = residents.c.name.is_(None), residents.c.erased_at.is_(None), residents.c.created_at < since
    return select(residents.c.id).where(*unknown, ~agreed, ~asks, _silent(residents.c.id, since))


async def _erase_strangers(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    gone = 0
    for number in ids:
        try:
            gone += not (await erase(connection, number, now))["already"]
        except BadInput:
            # Something came up since it was looked for: another night.
            continue
    return gone


def _old_consent(since: datetime) -> Select[Any]:
    """Words that a later one of the same purpose replaced; what holds now is never old."""
    later = consent.alias("later")
    replaced = exists().where(
        later.c.resident_id == consent.c.resident_id,
        later.c.purpose == consent.c.purpose,
        later.c.id > consent.c.id,
    )
    return select(consent.c.id).where(consent.c.at < since, replaced, _silent(consent.c.resident_id, since))


async def _forget_words(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    whose = select(consent.c.resident_id).where(consent.c.id.in_(ids)).distinct()
    people = (await connection.execute(whose)).scalars().all()
    return sum([await forget_consent(connection, one, consent.c.id.in_(ids)) for one in people])


def _old_guides(since: datetime) -> Select[Any]:
    return select(guide_runs.c.id).where(guide_runs.c.asked_at < since)


async def _drop_guides(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> int:
    return await drop_guides(connection, guide_runs.c.id.in_(ids))


# In this order: a case goes before the message it was about, a stranger when little is left of them.
KINDS = (
    _Kind("cases", _old_cases, _remove_cases),
    _Kind("checkups", _old_checkups, _remove_checkups),
    _Kind("messages", _old_messages, _clear_messages),
    _Kind("guides", _old_guides, _drop_guides),
    _Kind("inbound", _old_inbound, _clear_inbound),
    _Kind("strangers", _old_strangers, _erase_strangers, page=10),
    _Kind("consent", _old_consent, _forget_words),
)
