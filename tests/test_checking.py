"""`knowledge check` names every kind of mistake with its line, and nothing where there is none."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from terminal import Terminal

from outreach.knowledge import Knowledge, check, county
from outreach.knowledge.articles import load
from outreach.knowledge.claims import outdated
from outreach.model import Problem
from outreach.templates import Templates

TODAY = date(2026, 11, 25)
CHINESE = """+++
title = "叶酸怎么领"
examples = [
  "叶酸在哪领", "叶酸吃几片", "备孕要吃叶酸吗", "叶三片怎么拿",
  "领叶酸要带什么", "叶酸多少钱", "怀孕了还能领叶酸不", "外地人能领叶酸吗",
]
facts = ["HLT-13"]
sources = ["《增补叶酸项目方案》（2009-06-01）"]
valid_from = 2009-06-01
owner = "妇幼股"
next_review = 2027-06-01
risk = "normal"
confidence = "B"
local = ["folic_site", "office_phone"]
related = ["other-topic"]
+++
叶酸免费领：{{ region.folic_site }}。拿不准请打{{ region.office_phone }}。

---

叶酸免费领，一天一片：{{ region.folic_site }}。
拿不准请打{{ region.office_phone }}。
"""
ENGLISH = """+++
title = "Free folic acid"
examples = ["where do I get folic acid", "is folic acid free", "how many tablets", "when to start folic acid"]
facts = ["HLT-13"]
sources = ["Folic Acid Programme (2009-06-01)"]
valid_from = 2009-06-01
owner = "Maternal Health"
next_review = 2027-06-01
risk = "normal"
confidence = "B"
local = ["folic_site", "office_phone"]
related = ["other-topic"]
+++
Folic acid is free: {{ region.folic_site }}. Not sure? Call {{ region.office_phone }}.

---

Folic acid is free, one tablet a day: {{ region.folic_site }}.
Not sure? Call {{ region.office_phone }}.
"""
ZH, EN = "folic-acid.zh-Hans.md", "folic-acid.en.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two topics without a mistake, and the county's facts."""
    shutil.copy(ROOT / "templates/region.toml", tmp_path)
    (tmp_path / "knowledge").mkdir()
    for name, text in ((ZH, CHINESE), (EN, ENGLISH)):
        (tmp_path / "knowledge" / name).write_text(text, "utf-8")
        other = text.replace("叶酸", "钙片").replace("叶三", "盖").replace("other-topic", "folic-acid")
        other = (
            re.sub("(?i)folic acid", "calcium", other).replace("tablets", "pills").replace("HLT-13", "HLT-09")
        )
        (tmp_path / "knowledge" / name.replace("folic-acid", "other-topic")).write_text(other, "utf-8")
    return tmp_path


def found(folder: Path, today: date = TODAY) -> list[Problem]:
    templates = Templates(ROOT / "templates", folder / "region.toml")
    articles, _ = load(folder / "knowledge", templates)
    return check(folder / "knowledge", templates, today) + county(templates, articles.values(), today)


def test_articles_without_a_mistake_have_no_problem(folder: Path) -> None:
    assert found(folder) == []


