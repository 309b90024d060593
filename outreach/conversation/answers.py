"""Knowledge, then a person: an approved article, "did you mean", or a promise of when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from outreach.cases import DANGER, open_case
from outreach.conversation import following, guiding, helpful
from outreach.conversation.turn import Reply, Turn
from outreach.conversation.unfamiliar import is_only_rude, is_rude
from outreach.conversation.who import choice
from outreach.folding import fold
from outreach.knowledge import Answer, Article, Danger
from outreach.model import Button
from outreach.outbox import CLARIFY

TOPIC, NONE = "topic:", "none"
CHOICES = 3
SHORTEST_TITLE = 2
_NONE = {
    fold(word)
    for word in (
        "none|none of these|none of them|neither|no|nope|0|都不是|都不是的|都不对|不是|都没有|没有"
        "|没有我要的|没有我想问的|都不是我想问的|都不是我要问的"
        "|这些都不是|不是这些|一个都不是|一个也不是|没一个是|以上都不是|都不沾边|其他|其它|别的|另外的"
        "|不在里面|none of the above|something else|not these"
    ).split("|")
}
_AROUND = re.compile(
    "^(?:我?(?:是)?(?:想|要)?(?:问|选|知道)?(?:的是|的)?|就是|是)|(?:吧|呀|啊|那个|的那个|这个|的|就是)$"
)


async def question(turn: Turn) -> Reply:
    turn.answer_in_kind()
    if is_only_rude(turn.text):
        return Reply("rude", "replies/rude")
    found = await _found(turn)
    await helpful.remember(turn, found)
    if found.article:
        return _article(turn, found.article)
    if is_rude(turn.text):
        return Reply("rude", "replies/rude")
    if found.outcome == "clarify":
        return _clarify(turn, [article for article, _ in found.candidates[:CHOICES]])
    return Reply("handoff", "replies/handoff", await turn.promise("question"))


async def _found(turn: Turn) -> Answer:
    """What the articles say; a question without a subject of its own goes on about the last one."""
    today = turn.now.astimezone(turn.desk.zone).date()
    before = await following.topic_before(turn)
    found = turn.desk.knowledge.ask(turn.text, turn.language, today)
    if before is None:
        return as_a_guess(turn.text, found)
    if found.article and not following.is_elliptic(turn.text):
        return found
    return turn.desk.knowledge.ask(turn.text, turn.language, today, after=before)


def as_a_guess(text: str, found: Answer) -> Answer:
    """ "多少钱" out of nowhere is about nothing: the likeliest answer to it is still a guess."""
    if found.article and following.is_elliptic(text):
        return replace(found, outcome="clarify", article=None)
    return found


async def chosen(turn: Turn, asked: Any) -> Reply | None:
    """The reply to one of "did you mean"; a person where it was none; None where something else is said."""
    if fold(turn.text) in _NONE or choice(turn, asked) == NONE:
        about = int(asked.key.removeprefix("reply:")) if asked.key.startswith("reply:") else None
        return Reply("handoff", "replies/handoff", await turn.promise("question", about=about))
    picked = turn.text if turn.text.startswith(TOPIC) else choice(turn, asked) or _by_title(turn, asked)
    return await topic(turn, picked.removeprefix(TOPIC)) if picked else None


def _by_title(turn: Turn, asked: Any) -> str | None:
    """The one title that the message is, or is a part of."""
    said = _AROUND.sub("", fold(turn.text))
    if len(said) < SHORTEST_TITLE:
        return None
    titles = {fold(str(button["text"])): str(button["data"]) for button in asked.buttons}
    fits = [data for title, data in titles.items() if said in title or title in said]
    return fits[0] if len(fits) == 1 and fits[0] != NONE else None


async def picked(turn: Turn) -> Reply | None:
    """The article whose button was tapped, however long ago we offered it."""
    return await topic(turn, turn.text.removeprefix(TOPIC)) if turn.text.startswith(TOPIC) else None


async def topic(turn: Turn, name: str) -> Reply | None:
    """The article that was picked, by a button or out of those we offered."""
    article = turn.desk.knowledge.article(name, turn.language)
    if article is None:
        return None
    await helpful.remember(turn, Answer("answer", 1.0, [(article, 1.0)], article))
    return _article(turn, article)


def _article(turn: Turn, article: Article) -> Reply:
    today = turn.now.astimezone(turn.desk.zone).date()
    text, basis = turn.desk.knowledge.text(article, turn.inbound.sender.channel, today)
    values = {"text": text, "basis": basis, "guide": guiding.offered(turn, article.topic)}
    buttons = [*guiding.buttons_for(turn, article.topic), *helpful.buttons(turn)]
    return Reply("answer", "replies/answer", values, buttons, topic=article.topic)


def _clarify(turn: Turn, articles: Sequence[Article]) -> Reply:
    titles = [article.front.title for article in articles]
    buttons = [Button(article.front.title, TOPIC + article.topic) for article in articles]
    buttons.append(Button(turn.says("replies/button_none"), NONE))
    return Reply("clarify", CLARIFY, {"options": titles}, buttons)


async def danger(turn: Turn, which: Danger) -> Reply:
    """Fixed words with the emergency numbers, and a case that is due now."""
    turn.answer_in_kind()
    details = {"danger": str(which.kind)}
    await open_case(
        turn.connection, DANGER, turn.resident.id, turn.id, due_at=turn.now, now=turn.now, details=details
    )
    return Reply("danger", which.template, topic=which.topic)
