"""Ages and months, as the Civil Code counts them (articles 200 to 203)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta


def months_after(day: date, months: int) -> date:
    """The same day so many months on; a month without that day ends on its last.

    >>> months_after(date(2024, 2, 29), 36)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def birthday(born: date, years: int) -> date:
    """The day on which somebody is so many years old."""
    return months_after(born, 12 * years)


def is_aged(born: date, years: int, today: date) -> bool:
    return today >= birthday(born, years)


def months_old(born: date, today: date) -> int:
    """Whole months of life."""
    months = months_apart(born, today)
    return months if today >= months_after(born, months) else months - 1


def months_apart(first: date, second: date) -> int:
    """From calendar month to calendar month, whatever the days."""
    return (second.year - first.year) * 12 + second.month - first.month


def day_before(day: date) -> date:
    return day - timedelta(days=1)
