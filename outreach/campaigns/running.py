"""From a file to one message a person: launch, and page by page through the audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.campaigns.account import rows
from outreach.campaigns.files import Campaign
from outreach.campaigns.rehearsal import Rehearsal
from outreach.files import line_of, named, parse
from outreach.model import JSON, SMS, TELEGRAM, Address, BadInput, ChannelName, Priority, Problem, iso
from outreach.outbox import Draft, enqueue
from outreach.residents import SENSITIVE, Audience, Count, Reached, count, page, sharing, size
from outreach.segments import segments
from outreach.store.tables import launches
from outreach.templates import LANGUAGES, Templates

PAGE = 500


class Campaigns:
    """Every campaign file of a folder: read when asked for, checked before anything is launched."""

    def __init__(
        self,
        folder: Path,
        templates: Templates,
        surveys: Sequence[str],
        rates: Mapping[ChannelName, float],
        *,
        approval_above: int | None = None,
    ) -> None:
        self._approval_above = approval_above
        self._folder, self._templates, self._surveys, self._rates = folder, templates, surveys, rates

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
        if campaign.survey and campaign.purpose in SENSITIVE:
            what = "nobody is asked how they liked a message on a sensitive topic"
            found.append(Problem(str(file), line_of(file, "survey"), "survey", what, "remove [survey]"))
        return found

    async def launch(self, connection: AsyncConnection, name: str, *, by: str, now: datetime) -> JSON:
        """Freezes the file and starts; the people are worked through page by page afterwards.

        Raises BadInput where the file is wrong or nobody is meant.
        """
        campaign = self.load(name)
        total = await size(connection, campaign.audience, now)
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
                state=self._first_state(total, starts, now),
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

    def _first_state(self, total: int, starts: datetime, now: datetime) -> str:
        if self._approval_above is not None and total > self._approval_above:
            return "awaiting_approval"
        return "running" if starts <= now else "scheduled"

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
        while launch := (await connection.execute(statement)).first():
            # An empty page only ends its launch; another may still wait.
            if people := await self._expand(connection, launch, now):
                return people
        return 0

    async def _expand(self, connection: AsyncConnection, launch: Any, now: datetime) -> int:
        campaign = Campaign.model_validate(launch.frozen)
        people = await page(
            connection,
            campaign.audience,
            campaign.purpose,
            campaign.channels,
            after=launch.cursor,
            limit=PAGE,
            # A launch that goes on for days, or past New Year, means the same people throughout.
            now=launch.created_at,
        )
        shared = await self._shared(connection, campaign, people)
        drafts = [self._draft(campaign, launch, person, now, shared) for person in people]
        await enqueue(connection, drafts, now)
        values: dict[str, Any] = {"cursor": people[-1].id} if people else {}
        if len(people) < PAGE:
            values |= {"expanded": True, "total": await rows(connection, launch.id)}
        await connection.execute(update(launches).where(launches.c.id == launch.id).values(**values))
        return len(people)

    async def _shared(
        self, connection: AsyncConnection, campaign: Campaign, people: Sequence[Reached]
    ) -> Set[tuple[int, str]]:
        """Of these people, who shares an address; asked only where the text has a neutral twin."""
        if all(self._templates.neutral(campaign.template, one) == campaign.template for one in LANGUAGES):
            return set()
        return await sharing(connection, [person.id for person in people])

    def _draft(
        self, campaign: Campaign, launch: Any, person: Reached, now: datetime, shared: Set[tuple[int, str]]
    ) -> Draft:
        to = person.address or Address(campaign.channels[0], "")
        template = campaign.template
        if (person.id, to.channel) in shared:
            template = self._templates.neutral(template, person.language)
        text, failed = self._templates.attempt(
            template, person.language, to.channel, name=person.name, township=person.township
        )
        return Draft(
            key=f"campaign:{launch.id}:{person.id}",
            resident_id=person.id,
            address=to,
            priority=Priority.CAMPAIGN,
            purpose=campaign.purpose,
            template=template,
            language=person.language,
            text=text,
            due_at=now,
            expires_at=launch.expires_at,
            launch_id=launch.id,
            suppressed=person.obstacle(campaign.purpose),
            failed=failed,
        )

    async def preview(self, connection: AsyncConnection, name: str, now: datetime) -> JSON:
        """Who would get it, by channel, and why the others would not; nothing is written.

        `outside`: who is not meant, by the first condition that does not hold. `segments` is an estimate from
        a page of people where the audience is larger than that. `finishes_at` is what the lanes' rates allow
        (on SMS in segments), were nothing else sent. `cost`: no price is known.
        """
        campaign = self.load(name)
        counted = await count(connection, campaign.audience, campaign.purpose, campaign.channels, now)
        seen = await self._rehearse(connection, campaign, counted, now)
        channels = seen.reached(counted, campaign.channels)
        parts = seen.segments(counted)
        starts = max(campaign.send.start or now, now)
        units = channels | {SMS: parts}
        seconds = max(units[channel] / self._rates[channel] for channel in campaign.channels)
        return {
            "name": name,
            "audience": counted.total,
            "channels": dict.fromkeys((TELEGRAM, SMS), 0) | channels,
            "suppressed": counted.excluded | seen.faults,
            "outside": counted.outside,
            "segments": parts,
            "estimated": counted.total > PAGE,
            "cost": None,
            "samples": [
                {"channel": channel, "language": language, "text": text, "segments": segments(text)}
                for (channel, language), text in seen.samples.items()
            ],
            "starts_at": iso(starts),
            "finishes_at": iso(starts + timedelta(seconds=seconds)),
        }

    async def _rehearse(
        self, connection: AsyncConnection, campaign: Campaign, counted: Count, now: datetime
    ) -> Rehearsal:
        """The first page of people, then people for each kind of message not among them."""
        seen, audience = Rehearsal(), campaign.audience
        await self._say_to_a_page(connection, campaign, audience, campaign.channels, seen, now)
        for channel, language in counted.reached:
            if (channel, language) not in seen.said:
                only = audience.model_copy(update={"languages": [language]})
                await self._say_to_a_page(connection, campaign, only, [channel], seen, now)
        return seen

    async def _say_to_a_page(
        self,
        connection: AsyncConnection,
        campaign: Campaign,
        audience: Audience,
        channels: Sequence[ChannelName],
        seen: Rehearsal,
        now: datetime,
    ) -> None:
        people = await page(connection, audience, campaign.purpose, channels, after=0, limit=PAGE, now=now)
        shared = await self._shared(connection, campaign, people)
        for person in people:
            seen.add(self._draft(campaign, _Unlaunched(), person, now, shared))


def waiting(now: datetime) -> Select[Any]:
    """Launches that are to begin, or whose people are not all queued yet."""
    begins = and_(launches.c.state == "scheduled", launches.c.starts_at <= now)
    goes_on = and_(launches.c.state == "running", launches.c.expanded.is_(False))
    return select(launches.c.id).where(or_(begins, goes_on))


class _Unlaunched:
    """Stands where a launch will, so that preview and run make the same drafts."""

    id = None
    expires_at = None
