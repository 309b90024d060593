"""What we promise: the end of this working day, or of the next."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from outreach.cases import answer_by

COUNTY = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("asked", "promised"),
    [
        ("2026-11-25T09:00+08:00", "2026-11-25T17:00+08:00"),  # Wednesday morning
        ("2026-11-25T11:59+08:00", "2026-11-25T17:00+08:00"),
        ("2026-11-25T12:00+08:00", "2026-11-26T17:00+08:00"),
        ("2026-11-25T23:30+00:00", "2026-11-26T17:00+08:00"),  # already Thursday in the county
        ("2026-11-27T15:00+08:00", "2026-11-30T17:00+08:00"),  # Friday afternoon
        ("2026-11-28T09:00+08:00", "2026-11-30T17:00+08:00"),
        ("2026-11-29T22:00+08:00", "2026-11-30T17:00+08:00"),
    ],
)
def test_answer_is_promised_for_a_working_day(asked: str, promised: str) -> None:
    assert answer_by(datetime.fromisoformat(asked), COUNTY) == datetime.fromisoformat(promised)
