"""Migrations: bring a database to this program's version, or say clearly why not."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from outreach.model import BadInput
from outreach.store.engine import SETTING, Store

VERSIONS = Path(__file__).parent / "migrations" / "versions"
# Any number will do, as long as every process asks for the same one.
MIGRATION_LOCK = 771_204_118


def _revisions() -> list[str]:
    """Every revision there ever was, oldest first: each file is called by its own."""
    return sorted(file.stem.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py"))


def head() -> str:
    """The revision this program's tables stand at."""
    return _revisions()[-1]


async def upgrade(store: Store) -> str:
    """Brings the database to `head()` and returns it; does nothing where it is there already.

    Raises BadInput where the database cannot be opened or comes from a newer version.
    """
    try:
        async with store.write() as connection:
            await connection.run_sync(_upgrade)
    except DBAPIError as error:
        raise BadInput(f"the database cannot be used: {error.orig}", where=SETTING) from None
    except TypeError as error:
        # asyncpg takes an unknown option of the address for a keyword argument.
        fix = "asyncpg's options are named in its documentation; for sslmode=require write ssl=require"
        raise BadInput(f"an option of the address is not known: {error}", where=SETTING, fix=fix) from None
    except (OSError, TimeoutError) as error:
        host = make_url(store.url).host
        raise BadInput(f"no database answers at {host}: {error or 'timed out'}", where=SETTING) from None
    return head()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    current = _current(connection)
    if current == head():
        connection.dialect.seals.load(connection)  # type: ignore[attr-defined]
        return
    if current is not None and current not in _revisions():
        raise BadInput(
            f"the database comes from a newer version of this program (revision {current}, ours is {head()})",
            where=SETTING,
            fix="install the newer version, or restore a backup made with this one",
        )
    # Alembic takes ten megabytes and a tenth of a second: only where there is something to migrate.
    from outreach.store.migrating import migrate

    migrate(connection)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
