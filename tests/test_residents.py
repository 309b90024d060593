"""Who we may write to: words that stop us, consent and its proof, strangers, lists, audiences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from pydantic import ValidationError
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach import residents
from outreach.model import Address, BadInput
from outreach.residents import Audience, Keyword, Resident, importing, keyword
from outreach.residents.importing import BadRow, Report
from outreach.residents.people import add_address
from outreach.store import Store
from outreach.store.tables import addresses, consent, inbound, resident_groups
from outreach.store.tables import residents as table

# Where the two databases cannot differ.
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PHONE, CHAT = Address("sms", "+8619912345678"), Address("telegram", "501")
SAID = {"channel": "sms", "source": "inbound 1", "now": NOW}
MEI = {"name": "张梅", "phone": "19912345678"}


# The words that stop, start and explain

STOP = """
    stop stopall unsubscribe cancel end quit revoke optout td t n r 退订 退訂 推订 退定 拒收 取消订阅 取消
    停止 不要再发了 别发了 我要退订
""".split()
START, HELP = "start unstop subscribe 订阅 恢复订阅".split(), "help info 帮助 菜单".split()
MEANT = {
    word: meaning
    for meaning, words in ((Keyword.STOP, STOP), (Keyword.START, START), (Keyword.HELP, HELP))
    for word in words
}


def typed(word: str) -> list[str]:
    """One word as people type it."""
    wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in word)
    forms = {word, word.upper(), word.capitalize(), wide, wide.upper()}
    around = ("{}", "{}。", "{}！！", " {} ", "　{}　", "“{}”", "【{}】", "{}.\n", "~{}~", "{}🙏")
    return [pattern.format(form) for form in forms for pattern in around]


@pytest.mark.parametrize("word", MEANT)
def test_word_is_known_however_it_is_typed(word: str) -> None:
    assert {text: keyword(text) for text in typed(word) if keyword(text) != MEANT[word]} == {}


@pytest.mark.parametrize(
    "text", ["STOP ALL", "stop  all", "Opt-Out", "please stop", "Stop sending.", "STOP please!"]
)
def test_stop_of_several_words_is_a_stop(text: str) -> None:
    assert keyword(text) == Keyword.STOP


@pytest.mark.parametrize("word", MEANT)
def test_sentence_that_only_contains_the_word_is_none(word: str) -> None:
    around = ("怎么{}医保", "{}之后还能领补贴吗", "{} my appointment", "when to {}")
    sentences = [pattern.format(word) for pattern in around]
    assert [sentence for sentence in sentences if keyword(sentence)] == []


@pytest.mark.parametrize(
    "text",
    ["", "。", "🙏", "怎么取消医保", "退订单怎么办", "T恤", "N95口罩", "ending", "stops", "helpful", "订阅号",
     "不要", "can I start folic acid", "stop smoking advice", "no", "yes", "是", "1", "TD退订吗"],
)  # fmt: skip
def test_anything_else_is_no_such_word(text: str) -> None:
    assert keyword(text) is None


# Consent


async def agreed(connection: AsyncConnection, resident_id: int) -> dict[str, bool | None]:
    return {
        purpose: next(iter(await residents.these(connection, [resident_id], purpose, ["sms"], NOW))).agreed
        for purpose in residents.PURPOSES
    }


async def add(connection: AsyncConnection, name: str | None, *where: Address, **more: Any) -> int:
    values = {"name": name, "language": "zh-Hans", "created_at": NOW} | more
    statement = insert(table).values(**values).returning(table.c.id)
    resident_id = int((await connection.execute(statement)).scalar_one())
    for address in where:
        await add_address(connection, resident_id, address, NOW)
    return resident_id


async def test_newest_word_on_a_purpose_holds_and_no_word_is_lost(store: Store) -> None:
    async with store.write() as connection:
        mei, li = await add(connection, "张梅", PHONE), await add(connection, "李强")
        assert await agreed(connection, mei) == {"care": None, "reminders": None, "surveys": None}
        await residents.give(connection, [mei, li], wording="是", **SAID)
        await residents.withdraw(connection, [mei], wording="TD", purposes=["care"], **SAID)
        first = await residents.proof(connection, mei)
        assert await agreed(connection, mei) == {"care": False, "reminders": True, "surveys": True}
        assert await agreed(connection, li) == {"care": True, "reminders": True, "surveys": True}

        await residents.give(connection, [mei], wording="订阅", purposes=["care"], **SAID)
        await residents.withdraw(connection, [], wording="TD", **SAID)
        assert (await agreed(connection, mei))["care"] is True
        ledger = await residents.proof(connection, mei)
    assert ledger[: len(first)] == first, "what was said once stays as it was"
    assert [(row.purpose, row.given, row.wording) for row in ledger] == [
        ("care", True, "是"), ("reminders", True, "是"), ("surveys", True, "是"),
        ("care", False, "TD"), ("care", True, "订阅"),
    ]  # fmt: skip
    assert {(row.at, row.channel, row.source) for row in ledger} == {(NOW, "sms", "inbound 1")}


# People and their addresses


async def test_stranger_becomes_an_unnamed_resident_whom_no_audience_reaches(store: Store) -> None:
    async with store.write() as connection:
        stranger = await residents.find(connection, CHAT, "en", NOW)
        assert await residents.find(connection, CHAT, "zh-Hans", NOW) == stranger
        assert (stranger.name, stranger.language) == ("", "en")
        assert await residents.at_address(connection, CHAT) == [stranger]
        assert set((await agreed(connection, stranger.id)).values()) == {None}

        await residents.give(connection, [stranger.id], wording="订阅", **SAID)
        assert await residents.size(connection, Audience(), NOW) == 0
        assert (
            await residents.page(connection, Audience(), "care", ["telegram"], after=0, limit=9, now=NOW)
            == []
        )


async def test_linking_joins_the_chat_to_whoever_has_the_number(store: Store) -> None:
    async with store.write() as connection:
        mei = await add(connection, "张梅", PHONE)
        stranger = await residents.find(connection, CHAT, "zh-Hans", NOW)
        said = {"channel": "telegram", "provider_id": "u1", "address": CHAT.value, "kind": "text"}
        said |= {"resident_id": stranger.id, "text": "您好", "received_at": NOW}
        await connection.execute(insert(inbound).values(**said))
        assert await residents.link(connection, stranger, "+8613800000000", NOW) is None, "on no list"
        linked = await residents.link(connection, stranger, PHONE.value, NOW)
        assert linked is not None
        assert linked.id == mei
        assert await residents.at_address(connection, CHAT) == [linked]
        assert await residents.get(connection, stranger.id) is None
        record = await residents.export(connection, mei)
        assert await residents.link(connection, linked, PHONE.value, NOW) == linked, "again changes nothing"
    assert record is not None
    assert [said["text"] for said in record["received"]] == ["您好"]
    assert {address["value"] for address in record["addresses"]} == {PHONE.value, CHAT.value}


@pytest.mark.parametrize("listed", ["before the stop", "after the stop"])
@ONE_DATABASE
async def test_stop_given_before_linking_still_holds(store: Store, listed: str) -> None:
    async with store.write() as connection:
        mei = await add(connection, "张梅", PHONE)
        stranger = await residents.find(connection, CHAT, "zh-Hans", NOW)
        if listed == "before the stop":
            await residents.give(connection, [mei], wording="import", **SAID)
        await residents.withdraw(connection, [stranger.id], wording="TD", **SAID)
        if listed == "after the stop":
            await residents.give(connection, [mei], wording="import", **SAID)
        await residents.link(connection, stranger, PHONE.value, NOW)
        assert await agreed(connection, mei) == {"care": False, "reminders": False, "surveys": False}


@ONE_DATABASE
async def test_one_address_may_be_shared(store: Store) -> None:
    async with store.write() as connection:
        mei = await add(connection, "张梅", PHONE)
        li = await add(connection, "李强", PHONE, CHAT)
        wang = await add(connection, "王芳", CHAT)
        alone = await add(connection, "孙海")
        assert [person.id for person in await residents.at_address(connection, PHONE)] == [mei, li]
        shared = {n: await residents.sharing_address(connection, n) for n in (mei, li, wang, alone)}
        assert not await add_address(connection, mei, PHONE, NOW), "known already"
    assert shared == {mei: [mei, li], li: [mei, li, wang], wang: [li, wang], alone: [alone]}


async def test_closed_address_is_passed_over_until_it_proves_alive(store: Store) -> None:
    async def reached() -> tuple[Address | None, str | None]:
        (person,) = await residents.these(connection, [mei], "care", ["telegram", "sms"], NOW)
        return person.address, person.obstacle("care")

    async with store.write() as connection:
        mei = await add(connection, "张梅", PHONE, CHAT)
        assert await reached() == (CHAT, "never agreed to care")
        await residents.give(connection, [mei], wording="是", **SAID)
        assert await reached() == (CHAT, None)
        await residents.close_address(connection, CHAT, "blocked", NOW)
        assert await reached() == (PHONE, None)
        await residents.close_address(connection, PHONE, "no such number", NOW)
        assert await reached() == (None, "every address is closed: nothing arrives there")
        await residents.reopen_address(connection, CHAT)
        assert await reached() == (CHAT, None)
        await residents.withdraw(connection, [mei], wording="TD", **SAID)
        assert await reached() == (CHAT, "stopped our messages")


@ONE_DATABASE
async def test_record_of_a_resident_is_everything_held_on_them(store: Store) -> None:
    async with store.write() as connection:
        await bring_in(
            connection, [MEI | {"township": "东山镇", "groups": "migrant、新生儿", "birth_year": "1994"}]
        )
        record = await residents.export(connection, 1)
        await residents.set_language(connection, 1, "en")
        assert await residents.export(connection, 2) is None
        assert await residents.get(connection, 1) == Resident(1, "张梅", "东山镇", "en")
        assert [person["id"] for person in await residents.listing(connection)] == [1]
        assert await residents.listing(connection, after=1) == []
    assert record == {
        "id": 1, "name": "张梅", "township": "东山镇", "language": "zh-Hans", "birth_year": 1994,
        "since": "2026-11-25T02:00:00+00:00", "groups": ["migrant", "新生儿"], "tags": [],
        "addresses": [{"channel": "sms", "value": PHONE.value, "closed": None}],
        "consent": {"care": None, "reminders": None, "surveys": None}, "ledger": [], "received": [],
        "messages": [], "checkups": [], "answers": [], "guides": [], "questions": [], "cases": [],
        "audit": [],
    }  # fmt: skip


# Audiences

TOWN: list[dict[str, Any]] = [
    {"name": "张梅", "township": "东山镇", "birth_year": 1990},
    {"name": "李强", "township": "西河乡", "birth_year": 1960},
    {"name": "Tom", "township": "东山镇", "language": "en"},
    {"name": None, "township": "东山镇", "birth_year": 1990},
]
AUDIENCES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["张梅", "李强", "Tom"]),
    ({"townships": ["东山镇"]}, ["张梅", "Tom"]),
    ({"townships": ["东山镇", "西河乡"]}, ["张梅", "李强", "Tom"]),
    ({"townships": []}, []),
    ({"languages": ["en"]}, ["Tom"]),
    ({"groups": ["migrant"]}, ["张梅", "李强"]),
    ({"groups": ["migrant", "newborn"]}, ["张梅", "李强"]),
    ({"groups": ["nobody"]}, []),
    ({"born_from": 1990}, ["张梅"]),
    ({"born_from": 1991}, []),
    ({"born_to": 1990}, ["张梅", "李强"]),
    ({"born_from": 1960, "born_to": 1989}, ["李强"]),
    ({"townships": ["东山镇"], "groups": ["migrant"], "languages": ["zh-Hans"], "born_to": 1990}, ["张梅"]),
    ({"townships": ["东山镇"], "born_to": 1960}, []),
]


async def test_audience_is_everyone_on_the_list_for_whom_each_condition_holds(store: Store) -> None:
    async with store.write() as connection:
        ids = [await add(connection, **person) for person in TOWN]
        groups = [(ids[0], "migrant"), (ids[0], "newborn"), (ids[1], "migrant"), (ids[3], "migrant")]
        await connection.execute(
            insert(resident_groups), [{"resident_id": n, "name": name} for n, name in groups]
        )
    async with store.read() as connection:
        for conditions, names in AUDIENCES:
            audience = Audience(**conditions)
            people = await residents.page(connection, audience, "care", ["sms"], after=0, limit=9, now=NOW)
            assert [person.name for person in people] == names, conditions
            assert await residents.size(connection, audience, NOW) == len(names), conditions


@ONE_DATABASE
async def test_pages_hold_everyone_once(store: Store) -> None:
    async with store.write() as connection:
        for n in range(7):
            await add(connection, f"居民{n}")
        seen, after = [], 0
        for size in (3, 3, 1, 0):
            people = await residents.page(
                connection, Audience(), "care", ["sms"], after=after, limit=3, now=NOW
            )
            assert len(people) == size
            seen += [person.name for person in people]
            after = people[-1].id if people else after
    assert seen == [f"居民{n}" for n in range(7)]


def test_unknown_condition_is_refused() -> None:
    with pytest.raises(ValidationError):
        Audience(town=["东山镇"])  # type: ignore[call-arg]


# Lists from a file


async def bring_in(connection: AsyncConnection, rows: list[dict[str, str]]) -> Report:
    """Rows of our fields, as the command takes them."""
    report = Report()
    for number, cells in enumerate(rows, start=2):
        report.rows += 1
        try:
            row = importing.parse(number, cells)
            await importing.take(connection, row, report, language="zh-Hans", source="list.csv", now=NOW)
        except BadRow as problem:
            report.refuse(number, problem)
    return report


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.rejected


def rows_of(file: Path) -> list[tuple[int, dict[str, str]]]:
    with importing.read(file) as listing:
        return list(listing.rows())


def read(folder: Path, text: str, encoding: str = "utf-8") -> list[tuple[int, dict[str, str]]]:
    (folder / "list.csv").write_bytes(text.encode(encoding))
    return rows_of(folder / "list.csv")


READ = [
    (2, {"name": "张梅", "phone": "19912345678", "groups": "a、b", "consent_care": "是"}),
    (3, {"name": "李强", "phone": "19912345679", "groups": "", "consent_care": "否"}),
]
CHINESE = "姓名,手机号码,分组,同意接收关怀\n张梅,19912345678,a、b,是\n李强,19912345679,,否\n"
ENGLISH = (
    "Consent_Care,GROUPS,Phone Number, Name ,remarks\n是,a、b,19912345678,张梅,x\n否,,19912345679,李强,\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("text", [CHINESE, ENGLISH])
def test_list_is_read_in_any_order_language_encoding_and_separator(
    tmp_path: Path, text: str, delimiter: str, encoding: str
) -> None:
    assert read(tmp_path, text.replace(",", delimiter), encoding) == READ


def test_list_keeps_what_is_inside_quotes(tmp_path: Path) -> None:
    text = '姓名,手机号码,分组\r\n"张""梅""",19912345678,"a,b"\r\n李强,19912345679,a;b\r\n'
    assert [cells for _, cells in read(tmp_path, text)] == [
        {"name": '张"梅"', "phone": "19912345678", "groups": "a,b"},
        {"name": "李强", "phone": "19912345679", "groups": "a;b"},
    ]


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(tmp_path: Path) -> None:
    text = '姓名,手机号码\n张梅,19912345678\n\n,\n"李\n强",19912345679\n王芳,19912345670\n'
    assert [number for number, _ in read(tmp_path, text)] == [2, 5, 6]


