"""What became of a launch: an account that adds up at every moment, and a staff member's hand on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, BadInput, iso
from outreach.outbox import by_state, cancel
from outreach.store.tables import launches, outbox

LATELY = timedelta(seconds=15)


def _title(frozen: JSON, name: str) -> str:
    title = frozen.get("title") or name
    return str(title.get("zh-Hans") or next(iter(title.values()))) if isinstance(title, dict) else str(title)


async def rows(connection: AsyncConnection, launch_id: int) -> int:
    return sum((await by_state(connection, outbox.c.launch_id == launch_id)).values())


_UNDER_WAY = ("queued", "sending")


async def finish(connection: AsyncConnection) -> int:
    """Marks launches done whose last message has left the queue; returns how many."""
    # Locked first, looked at afterwards: whoever queues a message again in between is waited for.
    ids = (await connection.execute(_RUNNING.with_for_update(skip_locked=True))).scalars().all()
    if not ids:
        return 0
    statement = update(launches).where(launches.c.id.in_(ids), ~_WAITING.exists()).values(state="done")
    return (await connection.execute(statement)).rowcount


def finished() -> Select[Any]:
    """Launches that `finish` would mark."""
    return _RUNNING.where(~_WAITING.exists())


_RUNNING = select(launches.c.id).where(launches.c.state == "running", launches.c.expanded)
_WAITING = select(outbox.c.id).where(outbox.c.launch_id == launches.c.id, outbox.c.state.in_(_UNDER_WAY))


async def status(connection: AsyncConnection, launch_id: int, now: datetime) -> JSON:
    """One launch's account: the counts of all but `total` add up to `total`, at every moment."""
    launch = await _launch(connection, launch_id)
    counts = await by_state(connection, outbox.c.launch_id == launch_id)
    unread = max(0, launch.total - sum(counts.values()))
    counts["cancelled" if launch.state == "cancelled" else "queued"] += unread
    rate = await _rate(connection, launch_id, now)
    left = counts["queued"] + counts["sending"]
    eta = now + timedelta(seconds=left / rate) if rate and launch.state == "running" else None
    return {
        "id": launch.id,
        "name": launch.campaign,
        "title": _title(launch.frozen, launch.campaign),
        "state": launch.state,
        "total": sum(counts.values()),
        **counts,
        "rate": round(rate, 2),
        "eta": iso(eta),
        "launched_by": launch.launched_by,
        "starts_at": iso(launch.starts_at),
        "paused_because": launch.paused_because,
    }


async def _rate(connection: AsyncConnection, launch_id: int, now: datetime) -> float:
    """Messages a second over the last quarter of a minute."""
    lately = select(func.count()).where(outbox.c.launch_id == launch_id, outbox.c.sent_at > now - LATELY)
    return float((await connection.execute(lately)).scalar_one()) / LATELY.total_seconds()


async def recent(connection: AsyncConnection, now: datetime, *, limit: int = 20) -> list[JSON]:
    """The newest launches with their accounts."""
    ids = select(launches.c.id).order_by(launches.c.id.desc()).limit(limit)
    return [
        await status(connection, number, now) for number in (await connection.execute(ids)).scalars().all()
    ]


_MOVES = {
    "pause": (("running", "scheduled"), "paused"),
    "resume": (("paused",), "running"),
    "approve": (("awaiting_approval",), "running"),
    "cancel": (("running", "scheduled", "paused", "awaiting_approval"), "cancelled"),
}


async def move(connection: AsyncConnection, launch_id: int, verb: str, now: datetime) -> JSON:
    """Pauses, resumes, approves or cancels a launch; what is on its way stays so. Returns its status."""
    before, after = _MOVES[verb]
    launch = await _launch(connection, launch_id)
    if launch.state not in before:
        raise BadInput(f"a launch that is {launch.state} cannot be {after}", where=f"launch {launch_id}")
    state = "scheduled" if after == "running" and launch.starts_at > now else after
    values = {"state": state, "paused_because": None}
    await connection.execute(update(launches).where(launches.c.id == launch_id).values(**values))
    if verb == "cancel":
        await cancel(
            connection, outbox.c.launch_id == launch_id, reason="the campaign was cancelled", now=now
        )
    return await status(connection, launch_id, now)


async def must_be_another(connection: AsyncConnection, launch_id: int, name: str) -> None:
    """BadInput where this person launched it: two pairs of eyes read what many are to get."""
    if (await _launch(connection, launch_id)).launched_by == name:
        fix = "ask somebody else with the role approver or admin"
        raise BadInput("who launched it may not approve it", where=f"launch {launch_id}", fix=fix)


async def hold_back(connection: AsyncConnection, launch_id: int, why: str) -> str | None:
    """Pauses a running launch by itself, until a person resumes it. Its campaign's name, or None."""
    statement = (
        update(launches)
        .where(launches.c.id == launch_id, launches.c.state == "running")
        .values(state="paused", paused_because=why)
        .returning(launches.c.campaign)
    )
    name: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return name


async def held_back(connection: AsyncConnection) -> list[tuple[int, str, str]]:
    """Launches that the service paused by itself: number, campaign, why."""
    statement = select(launches.c.id, launches.c.campaign, launches.c.paused_because).where(
        launches.c.state == "paused", launches.c.paused_because.is_not(None)
    )
    return [(row.id, row.campaign, row.paused_because) for row in await connection.execute(statement)]


async def _launch(connection: AsyncConnection, launch_id: int) -> Any:
    row = (await connection.execute(select(launches).where(launches.c.id == launch_id))).first()
    if row is None:
        raise BadInput("there is no such launch", where=str(launch_id), fix="see `outreach campaign list`")
    return row
