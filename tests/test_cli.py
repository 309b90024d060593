"""The terminal: one JSON document on stdout, exit codes that mean something, and messages one can act on."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import NOW, ROOT
from terminal import Ran, Terminal
from world import ACCOUNT, AUTH, NUMBER, TOKEN, Clock

from outreach.app import Content
from outreach.model import Address, Priority
from outreach.outbox import Draft, enqueue
from outreach.residents import at_address
from outreach.simulator import Simulator
from outreach.store import Store
from outreach.store.tables import outbox

LIST = """姓名,手机号码,telegram_id,乡镇,语言,同意关怀,同意提醒,同意调查
张梅,19912345678,501,青山镇,中文,是,是,是
李强,19912345679,,柳河乡,中文,是,是,是
Tom,,503,青山镇,en,yes,yes,yes
王芳,19912345670,,青山镇,中文,否,,
坏号码,12345,,青山镇,中文,是,,
"""
COUNTS = set("queued sending sent delivered failed suppressed in_doubt expired cancelled".split())
STATUS = COUNTS | {"id", "name", "state", "total", "rate", "eta"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return Terminal(tmp_path, quiet_hours="", log_level="DEBUG")


@pytest.fixture
async def sending(terminal: Terminal) -> AsyncIterator[Terminal]:
    """The terminal of an office whose two channels lead to the simulator."""
    simulator = Simulator()
    await simulator.start()
    terminal.settings |= {
        "telegram_token": TOKEN,
        "telegram_api_base": simulator.url,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": AUTH,
        "twilio_from": NUMBER,
        "twilio_api_base": simulator.url,
        "twilio_rate": 100,
    }
    yield terminal
    await simulator.stop()


def done(ran: Ran) -> Any:
    assert ran.code == 0, ran.said
    return ran.json


def imported(terminal: Terminal) -> Any:
    return done(terminal.run("residents", "import", "list.csv", "--json"))


def launched(terminal: Terminal) -> str:
    imported(terminal)
    return str(done(terminal.run("campaign", "launch", "hello", "--json"))["id"])


# -- residents


def test_import_accounts_for_every_row(terminal: Terminal) -> None:
    dry = done(terminal.run("residents", "import", "list.csv", "--dry-run", "--json"))
    assert done(terminal.run("residents", "list", "--json")) == {"residents": []}
    report = imported(terminal)
    assert report == dry
    counts = {key: report[key] for key in ("rows", "created", "updated", "unchanged", "rejected")}
    assert counts == {"rows": 5, "created": 4, "updated": 0, "unchanged": 0, "rejected": 1}
    (error,) = report["errors"]
    assert error.keys() >= {"row", "field", "value_hint", "problem"}
    assert (error["row"], error["field"]) == (6, "phone")
    assert report["warnings"] == []
    again = imported(terminal)
    assert (again["created"], again["unchanged"]) == (0, 4)


def test_import_of_what_is_no_list_says_why(terminal: Terminal) -> None:
    (terminal.folder / "photo.csv").write_bytes(b"\x89PNG\r\n\0\0")
    (terminal.folder / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    (terminal.folder / "empty.csv").write_text("", "utf-8")
    for name in ("photo.csv", "other.csv", "empty.csv", "missing.csv", "."):
        ran = terminal.run("residents", "import", name, "--json")
        assert (ran.code, ran.out) == (1, ""), name
        assert "Traceback" not in ran.err
        assert ran.err.strip(), name


MIXED = """居民名单
姓名,手机号码,同意接收关怀
张梅,19912345678,是
李强,1.39E+10,是
王芳,19912345678,是
孙海,19912345679,也许
合计,4,
"""


def test_rejected_rows_come_back_in_a_file_that_names_nobody(terminal: Terminal) -> None:
    (terminal.folder / "mixed.csv").write_text(MIXED, "utf-8")
    dry = done(terminal.run("residents", "import", "mixed.csv", "--dry-run", "--json"))
    rejected = terminal.folder / "mixed.rejected.csv"
    assert not rejected.exists()
    ran = terminal.run("residents", "import", "mixed.csv", "--json")
    report = done(ran)
    assert report == dry
    assert (report["rows"], report["created"], report["rejected"]) == (4, 2, 2)
    found = [(4, "phone"), (5, "phone")]
    assert [(error["row"], error["field"]) for error in report["errors"]] == found
    assert [(doubt["row"], doubt["field"]) for doubt in report["warnings"]] == [(6, "consent_care")]
    assert report["rejected_file"] == rejected.name
    text = rejected.read_bytes().decode("utf-8-sig")
    assert [line.split(",")[:2] for line in text.splitlines()[1:]] == [[str(r), f] for r, f in found]
    for word in ("19912345", "张梅", "李强", "王芳", "孙海", "也许"):
        assert word not in text + ran.said
    elsewhere = terminal.run("residents", "import", "mixed.csv", "--rejected", "bad.csv")
    assert "bad.csv" in elsewhere.out
    assert (terminal.folder / "bad.csv").read_bytes() == rejected.read_bytes()
    assert terminal.run("residents", "import", "mixed.csv", "--rejected", "mixed.csv").code == 1
    assert terminal.run("residents", "import", "mixed.csv", "--rejected", "no/such/folder.csv").code == 1


def test_import_that_takes_nobody_ends_with_1(terminal: Terminal) -> None:
    (terminal.folder / "bad.csv").write_text("姓名,手机号码\n张梅,123\n", "utf-8")
    ran = terminal.run("residents", "import", "bad.csv", "--json")
    assert (ran.code, ran.json["rejected"]) == (1, 1)
    assert "every row" in ran.err


def test_what_is_wrong_late_in_a_list_leaves_nothing_behind(terminal: Terminal) -> None:
    people = "".join(f"居民{n},{19_900_000_000 + n}\n" for n in range(3000))
    for late in ('"李强,19912345678\n', "李\0强,19912345678\n", "李强,=A1\n"):
        (terminal.folder / "late.csv").write_text(f"姓名,手机号码\n{people}{late}", "utf-8")
        ran = terminal.run("residents", "import", "late.csv", "--json")
        assert (ran.code, ran.out) == (1, "")
        assert "late.csv" in ran.err
        assert "300" in ran.err, "where"
    assert done(terminal.run("residents", "list", "--json")) == {"residents": []}
    assert not (terminal.folder / "late.rejected.csv").exists()


def test_workbook_of_residents_and_of_appointments(terminal: Terminal) -> None:
    book = openpyxl.Workbook()
    assert book.active
    for row in (["名单"], ["姓名", "手机号码"], ["张梅", 19912345678], ["合计", "=COUNTA(B3)"]):
        book.active.append(row)
    book.save(terminal.folder / "people.xlsx")
    assert done(terminal.run("residents", "import", "people.xlsx", "--json"))["created"] == 1
    book = openpyxl.Workbook()
    assert book.active
    later = datetime.now() + timedelta(days=30)
    for row in (
        ["手机号码", "预约时间", "地点"],
        [19912345678, later.replace(microsecond=0), "县妇幼保健院"],
    ):
        book.active.append(row)
    book.save(terminal.folder / "visits.xlsx")
    assert done(terminal.run("checkups", "import", "visits.xlsx", "--json"))["created"] == 1


def test_import_that_was_killed_is_run_again(terminal: Terminal) -> None:
    people = "".join(f"居民{n},{19_900_000_000 + n},是\n" for n in range(20_000))
    (terminal.folder / "long.csv").write_text(f"姓名,手机号码,同意提醒\n{people}", "utf-8")
    done(terminal.run("db", "upgrade", "--json"))
    process = terminal.start("residents", "import", "long.csv")
    database = terminal.folder / "outreach.db"

    def count(table: str) -> int:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    while process.poll() is None and not count("residents"):
        pass
    process.kill()
    process.communicate()
    before = count("residents")
    assert before % 1000 == 0
    report = done(terminal.run("residents", "import", "long.csv", "--json"))
    assert (report["created"], report["unchanged"]) == (20_000 - before, before)
    assert {count(table) for table in ("residents", "addresses", "consent")} == {20_000}


def test_residents_are_listed_shown_and_their_consent_proved(terminal: Terminal) -> None:
    imported(terminal)
    listed = done(terminal.run("residents", "list", "--json"))["residents"]
    assert [(one["name"], one["language"]) for one in listed][2] == ("Tom", "en")
    number = str(listed[0]["id"])
    after = done(terminal.run("residents", "list", "--after", number, "--limit", "1", "--json"))
    assert after["residents"] == listed[1:2]
    record = done(terminal.run("residents", "show", number, "--json"))
    assert record["name"] == "张梅"
    assert {address["value"] for address in record["addresses"]} == {"+8619912345678", "501"}
    proof = done(terminal.run("residents", "consent", number, "--json"))["consent"]
    assert {act["purpose"] for act in proof} == {"care", "reminders", "surveys"}
    for act in proof:
        assert act["given"] is True
        assert "list.csv" in act["source"]
        assert datetime.fromisoformat(act["at"]).tzinfo
    assert done(terminal.run("residents", "export", number)) == record


# -- campaigns


def test_campaigns_are_listed_checked_and_previewed(terminal: Terminal) -> None:
    imported(terminal)
    assert "hello" in done(terminal.run("campaign", "list", "--json"))["campaigns"]
    assert done(terminal.run("campaign", "check", "--json")) == {"ok": True, "problems": []}
    preview = done(terminal.run("campaign", "preview", "hello", "--json"))
    assert (preview["name"], preview["audience"]) == ("hello", 4)
    assert preview["channels"] == {"telegram": 2, "sms": 1}
    assert sum(preview["suppressed"].values()) == 1
    assert {(sample["channel"], sample["language"]) for sample in preview["samples"]} == {
        ("telegram", "zh-Hans"),
        ("telegram", "en"),
        ("sms", "zh-Hans"),
    }
    assert datetime.fromisoformat(preview["starts_at"]).tzinfo
    assert done(terminal.run("campaign", "list", "--json"))["launches"] == [], "nothing was launched"


def test_preview_has_all_the_keys_of_the_contract(terminal: Terminal) -> None:
    imported(terminal)
    preview = done(terminal.run("campaign", "preview", "hello", "--json"))
    promised = "name audience channels suppressed segments cost samples starts_at finishes_at".split()
    assert set(promised) - preview.keys() == set()
    assert {"channel", "language", "text", "segments"} - preview["samples"][0].keys() == set()


def test_launch_is_paused_resumed_and_cancelled(terminal: Terminal) -> None:
    number = launched(terminal)
    for verb, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        status = done(terminal.run("campaign", verb, number, "--json"))
        assert status["state"] == state
        assert STATUS - status.keys() == set()
    refused = terminal.run("campaign", "resume", number, "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "cancelled" in refused.err
    assert status == done(terminal.run("campaign", "status", number, "--json"))


async def test_campaign_from_tick_to_worker_adds_up(sending: Terminal) -> None:
    number = launched(sending)
    tick = done(await sending.runs("tick", "--json"))
    assert tick["queued"] == {"campaign": 4, "reminder": 0, "survey": 0}
    assert tick["expired"] == 0
    assert done(await sending.runs("tick", "--json"))["queued"]["campaign"] == 0
    before = done(await sending.runs("campaign", "status", number, "--json"))
    assert (before["queued"], before["suppressed"], before["total"]) == (3, 1, 4)
    worked = done(await sending.runs("worker", "--drain", "--json"))
    assert {key: worked[key] for key in ("sent", "failed", "in_doubt")} == {
        "sent": 3,
        "failed": 0,
        "in_doubt": 0,
    }
    assert worked["seconds"] > 0
    status = done(await sending.runs("campaign", "status", number, "--json"))
    assert STATUS - status.keys() == set()
    assert (status["state"], status["sent"]) == ("done", 3)
    assert sum(status[count] for count in COUNTS) == status["total"] == 4
    assert done(await sending.runs("outbox", "doubts", "--json")) == {"doubts": []}


def test_tick_at_another_time_queues_what_is_due_then(terminal: Terminal) -> None:
    launched(terminal)
    terminal.run("tick")
    later = (Clock()() + timedelta(days=400)).isoformat()
    assert done(terminal.run("tick", "--now", later, "--json"))["queued"]["campaign"] == 0
    for wrong in ("tomorrow", "2026-12-01T09:00:00", "2026-13-01T09:00:00+08:00"):
        assert terminal.run("tick", "--now", wrong).code == 2


# -- knowledge and surveys


def test_ask_answers_in_the_language_of_the_question(terminal: Terminal) -> None:
    chinese = done(terminal.run("ask", "育儿补贴怎么领", "--json"))
    english = done(terminal.run("ask", "How do I apply for the childcare subsidy?", "--json"))
    keys = {"outcome", "topic", "confidence", "candidates", "text", "sources"}
    assert keys - chinese.keys() == set()
    assert (chinese["outcome"], chinese["topic"]) == ("answer", "childcare-subsidy-how-to-apply")
    assert english["topic"] == chinese["topic"]
    assert "补贴" in chinese["text"]
    assert "subsidy" in english["text"].lower()
    assert {"topic", "title", "score"} - chinese["candidates"][0].keys() == set()
    assert chinese["sources"]
    handoff = done(terminal.run("ask", "驾照到期怎么换", "--json"))
    assert (handoff["outcome"], handoff["topic"]) == ("handoff", None)
    clarify = done(terminal.run("ask", "补贴", "--json"))
    assert clarify["outcome"] == "clarify"
    assert clarify["text"]
    english = done(terminal.run("ask", "补贴", "--lang", "en", "--json"))
    assert not any("\u3400" <= sign <= "\u9fff" for sign in english["text"])


def test_knowledge_and_surveys_are_listed(terminal: Terminal) -> None:
    topics = done(terminal.run("knowledge", "list", "--json"))["topics"]
    assert {"topic", "title", "valid_from", "next_review"} - topics[0].keys() == set()
    assert "folic-acid" in {one["topic"] for one in topics}
    assert done(terminal.run("survey", "list", "--json")) == {"surveys": ["service"]}
    results = done(terminal.run("survey", "results", "service", "--json"))
    promised = {"survey", "sent", "answered", "response_rate", "questions", "comments"}
    assert promised - results.keys() == set()
    assert (results["sent"], results["answered"]) == (0, 0)


KB = [
    {"id": "wifi", "title": "How to reach the wifi", "examples": ["what is the wifi password", "wifi login"]},
    {"id": "park", "title": "Where to park", "examples": ["where can I leave my car"], "answer": "Behind."},
]


def test_knowledge_eval_answers_line_by_line(terminal: Terminal) -> None:
    kb = terminal.folder / "kb.jsonl"
    kb.write_text("\n".join(map(json.dumps, KB)), "utf-8")
    command = [sys.executable, str(ROOT / "bot.py"), "knowledge", "eval", "--kb", str(kb)]
    queries = ['{"text": "wifi password"}', '"where do I leave my car"', "wifi login please", "", "补贴"]
    answers = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as filtering:
        assert filtering.stdin
        assert filtering.stdout
        for query in queries:
            # The next one is asked only once this one is answered: nothing is held back.
            filtering.stdin.write(query + "\n")
            filtering.stdin.flush()
            answers.append(json.loads(filtering.stdout.readline()))
        filtering.stdin.close()
        assert filtering.stdout.read() == ""
    assert filtering.returncode == 0
    assert [answer["ranked"][:1] for answer in answers] == [["wifi"], ["park"], ["wifi"], [], []]
    for answer in answers:
        assert {"ranked", "confidence", "outcome"} - answer.keys() == set()
        assert 0 <= answer["confidence"] <= 1
        assert answer["outcome"] in ("answer", "clarify", "handoff")


def test_knowledge_eval_refuses_what_it_cannot_read(terminal: Terminal) -> None:
    for number, text in enumerate(("{", "[]", '{"title": "no id"}', "7", '{"id": "a", "examples": 7}')):
        file = terminal.folder / f"kb{number}.jsonl"
        file.write_text(text, "utf-8")
        ran = terminal.run("knowledge", "eval", "--kb", str(file), stdin="a\n")
        assert (ran.code, ran.out) == (1, ""), text
        assert file.name in ran.err
        assert "Traceback" not in ran.err


def test_knowledge_eval_on_our_own_articles(terminal: Terminal) -> None:
    ran = terminal.run("knowledge", "eval", stdin='"叶酸在哪里领"\nwhere can I get folic acid\n')
    first, second = map(json.loads, ran.out.splitlines())
    assert first["ranked"][0] == second["ranked"][0] == "folic-acid"


# -- outbox, staff, checkups


async def test_person_decides_on_a_message_in_doubt(terminal: Terminal, content: Content) -> None:
    imported(terminal)
    store = Store(f"sqlite+aiosqlite:///{terminal.folder}/outreach.db")
    async with store.write() as connection:
        (mei,) = await at_address(connection, Address("telegram", "501"))
        common = {"priority": Priority.REPLY, "purpose": "reply", "template": "x/y", "language": "en"}
        to = Address("sms", "+8619912345678")
        drafts = [
            Draft(key=f"k{n}", resident_id=mei.id, address=to, text="x", due_at=NOW, **common)
            for n in range(2)
        ]
        await enqueue(connection, drafts, NOW)
        await connection.execute(outbox.update().values(state="in_doubt", reason="no clear answer"))
        at = NOW + timedelta(days=400)
        await content.reminders.schedule(connection, mei.id, "prenatal", at, "县妇幼保健院", NOW)
    await store.close()

    doubts = done(await terminal.runs("outbox", "doubts", "--json"))["doubts"]
    assert [doubt["reason"] for doubt in doubts] == ["no clear answer"] * 2
    first, second = (str(doubt["id"]) for doubt in doubts)
    assert terminal.run("outbox", "settle", first).code == 2
    assert terminal.run("outbox", "settle", first, "--as", "lost").code == 2
    assert terminal.run("outbox", "settle", first, "--as", "sent", "--again").code == 2
    assert terminal.run("outbox", "settle", first, "--as", "sent").code == 0
    assert terminal.run("outbox", "settle", second, "--again").code == 0
    assert terminal.run("outbox", "settle", second, "--again").code == 1, "it is in doubt no longer"
    assert done(terminal.run("outbox", "doubts", "--json")) == {"doubts": []}
    with closing(sqlite3.connect(terminal.folder / "outreach.db")) as database:
        assert list(database.execute("SELECT state FROM outbox ORDER BY id")) == [("sent",), ("queued",)]

    (visit,) = done(terminal.run("checkups", "list", "--json"))["checkups"]
    assert (visit["plan"], visit["state"], visit["resident_id"]) == ("prenatal", "open", mei.id)
    assert datetime.fromisoformat(visit["at"]) == at
    before = done(terminal.run("checkups", "list", "--due-before", NOW.isoformat(), "--json"))
    assert before == {"checkups": []}


def test_status_says_what_waits_and_that_nobody_sends_it(terminal: Terminal) -> None:
    imported(terminal)
    assert terminal.run("campaign", "launch", "hello").code == 0
    assert terminal.run("tick").code == 0
    seen = done(terminal.run("status", "--json"))
    assert seen["queued"]["campaign"] > 0
    assert (seen["in_doubt"], seen["sending"], seen["rate"]) == (0, 0, 0)
    assert seen["oldest_waits_seconds"] >= 0
    assert (seen["lanes"], seen["workers"], seen["planned_at"], seen["errors"]) == ([], [], None, [])
    ran = terminal.run("status")
    assert "not running; start `outreach serve`" in ran.out
    assert "campaign" in ran.out


def test_staff_accounts(terminal: Terminal) -> None:
    added = done(terminal.run("staff", "add", "小周", "--role", "operator", "--json"))
    assert (added["name"], added["role"]) == ("小周", "operator")
    assert len(added["code"]) >= 12
    assert terminal.run("staff", "add", "小周", "--role", "viewer").code == 1
    assert terminal.run("staff", "add", "小李", "--role", "king").code == 2
    assert terminal.run("staff", "disable", "小周").code == 0
    (one,) = done(terminal.run("staff", "list", "--json"))["staff"]
    assert (one["name"], one["role"], one["state"]) == ("小周", "operator", "disabled")


# -- the database


def test_backup_and_restore_bring_back_what_was(terminal: Terminal) -> None:
    assert terminal.run("db", "backup", "none.db").code == 1, "there is nothing to copy yet"
    assert done(terminal.run("db", "upgrade", "--json"))["ok"] is True
    imported(terminal)
    before = done(terminal.run("residents", "list", "--json"))
    assert done(terminal.run("db", "backup", "copies/monday.db", "--json"))["ok"] is True

    number = str(before["residents"][0]["id"])
    with closing(sqlite3.connect(terminal.folder / "outreach.db")) as database, database:
        database.execute("UPDATE residents SET name = 'spoilt'")
    restored = done(terminal.run("db", "restore", "copies/monday.db", "--json"))
    assert restored["ok"] is True
    assert Path(restored["kept"]).exists(), "what was there is kept"
    assert done(terminal.run("residents", "list", "--json")) == before
    assert done(terminal.run("residents", "show", number, "--json"))["name"] == "张梅"
    assert done(terminal.run("db", "verify", "--json"))["ok"] is True

    (terminal.folder / "junk.db").write_text("no database" * 1000)
    for junk in ("junk.db", "list.csv", "missing.db"):
        ran = terminal.run("db", "restore", junk, "--json")
        assert (ran.code, ran.out) == (1, "")
        assert junk in ran.err
    assert not (terminal.folder / "missing.db").exists()
    assert done(terminal.run("residents", "list", "--json")) == before


def test_verify_finds_a_changed_audit(terminal: Terminal) -> None:
    imported(terminal)
    terminal.run("staff", "add", "小周", "--role", "admin")
    with closing(sqlite3.connect(terminal.folder / "outreach.db")) as database, database:
        database.execute("UPDATE audit SET subject = 'nothing' WHERE id = 1")
    ran = terminal.run("db", "verify", "--json")
    assert ran.code == 1
    assert (ran.json["ok"], ran.json["audit_broken_at"]) == (False, 1)


def test_check_names_every_problem(terminal: Terminal) -> None:
    assert done(terminal.run("check", "--json")) == {"ok": True, "problems": []}
    words = terminal.run("check")
    assert "Telegram is off" in words.err
    assert "SMS is off" in words.err
    ran = terminal.run("check", "--json", campaigns_dir=terminal.folder)
    assert ran.code == 0, "a folder without campaigns is no mistake"
    (terminal.folder / "bad.toml").write_text('title = "x"\npurpose = "fun"\ntemplate = "care/hello"\n')
    (terminal.folder / "worse.toml").write_text("title = \n")
    ran = terminal.run("check", "--json", campaigns_dir=terminal.folder)
    assert (ran.code, ran.json["ok"]) == (1, False)
    found = {(Path(problem["file"]).name, problem["line"]) for problem in ran.json["problems"]}
    assert found == {("bad.toml", 2), ("worse.toml", 1)}
    for problem in ran.json["problems"]:
        assert {"file", "line", "field", "problem", "fix"} - problem.keys() == set()
        assert problem["problem"]
        assert problem["fix"]


# -- exit codes

UNKNOWN = {
    ("campaign", "preview", "helo"): "hello",
    ("campaign", "launch", "../hello"): "hello",
    ("campaign", "check", "helo"): "hello",
    ("survey", "results", "servic"): "service",
    ("campaign", "status", "99"): "campaign list",
    ("campaign", "pause", "99"): "campaign list",
    ("residents", "show", "99"): "residents list",
    ("residents", "export", "99"): "residents list",
    ("residents", "consent", "99"): "residents list",
    ("outbox", "settle", "99", "--again"): "outbox doubts",
    ("staff", "disable", "nobody"): "staff list",
}


def test_unknown_name_ends_with_1_and_says_what_there_is(terminal: Terminal) -> None:
    found = {}
    for command, known in UNKNOWN.items():
        ran = terminal.run(*command)
        assert "Traceback" not in ran.said
        found[command] = (ran.code, known in ran.said)
    assert found == dict.fromkeys(UNKNOWN, (1, True))


USAGE = [
    ("dance",),
    ("campaign", "launch"),
    ("campaign", "status", "first"),
    ("residents", "list", "--limit", "many"),
    ("ask", "hello", "--lang", "fr"),
    ("ask", "hello", "--colour"),
    ("demo", "--residents", "1"),
    ("serve", "--port", "99999"),
    ("checkups", "list", "--due-before", "soon"),
]


def test_wrong_usage_ends_with_2(terminal: Terminal) -> None:
    found = {}
    for command in USAGE:
        ran = terminal.run(*command)
        assert ran.out == ""
        found[command] = ran.code
    assert found == dict.fromkeys(USAGE, 2)


def test_version_and_help_are_there(terminal: Terminal) -> None:
    assert terminal.run("--version").out.strip()
    for command in ((), ("campaign",), ("db",), ("knowledge", "eval")):
        assert terminal.run(*command, "--help").code == 0


def test_settings_come_from_a_file_too(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text("OUTREACH_TELEGRAM_RATE=0\n")
    ran = terminal.run("check")
    assert ran.code == 1
    assert "OUTREACH_TELEGRAM_RATE" in ran.err
    assert os.environ.get("OUTREACH_TELEGRAM_RATE") is None


# -- what residents write, and what staff are told


def understood(terminal: Terminal, *arguments: str, stdin: str) -> list[dict[str, Any]]:
    ran = terminal.run("understand", *arguments, stdin=stdin)
    assert ran.code == 0, ran.said
    assert "Traceback" not in ran.said
    return [json.loads(line) for line in ran.out.splitlines()]


def test_understand_reads_one_message_a_line(terminal: Terminal) -> None:
    lines = [
        '"退订"',
        "stop reminders",
        '"START"',
        "help",
        '"怎么退订医保"',
        "谢谢",
        '{"text": "TD"}',
        "",
        "{",
        "[1]",
        "\ud800".encode("utf-8", "replace").decode(),
    ]
    found = understood(terminal, stdin="\n".join(lines) + "\n")
    assert [row["intent"] for row in found] == [
        "stop_all", "stop_topic", "start", "help", "question", "other", "stop_all",
        "other", "other", "other", "help",
    ]  # fmt: skip
    assert set(found[0]) == {"intent", "rating", "comment", "action", "when"}


def test_understand_knows_what_is_open(terminal: Terminal) -> None:
    (rated, stop) = understood(terminal, "--open", "survey", stdin="2，排队太久\n别再发问卷了\n")
    assert (rated["intent"], rated["rating"], rated["comment"]) == ("rating", 2, True)
    assert (stop["intent"], stop["rating"]) == ("stop_topic", None)
    found = understood(
        terminal, "--open", "appointment", "--at", "2026-12-03T09:30:00+08:00", stdin="取消\n1\nSTOP\n"
    )
    assert [(row["intent"], row["action"]) for row in found] == [
        ("appointment", "cancel"), ("appointment", "confirm"), ("stop_all", None),
    ]  # fmt: skip
    for wrong in (("--open", "door"), ("--today", "soon"), ("--at", "nine")):
        assert terminal.run("understand", *wrong, stdin="1\n").code == 2


def test_staff_note_an_event_and_a_move(terminal: Terminal) -> None:
    (terminal.folder / "list.csv").write_text(LIST, "utf-8")
    terminal.run("residents", "import", "list.csv")
    done = terminal.run("residents", "event", "1", "--kind", "loss", "--reason", "家属来电", "--json")
    assert (done.code, done.json["kind"]) == (0, "loss")
    assert terminal.run("residents", "event", "1", "--kind", "party").code == 2
    unknown = terminal.run("residents", "event", "999", "--kind", "moved")
    assert unknown.code == 1
    assert "residents list" in unknown.err
    refused = terminal.run("residents", "move", "1", "--township", "没有的镇")
    assert refused.code == 1
    assert "--new" in refused.err
    moved = terminal.run("residents", "move", "1", "--township", "没有的镇", "--new", "--json")
    assert moved.json["township"] == "没有的镇"
