"""What a person may ask of us: proof of consent, all that we hold, and to be forgotten, stop and all."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from terminal import Terminal

from outreach import audit, campaigns, residents, surveys
from outreach.app import Content
from outreach.model import Address, BadInput, State
from outreach.outbox import Rules, claim
from outreach.residents import importing
from outreach.residents.record import why
from outreach.residents.rights import NOBODY
from outreach.store import Store
from outreach.store.columns import version_of
from outreach.store.guides import guide_runs
from outreach.store.knowledge import answers
from outreach.store.tables import (
    addresses,
    cases,
    checkups,
    consent,
    erasing,
    inbound,
    metadata,
    outbox,
    reminders,
    resident_groups,
    stops,
    survey_answers,
)

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PHONE = Address("sms", "+8619912345678")
ROW = {
    "name": "张梅", "phone": "19912345678", "telegram_id": "501", "township": "东山镇", "groups": "a",
    "birth_year": "1994", "consent_care": "是", "consent_reminders": "是", "consent_surveys": "是",
}  # fmt: skip
BY_SMS: dict[str, Any] = {"channel": "sms", "source": "inbound 1", "now": NOW}
ON_PAPER: dict[str, Any] = {"channel": "paper", "source": "staff 王医生", "now": NOW}


async def bring_in(connection: AsyncConnection, **cells: str) -> int:
    """One row of the office's list, as the command takes it; returns whose it is."""
    row = importing.parse(2, ROW | cells)
    await importing.take(connection, row, importing.Report(), language="zh-Hans", source="list.csv", now=NOW)
    (person,) = [p for p in await residents.at_address(connection, Address("sms", row.phone or "")) if p.name]
    return person.id


async def standing(connection: AsyncConnection, resident_id: int, purpose: str = "care") -> str | None:
    (person,) = await residents.these(connection, [resident_id], purpose, ["telegram", "sms"], NOW)
    return person.obstacle(purpose)


# Consent


async def test_nobody_changes_or_deletes_a_word_of_the_ledger(store: Store) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
    attempts = [
        update(consent).values(given=False),
        update(consent).where(consent.c.id == 1).values(wording="x"),
        update(consent).values(resident_id=mei),
        delete(consent),
        delete(consent).where(consent.c.id == 1),
    ]
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="append-only"):
            async with store.write() as connection:
                await connection.execute(attempt)
    async with store.write() as connection:
        assert len(await residents.proof(connection, mei)) == 3
        assert (await connection.execute(select(erasing))).all() == []
    if store.is_sqlite:
        with pytest.raises(DBAPIError, match="append-only"):
            async with store.write() as connection:
                same = insert(consent).prefix_with("OR REPLACE")
                values = {"id": 1, "resident_id": mei, "purpose": "care", "given": True, "wording": "x"}
                await connection.execute(same.values(**values, at=NOW, channel="sms", source="s"))


@ONE_DATABASE
async def test_a_wording_has_one_version_wherever_it_was_said(store: Store) -> None:
    async with store.write() as connection:
        mei, li = await bring_in(connection), await bring_in(connection, phone="19912345679", telegram_id="")
        for one in (mei, li):
            await residents.give(
                connection, [one], wording="我同意接收筛查提醒", purposes=["care"], **ON_PAPER
            )
        await residents.give(connection, [mei], wording="我同意接收筛查提醒。", purposes=["care"], **ON_PAPER)
        mine, theirs = [await residents.ledger(connection, one) for one in (mei, li)]
    assert mine[-2]["version"] == theirs[-1]["version"] == version_of("我同意接收筛查提醒")
    assert mine[-1]["version"] != mine[-2]["version"], "one sign more is another wording"
    assert mine[-1]["wording"] == "我同意接收筛查提醒。"


