"""The arithmetic against the fact file's table, and what must hold on every day there is."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outreach.knowledge.guides import child_visit_due, childcare_subsidy, prenatal_visit_due
from outreach.knowledge.guides.dates import birthday, is_aged, months_after, months_old
from outreach.knowledge.guides.policies import POLICIES
from outreach.knowledge.guides.policy import LOCAL
from outreach.knowledge.guides.timetable import stand

DAY = timedelta(days=1)
births = st.dates(date(1930, 1, 1), date(2026, 11, 25))
days = st.dates(date(2025, 1, 1), date(2032, 12, 31))


def reckon(guide: str, today: date, **facts: Any) -> tuple[str | None, dict[str, Any]]:
    result = POLICIES[guide].reckon(facts, today)
    return result.outcome, dict(result.values)


def test_months_are_those_of_the_fact_files_table() -> None:
    """2022-01 is one month, 2022-02 two, and so on to 36 for 2024-12; never more."""
    table = {(2022 + n // 12, 1 + n % 12): n + 1 for n in range(36)}
    for (year, month), months in table.items():
        for day in (1, 15, 28):
            assert childcare_subsidy.months(date(year, month, day)) == months
    assert childcare_subsidy.months(date(2021, 12, 31)) == 0
    assert childcare_subsidy.months(date(2025, 1, 1)) == 36


@given(st.dates(date(2022, 1, 1), date(2030, 12, 31)))
def test_shares_of_the_years_add_up_to_the_whole(born: date) -> None:
    shares = [childcare_subsidy.share(born, year) for year in range(2025, 2035)]
    assert sum(shares) == 300 * childcare_subsidy.months(born)
    assert all(0 <= share <= 3600 for share in shares)


@given(births, days, st.integers(1, 3))
def test_subsidy_is_never_more_than_the_whole_and_goes_by_the_child(
    born: date, today: date, children: int
) -> None:
    if born > today:
        return
    facts = {"child_birth_date": born, "child_hukou": "this_county"}
    outcome, one = reckon("childcare_subsidy", today, **facts)
    again, several = reckon("childcare_subsidy", today, **facts, children=children)
    assert outcome == again
    if outcome == "eligible":
        assert 0 <= one["payable_now_yuan"] <= min(3600, one["total_yuan"])
        for key in ("total_yuan", "payable_now_yuan"):
            assert several[key] == children * one[key]
        assert several["per_child_yuan"] == one["total_yuan"] == 300 * one["months"]


@given(births, st.integers(0, 1200))
def test_month_later_is_a_month_older(born: date, months: int) -> None:
    later = months_after(born, months)
    assert months_old(born, later) == months
    assert months == 0 or months_old(born, later - DAY) == months - 1


@given(births, st.integers(1, 80))
def test_age_begins_on_the_birthday(born: date, years: int) -> None:
    day = birthday(born, years)
    assert is_aged(born, years, day)
    assert not is_aged(born, years, day - DAY)
    assert (day.month, day.day) == (born.month, born.day) or (born.month, born.day) == (2, 29)


@given(births, days)
def test_not_yet_becomes_eligible_on_the_day_that_was_named(born: date, today: date) -> None:
    """And not a day before: "from then on" is a promise."""
    if born > today:
        return
    rural = {"birth_date": born, "hukou": "rural", "living_sons": 1, "living_daughters": 0}
    lost = {"situation": "only_child_deceased", "woman_birth_date": born, "children_ever": 1}
    girl = {"sex": "female", "birth_date": born}
    for guide, facts in (
        ("rural_reward", rural),
        ("special_assistance", lost),
        ("hpv_vaccine_free", girl),
        ("two_cancer_screening", girl),
    ):
        outcome, values = reckon(guide, today, **facts)
        if outcome == "not_yet":
            since = values["eligible_from"]
            assert since > today
            assert reckon(guide, since, **facts)[0] == "eligible"
            assert reckon(guide, since - DAY, **facts)[0] == "not_yet"


@given(births, days, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_amount_of_the_rural_reward_is_always_local(
    born: date, today: date, sons: int, daughters: int, lost: bool
) -> None:
    children = {"living_sons": sons, "living_daughters": daughters, "only_child_deceased": lost}
    outcome, values = reckon("rural_reward", today, birth_date=born, hukou="rural", **children)
    assert values.get("amount_yuan", LOCAL) == LOCAL
    fits = (sons, daughters) in ((1, 0), (0, 1), (0, 2)) or (sons + daughters == 0 and lost)
    assert (outcome != "not_eligible") == fits


@given(births, st.dates(date(2015, 1, 1), date(2032, 1, 1)), st.integers(0, 3), st.integers(1, 4))
def test_a_person_always_gets_in_touch_about_special_assistance(
    born: date, today: date, ever: int, level: int
) -> None:
    facts = {"woman_birth_date": born, "children_ever": ever, "disability_level": level}
    outcome, values = reckon("special_assistance", today, situation="only_child_disabled", **facts)
    assert values["human_contact"] is True
    assert ("monthly_yuan_per_person" in values) == (outcome in ("eligible", "amount_only"))


@given(st.integers(0, 45), st.integers(0, 7), st.booleans())
def test_due_visit_is_in_its_weeks_or_to_come_or_was_missed(week: int, done: int, handbook: bool) -> None:
    outcome, values = reckon(
        "prenatal_visit_due", date(2026, 11, 25), weeks=week, visits_done=done, handbook=handbook
    )
    due = values["due_visit"]
    if week > 40 or due is None:
        assert outcome == ("refer" if week > 40 else None)
        return
    first, last = prenatal_visit_due.WINDOWS[due - 1]
    assert values["overdue"] == (done < sum(end < week for _, end in prenatal_visit_due.WINDOWS))
    assert first <= week <= last or (week < first and done < due) or values["overdue"]
    assert values["open_handbook"] is not handbook


@given(births, st.integers(0, 14), st.integers(0, 3000))
def test_child_visit_comes_in_order_and_none_is_lost(born: date, done: int, age: int) -> None:
    windows = child_visit_due.windows(born)
    assert all(first <= last for first, last in windows)
    assert all(before[1] < after[0] for before, after in pairwise(windows))
    found = stand(windows, born + age * DAY, done)
    assert found.due is not None or done >= sum(last < born + age * DAY for _, last in windows)
    assert found.next is None or windows[found.next - 1][0] > born + age * DAY
