"""Guides under way."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "guide_runs",
        sa.Column("id", number, nullable=False),
        sa.Column("resident_id", number, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("guide", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_guide_runs_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_runs")),
        comment="guides under way; a row goes when its guide ends, is left, or is a day old",
    )
    op.create_index(op.f("ix_guide_runs_resident_id"), "guide_runs", ["resident_id"], unique=False)