async def test_care_consent_never_covers_a_sensitive_topic(store: Store) -> None:
    topic = "health:hiv_sti"
    async with store.write() as connection:
        mei = await bring_in(connection)
        assert await standing(connection, mei) is None
        assert await standing(connection, mei, topic) == f"never agreed to {topic}"
        await residents.give(connection, [mei], wording="我同意", purposes=[topic], **ON_PAPER)
        assert await standing(connection, mei, topic) is None
        await residents.withdraw(connection, [mei], wording="TD", **BY_SMS)
        assert await standing(connection, mei, topic) == "stopped our messages", "a stop is a stop"
        await residents.give(connection, [mei], wording="订阅", **BY_SMS)
        assert await standing(connection, mei) is None
        assert await standing(connection, mei, topic) == "stopped our messages", "START does not say it"


async def test_for_a_child_only_a_guardian_can_agree(store: Store) -> None:
    async with store.write() as connection:
        child = await bring_in(connection, birth_year=str(NOW.year - 14))
        teenager = await bring_in(
            connection, phone="19912345679", telegram_id="", birth_year=str(NOW.year - 15)
        )
        assert await standing(connection, teenager) is None
        assert await standing(connection, child) == "under 14, and no parent or guardian agreed"
        said = {"wording": "本人作为监护人同意", "purposes": ["care"], "by_guardian": True}
        await residents.give(connection, [child], **said, **ON_PAPER)
        assert await standing(connection, child) is None
        grown_up = NOW + timedelta(days=800)
        await residents.give(connection, [child], wording="订阅", purposes=["care"], **BY_SMS)
        assert await standing(connection, child) == "under 14, and no parent or guardian agreed"
        (person,) = await residents.these(connection, [child], "care", ["sms"], grown_up)
        assert person.obstacle("care") is None


async def test_the_engine_asks_for_the_very_purpose_at_the_last_moment(store: Store) -> None:
    wanted = {"care": None, "health:mental": None, "reply": None}
    async with store.write() as connection:
        mei = await bring_in(connection)
        child = await bring_in(connection, phone="19912345679", telegram_id="", birth_year=str(NOW.year - 5))
        guarded = await bring_in(
            connection, phone="19912345670", telegram_id="", birth_year=str(NOW.year - 5)
        )
        said = {"wording": "监护人同意", "purposes": ["care"], "by_guardian": True}
        await residents.give(connection, [guarded], **said, **ON_PAPER)
        for one in (mei, child, guarded):
            for purpose in wanted:
                await connection.execute(insert(outbox).values(**message(one, purpose=purpose)))
        rules = Rules(ZoneInfo("Asia/Shanghai"))
        taken = await claim(connection, "sms", worker="w", limit=99, rules=rules, now=NOW)
        rows = (await connection.execute(select(outbox))).all()
    assert len(taken) == 5
    kept_back = {(row.resident_id, row.purpose): row.reason for row in rows if row.state == "suppressed"}
    assert kept_back == {
        (mei, "health:mental"): "consent withdrawn before sending",
        (child, "care"): "under 14, and no parent or guardian agreed",
        (child, "health:mental"): "consent withdrawn before sending",
        (guarded, "health:mental"): "consent withdrawn before sending",
    }


def message(resident_id: int, **more: Any) -> dict[str, Any]:
    number = more.pop("number", None) or f"{resident_id}:{more.get('purpose', 'care')}"
    return {
        "key": f"k{number}", "resident_id": resident_id, "channel": "sms", "address": PHONE.value,
        "lane": "sms", "priority": 1, "purpose": "care", "template": "care/hello", "language": "zh-Hans",
        "text": "张梅您好", "state": "queued", "due_at": NOW, "created_at": NOW,
    } | more  # fmt: skip


# Erasure


