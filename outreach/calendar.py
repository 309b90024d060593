"""China's working days: public holidays, and the weekend days that are worked in their stead.

The days are those of the State Council's yearly notice, kept by the library chinesecalendar. Of a year that
has not been published yet only the weekends are known; `known_until` says how far it goes.
"""

from __future__ import annotations

from datetime import date, timedelta

from chinese_calendar import constants

_SATURDAY = 5


def is_working(day: date) -> bool:
    """Whether offices are open: no weekend and no holiday, or a weekend day worked in its stead."""
    if day in constants.workdays:
        return True
    return day.weekday() < _SATURDAY and day not in constants.holidays


def is_holiday(day: date) -> bool:
    """Whether it is a public holiday, the weekend days within it among them."""
    return day in constants.holidays


def next_working(day: date) -> date:
    """This day, or the first after it on which offices are open."""
    while not is_working(day):
        day += timedelta(days=1)
    return day


def known_until() -> date:
    """The last day of the newest year whose holidays are published."""
    return date(max(constants.holidays).year, 12, 31)
