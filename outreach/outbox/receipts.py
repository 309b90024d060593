"""The provider's news of messages it took: forwards only, in whatever order and number it comes.

`sent` < `delivered` < `failed`: a message of several parts has not arrived when one of them has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, Receipt, State
from outreach.store import as_json, at, rows_of, seals_of

_RANK = {State.SENT: 1, State.DELIVERED: 2, State.FAILED: 3}


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that did not arrive after all."""

    news: Receipt
    address: Address
    launch_id: int | None


async def receipts(connection: AsyncConnection, news: Sequence[Receipt], now: datetime) -> list[Failure]:
    """Moves messages forward as the provider tells, all in one statement; stale news change nothing.

    Returns those that failed by it, each once.
    """
    best: dict[tuple[str, int | str | None], Receipt] = {}
    for item in news:
        key = (item.channel, item.outbox_id if item.outbox_id is not None else item.provider_id)
        if key not in best or _RANK[item.state] > _RANK[best[key].state]:
            best[key] = item
    by_id = [item for item in best.values() if item.outbox_id is not None]
    by_name = [item for item in best.values() if item.outbox_id is None and item.provider_id]
    failed = await _move(connection, "id", by_id, now) if by_id else []
    return failed + (await _move(connection, "name", by_name, now) if by_name else [])


async def receipt(connection: AsyncConnection, news: Receipt, now: datetime) -> Address | None:
    """One piece of news. Returns the address where the message failed, so that the caller may close it."""
    failed = await receipts(connection, [news], now)
    return failed[0].address if failed else None


async def _move(
    connection: AsyncConnection, named_by: str, news: Sequence[Receipt], now: datetime
) -> list[Failure]:
    dialect = connection.dialect.name
    rows = as_json([_row(item, at(dialect, now)) for item in news])
    found = await connection.execute(_MOVE[dialect, named_by], {"rows": rows})
    by_id = {item.outbox_id: item for item in news}
    by_name = {(item.channel, item.provider_id): item for item in news}
    return [
        Failure(
            by_id[row.id] if named_by == "id" else by_name[row.channel, row.provider_id],
            Address(row.channel, seals_of(connection).open(row.address, "outbox.address")),
            row.launch_id,
        )
        for row in found
        if row.state == State.FAILED
    ]


def _row(item: Receipt, now: Any) -> list[Any]:
    failed = item.state == State.FAILED
    words = (item.reason, item.error_code) if failed else (None, None)
    return [item.channel, item.outbox_id, item.provider_id, item.state, *words, now]


_COLUMNS = {
    "channel": "text",
    "id": "bigint",
    "name": "text",
    "state": "text",
    "reason": "text",
    "code": "text",
    "at": "timestamptz",
}
_NEW = {dialect: rows_of(dialect, _COLUMNS) for dialect in ("sqlite", "postgresql")}
# A callback must not settle a row that the provider knows by another name.
_NAMED = {
    "id": "outbox.id = new.id AND (outbox.provider_id IS NULL OR outbox.provider_id = new.name)",
    "name": "outbox.provider_id = new.name",
}
# News of a message that waits to go again says that an earlier try did arrive: it must not go again.
_FORWARD = """(new.state = 'sent' AND outbox.state IN ('sending', 'in_doubt', 'queued')
    OR new.state = 'delivered' AND outbox.state IN ('sending', 'in_doubt', 'queued', 'sent')
    OR new.state = 'failed' AND outbox.state IN ('sending', 'in_doubt', 'sent', 'delivered'))
    AND (outbox.state <> 'queued' OR outbox.attempts > 0)"""
_MOVE = {
    (dialect, by): text(
        f"""UPDATE outbox SET state = new.state, reason = new.reason, error_code = new.code,
        provider_id = COALESCE(new.name, outbox.provider_id), lease_until = NULL,
        settled_at = new.at,
        sent_at = CASE WHEN new.state = 'failed' THEN outbox.sent_at
                  ELSE COALESCE(outbox.sent_at, new.at) END
        FROM {new} WHERE outbox.channel = new.channel AND {named} AND {_FORWARD}
        RETURNING outbox.id, outbox.channel, outbox.address, outbox.launch_id, outbox.provider_id,
        outbox.state"""  # noqa: S608
    )
    for dialect, new in _NEW.items()
    for by, named in _NAMED.items()
}
