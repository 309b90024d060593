"""Lanes: one stream of messages a sender, held by one worker at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lanes",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("pool", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("held_by", sa.String(length=64), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("halted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("halted_reason", sa.Text(), nullable=True),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("speed", sa.Float(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lanes")),
        comment="one sender's stream of messages; held by one worker at a time",
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
        comment="the processes that plan and send, and when each was last heard of",
    )
    op.add_column("launches", sa.Column("paused_because", sa.Text(), nullable=True))
    _columns()
    _indexes()


def _columns() -> None:
    # Plain ADD COLUMN, which SQLite does without copying the table; so the default stays in the database.
    op.add_column("outbox", sa.Column("lane", sa.String(length=64), server_default="", nullable=False))
    op.add_column("outbox", sa.Column("segments", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("outbox", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    # Until lanes are registered a row stands in its channel's own.
    op.execute("UPDATE outbox SET lane = channel")


def _indexes() -> None:
    for name in ("queued", "under_way", "checkup_id", "channel_provider_id"):
        op.drop_index(f"ix_outbox_{name}", table_name="outbox")
    for name, columns, where in (
        ("queued", ["lane", "priority", "launch_id", "due_at", "id"], "state = 'queued'"),
        ("under_way", ["lane", "state"], "state IN ('sending', 'in_doubt')"),
        ("expiring", ["expires_at"], "state = 'queued' AND expires_at IS NOT NULL"),
        ("checkup_id", ["checkup_id"], "checkup_id IS NOT NULL"),
        ("provider_id", ["channel", "provider_id"], "provider_id IS NOT NULL"),
        ("error_code", ["error_code"], "error_code IS NOT NULL"),
    ):
        op.create_index(
            f"ix_outbox_{name}",
            "outbox",
            columns,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
