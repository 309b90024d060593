"""What was answered, in which exact words, and whether it helped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.knowledge.versions import Exact
from outreach.store import insert_new
from outreach.store.knowledge import answers, article_texts


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
