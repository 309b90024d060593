"""Who is meant by an audience, who of them gets a message, and why the others do not."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import residents
from outreach.campaigns import Campaigns
from outreach.model import SMS, TELEGRAM, Address, BadInput, ChannelName
from outreach.residents import Audience
from outreach.residents.people import add_address
from outreach.store import Store
from outreach.store.tables import addresses, inbound, outbox, resident_groups, resident_tags
from outreach.store.tables import residents as people
from outreach.templates import Templates

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CHANNELS: list[ChannelName] = [TELEGRAM, SMS]
SAID: dict[str, Any] = {"channel": "paper", "source": "staff", "now": NOW, "wording": "我同意"}
DAY = timedelta(days=1)


async def add(connection: AsyncConnection, name: str | None, *where: str, **more: Any) -> int:
    """A resident reached at `where` ("sms", "telegram"), who agreed to care."""
    values = {"name": name, "language": "zh-Hans", "created_at": NOW} | more
    number = int(
        (await connection.execute(insert(people).values(**values).returning(people.c.id))).scalar_one()
    )
    for channel in where:
        value = f"+86199{number:08}" if channel == SMS else str(500 + number)
        await add_address(connection, number, Address(channel, value), NOW)  # type: ignore[arg-type]
    await residents.give(connection, [number], purposes=["care"], **SAID)
    return number


async def names(connection: AsyncConnection, **conditions: Any) -> list[str]:
    audience = Audience(**conditions)
    found = await residents.page(connection, audience, "care", CHANNELS, after=0, limit=99, now=NOW)
    counted = await residents.count(connection, audience, "care", CHANNELS, NOW)
    assert counted.total == len(found) == await residents.size(connection, audience, NOW)
    return [person.name for person in found]


async def test_each_condition_means_who_it_says(store: Store) -> None:
    async with store.write() as connection:
        mei = await add(connection, "梅", SMS, birth_year=NOW.year - 40)
        li = await add(connection, "李", TELEGRAM, birth_year=NOW.year - 70)
        fang = await add(connection, "芳", SMS, TELEGRAM)
        for number, name in ((mei, "migrant"), (li, "migrant"), (li, "moved")):
            await connection.execute(insert(resident_groups).values(resident_id=number, name=name))
        await residents.tag(connection, mei, "待访视", by="王", now=NOW)
        assert await names(connection, groups=["migrant"], not_groups=["moved"]) == ["梅"]
        assert await names(connection, not_groups=["moved", "x"]) == ["梅", "芳"]
        assert await names(connection, tags=["待访视", "x"]) == ["梅"]
        assert await names(connection, not_tags=["待访视"]) == ["李", "芳"]
        assert await names(connection, age_from=40, age_to=40) == ["梅"]
        assert await names(connection, age_from=41) == ["李"]
        assert await names(connection, age_to=69) == ["梅"]
        assert await names(connection, channels=[SMS]) == ["梅", "芳"]
        assert await names(connection, channels=[TELEGRAM, SMS]) == ["梅", "李", "芳"]
        await residents.close_address(connection, Address(SMS, f"+86199{mei:08}"), "dead", NOW)
        assert await names(connection, channels=[SMS]) == ["芳"]
        await residents.give(connection, [fang], purposes=["surveys"], **SAID)
        assert await names(connection, consent="surveys") == ["芳"]
        await residents.withdraw(connection, [fang], purposes=["surveys"], **SAID)
        assert await names(connection, consent="surveys") == []


async def test_contact_is_reckoned_in_days_before_the_launch(store: Store) -> None:
    async with store.write() as connection:
        sent, wrote, replied, never = [await add(connection, name, SMS) for name in "发写答无"]
        row = {
            "channel": SMS, "address": "x", "lane": "sms", "priority": 2, "template": "t", "text": "t",
            "language": "en", "state": "sent", "due_at": NOW, "created_at": NOW, "sent_at": NOW - 10 * DAY,
        }  # fmt: skip
        for number, purpose in ((sent, "care"), (replied, "reply")):
            values = row | {"key": f"k{number}", "resident_id": number, "purpose": purpose}
            await connection.execute(insert(outbox).values(**values))
        said = {"channel": SMS, "provider_id": "m", "resident_id": wrote, "kind": "text", "text": "t"}
        await connection.execute(insert(inbound).values(**said, address="x", received_at=NOW - 20 * DAY))
        assert never
        assert await names(connection, last_contact_before_days=9) == ["发", "写", "答", "无"]
        assert await names(connection, last_contact_before_days=15) == ["写", "答", "无"]
        assert await names(connection, last_contact_before_days=21) == ["答", "无"]
        assert await names(connection, last_contact_after_days=15) == ["发"]
        assert await names(connection, last_contact_after_days=21) == ["发", "写"]
        assert await names(connection, wrote_within_days=21) == ["写"]
        assert await names(connection, wrote_within_days=19) == []


async def test_who_is_left_out_is_counted_with_the_reason(store: Store) -> None:
    async with store.write() as connection:
        await add(connection, "好", SMS, TELEGRAM)
        await add(connection, "Tom", SMS, language="en")
        stopped = await add(connection, "停", SMS)
        await residents.withdraw(connection, [stopped], **SAID)
        await add(connection, "小", SMS, birth_year=NOW.year - 3)
        await add(connection, "无")
        closed = await add(connection, "关", SMS)
        await residents.close_address(connection, Address(SMS, f"+86199{closed:08}"), "dead", NOW)
        values = {"name": "新", "language": "zh-Hans", "created_at": NOW}
        await connection.execute(insert(people).values(**values))
        await connection.execute(insert(people).values(language="zh-Hans", created_at=NOW))
        counted = await residents.count(connection, Audience(), "care", CHANNELS, NOW)
        assert counted.reached == {(TELEGRAM, "zh-Hans"): 1, (SMS, "en"): 1}
        assert counted.excluded == {
            "stopped our messages": 1, "under 14, and no parent or guardian agreed": 1,
            "no address on these channels": 1, "every address is closed: nothing arrives there": 1,
            "never agreed to care": 1,
        }  # fmt: skip
        assert counted.outside == {}
        english = Audience(languages=["en"], age_to=99)
        counted = await residents.count(connection, english, "care", CHANNELS, NOW)
        assert counted.total == 0
        assert counted.outside == {"another language": 6, "another age, or no year of birth known": 1}
        sms = await residents.count(connection, Audience(), "care", [SMS], NOW)
        assert sms.channels([SMS]) == {SMS: 2}


@ONE_DATABASE
async def test_many_conditions_are_counted_each_by_the_first_that_fails(store: Store) -> None:
    async with store.write() as connection:
        for n in range(40):
            number = await add(connection, f"人{n}", SMS, township=f"镇{n % 2}", birth_year=1950 + n)
            for table, words in ((resident_groups, {"name": "g"}), (resident_tags, {"name": "t"})):
                if n % 3 == 0:
                    stamp = {"at": NOW, "by": "x"} if table is resident_tags else {}
                    await connection.execute(insert(table).values(resident_id=number, **words, **stamp))
        meant = Audience(
            townships=["镇0"], languages=["zh-Hans"], born_to=1980, groups=["g"], not_tags=["x"],
            channels=[SMS], consent="care", last_contact_before_days=3, wrote_within_days=9,
        )  # fmt: skip
        counted = await residents.count(connection, meant, "care", CHANNELS, NOW)
    assert counted.total == 0
    assert counted.outside == {
        "another township": 20, "another age, or no year of birth known": 4, "in none of the groups": 10,
        "wrote nothing within the last 9 days": 6,
    }  # fmt: skip


PERSON = st.fixed_dictionaries(
    {
        "language": st.sampled_from(["zh-Hans", "en"]),
        "born": st.sampled_from([None, 1960, 1990, NOW.year - 14, NOW.year - 2]),
        "open": st.frozensets(st.sampled_from([TELEGRAM, SMS])),
        "closed": st.frozensets(st.sampled_from([TELEGRAM, SMS])),
        "said": st.lists(st.sampled_from(["yes", "no", "guardian"]), max_size=3),
        "named": st.booleans(),
    }
)
MEANT = st.fixed_dictionaries(
    {},
    optional={
        "languages": st.sampled_from([["en"], ["zh-Hans"], ["zh-Hans", "en"]]),
        "age_from": st.sampled_from([10, 40]),
        "channels": st.sampled_from([[SMS], [TELEGRAM], [SMS, TELEGRAM]]),
        "consent": st.just("care"),
    },
)


@ONE_DATABASE
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    crowd=st.lists(PERSON, max_size=8),
    conditions=MEANT,
    channels=st.sampled_from([[SMS], [TELEGRAM], [SMS, TELEGRAM], [TELEGRAM, SMS]]),
)
async def test_the_count_is_what_a_walk_through_everybody_finds(
    store: Store, crowd: list[dict[str, Any]], conditions: dict[str, Any], channels: list[ChannelName]
) -> None:
    audience = Audience(**conditions)
    async with store.write() as connection:
        for n, one in enumerate(crowd):
            await lives(connection, n, one)
        counted = await residents.count(connection, audience, "care", channels, NOW)
        everyone = await residents.page(connection, audience, "care", channels, after=0, limit=99, now=NOW)
        await connection.rollback()
    reached, excluded = dict[Any, int](), dict[str, int]()
    for person in everyone:
        obstacle = person.obstacle("care")
        if obstacle:
            excluded[obstacle] = excluded.get(obstacle, 0) + 1
        elif person.address:
            kind = (person.address.channel, person.language)
            reached[kind] = reached.get(kind, 0) + 1
    assert (counted.reached, counted.excluded) == (reached, excluded)
    assert counted.total + sum(counted.outside.values()) == sum(one["named"] for one in crowd)


async def lives(connection: AsyncConnection, n: int, one: dict[str, Any]) -> None:
    values = {"name": f"人{n}" if one["named"] else None, "language": one["language"]}
    values |= {"birth_year": one["born"], "created_at": NOW}
    statement = insert(people).values(**values).returning(people.c.id)
    number = (await connection.execute(statement)).scalar_one()
    for channel, is_open in itertools.product((TELEGRAM, SMS), (True, False)):
        if channel in one["open" if is_open else "closed"]:
            row = {"resident_id": number, "channel": channel, "value": f"{number}{is_open}"}
            row |= {"created_at": NOW, "closed_at": None if is_open else NOW}
            await connection.execute(insert(addresses).values(**row))
    for word in one["said"]:
        if word == "no":
            await residents.withdraw(connection, [number], purposes=["care"], **SAID)
        else:
            by_guardian = word == "guardian"
            await residents.give(connection, [number], purposes=["care"], by_guardian=by_guardian, **SAID)


# The file

GOOD = 'title = "x"\npurpose = "care"\ntemplate = "care/hello"\n'
MISTAKES = {
    "ages the wrong way round": (
        "[audience]\nage_from = 40\nage_to = 30\n",
        6,
        "age_to: 30 is below age_from",
    ),
    "an unlikely age": ("[audience]\nage_from = 400\n", 5, "age_from"),
    "an unknown channel": ('[audience]\nchannels = ["wechat"]\n', 5, "channels"),
    "an unknown consent": ('[audience]\nconsent = "sales"\n', 5, "'sales' is no purpose"),
    "no days": ("[audience]\nwrote_within_days = 0\n", 5, "wrote_within_days"),
    "words where a list stands": ('[audience]\ntags = "a"\n', 5, "tags"),
}


def folder(tmp_path: Path, text: str) -> Campaigns:
    (tmp_path / "one.toml").write_text(text, "utf-8")
    return Campaigns(tmp_path, Templates(ROOT / "templates"), ["service"], {"telegram": 30.0, "sms": 1.0})


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_audience_is_named_by_file_line_and_field(tmp_path: Path, name: str) -> None:
    text, line, says = MISTAKES[name]
    with pytest.raises(BadInput) as refused:
        folder(tmp_path, GOOD + text).load("one")
    assert refused.value.where.endswith(f"one.toml:{line}")
    assert says in refused.value.problem
    assert refused.value.fix


def test_sensitive_purposes_are_known_and_never_followed_by_a_survey(tmp_path: Path) -> None:
    for purpose in residents.SENSITIVE:
        assert len(purpose) <= 32
        own = GOOD.replace('"care"\nt', f'"{purpose}"\nt')
        assert folder(tmp_path, own).load("one").purpose == purpose
    with pytest.raises(BadInput, match="sensitive topic") as refused:
        folder(tmp_path, own + '[survey]\nname = "service"\n').load("one")
    assert refused.value.where.endswith("one.toml:4")
    with pytest.raises(BadInput, match="no purpose") as refused:
        folder(tmp_path, GOOD.replace('"care"\nt', '"health:nothing"\nt')).load("one")
    assert refused.value.where.endswith("one.toml:2")


def test_nothing_below_nothing() -> None:
    with pytest.raises(ValidationError):
        Audience(born_from=1990, born_to=1980)


async def test_preview_counts_a_large_audience_without_a_walk(store: Store, tmp_path: Path) -> None:
    campaigns = folder(tmp_path, GOOD + '[audience]\ntownships = ["东"]\n')
    async with store.write() as connection:
        ids = range(1, 701)
        rows = [
            {"id": n, "name": "居", "language": "en" if n > 690 else "zh-Hans", "created_at": NOW}
            | {"township": "西" if n % 10 == 0 else "东"}
            for n in ids
        ]
        await connection.execute(insert(people), rows)
        own = [{"resident_id": n, "channel": SMS, "value": f"+86199{n:08}", "created_at": NOW} for n in ids]
        await connection.execute(insert(addresses), own)
        await residents.give(connection, ids, **SAID)
        preview = await campaigns.preview(connection, "one", NOW)
    assert (preview["audience"], preview["outside"]) == (630, {"another township": 70})
    assert preview["channels"] == {"telegram": 0, "sms": 630}
    assert preview["estimated"] is True
    assert {sample["language"] for sample in preview["samples"]} == {"zh-Hans", "en"}
    each = {sample["language"]: sample["segments"] for sample in preview["samples"]}
    assert preview["segments"] == 621 * each["zh-Hans"] + 9 * each["en"]
