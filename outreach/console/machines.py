"""What machines ask: is it alive, can it send, and the figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import cases, outbox
from outreach.model import JSON
from outreach.store import Store

STANDINGS = ("open", "halted", "unattended")


class Machines:
    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def healthz(self) -> JSON:
        return {"ok": True}

    async def readyz(self) -> JSONResponse:
        """Usable: the database answers, and every lane has a worker that attends to it."""
        try:
            seen = await self._overview()
        except (SQLAlchemyError, OSError) as error:
            return JSONResponse({"ok": False, "database": str(error).splitlines()[0]}, 503)
        left = [lane["name"] for lane in seen["lanes"] if lane["state"] == "unattended"]
        ok = bool(seen["lanes"]) and not left
        figures = {
            "queued": sum(seen["queued"].values()),
            "in_doubt": seen["in_doubt"],
            "lanes": seen["lanes"],
            "planned_at": seen["planned_at"],
        }
        return JSONResponse({"ok": ok, "database": "ok", "unattended": left, **figures}, 200 if ok else 503)

    async def _overview(self) -> JSON:
        async with self._store.read() as connection:
            now = self._clock()
            return await outbox.overview(connection, now, await self._store.time(connection, now))

    async def metrics(self) -> PlainTextResponse:
        registry = CollectorRegistry()

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"outreach_{name}", words, labels, registry=registry)

        now = self._clock()
        async with self._store.read() as connection:
            agreed = await self._store.time(connection, now)
            seen = await outbox.overview(connection, now, agreed)
            gauge("cases_open", "What a person must answer").set(await cases.number_waiting(connection))
            await _states(connection, gauge("messages", "Messages by state", "state"))
        queued = gauge("queued", "Messages waiting", "lane", "channel", "priority")
        for queue in seen["queues"]:
            queued.labels(queue["lane"], queue["channel"], queue["priority"]).set(queue["n"])
        gauge("oldest_waits_seconds", "How long the oldest due message waits").set(
            seen["oldest_waits_seconds"]
        )
        gauge("in_doubt", "Messages whose fate is unknown").set(seen["in_doubt"])
        rate = gauge("lane_rate", "Messages a second of late", "lane")
        sent = gauge("lane_sent_total", "Messages sent in all", "lane")
        state = gauge("lane_state", "1 for the state the lane is in", "lane", "state")
        for lane in seen["lanes"]:
            rate.labels(lane["name"]).set(lane["rate"])
            sent.labels(lane["name"]).set(lane["sent"])
            for word in STANDINGS:
                state.labels(lane["name"], word).set(word == lane["state"])
        codes = gauge("errors", "Messages by the error they last met", "channel", "code")
        for error in seen["errors"]:
            codes.labels(error["channel"], error["code"]).set(error["messages"])
        gauge("workers", "Processes that plan and send").set(len(seen["workers"]))
        if seen["planned_at"]:
            age = (agreed - datetime.fromisoformat(seen["planned_at"])).total_seconds()
            gauge("scheduler_age_seconds", "Since the scheduler's last whole pass").set(max(age, 0.0))
        return PlainTextResponse(generate_latest(registry), media_type="text/plain; version=0.0.4")


async def _states(connection: AsyncConnection, states: Gauge) -> None:
    for state, n in (await outbox.by_state(connection)).items():
        states.labels(state).set(n)
