"""Lists as real spreadsheets are: what is understood, what is refused, and that no number is ever guessed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import NOW
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outreach.lists import BadRow, Rejected, Report, open_list, phone, telegram_id, year
from outreach.lists.headings import Vocabulary
from outreach.model import BadInput
from outreach.residents import same_name
from outreach.residents.columns import HEADINGS
from outreach.residents.importing import NEEDED, parse, read

NUMBER, E164 = "13912345678", "+8613912345678"
PEOPLE = [("张梅", NUMBER), ("李强", "13912345679")]
Rows = list[tuple[int, dict[str, str]]]


def rows_of(file: Path) -> Rows:
    with read(file) as listing:
        listing.check()
        return list(listing.rows())


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "list.csv").write_bytes(text.encode(encoding))
    return folder / "list.csv"


def workbook(folder: Path, *sheets: Sequence[Sequence[Any]], name: str = "list.xlsx") -> Path:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet(f"第{number}页")
        assert sheet is not None
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


def told(file: Path) -> str:
    """What is said of a file that cannot be used; always where, and how to mend it."""
    with pytest.raises(BadInput) as refused:
        rows_of(file)
    assert str(file) in refused.value.where
    assert refused.value.fix
    assert NUMBER not in str(refused.value)
    assert "张梅" not in str(refused.value)
    return refused.value.problem


# Headings


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("姓名", "name"), ("姓 名", "name"), ("*姓名", "name"), ("姓名：", "name"), ("1、姓名", "name"),
        ("姓名（必填）", "name"), ("Name*", "name"), ("FULL NAME", "name"), ("姓名/Name", "name"),
        ("手机号码（必填，11位）", "phone"), ("手机\n号码", "phone"), ("Ｐｈｏｎｅ　Ｎｕｍｂｅｒ", "phone"),
        ("手机号码 Phone", "phone"), ("Mobile (required)", "phone"), ("联系电话", "phone"),
        ("手機號碼", "phone"),
        ("乡（镇）", "township"), ("乡镇/街道", "township"), ("出生年份(如1985)", "birth_year"),
        ("是否同意接收关怀", "consent_care"), ("Consent-Care", "consent_care"),
        ("同意提醒？", "consent_reminders"),
        ("同意（调查）", "consent_surveys"), ("Telegram ID", "telegram_id"), ("电报", "telegram_id"),
        ("监护人手机号码", None), ("手机号码（监护人）", None), ("紧急联系人电话", None), ("备注", None),
        ("parent phone", None), ("Username", None), ("身份证号", None), ("", None),
    ],
)  # fmt: skip
def test_heading_is_known_however_it_is_decorated(heading: str, field: str | None) -> None:
    known = Vocabulary(HEADINGS, NEEDED)._known_as(heading)
    assert (known[0] if known else None) == field


def test_every_word_means_one_field() -> None:
    words = [word for words in HEADINGS.values() for word in words.split("|")]
    assert len(words) == len(set(words))
    vocabulary = Vocabulary(HEADINGS, NEEDED)
    for field, all_ in HEADINGS.items():
        found = {word: vocabulary._known_as(word) for word in all_.split("|")}
        assert {word: known for word, known in found.items() if not known or known[0] != field} == {}


def test_titles_blanks_totals_and_repeated_headings_are_passed_over(tmp_path: Path) -> None:
    text = (
        "2026年东山镇居民关怀名单,,\n填报单位：卫健办,,2026-11\n,,\n序号,姓名,手机号码\n"
        f"1,张梅,{NUMBER}\n,,\n2,,\n序号,姓名,手机号码\n3,李强,13912345679\n合计,,2\n"
    )
    assert [(number, cells["name"]) for number, cells in rows_of(written(tmp_path, text))] == [
        (5, "张梅"),
        (9, "李强"),
    ]


@pytest.mark.parametrize(
    "total", ["合计", "合 计：", "总计", "共计2人", "Total", "total: 2", "Grand Total", "共 2 人"]
)
def test_total_is_no_person(tmp_path: Path, total: str) -> None:
    text = f"姓名,手机号码\n张梅,{NUMBER}\n{total},2\n"
    assert len(rows_of(written(tmp_path, text))) == 1


def test_person_called_total_is_one(tmp_path: Path) -> None:
    assert len(rows_of(written(tmp_path, f"name,phone\nTotal,{NUMBER}\n"))) == 1


def test_plainer_of_two_columns_counts(tmp_path: Path) -> None:
    text = f"姓名,联系电话,手机号码\n张梅,0571-87654321,{NUMBER}\n李强,13912345679,\n"
    assert [cells["phone"] for _, cells in rows_of(written(tmp_path, text))] == [NUMBER, "13912345679"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separator_is_the_one_that_gives_headings(tmp_path: Path, delimiter: str) -> None:
    text = f'名单；东山镇,西河乡\n姓名,手机号码,分组\n张梅,{NUMBER},"a;b,c|d"\n'.replace('"a;b,c|d"', "@")
    text = text.replace(",", delimiter).replace("@", '"a;b,c|d"')
    ((number, cells),) = rows_of(written(tmp_path, text))
    assert (number, cells["phone"], cells["groups"]) == (3, NUMBER, "a;b,c|d")


def test_line_for_excel_alone_is_no_row(tmp_path: Path) -> None:
    assert rows_of(written(tmp_path, f"sep=;\n姓名;手机号码\n张梅;{NUMBER}\n"))[0][0] == 2


# Numbers


@pytest.mark.parametrize(
    "text",
    [
        NUMBER, "13912345678.0", "13912345678.00", "1.3912345678E+10", "1.3912345678e10", "'13912345678",
        '"13912345678"', "’13912345678", "139 1234 5678", "139-1234-5678", "139.1234.5678", "139－1234－5678",
        "(+86)139 1234 5678", "+86 139 1234 5678", "+86-13912345678", "008613912345678",
        "0086-139-1234-5678",
        "8613912345678", "86 13912345678", "013912345678", "１３９１２３４５６７８",
        "＋８６１３９１２３４５６７８",
        "\u202d13912345678\u202c", "13,912,345,678", "手机：13912345678", "tel:+8613912345678",
        "13912345678/",
        "[13912345678]", "（139）12345678", " 13912345678 ",
    ],
)  # fmt: skip
def test_number_is_understood(text: str) -> None:
    assert parse(2, {"name": "张梅", "phone": text.translate({0x202D: None, 0x202C: None})}).phone == E164


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.39E+10", "lost"), ("1.391234567E+10", "lost"), ("1,39E+10", "lost"),
        ("1.39123456785E+10", "lost"),
        ("13912345678/13812345678", "two numbers"), ("13912345678、13812345678", "two numbers"),
        ("13912345678 13812345678", "two numbers"), ("13912345678或13812345678", "two numbers"),
        ("13912345678\n13812345678", "two numbers"), ("0571-87654321/13912345678", "two numbers"),
        ("0571-87654321", "SMS"), ("010 6552 9988", "SMS"), ("12320", "SMS"), ("4001234567", "SMS"),
        ("95588", "SMS"),
        ("1391234567", "few"), ("139123456789", "many"), ("12912345678", "begins"),
        ("15412345678", "begins"),
        ("1391234567.8", "no phone number"), ("139.12345678", "no phone number"),
        ("13912345678abc", "no phone"),
        ("13912345678(李强)", "no phone"), ("没有", "no phone"), ("####", "no phone"),
        ("1391234567O", "no phone"),
        ("١٣٩١٢٣٤٥٦٧٨", "no phone"), ("2024-01-01", ""), ("+1 800 555 0199", "SMS"),
        ("+44 20 7946 0018", "SMS"),
        ("+13012345678", "America"), ("+999123456789", "no phone number"), ("0013912345678", ""),
        ("-1", ""),
    ],
)  # fmt: skip
def test_number_is_refused_rather_than_guessed(text: str, problem: str) -> None:
    with pytest.raises(BadRow, match=problem) as refused:
        phone(text)
    assert refused.value.field == "phone"
    assert text not in refused.value.problem + refused.value.hint


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+852 9123 4567", "+85291234567"), ("+44 7400 123456", "+447400123456"),
        ("+1 301 234 5678", "+13012345678"), ("+12025550123", "+12025550123"),
        ("+886 912 345 678", "+886912345678"),
    ],
)  # fmt: skip
def test_mobile_number_from_abroad_is_taken(text: str, number: str) -> None:
    assert phone(text) == number


SIGNS = st.sampled_from(
    [*" -.()/、,;'\"+=eE0\u00a0\u200b　－．（）", "86", "0086", "+86", ".0", "E+10", "000", "手机", "转1"]
)


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.lists(st.tuples(st.integers(0, 11), SIGNS), max_size=4),
)
def test_mess_gives_the_number_or_a_refusal_never_another(number: str, mess: list[tuple[int, str]]) -> None:
    text = number
    for place, sign in sorted(mess, reverse=True):
        text = text[:place] + sign + text[place:]
    digits_added = any(any(c.isdigit() for c in sign) for place, sign in mess if 0 < place < 11)
    try:
        found = parse(2, {"name": "张梅", "phone": text}).phone
    except BadRow:
        return
    # With digits of another number typed into it nobody could tell; they make it too long instead.
    assert found == f"+86{number}" or digits_added or found is None


@given(st.text(max_size=30))
@example("digit")
def test_no_text_makes_it_stumble(text: str) -> None:
    for read_cell in (phone, telegram_id, lambda text: year(text, 2026), same_name):
        said = refusal(read_cell, text)
        # What is said of any other cell too is our own word: "digit".
        assert len(text) < 5 or text not in said or text in refusal(read_cell, "@" * 40)


def refusal(read_cell: Callable[[str], object], text: str) -> str:
    try:
        read_cell(text)
    except BadRow as problem:
        return problem.problem + problem.hint
    return ""


@pytest.mark.parametrize(
    ("text", "found"),
    [("501", "501"), ("501.0", "501"), ("'501", "501"), ("６０１", "601"),
     ("7.123456789E+9", "7123456789"), ("无", None),
                                             ("", None)],
)  # fmt: skip
def test_telegram_id_is_understood(text: str, found: str | None) -> None:
    assert telegram_id(text) == found


@pytest.mark.parametrize(
    "text", ["@mei", "-100123", "5.01E+09", "t.me/mei", NUMBER, "0", "1" * 20, "501;502"]
)
def test_telegram_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRow):
        telegram_id(text)


# Other cells


@pytest.mark.parametrize(
    "text",
    ["1985", "1985.0", "1985年", "1985-03-02", "1985/3/2", "1985.03", "1985年3月", "1985年3月2日",
    "19850302",
     "1985-03-02 00:00:00", "2/3/1985", "１９８５", "一九八五年", "'1985", "1985年生"],
)  # fmt: skip
def test_year_of_birth_is_understood(text: str) -> None:
    assert year(text, 2026) == 1985


@pytest.mark.parametrize(
    "text", ["2150", "1850", "85", "八五年", "85年", "35岁", "31108", "1985-13-02", "x", "2027"]
)
def test_unlikely_year_of_birth_is_none(text: str) -> None:
    assert year(text, 2026) is None


def test_language_we_do_not_speak_is_a_warning() -> None:
    row = parse(2, {"name": "张梅", "phone": NUMBER, "language": "法语"}, now=NOW)
    assert row.language is None
    assert [field for field, _ in row.doubts] == ["language"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("张　梅", "张梅"), ("张 梅 ", "张梅"), ("Tom  Li", "Tom Li"), ("买买提·艾力", "买买提·艾力")],
)
def test_name_is_kept_without_the_spaces_that_align_it(name: str, kept: str) -> None:
    assert parse(2, {"name": name, "phone": NUMBER}).name == kept


@pytest.mark.parametrize("name", ["", "13912345678", "—", "#REF!", "nan", "无", "梅" * 200])
def test_what_is_no_name_is_refused_without_saying_it(name: str) -> None:
    with pytest.raises(BadRow) as refused:
        parse(2, {"name": name, "phone": NUMBER})
    assert refused.value.field == "name"
    assert not name or name not in refused.value.hint


@pytest.mark.parametrize(
    ("one", "other"),
    [("張梅", "张梅"), ("劉 偉", "刘伟"), ("Ｔｏｍ Li", "tom li"), ("陳國強", "陈国强"),
     ("阿依古丽·买买提", "阿依古丽•买买提")],
)  # fmt: skip
def test_two_spellings_are_one_name(one: str, other: str) -> None:
    assert same_name(one) == same_name(other)


def test_two_names_are_two() -> None:
    assert len({same_name(name) for name in ("张梅", "张海", "章梅", "张梅梅", "Tom", "Tim")}) == 6


# Workbooks


def test_workbook_is_read_like_a_csv(tmp_path: Path) -> None:
    heading = ["Telegram", "出生年份", "手机号码", "姓名", "同意接收关怀", "分组"]
    rows = [
        ["居民名单"], [], heading,
        [501.0, date(1985, 3, 2), int(NUMBER), "张梅", True, "a、b"],
        [None, 1985.0, "13912345679", "李强", "√", None],
        [None, None, None, None, None, None],
        [None, "八五年", 1.391234567e10, "王芳", 0, None],
        ["合计", None, "=COUNTA(C4:C7)", None, None, None],
    ]  # fmt: skip
    found = rows_of(workbook(tmp_path, rows))
    assert [number for number, _ in found] == [4, 5, 7]
    people = [parse(number, cells, now=NOW) for number, cells in found]
    assert [(one.phone, one.telegram_id, one.birth_year) for one in people] == [
        (E164, "501", 1985),
        ("+8613912345679", None, 1985),
        ("+8613912345670", None, None),
    ]
    assert [dict(one.consent) for one in people] == [{"care": True}, {"care": True}, {"care": False}]


def test_first_sheet_with_headings_is_read_and_others_are_named(tmp_path: Path) -> None:
    people = [["姓名", "手机号码"], ["张梅", NUMBER]]
    file = workbook(tmp_path, [["说明"], ["请勿改动"]], people, people, [["姓名", "手机号码"]])
    with read(file) as listing:
        assert listing.check() == 1
        assert listing.others == ["第2页"]
        assert "第1页" in listing.where


def test_sheet_that_is_wrong_about_its_size_is_read_to_the_end(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码"], *PEOPLE])
    changed(file, "xl/worksheets/sheet1.xml", lambda text: text.replace('ref="A1:B3"', 'ref="A1:A1"'))
    assert len(rows_of(file)) == 2


def changed(file: Path, part: str, change: Callable[[str], str]) -> None:
    """One part of a workbook as somebody may have tampered with it."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part].decode()
    parts[part] = change(before).encode()
    assert parts[part] != before.encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("formula", ["=A1&B1", "=13900000000+12345678", '=HYPERLINK("x","张梅")', "=B2"])
