"""Survey files, and asking: after a campaign, of those whom it reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, String, cast, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.files import line_of, named, parse
from outreach.model import Address, Button, Priority, Problem, State
from outreach.outbox import Draft, enqueue
from outreach.residents import Reached, these
from outreach.store.tables import checkups, launches, outbox, survey_answers
from outreach.surveys.rating import rating
from outreach.surveys.results import GRADES
from outreach.templates import LANGUAGES, Templates

PURPOSE = "surveys"
EXPIRES = timedelta(days=3)
PAGE = 500
# Asked later than that, nobody knows any more what is meant.
LATEST = timedelta(days=30)


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: Literal["satisfaction"]
    labels: dict[str, list[str]]


class Survey(BaseModel):
    """`campaigns/surveys/NAME.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: dict[str, str]
    purpose: Literal["surveys"] = "surveys"
    template: str
    questions: list[Question] = Field(min_length=1, max_length=1)

    def buttons(self, language: str) -> list[Button]:
        """Best grade first, as the national scale is printed."""
        labels = self.questions[0].labels[language]
        return [Button(f"{grade} {labels[grade - 1]}", str(grade)) for grade in range(GRADES, 0, -1)]


class Surveys:
    """Every survey file of a folder, checked."""

    def __init__(self, folder: Path, templates: Templates) -> None:
        self._folder, self._templates = folder, templates
        self._surveys = {file.stem: self._load(file) for file in sorted(folder.glob("*.toml"))}

    def _load(self, file: Path) -> Survey:
        survey = parse(file, Survey)
        for language in LANGUAGES:
            if len(survey.questions[0].labels.get(language, [])) != GRADES:
                line = line_of(file, "questions", "labels")
                raise _mistake(file, line, f"labels.{language} needs {GRADES} labels, worst first")
            if not self._templates.has(survey.template, language):
                raise _mistake(
                    file, line_of(file, "template"), f"there is no text {survey.template}.{language}.txt"
                )
        return survey

    def names(self) -> list[str]:
        return list(self._surveys)

    def __getitem__(self, name: str) -> Survey:
        return self._surveys.get(name) or parse(named(self._folder, name, "survey"), Survey)

    async def queue_due(self, connection: AsyncConnection, now: datetime) -> int:
        """Asks everyone whose campaign message went out long enough ago; returns how many were queued."""
        queued = 0
        for launch_id, frozen in await with_survey(connection, now):
            after = timedelta(hours=frozen["survey"]["after_hours"])
            ids = await _reached(connection, launch_id, now - after, now)
            people = await these(connection, ids, PURPOSE, frozen["channels"], now) if ids else []
            drafts = [self._draft(frozen, launch_id, person, now) for person in people]
            queued += await enqueue(connection, drafts, now)
        return queued

    def _draft(self, frozen: Mapping[str, Any], launch_id: int, person: Reached, now: datetime) -> Draft:
        name = frozen["survey"]["name"]
        survey = self[name]
        address = person.address or Address(frozen["channels"][0], "")
        text, failed = self._templates.attempt(
            survey.template, person.language, address.channel, name=person.name
        )
        return Draft(
            key=key_of(launch_id, person.id),
            resident_id=person.id,
            address=address,
            priority=Priority.CAMPAIGN,
            purpose=PURPOSE,
            template=survey.template,
            language=person.language,
            text=text,
            buttons=survey.buttons(person.language),
            due_at=now,
            expires_at=now + EXPIRES,
            survey=name,
            question=survey.questions[0].id,
            suppressed=person.obstacle(PURPOSE),
            failed=failed,
        )


def key_of(launch_id: int, resident_id: int) -> str:
    """The name of the one message with which this person is asked after this launch."""
    return f"survey:{launch_id}:{resident_id}"


def _mistake(file: Path, line: int, problem: str) -> Exception:
    return Problem(str(file), line, "", problem, "correct the file").raised()


def waiting(now: datetime) -> Select[Any]:
    """Launches of late after which a survey is asked."""
    survey = launches.c.frozen["survey"].as_string()
    return _lately(now).where(survey.is_not(None))


def _lately(now: datetime) -> Select[Any]:
    of_late = launches.c.starts_at > now - LATEST
    return select(launches.c.id, launches.c.frozen).where(launches.c.state.in_(("running", "done")), of_late)


async def with_survey(connection: AsyncConnection, now: datetime) -> list[tuple[int, dict[str, Any]]]:
    """Launches of late after which a survey is asked, each with its file as it was then."""
    found = await connection.execute(_lately(now))
    return [(number, frozen) for number, frozen in found if frozen.get("survey")]


async def _reached(
    connection: AsyncConnection, launch_id: int, before: datetime, now: datetime
) -> Sequence[int]:
    asked = outbox.alias("asked")
    key = f"survey:{launch_id}:" + cast(outbox.c.resident_id, String)
    statement = (
        select(outbox.c.resident_id)
        .where(
            outbox.c.launch_id == launch_id,
            outbox.c.state.in_((State.SENT, State.DELIVERED)),
            outbox.c.sent_at <= before,
            ~select(asked.c.id).where(asked.c.key == key).exists(),
            # Two open questions would compete for one digit; the appointment goes first.
            ~select(checkups.c.id)
            .where(
                checkups.c.resident_id == outbox.c.resident_id,
                checkups.c.state == "open",
                checkups.c.at > now,
            )
            .exists(),
        )
        .order_by(outbox.c.id)
        .limit(PAGE)
    )
    return (await connection.execute(statement)).scalars().all()


async def record(
    connection: AsyncConnection, asked: Any, inbound_id: int, text: str, now: datetime
) -> int | None:
    """Keeps the answer to the survey message `asked` (an outbox row); None where it is no rating."""
    understood = rating(text)
    if understood is None:
        return None
    grade, remark = understood
    await connection.execute(
        insert(survey_answers).values(
            resident_id=asked.resident_id,
            outbox_id=asked.id,
            inbound_id=inbound_id,
            survey=asked.survey,
            question=asked.question,
            rating=grade,
            comment=remark,
            at=now,
        )
    )
    return grade
