"""The command line: one JSON document, exit codes, and every mistake in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

LIST = """姓名,手机号码,乡镇,同意接收关怀,同意提醒,同意调查
张梅,13912345678,青山镇,是,是,是
李强,１３９ 1234-5679,柳河乡,是,,
"""
BROKEN = """title = "x"
purpose = "care"
template = "care/hello"
owener = "me"
"""


def outreach(
    cwd: Path, *arguments: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTREACH_")}
    settings = {
        "OUTREACH_TEMPLATES_DIR": str(ROOT / "templates"),
        "OUTREACH_CAMPAIGNS_DIR": str(ROOT / "campaigns"),
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "bot.py"), *arguments],
        cwd=cwd,
        env=clean | settings | environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def answer(cwd: Path, *arguments: str, **environment: str) -> Any:
    done = outreach(cwd, *arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_life_of_a_campaign_from_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    tried = answer(tmp_path, "residents", "import", "list.csv", "--dry-run")
    assert (tried["rows"], tried["created"]) == (2, 2)
    assert answer(tmp_path, "residents", "list") == {"residents": []}, "a dry run writes nothing"
    assert answer(tmp_path, "residents", "import", "list.csv")["created"] == 2
    assert answer(tmp_path, "residents", "import", "list.csv")["unchanged"] == 2

    names = [person["name"] for person in answer(tmp_path, "residents", "list")["residents"]]
    assert names == ["张梅", "李强"]
    record = answer(tmp_path, "residents", "show", "2")
    assert record["addresses"] == [{"channel": "sms", "value": "+8613912345679", "closed": None}]
    assert record["consent"] == {"care": True, "reminders": None, "surveys": None}
    (proof,) = answer(tmp_path, "residents", "consent", "2")["consent"]
    assert proof["source"] == "list.csv row 3"

    preview = answer(tmp_path, "campaign", "preview", "hello")
    assert (preview["audience"], preview["channels"]) == (2, {"telegram": 0, "sms": 2})
    launched = answer(tmp_path, "campaign", "launch", "hello")
    assert launched["state"] == "running"
    number = str(launched["id"])
    assert answer(tmp_path, "tick") == {"queued": {"campaign": 2, "reminder": 0, "survey": 0}, "expired": 0}
    status = answer(tmp_path, "campaign", "status", number)
    assert (status["total"], status["queued"], status["state"]) == (2, 2, "running")
    assert answer(tmp_path, "campaign", "pause", number)["state"] == "paused"
    assert answer(tmp_path, "campaign", "resume", number)["state"] == "running"
    assert answer(tmp_path, "campaign", "cancel", number)["cancelled"] == 2
    again = outreach(tmp_path, "campaign", "cancel", number)
    assert (again.returncode, again.stdout) == (1, "")
    assert "cannot be cancelled" in again.stderr
    assert answer(tmp_path, "db", "verify")["ok"] is True


def test_backup_and_restore_bring_everything_back(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    answer(tmp_path, "residents", "import", "list.csv")
    answer(tmp_path, "db", "backup", "copy.db")
    (tmp_path / "list.csv").write_text(
        LIST.replace("张梅", "王芳").replace("13912345678", "13912345670"), "utf-8"
    )
    answer(tmp_path, "residents", "import", "list.csv")
    assert len(answer(tmp_path, "residents", "list")["residents"]) == 3
    answer(tmp_path, "db", "restore", "copy.db")
    assert len(answer(tmp_path, "residents", "list")["residents"]) == 2
    (tmp_path / "junk.db").write_text("this is no database")
    assert outreach(tmp_path, "db", "restore", "junk.db").returncode == 1
    assert len(answer(tmp_path, "residents", "list")["residents"]) == 2


def test_ask_answers_in_the_language_of_the_question(tmp_path: Path) -> None:
    chinese = answer(tmp_path, "ask", "育儿补贴怎么领")
    assert (chinese["outcome"], chinese["topic"]) == ("answer", "childcare-subsidy-how-to-apply")
    assert chinese["sources"]
    english = answer(tmp_path, "ask", "How much is the childcare subsidy?")
    assert "3,600" in english["text"]
    unknown = answer(tmp_path, "ask", "驾照到期怎么换")
    assert (unknown["outcome"], unknown["topic"], unknown["text"]) == ("handoff", None, "")


def test_eval_is_a_filter_over_foreign_entries(tmp_path: Path) -> None:
    entries = [
        {"id": "a", "title": "挂失银行卡", "examples": ["卡丢了怎么办", "我要挂失"]},
        {"id": "b", "title": "Raise the limit", "examples": ["can I have a higher limit"]},
    ]
    (tmp_path / "kb.jsonl").write_text("\n".join(map(json.dumps, entries)), "utf-8")
    queries = '{"text": "银行卡丢了"}\n"higher limit please"\nplain text of nothing\n'
    done = outreach(tmp_path, "knowledge", "eval", "--kb", "kb.jsonl", stdin=queries)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["ranked"][:1] for line in lines] == [["a"], ["b"], []]
    assert all(0 <= line["confidence"] <= 1 for line in lines)
    assert lines[2]["outcome"] == "handoff"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["campaign", "launch", "nothing"], "hello"),
        (["campaign", "launch", "hello"], "import residents first"),
        (["campaign", "status", "7"], "there is no such launch"),
        (["residents", "show", "7"], "no resident has this id"),
        (["residents", "import", "nowhere.csv"], "cannot be read"),
        (["survey", "results", "nothing"], "service"),
        (["outbox", "settle", "7", "--again"], "no message in doubt"),
        (["staff", "disable", "nobody"], "staff list"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_1(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = outreach(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["tick", "--now", "tomorrow"], ["outbox", "settle", "1"]]
)
def test_wrong_usage_is_exit_2(tmp_path: Path, arguments: list[str]) -> None:
    assert outreach(tmp_path, *arguments).returncode == 2


def test_a_broken_campaign_and_template_are_named_by_file_and_line(tmp_path: Path) -> None:
    campaigns = tmp_path / "campaigns"
    (campaigns / "plans").mkdir(parents=True)
    (campaigns / "surveys").mkdir()
    (campaigns / "broken.toml").write_text(
        'title = "x"\npurpose = "care"\ntemplate = "care/hello"\nowener = "me"\n'
    )
    found = outreach(tmp_path, "check", "--json", OUTREACH_CAMPAIGNS_DIR=str(campaigns))
    assert found.returncode == 1
    (problem,) = json.loads(found.stdout)["problems"]
    assert (Path(problem["file"]).name, problem["line"]) == ("broken.toml", 4)
    assert "owener" in problem["problem"]
    assert problem["fix"]