# file, what is replaced, by what, the field, words of the problem, and the line's beginning
MISTAKES: dict[str, tuple[str, str, str, str, str, str]] = {
    "toml": (ZH, "owner = ", "owner ", "front matter", "", "owner"),
    "impossible day": (ZH, "2027-06-01", "2027-06-31", "front matter", "date", "next_review"),
    "quoted day": (EN, "valid_from = 2009-06-01", 'valid_from = "2009"', "valid_from", "date", "valid_from"),
    "number for a name": (EN, 'owner = "Maternal Health"', "owner = 7", "owner", "string", "owner"),
    "one for many": (EN, re.escape('facts = ["HLT-13"]'), 'facts = "HLT-13"', "facts", "list", "facts"),
    "misspelt key": (ZH, "next_review", "next_reviw", "next_reviw", "unknown key", "next_reviw"),
    "missing key": (ZH, 'owner = "妇幼股"\n', "", "owner", "missing", "+++"),
    "unknown risk": (ZH, '"normal"', '"low"', "risk", "normal", "risk"),
    "unknown grade": (ZH, '"B"', '"D"', "confidence", "'A'", "confidence"),
    "backwards": (
        ZH,
        "valid_from = 2009-06-01",
        "valid_from = 2026-01-01\nvalid_to = 2025-01-01",
        "valid_to",
        "ends before",
        "valid_to",
    ),
    "over": (
        ZH,
        "valid_from = 2009-06-01",
        "valid_from = 2009-06-01\nvalid_to = 2025-01-01",
        "valid_to",
        "answers nobody",
        "valid_to",
    ),
    "review due": (ZH, "2027-06-01", "2026-06-01", "next_review", "review was due", "next_review"),
    "review before start": (ZH, "2027-06-01", "2008-06-01", "next_review", "before it begins", "next_review"),
    "review never": (ZH, "2027-06-01", "2099-06-01", "next_review", "three years", "next_review"),
    "too few examples": (ZH, '  "叶酸在哪领", ', "  ", "examples", "must be 8", "examples"),
    "no examples": (
        EN,
        re.escape(
            '["where do I get folic acid", "is folic acid free", "how many tablets", '
            '"when to start folic acid"]'
        ),
        "[]",
        "examples",
        "at least",
        "examples",
    ),
    "empty example": (ZH, "叶酸在哪领", "？", "examples", "empty", '  "？'),
    "example twice": (ZH, "叶酸吃几片", "叶酸在哪领？", "examples", "twice", '  "叶酸在哪领"'),
    "question of another topic": (EN, "how many tablets", "how many pills", "examples", "same question", ""),
    "person's number": (
        ZH,
        "叶酸吃几片",
        "我的电话13812345678",
        "examples",
        "number of a person",
        '  "叶酸在哪领"',
    ),
    "Chinese in English examples": (EN, "how many tablets", "叶酸几片", "examples", "Chinese", "examples"),
    "Chinese in English": (EN, "Folic acid is free,", "叶酸免费，", "full", "Chinese", "叶酸免费"),
    "English in Chinese": (
        ZH,
        r"叶酸免费领，一天一片：\{\{ region.folic_site \}\}。\n拿不准请打",
        "Folic acid is free {{ region.folic_site }} ",
        "full",
        "no Chinese",
        "Folic",
    ),
    "English title": (ZH, "叶酸怎么领", "Folic acid", "title", "no Chinese", "title"),
    "empty title": (EN, "Free folic acid", " ", "title", "empty", "title"),
    "nobody owns it": (EN, "Maternal Health", "", "owner", "nobody", "owner"),
    "traditional": (ZH, "免费领，一天", "免費領，一天", "full", "traditional", "叶酸免"),
    "source without a day": (ZH, "（2009-06-01）", "", "sources", "no date", "sources"),
    "source with a link": (EN, "Programme", "www.nhc.gov.cn", "sources", "link", "sources"),
    "link": (ZH, "一天一片", "见https://a.cn/x", "full", "link", "叶酸免费领，见"),
    "bare address": (EN, "one tablet a day", "see nhc.gov.cn/x", "full", "link", "Folic"),
    "QR": (ZH, "一天一片", "扫二维码办", "full", "code", "叶酸免费领，扫"),
    "asks for a code": (ZH, "一天一片", "请把验证码发给我们", "full", "code", "叶酸免费领，请"),
    "asks for what came": (ZH, "一天一片", "把收到的短信验证码告诉我们", "full", "code", "叶酸免费领，"),
    "asks for money": (ZH, "一天一片", "请先转账50元手续费", "full", "payment", "叶酸免费领，"),
    "mojibake": (ZH, "一天一片", "ä¸€å¤©", "full", "left over", "叶酸免费领，"),
    "asks in English": (EN, "one tablet a day", "please send us your code", "full", "code", "Folic"),
    "unknown related": (ZH, "other-topic", "othr-topic", "related", "no topic", "related"),
    "related to itself": (ZH, "other-topic", "folic-acid", "related", "itself", "related"),
    "shape of a fact": (ZH, "HLT-13", "hlt13", "facts", "no name of a fact", "facts"),
    "unknown fact": (ZH, "HLT-13", "HLT-99", "facts", "no fact HLT-99", "facts"),
    "no fact": (ZH, '"HLT-13"', "", "facts", "no fact", "facts"),
    "undeclared": (ZH, '"folic_site", ', "", "region.folic_site", "not declared", "叶酸免费领："),
    "declared in vain": (ZH, '"folic_site"', '"folic_site", "office_hours"', "local", "not said", "local"),
    "unknown variable": (ZH, "一天一片", "{{ name }}", "name", "unknown variable", "叶酸免费领，"),
    "open braces": (ZH, "一天一片", "{{ region.office_phone ", "template", "", "叶酸免费领，"),
    "one brace": (ZH, "一天一片", "{region.office_phone}", "full", "markup", "叶酸免费领，"),
    "reaches for code": (
        ZH,
        "一天一片",
        "{{ region.__class__.__mro__ }}",
        "template",
        "only words",
        "叶酸免费领，",
    ),
    "calls": (EN, "one tablet a day", "{{ cycler.__init__() }}", "cycler", "unknown variable", "Folic"),
    "condition": (EN, "one tablet a day", "{% if 1 %}x{% endif %}", "template", "only words", "Folic"),
    "filter": (
        EN,
        "one tablet a day",
        "{{ region.office_phone | upper }}",
        "template",
        "only words",
        "Folic",
    ),
    "emergency": (ZH, '"normal"', '"emergency"', "short", "120", "叶酸免费领："),
    "figure to be reviewed": (
        ZH,
        'risk = "normal"(.|\n)*一天一片',
        lambda m: m[0].replace("normal", "review").replace("一天一片", "补300元"),
        "full",
        "nobody confirmed",
        "叶酸免费领，",
    ),  # type: ignore[dict-item]
    "left over": (EN, "one tablet a day", "TODO", "full", "left over", "Folic"),
    "left over in Chinese": (ZH, "一天一片", "金额待补", "full", "left over", "叶酸免费领，"),
    "markup": (ZH, "一天一片", "**一天一片**", "full", "markup", "叶酸免费领，"),
    "number of its own": (ZH, "一天一片", "打0871-65123456", "full", "telephone", "叶酸免费领，"),
    "twins' facts": (ZH, "HLT-13", "HLT-12", "facts", "not the same", "facts"),
    "twins' days": (
        ZH,
        "valid_from = 2009-06-01",
        "valid_from = 2010-06-01",
        "valid_from",
        "not the same",
        "valid_from",
    ),
    "too long for SMS": (
        ZH,
        r"region.office_phone \}\}。\n\n---",
        "region.office_phone }}。" + "请记得吃。" * 40 + "\n\n---",
        "short",
        "SMS segments",
        "叶酸免费领：",
    ),
    "too long for Telegram": (EN, "one tablet a day", "one tablet " * 400, "full", "Telegram", "Folic"),
    "no layout": (EN, r"\n---\n", "\n", "file", "---", "+++"),
    "empty full answer": (EN, r"(?s)---\n.*", "---\n", "file", "full answer is empty", "---"),
    "second rule": (EN, "one tablet a day", "one\n---\na day", "file", "second ---", "---"),
    "missing fact": (
        ZH,
        "region.office_phone }}。\n$",
        "region.ofice_phone }}。\n",
        "region.ofice_phone",
        "no fact 'ofice_phone'",
        "拿不准",
    ),
}


