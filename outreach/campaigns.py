"""Campaigns: from a staff member's file to one message a person, and an account that adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.files import line_of, named, parse
from outreach.model import JSON, SMS, TELEGRAM, Address, BadInput, ChannelName, Priority, Problem, iso
from outreach.outbox import Draft, by_state, cancel, enqueue
from outreach.residents import PURPOSES, Audience, page, size
from outreach.store.tables import launches, outbox
from outreach.templates import LANGUAGES, Templates

PAGE = 500
DAY_HOURS = 24
LATELY = timedelta(seconds=15)


class Send(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    start: datetime | None = None
    expires_hours: float | None = Field(None, gt=0)

    @field_validator("start")
    @classmethod
    def _with_offset(cls, start: datetime | None) -> datetime | None:
        if start is not None and start.tzinfo is None:
            raise ValueError("needs an offset, such as 2026-12-01T09:00:00+08:00")
        return start


class Followup(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    after_hours: float = Field(DAY_HOURS, ge=0)


class Campaign(BaseModel):
    """`campaigns/NAME.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: dict[str, str] | str
    purpose: str
    template: str
    channels: list[ChannelName] = Field([TELEGRAM, SMS], min_length=1)
    owner: str = ""
    audience: Audience = Audience()
    send: Send = Send(start=None, expires_hours=None)
    survey: Followup | None = None

    @field_validator("purpose")
    @classmethod
    def _known_purpose(cls, purpose: str) -> str:
        if purpose not in PURPOSES:
            raise ValueError(f"{purpose!r} is no purpose; use one of {', '.join(PURPOSES)}")
        return purpose


class Campaigns:
    """Every campaign file of a folder: read when asked for, checked before anything is launched."""

    def __init__(self, folder: Path, templates: Templates, surveys: Sequence[str]) -> None:
        self._folder, self._templates, self._surveys = folder, templates, surveys

    def names(self) -> list[str]:
        return sorted(file.stem for file in self._folder.glob("*.toml"))

    def load(self, name: str) -> Campaign:
        """The campaign, or BadInput with the file and line of its first mistake."""
        file = named(self._folder, name, "campaign")
        campaign = parse(file, Campaign)
        for problem in self._problems(file, campaign):
            raise problem.raised()
        return campaign

    def _problems(self, file: Path, campaign: Campaign) -> list[Problem]:
        missing = [
            f"there is no text {campaign.template}.{language}.txt"
            for language in campaign.audience.languages or LANGUAGES
            if not self._templates.has(campaign.template, language)
        ]
        line = line_of(file, "template")
        found = [Problem(str(file), line, "template", what, "write the text") for what in missing]
        if campaign.survey and campaign.survey.name not in self._surveys:
            known = ", ".join(self._surveys) or "none"
            what = f"there is no survey {campaign.survey.name!r}"
            found.append(
                Problem(str(file), line_of(file, "survey", "name"), "survey.name", what, f"known: {known}")
            )
        return found

    async def launch(self, connection: AsyncConnection, name: str, *, by: str, now: datetime) -> JSON:
        """Freezes the file and starts; the people are worked through page by page afterwards.

        Raises BadInput where the file is wrong or nobody is meant.
        """
        campaign = self.load(name)
        total = await size(connection, campaign.audience)
        if not total:
            file = named(self._folder, name, "campaign")
            raise BadInput(
                "nobody is meant by this audience",
                where=f"{file}:{line_of(file, 'audience')}",
                fix="correct [audience], or import residents first",
            )
        starts = campaign.send.start or now
        hours = campaign.send.expires_hours
        statement = (
            insert(launches)
            .values(
                campaign=name,
                state="running" if starts <= now else "scheduled",
                frozen=campaign.model_dump(mode="json"),
                starts_at=starts,
                expires_at=max(starts, now) + timedelta(hours=hours) if hours else None,
                total=total,
                launched_by=by,
                created_at=now,
            )
            .returning(launches.c.id, launches.c.state)
        )
        row = (await connection.execute(statement)).one()
        return {"id": row.id, "state": row.state}

    async def queue_next(self, connection: AsyncConnection, now: datetime) -> int:
        """Queues the next page of one running launch, and returns how many people it held; 0: nothing to do.

        The rows and the cursor move in one transaction: an interrupted page is simply done again.
        """
        await connection.execute(
            update(launches)
            .where(launches.c.state == "scheduled", launches.c.starts_at <= now)
            .values(state="running")
        )
        statement = (
            select(launches)
            .where(launches.c.state == "running", launches.c.expanded.is_(False))
            .order_by(launches.c.id)
            .limit(1)
            .with_for_update()
        )
        launch = (await connection.execute(statement)).first()
        return await self._expand(connection, launch, now) if launch else 0

    async def _expand(self, connection: AsyncConnection, launch: Any, now: datetime) -> int:
        campaign = Campaign.model_validate(launch.frozen)
        people = await page(
            connection,
            campaign.audience,
            campaign.purpose,
            campaign.channels,
            after=launch.cursor,
            limit=PAGE,
        )
        await enqueue(connection, [self._draft(campaign, launch, person, now) for person in people], now)
        values: dict[str, Any] = {"cursor": people[-1].id} if people else {}
        if len(people) < PAGE:
            values |= {"expanded": True, "total": await _rows(connection, launch.id)}
        await connection.execute(update(launches).where(launches.c.id == launch.id).values(**values))
        return len(people)

    def _draft(self, campaign: Campaign, launch: Any, person: Any, now: datetime) -> Draft:
        mapping: Mapping[str, Any] = person._mapping
        address = next(
            (Address(channel, mapping[channel]) for channel in campaign.channels if mapping[channel]), None
        )
        reason = None
        if not person.consent:
            reason = (
                f"never agreed to {campaign.purpose}" if person.consent is None else "stopped our messages"
            )
        elif address is None:
            reason = "no address takes messages"
        to = address or Address(campaign.channels[0], "")
        text = self._templates.say(
            campaign.template, person.language, to.channel, name=person.name, township=person.township or ""
        )
        return Draft(
            key=f"campaign:{launch.id}:{person.id}",
            resident_id=person.id,
            address=to,
            priority=Priority.CAMPAIGN,
            purpose=campaign.purpose,
            template=campaign.template,
            language=person.language,
            text=text,
            due_at=now,
            expires_at=launch.expires_at,
            launch_id=launch.id,
            suppressed=reason,
        )

    async def preview(self, connection: AsyncConnection, name: str, now: datetime) -> JSON:
        """Who would get it, by channel, and why the others would not; nothing is written."""
        campaign = self.load(name)
        counts: dict[str, int] = dict.fromkeys(campaign.channels, 0)
        suppressed: dict[str, int] = {}
        samples: dict[tuple[str, str], str] = {}
        launch = _Unlaunched()
        cursor = audience = 0
        while people := await page(
            connection, campaign.audience, campaign.purpose, campaign.channels, after=cursor, limit=PAGE
        ):
            cursor, audience = people[-1].id, audience + len(people)
            for draft in (self._draft(campaign, launch, person, now) for person in people):
                if draft.suppressed:
                    suppressed[draft.suppressed] = suppressed.get(draft.suppressed, 0) + 1
                else:
                    counts[draft.address.channel] += 1
                    samples.setdefault((draft.address.channel, draft.language), draft.text)
        return {
            "name": name,
            "audience": audience,
            "channels": counts,
            "suppressed": suppressed,
            "samples": [
                {"channel": channel, "language": language, "text": text}
                for (channel, language), text in samples.items()
            ],
            "starts_at": iso(campaign.send.start or now),
        }


class _Unlaunched:
    """Stands where a launch will, so that preview and run make the same drafts."""

    id = None
    expires_at = None


async def _rows(connection: AsyncConnection, launch_id: int) -> int:
    return sum((await by_state(connection, outbox.c.launch_id == launch_id)).values())


_UNDER_WAY = ("queued", "sending")


async def finish(connection: AsyncConnection) -> int:
    """Marks launches done whose last message has left the queue; returns how many."""
    waiting = select(outbox.c.id).where(outbox.c.launch_id == launches.c.id, outbox.c.state.in_(_UNDER_WAY))
    statement = (
        update(launches)
        .where(launches.c.state == "running", launches.c.expanded, ~waiting.exists())
        .values(state="done")
    )
    return (await connection.execute(statement)).rowcount


async def status(connection: AsyncConnection, launch_id: int, now: datetime) -> JSON:
    """One launch's account: the counts of all but `total` add up to `total`, at every moment."""
    launch = await _launch(connection, launch_id)
    counts = await by_state(connection, outbox.c.launch_id == launch_id)
    unread = max(0, launch.total - sum(counts.values()))
    counts["cancelled" if launch.state == "cancelled" else "queued"] += unread
    rate = await _rate(connection, launch_id, now)
    left = counts["queued"] + counts["sending"]
    eta = now + timedelta(seconds=left / rate) if rate and launch.state == "running" else None
    return {
        "id": launch.id,
        "name": launch.campaign,
        "state": launch.state,
        "total": sum(counts.values()),
        **counts,
        "rate": round(rate, 2),
        "eta": iso(eta),
        "launched_by": launch.launched_by,
        "starts_at": iso(launch.starts_at),
    }


async def _rate(connection: AsyncConnection, launch_id: int, now: datetime) -> float:
    """Messages a second over the last quarter of a minute."""
    lately = select(func.count()).where(outbox.c.launch_id == launch_id, outbox.c.sent_at > now - LATELY)
    return float((await connection.execute(lately)).scalar_one()) / LATELY.total_seconds()


async def recent(connection: AsyncConnection, now: datetime, *, limit: int = 20) -> list[JSON]:
    """The newest launches with their accounts."""
    ids = select(launches.c.id).order_by(launches.c.id.desc()).limit(limit)
    return [await status(connection, number, now) for number in (await connection.execute(ids)).scalars().all()]


_MOVES = {
    "pause": (("running", "scheduled"), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("running", "scheduled", "paused", "awaiting_approval"), "cancelled"),
}


async def move(connection: AsyncConnection, launch_id: int, verb: str, now: datetime) -> JSON:
    """Pauses, resumes or cancels a launch; what is already on its way stays so. Returns its status."""
    before, after = _MOVES[verb]
    launch = await _launch(connection, launch_id)
    if launch.state not in before:
        raise BadInput(f"a launch that is {launch.state} cannot be {after}", where=f"launch {launch_id}")
    state = "scheduled" if verb == "resume" and launch.starts_at > now else after
    await connection.execute(update(launches).where(launches.c.id == launch_id).values(state=state))
    if verb == "cancel":
        await cancel(
            connection, outbox.c.launch_id == launch_id, reason="the campaign was cancelled", now=now
        )
    return await status(connection, launch_id, now)


async def _launch(connection: AsyncConnection, launch_id: int) -> Any:
    row = (await connection.execute(select(launches).where(launches.c.id == launch_id))).first()
    if row is None:
        raise BadInput("there is no such launch", where=str(launch_id), fix="see `outreach campaign list`")
    return row
