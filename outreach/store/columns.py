"""Kinds of columns that both databases keep alike: times, and what is made of a wording."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite has no time zones, so they are put on again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=1024)
def version_of(wording: str) -> str:
    """The version of a wording: the same words have the same one, for ever and everywhere."""
    return hashlib.sha256(wording.encode()).hexdigest()[:12]


def version_default(context: Any) -> str:
    return version_of(context.get_current_parameters()["wording"])