def test_empty_second_column_of_numbers_hides_no_number(tmp_path: Path) -> None:
    ((_, cells),) = read(tmp_path, "姓名,手机号码,联系电话\n张梅,19912345678,\n")
    assert cells["phone"] == "19912345678"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no headings"),
        (b"\n\n", "no headings"),
        ("张梅,19912345678\n".encode(), "headings"),
        ("姓名,地址\n张梅,东山镇\n".encode(), "headings"),
        ("姓名,手机号码\n".encode("utf-16-le"), "no text file"),
        (b"PK\x03\x04\x00\x00", "no text file"),
        (b"\xff\xff\xff", "encoding"),
    ],
)
def test_file_that_is_no_list_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(BadInput, match=problem) as refused:
        rows_of(tmp_path / "list.csv")
    assert refused.value.fix
    with pytest.raises(BadInput):
        rows_of(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    "text",
    ["19912345678", "199 1234 5678", "199-1234-5678", "+8619912345678", "008619912345678", "8619912345678",
     "'19912345678", "19912345678.0", "１９９１２３４５６７８", "(+86) 199 1234 5678"],
)  # fmt: skip
def test_number_is_understood_however_it_is_written(text: str) -> None:
    assert importing.parse(2, {"name": "张梅", "phone": text}).phone == PHONE.value


