"""Draft, second person, live: nothing unchecked reaches residents, and what is published is answered from."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from conftest import NOW, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from terminal import Terminal
from test_checking import CHINESE, EN, ENGLISH, ZH
from test_feedback import asks, person

from outreach import audit, staff
from outreach.knowledge import Knowledge, LiveKnowledge, regression, replay
from outreach.knowledge.drafts import Drafts
from outreach.model import BadInput
from outreach.staff import Role
from outreach.store import Store
from outreach.store.tables import audit as acts
from outreach.templates import LANGUAGES, Templates

TODAY = date(2026, 11, 25)
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# So that the index has something to tell from.
OTHERS = ("birth-registration-overview", "message-consent-and-optout", "two-cancer-screening-eligibility")
QUESTIONS = """
[[question]]
text = "叶酸在哪领"
language = "zh-Hans"
topic = "folic-acid"

[[question]]
text = "驾照到期怎么换"
language = "zh-Hans"
none = true

[[question]]
text = "夜班补助怎么报"
language = "zh-Hans"
topic = "night-work"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped texts, some shipped topics with one of ours among them, and a place for drafts."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates", ignore=shutil.ignore_patterns("knowledge"))
    found = tmp_path / "templates/knowledge"
    (found / "drafts").mkdir(parents=True)
    for topic in OTHERS:
        for language in LANGUAGES:
            shutil.copy(ROOT / f"templates/knowledge/{topic}.{language}.md", found)
    for name, text in ((ZH, CHINESE), (EN, ENGLISH)):
        (found / name).write_text(text.replace('"other-topic"', ""), "utf-8")
    (found / regression.QUESTIONS).write_text(QUESTIONS, "utf-8")
    return found


