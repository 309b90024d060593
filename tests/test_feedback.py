"""Every answer is kept with its exact words and whether it helped; a person can go, the count stays."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, ROOT
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import residents
from outreach.knowledge import (
    Exact,
    Knowledge,
    record_answer,
    record_helpful,
)
from outreach.model import Address
from outreach.residents import Keep
from outreach.residents.people import add_address
from outreach.residents.rights import NOBODY
from outreach.store import Store
from outreach.store.knowledge import answers, article_texts
from outreach.store.tables import inbound
from outreach.store.tables import residents as people
from outreach.templates import Templates

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORDS = Exact("folic-acid", "zh-Hans", "叶酸：{{ region.folic_site }}", {"folic_site": "卫生院"})


async def person(connection: AsyncConnection, number: int = 1) -> int:
    statement = (
        insert(people).values(name=f"张{number}", language="zh-Hans", created_at=NOW).returning(people.c.id)
    )
    found = int((await connection.execute(statement)).scalar_one())
    await add_address(connection, found, Address("sms", f"+861991234{number:04}"), NOW)
    return found


async def asks(
    connection: AsyncConnection, whose: int, text: str = "叶酸在哪领", outcome: str = "answer", **more: Any
) -> int:
    """A question that came in; returns its number."""
    row = {
        "channel": "sms",
        "provider_id": f"{whose}:{hash((text, *more.items()))}",
        "resident_id": whose,
        "kind": "text",
    }
    row |= {"address": "+861", "text": text, "received_at": NOW, "outcome": outcome} | more
    statement = insert(inbound).values(**row).returning(inbound.c.id)
    return int((await connection.execute(statement)).scalar_one())


async def answered(connection: AsyncConnection, whose: int, question: int, **more: Any) -> None:
    said: dict[str, Any] = {
        "inbound_id": question, "resident_id": whose, "language": "zh-Hans", "outcome": "answer",
        "confidence": 0.8, "now": NOW, "text": WORDS,
    }  # fmt: skip
    await record_answer(connection, **(said | more))


async def kept(connection: AsyncConnection) -> list[Any]:
    return list((await connection.execute(select(answers).order_by(answers.c.id))).all())


# The exact words


def test_version_is_made_of_the_words_and_the_facts_in_them(tmp_path: Path) -> None:
    shutil.copy(ROOT / "templates/region.toml", tmp_path)
    (tmp_path / "knowledge").mkdir()
    file = tmp_path / "knowledge/folic-acid.zh-Hans.md"
    shutil.copy(ROOT / "templates/knowledge/folic-acid.zh-Hans.md", file)
    region = tmp_path / "region.toml"
    first = region.read_text("utf-8")

    def version(day: date = date(2026, 11, 25)) -> str:
        knowledge = Knowledge(tmp_path / "knowledge", Templates(ROOT / "templates", region))
        article = knowledge.article("folic-acid", "zh-Hans")
        assert article
        return knowledge.exact(article, day).version

    same = version()
    assert len(same) == 12
    assert version() == same
    region.write_text(first.replace("示例县人民医院", "市医院"), "utf-8")
    assert version() == same, "a fact that it does not say is no part of it"
    region.write_text(first.replace("就近的乡镇卫生院", "县医院"), "utf-8")
    assert version() != same
    region.write_text(first, "utf-8")
    assert version() == same
    assert version(date(2028, 1, 1)) != same, "an old fact reads otherwise"
    file.write_text(file.read_text("utf-8").replace("0.4毫克", "0.4 毫克"), "utf-8")
    assert version() != same


async def test_answer_is_kept_with_the_words_that_were_said(store: Store) -> None:
    async with store.write() as connection:
        mei = await person(connection)
        first, second = await asks(connection, mei), await asks(connection, mei, "天气", "handoff")
        await answered(connection, mei, first)
        await answered(connection, mei, first, confidence=0.1)
        await answered(connection, mei, second, text=None, outcome="handoff")
        rows = await kept(connection)
        (words,) = (await connection.execute(select(article_texts))).all()
    assert [(row.topic, row.version, row.outcome, row.confidence) for row in rows] == [
        ("folic-acid", WORDS.version, "answer", 0.8),
        (None, None, "handoff", 0.8),
    ]
    assert (words.version, words.source, words.facts) == (WORDS.version, WORDS.source, WORDS.facts)
    assert words.first_used_at == NOW


# Whether it helped


async def test_the_last_word_on_an_answer_counts(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    async with store.write() as connection:
        mei = await person(connection)
        first, second = await asks(connection, mei), await asks(connection, mei, "天气", "handoff")
        await answered(connection, mei, first)
        await answered(connection, mei, second, text=None, outcome="handoff")
        assert await record_helpful(connection, first, True, NOW)
        assert await record_helpful(connection, first, False, later)
        assert not await record_helpful(connection, second, True, NOW), "nothing was answered there"
        assert not await record_helpful(connection, 999, True, NOW)
        rows = await kept(connection)
    assert [(row.helpful, row.helpful_at) for row in rows] == [(False, later), (None, None)]


# The person goes, the count stays


async def test_erasure_leaves_that_it_helped_and_nobody_it_was(store: Store) -> None:
    async with store.write() as connection:
        mei = await person(connection)
        question = await asks(connection, mei)
        await answered(connection, mei, question)
        await record_helpful(connection, question, True, NOW)
        await residents.erase(connection, mei, NOW)
        (row,) = await kept(connection)
    assert (row.resident_id, row.inbound_id, row.helpful, row.version) == (NOBODY, None, True, WORDS.version)


async def test_answer_loses_its_person_when_the_question_goes(store: Store) -> None:
    async with store.write() as connection:
        mei = await person(connection)
        old, new = (
            await asks(connection, mei),
            await asks(connection, mei, "新", received_at=NOW + timedelta(90)),
        )
        for question in (old, new):
            await answered(connection, mei, question)
    async for _ in residents.purge(store, Keep(inbound=60), NOW + timedelta(days=100)):
        pass
    async with store.read() as connection:
        rows = await kept(connection)
    assert [(row.resident_id, row.inbound_id) for row in rows] == [(NOBODY, None), (mei, new)]


async def test_strangers_answers_follow_them_to_who_they_are(store: Store) -> None:
    async with store.write() as connection:
        mei = await person(connection)
        stranger = await residents.find(connection, Address("telegram", "77"), "zh-Hans", NOW)
        await answered(connection, stranger.id, await asks(connection, stranger.id))
        assert await residents.link(connection, stranger, "+8619912340001", NOW)
        (row,) = await kept(connection)
    assert row.resident_id == mei
