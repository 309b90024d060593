"""The articles of a service that runs: what was published is answered from, without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path

import structlog

from outreach.knowledge.answering import Answer, Knowledge
from outreach.knowledge.articles import Article
from outreach.knowledge.elsewhere import FOLDER as ELSEWHERE
from outreach.knowledge.finding import WORDS
from outreach.templates import Templates

LOOK_EVERY = 2.0
log = structlog.get_logger()


class LiveKnowledge(Knowledge):
    """`Knowledge` that reads its folder again when a file in it has changed, looked at every two seconds.

    Reading takes seconds, and goes on beside the answers, on `beside`. A broken edit is logged, and answers
    go on coming from what was there before it. `clock` gives seconds.
    """

    def __init__(
        self,
        folder: Path,
        templates: Templates,
        clock: Callable[[], float] = time.monotonic,
        beside: Executor | None = None,
    ) -> None:
        self._folder, self._clock = folder, clock
        self._beside = beside or ThreadPoolExecutor(1, "knowledge")
        self._coming: Future[Knowledge] | None = None
        self._looked_at, self._seen = clock(), _signature(folder)
        super().__init__(folder, templates)

    def ask(self, question: str, language: str, today: date, after: str | None = None) -> Answer:
        self._look()
        return super().ask(question, language, today, after)

    def article(self, topic: str, language: str) -> Article | None:
        self._look()
        return super().article(topic, language)

    def topics(self) -> list[str]:
        self._look()
        return super().topics()

    def _look(self) -> None:
        now = self._clock()
        if self._coming is None and now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            # Taken before the files are read: a change in between is seen the next time.
            seen = _signature(self._folder)
            if seen != self._seen:
                self._seen = seen
                self._coming = self._beside.submit(self._read)
        if self._coming and self._coming.done():
            coming, self._coming = self._coming, None
            self._take(coming.result())

    def _read(self) -> Knowledge:
        fresh = Knowledge(self._folder, self._templates)
        if not fresh.problems:
            fresh.warm()
        return fresh

    def _take(self, fresh: Knowledge) -> None:
        if fresh.problems:
            first = fresh.problems[0]
            where = f"{first.file}:{first.line}"
            log.warning("knowledge_kept", where=where, problem=first.problem, problems=len(fresh.problems))
            return
        vars(self).update(vars(fresh))
        log.info("knowledge_reloaded", topics=len(super().topics()))


def _signature(folder: Path) -> frozenset[tuple[str, int, int]]:
    """The name, size and time of change of every article, and of the lists beside them."""
    found = []
    for file in (*folder.glob("*.md"), *folder.glob(WORDS), *folder.glob(f"{ELSEWHERE}/*.toml")):
        try:
            state = file.stat()
        except OSError:
            continue
        found.append((file.name, state.st_size, state.st_mtime_ns))
    return frozenset(found)