def desk(folder: Path) -> Drafts:
    return Drafts(folder, Templates(folder.parent))


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A draft of a published article."""
    file = folder / "drafts" / name
    text = (folder / name).read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return file


def new_topic(folder: Path) -> list[Path]:
    """Drafts of a topic that is not published, in both languages."""
    files = []
    for name, text in ((ZH, CHINESE), (EN, ENGLISH)):
        text = text.replace("叶酸", "钙片").replace("叶三", "盖").replace("other-topic", "folic-acid")
        text = text.replace("olic acid", "alcium").replace("Falcium", "Calcium").replace("falcium", "calcium")
        files.append(folder / "drafts" / name.replace("folic-acid", "calcium"))
        files[-1].write_text(text.replace("tablets", "pills"), "utf-8")
    return files


async def hired(connection: AsyncConnection) -> None:
    for name, role in (("李编辑", Role.OPERATOR), ("王主任", Role.APPROVER), ("赵看看", Role.VIEWER)):
        await staff.add(connection, name, role, NOW)


async def hand_in(store: Store, folder: Path, file: Path, by: str = "李编辑") -> dict[str, Any]:
    async with store.write() as connection:
        return await desk(folder).hand_in(connection, file, by, NOW, TODAY)


async def publish(store: Store, folder: Path, name: str, by: str = "王主任") -> dict[str, Any]:
    async with store.write() as connection:
        return await desk(folder).publish(connection, name, by, NOW, TODAY)


@pytest.fixture
async def office(store: Store) -> Store:
    async with store.write() as connection:
        await hired(connection)
    return store


async def test_a_second_person_publishes_what_the_first_handed_in(office: Store, folder: Path) -> None:
    file = edited(folder, ZH, "一天一片", "一天一片，饭后吃")
    handed_in = await hand_in(office, folder, file)
    async with office.read() as connection:
        (waits,) = await desk(folder).listing(connection)
    assert (waits["draft"], waits["state"], waits["by"]) == ("folic-acid.zh-Hans", "waiting", "李编辑")
    done = await publish(office, folder, "folic-acid.zh-Hans")
    assert done["published"] == ["folic-acid.zh-Hans"]
    assert "饭后吃" in (folder / ZH).read_text("utf-8")
    assert list((folder / "drafts").iterdir()) == []
    assert not [name for name in os.listdir(folder) if name.startswith(".")]
    async with office.read() as connection:
        noted = (await connection.execute(select(acts.c.who, acts.c.what, acts.c.subject))).all()
        assert await audit.verify(connection) is None
        assert await desk(folder).listing(connection) == []
    subject = f"folic-acid.zh-Hans {handed_in['hash'][:12]}"
    assert list(map(tuple, noted)) == [
        ("李编辑", "knowledge.draft", subject),
        ("王主任", "knowledge.publish", subject),
    ]


async def test_a_new_topic_comes_in_both_languages_at_once(office: Store, folder: Path) -> None:
    chinese, english = new_topic(folder)
    english.rename(folder / "later")
    with pytest.raises(BadInput, match="missing"):
        await hand_in(office, folder, chinese)
    (folder / "later").rename(english)
    await hand_in(office, folder, chinese)
    with pytest.raises(BadInput, match="missing"):
        await publish(office, folder, "calcium")
    await hand_in(office, folder, english)
    assert (await publish(office, folder, "calcium"))["published"] == ["calcium.en", "calcium.zh-Hans"]
    assert "calcium" in Knowledge(folder, Templates(folder.parent)).topics()


REFUSED = {
    "by its author": ("李编辑", "another person|may not approve"),
    "by a viewer": ("赵看看", "may not approve"),
    "by nobody": ("查无此人", "may not approve"),
}


@ONE_DATABASE
@pytest.mark.parametrize("name", REFUSED)
async def test_not_everybody_may_publish(office: Store, folder: Path, name: str) -> None:
    by, words = REFUSED[name]
    await hand_in(office, folder, edited(folder, ZH, "一天一片", "饭后吃"))
    with pytest.raises(BadInput, match=words):
        await publish(office, folder, "folic-acid", by)
    assert "饭后吃" not in (folder / ZH).read_text("utf-8")


@ONE_DATABASE
async def test_an_approver_may_not_publish_their_own(office: Store, folder: Path) -> None:
    await hand_in(office, folder, edited(folder, ZH, "一天一片", "饭后吃"), by="王主任")
    with pytest.raises(BadInput, match="may not publish it") as refused:
        await publish(office, folder, "folic-acid")
    assert "another person" in refused.value.fix


@ONE_DATABASE
async def test_only_staff_hand_in_and_only_drafts_that_are_there(office: Store, folder: Path) -> None:
    file = edited(folder, ZH, "一天一片", "饭后吃")
    for by in ("赵看看", "查无此人"):
        with pytest.raises(BadInput, match="no account"):
            await hand_in(office, folder, file, by)
    for name in ("nothing.en.md", "../folic-acid.zh-Hans.md/x", "*", ""):
        with pytest.raises(BadInput, match="no draft"):
            await hand_in(office, folder, folder / "drafts" / name)
    with pytest.raises(BadInput, match="not handed in"):
        await publish(office, folder, "folic-acid")


@ONE_DATABASE
async def test_a_draft_that_changed_or_broke_is_not_published(office: Store, folder: Path) -> None:
    file = edited(folder, ZH, "一天一片", "饭后吃")
    await hand_in(office, folder, file)
    file.write_text(file.read_text("utf-8") + "再加一句。\n", "utf-8")
    async with office.read() as connection:
        assert (await desk(folder).listing(connection))[0]["state"] == "changed"
    with pytest.raises(BadInput, match="changed since"):
        await publish(office, folder, "folic-acid")
    file.write_text(file.read_text("utf-8") + "见 www.a.cn\n", "utf-8")
    with pytest.raises(BadInput, match="link"):
        await hand_in(office, folder, file)


@ONE_DATABASE
async def test_a_draft_that_contradicts_its_twin_is_not_handed_in(office: Store, folder: Path) -> None:
    file = edited(folder, EN, "HLT-13", "HLT-12")
    with pytest.raises(BadInput, match="not the same"):
        await hand_in(office, folder, file)
    await hand_in_both(office, folder, file)
    done = await publish(office, folder, "folic-acid.en")
    assert done["published"] == ["folic-acid.en", "folic-acid.zh-Hans"], "they go together"


async def hand_in_both(store: Store, folder: Path, file: Path) -> None:
    twin = edited(folder, ZH, "HLT-13", "HLT-12")
    for one in (file, twin):
        await hand_in(store, folder, one)


@ONE_DATABASE
async def test_a_draft_that_takes_over_other_questions_is_not_published(office: Store, folder: Path) -> None:
    file = edited(folder, ZH, "叶酸吃几片", "驾照到期怎么换")
    await hand_in(office, folder, file)
    with pytest.raises(BadInput, match=r"was right and is wrong.*驾照到期怎么换"):
        await publish(office, folder, "folic-acid")


@ONE_DATABASE
async def test_when_one_file_cannot_be_moved_none_is(office: Store, folder: Path) -> None:
    files = new_topic(folder)
    for file in files:
        await hand_in(office, folder, file)
    # Something that is no file stands in the place of the second one.
    (folder / ".calcium.zh-Hans.md.new").mkdir()
    with pytest.raises(BadInput, match="cannot be written"):
        await publish(office, folder, "calcium")
    assert not [name for name in os.listdir(folder) if name.startswith("calcium")]
    assert all(file.exists() for file in files)
    (folder / ".calcium.zh-Hans.md.new").rmdir()
    assert len((await publish(office, folder, "calcium"))["published"]) == 2


async def test_replay_shows_which_answers_would_be_others(office: Store, folder: Path) -> None:
    new_topic(folder)
    async with office.write() as connection:
        mei = await person(connection)
        said = ["钙片在哪领", "钙片在哪领", "叶酸在哪领", "2", "我不想活了，钙片", "我是张1，钙片吃几片"]
        for n, text in enumerate(said):
            await asks(connection, mei, text, "handoff", received_at=NOW - timedelta(days=n))
        await asks(connection, mei, "钙片多少钱", "handoff", received_at=NOW - timedelta(days=99))
        there = desk(folder)
        result = await replay(
            connection, there.knowledge(), there.knowledge(there.files("calcium")), NOW - timedelta(90), TODAY
        )
    assert result["asked"] == 4
    first = result["changed"][0]
    assert (first["question"], first["n"], first["after"]["topic"]) == ("钙片在哪领", 2, "calcium")
    assert "叶酸" not in str(result["changed"])
    assert "张1" not in str(result)


# The service that runs


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class AtOnce(Executor):
    """Runs what it is handed before it returns."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def words(knowledge: Knowledge) -> str:
    article = knowledge.article("folic-acid", "zh-Hans")
    return knowledge.text(article, "telegram", TODAY)[0] if article else ""


