"""Was this helpful: two buttons under an article, or a word of the resident's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from outreach.conversation.newest import newest_answer
from outreach.conversation.turn import Reply, Turn
from outreach.folding import fold
from outreach.knowledge import Answer, record_answer, record_helpful
from outreach.model import TELEGRAM, Button
from outreach.store.tables import inbound

MARK = "helpful"
# After that "没用" is about something else.
STILL_ABOUT = timedelta(days=1)
_YES = (
    "有用|很有用|有帮助|很有帮助|帮到了|帮上忙了|解决了|问题解决了|懂了谢谢|清楚了|说得很清楚|👍"
    "|helpful|useful|very helpful"
    "|that helps|that helped|this helped|solved"
)
_NO = (
    "没用|没有用|没啥用|没什么用|没卵用|没屁用|没帮助|没有帮助|没帮上|没帮上忙|没解决|没有解决"
    "|不是我问的|不是我想问的|我问的不是这个|我不是问这个|问的不是这个"
    "|不是这个|不是这个意思|我不是这个意思|答非所问|牛头不对马嘴|驴唇不对马嘴|文不对题|答错了|不对"
    "|说的不对|不是这样的|看不懂|没看懂|看不明白|没听懂|听不懂|没说清楚|还是不明白|还是不懂"
    "|没回答我的问题|没有回答我的问题|👎|not helpful|unhelpful|useless|no help|not useful"
    "|not what i asked|that's not what i asked|didn't help|that didn't help|did not help|wrong answer"
    "|i don't understand|don't understand"
)
_WORDS = {word: yes for words, yes in ((_YES, True), (_NO, False)) for word in words.split("|")}
_WORDS |= {fold(word): yes for word, yes in _WORDS.items() if fold(word)}


# Of a message of theirs: no more digits than a database's numbers have.
_NUMBER = re.compile(r"[0-9]{1,18}")


def buttons(turn: Turn) -> Sequence[Button]:
    """Under an article on Telegram; an SMS has no room for them."""
    if turn.inbound.sender.channel != TELEGRAM:
        return ()
    return [
        Button(turn.says(f"replies/button_{word}"), f"{MARK}:{said}:{turn.id}")
        for word, said in (("helpful", "yes"), ("unhelpful", "no"))
    ]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`answered`: the message whose answer is judged, where a button names it."""

    helpful: bool
    answered: int | None = None


def verdict(text: str) -> Verdict | None:
    """What the message says of an answer of ours; None where it says nothing of one."""
    tapped = text.split(":")
    if len(tapped) == 3 and tapped[0] == MARK and _NUMBER.fullmatch(tapped[2]):
        return Verdict(tapped[1] == "yes", int(tapped[2]))
    word = _WORDS.get(fold(text) or text.strip()[:1])
    return None if word is None else Verdict(word)


async def said(turn: Turn) -> Reply | None:
    """The reply to a verdict on what we answered; None where the message is none, or nothing was answered."""
    judged = verdict(turn.text)
    if judged is None:
        return None
    answered = judged.answered
    if answered is None:
        before = await newest_answer(turn, STILL_ABOUT)
        if before is None:
            return None
        turn.answer_in_kind()
        answered = int(before.id)
    # Only what we said to this person can be judged by them.
    if await _is_theirs(turn, answered):
        await record_helpful(turn.connection, answered, judged.helpful, turn.now)
    return Reply("feedback", "replies/helpful_thanks" if judged.helpful else "replies/unhelpful")


async def _is_theirs(turn: Turn, answered: int) -> bool:
    people = [person.id for person in await turn.people()]
    mine = select(inbound.c.id).where(inbound.c.id == answered, inbound.c.resident_id.in_(people))
    return (await turn.connection.execute(mine)).first() is not None


async def remember(turn: Turn, found: Answer) -> None:
    """Keeps what was found for the message of this turn, and in which exact words it was answered."""
    today = turn.now.astimezone(turn.desk.zone).date()
    await record_answer(
        turn.connection,
        inbound_id=turn.id,
        resident_id=turn.resident.id,
        language=turn.language,
        outcome=found.outcome,
        confidence=found.confidence,
        now=turn.now,
        text=turn.desk.knowledge.exact(found.article, today) if found.article else None,
    )
