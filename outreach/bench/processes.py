"""Processes of ours beside this one: started in a group of their own, and always ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import outreach
from outreach.model import BadInput

PATIENCE, LOOK_SECONDS = 10.0, 0.05
# A real token must not get into a benchmark; and no start compiles every library again.
_LEFT_BEHIND = ("OUTREACH_", "PYTHONDONTWRITEBYTECODE")
_WHERE = str(Path(outreach.__file__).parent.parent)


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """This command; it, and all that it started, is ended afterwards.

    Its stdin ends when we do, however we end. What it complains of goes to `log`.
    """
    path = os.pathsep.join(filter(None, (_WHERE, os.environ.get("PYTHONPATH"))))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_BEHIND)}
    with log.open("ab") as complaints:
        process = subprocess.Popen(  # noqa: S603
            list(command),
            cwd=log.parent,
            env={**kept, "PYTHONPATH": path, "PYTHONUTF8": "1", **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            # An interrupt at the terminal is for us, and we end it in order.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def worker() -> list[str]:
    """The command for `outreach worker`, wherever the program lies."""
    return [sys.executable, "-c", "from outreach.cli import main; main()", "worker"]


def said_last(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def until(holds: Callable[[], bool], otherwise: Callable[[], str], seconds: float = 120.0) -> None:
    """Waits for something outside this process; BadInput where it does not come true."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise BadInput(otherwise(), where="bench")
        time.sleep(LOOK_SECONDS)


def resident_mb(pid: int | str = "self") -> float:
    """The memory a process holds; 0 where the system does not say so in /proc."""
    return _status_mb(pid, "VmRSS:")


def peak_mb(pid: int | str = "self") -> float:
    """The most it held so far; 0 where the system does not say so."""
    return _status_mb(pid, "VmHWM:")


def _status_mb(pid: int | str, name: str) -> float:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024
    return 0.0
