"""A list of appointments, each for a resident who is on our list already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.lists import BadRow, Listing, Report, open_list, phone, shape, single_line, telegram_id
from outreach.model import SMS, TELEGRAM, Address
from outreach.reminders.plans import Reminders
from outreach.residents import at_address, same_name

HEADINGS = {
    "name": "姓名|name|居民姓名",
    "phone": "手机号码|手机号|手机|phone|mobile|phone number|mobile number|电话|联系电话",
    "telegram_id": "Telegram|telegram_id|telegram号",
    "plan": "计划|提醒计划|plan",
    "at": "日期时间|预约时间|时间|at|time|appointment",
    "place": "地点|机构|place",
}
_FORMS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y.%m.%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    name: str
    address: Address
    plan: str
    at: datetime
    place: str


def read(file: Path) -> Listing:
    """A list of appointments, open; BadInput where the file as a whole cannot be used."""
    return open_list(file, HEADINGS, "phone|telegram_id at place")


def parse(number: int, cells: Mapping[str, str], plans: Reminders, zone: ZoneInfo, now: datetime) -> Row:
    """One row, understood; times without an offset are the county's. Raises BadRow."""
    mobile, chat = phone(cells.get("phone", "")), telegram_id(cells.get("telegram_id", ""))
    if not mobile and not chat:
        raise BadRow("phone", "the number is missing: write it, or remove the row")
    plan = cells.get("plan", "") or (plans.names()[0] if len(plans.names()) == 1 else "")
    if plan not in plans.names():
        raise BadRow("plan", f"there is no such plan; known: {', '.join(plans.names())}", shape(plan))
    at = _moment(cells.get("at", ""), zone)
    if at <= now:
        raise BadRow("at", "this appointment is over: give one that lies ahead", shape(cells["at"]))
    place = cells.get("place", "")
    if not place:
        raise BadRow("place", "the place is missing: write where to go")
    address = Address(SMS, mobile) if mobile else Address(TELEGRAM, str(chat))
    return Row(number, single_line(cells.get("name", "")), address, plan, at, place)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fix = "write day and time, such as 2026-12-03 09:30"
        raise BadRow("at", f"this is no time: {fix}", shape(text)) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


async def take(
    connection: AsyncConnection, row: Row, plans: Reminders, report: Report, *, now: datetime
) -> None:
    """Schedules one appointment, once. Raises BadRow for someone who is not on our list."""
    people = [one for one in await at_address(connection, row.address) if one.name]
    if row.name:
        people = [one for one in people if same_name(one.name) == same_name(row.name)]
    if len(people) != 1:
        known = "several people use this number: give the name too" if people else "nobody on our list has it"
        raise BadRow("phone", f"{known}; see `outreach residents import`")
    _, is_new = await plans.schedule_new(connection, people[0].id, row.plan, row.at, row.place, now)
    if is_new:
        report.created += 1
    else:
        report.unchanged += 1