def write(file: Path, text: str, moment: int) -> None:
    file.write_text(text, "utf-8")
    os.utime(file, (moment, moment))


def test_a_change_is_answered_from_within_two_seconds(folder: Path) -> None:
    clock = Seconds()
    live = LiveKnowledge(folder, Templates(folder.parent), clock, AtOnce())
    first = (folder / ZH).read_text("utf-8")
    write(folder / ZH, first.replace("一天一片", "饭后吃"), 1)
    clock.now = 1.9
    assert "一天一片" in words(live)
    clock.now = 2.0
    assert "饭后吃" in words(live)
    assert live.ask("叶酸在哪领", "zh-Hans", TODAY).candidates[0][0].topic == "folic-acid"
    (folder / ZH).unlink()
    (folder / EN).unlink()
    clock.now = 4.0
    assert live.topics() == sorted(OTHERS)


def test_answers_go_on_while_the_change_is_read(folder: Path) -> None:
    clock, reading = Seconds(), Event()

    class Slow(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            coming.append(super().submit(lambda: reading.wait(20) and fn(*args, **kwargs)))
            return coming[-1]

    coming: list[Future[Any]] = []
    with Slow(1) as beside:
        live = LiveKnowledge(folder, Templates(folder.parent), clock, beside)
        for n, old, new in ((1, "一天一片", "饭后吃"), (2, "饭后吃", "饭前吃")):
            write(folder / ZH, (folder / ZH).read_text("utf-8").replace(old, new), n)
            clock.now += 2
            assert "一天一片" in words(live), "still what was there"
        reading.set()
        coming[-1].result(20)
        assert "饭前吃" in words(live)
    assert len(coming) == 1, "one reading at a time"


def test_a_broken_edit_keeps_what_was_there(folder: Path) -> None:
    clock = Seconds()
    live = LiveKnowledge(folder, Templates(folder.parent), clock, AtOnce())
    first = (folder / ZH).read_text("utf-8")
    unknown = first.replace("{{ region.office_phone", "{{ nobody")
    for n, broken in enumerate(("", "+++\n", unknown, "\0"), start=1):
        write(folder / ZH, broken, n)
        clock.now += 2
        assert "一天一片" in words(live), broken
        assert live.problems == []
    write(folder / ZH, first.replace("一天一片", "饭后吃"), 9)
    clock.now += 2
    assert "饭后吃" in words(live)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["good", "broken", "same"]), st.floats(0, 4)), max_size=8))
def test_it_always_answers_from_the_last_good_files_it_has_seen(
    folder: Path, steps: list[tuple[str, float]]
) -> None:
    clock, text = Seconds(), CHINESE.replace('"other-topic"', "")
    # An index of one topic is made at once.
    for file in [
        folder / name for name in os.listdir(folder) if name.endswith(".md") and "folic" not in name
    ]:
        file.unlink()
    write(folder / ZH, text, 0)
    live = LiveKnowledge(folder, Templates(folder.parent), clock, AtOnce())
    looked, good, there = 0.0, "一天一片", "一天一片"
    for n, (what, seconds) in enumerate(steps, start=1):
        if what == "good":
            there = f"饭后{n}分钟吃"
            write(folder / ZH, text.replace("一天一片", there), n)
        elif what == "broken":
            there = ""
            write(folder / ZH, "no article", n)
        clock.now += seconds
        if clock.now - looked >= 2:
            looked, good = clock.now, there or good
        assert good in words(live)


# Regression questions