@pytest.mark.parametrize("name", MISTAKES, ids=lambda name: name.replace(" ", "-"))
def test_mistake_is_named_by_file_line_and_field(folder: Path, name: str) -> None:
    where, old, new, field, words, begins = MISTAKES[name]
    file = folder / "knowledge" / where
    before = file.read_text("utf-8")
    file.write_text(re.sub(old, new, before, count=1), "utf-8")
    assert file.read_text("utf-8") != before
    lines = file.read_text("utf-8").split("\n")
    problems = [one for one in found(folder) if one.field == field and words in one.problem]
    assert problems, found(folder)
    assert all(one.fix for one in problems)
    mine = [one for one in problems if one.file == str(file)]
    assert mine or name == "question of another topic"
    assert not begins or any(lines[one.line - 1].startswith(begins) for one in mine), problems


def test_twins_with_other_sums_are_told(folder: Path) -> None:
    for name, old, new in ((ZH, "一天一片", "补300元、60元"), (EN, "one tablet a day", "and 360 yuan")):
        file = folder / "knowledge" / name
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    told = [one for one in found(folder) if "sums of money" in one.problem]
    assert [Path(one.file).name for one in told] == [ZH]
    assert "60, 300, 360" in told[0].problem


FILES: dict[str, tuple[str, bytes, str]] = {
    "GB18030": (ZH, CHINESE.encode("gb18030"), "GB18030"),
    "UTF-16": (ZH, CHINESE.encode("utf-16"), "UTF-16"),
    "no text": (ZH, b"\xff\xfe\xfd\x80\x81\xff", "not UTF-8"),
    "empty": (ZH, b"", "empty"),
    "blank": (ZH, b"\xef\xbb\xbf \r\n", "empty"),
    "NUL": (ZH, CHINESE.replace("一天", "一\0天").encode(), "NUL"),
    "huge": (ZH, CHINESE.encode() + b"x" * 100_000, "larger"),
    "BOM": (ZH, b"\xef\xbb\xbf" + CHINESE.encode(), "byte order mark"),
    "CRLF": (ZH, CHINESE.replace("\n", "\r\n").encode(), "Windows"),
    "unseen": (ZH, CHINESE.replace("一天", "一\u200b天").encode(), "cannot be seen"),
    "words alone": (ZH, "叶酸免费领。".encode(), "laid out"),
    "YAML": (ZH, CHINESE.replace("+++", "---").encode(), "does not begin with +++"),
    "nested": (ZH, CHINESE.replace('"妇幼股"', "[" * 3000).encode(), ""),
    "long number": (ZH, CHINESE.replace('"妇幼股"', "9" * 6000).encode(), ""),
    "deep template": (EN, ENGLISH.replace("one tablet", "{{" + "(" * 3000 + "}}").encode(), ""),
    "capitals": ("Folic_Acid.zh-Hans.md", CHINESE.encode(), "no name of a topic"),
    "language": ("folic-acid.zh.md", CHINESE.encode(), "no language of ours"),
    "no language": ("folic-acid.md", CHINESE.encode(), "says no language"),
    "other suffix": ("folic-acid.zh-Hans.txt", CHINESE.encode(), "no article"),
    "same title": ("third-topic.zh-Hans.md", CHINESE.encode(), "same title"),
    "alone": ("third-topic.zh-Hans.md", CHINESE.encode(), "missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES, ids=lambda name: name.replace(" ", "-"))
def test_file_that_is_no_article_is_told(folder: Path, name: str) -> None:
    where, content, words = FILES[name]
    (folder / "knowledge" / where).write_bytes(content)
    stem = where.split(".")[0]
    told = [one for one in found(folder) if Path(one.file).name.startswith(stem) and words in one.problem]
    assert told, found(folder)


def test_folder_in_the_place_of_an_article_is_told(folder: Path) -> None:
    (folder / "knowledge/third.en.md").mkdir()
    assert any("cannot be read" in one.problem for one in found(folder))


OUTDATED = [
    "生三胎要交社会抚养费。",
    "超生的会被罚款。",
    "没交社会抚养费的不予上户口。",
    "生二孩要先办准生证。",
    "生育三孩需经审批。",
    "结婚登记要带身份证和户口簿。",
    "领证得回户籍地办。",
    "结婚前必须做婚检。",
    "外出打工要办流动人口婚育证明。",
    "3岁以下婴幼儿照护每月扣除1000元。",
    "百白破在3、4、5月龄各打一针。",
    "举报违法生育请打12356。",
    "生育津贴发给用人单位。",
    "育儿补贴在居住地申领。",
    "九价HPV疫苗免费打。",
    "2022年1月起特扶金为590元和460元。",
    "两癌筛查只查农村妇女。",
    "老年人体检没有胸片。",
    "幸福工程的钱不用还。",
    "一对夫妻只能生一个孩子。",
    "可享受晚婚假15天。",
    "生完必须上环。",
    "落户要先交计生罚款。",
    "疫苗必须回户籍地打针。",
    "婚检是结婚登记的前提。",
    "百白破疫苗：3月龄、4月龄、5月龄各一剂。",
    "生育津贴由单位领取后发给职工。",
    "结婚须回男方户籍所在地登记。",
]
OUTDATED_EN = [
    "You must pay the social maintenance fee for a third child.",
    "A birth permit is required.",
    "Bring your household book to the marriage registration.",
    "The premarital check is compulsory.",
    "You need the marriage and fertility certificate.",
    "For infant care you deduct 1,000 yuan a month.",
    "DTaP is given at 3, 4 and 5 months.",
    "Call 12356 to report family planning matters.",
    "The allowance is paid to your employer.",
    "The subsidy is claimed at your place of residence.",
    "The nine-valent vaccine is free.",
    "Screening is only for rural women.",
    "Couples may only have one child.",
    "You need a birth permit before having a baby.",
    "Bring the household register to register your marriage.",
    "Apply for the childcare subsidy where you live.",
    "Migrants must carry a marriage and childbearing certificate.",
]
TODAYS = [
    "社会抚养费2021年已经取消。",
    "现在有人让您交社会抚养费，先别交。",
    "不用办准生证，登记就行。",
    "结婚登记不再需要户口簿。",
    "婚检免费，自愿做，不是必须做。",
    "流动人口婚育证明2021年9月废止，不用再办。",
    "每月扣2000元，父母各扣1000元也行。",
    "以前是3、4、5月龄，百白破现在是2、4、6月龄。",
    "12356是全国心理援助热线。",
    "津贴直接发给您本人，不再发给单位。",
    "育儿补贴在孩子户籍地申领，不在居住地。",
    "九价要自费，国家免费的是双价。",
    "孩子上户口，不能拿这笔钱当条件。",
    "现在生第三个还要罚款吗？",
]


@pytest.mark.parametrize("text", OUTDATED)
def test_outdated_claim_is_found(text: str) -> None:
    assert list(outdated(text, "zh-Hans"))


@pytest.mark.parametrize("text", OUTDATED_EN)
def test_outdated_claim_in_english_is_found(text: str) -> None:
    assert list(outdated(text, "en"))


@pytest.mark.parametrize("text", TODAYS)
def test_todays_law_is_no_outdated_claim(text: str) -> None:
    assert list(outdated(text, "zh-Hans")) == []


# The county's facts


def aged(folder: Path, **keys: str) -> None:
    """The fact folic_site with other keys; none removes it."""
    region = folder / "region.toml"
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    table = f"[folic_site]\n{lines}" if keys else ""
    region.write_text(region.read_text("utf-8").split("[folic_site]")[0] + table, "utf-8")


WORDS = {"zh-Hans": '"卫生院"', "en": '"the clinic"'}


def said(folder: Path, today: date) -> list[str]:
    templates = Templates(ROOT / "templates", folder / "region.toml")
    knowledge = Knowledge(folder / "knowledge", templates)
    assert knowledge.problems == []
    assert templates.problems == []
    both = [knowledge.article("folic-acid", language) for language in ("zh-Hans", "en")]
    return [knowledge.text(one, "sms", today)[0] for one in both if one]


def test_missing_fact_says_whom_to_call(folder: Path) -> None:
    aged(folder)
    chinese, english = said(folder, TODAY)
    assert chinese.startswith("叶酸免费领：请打0000-1234567问。")
    assert english.startswith("Folic acid is free: please call 0000-1234567.")
    told = [one for one in found(folder) if one.file.endswith("region.toml")]
    assert [(one.field, "folic-acid, other-topic" in one.problem) for one in told] == [("folic_site", True)]


@pytest.mark.parametrize(
    ("keys", "today", "chinese", "english"),
    [
        ({"as_of": "2024-03-05"}, date(2025, 4, 9), "", ""),
        (
            {"as_of": "2024-03-05"},
            date(2025, 4, 10),
            "（2024年3月的情况，请核实）",
            " (as of March 2024, please check)",
        ),
        ({"as_of": "2026-11-01", "until": "2026-11-25"}, TODAY, "", ""),
        (
            {"as_of": "2026-11-01", "until": "2026-11-24"},
            TODAY,
            "（2026年11月的情况，请核实）",
            " (as of November 2026, please check)",
        ),
        ({"until": "2026-11-24"}, TODAY, "（可能已变，请核实）", " (may have changed, please check)"),
    ],
)
def test_old_fact_says_its_month(
    folder: Path, keys: dict[str, str], today: date, chinese: str, english: str
) -> None:
    aged(folder, **WORDS, **keys, source='"卫生院"')
    texts = said(folder, today)
    assert texts[0].startswith(f"叶酸免费领：卫生院{chinese}。")
    assert texts[1].startswith(f"Folic acid is free: the clinic{english}.")
    told = [one for one in found(folder, today) if one.field == "folic_site"]
    lines = (folder / "region.toml").read_text("utf-8").split("\n")
    assert bool(told) == bool(chinese)
    assert all(lines[one.line - 1] == "[folic_site]" for one in told)
    assert all("used by folic-acid, other-topic" in one.problem for one in told if "held" in one.problem)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (WORDS | {"source": '"x"'}, "no as_of"),
        (WORDS | {"as_of": "2026-11-01"}, "no source"),
        (WORDS | {"as_of": '"2026"', "source": '"x"'}, "no date"),
        (WORDS | {"as_of": "2027-01-01", "source": '"x"'}, "not come yet"),
        (WORDS | {"as_of": "2026-11-01", "source": '"x"', "untill": "2026-11-01"}, "unknown key 'untill'"),
        ({"zh-Hans": '"卫生院"', "en": '""', "as_of": "2026-11-01", "source": '"x"'}, "wording is empty"),
    ],
)
def test_fact_without_its_day_or_source_is_told_and_said(
    folder: Path, keys: dict[str, str], words: str
) -> None:
    aged(folder, **keys)
    assert "卫生院" in said(folder, TODAY)[0]
    assert [one.field for one in found(folder) if words in one.problem] == ["folic_site"]


