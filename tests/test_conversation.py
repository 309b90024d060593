"""The dialogue over the shipped content: what each message is taken for, what it does, what is said back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from sqlalchemy import func, select, update

from outreach import outbox, residents
from outreach.app import Content
from outreach.conversation import Conversation
from outreach.model import Address, Button, Inbound, Priority, State
from outreach.outbox import CLARIFY, Draft
from outreach.residents import Audience, Resident, importing, page
from outreach.residents.people import add_address
from outreach.store import Store
from outreach.store.tables import addresses, cases, checkups, consent, inbound, survey_answers
from outreach.store.tables import outbox as messages

ZONE = ZoneInfo("Asia/Shanghai")
PHONE, OURS = Address("sms", "+8619912345678"), "+15005550006"
CHAT = Address("telegram", "501")
YES = {"consent_care": "是", "consent_reminders": "是", "consent_surveys": "是"}
HOW_TO_APPLY = "childcare-subsidy-how-to-apply"
# One database is enough for what does not depend on it.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Heard:
    """What a message was taken for, and what was said back: "" is silence."""

    outcome: str
    reply: str
    language: str = ""
    topic: str | None = None


class Town:
    """Residents around one conversation; every message of ours counts as sent at once."""

    def __init__(self, store: Store, content: Content) -> None:
        self.store, self.content = store, content
        self.conversation = Conversation(
            store, content.templates, content.knowledge, zone=ZONE, language="zh-Hans"
        )
        self._number = 0

    async def says(self, text: str, who: Address = PHONE, now: datetime = NOW, **more: Any) -> Heard:
        self._number += 1
        values = {"recipient": OURS if who.channel == "sms" else None} | more
        name = values.pop("provider_id", f"in-{self._number}")
        outcome = await self.conversation.receive(Inbound(name, who, text, **values), now)
        await self._all_sent(now)
        newest = select(inbound.c.id, inbound.c.topic).order_by(inbound.c.id.desc()).limit(1)
        (row,) = await self.read(newest)
        replies = await self.read(select(messages).where(messages.c.key == f"reply:{row.id}"))
        if not replies:
            return Heard(outcome, "", topic=row.topic)
        return Heard(outcome, replies[0].text, replies[0].language, row.topic)

    async def _all_sent(self, now: datetime) -> None:
        """Named after its row, so that a reply may point at it."""
        async with self.store.write() as connection:
            waiting = select(messages.c.id).where(messages.c.state == State.QUEUED, messages.c.due_at <= now)
            for number in (await connection.execute(waiting)).scalars().all():
                sent = {"state": State.SENT, "provider_id": f"out-{number}", "sent_at": now}
                await connection.execute(update(messages).where(messages.c.id == number).values(**sent))

    async def newcomer(self, **cells: str) -> tuple[Resident, Address]:
        """One more resident, with a number of their own."""
        self._number += 1
        address = Address("sms", f"+861991234{1000 + self._number}")
        return await self.knows(f"居民{self._number}", phone=address.value, **cells), address

    async def knows(self, name: str = "张梅", **cells: str) -> Resident:
        row = importing.parse(2, {"name": name, "phone": PHONE.value, **YES, **cells})
        async with self.store.write() as connection:
            report = importing.Report()
            await importing.take(
                connection, row, report, language="zh-Hans", source="list.csv", now=NOW - timedelta(days=30)
            )
            known = await residents.at_address(connection, Address("sms", row.phone or ""))
        return known[-1]

    async def visit(self, resident: Resident, now: datetime = NOW) -> int:
        """An appointment tomorrow, and its reminder sent; returns the message's id."""
        at = datetime.combine(now.astimezone(ZONE).date() + timedelta(days=1), datetime.min.time(), ZONE)
        at += timedelta(hours=8, minutes=30)
        async with self.store.write() as connection:
            await self.content.reminders.schedule(
                connection, resident.id, "prenatal", at, "县妇幼保健院", at - timedelta(days=9)
            )
            queued = await self.content.reminders.queue_due(connection, at - timedelta(hours=16))
        assert queued == 1
        async with self.store.write() as connection:
            due = {"due_at": now, "created_at": now}
            await connection.execute(update(messages).where(messages.c.state == State.QUEUED).values(**due))
        return await self._newest(now)

    async def survey(self, resident: Resident, now: datetime = NOW, language: str = "zh-Hans") -> int:
        """The satisfaction question, sent; returns the message's id."""
        survey = self.content.surveys["service"]
        return await self.sends(
            resident,
            now,
            purpose="surveys",
            template=survey.template,
            language=language,
            text=self.content.templates.say(survey.template, language, "sms", name=""),
            buttons=survey.buttons(language),
            survey="service",
            question="satisfaction",
        )

    async def clarify(self, resident: Resident, now: datetime = NOW) -> int:
        """ "Did you mean" with two choices, sent; returns the message's id."""
        buttons = [Button("怎么领", f"topic:{HOW_TO_APPLY}"), Button("叶酸", "topic:folic-acid")]
        return await self.sends(
            resident, now, purpose="reply", template=CLARIFY, text="您是想问：", buttons=buttons
        )

    async def sends(self, resident: Resident, now: datetime = NOW, **more: Any) -> int:
        self._number += 1
        values = {"language": "zh-Hans", "priority": Priority.CAMPAIGN, "due_at": now, "text": "您好"} | more
        async with self.store.write() as connection:
            own = select(addresses.c.value).where(addresses.c.resident_id == resident.id)
            phone = (await connection.execute(own.where(addresses.c.channel == "sms"))).scalars().first()
            address = Address("sms", str(phone))
            draft = Draft(key=f"k{self._number}", resident_id=resident.id, address=address, **values)
            assert await outbox.enqueue(connection, [draft], now) == 1
        return await self._newest(now)

    async def _newest(self, now: datetime) -> int:
        await self._all_sent(now)
        ((number,),) = await self.read(select(func.max(messages.c.id)))
        return int(number)

    async def agrees(self, resident: Resident) -> set[bool | None]:
        """What holds now, over all purposes."""
        held = {}
        for row in await self.read(
            select(consent).where(consent.c.resident_id == resident.id).order_by(consent.c.id)
        ):
            held[row.purpose] = row.given
        return {held.get(purpose) for purpose in residents.PURPOSES}

    async def read(self, statement: Any) -> list[Any]:
        async with self.store.read() as connection:
            return list((await connection.execute(statement)).all())


