"""Money that did not come: a case at once, and at most three questions, each of which may be skipped.

What was asked is read from our own message, what is known so far from the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, union_all

from outreach import outbox, residents
from outreach.cases import UNPAID, answer_by, note, of_kind
from outreach.conversation.complaints import is_unpaid, since
from outreach.conversation.moving import known_townships
from outreach.conversation.schemes import Scheme
from outreach.conversation.turn import Reply, Turn, promised
from outreach.conversation.who import choice
from outreach.folding import fold
from outreach.model import Button
from outreach.outbox import UNPAID_SCHEME, UNPAID_SINCE, UNPAID_TOWNSHIP
from outreach.residents.keywords import asks
from outreach.store.tables import resident_groups, resident_tags
from outreach.templates import day_words

# Working days that looking into a payment may take, on top of the day it is noted.
DAYS = 4
# So long an answer still belongs to what we asked.
STILL_ASKED = timedelta(days=1)
# So long after its end "还没收到" is about that case.
STILL_ABOUT = timedelta(days=60)
MOST_TOWNSHIPS, LONGEST, MONTHS = 30, 24, 12
_STEPS = {"scheme": UNPAID_SCHEME, "since": UNPAID_SINCE, "township": UNPAID_TOWNSHIP}
_SKIP = {
    fold(word)
    for word in (
        "跳过|不知道|不清楚|不记得|不记得了|忘了|记不清|记不清了|不晓得|不想说|不方便说|不说|说不清"
        "|搞不清|没印象|随便|不确定"
        "|skip|don't know|i don't know|dont know|not sure|no idea|prefer not to say|forgot"
    ).split("|")
}
_STILL_NOT = re.compile(
    "(?:钱)?(?:还是|还|仍然?|依然|到现在(?:还|都)?|至今)(?:没有?|未)(?:收到|到账|到|领到|拿到|见到"
    "|看到)(?:钱)?(?:啊|呢|呀|了)?|没收到|没到账"
    r"|(?:it'?s )?still not here|still nothing|still not received|not received"
)
_PLACE = re.compile("(?:镇|乡|街道|街|办事处|村|社区|农场|区)$")


async def wished(turn: Turn) -> Reply | None:
    """The reply to somebody whose money did not come; None where the message says no such thing."""
    if _STILL_NOT.fullmatch(fold(turn.text)):
        return await _again(turn)
    if not is_unpaid(turn.text):
        return None
    turn.answer_in_kind()
    scheme = turn.desk.schemes.named(turn.text)
    for row in await of_kind(turn.connection, UNPAID, [turn.resident.id], "open"):
        before = (row.details or {}).get("scheme")
        if not (scheme and before) or before == scheme.id:
            return await _known(turn, row, scheme)
    if await _is_quiet(turn, scheme):
        return await _quietly(turn)
    told = {
        "scheme": scheme.id if scheme else None,
        "since": since(turn.text),
        "township": turn.resident.township,
    }
    details = {name: value for name, value in told.items() if value}
    due = answer_by(turn.now, turn.desk.zone, days=DAYS)
    await turn.opens(UNPAID, due, details)
    (case, *_) = await of_kind(turn.connection, UNPAID, [turn.resident.id], "open")
    return await _next(turn, case, details)


async def chosen(turn: Turn, asked: Any) -> Reply | None:
    """The reply to what answers our question; None where the message is about something else."""
    step = next(name for name, template in _STEPS.items() if template == asked.template)
    number = int(str(asked.buttons[-1]["data"]).split("|")[1])
    is_open = await of_kind(turn.connection, UNPAID, [asked.resident_id], "open")
    case = next((row for row in is_open if row.id == number), None)
    if case is None or turn.now - asked.created_at > STILL_ASKED:
        return None
    value = _said(turn, asked, step)
    if value is None:
        return None
    details = {**(case.details or {}), step: value}
    await note(turn.connection, case.id, details)
    scheme = turn.desk.schemes.get(value) if step == "scheme" else None
    if scheme and scheme.quiet:
        return Reply("unpaid", "replies/unpaid_quiet", promised(turn, case.due_at))
    return await _next(turn, case, details)


async def is_open(turn: Turn) -> bool:
    """Whether a case of whoever uses this address still waits for an answer of theirs."""
    people = [person.id for person in await turn.people()]
    known = [row.details or {} for row in await of_kind(turn.connection, UNPAID, people, "open")]
    return any(_missing(details) and not _is_for_the_quiet(turn, details) for details in known)


def skips(turn: Turn, asked: Any) -> bool:
    """Whether it skips our question, which it must do before anything else is read into it."""
    return asked is not None and asked.template in outbox.UNPAID and fold(turn.text) in _SKIP


def _said(turn: Turn, asked: Any, step: str) -> str | None:
    """What was answered; "" where the question was skipped, None where it was not answered."""
    offered = {str(button["data"]): str(button["data"]).split("|")[3] for button in asked.buttons}
    # A bare number is a month there, and no choice.
    picked = choice(turn, asked) if step != "since" or turn.text in offered else None
    text = fold(turn.text)
    if picked or text in _SKIP:
        return offered[picked] if picked else ""
    if asks(turn.text) or len(text) > LONGEST:
        return None
    if step == "scheme":
        scheme = turn.desk.schemes.named(text)
        return scheme.id if scheme else None
    if step == "since":
        is_month = text.isdecimal() and 1 <= int(text) <= MONTHS
        return f"{int(text)}月" if is_month else since(text)
    names = [name for name in offered.values() if name]
    return residents.same_township(turn.text, names) or (text if _PLACE.search(text) else None)


def _is_for_the_quiet(turn: Turn, details: Mapping[str, str]) -> bool:
    scheme = turn.desk.schemes.get(details.get("scheme", ""))
    return scheme is not None and scheme.quiet


def _missing(details: Mapping[str, str]) -> str | None:
    return next((name for name in _STEPS if name not in details), None)


async def _next(turn: Turn, case: Any, details: Mapping[str, str]) -> Reply:
    """The next question that is neither answered nor skipped; the promise where none is left."""
    step = _missing(details)
    if step is None:
        return Reply("unpaid", "replies/unpaid_noted", _by(turn, case.due_at))
    offered = await _offered(turn, step)
    skip = Button(turn.says("replies/button_skip"), f"unpaid|{case.id}|{step}|")
    buttons = [Button(name, f"unpaid|{case.id}|{step}|{value}") for name, value in offered.items()]
    values = {"options": list(offered)} if step != "since" else {}
    return Reply("unpaid", _STEPS[step], values, [*buttons, skip])


async def _offered(turn: Turn, step: str) -> dict[str, str]:
    """What to choose from: the words, and what each stands for."""
    if step == "scheme":
        return {one.name(turn.language): one.id for one in turn.desk.schemes.known}
    known = await known_townships(turn) if step == "township" else []
    return {name: name for name in known} if len(known) <= MOST_TOWNSHIPS else {}


def _by(turn: Turn, due: datetime) -> dict[str, str]:
    return {"answer_by": day_words(due.astimezone(turn.desk.zone), turn.language)}


async def _is_quiet(turn: Turn, scheme: Scheme | None) -> bool:
    """Families who lost their only child, by what is asked after or by what our lists say."""
    if scheme and scheme.quiet:
        return True
    named = [
        select(table.c.name).where(table.c.resident_id == turn.resident.id)
        for table in (resident_groups, resident_tags)
    ]
    names = (await turn.connection.execute(union_all(*named))).scalars()
    return any((found := turn.desk.schemes.named(name)) and found.quiet for name in names)


async def _quietly(turn: Turn) -> Reply:
    scheme = next(one.id for one in turn.desk.schemes.known if one.quiet)
    values = await turn.promise(UNPAID, {"scheme": scheme})
    return Reply("unpaid", "replies/unpaid_quiet", values)


def _promised(turn: Turn, case: Any) -> Reply:
    """A promise that was given once is not put off, unless its time is over."""
    due = max(case.due_at, answer_by(turn.now, turn.desk.zone))
    scheme = turn.desk.schemes.get((case.details or {}).get("scheme", ""))
    if scheme and scheme.quiet:
        return Reply("unpaid", "replies/unpaid_quiet", promised(turn, due))
    return Reply("unpaid", "replies/unpaid_known", _by(turn, due))


async def _known(turn: Turn, case: Any, scheme: Scheme | None) -> Reply:
    """Said once more: nothing new is opened, and what is new is noted."""
    before = case.details or {}
    said = {"scheme": scheme.id if scheme else None, "since": since(turn.text)}
    details = {name: value for name, value in said.items() if value} | before
    if details != before:
        await note(turn.connection, case.id, details)
    return _promised(turn, case)


async def _again(turn: Turn) -> Reply | None:
    """Said of a case that is open, it is that one. It was looked into, and still nothing came: a new case
    with what is known, and no questions.
    """
    for row in await of_kind(turn.connection, UNPAID, [turn.resident.id], "open"):
        turn.answer_in_kind()
        return _promised(turn, row)
    closed = await of_kind(turn.connection, UNPAID, [turn.resident.id], "closed")
    if not closed or turn.now - closed[0].closed_at > STILL_ABOUT:
        return None
    turn.answer_in_kind()
    due = answer_by(turn.now, turn.desk.zone, days=DAYS)
    await turn.opens(UNPAID, due, closed[0].details)
    return Reply("unpaid", "replies/unpaid_noted", _by(turn, due))
