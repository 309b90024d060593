"""Migrations: bring a database to this program's version, or say clearly why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from outreach.model import BadInput
from outreach.store.engine import SETTING, Store

# Any number will do, as long as every process asks for the same one.
MIGRATION_LOCK = 771_204_118


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The revision this program's tables stand at."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


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
    current = MigrationContext.configure(connection).get_current_revision()
    if current == head():
        return
    if current is not None and not _known(current):
        raise BadInput(
            f"the database comes from a newer version of this program (revision {current}, ours is {head()})",
            where=SETTING,
            fix="install the newer version, or restore a backup made with this one",
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _known(revision: str) -> bool:
    scripts: Any = ScriptDirectory.from_config(_config())
    return any(script.revision == revision for script in scripts.walk_revisions())
