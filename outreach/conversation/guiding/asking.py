"""What a guide says: its questions, its end, and where it is offered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from outreach.conversation.guiding.commands import MARK, Command
from outreach.conversation.guiding.runs import Run, drop
from outreach.conversation.turn import Reply, Turn
from outreach.knowledge import Guide
from outreach.knowledge.guides import Result
from outreach.model import TELEGRAM, Button
from outreach.outbox import GUIDE_ASK
from outreach.residents import GUIDE
from outreach.store.tables import inbound

START = f"{MARK}start:"


def offered(turn: Turn, topic: str) -> bool:
    """Whether a guide works out what this article is about."""
    return turn.desk.knowledge.guides.guide_for(topic) is not None


def buttons_for(turn: Turn, topic: str) -> list[Button]:
    name = turn.desk.knowledge.guides.guide_for(topic)
    return [start(turn, name)] if name else []


def start(turn: Turn, name: str) -> Button:
    title = turn.desk.knowledge.guides[name].words[turn.language].title
    return Button(title, START + name)


def ask(turn: Turn, guide: Guide, run: Run, lead: str = "", note: str = "") -> Reply:
    """The open question. `lead`: what goes before it (begin, why, again, back, first), `note` its words."""
    wording = guide.words[run.language]
    words, question = wording.questions[run.asked], guide.question(run.asked)
    captions = [words.options[option] for option in question.choices]
    lines = [f"{number}. {caption}" for number, caption in enumerate(captions, start=1)]
    values = {"lead": lead, "title": wording.title, "note": note, "text": "\n".join([words.ask, *lines])}
    buttons = [
        Button(caption, f"{MARK}{run.asked}:{option}")
        for option, caption in zip(question.choices, captions, strict=True)
    ]
    return Reply(GUIDE, GUIDE_ASK, values, [*buttons, *_commands(turn, first=lead == "begin")])


def _commands(turn: Turn, *, first: bool) -> list[Button]:
    commands = [Command.WHY, Command.LEAVE] if first else [Command.BACK, Command.WHY, Command.LEAVE]
    said = turn.desk.templates.say
    return [
        Button(said(f"replies/button_guide_{one}", turn.language, TELEGRAM), MARK + one) for one in commands
    ]


async def end(turn: Turn, guide: Guide, result: Result) -> Reply:
    """The outcome; where it hands over, a person is told and says when. The answers are gone."""
    await drop(turn)
    text, basis = turn.desk.knowledge.guides.text(guide, result, turn.language)
    values: dict[str, Any] = {"text": text, "basis": basis, "answer_by": ""}
    hands_over = result.outcome == "refer" or bool(result.values.get("human_contact"))
    await _reword(turn, guide.words[turn.language].title if hands_over else "")
    topic = guide.flow.topics[0] if hands_over else None
    if hands_over:
        values |= await turn.promise("question")
    return Reply(GUIDE, "replies/guide_outcome", values, topic=topic)


async def hand_over(turn: Turn, guide: Guide, run: Run) -> Reply:
    """A person helps where an answer was not to be had; they see what was asked, not what was answered."""
    await drop(turn)
    words = guide.words[run.language]
    await _reword(turn, f"{words.title}: {words.questions[run.asked].ask}")
    topic = guide.flow.topics[0]
    return Reply("handoff", "replies/guide_person", await turn.promise("question"), topic=topic)


async def leave(turn: Turn) -> Reply:
    await drop(turn)
    await _reword(turn, "")
    return Reply(GUIDE, "replies/guide_left")


async def _reword(turn: Turn, words: str) -> None:
    """In the place of the message's own words, which may be an answer."""
    said = f"[{words}]" if words else ""
    await turn.connection.execute(update(inbound).where(inbound.c.id == turn.id).values(text=said))
