"""A list of residents from a CSV file. Good rows go in; each bad one is named with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.folding import fold
from outreach.lists import BadRow, Report, phone, read
from outreach.model import SMS, TELEGRAM, Address
from outreach.residents.consent import PURPOSES, current, give, withdraw
from outreach.residents.people import add_address, at_address
from outreach.store import insert_new
from outreach.store.tables import resident_groups, residents

HEADINGS = {
    "name": "name|姓名|居民姓名",
    "phone": "phone|手机号码|手机号|手机|电话|联系电话|mobile|phone number",
    "township": "township|乡镇|乡镇街道|街道",
    "language": "language|语言",
    "groups": "groups|分组|group|类别",
    "birth_year": "birth_year|出生年份|birth year",
    "consent_care": "consent_care|同意接收关怀|同意关怀",
    "consent_reminders": "consent_reminders|同意提醒|同意接收提醒",
    "consent_surveys": "consent_surveys|同意调查|同意接收调查",
    "telegram_id": "telegram_id|telegram|telegram id",
}
_YES = {fold(word) for word in "是|同意|y|yes|true|1|有|愿意".split("|")}
_NO = {fold(word) for word in "否|不同意|n|no|false|0|无|不愿意".split("|")}
_TICKS, _CROSSES = set("√✓✔☑"), set("×✗✘☒")
_LANGUAGES = {
    fold(word): language
    for language, words in {
        "zh-Hans": "zh-hans|zh|zh-cn|中文|汉语|简体中文|chinese",
        "en": "en|英文|英语|english",
    }.items()
    for word in words.split("|")
}
_FIRST_YEAR = 1900


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    name: str
    phone: str | None
    telegram_id: str | None
    township: str | None
    language: str | None
    groups: tuple[str, ...]
    birth_year: int | None
    consent: Mapping[str, bool]
    doubts: tuple[tuple[str, str], ...] = ()


def read_csv(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a list of residents; BadInput where the file as a whole cannot be used."""
    return read(file, HEADINGS, "name phone|telegram_id")


def parse(number: int, cells: Mapping[str, str]) -> Row:
    """One row, understood. Raises BadRow where it must not go in."""
    name = cells.get("name", "")
    if not name:
        raise BadRow("name", "the name is missing: write it, or remove the row")
    number_ = phone(cells.get("phone", ""))
    telegram_id = cells.get("telegram_id", "") or None
    if (telegram_id and not telegram_id.isascii()) or (telegram_id and not telegram_id.isdigit()):
        raise BadRow("telegram_id", "a Telegram id is digits only: correct it, or leave it empty")
    if not number_ and not telegram_id:
        raise BadRow("phone", "the number is missing: write it, or remove the row")
    year, doubts = _birth_year(cells.get("birth_year", ""))
    return Row(
        number,
        name,
        number_,
        telegram_id,
        cells.get("township") or None,
        _language(cells.get("language", "")),
        tuple(filter(None, (part.strip() for part in _split(cells.get("groups", ""))))),
        year,
        {purpose: answer for purpose in PURPOSES if (answer := _consent(cells, purpose)) is not None},
        doubts,
    )


def _split(text: str) -> list[str]:
    for sign in "、；，;|":
        text = text.replace(sign, ",")
    return text.split(",")


def _language(text: str) -> str | None:
    if not text:
        return None
    if fold(text) not in _LANGUAGES:
        raise BadRow("language", "the language must be 中文/zh-Hans or 英文/en", text[:20])
    return _LANGUAGES[fold(text)]


def _birth_year(text: str) -> tuple[int | None, tuple[tuple[str, str], ...]]:
    if not text:
        return None, ()
    digits = text.removesuffix(".0").removesuffix("年")
    if digits.isdigit() and _FIRST_YEAR <= int(digits) <= datetime.now().year:
        return int(digits), ()
    return None, (("birth_year", "this is no likely year of birth; it was left out"),)


def _consent(cells: Mapping[str, str], purpose: str) -> bool | None:
    text = cells.get(f"consent_{purpose}", "")
    if not text:
        return None
    # Signs are compared as they are: folding leaves nothing of a tick, nor of a dash.
    if fold(text) in _YES or text in _TICKS:
        return True
    if fold(text) in _NO or text in _CROSSES:
        return False
    raise BadRow(f"consent_{purpose}", "write 是 or 否 (yes or no), or leave it empty", text[:20])


async def take(
    connection: AsyncConnection, row: Row, report: Report, *, language: str, source: str, now: datetime
) -> None:
    """Brings one row in. Raises BadRow where the number is known under another name."""
    known = await _known(connection, row)
    resident_id = known or await _create(connection, row, language, now)
    changed = await _describe(connection, resident_id, row) if known else False
    groups = [{"resident_id": resident_id, "name": name} for name in dict.fromkeys(row.groups)]
    changed |= bool(await insert_new(connection, resident_groups, groups))
    for channel, value in ((SMS, row.phone), (TELEGRAM, row.telegram_id)):
        if value:
            changed |= await add_address(connection, resident_id, Address(channel, value), now)
    changed |= await _agree(connection, resident_id, row, source, now, known=bool(known))
    if not known:
        report.created += 1
    elif changed:
        report.updated += 1
    else:
        report.unchanged += 1


async def _known(connection: AsyncConnection, row: Row) -> int | None:
    addresses = [(SMS, row.phone), (TELEGRAM, row.telegram_id)]
    for channel, value in addresses:
        if not value:
            continue
        people = await at_address(connection, Address(channel, value))
        same = next((person for person in people if person.name in (row.name, "")), None)
        if same:
            return same.id
        if people:
            name = "phone" if channel == SMS else "telegram_id"
            raise BadRow(name, "this address is already known under another name: ask which one is right")
    return None


async def _create(connection: AsyncConnection, row: Row, language: str, now: datetime) -> int:
    statement = insert(residents).values(
        name=row.name,
        township=row.township,
        language=row.language or language,
        birth_year=row.birth_year,
        created_at=now,
    )
    return int((await connection.execute(statement.returning(residents.c.id))).scalar_one())


async def _describe(connection: AsyncConnection, resident_id: int, row: Row) -> bool:
    """Fills in what the row says; an empty cell never erases."""
    given = {
        "name": row.name,
        "township": row.township,
        "language": row.language,
        "birth_year": row.birth_year,
    }
    statement = select(residents).where(residents.c.id == resident_id)
    before = (await connection.execute(statement)).mappings().one()
    values = {name: value for name, value in given.items() if value is not None and value != before[name]}
    if values:
        await connection.execute(update(residents).where(residents.c.id == resident_id).values(**values))
    return bool(values)


async def _agree(
    connection: AsyncConnection, resident_id: int, row: Row, source: str, now: datetime, *, known: bool
) -> bool:
    """A yes counts where nothing was ever said; it never revives who stopped. A no always counts."""
    changed = False
    for purpose, answer in row.consent.items():
        own = select(current(residents.c.id, purpose)).where(residents.c.id == resident_id)
        before = (await connection.execute(own)).scalar_one() if known else None
        if before == answer or (answer and before is False):
            continue
        act = give if answer else withdraw
        await act(
            connection,
            [resident_id],
            wording=f"import: {HEADINGS[f'consent_{purpose}'].split('|')[1]}",
            channel="import",
            source=f"{source} row {row.number}",
            now=now,
            purposes=[purpose],
        )
        changed = True
    return changed


__all__ = ["HEADINGS", "BadRow", "Report", "Row", "parse", "read_csv", "take"]