BAD_ROWS: list[tuple[dict[str, str], str, str]] = [
    ({"phone": "19912345678"}, "name", "missing"),
    ({"name": "张梅"}, "phone", "missing"),
    ({"name": "张梅", "phone": "1.39E+10"}, "phone", "format the column as text"),
    ({"name": "张梅", "phone": "1.391234567e+10"}, "phone", "format the column as text"),
    ({"name": "张梅", "phone": "0571-87654321"}, "phone", "cannot receive SMS"),
    ({"name": "张梅", "phone": "4001234567"}, "phone", ""),
    ({"name": "张梅", "phone": "1991234567"}, "phone", ""),
    ({"name": "张梅", "phone": "199123456789"}, "phone", ""),
    ({"name": "张梅", "phone": "没有"}, "phone", "no phone number"),
    ({"name": "张梅", "telegram_id": "@mei"}, "telegram_id", "digits only"),
]


@pytest.mark.parametrize(("cells", "field", "problem"), BAD_ROWS)
def test_bad_row_is_named_with_its_field_and_what_to_do(
    cells: dict[str, str], field: str, problem: str
) -> None:
    with pytest.raises(BadRow) as refused:
        importing.parse(7, cells)
    report = Report()
    report.refuse(7, refused.value)
    (error,) = report.errors
    assert (error["row"], error["field"], report.rejected) == (7, field, 1)
    assert problem in error["problem"]
    digits = "".join(sign for sign in cells.get("phone", "") if sign.isdigit())
    assert not digits or digits not in f"{error['problem']}{error['value_hint']}", "no number in a report"


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1994", 1994),
        ("1994年", 1994),
        ("1994.0", 1994),
        ("2150", None),
        ("94", None),
        ("1899", None),
        ("x", None),
    ],
)
def test_unlikely_year_of_birth_is_left_out_with_a_warning(text: str, year: int | None) -> None:
    row = importing.parse(2, MEI | {"birth_year": text})
    assert row.birth_year == year
    assert [name for name, _ in row.doubts] == ([] if year else ["birth_year"])


