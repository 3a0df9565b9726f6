"""From what a person says to days: patterns, holidays, moves."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from samspil.runs.domain import days
from samspil.runs.domain.days import Plan, Skipped
from samspil.runs.interfaces.run_forms import TimeField, read_dates


def taught(*plans: Plan) -> list[date]:
    return [day.on for day in days.all_days(plans)[0]]


def test_weekdays_between_two_dates_without_the_holidays() -> None:
    plan = Plan(first_on=date(2027, 3, 22), last_on=date(2027, 4, 2))
    found, skipped = days.days_of(plan)
    assert [day.on.day for day in found] == [22, 23, 24, 30, 31, 1, 2]
    assert skipped == [
        Skipped(date(2027, 3, 25), "Skærtorsdag"),
        Skipped(date(2027, 3, 26), "Langfredag"),
        Skipped(date(2027, 3, 29), "Anden påskedag"),
    ]


def test_the_great_prayer_day_is_no_holiday_any_more_and_labour_day_never_was() -> None:
    assert days.holiday(date(2027, 4, 23)) == ""
    assert days.holiday(date(2027, 5, 1)) == ""
    assert days.holiday(date(2027, 6, 5)) == "Grundlovsdag"
    assert days.holiday(date(2027, 12, 24))


def test_a_holiday_that_is_chosen_as_a_day_stays_and_says_so() -> None:
    found, skipped = days.days_of(Plan(kind="dates", dates=(date(2027, 6, 5),)))
    assert [day.holiday for day in found] == ["Grundlovsdag"]
    assert not skipped


def test_days_that_are_left_out_and_other_weekdays() -> None:
    plan = Plan(
        first_on=date(2027, 8, 16),
        last_on=date(2027, 8, 29),
        weekdays=(1, 3, 6),
        dates=(date(2027, 8, 18),),
    )
    assert [on.day for on in taught(plan)] == [16, 21, 23, 25, 28]


def test_weeks_are_counted_as_danes_do() -> None:
    assert days.Day(date(2027, 1, 1)).week == 53
    assert days.Day(date(2026, 8, 17)).week == 34


def test_a_move_keeps_the_number_of_days_over_a_holiday() -> None:
    plan = Plan(first_on=date(2027, 3, 8), last_on=date(2027, 3, 12))
    moved = days.moved([plan], date(2027, 3, 22))
    assert [on.day for on in taught(*moved)] == [22, 23, 24, 30, 31]


def test_a_move_to_another_weekday_turns_the_pattern() -> None:
    plan = Plan(first_on=date(2027, 8, 17), last_on=date(2027, 8, 31), weekdays=(2,))
    moved = days.moved([plan], date(2027, 9, 2))
    assert taught(*moved) == [date(2027, 9, 2), date(2027, 9, 9), date(2027, 9, 16)]


def test_later_periods_move_along() -> None:
    plans = [
        Plan(kind="dates", dates=(date(2027, 8, 17),)),
        Plan(kind="dates", dates=(date(2027, 8, 31), date(2027, 9, 1))),
    ]
    moved = days.moved(plans, date(2027, 8, 24))
    assert taught(*moved) == [date(2027, 8, 24), date(2027, 9, 7), date(2027, 9, 8)]


@given(
    st.dates(date(2026, 1, 1), date(2028, 12, 1)),
    st.integers(0, 40),
    st.sets(st.integers(1, 7), min_size=1),
    st.integers(-200, 200),
)
def test_a_move_never_changes_how_many_days_are_taught(
    first: date, length: int, weekdays: set[int], shift: int
) -> None:
    last = date.fromordinal(first.toordinal() + length)
    plan = Plan(first_on=first, last_on=last, weekdays=tuple(sorted(weekdays)))
    before = taught(plan)
    if not before:
        return
    to = date.fromordinal(before[0].toordinal() + shift)
    after = taught(*days.moved([plan], to))
    assert len(after) == len(before)
    assert after == sorted(set(after))
    assert after[0] >= to
    assert not any(days.holiday(on) for on in after)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("17-8-2027, 19-8-2027", [(2027, 8, 17), (2027, 8, 19)]),
        ("17/8 19/8", [(2027, 8, 17), (2027, 8, 19)]),
        ("30.12.2027; 4/1", [(2027, 12, 30), (2028, 1, 4)]),
        ("1/3", [(2028, 3, 1)]),
        ("17 / 8 - 27", [(2027, 8, 17)]),
        ("19/8 17-8-2027 19/8", [(2027, 8, 17), (2027, 8, 19)]),
        ("", []),
    ],
)
def test_dates_as_people_list_them(text: str, found: list[tuple[int, int, int]]) -> None:
    assert read_dates(text, date(2027, 6, 1)) == [date(*parts) for parts in found]


@pytest.mark.parametrize("text", ["31-2-2027", "snart", "17-8-2027 og 19-8-2027", "2027-08-17"])
def test_what_is_no_date_is_named(text: str) -> None:
    with pytest.raises(ValidationError, match="er ikke en dato"):
        read_dates(text, date(2027, 6, 1))


@pytest.mark.parametrize(
    ("text", "found"), [("8", "08:00"), ("8.30", "08:30"), ("08:00", "08:00"), ("1524", "15:24")]
)
def test_times_as_people_write_them(text: str, found: str) -> None:
    value = TimeField().clean(text)
    assert value is not None
    assert value.strftime("%H:%M") == found


@pytest.mark.parametrize("text", ["25", "8.75", "otte", "8-9"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="klokkeslæt"):
        TimeField().clean(text)
