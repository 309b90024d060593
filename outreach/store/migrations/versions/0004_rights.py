"""Rights: a ledger nobody can change, tags, erasure and the stops that outlive it."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = "consent is append-only: add a row that says what holds now"
# A stranger's words pass to the resident they turn out to be; nothing else ever changes.
SAME = " AND ".join(
    f"NEW.{name} {{same}} OLD.{name}"
    for name in ("id", "purpose", "given", "at", "channel", "wording", "source", "version", "by_guardian")
)
STRANGER = "EXISTS (SELECT 1 FROM residents WHERE residents.id = OLD.resident_id AND residents.name IS NULL)"
ERASED = "EXISTS (SELECT 1 FROM erasing WHERE erasing.resident_id = OLD.resident_id)"


def upgrade() -> None:
    _tables()
    _columns()
    _indexes()
    _versions()
    if op.get_bind().dialect.name == "postgresql":
        _held_by_postgresql()
    else:
        _held_by_sqlite()


def _tables() -> None:
    op.create_table(
        "resident_tags",
        sa.Column("resident_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_resident_tags_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("resident_id", "name", name=op.f("pk_resident_tags")),
        comment="what staff noted of a person; groups are what the lists say",
    )
    op.create_table(
        "erasing",
        sa.Column("resident_id", _id(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_erasing")),
        comment="whose ledger may be deleted in this transaction; empty outside of one",
    )
    op.create_table(
        "stops",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address_hash", "purpose", name=op.f("pk_stops")),
        comment="what is left of a person who stopped and was erased: no address, only its keyed hash",
    )
    op.create_table(
        "purges",
        sa.Column("night", sa.String(length=10), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("night", name=op.f("pk_purges")),
        comment="what was removed each night because it was kept long enough",
    )


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _columns() -> None:
    # Plain ADD COLUMN, which SQLite does without copying the table.
    op.add_column("residents", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("consent", sa.Column("version", sa.String(length=16), server_default="", nullable=False))
    op.add_column(
        "consent", sa.Column("by_guardian", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for table in ("outbox", "inbound"):
        op.add_column(table, sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))


def _indexes() -> None:
    op.drop_index("ix_consent_newest", table_name="consent")
    newest = ["resident_id", "purpose", "id", "given", "by_guardian"]
    op.create_index("ix_consent_newest", "consent", newest)
    op.drop_index("ix_addresses_resident_id", table_name="addresses")
    op.create_index("ix_addresses_reach", "addresses", ["resident_id", "channel", "closed_at"])


def _versions() -> None:
    connection = op.get_bind()
    ledger = sa.table("consent", sa.column("wording"), sa.column("version"))
    for wording in connection.execute(sa.select(ledger.c.wording).distinct()).scalars().all():
        version = hashlib.sha256(wording.encode()).hexdigest()[:12]
        connection.execute(sa.update(ledger).where(ledger.c.wording == wording).values(version=version))


def _held_by_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
    op.execute(
        f"CREATE TRIGGER consent_never_changes BEFORE UPDATE ON consent "
        f"WHEN NOT ({SAME.format(same='IS')} AND {STRANGER}) {refuse}"
    )
    op.execute(f"CREATE TRIGGER consent_never_goes BEFORE DELETE ON consent WHEN NOT {ERASED} {refuse}")
    # INSERT OR REPLACE deletes without asking the trigger above.
    there = "EXISTS (SELECT 1 FROM consent WHERE consent.id = NEW.id)"
    op.execute(f"CREATE TRIGGER consent_never_replaced BEFORE INSERT ON consent WHEN {there} {refuse}")


def _held_by_postgresql() -> None:
    op.execute(f"""CREATE FUNCTION consent_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF {SAME.format(same="IS NOT DISTINCT FROM")} AND {STRANGER} THEN RETURN NEW; END IF;
        ELSIF TG_OP = 'DELETE' THEN
            IF {ERASED} THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION '{APPEND_ONLY}' USING ERRCODE = 'integrity_constraint_violation';
    END $$""")
    op.execute(
        "CREATE TRIGGER consent_never_changes BEFORE UPDATE OR DELETE ON consent "
        "FOR EACH ROW EXECUTE FUNCTION consent_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER consent_never_emptied BEFORE TRUNCATE ON consent "
        "FOR EACH STATEMENT EXECUTE FUNCTION consent_is_append_only()"
    )