YES, NO = "是 同意 Y yes TRUE 1 √ ✓ 愿意".split(), "否 不同意 N no FALSE 0 × ✗ 不愿意".split()


@pytest.mark.parametrize(
    ("text", "answer"), [*((t, True) for t in YES), *((t, False) for t in NO), ("", None)]
)
def test_consent_is_read_as_it_is_meant(text: str, answer: bool | None) -> None:
    row = importing.parse(2, MEI | {"consent_care": text})
    assert row.consent == ({} if answer is None else {"care": answer})


@pytest.mark.parametrize("text", ["-", "—", "/", "?", "？", "*", "。", "待定", "_", "也许", "2", "同意吗"])
def test_sign_that_says_nothing_is_never_consent(text: str) -> None:
    """The person goes in, nothing is noted, and the clerk is told."""
    row = importing.parse(2, MEI | {"consent_care": text})
    assert row.consent == {}
    assert [field for field, _ in row.doubts] == ["consent_care"]


async def test_same_list_twice_changes_nothing(store: Store) -> None:
    rows = [
        MEI | {"telegram_id": "501", "groups": "a;b", "birth_year": "1994", "consent_care": "是"},
        {"name": "李强", "phone": "19912345679", "language": "英文", "consent_care": "否"},
        {"name": "李强", "phone": "19912345679"},
    ]

    async def everything() -> list[Any]:
        found = []
        for each in (table, addresses, consent, resident_groups):
            found += (await connection.execute(select(each).order_by(*each.primary_key))).all()
        return found

    async with store.write() as connection:
        assert counts(await bring_in(connection, rows)) == (2, 0, 1, 0)
        before = await everything()
        assert counts(await bring_in(connection, rows)) == (0, 0, 3, 0)
        assert await everything() == before
        assert (await residents.export(connection, 2) or {})["language"] == "en"