def test_formula_in_a_column_we_use_is_named(tmp_path: Path, formula: str) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码"], ["张梅", NUMBER], ["李强", formula]])
    with pytest.raises(BadInput, match="formula") as refused:
        rows_of(file)
    assert "row 3, column 手机号码" in refused.value.where
    assert "values" in refused.value.fix


def test_formula_elsewhere_does_not_matter(tmp_path: Path) -> None:
    rows = [
        ["=1+1"],
        ["序号", "姓名", "手机号码"],
        ["=ROW()", "张梅", NUMBER],
        ["=ROW()", "李强", f'="{NUMBER}"'],
    ]
    assert [cells["phone"] for _, cells in rows_of(workbook(tmp_path, rows))] == [NUMBER, NUMBER]


def test_formula_in_a_csv_is_refused_and_a_quoted_number_is_not(tmp_path: Path) -> None:
    file = written(tmp_path, f'姓名,手机号码\n张梅,"=""{NUMBER}"""\n李强,="{NUMBER}"\n')
    assert [cells["phone"] for _, cells in rows_of(file)] == [NUMBER, NUMBER]
    assert "formula" in told(written(tmp_path, f"姓名,手机号码\n张梅,{NUMBER}\n李强,=B2\n"))


# Files that are no list


def with_entities(text: str) -> str:
    return '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + text.split("?>", 1)[-1]