@pytest.fixture
def town(store: Store, content: Content) -> Town:
    return Town(store, content)


# -- in this order: danger, stop, the open question, knowledge, a person

NOTHING_OPEN = {
    "怀孕六个月了，一直出血": "danger",
    "STOP": "stop",
    "td": "stop",
    "ＴＤ。": "stop",
    "取消": "stop",
    "退订": "stop",
    "怎么退订": "answer",
    "订阅": "start",
    "帮助": "help",
    "谢谢": "courtesy",
    "育儿补贴怎么领": "answer",
    "补贴": "clarify",
    "驾照到期怎么换": "handoff",
    "怎么取消宽带": "handoff",
}
VISIT_OPEN = NOTHING_OPEN | {
    "取消": "appointment",
    "cancel": "appointment",
    "1": "appointment",
    "２": "appointment",
    "3。": "appointment",
    "好的": "appointment",
    "不去了": "appointment",
    "1 2": "handoff",
}
SURVEY_OPEN = NOTHING_OPEN | {
    "5": "rating",
    "５分": "rating",
    "很满意": "rating",
    "2，排队太久": "rating",
    "不满意，一直出血没人管": "danger",
    "5个月的孩子育儿补贴多少钱": "answer",
    "别发了": "stop",
}
CLARIFY_OPEN = NOTHING_OPEN | {
    "1": "answer",
    "２": "answer",
    "2.": "answer",
    "9": "handoff",
    "topic:folic-acid": "answer",
}


@pytest.mark.parametrize(
    ("asked", "table"),
    [("", NOTHING_OPEN), ("visit", VISIT_OPEN), ("survey", SURVEY_OPEN), ("clarify", CLARIFY_OPEN)],
    ids=["nothing", "visit", "survey", "clarify"],
)
async def test_message_is_taken_for_what_it_is(town: Town, asked: str, table: dict[str, str]) -> None:
    found = {}
    for text in table:
        resident, address = await town.newcomer()
        if asked:
            await getattr(town, asked)(resident)
        found[text] = (await town.says(text, address)).outcome
    assert found == table


