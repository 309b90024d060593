"""Survey files, and asking: after a campaign, of those whom it reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import String, cast, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.files import named, parse
from outreach.model import Address, Button, ChannelName, Priority, Problem, State
from outreach.outbox import Draft, enqueue
from outreach.residents import current, get, open_address
from outreach.store.tables import checkups, launches, outbox, survey_answers
from outreach.surveys.rating import rating
from outreach.surveys.results import GRADES
from outreach.templates import LANGUAGES, Templates

PURPOSE = "surveys"
EXPIRES = timedelta(days=3)
PAGE = 500


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
                raise _mistake(file, f"labels.{language} needs {GRADES} labels, worst first")
            if not self._templates.has(survey.template, language):
                raise _mistake(file, f"there is no text {survey.template}.{language}.txt")
        return survey

    def names(self) -> list[str]:
        return list(self._surveys)

    def __getitem__(self, name: str) -> Survey:
        return self._surveys.get(name) or parse(named(self._folder, name, "survey"), Survey)

    async def queue_due(self, connection: AsyncConnection, now: datetime) -> int:
        """Asks everyone whose campaign message went out long enough ago; returns how many were queued."""
        queued = 0
        for launch_id, frozen in await _with_survey(connection):
            after = timedelta(hours=frozen["survey"]["after_hours"])
            reached = await _reached(connection, launch_id, now - after, now)
            drafts = [
                await self._draft(connection, frozen, launch_id, resident_id, now) for resident_id in reached
            ]
            queued += await enqueue(connection, drafts, now) if drafts else 0
        return queued

    async def _draft(
        self,
        connection: AsyncConnection,
        frozen: Mapping[str, Any],
        launch_id: int,
        resident_id: int,
        now: datetime,
    ) -> Draft:
        name = frozen["survey"]["name"]
        survey = self[name]
        resident = await get(connection, resident_id)
        channels: Sequence[ChannelName] = frozen["channels"]
        address = await open_address(connection, resident_id, channels)
        agrees = (await connection.execute(select(current(_literal(resident_id), PURPOSE)))).scalar()
        language = resident.language if resident else LANGUAGES[0]
        reason = None if agrees else "no consent to surveys"
        if address is None:
            reason, address = "no address takes messages", Address(channels[0], "")
        return Draft(
            key=f"survey:{launch_id}:{resident_id}",
            resident_id=resident_id,
            address=address,
            priority=Priority.CAMPAIGN,
            purpose=PURPOSE,
            template=survey.template,
            language=language,
            text=self._templates.say(
                survey.template, language, address.channel, name=resident.name if resident else ""
            ),
            buttons=survey.buttons(language),
            due_at=now,
            expires_at=now + EXPIRES,
            survey=name,
            question=survey.questions[0].id,
            suppressed=reason,
        )


def _literal(resident_id: int) -> Any:
    return select(cast(resident_id, outbox.c.id.type)).scalar_subquery()


def _mistake(file: Path, problem: str) -> Exception:
    return Problem(str(file), 1, "", problem, "correct the file").raised()


async def _with_survey(connection: AsyncConnection) -> list[tuple[int, dict[str, Any]]]:
    statement = select(launches.c.id, launches.c.frozen).where(launches.c.state.in_(("running", "done")))
    return [
        (number, frozen) for number, frozen in await connection.execute(statement) if frozen.get("survey")
    ]


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
