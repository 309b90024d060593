"""The table of guides under way, in the same catalogue as the rest."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, SmallInteger, String, Table

from outreach.store.columns import Instant
from outreach.store.sealing import Sealed
from outreach.store.tables import Id, metadata

guide_runs = Table(
    "guide_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("resident_id", Id, ForeignKey("residents.id"), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("guide", Sealed("guide_runs.guide"), nullable=False),
    Column("language", String(16), nullable=False),
    # The answers so far by question, as JSON.
    Column("answers", Sealed("guide_runs.answers"), nullable=False),
    # The question that waits for an answer, and how often it was not understood.
    Column("asked", String(64), nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("started_at", Instant, nullable=False),
    Column("asked_at", Instant, nullable=False),
    comment="guides under way; a row goes when its guide ends, is left, or is a day old",
)