@on_sqlite
async def test_danger_gets_the_emergency_numbers_and_a_case_due_now(town: Town) -> None:
    await town.knows()
    heard = await town.says("TD 不想活了")
    assert "120" in heard.reply
    assert "12356" in heard.reply
    (case,) = await town.read(select(cases))
    assert (case.kind, case.due_at) == ("danger", NOW)


async def test_digit_answers_whatever_was_asked_last(town: Town) -> None:
    expected = {"visit": "appointment", "survey": "rating", "clarify": "answer"}
    for order in permutations(expected):
        resident, address = await town.newcomer()
        for minute, asked in enumerate(order):
            await getattr(town, asked)(resident, NOW + timedelta(minutes=minute))
        heard = await town.says("2", address, NOW + timedelta(minutes=5))
        assert heard.outcome == expected[order[-1]], order


async def test_reply_to_an_older_question_answers_that_one(town: Town) -> None:
    resident = await town.knows()
    survey, visit = await town.survey(resident), await town.visit(resident)
    assert (await town.says("5", reply_to=f"out-{survey}")).outcome == "rating"
    assert (await town.says("1", reply_to=f"out-{visit}")).outcome == "appointment"
    assert (await town.says("3", reply_to="out-unheard-of")).outcome == "appointment", "the newest, then"


async def test_question_does_not_stay_open_for_ever(town: Town) -> None:
    resident = await town.knows()
    await town.survey(resident)
    assert (await town.says("5", now=NOW + timedelta(days=8))).outcome != "rating"
    await town.visit(resident)
    assert (await town.says("1", now=NOW + timedelta(days=2))).outcome != "appointment", "the visit is over"


async def test_visit_is_confirmed_moved_and_cancelled_as_asked(town: Town) -> None:
    resident = await town.knows()
    found = []
    for text in ("1", "2", "3"):
        await town.visit(resident, NOW + timedelta(days=int(text)))
        heard = await town.says(text, now=NOW + timedelta(days=int(text)))
        found.append((await town.read(select(checkups.c.state).order_by(checkups.c.id.desc())))[0].state)
        assert heard.reply
    assert found == ["confirmed", "moving", "cancelled"]
    assert [case.kind for case in await town.read(select(cases))] == ["appointment"]
    assert await town.agrees(resident) == {True}, "none of it is about our messages"


async def test_second_rating_corrects_the_first_and_a_low_one_reaches_a_person(town: Town) -> None:
    resident = await town.knows()
    await town.survey(resident)
    assert "谢谢" in (await town.says("1，等了三个小时")).reply
    assert "谢谢" in (await town.says("4")).reply
    kept = await town.read(select(survey_answers).order_by(survey_answers.c.id))
    assert [(row.rating, row.comment) for row in kept] == [(1, "等了三个小时"), (4, None)]
    assert [case.kind for case in await town.read(select(cases))] == ["low_score"]


@on_sqlite
async def test_handoff_promises_when_and_keeps_the_promise_as_a_case(town: Town) -> None:
    await town.knows()
    heard = await town.says("驾照到期怎么换")
    assert "11月25日（周三） 17:00" in heard.reply
    (case,) = await town.read(select(cases))
    assert case.due_at == datetime(2026, 11, 25, 17, 0, tzinfo=ZONE)


# -- language

LANGUAGES = [
    # who (their own language), what they write, the reply's
    ("中文", "育儿补贴怎么领", "zh-Hans"),
    ("中文", "How do I apply for the childcare subsidy?", "en"),
    ("中文", "How do I renew my driving licence?", "en"),
    ("中文", "STOP", "zh-Hans"),
    ("英文", "How do I apply for the childcare subsidy?", "en"),
    ("英文", "育儿补贴怎么领", "zh-Hans"),
    ("英文", "TD", "en"),
    ("英文", "I am bleeding heavily, i'm bleeding", "en"),
    ("英文", "我一直出血", "zh-Hans"),
]


STRANGERS = [
    # channel, what they write, what their app is set to, the reply's
    ("sms", "TD", None, "zh-Hans"),
    ("sms", "please stop", None, "en"),
    ("telegram", "/start", "en", "en"),
    ("telegram", "/start", "zh-hans", "zh-Hans"),
    ("telegram", "STOP", "de", "en"),
    ("telegram", "退订", "en", "zh-Hans"),
]


