"""Knowledge, then a person: an approved article, "did you mean", or a promise of when."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.cases import open_case
from outreach.conversation.turn import Reply, Turn
from outreach.knowledge import Article
from outreach.model import Button
from outreach.outbox import CLARIFY

TOPIC = "topic:"
CHOICES = 3


async def question(turn: Turn) -> Reply:
    turn.answer_in_kind()
    today = turn.now.astimezone(turn.desk.zone).date()
    found = turn.desk.knowledge.ask(turn.text, turn.language, today)
    if found.article:
        return _article(turn, found.article)
    if found.outcome == "clarify":
        return _clarify([article for article, _ in found.candidates[:CHOICES]])
    return Reply("handoff", "replies/handoff", await turn.promise("question"))


def topic(turn: Turn, name: str) -> Reply | None:
    article = turn.desk.knowledge.article(name, turn.language)
    return _article(turn, article) if article else None


def _article(turn: Turn, article: Article) -> Reply:
    today = turn.now.astimezone(turn.desk.zone).date()
    text, basis = turn.desk.knowledge.text(article, turn.inbound.sender.channel, today)
    return Reply("answer", "replies/answer", {"text": text, "basis": basis}, topic=article.topic)


def _clarify(articles: Sequence[Article]) -> Reply:
    titles = [article.front.title for article in articles]
    buttons = [Button(article.front.title, TOPIC + article.topic) for article in articles]
    return Reply("clarify", CLARIFY, {"options": titles}, buttons)


async def danger(turn: Turn) -> Reply:
    """Fixed words with the emergency numbers, and a case that is due now."""
    turn.answer_in_kind()
    await open_case(turn.connection, "danger", turn.resident.id, turn.id, due_at=turn.now, now=turn.now)
    return Reply("danger", "replies/danger")
