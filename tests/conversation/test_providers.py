"""What the providers know counts: a stop at the carrier, and the bot's own name in a one-time link."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from world import World

from outreach import outbox, residents
from outreach.model import Address, Priority
from outreach.store.tables import consent
from outreach.store.tables import outbox as messages

STOPPED = Address("sms", "+8619912341610")
CHAT = Address("telegram", "601")
YES = {"consent_care": "是", "consent_reminders": "是", "consent_surveys": "是"}


async def test_stop_at_the_carrier_is_a_withdrawal_on_both_channels(world: World) -> None:
    await world.knows({"name": "张梅", "phone": STOPPED.value, "telegram_id": CHAT.value, **YES})
    now = world.clock()
    async with world.app.store.write() as connection:
        (person,) = await residents.at_address(connection, STOPPED)
        for key, address, due in (("sms", STOPPED, now), ("chat", CHAT, now + timedelta(days=1))):
            draft = outbox.Draft(
                key, person.id, address, Priority.CAMPAIGN, "care", "care/x", "zh-Hans", "您好", due
            )
            await outbox.enqueue(connection, [draft], now)
    world.app.store.wake()
    await world.quiet()
    found = {row.key: (row.state, row.reason) for row in await world.read(select(messages))}
    reason = "the person stopped our SMS at the carrier"
    assert found == {"sms": ("failed", reason), "chat": ("cancelled", reason)}
    async with world.app.store.read() as connection:
        assert set((await residents.standing(connection, person.id)).values()) == {False}
    (newest,) = await world.read(select(consent).order_by(consent.c.id.desc()).limit(1))
    assert (newest.source, newest.channel) == ("provider code 21610", "sms")


async def test_link_sent_by_sms_opens_our_own_bot(world: World) -> None:
    await world.knows({"name": "李强", "phone": "+8619912345679", **YES})
    await world.texts("+8619912345679", "绑定")
    await world.quiet(heard=1)
    (reply,) = await world.to_number("+8619912345679")
    link = reply.split("https://t.me/")[1].split()[0]
    bot, _, code = link.partition("?start=")
    assert bot
    await world.says(int(CHAT.value), f"/start {code}")
    await world.quiet(heard=2)
    assert "关联上了" in (await world.to_chat(int(CHAT.value)))[0]["text"]
