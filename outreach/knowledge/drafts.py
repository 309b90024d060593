"""From a draft to an answer: one person hands it in, another publishes it, and nothing in between may change.

A draft is `drafts/TOPIC.LANGUAGE.md` in the folder of the articles. What was handed in of one topic goes
together, so that its two languages never say different things.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import audit, staff
from outreach.knowledge import regression
from outreach.knowledge.answering import Knowledge
from outreach.knowledge.checking import check
from outreach.model import JSON, BadInput, Problem, iso
from outreach.store import one_at_a_time
from outreach.store.knowledge import drafts
from outreach.templates import Templates


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """A draft's file with its newest row."""

    file: Path
    row: Any


class Drafts:
    """The drafts of one folder of articles."""

    def __init__(self, folder: Path, templates: Templates) -> None:
        self.folder, self._published, self._templates = folder / "drafts", folder, templates

    def files(self, name: str) -> list[Path]:
        """The drafts of a topic: named TOPIC, TOPIC.LANGUAGE, or by a file. BadInput where there is none."""
        topic = Path(name).name.partition(".")[0]
        found = sorted(self.folder.glob(f"{topic}.*.md")) if topic.replace("-", "").isalnum() else []
        if not found:
            known = ", ".join(sorted(file.name for file in self.folder.glob("*.md"))) or "none"
            fix = f"put it into {self.folder} as TOPIC.LANGUAGE.md; there now: {known}"
            raise BadInput("there is no draft of this name", where=name, fix=fix)
        return found

    def knowledge(self, files: Sequence[Path] = ()) -> Knowledge:
        """The articles with these drafts among them. BadInput where one cannot be read."""
        found = Knowledge(self._published, self._templates, files)
        for problem in found.problems if files else ():
            raise problem.raised()
        return found

    def problems(self, files: Sequence[Path], today: date) -> list[Problem]:
        """What is wrong with these drafts, and what would be wrong because of them."""
        before = set(check(self._published, self._templates, today))
        after = check(self._published, self._templates, today, files)
        own = {str(file) for file in files}
        return [one for one in after if one.file in own or one not in before]

    async def hand_in(
        self, connection: AsyncConnection, file: Path, by: str, now: datetime, today: date
    ) -> JSON:
        """Keeps who wrote it, and its hash. BadInput for its first mistake, and for an unknown author."""
        file = self.folder / file.name
        if file not in self.files(file.name):
            raise BadInput("there is no such draft", where=str(file), fix=f"put it into {self.folder}")
        await staff.must_work_here(connection, by)
        for problem in self.problems(self.files(file.name), today):
            raise problem.raised()
        topic, language, _ = file.name.split(".")
        written = _hash(file)
        row = {"topic": topic, "language": language, "hash": written, "author": by, "submitted_at": now}
        await connection.execute(insert(drafts).values(**row))
        await audit.note(connection, by, "knowledge.draft", f"{file.stem} {written[:12]}", now)
        return {"draft": file.stem, "hash": written, "by": by, "submitted_at": iso(now)}

    async def listing(self, connection: AsyncConnection) -> list[JSON]:
        """Every draft there is, with who handed it in; `state`: waiting, changed, or not handed in."""
        found = []
        for file in sorted(self.folder.glob("*.md")):
            row = await self._row(connection, file)
            state = "not handed in" if row is None else "waiting" if row.hash == _hash(file) else "changed"
            by, at = (row.author, iso(row.submitted_at)) if row else (None, None)
            found.append({"draft": file.stem, "state": state, "by": by, "submitted_at": at})
        return found

    async def publish(
        self, connection: AsyncConnection, name: str, by: str, now: datetime, today: date
    ) -> JSON:
        """Puts what was handed in of a topic in its place, all of it or nothing.

        BadInput where `by` may not approve or wrote it, where a file is not as it was handed in, where it
        has a mistake, or where a question would be answered worse. Call it last in a transaction.
        """
        await staff.must_approve(connection, by, "a draft")
        await one_at_a_time(connection, "drafts")
        handed_in = await self._handed_in(connection, name)
        for one in handed_in:
            _must_be_ready(one, by)
        files = [one.file for one in handed_in]
        for problem in self.problems(files, today):
            raise problem.raised()
        self._must_not_be_worse(files, today)
        ids = [one.row.id for one in handed_in]
        done = update(drafts).where(drafts.c.id.in_(ids)).values(published_by=by, published_at=now)
        await connection.execute(done)
        names = ", ".join(f"{one.file.stem} {one.row.hash[:12]}" for one in handed_in)
        await audit.note(connection, by, "knowledge.publish", names, now)
        _move(handed_in, self._published)
        return {"published": [file.stem for file in files], "by": by, "at": iso(now)}

    async def _row(self, connection: AsyncConnection, file: Path) -> Any:
        topic, _, language = file.stem.partition(".")
        mine = drafts.c.topic == topic, drafts.c.language == language, drafts.c.published_at.is_(None)
        statement = select(drafts).where(*mine).order_by(drafts.c.id.desc()).limit(1)
        return (await connection.execute(statement)).first()

    async def _handed_in(self, connection: AsyncConnection, name: str) -> list[_HandedIn]:
        rows = [(file, await self._row(connection, file)) for file in self.files(name)]
        found = [_HandedIn(file, row) for file, row in rows if row]
        named = Path(name).name.removesuffix(".md")
        if not found or ("." in named and named not in [one.file.stem for one in found]):
            fix = "its author runs `outreach knowledge draft FILE --by NAME`"
            raise BadInput("this draft was not handed in", where=name, fix=fix)
        return found

    def _must_not_be_worse(self, files: Sequence[Path], today: date) -> None:
        if not (self._published / regression.QUESTIONS).exists():
            return
        asked = regression.questions(self._published)
        before = {one.question.text: one.result for one in regression.run(self.knowledge(), asked, today)}
        for worse in regression.turned_wrong(before, regression.run(self.knowledge(files), asked, today)):
            fix = "see `outreach knowledge replay`; change the draft's examples, and hand it in again"
            raise BadInput(f"with it, {worse}", where=str(files[0]), fix=fix)


def _must_be_ready(one: _HandedIn, by: str) -> None:
    if one.row.author == by:
        fix = "let another person with the role approver or admin publish it"
        raise BadInput("who wrote a draft may not publish it", where=one.file.name, fix=fix)
    if one.row.hash != _hash(one.file):
        fix = "its author hands it in again"
        raise BadInput("it was changed since it was handed in", where=str(one.file), fix=fix)


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _move(handed_in: Sequence[_HandedIn], folder: Path) -> None:
    """Each file in one step; where one cannot be moved, those before it go back."""
    with ExitStack() as undo:
        for one in handed_in:
            place = folder / one.file.name
            before = place.read_bytes() if place.exists() else None
            content = one.file.read_bytes()
            # Changed in the moment since it was looked at.
            if hashlib.sha256(content).hexdigest() != one.row.hash:
                raise BadInput("it is being changed", where=str(one.file), fix="hand it in again")
            try:
                _put(place, content)
            except OSError as error:
                fix = "see that the service may write there"
                raise BadInput(f"it cannot be written: {error.strerror}", where=str(place), fix=fix) from None
            undo.callback(_put, place, before)
        undo.pop_all()
    for one in handed_in:
        one.file.unlink(missing_ok=True)


def _put(place: Path, content: bytes | None) -> None:
    if content is None:
        place.unlink(missing_ok=True)
        return
    # Not called *.md: nobody reads half of it.
    beside = place.with_name(f".{place.name}.new")
    beside.write_bytes(content)
    os.replace(beside, place)
