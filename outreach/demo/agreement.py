"""Does the database agree with what the phones received? The demonstration fails where it does not."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.store.tables import consent, outbox

Line = tuple[str, str, str]


async def disagreements(connection: AsyncConnection, ledger: dict[str, Any]) -> list[str]:
    """One sentence for each kind of difference; empty where every message is accounted for on both sides."""
    ours = await _sent(connection)
    theirs = Counter[Line](("telegram", str(m["chat_id"]), m["text"]) for m in ledger["telegram"])
    theirs.update(("sms", m["to"], m["body"]) for m in ledger["sms"])
    found = []
    if lost := (ours - theirs).total():
        found.append(f"{lost} messages count as sent and never reached a phone")
    if extra := (theirs - ours).total():
        found.append(f"{extra} messages reached a phone and are not counted")
    if unfinished := await _unfinished(connection):
        found.append(f"{unfinished} messages are neither sent nor given up")
    if unwanted := await _unwanted(connection):
        found.append(f"{unwanted} messages went to people who had not agreed")
    return found


async def _sent(connection: AsyncConnection) -> Counter[Line]:
    statement = select(outbox.c.channel, outbox.c.address, outbox.c.text).where(
        outbox.c.provider_id.is_not(None)
    )
    return Counter((row.channel, row.address, row.text) for row in await connection.execute(statement))


async def _unfinished(connection: AsyncConnection) -> int:
    statement = select(outbox.c.id).where(outbox.c.state.in_(("queued", "sending", "in_doubt")))
    return len((await connection.execute(statement)).all())


async def _unwanted(connection: AsyncConnection) -> int:
    """Judged from the ledger alone: no row given, or the newest row before sending withdrawn."""
    rows = await connection.execute(select(consent).order_by(consent.c.id))
    ledger: dict[tuple[int, str], list[Any]] = {}
    for row in rows:
        ledger.setdefault((row.resident_id, row.purpose), []).append(row)
    sent = await connection.execute(
        select(outbox).where(outbox.c.provider_id.is_not(None), outbox.c.purpose != "reply")
    )
    return sum(not _agreed(ledger.get((row.resident_id, row.purpose), []), row.sent_at) for row in sent)


def _agreed(acts: list[Any], at: Any) -> bool:
    before = [act for act in acts if at is None or act.at <= at]
    return bool(before) and bool(before[-1].given)


def reply_milliseconds(ledger: dict[str, Any], inbound: list[dict[str, Any]]) -> float | None:
    """The median time from a question on the wire to its answer at the stand-in."""
    waits = []
    for asked in inbound:
        who = asked.get("chat_id") or asked.get("from")
        after = [
            message["at"]
            for message in (*ledger["telegram"], *ledger["sms"])
            if (message.get("chat_id") or message.get("to")) == who and message["at"] >= asked["at"]
        ]
        if after:
            waits.append(min(after) - asked["at"])
    return round(1000 * median(waits), 1) if waits else None
