"""The four straight lines of ARCHITECTURE.md, through the simulator, on both databases."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from conftest import ROOT
from sqlalchemy import select
from world import World, opened_world, until

from outreach import campaigns, surveys
from outreach.model import Address
from outreach.residents import at_address
from outreach.store.tables import cases, checkups, inbound, outbox, survey_answers

MEI, LI, TOM, ANON, GONE, DEAD = 501, 502, 503, 504, 6660403, 0
MEI_PHONE, LI_PHONE, WANG_PHONE, DEAD_PHONE = (
    "+8619912345678",
    "+8619912345679",
    "+8619912345670",
    "+8619912340005",
)
YES = {"consent_care": "是", "consent_reminders": "是", "consent_surveys": "是"}
PEOPLE = (
    {"name": "张梅", "telegram_id": str(MEI), "phone": MEI_PHONE, **YES},
    {"name": "李强", "phone": LI_PHONE, **YES},
    {"name": "Tom", "telegram_id": str(TOM), "language": "en", **YES},
    {"name": "王芳", "phone": WANG_PHONE, "consent_care": "否"},
    {"name": "赵兰", "telegram_id": str(GONE), **YES},
    {"name": "孙海", "phone": DEAD_PHONE, **YES},
)


async def test_campaign_reaches_who_agreed_once_and_accounts_for_the_rest(world: World) -> None:
    await world.knows(*PEOPLE)
    launch_id = await world.launch("hello")
    await world.plan()
    await world.quiet()

    assert len(await world.to_chat(MEI)) == 1
    assert "张梅" in (await world.to_chat(MEI))[0]["text"]
    assert await world.to_number(MEI_PHONE) == [], "Telegram came first, so no SMS as well"
    (sms,) = await world.to_number(LI_PHONE)
    assert sms.startswith("【示例县卫健】")
    assert sms.endswith("回复TD退订")
    assert "Tom" in (await world.to_chat(TOM))[0]["text"]
    assert await world.to_number(WANG_PHONE) == []

    await world.plan()
    async with world.app.store.read() as connection:
        status = await campaigns.status(connection, launch_id, world.clock())
    assert status["state"] == "done"
    counts = {key: status[key] for key in ("sent", "delivered", "failed", "suppressed", "queued", "total")}
    assert counts == {"sent": 2, "delivered": 1, "failed": 2, "suppressed": 1, "queued": 0, "total": 6}
    reasons = {row.address: row.reason for row in await world.read(select(outbox)) if row.reason}
    assert reasons[DEAD_PHONE] == "there is no such number"
    assert "blocked" in reasons[str(GONE)]


async def test_repeating_every_step_of_a_campaign_sends_nothing_twice(world: World) -> None:
    await world.knows(*PEOPLE)
    await world.launch("hello")
    for _ in range(3):
        await world.plan()
        await world.quiet()
    assert len(await world.to_chat(MEI)) == 1
    assert len(await world.to_number(LI_PHONE)) == 1


async def test_question_on_each_channel_is_answered_from_a_template(world: World) -> None:
    await world.says(ANON, "育儿补贴怎么领")
    assert await world.texts(LI_PHONE, "Where can I get folic acid?") == 200
    await world.quiet(heard=2)

    (telegram,) = await world.to_chat(ANON)
    assert "户口所在地" in telegram["text"]
    assert "依据：" in telegram["text"]
    (sms,) = await world.to_number(LI_PHONE)
    assert sms.startswith("[Sample Co Health] Take 0.4 mg")
    assert {row.topic for row in await world.read(select(inbound))} == {
        "childcare-subsidy-how-to-apply",
        "folic-acid",
    }


async def test_question_outside_our_knowledge_gets_a_person_and_a_promise(world: World) -> None:
    await world.says(ANON, "驾照到期怎么换")
    await world.quiet(heard=1)
    (answer,) = await world.to_chat(ANON)
    assert "同事会在" in answer["text"]
    (case,) = await world.read(select(cases))
    assert (case.kind, case.state) == ("question", "open")
    assert case.due_at > world.clock()


async def test_danger_words_bypass_everything(world: World) -> None:
    await world.texts(LI_PHONE, "怀孕六个月了，肚子疼，一直出血怎么办")
    await world.quiet(heard=1)
    (answer,) = await world.to_number(LI_PHONE)
    assert "120" in answer
    (case,) = await world.read(select(cases))
    assert case.kind == "danger"


async def test_stop_on_one_channel_stops_both(world: World) -> None:
    await world.knows(*PEOPLE)
    await world.texts(MEI_PHONE, "ＴＤ。")
    await world.says(TOM, "stop")
    await world.quiet(heard=2)
    assert ["都停了" in text for text in await world.to_number(MEI_PHONE)] == [True]
    assert len(await world.to_chat(TOM)) == 1

    await world.launch("hello")
    await world.plan()
    await world.quiet()
    assert await world.to_chat(MEI) == []
    assert len(await world.to_chat(TOM)) == 1

    await world.says(TOM, "START")
    await world.quiet(heard=3)
    await world.launch("hello")
    await world.plan()
    await world.quiet()
    assert len(await world.to_chat(TOM)) == 3, "stopped, started again, and then the campaign"


async def test_reminder_goes_out_when_due_and_is_confirmed(world: World) -> None:
    await world.knows(*PEOPLE)
    visit = await _visit_tomorrow(world, Address("telegram", str(MEI)))
    (reminder,) = await world.to_chat(MEI)
    assert "08:30" in reminder["text"]
    assert [row[0]["data"] for row in reminder["buttons"]] == ["1", "2", "3"]

    await world.taps(MEI, reminder["message_id"], "1")
    await world.quiet(heard=1)
    assert [row.state for row in await world.read(select(checkups).where(checkups.c.id == visit))] == [
        "confirmed"
    ]
    assert "定下了" in (await world.to_chat(MEI))[-1]["text"]
    assert len(await world.to_chat(MEI)) == 2


async def test_bare_cancel_while_a_visit_is_open_is_about_the_visit(world: World) -> None:
    await world.knows(*PEOPLE)
    visit = await _visit_tomorrow(world, Address("sms", LI_PHONE))
    await world.texts(LI_PHONE, "取消")
    await world.quiet(heard=1)
    assert [row.state for row in await world.read(select(checkups).where(checkups.c.id == visit))] == [
        "cancelled"
    ]
    assert "取消了" in (await world.to_number(LI_PHONE))[-1]

    await world.texts(LI_PHONE, "取消")
    await world.quiet(heard=2)
    assert "都停了" in (await world.to_number(LI_PHONE))[-1], (
        "nothing is open any more, so it stops everything"
    )


async def _visit_tomorrow(world: World, address: Address) -> int:
    zone = world.app.settings.zone
    day = world.clock().astimezone(zone).date() + timedelta(days=1)
    world.clock.move_to(datetime.combine(day, time(16, 5), zone))
    at = datetime.combine(day + timedelta(days=1), time(8, 30), zone)
    async with world.app.store.write() as connection:
        (resident,) = await at_address(connection, address)
        visit = await world.app.content.reminders.schedule(
            connection, resident.id, "prenatal", at, "县妇幼保健院", world.clock()
        )
    await world.plan()
    await world.quiet()
    return visit


async def test_survey_follows_the_campaign_and_its_score_is_counted(world: World) -> None:
    await world.knows(*PEOPLE)
    await world.launch("childcare-subsidy")
    await world.plan()
    await world.quiet()
    world.clock.move_to(world.clock() + timedelta(hours=24, minutes=1))
    await world.plan()
    await world.quiet()

    question = (await world.to_chat(MEI))[-1]
    await world.taps(MEI, question["message_id"], "5")
    await world.texts(LI_PHONE, "2，排队太久")
    await world.says(TOM, "satisfied")
    await world.quiet(heard=3)
    async with world.app.store.read() as connection:
        result = await surveys.results(connection, "service")
    assert (result["sent"], result["answered"], result["comments"]) == (3, 3, 1)
    assert result["questions"][0]["csat"] == round(2 / 3, 4)
    assert [case.kind for case in await world.read(select(cases))] == ["low_score"]

    await world.texts(LI_PHONE, "4")
    await world.quiet(heard=4)
    async with world.app.store.read() as connection:
        corrected = await surveys.results(connection, "service")
    assert corrected["answered"] == 3
    assert corrected["questions"][0]["distribution"]["4"] == 2
    assert len(await world.read(select(survey_answers))) == 4, "both answers are kept"


async def test_question_and_stop_inside_a_survey_are_what_they_are(world: World) -> None:
    await world.knows(*PEOPLE)
    await world.launch("childcare-subsidy")
    await world.plan()
    await world.quiet()
    world.clock.move_to(world.clock() + timedelta(hours=25))
    await world.plan()
    await world.quiet()
    await world.texts(LI_PHONE, "5个月的孩子育儿补贴多少钱")
    await world.texts(LI_PHONE, "T")
    await world.quiet(heard=2)
    assert await world.read(select(survey_answers)) == []
    assert [row.outcome for row in await world.read(select(inbound).order_by(inbound.c.id))] == [
        "answer",
        "stop",
    ]


async def test_replies_overtake_a_campaign_under_way(database_url: str) -> None:
    async with opened_world(database_url, ROOT, telegram_rate=60) as world:
        await world.knows(*({"name": f"居民{n}", "telegram_id": str(9005000 + n), **YES} for n in range(200)))
        await world.launch("hello")
        await world.plan()

        async def begun() -> bool:
            return bool((await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"])

        await until(begun)
        await world.says(ANON, "叶酸在哪里领")
        await world.quiet(heard=1)
        ledger = (await world.call("GET", "/sim/ledger?channel=telegram"))["telegram"]
    assert len(ledger) == 201
    place = [message["chat_id"] for message in ledger].index(ANON)
    assert 0 < place < 150, "it came while the campaign was under way, and did not wait for its end"


async def test_contact_links_the_chat_to_the_resident_on_the_list(world: World) -> None:
    await world.knows({"name": "李强", "phone": LI_PHONE, **YES})
    await world.says(LI, "/start")
    await world.call("POST", "/sim/telegram/contact", {"chat_id": LI, "phone_number": LI_PHONE.lstrip("+")})
    await world.quiet(heard=2)
    await world.launch("hello")
    await world.plan()
    await world.quiet()
    assert len(await world.to_chat(LI)) == 3, "greeting, linked, campaign"
    assert await world.to_number(LI_PHONE) == []
