"""What residents read: complete in both languages on both channels, and every mistake found when loaded."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import ROOT

from outreach.app import Content
from outreach.model import SMS, TELEGRAM, BadInput, ChannelName, Problem
from outreach.templates import LANGUAGES, Templates, day_words, time_words

SHIPPED = ROOT / "templates"
KINDS = ("care", "reminders", "surveys", "replies")
NAMES = sorted(
    {f"{kind}/{file.name.split('.')[0]}" for kind in KINDS for file in (SHIPPED / kind).glob("*.txt")}
)
VALUES: dict[str, Any] = {
    "name": "Mei", "township": "East Hill", "day": "Thu 3 Dec", "time": "08:30", "place": "County Hospital",
    "lead": "begin", "title": "Work it out", "note": "", "guide": True,
    "text": "3600 a year", "basis": "Scheme of 2025", "options": ["One", "Two"], "answer_by": "Fri 4 Dec",
    "what": "surveys", "back": "START surveys", "url": "https://t.me/county_bot?start=abc",
}  # fmt: skip
SIGNATURE = {"zh-Hans": "【示例县卫健】", "en": "[Sample Co Health] "}
STOP_LINE = {"zh-Hans": "回复TD退订", "en": "Reply STOP to opt out"}
# The signs that cost one place of the 160 in a segment.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The region's facts and one text, to be broken."""
    for file in ("region.toml", "care/hello.zh-Hans.txt", "care/hello.en.txt"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(SHIPPED / file, tmp_path / file)
    return tmp_path


def problems(folder: Path, file: str, source: str | None = None) -> list[Problem]:
    """What is found once `file` says `source`, or is gone. That the replies are missing is another matter."""
    if source is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(source, "utf-8")
    replies = str(folder / "replies")
    return [problem for problem in Templates(folder).problems if not problem.file.startswith(replies)]


def said(content: Content, name: str, language: str, channel: ChannelName) -> str:
    return content.templates.say(name, language, channel, **VALUES)


# What is shipped


def test_shipped_texts_have_no_mistake(content: Content) -> None:
    assert content.templates.problems == []
    assert len(NAMES) > 20


# Said in both languages at once; and captions, which no SMS has.
MORE_SIGNS = {"replies/foreign", "replies/button_helpful", "replies/button_unhelpful"}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_text_is_complete_on_every_channel_and_in_every_language(content: Content, name: str) -> None:
    for language, channel in product(LANGUAGES, (SMS, TELEGRAM)):
        text = said(content, name, language, channel)
        body = text.removeprefix(SIGNATURE[language]).removesuffix(STOP_LINE[language]).strip()
        assert body
        assert not re.search(r"\{\{|\}\}|\{%|None|Undefined", text)
        assert text.startswith(SIGNATURE[language]) == (channel == SMS)
        assert text.endswith(STOP_LINE[language]) == (not name.startswith("replies/"))
        if language == "en" and name not in MORE_SIGNS:
            assert set(text) <= GSM, "one sign outside leaves 70 a segment for 160"


def test_stop_line_is_set_off_from_the_text(content: Content) -> None:
    def dressed(body: str, language: str) -> str:
        return content.templates.dress(body, language, SMS, stoppable=True)

    assert dressed("您好。", "zh-Hans") == "【示例县卫健】您好。回复TD退订"
    assert dressed("您好", "zh-Hans") == "【示例县卫健】您好。回复TD退订"
    assert dressed("Hello.", "en") == "[Sample Co Health] Hello. Reply STOP to opt out"


def test_name_that_is_not_known_leaves_no_gap(content: Content) -> None:
    for name, language in product(NAMES, LANGUAGES):
        text = content.templates.say(name, language, TELEGRAM, **VALUES | {"name": "", "township": ""})
        assert not re.search(r"^[，,]|  | [,.!]", text), text


# Mistakes are found when loaded


BROKEN: dict[str, tuple[str, int, str]] = {
    "variable": ("您好。\n{{ nmae }}，您好。", 2, "nmae"),
    "variable-in-a-condition": ("{% if tonwship %}您好{% endif %}", 1, "tonwship"),
    "variable-of-another-kind": ("{{ day }}", 1, "day"),
    "fact": ("您好。\n\n请打{{ region.ofice_phone }}。", 3, "region.ofice_phone"),
    "open-condition": ("您好。\n{% if name %}{{ name }}", 2, ""),
    "open-variable": ("您好。\n{{ name ", 2, ""),
    "one-brace": ("您好。\n{{ name }\n", 2, ""),
    "unknown-tag": ("{% fro x in name %}{% endfor %}", 1, ""),
    "unknown-filter": ("您好。\n{{ name|nofilter }}", 2, ""),
}


@pytest.mark.parametrize(("source", "line", "field"), BROKEN.values(), ids=BROKEN)
def test_mistake_is_named_with_its_file_and_line(folder: Path, source: str, line: int, field: str) -> None:
    found = problems(folder, "care/hello.zh-Hans.txt", source)
    assert [(problem.file, problem.line) for problem in found] == [
        (str(folder / "care/hello.zh-Hans.txt"), line)
    ]
    assert found[0].problem
    assert found[0].fix
    if field:
        assert found[0].field == field


UNSAYABLE = {
    "empty": "",
    "sum-of-words": "{{ name + 1 }}",
    "division-by-zero": "{{ 1 / 0 }}",
    "part-that-is-not-there": "{{ name.nothing }}",
    "fact-in-brackets": '{{ region["nothing"] }}',
    "another-file": '{% include "x" %}',
}


@pytest.mark.parametrize("source", UNSAYABLE.values(), ids=UNSAYABLE)
def test_text_that_cannot_be_said_is_found_before_anyone_is_written_to(folder: Path, source: str) -> None:
    found = problems(folder, "care/hello.en.txt", source)
    assert [problem.file for problem in found] == [str(folder / "care/hello.en.txt")]


def test_loops_and_own_names_are_no_mistakes(folder: Path) -> None:
    source = "{% set who = name %}{% for n in range(2) %}{{ loop.index }}{{ who }}{{ region.office_phone }}"
    assert problems(folder, "care/hello.en.txt", source + "{% endfor %}") == []
    said = Templates(folder).say("care/hello", "en", TELEGRAM, name="Mei", township="")
    assert said.startswith("1Mei0000-12345672Mei0000-1234567 ")


def test_missing_language_is_named_by_the_file_to_write(folder: Path) -> None:
    (found,) = problems(folder, "care/hello.en.txt")
    assert (found.file, found.line, found.fix) == (str(folder / "care/hello.en.txt"), 1, "write it")
    missing = {problem.file for problem in Templates(folder).problems}
    assert missing >= {str(folder / f"replies/help.{language}.txt") for language in LANGUAGES}


def test_text_missing_in_one_language_is_said_in_the_other(folder: Path) -> None:
    (folder / "care/hello.en.txt").unlink()
    said = Templates(folder).say("care/hello", "en", TELEGRAM, name="Mei", township="")
    assert said.startswith("Mei，您好！")


def test_region_fact_without_its_wording_is_named_by_its_line(folder: Path) -> None:
    region = (folder / "region.toml").read_text("utf-8")
    line = region.splitlines().index("[office_phone]") + 1
    (found,) = problems(folder, "region.toml", region.replace('en = "0000-1234567"\n', ""))
    assert (found.file, found.line, found.field) == (str(folder / "region.toml"), line, "office_phone")
    assert "en" in found.problem


def test_fact_that_every_message_needs_must_be_there(folder: Path) -> None:
    region = (folder / "region.toml").read_text("utf-8").replace("[sms_signature]", "[signature]")
    found = problems(folder, "region.toml", region)
    assert [problem.field for problem in found] == ["sms_signature"]


def test_region_file_that_is_no_toml_or_not_there_is_told(folder: Path) -> None:
    (folder / "region.toml").write_text('sample = true\n[office_phone\nen = "1"\n', "utf-8")
    with pytest.raises(BadInput) as refused:
        Templates(folder)
    assert refused.value.where == f"{folder / 'region.toml'}:2"
    (folder / "region.toml").unlink()
    with pytest.raises(BadInput, match="no such file"):
        Templates(folder)


def test_file_that_is_not_utf8_is_told(folder: Path) -> None:
    (folder / "care/hello.zh-Hans.txt").write_bytes("您好".encode("gb18030"))
    with pytest.raises(BadInput, match="UTF-8") as refused:
        Templates(folder)
    assert "hello.zh-Hans.txt" in refused.value.where


# When it is said


def test_value_nobody_gave_is_an_error_and_never_an_empty_place(content: Content) -> None:
    with pytest.raises(BadInput, match="place") as refused:
        content.templates.say("reminders/prenatal", "en", SMS, name="Mei", day="Thu", time="08:30")
    assert "reminders/prenatal.en.txt" in refused.value.where
    with pytest.raises(BadInput, match="care/nothing"):
        content.templates.say("care/nothing", "en", SMS)


def test_value_is_said_as_it_is_and_never_run(content: Content) -> None:
    nasty = "{{ region.office_phone }}<b>&{% raw %}"
    assert nasty in content.templates.say("care/hello", "en", TELEGRAM, name=nasty, township="")


TRICKS = [
    "{{ name.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ name|attr('__class__') }}",
    "{{ name.format.__globals__ }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ region.__init__ }}",
    "{{ region|attr('update')({'office_phone': 'x'}) }}",
    "{{ region.pop('office_phone') }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_text_reaches_nothing_but_its_words(folder: Path, trick: str) -> None:
    found = problems(folder, "care/hello.en.txt", trick)
    templates = Templates(folder)
    before = dict(templates.region["en"])
    if not found:
        with pytest.raises(BadInput, match=r"unsafe|not safely"):
            templates.say("care/hello", "en", TELEGRAM, name="Mei", township="")
    assert templates.region["en"] == before


# Days and times in words


def test_day_is_said_as_people_say_it() -> None:
    monday = datetime(2026, 11, 30, 8, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
    week = [monday + timedelta(days=n) for n in range(7)]
    assert [day_words(day, "zh-Hans") for day in week] == [
        *("11月30日（周一）", "12月1日（周二）", "12月2日（周三）", "12月3日（周四）"),
        *("12月4日（周五）", "12月5日（周六）", "12月6日（周日）"),
    ]
    assert [day_words(day, "en") for day in week] == [
        *("Mon 30 Nov", "Tue 1 Dec", "Wed 2 Dec", "Thu 3 Dec", "Fri 4 Dec", "Sat 5 Dec", "Sun 6 Dec")
    ]
    assert [time_words(monday), time_words(monday + timedelta(hours=15))] == ["08:05", "23:05"]
