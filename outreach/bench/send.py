"""`outreach bench send`: the sending engine, part by part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from outreach.bench.answering import reply_part
from outreach.bench.backlog import claim_part
from outreach.bench.celery_rival import celery_part
from outreach.bench.figures import Figure
from outreach.bench.ground import Ground, Options, ground
from outreach.bench.overhead import engine_part, http_part
from outreach.bench.pacing import pace_part
from outreach.bench.procrastinate_rival import procrastinate_part
from outreach.bench.resuming import resume_part
from outreach.bench.rivals import gather_part
from outreach.bench.scaling import workers_part

Part = Callable[[Ground], Iterator[Figure]]
PARTS: Mapping[str, Part] = {
    "engine": engine_part,
    "http": http_part,
    "gather": gather_part,
    "celery": celery_part,
    "procrastinate": procrastinate_part,
    "workers": workers_part,
    "pace": pace_part,
    "reply": reply_part,
    "claim": claim_part,
    "resume": resume_part,
}


def send(options: Options) -> list[Figure]:
    """All parts, or those that are asked for."""
    figures: list[Figure] = []
    with ground(options) as stand:
        for name in options.only or PARTS:
            started, before = time.monotonic(), len(figures)
            for figure in PARTS[name](stand):
                stand.tell(f"  {figure}")
                figures.append(figure)
            if len(figures) > before:
                stand.tell(f"{name}: took {time.monotonic() - started:.0f} s")
    return figures
