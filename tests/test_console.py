"""The console and what machines ask: closed to strangers, safe from residents' words, honest if broken."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar
from conftest import ROOT
from sqlalchemy import select
from world import World, opened_world, until

from outreach.store import tables
from outreach.store.tables import launches

MEI = "+8619912345678"
YES = {"consent_care": "是"}
PAGES = ("/", "/campaigns/hello", "/campaigns/none", "/?key=guessed", "/?key=")
SCRIPT = "驾照<script>alert(document.cookie)</script><img src=x onerror=alert(1)>"
# One database is enough for what does not depend on it.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Browser:
    """A staff member's browser: keeps cookies, follows nothing by itself."""

    def __init__(self, base: str, session: ClientSession) -> None:
        self._base, self._session = base, session

    async def opens(self, path: str, method: str = "GET", **more: Any) -> tuple[int, str, Any]:
        async with self._session.request(method, self._base + path, allow_redirects=False, **more) as answer:
            return answer.status, await answer.text(), answer.headers


@contextlib.asynccontextmanager
async def browser(world: World, *, signed_in: bool = True) -> AsyncIterator[Browser]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        one = Browser(world.base, session)
        if signed_in:
            assert (await one.opens(f"/?key={world.app.key}"))[0] == 303
        yield one


@on_sqlite
async def test_stranger_sees_nothing_of_anybody(world: World) -> None:
    await world.knows({"name": "张梅", "phone": MEI, **YES})
    await world.texts(MEI, "我家孩子的事，驾照怎么换")
    await world.launch("hello")
    await world.quiet(heard=1)
    async with browser(world, signed_in=False) as stranger:
        for cookie in ("", "guessed", world.app.key):
            for path in PAGES:
                cookies = {"Cookie": f"outreach={cookie}"}
                status, page, _ = await stranger.opens(path, headers=cookies)
                assert status == 401, path
                for word in ("张梅", MEI, "孩子的事", "hello", world.app.key):
                    assert word not in page
        for path in ("/docs", "/redoc", "/static/../pages.py", "/static/%2e%2e/pages.py"):
            assert (await stranger.opens(path))[0] == 404, path


@on_sqlite
async def test_link_opens_the_door_and_the_cookie_keeps_it_open(world: World) -> None:
    async with browser(world, signed_in=False) as one:
        status, page, headers = await one.opens(f"/?key={world.app.key}")
        cookie = headers["Set-Cookie"]
        assert (status, headers["Location"]) == (303, "/"), "the key leaves the address bar"
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert world.app.key not in cookie + page
        assert (await one.opens("/"))[0] == 200
        assert (await one.opens("/campaigns/hello"))[0] == 200
        status, _, headers = await one.opens("/?key=guessed")
        assert status == 401
        assert "Set-Cookie" not in headers


@on_sqlite
async def test_pages_let_nothing_in_from_outside(world: World) -> None:
    async with browser(world) as one, browser(world, signed_in=False) as stranger:
        for visitor, path in (
            (one, "/"),
            (one, "/campaigns/hello"),
            (one, "/campaigns/none"),
            (stranger, "/"),
        ):
            _, page, headers = await visitor.opens(path)
            policy = {
                part.split()[0]: part.split()[1:] for part in headers["Content-Security-Policy"].split(";")
            }
            assert policy["default-src"] == ["'self'"]
            assert policy["frame-ancestors"] == ["'none'"]
            assert "unsafe" not in str(policy)
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert "//" not in page.replace("<!doctype", ""), "no address but our own"
            assert "<script>" not in page
            assert " style=" not in page
            assert " onclick=" not in page
        for path, kind in (("/static/style.css", "text/css"), ("/static/live.js", "text/javascript")):
            status, _, headers = await one.opens(path)
            assert (status, headers["Content-Type"].split(";")[0]) == (200, kind)


