"""One-time codes that join a chat to a resident; why a reminder was cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("resident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_link_codes_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_link_codes")),
        comment="one-time codes that join a Telegram chat to a resident",
    )
    op.create_index(op.f("ix_link_codes_resident_id"), "link_codes", ["resident_id"], unique=False)
    op.add_column("reminders", sa.Column("reason", sa.Text(), nullable=True))
