"""What is known of a case: which benefit, since when, which township."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("details", sa.Text(), nullable=True))