@on_sqlite
async def test_residents_words_are_shown_as_words(world: World) -> None:
    await world.knows({"name": SCRIPT[:60], "phone": MEI, **YES})
    await world.texts(MEI, SCRIPT)
    await world.quiet(heard=1)
    async with browser(world) as one:
        _, page, _ = await one.opens("/")
        assert "驾照&lt;script&gt;" in page
        _, preview, _ = await one.opens("/campaigns/hello")
        assert "&lt;script&gt;" in preview
        for text in (page, preview):
            assert "<script>alert" not in text
            assert "<img" not in text
        _, problem, _ = await one.opens("/campaigns/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert "<script>alert" not in problem


async def test_launch_is_a_post_of_somebody_signed_in(world: World) -> None:
    await world.knows({"name": "张梅", "phone": MEI, **YES})
    path = "/campaigns/hello/launch"
    async with browser(world, signed_in=False) as stranger:
        assert (await stranger.opens(path, "POST"))[0] == 401
    async with browser(world) as one:
        assert (await one.opens(path, "GET"))[0] in (404, 405), "a link cannot launch"
        assert await world.read(select(launches)) == []
        status, _, headers = await one.opens(path, "POST")
        assert (status, headers["Location"]) == (303, "/")
        await world.plan()
        await world.quiet()
        assert len(await world.to_number(MEI)) == 1
        assert "hello" in (await one.opens("/"))[1]
        acts = await world.read(select(tables.audit))
        assert [(act.who, act.what, act.subject) for act in acts] == [
            ("console", "campaign.launch", "hello #1")
        ]


@on_sqlite
async def test_launch_that_cannot_be_is_explained(world: World) -> None:
    async with browser(world) as one:
        for name, words in (("none", "hello"), ("hello", "nobody"), ("..%2Fhello", "campaign")):
            status, page, _ = await one.opens(f"/campaigns/{name}/launch", "POST")
            assert status in (400, 404), name
            assert "Traceback" not in page
            assert status == 404 or words in page
    assert await world.read(select(launches)) == []


# -- what machines ask


async def test_machines_are_told_how_things_stand(world: World) -> None:
    await world.knows({"name": "张梅", "phone": MEI, **YES}, {"name": "王芳", "phone": "+8619912345670"})
    await world.launch("hello")
    await world.plan()
    await world.texts(MEI, "驾照怎么换")
    await world.quiet(heard=1)
    assert await world.get("/healthz") == (200, '{"ok":true}')
    status, body = await world.get("/readyz")
    ready = json.loads(body)
    assert (status, ready["ok"], ready["queued"], ready["unattended"]) == (200, True, 0, [])
    assert {lane["name"]: lane["state"] for lane in ready["lanes"]} == {
        "sms:+15005550006": "open",
        "telegram:4200": "open",
    }
    lines: dict[str, str] = {}

    async def has_beaten() -> bool:
        """The scheduler's first pass is told with the next beat."""
        status, metrics = await world.get("/metrics")
        assert status == 200
        lines.update(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
        return "outreach_scheduler_age_seconds" in lines

    await until(has_beaten)
    assert float(lines['outreach_messages{state="delivered"}']) == 2
    assert float(lines['outreach_messages{state="suppressed"}']) == 1
    assert float(lines["outreach_cases_open"]) == 1
    assert float(lines['outreach_lane_state{lane="telegram:4200",state="open"}']) == 1
    assert float(lines["outreach_in_doubt"]) == 0
    assert float(lines["outreach_workers"]) == 1
    assert 0 <= float(lines["outreach_scheduler_age_seconds"]) < 30
    assert not any(MEI in line for line in lines)


async def test_not_ready_once_the_database_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with opened_world(f"sqlite+aiosqlite:///{folder}/outreach.db", ROOT) as world:
        assert (await world.get("/readyz"))[0] == 200
        # The pool's connections keep the old file open; new ones find nothing.
        await world.app.store.close()
        shutil.rmtree(folder)
        status, body = await asyncio.wait_for(world.get("/readyz"), 10)
        assert status == 503
        assert '"ok":false' in body
        assert (await world.get("/healthz"))[0] == 200, "alive all the same"
        folder.mkdir()


@pytest.mark.parametrize("path", ["/metrics", "/"])
async def test_machine_pages_survive_a_lost_database(tmp_path: Path, path: str) -> None:
    """A page that cannot be made says so, without the program's inside."""
    folder = tmp_path / "data"
    async with opened_world(f"sqlite+aiosqlite:///{folder}/outreach.db", ROOT) as world:
        async with browser(world) as one:
            await world.app.store.close()
            shutil.rmtree(folder)
            status, body, _ = await one.opens(path)
            assert status >= 500
            assert "Traceback" not in body
            assert "sqlite" not in body.lower()
        folder.mkdir()
