"""The campaign file: what staff write, checked when it is read."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from outreach.model import SMS, TELEGRAM, ChannelName
from outreach.residents import KNOWN, Audience, is_known

DAY_HOURS = 24


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
        if not is_known(purpose):
            raise ValueError(f"{purpose!r} is no purpose; use one of {', '.join(KNOWN)}")
        return purpose
