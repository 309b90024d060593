"""What tests stand on: both databases, the shipped content, a fixed time, the running service."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from world import World, opened_world

from outreach.app import Content
from outreach.bench.postgres import Postgres, postgres_programs
from outreach.settings import Settings
from outreach.store import Store, upgrade

ROOT = Path(__file__).parent.parent
# A Wednesday, ten in the morning in the county.
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip(
            "NO POSTGRESQL: neither the machine nor the package has one, half of the store is untested"
        )
    # Not pytest's own folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="outreach-pg-"))
    server = Postgres(programs, folder)
    # The first test to ask may be inside a running loop, so this one runs beside it.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, _prepare(server)).result()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


async def _prepare(server: Postgres) -> None:
    """Waits for the server, and migrates once into a template that every test copies."""
    for _ in range(100):
        try:
            connection = await asyncpg.connect(
                user="tester", host="127.0.0.1", port=server.port, database="postgres"
            )
            break
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
    else:
        raise RuntimeError("PostgreSQL did not start")
    await connection.execute("CREATE DATABASE migrated")
    await connection.close()
    store = Store(server.url("migrated"))
    await upgrade(store)
    await store.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows: migrated once, and copied for every test."""
    file = tmp_path_factory.mktemp("migrated") / "outreach.db"

    async def prepare() -> None:
        store = Store(f"sqlite+aiosqlite:///{file}")
        await upgrade(store)
        await store.close()

    # The first test to ask may be inside a running loop, so this one runs beside it.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, prepare()).result()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> AsyncIterator[str]:
    """A new, migrated database of either kind."""
    if request.param == "sqlite":
        shutil.copyfile(migrated, tmp_path / "outreach.db")
        yield f"sqlite+aiosqlite:///{tmp_path}/outreach.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    connection = await asyncpg.connect(user="tester", host="127.0.0.1", port=server.port, database="postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    yield server.url(name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = Store(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def content() -> Content:
    """What the repository ships."""
    return Content.load(
        Settings(_env_file=None, templates_dir=ROOT / "templates", campaigns_dir=ROOT / "campaigns")
    )


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The whole service, running, with the simulator outside."""
    async with opened_world(database_url, ROOT) as opened:
        yield opened
