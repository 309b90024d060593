"""The single way out: one row a message, taken once, settled forwards, and an account that adds up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import outbox, residents
from outreach.model import Address, BadInput, Button, Outbound, Priority, Receipt, State
from outreach.outbox import Claimed, Draft, Held, Lane, Outcome, Rules
from outreach.outbox.settle import BACKOFF, JITTER, MAX_ATTEMPTS
from outreach.settings import parse_hours
from outreach.store import Store
from outreach.store.tables import addresses, launches
from outreach.store.tables import outbox as table
from outreach.store.tables import residents as people

SHANGHAI = ZoneInfo("Asia/Shanghai")
ANY_TIME = Rules(SHANGHAI)
PURPOSE = {Priority.REPLY: "reply", Priority.REMINDER: "reminders", Priority.CAMPAIGN: "care"}
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Where the two databases cannot differ.
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def number(resident_id: int) -> Address:
    return Address("sms", f"+86199{resident_id:08}")


def draft(key: str, resident_id: int = 1, priority: Priority = Priority.CAMPAIGN, **more: Any) -> Draft:
    values: dict[str, Any] = {
        "address": number(resident_id),
        "purpose": PURPOSE[priority],
        "template": "care/hello",
        "language": "zh-Hans",
        "text": f"您好 {key}",
        "due_at": NOW,
    }
    return Draft(key=key, resident_id=resident_id, priority=priority, **(values | more))


async def settle_in(connection: AsyncConnection, count: int) -> None:
    """So many residents with a phone each, who agreed to everything."""
    rows = [
        {"id": n, "name": f"居民{n}", "language": "zh-Hans", "created_at": NOW} for n in range(1, count + 1)
    ]
    await connection.execute(insert(people), rows)
    own = [
        {"resident_id": row["id"], "channel": "sms", "value": number(row["id"]).value, "created_at": NOW}
        for row in rows
    ]
    await connection.execute(insert(addresses), own)
    await residents.give(
        connection, [row["id"] for row in rows], wording="是", channel="import", source="list", now=NOW
    )


@pytest.fixture
async def town(store: Store) -> Store:
    async with store.write() as connection:
        await settle_in(connection, 5)
    return store


async def queue(store: Store, *drafts: Draft) -> int:
    async with store.write() as connection:
        return await outbox.enqueue(connection, drafts, NOW)


async def take(
    store: Store, now: datetime = NOW, limit: int = 100, rules: Rules = ANY_TIME, worker: str = "w"
) -> list[Claimed]:
    async with store.write() as connection:
        return await outbox.claim(connection, "sms", worker=worker, limit=limit, rules=rules, now=now)


async def end(store: Store, now: datetime, *outcomes: Outcome) -> None:
    async with store.write() as connection:
        await outbox.settle(connection, outcomes, now)


async def hear(store: Store, news: Receipt, now: datetime = NOW) -> Address | None:
    async with store.write() as connection:
        return await outbox.receipt(connection, news, now)


async def rows(store: Store) -> dict[str, Any]:
    async with store.read() as connection:
        return {row.key: row for row in await connection.execute(select(table).order_by(table.c.id))}


def keys(claimed: Sequence[Claimed]) -> list[str]:
    return [item.message.text.removeprefix("您好 ") for item in claimed]


def told(message_id: int, state: State, name: str = "SM1", **more: Any) -> Receipt:
    return Receipt("sms", state, outbox_id=message_id, provider_id=name, **more)


# Into the outbox


async def test_same_key_is_the_same_message(town: Store) -> None:
    first = draft("a", buttons=[Button("好", "1")], sender="+15005550006")
    assert await queue(town, first, draft("b")) == 2
    assert await queue(town, draft("a", text="another"), draft("c"), draft("c")) == 1
    kept = await rows(town)
    assert list(kept) == ["a", "b", "c"]
    assert kept["a"].text == first.text
    (message,) = [item.message for item in await take(town) if item.message.text == first.text]
    assert message == Outbound(kept["a"].id, number(1), first.text, [Button("好", "1")], "+15005550006")


@ONE_DATABASE
async def test_suppressed_draft_keeps_the_account_and_is_never_sent(town: Store) -> None:
    await queue(town, draft("a", suppressed="never agreed to care"))
    assert await take(town) == []
    row = (await rows(town))["a"]
    assert (row.state, row.reason, row.settled_at) == ("suppressed", "never agreed to care", NOW)


async def test_cancel_takes_back_only_what_still_waits(town: Store) -> None:
    await queue(town, draft("gone"))
    await take(town)
    await queue(town, draft("a"), draft("b"), draft("reply", priority=Priority.REPLY))
    async with town.write() as connection:
        which = table.c.purpose != "reply"
        assert await outbox.cancel(connection, which, reason="stopped", now=NOW) == 2
        assert await outbox.cancel(connection, which, reason="stopped", now=NOW) == 0
    kept = await rows(town)
    assert {key: row.state for key, row in kept.items()} == {
        "gone": "sending", "a": "cancelled", "b": "cancelled", "reply": "queued",
    }  # fmt: skip
    assert kept["a"].reason == "stopped"
    assert keys(await take(town)) == ["reply"]


# Claiming: what may go, and in which order


async def test_replies_go_first_then_reminders_then_campaigns_each_by_due_time(town: Store) -> None:
    await queue(
        town,
        draft("campaign late", due_at=NOW - MINUTE),
        draft("campaign early", due_at=NOW - HOUR),
        draft("reminder late", priority=Priority.REMINDER),
        draft("reminder early", priority=Priority.REMINDER, due_at=NOW - MINUTE),
        draft("reply", priority=Priority.REPLY),
    )
    one_by_one = [key for _ in range(6) for key in keys(await take(town, limit=1))]
    assert one_by_one == ["reply", "reminder early", "reminder late", "campaign early", "campaign late"]


async def test_only_what_is_due_on_this_channel_and_not_expired_is_claimed(town: Store) -> None:
    await queue(
        town,
        draft("due"),
        draft("later", due_at=NOW + MINUTE),
        draft("over", expires_at=NOW),
        draft("still", expires_at=NOW + MINUTE),
        draft("elsewhere", address=Address("telegram", "501")),
    )
    assert keys(await take(town)) == ["due", "still"]
    assert keys(await take(town, NOW + MINUTE)) == ["later"]
    assert {key for key, row in (await rows(town)).items() if row.state == "expired"} == {"over"}


async def test_what_is_over_expires_also_where_nobody_claims_a_part_at_a_time(town: Store) -> None:
    await queue(
        town, *(draft(f"over{n}", expires_at=NOW) for n in range(5)), draft("still", expires_at=NOW + MINUTE)
    )
    async with town.write() as connection:
        assert [await outbox.expire(connection, NOW, 3) for _ in range(3)] == [3, 2, 0]
    kept = await rows(town)
    assert kept["still"].state == "queued"
    assert kept["over1"].reason == "not sent before its time was over"


async def test_a_claim_takes_no_more_than_it_asked_for(town: Store) -> None:
    await queue(town, *(draft(f"m{n}") for n in range(60)))
    assert [len(await take(town, limit=limit)) for limit in (7, 1, 25, 100, 1)] == [7, 1, 25, 27, 0]


@pytest.mark.parametrize(
    ("hours", "quiet", "free"),
    [
        ("21:00-08:00", ["21:00", "23:59", "00:00", "07:59"], ["08:00", "12:00", "20:59"]),
        ("12:00-14:30", ["12:00", "14:29"], ["11:59", "14:30", "23:00", "00:00"]),
        ("00:00-06:00", ["00:00", "05:59"], ["06:00", "23:59"]),
    ],
)
def test_quiet_hours_are_local_and_may_span_midnight(hours: str, quiet: list[str], free: list[str]) -> None:
    rules = Rules(SHANGHAI, parse_hours(hours))

    def at(clock: str) -> datetime:
        return datetime.combine(NOW.date(), time.fromisoformat(clock), SHANGHAI).astimezone(NOW.tzinfo)

    assert [clock for clock in quiet if not rules.is_quiet(at(clock))] == []
    assert [clock for clock in free if rules.is_quiet(at(clock))] == []
    assert not ANY_TIME.is_quiet(at(quiet[0]))


@ONE_DATABASE
async def test_in_quiet_hours_only_replies_go(town: Store) -> None:
    rules = Rules(SHANGHAI, parse_hours("09:00-11:00"))
    await queue(
        town,
        draft("campaign"),
        draft("reminder", priority=Priority.REMINDER),
        draft("reply", priority=Priority.REPLY),
    )
    assert keys(await take(town, rules=rules)) == ["reply"]
    assert keys(await take(town, NOW + HOUR, rules=rules)) == ["reminder", "campaign"]


async def test_consent_withdrawn_after_queueing_suppresses_all_but_replies(town: Store) -> None:
    await queue(
        town,
        draft("mine"),
        draft("my reminder", priority=Priority.REMINDER),
        draft("my answer", priority=Priority.REPLY),
        draft("a neighbour's", 2),
    )
    async with town.write() as connection:
        await residents.withdraw(
            connection, [1], wording="TD", channel="sms", source="inbound", now=NOW, purposes=["care"]
        )
    assert keys(await take(town)) == ["my answer", "my reminder", "a neighbour's"]
    row = (await rows(town))["mine"]
    assert (row.state, row.reason) == ("suppressed", "consent withdrawn before sending")


async def test_address_closed_after_queueing_takes_replies_alone(town: Store) -> None:
    await queue(town, draft("mine"), draft("my answer", priority=Priority.REPLY), draft("a neighbour's", 2))
    async with town.write() as connection:
        await residents.close_address(connection, number(1), "there is no such number", NOW)
    assert keys(await take(town)) == ["my answer", "a neighbour's"]
    row = (await rows(town))["mine"]
    assert (row.state, row.reason) == ("suppressed", "the address no longer takes messages")


async def test_paused_launch_holds_its_messages_and_no_others(town: Store) -> None:
    launch = {
        "campaign": "hello",
        "frozen": {},
        "starts_at": NOW,
        "total": 1,
        "launched_by": "tests",
        "created_at": NOW,
    }
    async with town.write() as connection:
        for number_, state in ((1, "paused"), (2, "running")):
            await connection.execute(insert(launches).values(id=number_, state=state, **launch))
    await queue(town, draft("paused", launch_id=1), draft("running", launch_id=2), draft("neither"))
    assert keys(await take(town)) == ["running", "neither"]
    async with town.write() as connection:
        await connection.execute(update(launches).where(launches.c.id == 1).values(state="running"))
    assert keys(await take(town)) == ["paused"]


async def test_workers_at_the_same_time_never_get_the_same_message(town: Store) -> None:
    await queue(town, *(draft(f"m{n}", n % 5 + 1) for n in range(90)))
    other = Store(town.url)

    async def work(store: Store, worker: str) -> list[str]:
        got: list[str] = []
        while claimed := await take(store, limit=8, worker=worker):
            got += keys(claimed)
        return got

    shares = await asyncio.gather(*(work((town, other)[n % 2], f"w{n}") for n in range(4)))
    await other.close()
    assert sorted(key for share in shares for key in share) == sorted(f"m{n}" for n in range(90))


# Lanes


def lane(name: str, rate: float = 1.0, *, pool: bool = True) -> Lane:
    return Lane(f"sms:{name}", "sms", name, rate, pool)


async def held(store: Store, worker: str, now: datetime = NOW, names: str = "A B C D") -> Held:
    async with store.write() as connection:
        return await outbox.hold(connection, worker, [f"sms:{name}" for name in names.split()], now)


def names_of(found: Held) -> list[str]:
    return [row.name.removeprefix("sms:") for row in found.lanes]


async def test_workers_share_the_lanes_and_a_dead_ones_pass_on_within_ten_seconds(town: Store) -> None:
    async with town.write() as connection:
        await outbox.register(connection, [lane(name) for name in "ABCD"])
    first = await held(town, "first")
    assert names_of(first) == list("ABCD")
    second = await held(town, "second", NOW + SECOND)
    assert (names_of(second), len(second.elsewhere)) == ([], 4)
    first = await held(town, "first", NOW + 2 * SECOND)
    assert len(first.surplus) == 2, "what is more than its share is to be given up"
    async with town.write() as connection:
        await outbox.release(connection, "first", first.surplus)
    assert names_of(await held(town, "second", NOW + 3 * SECOND)) == [n[-1] for n in first.surplus]

    await queue(town, *(draft(f"m{n}", 1 + n % 5, address=number(n)) for n in range(40)))
    async with town.write() as connection:
        # C and D are the second's by now.
        for name in "AB":
            await outbox.claim(
                connection, f"sms:{name}", worker="first", limit=2, rules=ANY_TIME, now=NOW + 3 * SECOND
            )
    under_way = {row.lane for row in (await rows(town)).values() if row.state == "sending"}
    taken: set[str] = set()
    for passed in range(4, 12):
        found = await held(town, "second", NOW + passed * SECOND)
        taken |= {row.name for row in found.lanes}
    assert taken == {f"sms:{name}" for name in "ABCD"}, "the first one has not been heard of"
    kept = (await rows(town)).values()
    assert under_way, "the first was sending when it died"
    assert {row.lane for row in kept if row.state == "in_doubt"} == under_way
    assert {row.state for row in kept} == {"in_doubt", "queued"}


async def test_lane_of_a_worker_that_leaves_is_free_at_once(town: Store) -> None:
    async with town.write() as connection:
        await outbox.register(connection, [lane("A")])
    assert names_of(await held(town, "first", names="A")) == ["A"]
    assert names_of(await held(town, "second", names="A")) == []
    async with town.write() as connection:
        await outbox.release(connection, "second", ["sms:A"])
    assert names_of(await held(town, "second", names="A")) == [], "it was not its own to release"
    async with town.write() as connection:
        await outbox.release(connection, "first", ["sms:A"])
        await outbox.leave(connection, "first")
    assert names_of(await held(town, "second", names="A")) == ["A"]


async def test_person_keeps_the_number_and_a_reply_the_one_that_was_written_to(town: Store) -> None:
    async with town.write() as connection:
        await outbox.register(
            connection, [lane("+100000001"), lane("+100000002"), lane("+100000003", pool=False)]
        )
    await queue(town, *(draft(f"a{n}", 1 + n % 5, address=number(n)) for n in range(40)))
    await queue(town, *(draft(f"b{n}", 1 + n % 5, address=number(n)) for n in range(40)))
    await queue(town, draft("r", priority=Priority.REPLY, sender="+100000003"))
    await queue(town, draft("s", priority=Priority.REPLY, sender="+19999999"))
    kept = await rows(town)
    assert [kept[f"a{n}"].lane for n in range(40)] == [kept[f"b{n}"].lane for n in range(40)]
    assert {kept[f"a{n}"].lane for n in range(40)} == {"sms:+100000001", "sms:+100000002"}
    assert kept["r"].lane == "sms:+100000003"
    assert kept["s"].lane in ("sms:+100000001", "sms:+100000002"), "a number that is no longer ours"


async def test_messages_of_a_number_that_is_no_more_move_to_another(town: Store) -> None:
    await queue(town, draft("early"))
    async with town.write() as connection:
        await outbox.register(connection, [lane("A"), lane("B")])
    await queue(town, *(draft(f"m{n}", 1 + n % 5, address=number(n)) for n in range(30)))
    async with town.write() as connection:
        assert await outbox.claim(connection, "sms:A", worker="w", limit=1, rules=ANY_TIME, now=NOW)
        moved = await outbox.register(connection, [lane("B")])
    kept = (await rows(town)).values()
    assert {row.lane for row in kept if row.state == "queued"} == {"sms:B"}
    assert {row.lane for row in kept if row.state == "sending"} == {"sms:A"}, "where it was called from"
    assert moved > 0


@ONE_DATABASE
async def test_pause_that_a_provider_asked_for_outlives_the_process(town: Store) -> None:
    async with town.write() as connection:
        await outbox.register(connection, [lane("A")])
        await outbox.halt(connection, "sms:A", NOW + HOUR, "slow down")
        await outbox.halt(connection, "sms:A", NOW + MINUTE, "a shorter one")
    (row,) = (await held(town, "first", names="A")).lanes
    assert row.halted_until == NOW + HOUR
    async with town.read() as connection:
        (standing,), _ = await outbox.standing(connection, NOW + SECOND)
    assert (standing["state"], standing["halted_reason"]) == ("halted", "slow down")


# What no provider could take


@pytest.mark.parametrize(
    ("address", "words", "reason"),
    [
        (Address("fax", "1"), "您好", "there is no channel 'fax'"),  # type: ignore[arg-type]
        (Address("sms", "13912345678"), "您好", "this is no telephone number"),
        (Address("telegram", "@zhang"), "您好", "this is no address of a chat"),
        (Address("sms", "+8613912345678"), "长" * 1601, "the text has 1601 signs, and sms takes 1600"),
        (Address("telegram", "501"), "😀" * 2049, "the text has 4098 signs, and telegram takes 4096"),
        (Address("telegram", "501"), " \n", "the text is empty"),
        (Address("telegram", "501"), "a\0b", "the text has a sign in it that no provider takes"),
        (Address("sms", "+8613912345678"), "您好\ud83d", "the text has a sign in it that no provider takes"),
    ],
)
async def test_what_no_provider_could_take_fails_alone_with_its_reason(
    town: Store, address: Address, words: str, reason: str
) -> None:
    await queue(town, draft("bad", address=address, text=words), draft("good", 2))
    kept = await rows(town)
    assert (kept["bad"].state, kept["bad"].reason) == ("failed", reason)
    assert kept["bad"].settled_at == NOW
    assert keys(await take(town)) == ["good"]


# Claims, however much waits


async def test_daily_cap_counts_what_the_same_claim_takes(town: Store) -> None:
    rules = Rules(SHANGHAI, None, 2)
    await queue(town, *(draft(f"m{n}") for n in range(4)), draft("reply", priority=Priority.REPLY))
    assert keys(await take(town, rules=rules)) == ["reply", "m0", "m1"]
    assert keys(await take(town, rules=rules)) == []
    kept = await rows(town)
    assert {row.state for row in kept.values()} == {"sending", "queued"}
    assert kept["m2"].reason == "the daily limit: waits for the next day"
    tomorrow = datetime(2026, 11, 26, 0, 0, tzinfo=SHANGHAI)
    assert kept["m2"].due_at == tomorrow
    assert await take(town, tomorrow, rules=rules) == [], "what is still under way counts"
    async with town.write() as connection:
        await connection.execute(
            update(table).where(table.c.state == "sending").values(state="sent", sent_at=NOW)
        )
    assert keys(await take(town, tomorrow + 24 * HOUR, rules=rules)) == ["m2", "m3"]


async def test_what_was_claimed_and_never_known_goes_back_uncounted(town: Store) -> None:
    await queue(town, draft("known"), draft("lost"))
    known, lost = await take(town)
    async with town.write() as connection:
        assert await outbox.unclaim(connection, "sms", "w", [known.message.id], NOW) == 1
    (again,) = await take(town)
    assert (again.message.id, again.attempts) == (lost.message.id, 1)


# Settling


async def test_each_outcome_is_written_as_it_ended(town: Store) -> None:
    await queue(town, *(draft(key) for key in ("sent", "failed", "doubt", "again")))
    sent, failed, doubt, again = await take(town)
    later = NOW + MINUTE
    await end(
        town,
        later,
        Outcome(sent, State.SENT, "SM1"),
        Outcome(failed, State.FAILED, reason="there is no such number", error_code="21211"),
        Outcome(doubt, State.IN_DOUBT, reason="the connection broke"),
        Outcome(again, State.QUEUED, reason="too many", retry_after=30),
    )
    kept = await rows(town)
    assert {key: row.state for key, row in kept.items()} == {
        "sent": "sent", "failed": "failed", "doubt": "in_doubt", "again": "queued",
    }  # fmt: skip
    assert (kept["sent"].provider_id, kept["sent"].sent_at) == ("SM1", later)
    assert (kept["failed"].reason, kept["failed"].error_code) == ("there is no such number", "21211")
    assert kept["doubt"].settled_at is None
    assert kept["again"].due_at == later + timedelta(seconds=30)
    assert keys(await take(town, later + timedelta(seconds=29))) == []
    assert keys(await take(town, later + timedelta(seconds=30))) == ["again"]


@ONE_DATABASE
async def test_tries_back_off_and_are_given_up_in_the_end(town: Store) -> None:
    await queue(town, draft("a"))
    now, pauses = NOW, []
    for _ in range(MAX_ATTEMPTS):
        (claimed,) = await take(town, now)
        await end(town, now, Outcome(claimed, State.QUEUED, reason="busy"))
        row = (await rows(town))["a"]
        pauses.append((row.due_at - now).total_seconds())
        now = row.due_at
    wanted = [*BACKOFF, *[BACKOFF[-1]] * MAX_ATTEMPTS]
    spread = [pause / plain for pause, plain in zip(pauses[:-1], wanted, strict=False)]
    assert all(1 - JITTER - 0.001 <= ratio <= 1 + JITTER + 0.001 for ratio in spread)
    assert len({round(ratio, 3) for ratio in spread}) > 3, "what failed together does not come back together"
    assert await take(town, now) == []
    assert row.state == "failed"
    assert row.reason == f"given up after {MAX_ATTEMPTS} tries: busy"


@ONE_DATABASE
async def test_no_try_is_made_past_the_expiry(town: Store) -> None:
    await queue(town, draft("a", expires_at=NOW + MINUTE), draft("b", expires_at=NOW + 2 * MINUTE))
    for claimed in await take(town):
        await end(town, NOW, Outcome(claimed, State.QUEUED, reason="busy", retry_after=60))
    kept = await rows(town)
    assert (kept["a"].state, kept["b"].state) == ("expired", "queued")
    assert kept["a"].reason == "no time left for another try: busy"


@ONE_DATABASE
async def test_late_answer_to_an_earlier_try_does_not_touch_the_later_one(town: Store) -> None:
    await queue(town, draft("a"))
    (first,) = await take(town)
    async with town.write() as connection:
        await outbox.recover(connection, "sms", "another")
        await outbox.decide(connection, first.message.id, sent=False, now=NOW)
    (second,) = await take(town)
    await end(town, NOW, Outcome(first, State.QUEUED, reason="busy", retry_after=0))
    assert await take(town) == [], "the second try is still on its way"
    await end(town, NOW, Outcome(second, State.SENT, "SM2"))
    assert (await rows(town))["a"].state == "sent"


@ONE_DATABASE
async def test_answer_that_comes_after_the_lease_ran_out_ends_the_doubt(town: Store) -> None:
    await queue(town, draft("a"), draft("b"))
    sent, failed = await take(town)
    async with town.write() as connection:
        assert await outbox.overdue(connection, NOW + HOUR) == 2
    await end(town, NOW + HOUR, Outcome(sent, State.SENT, "SM1"), Outcome(failed, State.FAILED, reason="no"))
    assert {key: row.state for key, row in (await rows(town)).items()} == {"a": "sent", "b": "failed"}


# Receipts


async def test_receipt_finds_its_message_and_no_other(town: Store) -> None:
    await queue(town, draft("a"), draft("b", 2))
    a, b = await take(town)
    await end(town, NOW, Outcome(a, State.SENT, "SMa"), Outcome(b, State.SENT, "SMb"))
    await hear(town, told(a.message.id, State.DELIVERED, "SMb"))
    await hear(town, Receipt("telegram", State.DELIVERED, provider_id="SMa"))
    await hear(town, Receipt("sms", State.DELIVERED, provider_id="SMx"))
    await hear(town, told(10_000, State.DELIVERED))
    assert {row.state for row in (await rows(town)).values()} == {"sent"}

    assert await hear(town, Receipt("sms", State.DELIVERED, provider_id="SMa")) is None
    failed = told(b.message.id, State.FAILED, "SMb", error_code="30005", reason="unknown handset")
    assert await hear(town, failed) == number(2), "so that the address can be closed"
    assert await hear(town, failed) is None, "told once"
    for state in State.SENT, State.DELIVERED, State.FAILED:
        assert await hear(town, told(b.message.id, state, "SMb", reason="too late")) is None
    assert await hear(town, told(a.message.id, State.SENT, "SMa")) is None
    kept = await rows(town)
    assert (kept["a"].state, kept["b"].state) == ("delivered", "failed")
    assert kept["a"].reason is None
    assert (kept["b"].reason, kept["b"].error_code) == ("unknown handset", "30005")
    part = told(a.message.id, State.FAILED, "SMa", reason="a part was lost")
    assert await hear(town, part) == number(1), "a failed part wins, also over an earlier delivered one"
    assert (await rows(town))["a"].state == "failed"


async def test_message_that_waits_to_go_again_stays_where_it_did_arrive(town: Store) -> None:
    await queue(town, draft("a"), draft("b"), draft("new"))
    a, b, new = await take(town)
    for item in (a, b):
        await end(town, NOW, Outcome(item, State.QUEUED, reason="500", retry_after=0))
    async with town.write() as connection:
        await outbox.unclaim(connection, "sms", "w", [], NOW)
    await hear(town, told(a.message.id, State.DELIVERED, "SMa"))
    await hear(town, told(b.message.id, State.FAILED, "SMb"))
    await hear(town, told(new.message.id, State.DELIVERED, "SMc"))
    assert {key: row.state for key, row in (await rows(town)).items()} == {
        "a": "delivered", "b": "queued", "new": "queued",
    }  # fmt: skip
    assert keys(await take(town)) == ["b", "new"]


@ONE_DATABASE
async def test_time_of_sending_is_not_moved_by_the_receipt(town: Store) -> None:
    await queue(town, draft("a"))
    (claimed,) = await take(town)
    await end(town, NOW + MINUTE, Outcome(claimed, State.SENT, "SM1"))
    await hear(town, told(claimed.message.id, State.DELIVERED), NOW + HOUR)
    row = (await rows(town))["a"]
    assert (row.sent_at, row.settled_at) == (NOW + MINUTE, NOW + HOUR)


@asynccontextmanager
async def undone(store: Store) -> AsyncIterator[AsyncConnection]:
    """A transaction whose work is thrown away, so that every example begins with an empty outbox."""
    async with store.write() as connection:
        yield connection
        await connection.rollback()


@QUICK
@given(data=st.data())
async def test_receipts_in_any_order_and_number_end_the_same(town: Store, data: st.DataObject) -> None:
    answer = data.draw(st.sampled_from([State.SENT, State.IN_DOUBT]))
    told_states = [State.SENT, State.DELIVERED, State.FAILED]
    news = data.draw(st.lists(st.sampled_from(told_states), max_size=5))
    events = data.draw(st.permutations(["answer", *news]))
    batched = data.draw(st.booleans())
    informed = [max(news, key=told_states.index)] if news else [answer]

    async with undone(town) as connection:
        await outbox.enqueue(connection, [draft("a")], NOW)
        (claimed,) = await outbox.claim(connection, "sms", worker="w", limit=1, rules=ANY_TIME, now=NOW)
        moment = 0
        while events:
            moment += 1
            now = NOW + moment * MINUTE
            if events[0] == "answer":
                events = events[1:]
                name = "SM1" if answer == State.SENT else None
                outcome = Outcome(claimed, answer, name, "broke", retry_after=0)
                await outbox.settle(connection, [outcome], now)
                continue
            size = len(events[: events.index("answer")] if "answer" in events else events) if batched else 1
            together, events = events[:size], events[size:]
            batch = [told(claimed.message.id, state, reason="no handset") for state in together]
            await outbox.receipts(connection, batch, now)
        row = (await connection.execute(select(table))).one()

    assert row.state == informed[0]
    assert row.lease_until is None
    assert row.provider_id == ("SM1" if news or answer == State.SENT else None)
    assert (row.reason == "no handset") == (row.state == State.FAILED)
    if row.state in (State.SENT, State.DELIVERED):
        assert row.sent_at is not None


# Doubt


async def test_what_a_dead_process_was_sending_is_in_doubt_and_never_queued(town: Store) -> None:
    await queue(town, draft("a"), draft("b"))
    await take(town, limit=1)
    await take(town, NOW + MINUTE, limit=1)
    async with town.write() as connection:
        assert await outbox.overdue(connection, NOW + MINUTE) == 0, "its lease still runs"
        assert await outbox.overdue(connection, NOW + 2 * MINUTE) == 1
        assert await outbox.recover(connection, "sms", "w") == 0, "what the holder itself is sending"
        assert await outbox.recover(connection, "telegram:1", "another") == 0, "another lane"
        assert await outbox.recover(connection, "sms", "another") == 1
    assert {row.state for row in (await rows(town)).values()} == {"in_doubt"}
    assert await take(town, NOW + HOUR) == []
    async with town.read() as connection:
        listed = await outbox.doubts(connection)
    assert [(doubt["text"], doubt["resident_id"]) for doubt in listed] == [("您好 a", 1), ("您好 b", 1)]


async def test_a_person_decides_a_doubt_once(town: Store) -> None:
    await queue(town, draft("a"), draft("b"))
    a, b = await take(town)
    await end(town, NOW, Outcome(a, State.IN_DOUBT), Outcome(b, State.IN_DOUBT))
    async with town.write() as connection:
        await outbox.decide(connection, a.message.id, sent=True, now=NOW)
        await outbox.decide(connection, b.message.id, sent=False, now=NOW)
        for message_id in (a.message.id, b.message.id, 10_000):
            with pytest.raises(BadInput, match="no message in doubt") as refused:
                await outbox.decide(connection, message_id, sent=False, now=NOW)
            assert refused.value.where == str(message_id)
        assert await outbox.doubts(connection) == []
    assert (await rows(town))["a"].state == "sent"
    assert keys(await take(town)) == ["b"]


# Looking in


@ONE_DATABASE
async def test_newest_question_is_what_this_address_was_last_asked(town: Store) -> None:
    async def asked(now: datetime = NOW, at: int = 1) -> str | None:
        async with town.read() as connection:
            row = await outbox.newest_question(connection, [1], number(at), now)
        return row.key if row else None

    assert await asked() is None
    await queue(town, draft("survey", survey="service"), draft("hello"))
    assert await asked() is None, "not sent yet"
    await take(town)
    assert await asked() == "survey"
    await queue(town, draft("choice", template=outbox.CLARIFY, priority=Priority.REPLY), draft("plain"))
    await take(town)
    assert await asked() == "choice"
    assert await asked(at=2) is None
    assert await asked(NOW + timedelta(days=7)) is None


# Everything at once, against a model


@dataclass
class Expected:
    """One message as it should be."""

    resident: int
    priority: Priority
    due: datetime
    expires: datetime | None
    state: State
    lease: datetime | None = None
    calls: int = 0
    releases: int = 0
    claimed: Claimed | None = None


@dataclass
class Model:
    now: datetime = NOW
    messages: dict[int, Expected] = field(default_factory=dict)
    agreed: dict[int, bool] = field(default_factory=lambda: dict.fromkeys((1, 2), True))

    def of(self, *states: State) -> list[int]:
        return [number_ for number_, message in self.messages.items() if message.state in states]

    def ready(self, limit: int) -> list[int]:
        due = [
            (message.priority, message.due, number_)
            for number_, message in self.messages.items()
            if message.state == State.QUEUED and message.due <= self.now
        ]
        return [number_ for *_, number_ in sorted(due)[:limit]]


class Play:
    """The moves people, providers and the clock can make, each on the outbox and on the model."""

    def __init__(self, connection: AsyncConnection, data: st.DataObject) -> None:
        self.connection, self.data, self.model = connection, data, Model()

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.data.draw(strategy)

    async def enqueue(self) -> None:
        key = f"k{self.draw(st.integers(0, 12))}"
        due = self.model.now + timedelta(seconds=self.draw(st.sampled_from([-5, 0, 20])))
        left = self.draw(st.sampled_from([None, 40, 400]))
        expires = self.model.now + timedelta(seconds=left) if left else None
        resident, priority = self.draw(st.sampled_from([1, 2])), self.draw(st.sampled_from(Priority))
        new = draft(key, resident, priority, due_at=due, expires_at=expires)
        if await outbox.enqueue(self.connection, [new], self.model.now):
            row = (await self.connection.execute(select(table.c.id).where(table.c.key == key))).scalar_one()
            assert row not in self.model.messages
            self.model.messages[row] = Expected(resident, priority, due, expires, State.QUEUED)

    async def claim(self) -> None:
        limit = self.draw(st.integers(1, 3))
        wanted = self.model.ready(limit)
        claimed = await outbox.claim(
            self.connection, "sms", worker="w", limit=limit, rules=ANY_TIME, now=self.model.now
        )
        for number_ in wanted:
            message = self.model.messages[number_]
            agreed = message.priority == Priority.REPLY or self.model.agreed[message.resident]
            over = message.expires is not None and message.expires <= self.model.now
            message.state = State.EXPIRED if over else State.SENDING if agreed else State.SUPPRESSED
        handed = {item.message.id: item for item in claimed}
        assert set(handed) == {n for n in wanted if self.model.messages[n].state == State.SENDING}
        for number_, item in handed.items():
            message = self.model.messages[number_]
            message.claimed, message.lease = item, self.model.now + timedelta(seconds=90)
            message.calls += 1
            assert message.calls == message.releases + 1, "handed out twice with nothing in between"

    async def settle(self) -> None:
        under_way = self.model.of(State.SENDING)
        if not under_way:
            return
        message = self.model.messages[self.draw(st.sampled_from(under_way))]
        assert message.claimed
        state = self.draw(st.sampled_from([State.SENT, State.FAILED, State.IN_DOUBT, State.QUEUED]))
        name = f"SM{message.claimed.message.id}" if state == State.SENT else None
        outcome = Outcome(message.claimed, state, name, "words", retry_after=30)
        await outbox.settle(self.connection, [outcome], self.model.now)
        message.state, message.due = state, self.model.now + timedelta(seconds=30)
        if state == State.QUEUED:
            message.releases += 1
            if message.expires and message.due >= message.expires:
                message.state = State.EXPIRED
            elif message.calls >= MAX_ATTEMPTS:
                message.state = State.FAILED

    async def receipt(self) -> None:
        called = [n for n, message in self.model.messages.items() if message.calls]
        if not called:
            return
        number_ = self.draw(st.sampled_from(called))
        state = self.draw(st.sampled_from([State.SENT, State.DELIVERED, State.FAILED]))
        await outbox.receipt(self.connection, told(number_, state, f"SM{number_}"), self.model.now)
        message = self.model.messages[number_]
        before = [State.SENDING, State.IN_DOUBT]
        before += [State.SENT] if state != State.SENT else []
        before += [State.DELIVERED] if state == State.FAILED else [State.QUEUED]
        if message.state in before:
            message.state = state

    async def cancel(self) -> None:
        resident = self.draw(st.sampled_from([1, 2]))
        mine = (table.c.resident_id == resident, table.c.purpose != "reply")
        count = await outbox.cancel(self.connection, *mine, reason="stopped", now=self.model.now)
        waiting = [
            message
            for message in map(self.model.messages.get, self.model.of(State.QUEUED))
            if message and message.resident == resident and message.priority != Priority.REPLY
        ]
        assert count == len(waiting)
        for message in waiting:
            message.state = State.CANCELLED

    async def expire(self) -> None:
        count = await outbox.expire(self.connection, self.model.now)
        over = [
            message
            for message in map(self.model.messages.get, self.model.of(State.QUEUED))
            if message and message.expires and message.expires <= self.model.now
        ]
        assert count == len(over)
        for message in over:
            message.state = State.EXPIRED

    async def recover(self) -> None:
        taken_over = self.draw(st.booleans())
        if taken_over:
            await outbox.recover(self.connection, "sms", "another")
        else:
            await outbox.overdue(self.connection, self.model.now)
        for number_ in self.model.of(State.SENDING):
            message = self.model.messages[number_]
            if taken_over or (message.lease and message.lease < self.model.now):
                message.state = State.IN_DOUBT

    async def decide(self) -> None:
        doubts = self.model.of(State.IN_DOUBT)
        if not doubts:
            return
        number_, sent = self.draw(st.sampled_from(doubts)), self.draw(st.booleans())
        await outbox.decide(self.connection, number_, sent=sent, now=self.model.now)
        message = self.model.messages[number_]
        message.state, message.due = (State.SENT if sent else State.QUEUED), self.model.now
        message.releases += not sent

    async def change_consent(self) -> None:
        resident, agrees = self.draw(st.sampled_from([1, 2])), self.draw(st.booleans())
        act = residents.give if agrees else residents.withdraw
        await act(self.connection, [resident], wording="w", channel="sms", source="s", now=self.model.now)
        self.model.agreed[resident] = agrees

    async def wait(self) -> None:
        self.model.now += timedelta(seconds=self.draw(st.sampled_from([1, 30, 100])))

    async def check(self) -> None:
        kept = await self.connection.execute(select(table.c.id, table.c.state))
        assert {row.id: row.state for row in kept} == {
            n: message.state for n, message in self.model.messages.items()
        }
        counts = await outbox.by_state(self.connection)
        assert set(counts) == {state.value for state in State}
        assert sum(counts.values()) == len(self.model.messages)


MOVES = [
    Play.enqueue, Play.enqueue, Play.claim, Play.claim, Play.settle, Play.settle, Play.receipt, Play.wait,
    Play.cancel, Play.expire, Play.recover, Play.decide, Play.change_consent,
]  # fmt: skip


@settings(QUICK, max_examples=15)
@given(data=st.data())
async def test_any_story_leaves_every_message_where_it_should_be(town: Store, data: st.DataObject) -> None:
    async with undone(town) as connection:
        play = Play(connection, data)
        for move in data.draw(st.lists(st.sampled_from(MOVES), min_size=15, max_size=40)):
            await move(play)
            await play.check()