@on_sqlite
async def test_reply_comes_in_the_language_of_the_question(town: Town) -> None:
    found = []
    for own, text, _ in LANGUAGES:
        _, address = await town.newcomer(language=own)
        found.append((own, text, (await town.says(text, address)).language))
    assert found == LANGUAGES


@on_sqlite
async def test_stranger_is_answered_as_they_write_or_as_their_app_is_set(town: Town) -> None:
    found = []
    for number, (channel, text, hint, _) in enumerate(STRANGERS):
        who = Address(channel, f"+861991234567{number}" if channel == "sms" else f"60{number}")
        found.append((channel, text, hint, (await town.says(text, who, language=hint)).language))
    assert found == STRANGERS


@on_sqlite
async def test_answer_to_our_question_is_thanked_for_in_the_language_we_asked_in(town: Town) -> None:
    resident = await town.knows()
    await town.survey(resident, language="en")
    assert (await town.says("5")).language == "en"


# -- words that need no answer


@on_sqlite
async def test_courtesy_is_met_with_silence(town: Town) -> None:
    await town.knows()
    for text in ("谢谢", "谢谢您！", "好的", "收到。", "嗯", "OK", "Thank you!", "got it"):
        assert await town.says(text) == Heard("courtesy", ""), text
    assert await town.read(select(cases)) == []


# -- stop and start


async def test_start_after_stop_agrees_again_and_both_stay_on_record(town: Town) -> None:
    resident = await town.knows()
    assert await town.agrees(resident) == {True}
    assert "都停了" in (await town.says("TD")).reply
    assert await town.agrees(resident) == {False}
    assert (await town.says("恢复订阅")).outcome == "start"
    assert await town.agrees(resident) == {True}
    acts = await town.read(select(consent).where(consent.c.resident_id == resident.id).order_by(consent.c.id))
    assert [act.given for act in acts] == [True] * 3 + [False] * 3 + [True] * 3
    assert {act.wording for act in acts[3:6]} == {"TD"}


async def test_stop_cancels_what_waits_but_never_a_reply(town: Town) -> None:
    resident = await town.knows()
    tomorrow = NOW + timedelta(days=1)
    for purpose in ("care", "reminders", "surveys", "reply"):
        await town.sends(resident, due_at=tomorrow, purpose=purpose, template=f"{purpose}/x")
    await town.says("TD")
    waiting = await town.read(select(messages).where(messages.c.due_at == tomorrow).order_by(messages.c.id))
    assert [row.state for row in waiting] == ["cancelled"] * 3 + ["queued"]


async def test_stop_by_one_of_two_people_on_a_number_stops_both(town: Town) -> None:
    mei = await town.knows("张梅")
    li = await town.knows("李强", phone="+8619912345679")
    other = await town.knows("王芳", phone="+8619912345670")
    async with town.store.write() as connection:
        await add_address(connection, li.id, PHONE, NOW)
    for resident in (mei, li, other):
        await town.sends(resident, due_at=NOW + timedelta(days=1), purpose="care", template="care/x")
    await town.says("退订")
    found = [await town.agrees(resident) for resident in (mei, li, other)]
    assert found == [{False}, {False}, {True}]
    waiting = await town.read(select(messages).where(messages.c.purpose == "care").order_by(messages.c.id))
    assert [row.state for row in waiting] == ["cancelled", "cancelled", "queued"]


@on_sqlite
async def test_stop_the_carrier_confirmed_is_obeyed_in_silence(town: Town) -> None:
    resident = await town.knows()
    assert await town.says("STOP", answered_by_provider=True) == Heard("stop", "")
    assert await town.agrees(resident) == {False}


# -- who it comes from


async def test_stranger_is_answered_and_agrees_to_nothing(town: Town) -> None:
    heard = await town.says("育儿补贴怎么领")
    assert (heard.outcome, heard.topic) == ("answer", HOW_TO_APPLY)
    async with town.store.read() as connection:
        (stranger,) = await residents.at_address(connection, PHONE)
        audience = await page(connection, Audience(), "care", ["sms"], after=0, limit=9, now=NOW)
    assert stranger.name == ""
    assert await town.agrees(stranger) == {None}
    assert list(audience) == [], "no campaign reaches them by accident"