async def lived(connection: AsyncConnection, content: Content, resident_id: int) -> int:
    """A person to whom everything happened; returns the number of the campaign's launch."""
    launch = int((await content.campaigns.launch(connection, "hello", by="tests", now=NOW))["id"])
    await content.campaigns.queue_next(connection, NOW)
    sent = message(
        resident_id, number="a", state="delivered", sent_at=NOW, provider_id="SM1", launch_id=launch
    )
    await connection.execute(insert(outbox).values(**sent | {"priority": 2}))
    asked = message(resident_id, number="b", state="sent", sent_at=NOW, survey="service", question="q")
    doubt = message(resident_id, number="c", state="in_doubt", launch_id=launch, priority=2)
    visit = {"resident_id": resident_id, "plan": "prenatal", "at": NOW, "place": "三楼", "created_at": NOW}
    await connection.execute(insert(checkups).values(**visit))
    step = {"checkup_id": 1, "step": "before", "due_at": NOW, "expires_at": NOW}
    await connection.execute(insert(reminders).values(**step))
    told = message(resident_id, number="d", state="failed", checkup_id=1, purpose="reminders")
    for row in (asked, doubt, told, message(resident_id, number="e", purpose="reply", state="sent")):
        await connection.execute(insert(outbox).values(**row))
    for n, text in enumerate(("5 张大夫好", "怎么领补贴", "我是张梅")):
        said = {"channel": "sms", "provider_id": f"M{n}", "resident_id": resident_id, "kind": "text"}
        said |= {"address": PHONE.value, "text": text, "received_at": NOW}
        await connection.execute(insert(inbound).values(**said))
    which = select(outbox.c.id).where(outbox.c.key == "kb")
    answer = {"resident_id": resident_id, "outbox_id": (await connection.execute(which)).scalar_one()}
    answer |= {"inbound_id": 1, "survey": "service", "question": "q", "rating": 5, "comment": "张大夫好"}
    await connection.execute(insert(survey_answers).values(**answer, at=NOW))
    case = {"resident_id": resident_id, "inbound_id": 2, "kind": "question", "opened_at": NOW, "due_at": NOW}
    await connection.execute(insert(cases).values(**case))
    run = {"resident_id": resident_id, "channel": "sms", "guide": "childcare_subsidy", "language": "en"}
    run |= {"answers": '{"child_birth_date": "2023-12"}', "asked": "birth_order"}
    await connection.execute(insert(guide_runs).values(**run, started_at=NOW, asked_at=NOW))
    answer = {"inbound_id": 2, "resident_id": resident_id, "topic": "folic-acid", "language": "zh-Hans"}
    answer |= {"version": "0" * 12, "outcome": "answer", "confidence": 0.8, "helpful": True}
    await connection.execute(insert(answers).values(**answer, at=NOW))
    assert await residents.new_code(connection, resident_id, NOW)
    await residents.tag(connection, resident_id, "待访视", by="王医生", now=NOW)
    await audit.note(connection, "王医生", "residents.tag", residents.subject(resident_id), NOW)
    return launch


async def everything(connection: AsyncConnection) -> str:
    """Every value in the database, as one text."""
    found = [
        str(tuple(row)) for table in metadata.sorted_tables for row in await connection.execute(select(table))
    ]
    return "\n".join(found)


def naming_residents() -> list[Table]:
    return [table for table in metadata.sorted_tables if "resident_id" in table.c]


async def test_erasure_takes_the_person_out_of_everything_and_accounts_still_add_up(
    store: Store, content: Content
) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        li = await bring_in(connection, name="李强", phone="19912345679", telegram_id="502")
        launch = await lived(connection, content, mei)
        before = await campaigns.status(connection, launch, NOW)
        rated = await surveys.results(connection, "service")
        li_before = await residents.export(connection, li)
        result = await residents.erase(connection, mei, NOW)
    async with store.read() as connection:
        left = await everything(connection)
        words = ("张", "19912345678", "'501'", "SM1", "三楼", "怎么领", "待访视")
        hashes = [store.seals.lookup(address) for address in ("+8619912345678", "501")]
        assert [word for word in (*words, *hashes) if word in left] == []
        for table in naming_residents():
            mine = select(func.count()).select_from(table).where(table.c.resident_id == mei)
            assert (await connection.execute(mine)).scalar_one() == 0, table.name
        after = await campaigns.status(connection, launch, NOW)
        assert after["total"] == before["total"]
        assert after["delivered"] == before["delivered"] == 1
        assert sum(after[state.value] for state in State) == after["total"]
        assert (await surveys.results(connection, "service"))["questions"] == rated["questions"]
        assert await residents.export(connection, mei) is None
        assert await residents.get(connection, mei) is None
        assert await residents.export(connection, li) == li_before, "nobody else is touched"
        assert [one["id"] for one in await residents.listing(connection)] == [li]
        assert await audit.verify(connection) is None
    assert (result["already"], result["stops"]) == (False, [])
    assert result["kept"] == {"messages": 4, "received": 2, "answers": 1, "questions": 1, "cases": 1}


