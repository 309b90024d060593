"""How soon a reply goes out while a campaign does: one worker, in a process of its own.

The worker's process measures when a reply was committed, the simulator when its call came in.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator

from outreach.app import App
from outreach.bench import engine
from outreach.bench.figures import Figure, Target, pace, percentile
from outreach.bench.filling import address
from outreach.bench.ground import Ground, environment
from outreach.bench.processes import resident_mb, running, said_last
from outreach.model import JSON, TELEGRAM, BadInput
from outreach.settings import load

RATE = 30
QUEUED, MOST_QUEUED = 100_000, 1_000_000
REPLIES, GAP_SECONDS, WARM_SECONDS = 100, 0.15, 1.0
REPLY = "谢谢您的来信。"
# A chat of its own for each, by which it is told from the campaign.
FIRST_REPLY = 5_000_000
# As the command does, the child holds the whole program: its memory is what an operator sees.
CHILD = f"""
from outreach.cli import output
from {__name__} import main
output.set_up_logging("ERROR", "text")
main()
"""


def reply_part(ground: Ground) -> Iterator[Figure]:
    """From a reply's commit until its call, and the memory it takes.

    Its baseline is the lane's own gap between two messages, since no reply may break the pace.
    """
    queued = MOST_QUEUED if ground.options.full else QUEUED
    for kind in ground.databases:
        ground.tell(f"reply {kind}: {REPLIES} replies while a campaign of {queued:,} goes out at {RATE}/s")
        ground.outside.clear()
        found = _in_a_process(ground, kind, queued)
        taken = ground.outside.taken(TELEGRAM)
        waits = _waits({int(entry["chat_id"]): float(entry["at"]) for entry in taken}, found["committed"])
        gap, against = 1000 / pace(ground.outside.arrivals(TELEGRAM)), "the gap between two messages"
        half, late = (percentile(waits, percent) for percent in (50, 99))
        detail = f"p50 {half:.1f}, p99 {late:.1f}, longest {max(waits):.1f} ms"
        yield Figure(f"reply p50 {kind}", half, "ms", gap, against, None, detail)
        yield Figure(f"reply p99 {kind}", late, "ms", gap, against, Target(most=50, unit="ms"), detail)
        before, after = found["before"], found["after"]
        told = f"{queued:,} messages queued"
        limit = Target(most=120, unit="MB")
        yield Figure(f"worker's memory {kind}", after, "MB", before, "before the replies", limit, told)


def _waits(arrived: dict[int, float], committed: list[float]) -> list[float]:
    """Milliseconds from each commit until that reply's call came in."""
    chats = [int(address(TELEGRAM, FIRST_REPLY + turn).value) for turn in range(len(committed))]
    return [1000 * (arrived[chat] - moment) for chat, moment in zip(chats, committed, strict=True)]


def _in_a_process(ground: Ground, kind: str, queued: int) -> JSON:
    settings = ground.settings(ground.new_database(kind), telegram_rate=RATE)

    async def prepare() -> None:
        async with engine.ready(settings) as app:
            await engine.queue(app, TELEGRAM, queued)

    asyncio.run(prepare())
    log = ground.folder / "answering.log"
    with running([sys.executable, "-c", CHILD], log, environment(settings)) as process:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise BadInput(f"the worker ended early: {said_last(log)}", where="bench")
        found: JSON = json.loads(line)
        return found


def main() -> None:
    """The child: sends the campaign and answers meanwhile; says when, and what memory it held."""
    print(json.dumps(asyncio.run(_answer())), flush=True)


async def _answer() -> JSON:
    async with engine.ready(load()) as app, engine.sending(app):
        await asyncio.sleep(WARM_SECONDS)
        before = resident_mb()
        committed = [await _replied(app, turn) for turn in range(REPLIES)]
        await asyncio.sleep(WARM_SECONDS)
        return {"committed": committed, "before": before, "after": resident_mb()}


async def _replied(app: App, turn: int) -> float:
    await asyncio.sleep(GAP_SECONDS)
    return await engine.reply(app, address(TELEGRAM, FIRST_REPLY + turn), turn + 1, REPLY, f"reply:{turn}")
