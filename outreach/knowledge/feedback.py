"""What was answered, in which exact words, and whether it helped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.knowledge.versions import Exact
from outreach.store import insert_new
from outreach.store.knowledge import answers, article_texts

# For so long "有用" is about the last answer.
ABOUT_THE_LAST = timedelta(days=2)
_REPLY = re.compile(r"reply:(\d+)")


async def record_answer(
    connection: AsyncConnection,
    *,
    inbound_id: int,
    resident_id: int,
    language: str,
    outcome: str,
    confidence: float,
    now: datetime,
    text: Exact | None = None,
) -> None:
    """Keeps how a question was dealt with. `text`: the words it was answered in, where it was answered.

    A question that was recorded already stays as it is.
    """
    if text:
        row = {
            "version": text.version,
            "topic": text.topic,
            "language": text.language,
            "source": text.source,
            "facts": dict(text.facts),
            "first_used_at": now,
        }
        await insert_new(connection, article_texts, [row])
    answer = {
        "inbound_id": inbound_id,
        "resident_id": resident_id,
        "topic": text.topic if text else None,
        "language": text.language if text else language,
        "version": text.version if text else None,
        "outcome": outcome,
        "confidence": confidence,
        "at": now,
    }
    await insert_new(connection, answers, [answer])


async def record_helpful(connection: AsyncConnection, inbound_id: int, helpful: bool, now: datetime) -> bool:
    """Whether the answer to this question helped; the last word counts. False where nothing was answered."""
    mine = answers.c.inbound_id == inbound_id, answers.c.version.is_not(None)
    statement = update(answers).where(*mine).values(helpful=helpful, helpful_at=now)
    return bool((await connection.execute(statement)).rowcount)


def question_behind(row: Any) -> int | None:
    """The id of the inbound message that a row of the outbox replies to; None where it replies to none."""
    found = _REPLY.fullmatch(row.key)
    return int(found[1]) if found else None


async def newest_answered(
    connection: AsyncConnection, resident_ids: Sequence[int], now: datetime
) -> int | None:
    """The id of the last question of these people that was answered of late, for a bare "有用" or "没用"."""
    statement = (
        select(answers.c.inbound_id)
        .where(
            answers.c.resident_id.in_(resident_ids),
            answers.c.version.is_not(None),
            answers.c.inbound_id.is_not(None),
            answers.c.at > now - ABOUT_THE_LAST,
        )
        .order_by(answers.c.at.desc(), answers.c.id.desc())
        .limit(1)
    )
    found = (await connection.execute(statement)).scalar()
    return None if found is None else int(found)
