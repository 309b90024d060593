"""The staff bot through the simulator: a stranger, then the same person signed in, then shut out."""

from __future__ import annotations

from conftest import ROOT
from world import TOKEN, World, opened_world, until

from outreach import staff
from outreach.staff import Role

STAFF_TOKEN = "4300:tests-staff-bot-token"
STRANGER, OPERATOR = 71, 72


async def test_only_staff_get_past_the_gate(database_url: str) -> None:
    async with opened_world(database_url, ROOT, telegram_staff_token=STAFF_TOKEN) as world:
        await world.says(STRANGER, "/campaigns", token=STAFF_TOKEN)
        assert "staff only" in await _last(world, STRANGER, 1)
        await world.says(STRANGER, "/start guessed-code", token=STAFF_TOKEN)
        assert "staff only" in await _last(world, STRANGER, 2)

        async with world.app.store.write() as connection:
            code = await staff.add(connection, "小周", Role.OPERATOR, world.clock())
        await world.says(OPERATOR, f"/start {code}", token=STAFF_TOKEN)
        assert "小周" in await _last(world, OPERATOR, 1)
        await world.says(OPERATOR, "/campaigns", token=STAFF_TOKEN)
        assert await _last(world, OPERATOR, 2) == "还没有发过。"
        await world.says(OPERATOR, "/inbox", token=STAFF_TOKEN)
        assert "0 人在等" in await _last(world, OPERATOR, 3)

        await world.says(STRANGER, f"/start {code}", token=STAFF_TOKEN)
        assert "staff only" in await _last(world, STRANGER, 3), "a code opens once"

        async with world.app.store.write() as connection:
            await staff.disable(connection, "小周", world.clock())
        await world.says(OPERATOR, "/inbox", token=STAFF_TOKEN)
        assert "staff only" in await _last(world, OPERATOR, 4)


async def test_staff_hear_at_once_that_a_campaign_was_paused_by_itself(database_url: str) -> None:
    async with opened_world(database_url, ROOT, telegram_staff_token=STAFF_TOKEN) as world:
        async with world.app.store.write() as connection:
            codes = {
                chat: await staff.add(connection, name, role, world.clock())
                for chat, name, role in ((72, "小周", Role.OPERATOR), (73, "小吴", Role.VIEWER))
            }
        for chat, code in codes.items():
            await world.says(chat, f"/start {code}", token=STAFF_TOKEN)
            assert "欢迎" in await _last(world, chat, 1)
        listed = {"name": "居民", "consent_care": "是"}
        await world.knows(listed | {"phone": "+8619912340007"}, listed | {"telegram_id": "60501"})
        await world.launch("hello")
        await world.plan()
        assert "已自动暂停：短信被运营商拦截" in await _last(world, 72, 2)
        assert len(await world.to_chat(73)) == 1, "a viewer cannot act on it"


async def test_staff_hear_at_once_that_somebody_may_be_in_danger(database_url: str) -> None:
    async with opened_world(database_url, ROOT, telegram_staff_token=STAFF_TOKEN) as world:
        async with world.app.store.write() as connection:
            code = await staff.add(connection, "小周", Role.OPERATOR, world.clock())
        await world.says(72, f"/start {code}", token=STAFF_TOKEN)
        await _last(world, 72, 1)
        await world.says(60501, "我老公打我", token=TOKEN)
        told = await _last(world, 72, 2)
        assert "受到伤害" in told
        assert "打我" not in told, "what was said stays where it is sealed"


async def _last(world: World, chat_id: int, number: int) -> str:
    async def arrived() -> bool:
        return len(await world.to_chat(chat_id)) >= number

    await until(arrived)
    return str((await world.to_chat(chat_id))[-1]["text"])
