"""The command line as staff use it: real processes, real pipes, real exit codes.

A start costs seconds, most of it imports. So `run` forks each command from one process that has imported the
program already; `start` begins from nothing, as `python bot.py` does.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PATIENCE = 20.0

_SERVER = """
import json, os, runpy, sys, traceback
sys.path.insert(0, sys.argv[1])
import outreach.cli

def command(job):
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    for number, name in enumerate(("stdin", "out", "err")):
        os.dup2(os.open(job[name], os.O_WRONLY if number else os.O_RDONLY), number)
    sys.stdin = open(0)
    sys.argv = ["bot.py", *job["args"]]
    try:
        runpy.run_path(job["program"], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

while line := sys.stdin.readline():
    child = os.fork()
    if not child:
        code = command(json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; fails where there is anything else."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        return self.out + self.err


class Terminal:
    """A staff member's shell: a folder of its own, and settings that hold for every command."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings: dict[str, object] = {
            "database_url": f"sqlite+aiosqlite:///{folder}/outreach.db",
            "templates_dir": ROOT / "templates",
            "campaigns_dir": ROOT / "campaigns",
            **settings,
        }

    def run(self, *arguments: str, stdin: str = "", **settings: object) -> Ran:
        """One command to its end."""
        with tempfile.TemporaryDirectory() as streams:
            files = {name: str(Path(streams) / name) for name in ("stdin", "out", "err")}
            for file in files.values():
                Path(file).write_text(stdin if file.endswith("stdin") else "", "utf-8")
            job = {"args": arguments, "cwd": str(self.folder), "env": self._environment(settings), **files}
            code = _ask(json.dumps({**job, "program": str(ROOT / "bot.py")}))
            return Ran(code, *(Path(files[name]).read_text("utf-8") for name in ("out", "err")))

    async def runs(self, *arguments: str, **more: Any) -> Ran:
        """`run` beside a running loop, where the simulator answers."""
        return await asyncio.to_thread(self.run, *arguments, **more)

    def start(self, *arguments: str, **settings: object) -> subprocess.Popen[str]:
        """A command that goes on, in a process of its own from the start."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "bot.py"), *arguments],
            cwd=self.folder,
            env=self._environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _environment(self, settings: dict[str, object]) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("OUTREACH_")}
        own = {f"OUTREACH_{name.upper()}": str(value) for name, value in (self.settings | settings).items()}
        return kept | {"PYTHONUTF8": "1", "COLUMNS": "200"} | own


@functools.cache
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    atexit.register(_end, server)
    return server


def _end(server: subprocess.Popen[str]) -> None:
    with server:
        os.killpg(server.pid, signal.SIGKILL)


def _ask(job: str) -> int:
    server = _server()
    assert server.stdin
    assert server.stdout
    server.stdin.write(job + "\n")
    server.stdin.flush()
    if not select.select([server.stdout], [], [], PATIENCE)[0]:
        _end(server)
        _server.cache_clear()
        raise TimeoutError(f"did not end within {PATIENCE:.0f} s: {json.loads(job)['args']}")
    return int(server.stdout.readline())
