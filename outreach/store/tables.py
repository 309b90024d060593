"""The tables. Times are aware UTC datetimes; a state is one of the words in its comment, nothing else."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from outreach.model import State
from outreach.store.columns import Instant, version_default
from outreach.store.sealing import LooksUp, Lookup, Sealed

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in an INTEGER column.
Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True)


def _ref(name: str, table: str, *, null: bool = False, index: bool = True) -> Column[int]:
    return Column(name, Id, ForeignKey(f"{table}.id"), nullable=null, index=index)


def _index(name: str, *columns: str, where: str) -> Index:
    """A partial index of the outbox."""
    return Index(f"ix_outbox_{name}", *columns, sqlite_where=text(where), postgresql_where=text(where))


def _one_of(column: str, words: list[str]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


residents = Table(
    "residents",
    metadata,
    _id(),
    # An unnamed row is someone who wrote to us and is on no list.
    Column("name", Sealed("residents.name")),
    Column("township", Text),
    Column("language", String(16), nullable=False),
    Column("birth_year", SmallInteger),
    Column("created_at", Instant, nullable=False),
    # Erased: only the number is left, so that it is never given to another person.
    Column("erased_at", Instant),
)

resident_groups = Table(
    "resident_groups",
    metadata,
    Column("resident_id", Id, ForeignKey("residents.id"), primary_key=True),
    Column("name", String(100), primary_key=True),
)

resident_tags = Table(
    "resident_tags",
    metadata,
    Column("resident_id", Id, ForeignKey("residents.id"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    comment="what staff noted of a person; groups are what the lists say",
)

addresses = Table(
    "addresses",
    metadata,
    _id(),
    _ref("resident_id", "residents", index=False),
    Column("channel", String(16), nullable=False),
    Column("value", Sealed("addresses.value"), nullable=False),
    Column("lookup", Lookup, nullable=False, default=LooksUp("value"), server_default=""),
    # Closed: the provider said that nothing will ever arrive here.
    Column("closed_at", Instant),
    Column("closed_reason", Text),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("resident_id", "channel", "lookup"),
    Index("ix_addresses_channel_lookup", "channel", "lookup"),
    # All that decides whether a person is reached: read from the index alone.
    Index("ix_addresses_reach", "resident_id", "channel", "closed_at"),
)

consent = Table(
    "consent",
    metadata,
    _id(),
    _ref("resident_id", "residents", index=False),
    Column("purpose", String(32), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("wording", Text, nullable=False),
    Column("source", Text, nullable=False),
    # Which wording it was, to be counted by; made of the words themselves.
    Column("version", String(16), nullable=False, server_default="", default=version_default),
    # Under fourteen it is a parent's or guardian's word that counts.
    Column("by_guardian", Boolean, nullable=False, server_default=text("false")),
    # The answer stands in the index too: it is asked for every message.
    Index("ix_consent_newest", "resident_id", "purpose", "id", "given", "by_guardian"),
    comment="append-only: the newest row of a purpose is what holds",
)

erasing = Table(
    "erasing",
    metadata,
    Column("resident_id", Id, primary_key=True, autoincrement=False),
    comment="whose ledger may be deleted in this transaction; empty outside of one",
)

stops = Table(
    "stops",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("address_hash", String(64), primary_key=True),
    Column("purpose", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
    comment="what is left of a person who stopped and was erased: no address, only its keyed hash",
)

launches = Table(
    "launches",
    metadata,
    _id(),
    Column("campaign", String(100), nullable=False, index=True),
    # awaiting_approval, scheduled, running, paused, done, cancelled
    Column("state", String(20), nullable=False, index=True),
    # The file as it was when launched: a later edit changes nothing already under way.
    Column("frozen", JSON, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("cursor", Id, nullable=False, server_default="0"),
    Column("expanded", Boolean, nullable=False, server_default=text("false")),
    Column("total", Integer, nullable=False),
    # Why it stands still, where the service paused it by itself.
    Column("paused_because", Text),
    Column("launched_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

checkups = Table(
    "checkups",
    metadata,
    _id(),
    _ref("resident_id", "residents"),
    Column("plan", String(100), nullable=False),
    Column("at", Instant, nullable=False),
    Column("place", Text, nullable=False),
    # open, confirmed, moving (the resident wants another time), cancelled, done
    Column("state", String(16), nullable=False, server_default="open"),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("resident_id", "plan", "at"),
)

reminders = Table(
    "reminders",
    metadata,
    _id(),
    _ref("checkup_id", "checkups"),
    Column("step", String(100), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # scheduled, queued, skipped, cancelled
    Column("state", String(16), nullable=False, server_default="scheduled"),
    # Why it was cancelled, in words.
    Column("reason", Text),
    UniqueConstraint("checkup_id", "step"),
    Index("ix_reminders_due", "state", "due_at"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    # Step and person: whoever repeats the step finds the row already there.
    Column("key", String(200), nullable=False, unique=True),
    _ref("resident_id", "residents"),
    Column("channel", String(16), nullable=False),
    Column("address", Sealed("outbox.address"), nullable=False),
    Column("lookup", Lookup, nullable=False, default=LooksUp("address"), server_default=""),
    # The number of ours it must come from, where that matters.
    Column("sender", Text),
    # Whose stream it goes out in: a row of `lanes`, or the channel's name until there is one.
    Column("lane", String(64), nullable=False, server_default=""),
    Column("segments", SmallInteger, nullable=False, server_default="1"),
    Column("priority", SmallInteger, nullable=False),
    Column("purpose", String(32), nullable=False),
    _ref("launch_id", "launches", null=True, index=False),
    _ref("checkup_id", "checkups", null=True, index=False),
    Column("survey", String(100)),
    Column("question", String(100)),
    Column("template", String(200), nullable=False),
    Column("language", String(16), nullable=False),
    Column("text", Sealed("outbox.text"), nullable=False),
    Column("buttons", JSON, nullable=False, server_default="[]"),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("error_code", String(32)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("claimed_by", String(64)),
    Column("claimed_at", Instant),
    Column("lease_until", Instant),
    Column("provider_id", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("settled_at", Instant),
    # When text and address were removed; the rest keeps the account.
    Column("cleared_at", Instant),
    _one_of("state", list(State)),
    _index("queued", "lane", "priority", "launch_id", "due_at", "id", where="state = 'queued'"),
    _index("under_way", "lane", "state", where="state IN ('sending', 'in_doubt')"),
    _index("expiring", "expires_at", where="state = 'queued' AND expires_at IS NOT NULL"),
    # Partial, since every index that has a row must be written again whenever the row is.
    _index("checkup_id", "checkup_id", where="checkup_id IS NOT NULL"),
    _index("provider_id", "channel", "provider_id", where="provider_id IS NOT NULL"),
    _index("error_code", "error_code", where="error_code IS NOT NULL"),
    Index("ix_outbox_launch_id_state", "launch_id", "state"),
    Index("ix_outbox_address", "channel", "lookup", "id"),
)

lanes = Table(
    "lanes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("channel", String(16), nullable=False),
    # The number or messaging service of ours that it sends from; none for a bot.
    Column("sender", Text),
    # Units a second: messages on Telegram, segments on SMS.
    Column("rate", Float, nullable=False),
    # Whether it takes messages that ask for no sender of their own.
    Column("pool", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("held_by", String(64)),
    Column("held_until", Instant),
    Column("halted_until", Instant),
    Column("halted_reason", Text),
    # What its holder sent in all, and messages a second of late.
    Column("sent", BigInteger, nullable=False, server_default="0"),
    Column("speed", Float, nullable=False, server_default="0"),
    comment="one sender's stream of messages; held by one worker at a time",
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    # When its scheduler last made a whole pass.
    Column("planned_at", Instant),
    comment="the processes that plan and send, and when each was last heard of",
)

inbound = Table(
    "inbound",
    metadata,
    _id(),
    Column("channel", String(16), nullable=False),
    Column("provider_id", String(100), nullable=False),
    _ref("resident_id", "residents"),
    Column("address", Sealed("inbound.address"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Sealed("inbound.text"), nullable=False),
    # stop, start, help, greeting, linked, rating, appointment, answer, clarify, handoff, …
    Column("outcome", String(32)),
    Column("topic", String(100)),
    Column("received_at", Instant, nullable=False),
    Column("cleared_at", Instant),
    UniqueConstraint("channel", "provider_id"),
)

link_codes = Table(
    "link_codes",
    metadata,
    # Of the code itself only this is kept.
    Column("code_hash", String(64), primary_key=True),
    _ref("resident_id", "residents"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    comment="one-time codes that join a Telegram chat to a resident",
)

survey_answers = Table(
    "survey_answers",
    metadata,
    _id(),
    _ref("resident_id", "residents"),
    _ref("outbox_id", "outbox"),
    _ref("inbound_id", "inbound", index=False),
    Column("survey", String(100), nullable=False, index=True),
    Column("question", String(100), nullable=False),
    Column("rating", SmallInteger, nullable=False),
    Column("comment", Sealed("survey_answers.comment")),
    Column("at", Instant, nullable=False),
    UniqueConstraint("inbound_id"),
    comment="a second answer corrects the first; both are kept, the newest counts",
)

cases = Table(
    "cases",
    metadata,
    _id(),
    _ref("resident_id", "residents"),
    _ref("inbound_id", "inbound"),
    # question, low_score, appointment
    Column("kind", String(32), nullable=False),
    # open, closed
    Column("state", String(16), nullable=False, server_default="open", index=True),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("outcome", Sealed("cases.outcome")),
    comment="open conversations with staff: what a person must answer",
)

staff = Table(
    "staff",
    metadata,
    _id(),
    Column("name", String(100), nullable=False, unique=True),
    # viewer, operator, approver, admin
    Column("role", String(16), nullable=False),
    Column("telegram_id", String(32), unique=True),
    Column("code_hash", String(64)),
    Column("code_expires_at", Instant),
    Column("disabled_at", Instant),
    Column("created_at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    comment="append-only: each hash covers the row and the hash before it",
)

keys = Table(
    "keys",
    metadata,
    Column("name", String(16), primary_key=True),
    # None: it lies in the key file.
    Column("secret", Text),
    Column("current", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    comment="what names and numbers are sealed with; an old one still tells who had stopped by then",
)

purges = Table(
    "purges",
    metadata,
    # A local day: whoever writes its row does that night's work.
    Column("night", String(10), primary_key=True),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    # How many went, by kind.
    Column("removed", JSON, nullable=False, server_default="{}"),
    comment="what was removed each night because it was kept long enough",
)
