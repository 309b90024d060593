"""Names, numbers and words are sealed, and found by keyed hashes."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SEALED = {
    "residents": ("name",),
    "addresses": ("value",),
    "outbox": ("address", "text"),
    "inbound": ("address", "text"),
    "survey_answers": ("comment",),
    "cases": ("outcome",),
}
# What is looked up, and by which of its columns.
_LOOKUPS = {"addresses": "value", "outbox": "address"}
_PAGE = 2000


def upgrade() -> None:
    op.create_table(
        "keys",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keys")),
        comment="what names and numbers are sealed with; an old one still tells who had stopped by then",
    )
    bind = op.get_bind()
    bind.dialect.seals.add(bind, datetime.now(UTC))  # type: ignore[attr-defined]
    for table in _LOOKUPS:
        # Plain ADD COLUMN, which SQLite does without copying the table; so the default stays.
        op.add_column(table, sa.Column("lookup", sa.String(length=32), server_default="", nullable=False))
    op.drop_index("ix_outbox_address", table_name="outbox")
    op.drop_index("ix_addresses_channel_value", table_name="addresses")
    for table, columns in _SEALED.items():
        _seal(bind, table, columns)
    op.create_index("ix_outbox_address", "outbox", ["channel", "lookup", "id"])
    with op.batch_alter_table("addresses") as batch:
        batch.drop_constraint("uq_addresses_resident_id_channel_value", type_="unique")
        name = "uq_addresses_resident_id_channel_lookup"
        batch.create_unique_constraint(name, ["resident_id", "channel", "lookup"])
    op.create_index("ix_addresses_channel_lookup", "addresses", ["channel", "lookup"])


def _seal(bind: sa.Connection, table: str, columns: tuple[str, ...]) -> None:
    """Page by page, by id."""
    looked_up, last = _LOOKUPS.get(table), 0
    changes = [f"{name} = :{name}" for name in columns] + (["lookup = :lookup"] if looked_up else [])
    read = sa.text(
        f"SELECT id, {', '.join(columns)} FROM {table} WHERE id > :last ORDER BY id LIMIT {_PAGE}"  # noqa: S608
    )
    write = sa.text(f"UPDATE {table} SET {', '.join(changes)} WHERE id = :id")  # noqa: S608
    while rows := bind.execute(read, {"last": last}).mappings().all():
        last = rows[-1]["id"]
        bind.execute(write, [_sealed(bind.dialect, table, dict(row), looked_up) for row in rows])


def _sealed(
    dialect: sa.Dialect, table: str, row: dict[str, object], looked_up: str | None
) -> dict[str, object]:
    seals = dialect.seals  # type: ignore[attr-defined]
    values: dict[str, object] = {"id": row["id"]}
    if looked_up:
        values["lookup"] = seals.lookup(row[looked_up])
    for name, plain in row.items():
        if name != "id":
            values[name] = None if plain is None else seals.seal(plain, f"{table}.{name}")
    return values