def test_questions_are_counted_by_what_becomes_of_them(folder: Path) -> None:
    asked = regression.questions(folder)
    tried = regression.run(Knowledge(folder, Templates(folder.parent)), asked, TODAY)
    assert [one.result for one in tried] == ["right", "right"]
    counted = regression.figures(tried, asked)
    assert (counted["in_scope"], counted["out_of_scope"], counted["without_article"]) == (1, 1, 1)
    assert (counted["hit_at_1"], counted["answered_right"], counted["answered_wrong"]) == (1.0, 1, 0)


def tried(*results: tuple[str, regression.Result]) -> list[regression.Tried]:
    asked = [regression.Question(text=text, language="en", none=True) for text, _ in results]
    found = [["x"] if result == "wrong" else [] for _, result in results]
    return [
        regression.Tried(question, result, best)
        for question, (_, result), best in zip(asked, results, found, strict=True)
    ]


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        ({"a": "right"}, [("a", "right")], []),
        ({"a": "right"}, [("a", "offered")], []),
        ({"a": "right"}, [("a", "wrong")], ["was right", "rose from 0 to 1"]),
        ({"a": "wrong", "b": "right"}, [("a", "right"), ("b", "wrong")], ["was right"]),
        ({"a": "handed over"}, [("a", "wrong")], ["rose from 0 to 1", "'a'"]),
        ({"a": "wrong"}, [("a", "wrong"), ("b", "wrong")], ["rose from 1 to 2", "'b'"]),
        ({"a": "wrong", "gone": "wrong"}, [("a", "wrong"), ("b", "wrong")], ["rose from 1 to 2", "'b'"]),
        ({"a": "handed over", "b": "wrong"}, [("a", "right"), ("b", "wrong"), ("c", "right")], []),
    ],
)
def test_wrong_answers_may_not_rise_whatever_else_gets_better(
    before: Any, after: list[tuple[str, regression.Result]], worse: list[str]
) -> None:
    found = regression.turned_wrong(before, tried(*after))
    assert len(found) == len(worse), found
    assert all(word in line for word, line in zip(worse, found, strict=True)), found


def test_what_was_accepted_is_what_is_expected(folder: Path) -> None:
    terminal = Terminal(folder.parent.parent, templates_dir=folder.parent)
    assert terminal.run("knowledge", "test").code == 0, "nothing was accepted yet"
    assert terminal.run("knowledge", "test", "--accept").code == 0
    sound = terminal.run("knowledge", "test", "--json")
    assert (sound.code, sound.json["ok"], sound.json["figures"]["answered_right"]) == (0, True, 1), sound.said
    article = (folder / ZH).read_text("utf-8")
    (folder / ZH).write_text(article.replace("叶酸吃几片", "驾照到期怎么换"), "utf-8")
    worse = terminal.run("knowledge", "test", "--json")
    assert (worse.code, worse.json["ok"]) == (1, False)
    assert "was right and is wrong: '驾照到期怎么换' gets folic-acid" in worse.json["worse"][0]
    (folder / regression.QUESTIONS).write_text('[[question]]\ntext = "a"\nlanguage = "fr"\n', "utf-8")
    broken = terminal.run("knowledge", "test")
    assert (broken.code, "Traceback" in broken.said) == (1, False)
    assert "questions.toml:3" in broken.err


def test_from_the_terminal_a_draft_is_handed_in_replayed_and_published(folder: Path) -> None:
    terminal = Terminal(folder.parent.parent, templates_dir=folder.parent)
    for name, role in (("Li", "operator"), ("Wang", "approver")):
        assert terminal.run("staff", "add", name, "--role", role).code == 0
    file = edited(folder, EN, "one tablet a day", "TODO")
    bad = terminal.run("knowledge", "draft", str(file), "--by", "Li", "--json")
    assert (bad.code, bad.json["problems"][0]["file"]) == (1, str(file))
    edited(folder, EN, "one tablet a day", "one tablet after a meal")
    handed_in = terminal.run("knowledge", "draft", file.name, "--by", "Li", "--json")
    assert (handed_in.code, handed_in.json["by"]) == (0, "Li"), handed_in.said
    assert terminal.run("knowledge", "drafts", "--json").json["drafts"][0]["state"] == "waiting"
    replayed = terminal.run("knowledge", "replay", "folic-acid.en", "--days", "7", "--json")
    assert (replayed.json["asked"], replayed.json["changed"]) == (0, []), replayed.said
    refused = terminal.run("knowledge", "publish", "folic-acid.en", "--by", "Li")
    assert (refused.code, "approver" in refused.err) == (1, True)
    done = terminal.run("knowledge", "publish", "folic-acid.en", "--by", "Wang", "--json")
    assert (done.code, done.json["published"]) == (0, ["folic-acid.en"]), done.said
    assert "after a meal" in (folder / EN).read_text("utf-8")