async def test_erasing_again_changes_nothing_and_a_number_is_never_given_twice(store: Store) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        await residents.erase(connection, mei, NOW)
        before = await everything(connection)
        again = await residents.erase(connection, mei, NOW + timedelta(days=1))
        assert await everything(connection) == before
        assert (again["already"], again["erased_at"]) == (True, "2026-11-25T02:00:00+00:00")
        assert await bring_in(connection) not in (mei, NOBODY)
        for unknown in (999, NOBODY, -1):
            with pytest.raises(BadInput, match="no resident"):
                await residents.erase(connection, unknown, NOW)


async def test_what_waits_is_taken_back_and_what_is_being_sent_is_waited_for(store: Store) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        for n, state in enumerate(("queued", "sending")):
            await connection.execute(insert(outbox).values(**message(mei, number=f"{n}", state=state)))
        before = await everything(connection)
    with pytest.raises(BadInput, match="being sent this moment") as refused:
        async with store.write() as connection:
            await residents.erase(connection, mei, NOW)
    assert refused.value.fix
    async with store.write() as connection:
        assert await everything(connection) == before, "all or nothing"
        await connection.execute(update(outbox).where(outbox.c.state == "sending").values(state="sent"))
        await residents.erase(connection, mei, NOW)
        assert (await connection.execute(select(outbox))).all() == [], "no account needs these"


@pytest.mark.parametrize("way", ["before the row", "with a yes in it"])
async def test_a_stop_outlives_erasure_and_only_the_persons_own_word_ends_it(store: Store, way: str) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        await residents.withdraw(connection, [mei], wording="TD", **BY_SMS)
        await residents.erase(connection, mei, NOW)
        kept = (await connection.execute(select(stops))).all()
        assert {row.purpose for row in kept} == {"care", "reminders", "surveys"}
        assert not any("1991234" in str(tuple(row)) for row in kept)

        blank = {} if way == "with a yes in it" else dict.fromkeys(ROW, "") | {"name": "张梅"}
        again = await bring_in(connection, **blank | {"phone": ROW["phone"]})
        assert again != mei
        assert await standing(connection, again) == "stopped our messages"
        assert (await residents.proof(connection, again))[-1].source == "stop kept after erasure"
        await bring_in(connection)
        assert await standing(connection, again) == "stopped our messages", "nor the second time"

        await residents.give(connection, [again], wording="订阅", **BY_SMS)
        assert await standing(connection, again) is None
        await residents.erase(connection, again, NOW)
        third = await bring_in(connection)
        assert await standing(connection, third) is None, "what they said last counts"


async def test_who_never_stopped_is_simply_new_and_needs_a_yes_afresh(store: Store) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        await residents.erase(connection, mei, NOW)
        assert (await connection.execute(select(stops))).all() == []
        asked = dict.fromkeys(("consent_care", "consent_reminders", "consent_surveys"), "")
        again = await bring_in(connection, **asked)
        assert await standing(connection, again) == "never agreed to care"


