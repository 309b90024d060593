"""An audience as staff describe it in a campaign file, turned into SQL conditions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from sqlalchemy import ColumnElement, Table, exists, or_, select

from outreach.model import ChannelName
from outreach.residents.consent import KNOWN, current, is_known
from outreach.store.tables import addresses, inbound, outbox, resident_groups, resident_tags, residents

Days = Annotated[int, Field(ge=1, le=3650)]
Age = Annotated[int, Field(ge=0, le=130)]
Year = Annotated[int, Field(ge=1900, le=2200)]
_LOWER = {"born_to": "born_from", "age_to": "age_from"}


class Audience(BaseModel):
    """Every condition given must hold; none given is everyone on our lists.

    A list means any of its words. Ages and days are reckoned from the launch. Contact is what we sent,
    answers to them apart, or what they wrote.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    townships: list[str] | None = None
    groups: list[str] | None = None
    not_groups: list[str] | None = None
    tags: list[str] | None = None
    not_tags: list[str] | None = None
    languages: list[str] | None = None
    born_from: Year | None = None
    born_to: Year | None = None
    age_from: Age | None = None
    age_to: Age | None = None
    channels: list[ChannelName] | None = None
    consent: str | None = None
    last_contact_before_days: Days | None = None
    last_contact_after_days: Days | None = None
    wrote_within_days: Days | None = None

    @field_validator("born_to", "age_to")
    @classmethod
    def _in_order(cls, value: int | None, info: ValidationInfo) -> int | None:
        name = _LOWER[str(info.field_name)]
        lower = info.data.get(name)
        if value is not None and lower is not None and value < lower:
            raise ValueError(f"{value} is below {name} {lower}, so nobody is meant; swap them")
        return value

    @field_validator("consent")
    @classmethod
    def _known_purpose(cls, value: str | None) -> str | None:
        if value is not None and not is_known(value):
            raise ValueError(f"{value!r} is no purpose; use one of {', '.join(KNOWN)}")
        return value

    def conditions(self, now: datetime) -> list[ColumnElement[bool]]:
        """All that must hold of a resident. `now`: the moment of the launch."""
        return [on_a_list(), *self.parts(now).values()]

    def parts(self, now: datetime) -> dict[str, ColumnElement[bool]]:
        """Each condition by the reason, in words, why someone for whom it does not hold is outside."""
        # What costs little comes first: where it does not hold, the rest is not looked at.
        return self._lives() | self._ages(now.year) | self._belongs() | self._reached() | self._contact(now)

    def _lives(self) -> dict[str, ColumnElement[bool]]:
        found: dict[str, ColumnElement[bool]] = {}
        if self.townships is not None:
            found["another township"] = residents.c.township.in_(self.townships)
        if self.languages is not None:
            found["another language"] = residents.c.language.in_(self.languages)
        return found

    def _belongs(self) -> dict[str, ColumnElement[bool]]:
        found: dict[str, ColumnElement[bool]] = {}
        if self.groups is not None:
            found["in none of the groups"] = _has(resident_groups, self.groups)
        if self.not_groups is not None:
            found["in a group that is left out"] = ~_has(resident_groups, self.not_groups)
        if self.tags is not None:
            found["without any of the tags"] = _has(resident_tags, self.tags)
        if self.not_tags is not None:
            found["with a tag that is left out"] = ~_has(resident_tags, self.not_tags)
        return found

    def _ages(self, year: int) -> dict[str, ColumnElement[bool]]:
        born, holds = residents.c.birth_year, list[ColumnElement[bool]]()
        if self.born_from is not None:
            holds.append(born >= self.born_from)
        if self.born_to is not None:
            holds.append(born <= self.born_to)
        if self.age_from is not None:
            holds.append(born <= year - self.age_from)
        if self.age_to is not None:
            holds.append(born >= year - self.age_to)
        if not holds:
            return {}
        return {"another age, or no year of birth known": _all(holds)}

    def _reached(self) -> dict[str, ColumnElement[bool]]:
        found: dict[str, ColumnElement[bool]] = {}
        if self.channels is not None:
            on = addresses.c.channel.in_(self.channels)
            words = f"not reached on {' or '.join(self.channels)}"
            found[words] = exists().where(_theirs(addresses), on, addresses.c.closed_at.is_(None))
        if self.consent is not None:
            found[f"did not agree to {self.consent}"] = current(residents.c.id, self.consent).is_(True)
        return found

    def _contact(self, now: datetime) -> dict[str, ColumnElement[bool]]:
        found: dict[str, ColumnElement[bool]] = {}
        if (days := self.last_contact_before_days) is not None:
            found[f"contact within the last {days} days"] = ~_contact_since(now, days)
        if (days := self.last_contact_after_days) is not None:
            found[f"no contact within the last {days} days"] = _contact_since(now, days)
        if (days := self.wrote_within_days) is not None:
            found[f"wrote nothing within the last {days} days"] = _wrote_since(now, days)
        return found


def on_a_list() -> ColumnElement[bool]:
    """A stranger who only asked a question is on no list, and no audience reaches them by accident."""
    return residents.c.name.is_not(None)


def _all(holds: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *rest = holds
    for other in rest:
        first = first & other
    return first


def _theirs(table: Table) -> ColumnElement[bool]:
    return table.c.resident_id == residents.c.id


def _has(table: Table, names: list[str]) -> ColumnElement[bool]:
    member = select(table.c.resident_id).where(table.c.name.in_(names))
    return residents.c.id.in_(member)


def _contact_since(now: datetime, days: int) -> ColumnElement[bool]:
    since = now - timedelta(days=days)
    sent = exists().where(_theirs(outbox), outbox.c.sent_at > since, outbox.c.purpose != "reply")
    return or_(sent, _wrote_since(now, days))


def _wrote_since(now: datetime, days: int) -> ColumnElement[bool]:
    return exists().where(_theirs(inbound), inbound.c.received_at > now - timedelta(days=days))
