"""Working days, against the State Council's notices for 2025 and 2026."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from outreach.calendar import is_holiday, is_working, known_until, next_working

WORKED = ["2025-01-26", "2025-02-08", "2026-01-04", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
FREE = ["2025-10-08", "2026-01-02", "2026-02-16", "2026-04-06", "2026-05-05", "2026-06-19", "2026-09-25"]


@pytest.mark.parametrize("day", WORKED)
def test_a_weekend_day_that_is_swapped_is_worked(day: str) -> None:
    assert date.fromisoformat(day).weekday() >= 5
    assert is_working(date.fromisoformat(day))
    assert not is_holiday(date.fromisoformat(day))


@pytest.mark.parametrize("day", FREE)
def test_a_public_holiday_is_free(day: str) -> None:
    assert is_holiday(date.fromisoformat(day))
    assert not is_working(date.fromisoformat(day))


def test_of_a_year_not_yet_published_the_weekends_are_known() -> None:
    after = known_until() + timedelta(days=1)
    week = [after + timedelta(days=n) for n in range(7)]
    assert [day.weekday() for day in week if not is_working(day)] == sorted(
        [5, 6], key=lambda weekday: (weekday - after.weekday()) % 7
    )


def test_the_next_working_day_may_be_the_day_itself() -> None:
    assert next_working(date(2026, 9, 20)) == date(2026, 9, 20)
    assert next_working(date(2026, 10, 1)) == date(2026, 10, 8)
