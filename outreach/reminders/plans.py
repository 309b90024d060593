"""Plans and their steps: scheduled once, queued when due, rendered then and never before."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.files import line_of, named, parse
from outreach.model import SMS, TELEGRAM, Address, Button, ChannelName, Priority, Problem
from outreach.outbox import Draft, enqueue
from outreach.residents import Reached, sharing, these
from outreach.store import insert_new
from outreach.store.tables import checkups, reminders
from outreach.templates import LANGUAGES, Templates, day_words, time_words

PURPOSE = "reminders"
PAGE = 500


class Step(BaseModel):
    """One message of a plan: so many days from the appointment, at this local time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    offset_days: int
    at: time
    template: str
    expires_hours: float = Field(gt=0)
    facts: list[str] = []


class Plan(BaseModel):
    """`campaigns/plans/NAME.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: dict[str, str]
    purpose: Literal["reminders"] = "reminders"
    channels: list[ChannelName] = [TELEGRAM, SMS]
    steps: list[Step] = Field(min_length=1)

    @field_validator("steps")
    @classmethod
    def _named_once(cls, steps: list[Step]) -> list[Step]:
        names = [step.name for step in steps]
        if len(set(names)) < len(names):
            raise ValueError("two steps have the same name")
        return steps


class Reminders:
    """Every plan of a folder, checked; what falls due becomes a message."""

    def __init__(self, folder: Path, templates: Templates, zone: ZoneInfo) -> None:
        self._folder, self._templates, self._zone = folder, templates, zone
        self._plans = {file.stem: self._load(file) for file in sorted(folder.glob("*.toml"))}

    def _load(self, file: Path) -> Plan:
        plan = parse(file, Plan)
        for place, step in enumerate(plan.steps):
            for language in LANGUAGES:
                if not self._templates.has(step.template, language):
                    problem = f"there is no text {step.template}.{language}.txt"
                    line = line_of(file, "steps", place, "template")
                    raise Problem(str(file), line, "template", problem, "write the text").raised()
        return plan

    def names(self) -> list[str]:
        return list(self._plans)

    def __getitem__(self, name: str) -> Plan:
        return self._plans.get(name) or parse(named(self._folder, name, "plan"), Plan)

    async def schedule(
        self,
        connection: AsyncConnection,
        resident_id: int,
        plan: str,
        at: datetime,
        place: str,
        now: datetime,
    ) -> int:
        """Notes an appointment and its plan's steps, once. Returns the checkup's id.

        A step whose time is over is kept as skipped, so that the plan shows it.
        """
        return (await self.schedule_new(connection, resident_id, plan, at, place, now))[0]

    async def schedule_new(
        self,
        connection: AsyncConnection,
        resident_id: int,
        plan: str,
        at: datetime,
        place: str,
        now: datetime,
    ) -> tuple[int, bool]:
        """As `schedule`; says too whether the appointment is new."""
        steps = self[plan].steps
        row = {"resident_id": resident_id, "plan": plan, "at": at, "place": place, "created_at": now}
        is_new = bool(await insert_new(connection, checkups, [row]))
        which = select(checkups.c.id).where(
            checkups.c.resident_id == resident_id, checkups.c.plan == plan, checkups.c.at == at
        )
        checkup_id = int((await connection.execute(which)).scalar_one())
        await insert_new(
            connection, reminders, [self._scheduled(checkup_id, step, at, now) for step in steps]
        )
        return checkup_id, is_new

    def _scheduled(self, checkup_id: int, step: Step, at: datetime, now: datetime) -> dict[str, Any]:
        day = at.astimezone(self._zone).date() + timedelta(days=step.offset_days)
        due = datetime.combine(day, step.at, self._zone)
        expires = min(due + timedelta(hours=step.expires_hours), at)
        return {
            "checkup_id": checkup_id,
            "step": step.name,
            "due_at": due,
            "expires_at": expires,
            "state": "skipped" if expires <= now else "scheduled",
        }

    async def queue_due(self, connection: AsyncConnection, now: datetime, limit: int = PAGE) -> int:
        """Turns due reminders into messages and returns how many; repeated, none goes twice."""
        due = (await connection.execute(_due(now, limit))).all()
        shared = await sharing(connection, [row.resident_id for row in due])
        drafts = [
            self._draft(plan, row, person, now, shared)
            for name in sorted({row.plan for row in due})
            for plan, row, person in await self._people(connection, name, due, now)
        ]
        queued = await enqueue(connection, drafts, now)
        for state, ids in (
            ("queued", [row.id for row in due if row.expires_at > now]),
            ("skipped", [row.id for row in due if row.expires_at <= now]),
        ):
            if ids:
                await connection.execute(update(reminders).where(reminders.c.id.in_(ids)).values(state=state))
        return queued

    async def _people(
        self, connection: AsyncConnection, name: str, due: Sequence[Any], now: datetime
    ) -> list[tuple[Plan, Any, Reached]]:
        """The rows of one plan that may still go out, each with its person."""
        plan = self[name]
        rows = [row for row in due if row.plan == name and row.expires_at > now]
        found = await these(connection, [row.resident_id for row in rows], PURPOSE, plan.channels, now)
        people = {person.id: person for person in found}
        return [(plan, row, people[row.resident_id]) for row in rows]

    def _draft(
        self, plan: Plan, row: Any, person: Reached, now: datetime, shared: Set[tuple[int, str]]
    ) -> Draft:
        step = next(step for step in plan.steps if step.name == row.step)
        address = person.address or Address(plan.channels[0], "")
        template = step.template
        if (person.id, address.channel) in shared:
            template = self._templates.neutral(template, person.language)
        local = row.at.astimezone(self._zone)
        text, failed = self._templates.attempt(
            template,
            person.language,
            address.channel,
            name=person.name,
            day=day_words(local, person.language),
            time=time_words(local),
            place=row.place,
        )
        return Draft(
            key=f"reminder:{row.id}",
            resident_id=row.resident_id,
            address=address,
            priority=Priority.REMINDER,
            purpose=PURPOSE,
            template=template,
            language=person.language,
            text=text,
            buttons=self._buttons(person.language),
            due_at=now,
            expires_at=row.expires_at,
            checkup_id=row.checkup_id,
            suppressed=person.obstacle(PURPOSE),
            failed=failed,
        )

    def _buttons(self, language: str) -> list[Button]:
        captions = ("button_confirm", "button_move", "button_cancel")
        return [
            Button(self._templates.say(f"replies/{caption}", language, TELEGRAM), str(number))
            for number, caption in enumerate(captions, start=1)
        ]


def waiting(now: datetime) -> Select[Any]:
    """Reminders whose time has come."""
    return select(reminders.c.id).where(reminders.c.state == "scheduled", reminders.c.due_at <= now)


def _due(now: datetime, limit: int) -> Any:
    return (
        select(
            reminders.c.id,
            reminders.c.step,
            reminders.c.expires_at,
            reminders.c.checkup_id,
            checkups.c.plan,
            checkups.c.at,
            checkups.c.place,
            checkups.c.resident_id,
        )
        .join(checkups, checkups.c.id == reminders.c.checkup_id)
        .where(reminders.c.state == "scheduled", reminders.c.due_at <= now)
        .order_by(reminders.c.due_at, reminders.c.id)
        .limit(limit)
    )
