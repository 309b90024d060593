"""Every path of every guide: the command line and the dialogue come to the same worded end."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import NOW
from sqlalchemy import select
from test_conversation import CHAT, Town, on_sqlite

from guides.paths import TODAY, leaves, typed
from guides.test_situations import SITUATIONS
from outreach.app import Content
from outreach.knowledge.guides import Guide
from outreach.segments import segments
from outreach.store import Store
from outreach.store.guides import guide_runs
from outreach.store.tables import inbound
from outreach.store.tables import outbox as messages
from outreach.templates import LANGUAGES

GUIDES = (
    "childcare_subsidy",
    "infant_care_tax_deduction",
    "rural_reward",
    "special_assistance",
    "hpv_vaccine_free",
    "two_cancer_screening",
    "maternity_leave_base",
    "prenatal_visit_due",
    "child_visit_due",
)
each_guide = pytest.mark.parametrize("name", GUIDES)


@pytest.fixture
def guide(content: Content, name: str) -> Guide:
    return content.knowledge.guides[name]


def test_these_are_all(content: Content) -> None:
    assert sorted(GUIDES) == content.knowledge.guides.names()
    assert content.knowledge.problems == []


@each_guide
def test_every_way_ends_in_words_and_the_command_line_agrees(content: Content, guide: Guide) -> None:
    guides = content.knowledge.guides
    for answers, found in leaves(guide):
        assert found.result
        # All together they may settle it sooner than they were asked.
        assert found.path == list(answers)[: len(found.path)]
        for language in LANGUAGES:
            text, basis = guides.text(guide, found.result, language)
            assert text
            assert basis
            assert "None" not in text, (answers, text)
            told = guides.answer(guide.name, answers, TODAY, language)
            assert (told["outcome"], told["text"]) == (found.result.outcome, text), answers


@each_guide
def test_every_branch_is_taken_and_every_outcome_reached(guide: Guide) -> None:
    taken, reached = set(), set()
    for answers, found in leaves(guide):
        taken |= set(zip(answers, [*list(answers)[1:], "done"], strict=True))
        assert found.result
        reached.add(found.result.wording)
    wanted = {(key, way.to) for key, question in guide.flow.questions.items() for way in question.then}
    assert wanted == taken
    for line in SITUATIONS[guide.name]:
        today = line.get("today")
        found, _ = guide.outcome(line["facts"], type(TODAY).fromisoformat(today) if today else TODAY)
        if found.result:
            reached.add(found.result.wording)
    never_asked = {"programme_not_started"}
    assert set(guide.flow.outcomes) - never_asked == reached - never_asked


@each_guide
def test_missing_facts_are_named_in_the_order_they_are_asked(guide: Guide) -> None:
    for answers, _ in leaves(guide):
        keys = list(answers)
        for known in range(len(keys)):
            part = {key: answers[key] for key in keys[:known]}
            found = guide.walk(guide.read(part, TODAY), TODAY)
            assert found.result is None
            assert found.missing[0] == keys[known]
            assert set(found.missing).isdisjoint(part)


@each_guide
def test_question_is_short_enough_for_two_segments(content: Content, guide: Guide) -> None:
    for language in LANGUAGES:
        words = guide.words[language]
        for key, question in guide.flow.questions.items():
            said = words.questions[key]
            captions = [said.options[option] for option in question.choices]
            lines = [f"{number}. {caption}" for number, caption in enumerate(captions, start=1)]
            lead = "begin" if key == guide.flow.first else ""
            text = "\n".join([said.ask, *lines])
            values = {"lead": lead, "title": words.title, "note": "", "text": text}
            full = content.templates.say("replies/guide_ask", language, "sms", **values)
            assert segments(full) <= (2 if not lead else 3), (key, full)


def ways(guide: Guide) -> list[dict[str, Any]]:
    """One set of answers for each way through and each end of it."""
    found = {
        (tuple(answers), walk.result and walk.result.wording): answers for answers, walk in leaves(guide)
    }
    return list(found.values())


@on_sqlite
@each_guide
async def test_dialogue_comes_to_the_same_end(store: Store, content: Content, guide: Guide) -> None:
    town = Town(store, content)
    for answers in ways(guide):
        wanted = content.knowledge.guides.answer(guide.name, answers, TODAY, "zh-Hans")["text"]
        heard = await town.says("帮我算算" + guide.words["zh-Hans"].names[0])
        for key, value in answers.items():
            assert guide.words["zh-Hans"].questions[key].ask in heard.reply, (answers, key)
            heard = await town.says(typed(guide, key, value))
        assert wanted in heard.reply, answers
        assert "已经删除" in heard.reply
        assert await town.read(select(guide_runs)) == []
        assert {row.text for row in await town.read(select(inbound))} <= {
            "",
            f"[{guide.words['zh-Hans'].title}]",
        }


@on_sqlite
@each_guide
async def test_taps_come_to_the_same_end_on_telegram(store: Store, content: Content, guide: Guide) -> None:
    town = Town(store, content)
    for answers in ways(guide):
        wanted = content.knowledge.guides.answer(guide.name, answers, TODAY, "en")["text"]
        heard = await town.says("work out " + guide.words["en"].names[0], CHAT, language="en")
        for key, value in answers.items():
            assert guide.words["en"].questions[key].ask in heard.reply, (answers, key)
            if not guide.question(key).choices:
                said = typed(guide, key, value)
                heard = await town.says(said, CHAT, language="en")
                continue
            newest = (await town.read(select(messages).order_by(messages.c.id.desc()).limit(1)))[0]
            option = value if isinstance(value, str) else "yes" if value else "no"
            (data,) = [b["data"] for b in newest.buttons if b["data"] == f"guide:{key}:{option}"]
            assert len(data.encode()) <= 64
            heard = await town.says(
                data, CHAT, kind="tap", reply_to=newest.provider_id, language="en", now=NOW
            )
        assert wanted in heard.reply, answers
        assert await town.read(select(guide_runs)) == []