def test_workbook_that_multiplies_entities_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码"], *PEOPLE])
    changed(file, "xl/worksheets/sheet1.xml", with_entities)
    assert "document type" in told(file)


def test_workbook_that_swells_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码"], *PEOPLE])
    changed(file, "xl/worksheets/sheet1.xml", lambda text: text + " " * 20_000_000)
    assert "unpacks to" in told(file)


def test_workbook_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码"], *PEOPLE])
    changed(file, "xl/worksheets/sheet1.xml", lambda text: text + " " * 20_000_000)
    raw = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    for place in (raw.find(size), raw.rfind(size)):
        raw[place : place + 4] = (2000).to_bytes(4, "little")
    file.write_bytes(raw)
    assert "damaged" in told(file)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_workbook_that_was_cut_off_is_refused(tmp_path: Path, keep: float) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码"], *PEOPLE * 200])
    raw = file.read_bytes()
    file.write_bytes(raw[: int(len(raw) * keep)])
    assert "damaged" in told(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_byte_that_is_wrong_makes_no_traceback(tmp_path: Path, place: int, change: int) -> None:
    book, memory = openpyxl.Workbook(), io.BytesIO()
    assert book.active
    for row in (["姓名", "手机号码"], *PEOPLE):
        book.active.append(row)
    book.save(memory)
    raw = bytearray(memory.getvalue())
    raw[place % len(raw)] ^= change
    file = tmp_path / "list.xlsx"
    file.write_bytes(raw)
    try:
        rows_of(file)
    except BadInput as problem:
        assert problem.fix  # noqa: PT017 not every byte matters


def packed(*names: str) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return memory.getvalue()


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf", "no headings"), (b"\n\n\n", "no headings"),
        (b"%PDF-1.7 x", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0", "picture"), (b"\0\1\2\3" * 9, "no text file"),
        (b"PK\x03\x04\0\0", "damaged"),
        (OLD + b"\0" * 600, "old Excel"), (OLD + "EncryptedPackage".encode("utf-16-le"), "password"),
        (packed("word/document.xml"), "Word"), (packed("Index/Document.iwa"), "Numbers"),
        (packed("content.xml", "mimetype"), "OpenDocument"), (packed("a.csv"), "archive"),
        (packed("xl/workbook.xml", "[Content_Types].xml"), "damaged"),
        (b"<html><table><tr><td>a</td></tr></table>", "web page"),
        ("姓名,手机号码\n".encode(), "no rows"), ("姓名,手机号码\n\n合计,0\n".encode(), "no rows"),
        (f"张梅,{NUMBER}\n李强,13912345679\n".encode(), "no headings"),
        ("姓名,地址\n张梅,x\n".encode(), "手机号码|phone"),
        (f"手机号码,乡镇\n{NUMBER},x\n".encode(), "姓名"),
        ("姓名,手机号码\n张".encode("utf-16-le"), "no text file"),
        (f"姓名,手机号码\n张梅,{NUMBER}\n".encode("big5", "replace"), "headings"),
        (f"name,phone\nJosé,{NUMBER}\nAndréa,{NUMBER}\n".encode("latin-1"), "encoding"),
        (f"name,phone\n張國華,{NUMBER}\n陳麗珍,{NUMBER}\n".encode("big5"), "encoding"),
        (f'姓名,手机号码\n"张梅,{NUMBER}\n李强,13912345679\n'.encode(), "quotation mark"),
        (f'姓名,手机号码\n"张梅,{NUMBER}\n"李强",13912345679\n'.encode(), "quotation mark"),
        (f"姓名,手机号码\n张梅,{NUMBER}\n李\0强,13912345679\n".encode(), "NUL|no text file"),
    ],
)  # fmt: skip
def test_file_that_is_no_list_is_told(tmp_path: Path, content: bytes, problem: str, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    said = told(tmp_path / name)
    assert any(word in said for word in problem.split("|")), said


@pytest.mark.parametrize(
    ("late", "where"),
    [
        (b'"\xe5\xbc\xa0', "row 50002"),
        (b"\0,1\n", "line 50002"),
        (b"\xff\xff,1\n", "line 50002"),
        (b"x,=A1\n", "row 50002"),
    ],
)
def test_what_is_wrong_at_the_end_is_found_by_the_check(tmp_path: Path, late: bytes, where: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("姓名,手机号码\n".encode() + f"张梅,{NUMBER}\n".encode() * 50_000 + late)
    with pytest.raises(BadInput) as refused, read(file) as listing:
        listing.check()
    assert where in refused.value.where


def test_folder_and_missing_and_odd_files_are_told(tmp_path: Path) -> None:
    assert "folder" in told(tmp_path)
    assert "no such file" in told(tmp_path / "missing.csv")
    assert "no such file" in told(tmp_path / "a\0b")


# The file of rejected rows


def test_rejected_rows_come_back_as_a_file_that_excel_opens(tmp_path: Path) -> None:
    file = Rejected(tmp_path / "list.rejected.csv", {"phone": "手机号码"})
    report = Report(keep=1, file=file, path=file.path)
    file.must_be_possible()
    assert not file.path.exists(), "nothing was rejected yet"
    for number in range(2, 5):
        report.refuse(number, BadRow("phone", "correct it", "11 digits"))
    file.close()
    lines = file.path.read_text("utf-8-sig").splitlines()
    assert file.path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert lines[1:] == [f"{number},phone,手机号码,correct it" for number in range(2, 5)]
    assert (report.rejected, len(report.errors)) == (3, 1)
    with pytest.raises(BadInput, match="cannot be written"):
        Rejected(tmp_path / "no such folder" / "a.csv", {}).must_be_possible()


def test_time_in_a_cell_is_text_as_the_spreadsheet_shows_it(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["姓名", "手机号码", "时间"], ["张梅", NUMBER, datetime(2026, 12, 3, 9, 30)]])
    with open_list(file, {"name": "姓名", "phone": "手机号码", "at": "时间"}, "name at") as listing:
        assert [cells["at"] for _, cells in listing.rows()] == ["2026-12-03 09:30:00"]
