"""The console: nothing without signing in, nothing that runs in the browser but ours, and true figures."""

from __future__ import annotations

import asyncio

import aiohttp
from world import World

YES = {"consent_care": "是"}


async def test_signed_out_sees_nothing(world: World) -> None:
    await world.says(88, "我叫张秘密，驾照怎么换")
    await world.quiet(heard=1)
    for path in ("/", "/?key=guessed", "/campaigns/hello"):
        status, text = await world.get(path)
        assert status == 401
        assert "张秘密" not in text
    assert await world.post("/campaigns/hello/launch") == 401


async def test_link_signs_in_and_text_of_residents_is_shown_never_run(world: World) -> None:
    await world.says(88, "<script>alert(1)</script> 驾照怎么换")
    await world.quiet(heard=1)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{world.base}/?key={world.app.key}", allow_redirects=False) as answer:
            assert answer.status == 303
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert world.app.key not in cookie
        async with browser.get(f"{world.base}/") as answer:
            page = await answer.text()
            policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


async def test_launch_from_the_console_reaches_the_phone_once(world: World) -> None:
    await world.knows({"name": "张梅", "telegram_id": "501", **YES}, {"name": "李强", "telegram_id": "502"})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{world.base}/?key={world.app.key}") as answer:
            assert answer.status == 200
        async with browser.get(f"{world.base}/campaigns/hello") as answer:
            preview = await answer.text()
        assert "一共 2 人" in preview
        async with browser.get(f"{world.base}/campaigns/nothing") as answer:
            assert answer.status == 400
        async with browser.post(f"{world.base}/campaigns/hello/launch") as answer:
            assert "欢迎您" in await answer.text()
    await world.plan()
    await world.quiet()
    assert len(await world.to_chat(501)) == 1
    assert await world.to_chat(502) == []


async def test_machines_get_their_answers(world: World) -> None:
    assert (await world.get("/healthz"))[0] == 200
    assert (await world.get("/readyz"))[0] == 200
    await world.says(88, "叶酸在哪里领")
    await world.quiet(heard=1)
    status, figures = await world.get("/metrics")
    assert status == 200
    assert 'outreach_messages{state="sent"} 1.0' in figures


async def test_many_pages_at_once_do_not_hold_up_an_answer(world: World) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{world.base}/?key={world.app.key}"):
            pass

        async def page() -> int:
            async with browser.get(f"{world.base}/") as answer:
                return answer.status

        pages = asyncio.gather(*(page() for _ in range(20)))
        await world.says(88, "叶酸在哪里领")
        await world.quiet(heard=1)
        assert set(await pages) == {200}
    assert len(await world.to_chat(88)) == 1