@ONE_DATABASE
async def test_a_stop_is_kept_by_purpose_and_on_every_address(store: Store) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        await residents.withdraw(connection, [mei], wording="不要提醒", purposes=["reminders"], **BY_SMS)
        await residents.erase(connection, mei, NOW)
        stranger = await residents.find(connection, Address("telegram", "501"), "zh-Hans", NOW)
        assert await standing(connection, stranger.id, "reminders") == "stopped our messages"
        again = await bring_in(connection, telegram_id="")
        assert await standing(connection, again, "care") is None
        assert await standing(connection, again, "reminders") == "stopped our messages"


async def test_every_table_that_names_a_person_is_emptied_of_them(store: Store, content: Content) -> None:
    """Whoever adds such a table must make a place for it here, or erasure would miss it."""
    async with store.write() as connection:
        mei = await bring_in(connection)
        await lived(connection, content, mei)
        for table in naming_residents():
            if table is erasing:
                continue
            mine = select(func.count()).select_from(table).where(table.c.resident_id == mei)
            assert (await connection.execute(mine)).scalar_one() > 0, f"no test row in {table.name}"
        await residents.erase(connection, mei, NOW)
        for table in (addresses, resident_groups, checkups, reminders, consent):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0


# Seeing it


async def test_the_record_says_of_every_message_why_it_was_or_was_not_sent(
    store: Store, content: Content
) -> None:
    async with store.write() as connection:
        mei = await bring_in(connection)
        await lived(connection, content, mei)
        late = message(mei, number="z", state="suppressed", reason="stopped our messages")
        await connection.execute(insert(outbox).values(**late))
        record = await residents.export(connection, mei) or {}
    assert record["messages"][-1]["why"] == "not sent: stopped our messages"
    assert {m["state"]: m["why"] for m in record["messages"]}["delivered"] == "arrived"
    assert {m["campaign"] for m in record["messages"]} == {"hello", None}
    assert [a["rating"] for a in record["answers"]] == [5]
    assert [(q["topic"], q["helpful"]) for q in record["questions"]] == [("folic-acid", True)]
    assert [c["kind"] for c in record["cases"]] == ["question"]
    assert record["checkups"][0]["reminders"][0]["step"] == "before"
    assert record["tags"] == ["待访视"]
    assert [act["what"] for act in record["audit"]] == ["residents.tag"]


@pytest.mark.parametrize("state", State)
def test_every_state_has_words(state: State) -> None:
    assert why(state, "because").endswith(": because")
    assert why(state, None, "30007").endswith("(30007)")


# In the terminal