# Whatever is in a folder, the answer is a list of problems


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_file_at_all_ends_in_a_traceback(folder: Path, data: st.DataObject) -> None:
    raw = CHINESE.encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 60)))
    piece = data.draw(
        st.binary(max_size=20)
        | st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace"))
        | st.sampled_from(
            [b"{{", b"}}", b"{%", b"+++\n", b"---\n", b"[[", b'"""', b"{#", b"\\", b"= {", b"1e999"]
        )
    )
    (folder / "knowledge" / ZH).write_bytes(raw[:start] + piece + raw[end:])
    for one in found(folder):
        assert one.problem
        assert one.fix
        assert one.line >= 1


def test_check_is_a_command_that_fails_where_there_is_a_mistake(folder: Path) -> None:
    terminal = Terminal(folder)
    for given_folder in (folder, folder / "knowledge"):
        sound = terminal.run("knowledge", "check", str(given_folder), "--json")
        assert (sound.code, sound.json) == (0, {"ok": True, "problems": []}), sound.said
    (folder / "knowledge" / EN).write_bytes(CHINESE.encode("gb18030"))
    broken = terminal.run("knowledge", "check", str(folder), "--json")
    assert broken.code == 1
    assert broken.json["ok"] is False
    assert {key for one in broken.json["problems"] for key in one} == {
        "file",
        "line",
        "field",
        "problem",
        "fix",
    }
    words = terminal.run("knowledge", "check", str(folder))
    assert words.code == 1
    assert f"{EN}:1: it is not UTF-8 but most likely GB18030 → save it as UTF-8" in words.out
    (folder / "region.toml").write_text("[office_phone\n", "utf-8")
    assert terminal.run("knowledge", "check", str(folder), "--json").json["problems"][0]["line"] == 1
    nowhere = terminal.run("knowledge", "check", str(folder / "nowhere"))
    assert (nowhere.code, "Traceback" in nowhere.said) == (1, False)