@ONE_DATABASE
async def test_new_list_fills_in_and_never_erases(store: Store) -> None:
    full = MEI | {
        "township": "东山镇",
        "language": "en",
        "birth_year": "1994",
        "groups": "a",
        "consent_care": "是",
    }
    async with store.write() as connection:
        await bring_in(connection, [full])
        before = await residents.export(connection, 1)
        blank = MEI | dict.fromkeys(("township", "language", "birth_year", "groups", "consent_care"), "")
        assert counts(await bring_in(connection, [blank, MEI | {"birth_year": "2150"}])) == (0, 0, 2, 0)
        assert await residents.export(connection, 1) == before
        more = MEI | {"township": "西河乡", "groups": "b", "telegram_id": "501", "consent_surveys": "是"}
        assert counts(await bring_in(connection, [more])) == (0, 1, 0, 0)
        after = await residents.export(connection, 1) or {}
    assert (after["township"], after["language"], after["birth_year"]) == ("西河乡", "en", 1994)
    assert after["groups"] == ["a", "b"]
    assert after["consent"] == {"care": True, "reminders": None, "surveys": True}
    assert {address["value"] for address in after["addresses"]} == {PHONE.value, "501"}


@ONE_DATABASE
async def test_list_revives_nobody_who_stopped_and_a_no_always_counts(store: Store) -> None:
    yes, no = MEI | {"consent_care": "是"}, MEI | {"consent_care": "否"}
    async with store.write() as connection:
        await bring_in(connection, [yes])
        await residents.withdraw(connection, [1], wording="TD", **SAID)
        assert counts(await bring_in(connection, [yes])) == (0, 0, 1, 0)
        assert (await agreed(connection, 1))["care"] is False

        await residents.give(connection, [1], wording="订阅", **SAID)
        assert counts(await bring_in(connection, [no])) == (0, 1, 0, 0)
        assert (await agreed(connection, 1))["care"] is False
        assert (await residents.proof(connection, 1))[-1].source == "list.csv row 2"


