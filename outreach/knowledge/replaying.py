"""What residents asked, asked again with a draft among the articles: which answers would be others."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.folding import fold
from outreach.knowledge.answering import Knowledge
from outreach.knowledge.danger import is_danger
from outreach.knowledge.masking import masked
from outreach.knowledge.wording import is_chinese
from outreach.model import JSON
from outreach.store.tables import inbound, residents

_ASKED = ("answer", "clarify", "handoff")


async def replay(
    connection: AsyncConnection, before: Knowledge, after: Knowledge, since: datetime, today: date
) -> JSON:
    """How many questions were asked, and each whose outcome or topic changes, with how often it came."""
    asked = await _questions(connection, since)
    names = [name for name in (await connection.execute(select(residents.c.name))).scalars() if name]
    changed = []
    for text, n in asked.most_common():
        language = "zh-Hans" if is_chinese(text) else "en"
        was, will = (_outcome(knowledge, text, language, today) for knowledge in (before, after))
        if was != will:
            changed.append({"question": masked(text, names)[:200], "n": n, "before": was, "after": will})
    return {"asked": asked.total(), "changed": changed}


async def _questions(connection: AsyncConnection, since: datetime) -> Counter[str]:
    mine = inbound.c.received_at >= since, inbound.c.outcome.in_(_ASKED), inbound.c.cleared_at.is_(None)
    rows = (await connection.execute(select(inbound.c.text).where(*mine).order_by(inbound.c.id))).scalars()
    # A digit or a tap chose what was offered: that is no question.
    questions = (text for text in rows if len(fold(text)) > 2 and not text.startswith("topic:"))
    return Counter(text for text in questions if not is_danger(text))


def _outcome(knowledge: Knowledge, text: str, language: str, today: date) -> JSON:
    found = knowledge.ask(text, language, today)
    offered = [article.topic for article, _ in found.candidates[:3]] if found.outcome == "clarify" else []
    return {
        "outcome": found.outcome,
        "topic": found.article.topic if found.article else None,
        "offered": offered,
    }
