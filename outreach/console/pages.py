"""The pages: what needs me now, what is going out, what came back; and what machines ask about us."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from outreach import audit, campaigns, cases, outbox, surveys
from outreach.campaigns import Campaigns
from outreach.console.gate import COOKIE, SECURITY_HEADERS, TWELVE_HOURS, Gate
from outreach.console.machines import Machines
from outreach.model import JSON, BadInput
from outreach.store import Store
from outreach.surveys import Surveys

HERE = Path(__file__).parent
WHO = "console"


class Console:
    """One object a service; each method is a page."""

    def __init__(
        self,
        store: Store,
        files: Campaigns,
        questions: Surveys,
        clock: Callable[[], datetime],
        gate: Gate,
        zone: ZoneInfo,
    ) -> None:
        self._store, self._files, self._questions, self._clock, self._gate = (
            store,
            files,
            questions,
            clock,
            gate,
        )
        self._pages = Jinja2Templates(HERE / "html")
        self._pages.env.filters["local"] = lambda text: (
            f"{datetime.fromisoformat(text).astimezone(zone):%m-%d %H:%M}"
        )

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        return self._pages.TemplateResponse(
            request, f"{name}.html", values, status_code=status, headers=SECURITY_HEADERS
        )

    async def home(self, request: Request, key: str = "") -> Any:
        if key:
            return self._sign_in(request, key)
        if not self._gate.knows(request.cookies.get(COOKIE, "")):
            return self._page(request, "signed_out", 401)
        async with self._store.read() as connection:
            values: JSON = {
                "launches": await campaigns.recent(connection, self._clock()),
                "cases": await cases.waiting(connection, self._clock()),
                "waiting": await cases.number_waiting(connection),
                "depth": sum(queue.waiting for queue in await outbox.depth(connection, self._clock())),
                "doubts": len(await outbox.doubts(connection)),
                "surveys": [await surveys.results(connection, name) for name in self._questions.names()],
            }
        return self._page(request, "home", files=self._files.names(), **values)

    def _sign_in(self, request: Request, key: str) -> Any:
        if not self._gate.opens(key):
            return self._page(request, "signed_out", 401)
        answer = RedirectResponse("/", 303, headers=SECURITY_HEADERS)
        answer.set_cookie(
            COOKIE,
            self._gate.token,
            max_age=TWELVE_HOURS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def preview(self, request: Request, name: str) -> Any:
        try:
            async with self._store.read() as connection:
                values = await self._files.preview(connection, name, self._clock())
        except BadInput as problem:
            return self._page(request, "problem", 400, problem=problem)
        return self._page(request, "preview", preview=values)

    async def launch(self, request: Request, name: str) -> Any:
        now = self._clock()
        try:
            async with self._store.write() as connection:
                launched = await self._files.launch(connection, name, by=WHO, now=now)
                await audit.note(connection, WHO, "campaign.launch", f"{name} #{launched['id']}", now)
        except BadInput as problem:
            return self._page(request, "problem", 400, problem=problem)
        self._store.wake()
        return RedirectResponse("/", 303, headers=SECURITY_HEADERS)


async def _style() -> FileResponse:
    return FileResponse(HERE / "static" / "style.css", media_type="text/css")


async def _script() -> FileResponse:
    return FileResponse(HERE / "static" / "live.js", media_type="text/javascript")


def router(
    store: Store,
    files: Campaigns,
    questions: Surveys,
    clock: Callable[[], datetime],
    key: str,
    zone: ZoneInfo,
) -> APIRouter:
    """The console's pages and the machine's questions; `key` opens the door once, a cookie keeps it open."""
    gate = Gate(key)
    pages = Console(store, files, questions, clock, gate, zone)
    routes = APIRouter(include_in_schema=False)
    signed_in = [Depends(gate)]
    routes.add_api_route("/", pages.home, response_model=None)
    routes.add_api_route("/campaigns/{name}", pages.preview, response_model=None, dependencies=signed_in)
    routes.add_api_route(
        "/campaigns/{name}/launch",
        pages.launch,
        methods=["POST"],
        response_model=None,
        dependencies=signed_in,
    )
    routes.add_api_route("/static/style.css", _style)
    routes.add_api_route("/static/live.js", _script)
    machines = Machines(store, clock)
    routes.add_api_route("/healthz", machines.healthz)
    routes.add_api_route("/readyz", machines.readyz)
    routes.add_api_route("/metrics", machines.metrics)
    return routes
