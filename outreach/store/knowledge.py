"""The tables behind the policy answers, in the same catalogue as the rest."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from outreach.store.columns import Instant
from outreach.store.tables import Id, metadata

article_texts = Table(
    "article_texts",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("topic", String(100), nullable=False),
    Column("language", String(16), nullable=False),
    Column("source", Text, nullable=False),
    # What each fact of the county read in it.
    Column("facts", JSON, nullable=False, server_default="{}"),
    Column("first_used_at", Instant, nullable=False),
    comment="every wording that residents were ever answered in",
)

answers = Table(
    "answers",
    metadata,
    Column("id", Id, primary_key=True),
    # None once the question's words or the person are gone.
    Column("inbound_id", Id, ForeignKey("inbound.id")),
    Column("resident_id", Id, ForeignKey("residents.id"), nullable=False, index=True),
    Column("topic", String(100)),
    Column("language", String(16), nullable=False),
    # Of article_texts; none where no article answered.
    Column("version", String(16)),
    # answer, clarify, handoff, …
    Column("outcome", String(32), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("at", Instant, nullable=False),
    Column("helpful", Boolean),
    Column("helpful_at", Instant),
    UniqueConstraint("inbound_id"),
    comment="how each question was dealt with, and whether that helped",
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("topic", String(100), nullable=False),
    Column("language", String(16), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("author", Text, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("published_by", Text),
    Column("published_at", Instant),
    comment="articles handed in by one person, to be published by another; the newest of a file counts",
)