CSV = (
    "姓名,手机号码,Telegram,语言,出生年份,同意接收关怀\n"
    "<b>张梅</b>,19912345678,501,,1994,是\nTom & Co,19912345679,,en,,是\n小宝,19912345670,,,2020,是\n"
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    shell = Terminal(tmp_path, secret_key="a-secret-of-the-tests")
    (tmp_path / "list.csv").write_text(CSV, "utf-8")
    assert shell.run("residents", "import", "list.csv", "--json").code == 0
    return shell


def test_the_proof_of_consent_is_printed_and_staff_add_to_it(terminal: Terminal) -> None:
    give = ("--give", "health:screening", "--wording", "我同意接收筛查通知", "--by", "王医生")
    ran = terminal.run("residents", "consent", "1", *give, "--how", "telephone", "--json")
    assert ran.code == 0, ran.said
    (last,) = ran.json["consent"][-1:]
    assert last["version"] == version_of("我同意接收筛查通知")
    assert (last["purpose"], last["given"], last["channel"]) == ("health:screening", True, "telephone")
    assert last["source"] == "staff 王医生"
    told = terminal.run("residents", "consent", "1")
    assert "我同意接收筛查通知" in told.out
    assert last["version"] in told.out

    ran = terminal.run("residents", "consent", "1", "--withdraw", "care", "--by", "王医生", "--json")
    assert ran.json["consent"][-1]["given"] is False
    child = ("--give", "care", "--wording", "监护人同意", "--by", "王医生", "--guardian")
    assert terminal.run("residents", "consent", "3", *child, "--json").json["consent"][-1]["by_guardian"]


def test_consent_without_its_proof_is_refused(terminal: Terminal) -> None:
    for missing in (
        ("--give", "care", "--by", "王医生"),
        ("--give", "care", "--wording", "我同意"),
        ("--withdraw", "care"),
    ):
        assert terminal.run("residents", "consent", "1", *missing).code == 2
    ran = terminal.run("residents", "consent", "1", "--give", "sales", "--wording", "x", "--by", "y")
    assert (ran.code, "health:screening" in ran.err) == (1, True)
    assert len(terminal.run("residents", "consent", "1", "--json").json["consent"]) == 1


def test_withdrawal_cancels_what_waits(terminal: Terminal) -> None:
    assert terminal.run("campaign", "launch", "hello").code == 0
    assert terminal.run("tick").code == 0
    terminal.run("residents", "consent", "1", "--withdraw", "care", "--by", "王医生")
    (last,) = terminal.run("residents", "show", "1", "--json").json["messages"]
    assert last["why"] == "not sent: the resident stopped our messages"
    shown = terminal.run("residents", "show", "1").out
    assert "not sent" in shown
    counts = terminal.run("campaign", "status", "1", "--json").json
    assert (counts["total"], counts["cancelled"], counts["suppressed"]) == (3, 1, 1)


def test_export_is_a_page_in_the_persons_language(terminal: Terminal) -> None:
    chinese = terminal.run("residents", "export", "1", "--html")
    assert chinese.code == 0, chinese.said
    assert '<html lang="zh-Hans">' in chinese.out
    assert "&lt;b&gt;张梅&lt;/b&gt;" in chinese.out, "what people wrote is text, never markup"
    assert "+8619912345678" in chinese.out
    assert "关怀信息" in chinese.out
    english = terminal.run("residents", "export", "2", "--out", "two.html")
    assert (english.code, english.out) == (0, "")
    page = (terminal.folder / "two.html").read_text("utf-8")
    assert '<html lang="en">' in page
    assert "Tom &amp; Co" in page
    assert "What we hold about you" in page
    for text in (chinese.out, page):
        assert not [w for w in ("http://", "https://", "src=", "<script", "@import", "url(") if w in text]
    written = terminal.run("residents", "export", "2", "--out", "two.json")
    assert written.code == 0
    record = json.loads((terminal.folder / "two.json").read_text("utf-8"))
    assert record["name"] == "Tom & Co"
    assert [act["what"] for act in record["audit"]] == ["residents.export"]


def test_export_refuses_what_it_cannot_write(terminal: Terminal) -> None:
    assert terminal.run("residents", "export", "1", "--out", "one.pdf").code == 2
    ran = terminal.run("residents", "export", "1", "--out", "no/such/folder/one.html")
    assert ran.code == 1
    assert "Traceback" not in ran.err


def test_erase_asks_first_and_a_stop_outlives_it(terminal: Terminal) -> None:
    assert terminal.run("residents", "erase", "1").code == 2, "nobody there to ask"
    stop = ("--withdraw", "care", "--by", "王医生")
    terminal.run("residents", "consent", "1", *stop)
    ran = terminal.run("residents", "erase", "1", "--yes", "--by", "王医生", "--json")
    assert (ran.code, ran.json["already"], ran.json["stops"]) == (0, False, ["care"])
    assert terminal.run("residents", "erase", "1", "--yes", "--json").json["already"] is True
    assert terminal.run("residents", "show", "1").code == 1
    assert terminal.run("residents", "import", "list.csv", "--json").json["created"] == 1
    (new,) = terminal.run("residents", "list", "--after", "3", "--json").json["residents"]
    proof = terminal.run("residents", "consent", str(new["id"]), "--json").json["consent"]
    assert (proof[-1]["given"], proof[-1]["source"]) == (False, "stop kept after erasure")
    assert terminal.run("db", "verify").code == 0
    assert terminal.run("residents", "erase", "99", "--yes").code == 1
