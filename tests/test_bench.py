"""The benchmarks say what they promise, in the shape they promise; how fast it is, is not tested here."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from terminal import Terminal

from outreach.bench.bare import form
from outreach.bench.figures import Figure, Target, busiest, pace, percentile
from outreach.bench.filling import address
from outreach.bench.ground import Options, ground
from outreach.bench.processes import running, until
from outreach.bench.rivals import is_there
from outreach.bench.send import PARTS
from outreach.model import SMS, TELEGRAM
from outreach.simulator.magic import PLAIN, Magic

FOLDERS = {"templates_dir": ROOT / "templates", "campaigns_dir": ROOT / "campaigns"}


@pytest.fixture
def shell(tmp_path: Path) -> Terminal:
    """Whose own settings no benchmark may touch."""
    return Terminal(tmp_path, telegram_token="9:a-real-one", telegram_api_base="https://127.0.0.1:9")


def test_a_run_is_one_list_of_figures_and_leaves_nothing(shell: Terminal) -> None:
    asked = "bench send --only engine --database sqlite --messages 60 --rounds 1 --json"
    ran = shell.run(*asked.split())
    assert ran.code == 0, ran.said
    assert [figure["name"] for figure in ran.json] == [
        f"engine {channel} {latency} ms sqlite" for channel in (TELEGRAM, SMS) for latency in (0, 50)
    ]
    for figure in ran.json:
        assert figure["unit"] == "/s"
        assert figure["target"] == ">= 0.92"
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["baseline"], abs=0.001)
        assert figure["ok"] is (figure["ratio"] >= 0.92)
        assert figure["name"] in ran.err
    assert list(shell.folder.iterdir()) == []


def test_an_audience_is_counted_beside_a_bare_count(shell: Terminal) -> None:
    ran = shell.run(*"bench audience --database sqlite --people 300 --rounds 1 --json".split())
    assert ran.code == 0, ran.said
    names = ("audience, everyone sqlite", "audience, a choice sqlite")
    assert tuple(figure["name"] for figure in ran.json) == names
    assert {figure["target"] for figure in ran.json} == {"<= 2"}
    assert "300 meant, 239 reached" in ran.json[0]["detail"]


def test_import_is_measured_beside_a_bare_insert(shell: Terminal) -> None:
    ran = shell.run(*"bench import --database sqlite --rows 1500 --rounds 1 --json".split())
    assert ran.code == 0, ran.said
    assert [figure["name"] for figure in ran.json] == ["import sqlite", "import memory sqlite"]
    assert [figure["target"] for figure in ran.json] == ["<= 3", "<= 200 MB"]
    assert list(shell.folder.iterdir()) == []


def test_what_is_not_known_is_said_with_what_is(shell: Terminal) -> None:
    for words, known in (("bench fly", "send"), ("bench send --only fly", "engine, http, gather")):
        ran = shell.run(*words.split())
        assert (ran.code, ran.out) == (2, "")
        assert "fly" in ran.err
        assert known in ran.err


def test_a_missing_peer_is_said_with_how_to_get_it(tmp_path: Path) -> None:
    told: list[str] = []
    with ground(Options(FOLDERS, told.append, databases=("sqlite",))) as stand:
        assert is_there(stand, "celery", "json")
        assert not is_there(stand, "celery", "json", "no_such_package")
    assert told == [
        "left out: celery, without no_such_package → uv sync --group bench, or pip install no_such_package"
    ]


def test_the_simulator_beside_us_ends_with_us() -> None:
    with ground(Options(FOLDERS, print, databases=("sqlite",))) as stand:
        assert stand.outside.count(TELEGRAM) == 0
        folder, outside = stand.folder, stand.outside
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        outside.count(TELEGRAM)


def test_a_process_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    child = "import subprocess as s, sys; print(s.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"
    with running([sys.executable, "-c", child], tmp_path / "log") as process:
        assert process.stdout
        started = int(process.stdout.readline())
    assert process.returncode is not None
    until(lambda: not is_alive(started), lambda: "it goes on", 10)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return False


def test_the_people_of_a_benchmark_get_every_message() -> None:
    magic = Magic()
    for number in (1, 9_999, 1_000_000, 9_999_999):
        assert magic.telegram(address(TELEGRAM, number).value) is PLAIN
        assert magic.sms(address(SMS, number).value) is PLAIN
        assert len(address(SMS, number).value) == 15
    assert form(SMS, 7)["To"] == address(SMS, 7).value


def test_figures_are_judged_by_their_ratio_or_by_their_value() -> None:
    figure = Figure("speed", 95.0, "/s", 100.0, "another", Target(0.92))
    assert (figure.ratio, figure.ok, str(figure.target)) == (0.95, True, ">= 0.92")
    assert not Target(0.96).holds(figure)
    assert Target(29.5, 95.0, "/s").holds(figure)
    assert not Target(most=94, unit="/s").holds(figure)
    assert Figure("speed", 1, "/s", 0, "nothing", Target(1), judged=False).ok is None
    assert str(Target(29.5, 30, "/s")) == "29.5 to 30 /s"


def test_seconds_are_counted_wherever_they_begin() -> None:
    assert busiest([0.0, 0.5, 0.9, 1.2, 1.4, 3.0]) == 4
    assert busiest([]) == 0
    assert pace([10.0, 10.5, 11.0]) == 2.0
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([5.0], 99) == 5.0


def test_every_part_can_be_asked_for_by_name(shell: Terminal) -> None:
    ran = shell.run("bench", "--help")
    assert ran.code == 0
    assert [part for part in PARTS if part not in ran.out] == []
