"""What a resident says to a guide: an answer, a command, or something else that must not be lost."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from outreach import residents
from outreach.conversation import helpful
from outreach.conversation.guiding import runs
from outreach.conversation.guiding.asking import START, ask, end, hand_over, leave
from outreach.conversation.guiding.commands import (
    MARK,
    Command,
    command,
    is_aside,
    is_bare_start,
    is_unsure,
)
from outreach.conversation.guiding.runs import OPEN_FOR, Run
from outreach.conversation.newest import newest_answer
from outreach.conversation.turn import Reply, Turn
from outreach.knowledge import Guide
from outreach.knowledge.guides import Walk, choice, said
from outreach.outbox import GUIDE_ASK
from outreach.residents import GUIDE
from outreach.store.tables import inbound

# How often an answer may be beyond us before a person helps.
PATIENCE = 1
CHOSEN = ("choice", "yes_no")


async def is_open(turn: Turn) -> bool:
    return await runs.under_way(turn) is not None


async def plainly(turn: Turn, asked: Any) -> Reply | None:
    """What only the open question can mean, though elsewhere it is a word that stops or news of a life.

    "取消" leaves the guide, as it cancels an appointment that was asked about; "流产" chosen is an answer.
    """
    if asked is None or asked.template != GUIDE_ASK or turn.inbound.answered_by_provider:
        return None
    run = await runs.under_way(turn)
    if run is None or run.guide not in turn.desk.knowledge.guides:
        return None
    if command(turn.text) == Command.LEAVE or (not residents.wish(turn.text) and _is_option(turn, run)):
        return await answer(turn)
    return None


def _is_option(turn: Turn, run: Run) -> bool:
    if turn.text.startswith(MARK):
        return True
    guide = turn.desk.knowledge.guides[run.guide]
    question, words = guide.question(run.asked), guide.words[run.language].questions[run.asked]
    return question.kind in CHOSEN and choice(question, words, turn.text) is not None


async def wished(turn: Turn) -> Reply | None:
    """A guide to begin, to go on with, or talked to although we asked something else since."""
    text = turn.text
    if text.startswith(START):
        name = text.removeprefix(START)
        return await _begin(turn, name) if name in turn.desk.knowledge.guides else _over()
    if text.startswith(MARK):
        return await answer(turn) or _over()
    if command(text) and (reply := await answer(turn)):
        return reply
    name = turn.desk.knowledge.guides.started_by(text) or ""
    if not name and is_bare_start(text):
        name = await _read_last(turn)
        run = await runs.under_way(turn)
        if run and name in ("", run.guide) and run.guide in turn.desk.knowledge.guides:
            # Said again of what is being worked out already: nothing that was answered is asked anew.
            turn.language = run.language
            return await _again(turn, turn.desk.knowledge.guides[run.guide], run)
    if name:
        turn.answer_in_kind()
        return await _begin(turn, name)
    return await _too_late(turn)


async def _too_late(turn: Turn) -> Reply | None:
    """A digit or a command for a guide that waited too long."""
    # "为什么" may be asked of anything.
    is_for_it = turn.text.strip().isdecimal() or command(turn.text) not in (None, Command.WHY)
    run = await runs.newest(turn) if is_for_it else None
    if run is None or run.asked_at > turn.now - OPEN_FOR:
        return None
    await runs.drop(turn)
    return _over()


def _over() -> Reply:
    return Reply(GUIDE, "replies/guide_over")


async def _read_last(turn: Turn) -> str:
    """The guide of the article that this person was answered with, if that was of late."""
    of_late = inbound.c.received_at > turn.now - OPEN_FOR
    statement = (
        select(inbound.c.topic)
        .where(inbound.c.resident_id == turn.resident.id, inbound.c.topic.is_not(None), of_late)
        .order_by(inbound.c.id.desc())
        .limit(1)
    )
    topic = (await turn.connection.execute(statement)).scalar()
    return turn.desk.knowledge.guides.guide_for(topic) or "" if topic else ""


async def _begin(turn: Turn, name: str) -> Reply:
    guide = turn.desk.knowledge.guides[name]
    run = await runs.begin(turn, name, guide.flow.first)
    return ask(turn, guide, run, "begin")


async def answer(turn: Turn) -> Reply | None:
    """The reply to the guide that is open; None where none is, or the message is about something else."""
    run = await runs.under_way(turn)
    if run is None:
        return None
    if run.guide not in turn.desk.knowledge.guides:
        await runs.drop(turn)
        return _over()
    usual, turn.language = turn.language, run.language
    guide = turn.desk.knowledge.guides[run.guide]
    reply = await _told(turn, guide, run) or await _heard(turn, guide, run)
    if reply is None:
        turn.language = usual
    return reply


async def _told(turn: Turn, guide: Guide, run: Run) -> Reply | None:
    """The reply to a command."""
    match command(turn.text):
        case Command.LEAVE:
            return await leave(turn)
        case Command.WHY:
            return await _again(turn, guide, run, "why", guide.words[run.language].questions[run.asked].why)
        case Command.GO_ON:
            return await _again(turn, guide, run)
        case Command.BACK:
            return await _back(turn, guide, run)
        case None:
            return None


async def _again(turn: Turn, guide: Guide, run: Run, lead: str = "", note: str = "") -> Reply:
    await runs.save(turn, run)
    return ask(turn, guide, run, lead, note)


async def _back(turn: Turn, guide: Guide, run: Run) -> Reply:
    path = _walk(turn, guide, run).path
    before = path[: path.index(run.asked)]
    if not before:
        return await _again(turn, guide, run, "first")
    _reopen(run, before, before[-1])
    return await _again(turn, guide, run, "back")


def _reopen(run: Run, path: list[str], key: str) -> None:
    """Asks `key` again: its answer and those behind it are forgotten."""
    run.answers = {one: run.answers[one] for one in path[: path.index(key)]}
    run.asked, run.tries = key, 0


async def _heard(turn: Turn, guide: Guide, run: Run) -> Reply | None:
    value = _tapped(turn, guide, run) if turn.text.startswith(MARK) else _understood(turn, guide, run)
    if value is not None:
        return await _next(turn, guide, run, value)
    if turn.text.startswith(MARK):
        return await _again(turn, guide, run)
    if is_unsure(turn.text):
        return await hand_over(turn, guide, run)
    if is_aside(turn.text) or is_bare_start(turn.text) or await _is_verdict(turn, run) or _is_question(turn):
        return None
    if run.tries >= PATIENCE:
        return await hand_over(turn, guide, run)
    run.tries += 1
    return await _again(turn, guide, run, "again", guide.words[run.language].questions[run.asked].example)


def _understood(turn: Turn, guide: Guide, run: Run) -> Any:
    words = guide.words[run.language].questions[run.asked]
    return said(guide.question(run.asked), words, turn.text, _today(turn))


def _tapped(turn: Turn, guide: Guide, run: Run) -> Any:
    """The option on the button; a button of an earlier question changes that answer."""
    key, _, option = turn.text.removeprefix(MARK).partition(":")
    question = guide.flow.questions.get(key)
    if question is None or option not in question.choices:
        return None
    path = _walk(turn, guide, run).path
    before = path[: path.index(run.asked) + 1]
    if key not in before:
        return None
    _reopen(run, before, key)
    return option == "yes" if question.kind == "yes_no" else option


async def _is_verdict(turn: Turn, run: Run) -> bool:
    """Whether it judges an article: by its button, or one that was read since we asked."""
    said = helpful.verdict(turn.text)
    if said is None or said.answered is not None:
        return said is not None
    before = await newest_answer(turn, OPEN_FOR)
    return before is not None and before.received_at > run.asked_at


def _is_question(turn: Turn) -> bool:
    """Whether our articles answer it, so that it was a question though it has no mark of one."""
    return turn.desk.knowledge.ask(turn.text, turn.language, _today(turn)).outcome == "answer"


async def _next(turn: Turn, guide: Guide, run: Run, value: Any) -> Reply:
    run.answers[run.asked] = _kept(value)
    found = _walk(turn, guide, run)
    if found.result:
        return await end(turn, guide, found.result)
    run.asked, run.tries = found.missing[0], 0
    await runs.save(turn, run)
    return ask(turn, guide, run)


def _kept(value: Any) -> Any:
    if isinstance(value, list):
        return [_kept(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _walk(turn: Turn, guide: Guide, run: Run) -> Walk:
    today = _today(turn)
    return guide.walk(guide.read(run.answers, today), today)


def _today(turn: Turn) -> date:
    return turn.now.astimezone(turn.desk.zone).date()