@ONE_DATABASE
async def test_number_under_another_name_is_an_error_and_the_rest_goes_in(store: Store) -> None:
    rows = [MEI, {"name": "李强", "phone": MEI["phone"]}, {"name": "王芳", "phone": "19912345670"}]
    async with store.write() as connection:
        report = await bring_in(connection, rows)
        assert counts(report) == (2, 0, 0, 1)
        (error,) = report.errors
        assert (error["row"], error["field"]) == (3, "phone")
        assert "another name" in error["problem"]
        assert (await connection.execute(select(func.count()).select_from(addresses))).scalar_one() == 2


@ONE_DATABASE
async def test_stranger_who_wrote_before_gets_their_name_from_the_list(store: Store) -> None:
    async with store.write() as connection:
        stranger = await residents.find(connection, PHONE, "en", NOW)
        await residents.withdraw(connection, [stranger.id], wording="TD", **SAID)
        assert counts(await bring_in(connection, [MEI | {"consent_care": "是"}])) == (0, 1, 0, 0)
        assert await residents.at_address(connection, PHONE) == [Resident(stranger.id, "张梅", "", "en")]
        assert (await agreed(connection, stranger.id))["care"] is False, "they stopped before"


async def joined(
    connection: AsyncConnection, rows: list[dict[str, str]], *, shared_numbers: bool = False
) -> tuple[Report, list[tuple[int, str]]]:
    """A batch of rows; the report, and what was refused by row and field."""
    report = Report()
    parsed = [importing.parse(number, cells) for number, cells in enumerate(rows, start=2)]
    given: dict[str, Any] = {"language": "zh-Hans", "source": "list.csv", "now": NOW}
    refused = await importing.take_all(connection, parsed, report, **given, shared_numbers=shared_numbers)
    return report, [(row, problem.field) for row, problem in refused]


