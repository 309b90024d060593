"""A launch expands page by page to one row a person, adds up at every moment, and obeys."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW, ROOT
from sqlalchemy import func, insert, select, update

from outreach import staff
from outreach.app import Content
from outreach.campaigns import Campaigns, finish, move, must_be_another, status
from outreach.campaigns.running import PAGE
from outreach.model import Address, BadInput, ChannelName, State
from outreach.outbox import Outcome, Rules, claim, settle
from outreach.residents import close_address, give, withdraw
from outreach.staff import Role
from outreach.store import Store
from outreach.store.tables import addresses, launches, outbox, residents
from outreach.store.tables import residents as people
from outreach.surveys import Surveys
from outreach.templates import Templates

RATES: dict[ChannelName, float] = {"telegram": 30.0, "sms": 1.0}
SUM = ("queued", "sending", "sent", "delivered", "failed", "suppressed", "in_doubt", "expired", "cancelled")


async def county(store: Store, size: int, *, willing: int | None = None) -> list[int]:
    """`size` residents with a Telegram chat; the first `willing` of them agreed."""
    async with store.write() as connection:
        people = [{"name": f"居民{n}", "language": "zh-Hans", "created_at": NOW} for n in range(size)]
        await connection.execute(insert(residents), people)
        ids = list((await connection.execute(select(residents.c.id).order_by(residents.c.id))).scalars())
        chats = [
            {"resident_id": number, "channel": "telegram", "value": str(10_000 + number), "created_at": NOW}
            for number in ids
        ]
        await connection.execute(insert(addresses), chats)
        await give(connection, ids[:willing], wording="是", channel="import", source="list", now=NOW)
    return ids


async def account(store: Store, launch_id: int) -> dict[str, Any]:
    async with store.read() as connection:
        found = await status(connection, launch_id, NOW)
    assert sum(found[state] for state in SUM) == found["total"], "it adds up"
    return found


async def launched(store: Store, content: Content) -> int:
    async with store.write() as connection:
        return int((await content.campaigns.launch(connection, "hello", by="tests", now=NOW))["id"])


async def next_page(store: Store, content: Content) -> int:
    async with store.write() as connection:
        return await content.campaigns.queue_next(connection, NOW)


async def test_adds_up_before_during_and_after_the_expansion(store: Store, content: Content) -> None:
    size = PAGE + 120
    await county(store, size, willing=size - 50)
    launch_id = await launched(store, content)
    assert (await account(store, launch_id))["queued"] == size
    assert await next_page(store, content) == PAGE
    assert (await account(store, launch_id))["queued"] == size
    assert await next_page(store, content) == 120
    after = await account(store, launch_id)
    assert (after["queued"], after["suppressed"]) == (size - 50, 50)
    assert await next_page(store, content) == 0


async def test_an_interrupted_page_is_done_again_and_nobody_twice(store: Store, content: Content) -> None:
    await county(store, PAGE + 10)
    launch_id = await launched(store, content)
    with pytest.raises(ZeroDivisionError):
        async with store.write() as connection:
            await content.campaigns.queue_next(connection, NOW)
            raise ZeroDivisionError
    assert (await account(store, launch_id))["queued"] == PAGE + 10
    while await next_page(store, content):
        pass
    async with store.read() as connection:
        each = select(func.count()).select_from(outbox).group_by(outbox.c.resident_id)
        counts = list((await connection.execute(each)).scalars())
    assert counts == [1] * (PAGE + 10)


async def test_preview_is_what_the_launch_then_does(store: Store, content: Content) -> None:
    await county(store, 30, willing=20)
    async with store.read() as connection:
        preview = await content.campaigns.preview(connection, "hello", NOW)
    assert preview["channels"] == {"telegram": 20, "sms": 0}
    assert preview["suppressed"] == {"never agreed to care": 10}
    launch_id = await launched(store, content)
    await next_page(store, content)
    found = await account(store, launch_id)
    assert (found["total"], found["queued"], found["suppressed"]) == (preview["audience"], 20, 10)


async def test_pause_holds_resume_frees_cancel_ends(store: Store, content: Content) -> None:
    await county(store, 10)
    launch_id = await launched(store, content)
    await next_page(store, content)
    await obey(store, launch_id, "pause")
    assert await claimed(store) == 0
    await obey(store, launch_id, "resume")
    assert await claimed(store) == 4
    await obey(store, launch_id, "cancel")
    found = await account(store, launch_id)
    assert (found["sending"], found["cancelled"], found["state"]) == (4, 6, "cancelled")
    assert await claimed(store) == 0
    with pytest.raises(BadInput, match="cancelled"):
        await obey(store, launch_id, "resume")
    with pytest.raises(BadInput, match="no such launch"):
        await obey(store, launch_id + 1, "pause")


async def test_a_large_launch_waits_for_approval(store: Store, content: Content) -> None:
    await county(store, 10)
    templates = content.templates
    held = Campaigns(ROOT / "campaigns", templates, content.surveys.names(), RATES, approval_above=9)
    async with store.write() as connection:
        launched = await held.launch(connection, "hello", by="小周", now=NOW)
    assert launched["state"] == "awaiting_approval"
    assert await next_page(store, content) == 0
    async with store.write() as connection:
        await staff.add(connection, "小周", Role.OPERATOR, NOW)
        await staff.add(connection, "老李", Role.APPROVER, NOW)
        for name in ("小周", "nobody"):
            with pytest.raises(BadInput, match="may not approve"):
                await staff.must_approve(connection, name)
        await staff.must_approve(connection, "老李")
        await must_be_another(connection, launched["id"], "老李")
        with pytest.raises(BadInput, match="who launched it"):
            await must_be_another(connection, launched["id"], "小周")
    await obey(store, launched["id"], "approve")
    assert await next_page(store, content) == 10


async def test_cancelled_before_its_expansion_counts_everyone(store: Store, content: Content) -> None:
    await county(store, 10)
    launch_id = await launched(store, content)
    await obey(store, launch_id, "cancel")
    assert await next_page(store, content) == 0
    assert (await account(store, launch_id))["cancelled"] == 10


async def test_the_daily_cap_leaves_the_rest_for_tomorrow(store: Store, content: Content) -> None:
    await county(store, 1)
    for _ in range(3):
        await launched(store, content)
        await next_page(store, content)
    rules = Rules(ZoneInfo("Asia/Shanghai"), daily_cap=2)

    async def take(now: datetime) -> int:
        taken = 0
        for _ in range(3):
            async with store.write() as connection:
                found = await claim(connection, "telegram", worker="w", limit=1, rules=rules, now=now)
                await settle(connection, [Outcome(one, State.SENT, "1") for one in found], now)
            taken += len(found)
        return taken

    assert await take(NOW) == 2
    assert await take(NOW + timedelta(hours=12)) == 0
    assert await take(NOW + timedelta(hours=14)) == 1, "midnight in the county has passed"


async def test_a_launch_is_done_when_its_last_message_left_the_queue(store: Store, content: Content) -> None:
    await county(store, 3, willing=0)
    launch_id = await launched(store, content)
    await next_page(store, content)
    async with store.write() as connection:
        assert await finish(connection) == 1
    assert (await account(store, launch_id))["state"] == "done"


async def obey(store: Store, launch_id: int, verb: str) -> None:
    async with store.write() as connection:
        await move(connection, launch_id, verb, NOW)


async def claimed(store: Store) -> int:
    rules = Rules(ZoneInfo("Asia/Shanghai"))
    async with store.write() as connection:
        return len(await claim(connection, "telegram", worker="w", limit=4, rules=rules, now=NOW))


async def test_an_empty_audience_is_refused(store: Store, content: Content) -> None:
    with pytest.raises(BadInput, match="nobody is meant"):
        await launched(store, content)


GOOD = 'title = "x"\npurpose = "care"\ntemplate = "care/hello"\n'
BROKEN = {
    "unknown key": (GOOD + 'owener = "me"\n', 4, "unknown key 'owener'"),
    "unknown purpose": (GOOD.replace('"care"\nt', '"sales"\nt'), 2, "'sales' is no purpose"),
    "missing text": (GOOD.replace("care/hello", "care/hullo"), 3, "care/hullo"),
    "unknown survey": (GOOD + '[survey]\nname = "nothing"\n', 5, "nothing"),
    "start without offset": (GOOD + "[send]\nstart = 2026-12-01T09:00:00\n", 5, "offset"),
    "unknown audience field": (GOOD + "[audience]\nvillages = []\n", 5, "villages"),
    "bad TOML": (GOOD + "what is this\n", 4, ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_named_by_file_and_line(tmp_path: Path, name: str) -> None:
    text, line, says = BROKEN[name]
    (tmp_path / "bad.toml").write_text(text, "utf-8")
    templates = Templates(ROOT / "templates")
    campaigns = Campaigns(
        tmp_path, templates, Surveys(ROOT / "campaigns" / "surveys", templates).names(), RATES
    )
    with pytest.raises(BadInput) as refused:
        campaigns.load("bad")
    assert refused.value.where.endswith(f"bad.toml:{line}")
    assert says in refused.value.problem


def test_shipped_campaigns_load(content: Content) -> None:
    assert len(content.campaigns.names()) >= 4
    for name in content.campaigns.names():
        content.campaigns.load(name)


ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SOUND = 'title = "x"\npurpose = "care"\ntemplate = "care/hello"\n'


@pytest.fixture
def campaigns(tmp_path: Path) -> Campaigns:
    (tmp_path / "hello.toml").write_text(SOUND, "utf-8")
    return Campaigns(tmp_path, Templates(ROOT / "templates"), ["service"], RATES)


async def settle_in(store: Store, count: int) -> None:
    """So many residents with a phone who agreed."""
    async with store.write() as connection:
        ids = range(1, count + 1)
        rows = [{"id": n, "name": f"居民{n}", "language": "zh-Hans", "created_at": NOW} for n in ids]
        own = [{"resident_id": n, "channel": "sms", "value": f"+86199{n:08}", "created_at": NOW} for n in ids]
        await connection.execute(insert(people), rows)
        await connection.execute(insert(addresses), own)
        await give(connection, ids, wording="是", channel="import", source="list", now=NOW)


async def launch(store: Store, campaigns: Campaigns, now: datetime = NOW) -> int:
    async with store.write() as connection:
        return int((await campaigns.launch(connection, "hello", by="tests", now=now))["id"])


async def page(store: Store, campaigns: Campaigns, now: datetime = NOW) -> int:
    async with store.write() as connection:
        return await campaigns.queue_next(connection, now)


async def tally(store: Store, launch_id: int) -> dict[str, Any]:
    async with store.read() as connection:
        found = await status(connection, launch_id, NOW)
    assert sum(found[state.value] for state in State) == found["total"]
    return found


async def order(store: Store, launch_id: int, verb: str, now: datetime = NOW) -> str:
    async with store.write() as connection:
        return str((await move(connection, launch_id, verb, now))["state"])


async def rows_a_person(store: Store) -> list[int]:
    async with store.read() as connection:
        counted = select(func.count()).select_from(outbox).group_by(outbox.c.launch_id, outbox.c.resident_id)
        return list((await connection.execute(counted)).scalars())


async def test_planners_at_the_same_time_write_to_each_person_once(
    store: Store, campaigns: Campaigns
) -> None:
    await settle_in(store, 2 * PAGE + 10)
    launch_id = await launch(store, campaigns)
    other = Store(store.url)
    counts = await asyncio.gather(*(page((store, other)[n % 2], campaigns) for n in range(6)))
    await other.close()
    assert sorted(counts) == [0, 0, 0, 10, PAGE, PAGE]
    assert await rows_a_person(store) == [1] * (2 * PAGE + 10)
    assert (await tally(store, launch_id))["queued"] == 2 * PAGE + 10


@ONE_DATABASE
async def test_nothing_left_to_queue_means_nothing_left_of_any_launch(
    store: Store, campaigns: Campaigns
) -> None:
    await settle_in(store, PAGE)
    await launch(store, campaigns)
    await launch(store, campaigns)
    while await page(store, campaigns):
        pass
    assert await rows_a_person(store) == [1] * (2 * PAGE)


async def test_launch_with_a_start_waits_for_it_and_expires_after_it(
    store: Store, campaigns: Campaigns, tmp_path: Path
) -> None:
    start = NOW + timedelta(days=1)
    (tmp_path / "hello.toml").write_text(
        f'{SOUND}[send]\nstart = "{start.isoformat()}"\nexpires_hours = 2\n', "utf-8"
    )
    await settle_in(store, 1)
    launch_id = await launch(store, campaigns)
    assert await page(store, campaigns, start - timedelta(seconds=1)) == 0
    assert (await tally(store, launch_id))["state"] == "scheduled"
    assert await order(store, launch_id, "pause") == "paused"
    assert await page(store, campaigns, start) == 0
    assert await order(store, launch_id, "resume") == "scheduled"
    assert await page(store, campaigns, start) == 1
    found = await tally(store, launch_id)
    assert (found["state"], found["queued"]) == ("running", 1)
    async with store.read() as connection:
        assert (await connection.execute(select(outbox.c.expires_at))).scalar_one() == start + timedelta(
            hours=2
        )


@ONE_DATABASE
async def test_file_edited_after_the_launch_changes_nothing_under_way(
    store: Store, campaigns: Campaigns, tmp_path: Path
) -> None:
    await settle_in(store, 2)
    launch_id = await launch(store, campaigns)
    (tmp_path / "hello.toml").write_text(SOUND.replace("care/hello", "care/childcare-subsidy"), "utf-8")
    await page(store, campaigns)
    (tmp_path / "hello.toml").unlink()
    async with store.read() as connection:
        assert set((await connection.execute(select(outbox.c.template))).scalars()) == {"care/hello"}
    assert (await tally(store, launch_id))["name"] == "hello"


@ONE_DATABASE
async def test_pause_between_pages_holds_the_rest_and_who_comes_or_goes_meanwhile_is_counted(
    store: Store, campaigns: Campaigns
) -> None:
    await settle_in(store, PAGE + 5)
    launch_id = await launch(store, campaigns)
    assert await page(store, campaigns) == PAGE
    assert await order(store, launch_id, "pause") == "paused"
    assert await page(store, campaigns) == 0
    assert (await tally(store, launch_id))["total"] == PAGE + 5
    async with store.write() as connection:
        await connection.execute(insert(people).values(name="迟到", language="en", created_at=NOW))
        await connection.execute(
            update(people).where(people.c.id.in_((PAGE + 1, PAGE + 2))).values(name=None)
        )
        assert await finish(connection) == 0, "a paused launch is not done"
    assert await order(store, launch_id, "resume") == "running"
    assert await page(store, campaigns) == 4
    found = await tally(store, launch_id)
    assert (found["total"], found["queued"], found["suppressed"]) == (PAGE + 4, PAGE + 3, 1)


MOVES = {
    "running": {"pause": "paused", "cancel": "cancelled"},
    "scheduled": {"pause": "paused", "cancel": "cancelled"},
    "paused": {"resume": "running", "cancel": "cancelled"},
    "awaiting_approval": {"cancel": "cancelled"},
    "done": {},
    "cancelled": {},
}


@ONE_DATABASE
@pytest.mark.parametrize("state", MOVES)
async def test_only_sensible_moves_are_obeyed(store: Store, campaigns: Campaigns, state: str) -> None:
    await settle_in(store, 1)
    for verb in ("pause", "resume", "cancel"):
        launch_id = await launch(store, campaigns)
        async with store.write() as connection:
            await connection.execute(update(launches).where(launches.c.id == launch_id).values(state=state))
        if wanted := MOVES[state].get(verb):
            assert await order(store, launch_id, verb) == wanted
        else:
            with pytest.raises(BadInput, match=state) as refused:
                await order(store, launch_id, verb)
            assert str(launch_id) in refused.value.where
            assert (await tally(store, launch_id))["state"] == state


async def test_preview_tells_of_each_person_what_the_launch_then_does(
    store: Store, campaigns: Campaigns
) -> None:
    await settle_in(store, 6)
    async with store.write() as connection:
        chat = {"resident_id": 1, "channel": "telegram", "value": "501", "created_at": NOW}
        await connection.execute(insert(addresses).values(**chat))
        await connection.execute(update(people).where(people.c.id == 2).values(language="en"))
        await withdraw(connection, [3], wording="TD", channel="sms", source="s", now=NOW)
        await close_address(connection, Address("sms", "+8619900000004"), "no such number", NOW)
        await connection.execute(insert(people).values(id=7, name="新", language="en", created_at=NOW))
        preview = await campaigns.preview(connection, "hello", NOW)
        assert (await connection.execute(select(func.count()).select_from(launches))).scalar_one() == 0
    launch_id = await launch(store, campaigns)
    await page(store, campaigns)
    async with store.read() as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()

    going = [row for row in rows if row.state == "queued"]
    reasons = [row.reason for row in rows if row.state == "suppressed"]
    assert preview["channels"] == {"telegram": 1, "sms": 3}
    assert preview["channels"] == {
        channel: sum(row.channel == channel for row in going) for channel in ("telegram", "sms")
    }
    assert preview["suppressed"] == {reason: reasons.count(reason) for reason in reasons}
    assert preview["suppressed"] == {
        "stopped our messages": 1, "every address is closed: nothing arrives there": 1,
        "never agreed to care": 1,
    }  # fmt: skip
    assert preview["audience"] == (await tally(store, launch_id))["total"] == 7
    assert {sample["text"] for sample in preview["samples"]} <= {row.text for row in going}
    assert {(sample["channel"], sample["language"]) for sample in preview["samples"]} == {
        ("telegram", "zh-Hans"), ("sms", "zh-Hans"), ("sms", "en"),
    }  # fmt: skip


@ONE_DATABASE
async def test_launch_is_done_once_nothing_waits_and_not_before(store: Store, campaigns: Campaigns) -> None:
    await settle_in(store, 1)
    launch_id = await launch(store, campaigns)
    async with store.write() as connection:
        assert await finish(connection) == 0, "nobody is written to yet"
        await campaigns.queue_next(connection, NOW)
        for state, done in (("queued", 0), ("sending", 0), ("in_doubt", 1)):
            await connection.execute(update(outbox).values(state=state))
            assert await finish(connection) == done
    assert (await tally(store, launch_id))["state"] == "done"


def test_unknown_campaign_is_told_with_those_there_are(campaigns: Campaigns) -> None:
    for name in ("nothing", "../hello", ""):
        with pytest.raises(BadInput) as refused:
            campaigns.load(name)
        assert "hello" in refused.value.fix