@on_sqlite
async def test_reply_comes_from_the_number_that_was_written_to(town: Town) -> None:
    await town.says("帮助", recipient="+15005550007")
    (row,) = await town.read(select(messages))
    assert (row.sender, row.address, row.priority) == ("+15005550007", PHONE.value, Priority.REPLY)


@on_sqlite
async def test_first_screen_offers_consent_and_a_tap_gives_it(town: Town) -> None:
    assert (await town.says("/start", CHAT)).outcome == "greeting"
    (greeting,) = await town.read(select(messages))
    assert [button["kind"] for button in greeting.buttons] == ["say", "contact"]
    async with town.store.read() as connection:
        (resident,) = await residents.at_address(connection, CHAT)
    assert await town.agrees(resident) == {None}
    assert (await town.says(greeting.buttons[0]["data"], CHAT, kind="tap")).outcome == "start"
    assert await town.agrees(resident) == {True}


async def test_own_number_links_the_chat_and_a_stop_given_before_still_holds(town: Town) -> None:
    resident = await town.knows()
    assert (await town.says("退订", CHAT)).outcome == "stop"
    assert (
        await town.says("", CHAT, kind="foreign_contact", phone=PHONE.value)
    ).outcome == "contact_mismatch"
    assert (await town.says("", CHAT, kind="contact", phone="+8619999999999")).outcome == "contact_unknown"
    assert (await town.says("", CHAT, kind="contact", phone=PHONE.value)).outcome == "linked"
    async with town.store.read() as connection:
        assert [one.id for one in await residents.at_address(connection, CHAT)] == [resident.id]
    assert await town.agrees(resident) == {False}


async def test_block_closes_the_chat_and_a_word_from_it_opens_it_again(town: Town) -> None:
    resident = await town.knows(telegram_id=CHAT.value)
    assert await town.says("", CHAT, kind="blocked") == Heard("blocked", "")

    async def closed() -> set[str]:
        return {row.value for row in await town.read(select(addresses)) if row.closed_at}

    assert await closed() == {CHAT.value}
    await town.says("帮助", CHAT)
    assert await closed() == set()
    assert await town.agrees(resident) == {True}, "blocking a chat withdraws nothing"


# -- what people really type


STRANGE = {
    "育儿补贴\0怎么领": "育儿补贴怎么领",
    "问" * 5000: "问" * 4096,
    "a\ud800b": "a?b",
}
AS_IT_IS = (
    "👍",
    "👩‍👩‍👧‍👦❤️",
    "مرحبا كيف حالك",
    "\u202eTD\u202c",
    "?" * 300,
    "{{ region }} {% for x in y %}",
    "'; DROP TABLE residents; --",
    "育儿补贴\r\n怎么领",
)


async def test_strange_text_is_kept_and_answered(town: Town) -> None:
    for text, kept in (STRANGE | dict(zip(AS_IT_IS, AS_IT_IS, strict=True))).items():
        for who in (PHONE, CHAT):
            assert (await town.says(text, who)).reply, text
        newest = select(inbound.c.text).order_by(inbound.c.id.desc()).limit(2)
        assert {row.text for row in await town.read(newest)} == {kept}


@on_sqlite
async def test_picture_is_answered_with_a_request_for_words(town: Town) -> None:
    heard = await town.says("", CHAT, kind="unreadable")
    assert heard.outcome == "unreadable"
    assert "文字" in heard.reply


async def test_same_message_again_changes_nothing(town: Town) -> None:
    resident = await town.knows()
    await town.survey(resident)
    again = Inbound("SM1", PHONE, "1")
    outcomes = await asyncio.gather(*(town.conversation.receive(again, NOW) for _ in range(6)))
    assert sorted(outcomes) == ["rating"] + ["repeat"] * 5
    assert await town.conversation.receive(again, NOW + timedelta(days=1)) == "repeat"
    found = [len(await town.read(select(table))) for table in (inbound, survey_answers, cases)]
    assert found == [1, 1, 1]
    assert (await town.says("1", CHAT, provider_id="SM1")).outcome != "repeat", "a name belongs to a channel"