def came(report: Report) -> tuple[int, int, int]:
    return report.created, report.updated, report.unchanged


async def test_batch_is_as_its_rows_one_by_one(store: Store) -> None:
    rows = [
        MEI | {"groups": "a", "consent_care": "是"},
        {"name": "李强", "phone": "19912345679", "telegram_id": "502", "language": "en"},
        MEI | {"groups": "a;b", "township": "东山镇"},
        {"name": "王芳", "phone": MEI["phone"]},
        MEI,
        {"name": "李强", "telegram_id": "502", "birth_year": "1960"},
        {"name": "張　梅", "phone": MEI["phone"], "telegram_id": "501"},
    ]
    async with store.write() as connection:
        report, refused = await joined(connection, rows)
        assert (came(report), refused) == ((2, 3, 1), [(5, "phone")])
        again, refused = await joined(connection, rows)
        assert (came(again), refused) == ((0, 0, 6), [(5, "phone")])
        one, two = [await residents.export(connection, number) or {} for number in (1, 2)]
        (ledger,) = await residents.proof(connection, 1)
    assert (one["name"], one["township"], one["groups"]) == ("张梅", "东山镇", ["a", "b"])
    assert {place["value"] for place in one["addresses"]} == {PHONE.value, "501"}
    assert (two["language"], two["birth_year"], len(two["addresses"])) == ("en", 1960, 2)
    assert (ledger.channel, ledger.wording, ledger.source) == ("import", "同意接收关怀: 是", "list.csv row 2")


async def test_two_people_share_a_number_only_where_that_is_said(store: Store) -> None:
    couple = [MEI | {"consent_care": "是"}, {"name": "李强", "phone": MEI["phone"], "consent_care": "否"}]
    async with store.write() as connection:
        report, refused = await joined(connection, couple)
        assert (came(report), refused) == ((1, 0, 0), [(3, "phone")])
        assert (await agreed(connection, 1))["care"] is True, "another name takes nothing from anybody"
        report, refused = await joined(connection, couple, shared_numbers=True)
        assert (came(report), refused) == ((1, 0, 1), [])
        report, refused = await joined(connection, couple)
        assert (came(report), refused) == ((0, 0, 2), []), "known as two now"
        assert [one.name for one in await residents.at_address(connection, PHONE)] == ["张梅", "李强"]
        assert (await agreed(connection, 1))["care"] is True
        assert (await agreed(connection, 2))["care"] is False


@ONE_DATABASE
async def test_number_and_chat_of_two_people_are_not_joined(store: Store) -> None:
    async with store.write() as connection:
        await joined(connection, [MEI, {"name": "张梅", "telegram_id": "501"}])
        stranger = await residents.find(connection, Address("telegram", "502"), "zh-Hans", NOW)
        rows = [MEI | {"telegram_id": "501"}, MEI | {"telegram_id": "502"}]
        report, refused = await joined(connection, rows, shared_numbers=True)
        assert (came(report), refused) == ((0, 0, 0), [(2, "telegram_id"), (3, "telegram_id")])
        await joined(connection, [{"name": "王芳", "phone": "19912345670", "telegram_id": "503"}])
        _, refused = await joined(connection, [{"name": "孙海", "telegram_id": "503"}], shared_numbers=True)
        assert refused == [(2, "telegram_id")]
        assert await residents.get(connection, stranger.id) == stranger


@ONE_DATABASE
async def test_new_number_of_someone_known_by_their_chat_is_added(store: Store) -> None:
    async with store.write() as connection:
        await joined(connection, [{"name": "张梅", "telegram_id": "501"}])
        report, _ = await joined(connection, [MEI | {"telegram_id": "501"}, MEI])
        assert came(report) == (0, 1, 1)
        assert {p["value"] for p in (await residents.export(connection, 1) or {})["addresses"]} == {
            PHONE.value,
            "501",
        }
