"""Cells as people type them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from samspil.kernel.imports import values
from samspil.kernel.imports.values import NotACourse, ValueProblem


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("47.592", "47592"),
        ("90108 ", "90108"),
        (90101, "90101"),
        ("47 592", "47592"),
        (" 47592\u00a0", "47592"),
        (47.592, "47592"),
        (90.1, "90100"),
        (None, None),
        ("", None),
    ],
)
def test_course_number(cell: object, number: str | None) -> None:
    assert values.course_number(cell) == number  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["4711", 4711, "0123"])
def test_four_digits_are_no_course(cell: object) -> None:
    with pytest.raises(NotACourse, match="EUD-enkeltfag"):
        values.course_number(cell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell", ["901011", "x", "9010a", "Udgåede fag:", True, date(2026, 1, 1), "٩٠١٠١"]
)
def test_not_a_course_number(cell: object) -> None:
    with pytest.raises(ValueProblem):
        values.course_number(cell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        (3, "3"),
        (2.5, "2.5"),
        ("2,5", "2.5"),
        ("2.5", "2.5"),
        ("2½", "2.5"),
        ("½ dag", "0.5"),
        ("3 dage", "3"),
        ("1 dag", "1"),
        ("3 d.", "3"),
        ("1 uge", "5"),
        ("6 uger", "30"),
        ("1,5 uge", "7.5"),
        ("en uge", "5"),
        ("1 uge og 2 dage", "7"),
        ("1 uge, 2 dage", "7"),
        ("37 timer", "5"),
        ("7,4 timer", "1"),
        ("  3  dage ", "3"),
        ("3 skoledage", "3"),
        ("ca. 2 dage", "2"),
        ("2,0", "2"),
    ],
)
def test_duration(cell: object, days: str) -> None:
    assert values.duration_days(cell) == Decimal(days)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell",
    [
        "2-3 dage",
        "x",
        "0",
        0,
        "-1",
        "2,25",
        "500 dage",
        date(2026, 5, 1),
        "dage",
        "3 måneder",
        "3 4",
        True,
    ],
)
def test_not_a_duration(cell: object) -> None:
    with pytest.raises(ValueProblem):
        values.duration_days(cell)  # type: ignore[arg-type]


def test_a_duration_that_excel_made_a_date_says_so() -> None:
    with pytest.raises(ValueProblem, match="Excel har lavet varigheden om til en dato"):
        values.duration_days(date(2026, 5, 1))


@given(st.integers(1, 80))
def test_a_week_is_five_days(weeks: int) -> None:
    assert (
        values.duration_days(f"{weeks} uger")
        == weeks * 5
        == values.duration_days(f"{weeks * 5} dage")
    )


@given(st.dates(date(1980, 1, 1), date(2079, 12, 31)))
def test_every_way_to_write_a_date(day: date) -> None:
    month = [
        "januar",
        "februar",
        "marts",
        "april",
        "maj",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "december",
    ][day.month - 1]
    for written in (
        day.isoformat(),
        day.strftime("%d-%m-%Y"),
        f"{day.day}/{day.month} {day.year}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day}. {month} {day.year}",
        f"{day.day}. {month[:3]} {day.year}",
        f"d. {day.day}. {month} {day.year}",
        day.strftime("%Y%m%d"),
        f" {day.day}/{day.month}-{day.year} ",
        int(day.strftime("%Y%m%d")),
        day,
        datetime(day.year, day.month, day.day, 12, 0),
        (day - date(1899, 12, 30)).days,
    ):
        assert values.danish_date(written) == day, written
    if day.year >= 2000:
        assert values.danish_date(f"{day.day}/{day.month} {day.year % 100:02}") == day


@pytest.mark.parametrize(
    "cell",
    [
        "31/2 2026",
        "2026",
        "1/13 2026",
        "i går",
        "1/1 1066",
        7,
        True,
        2.5,
        timedelta(1),
        "juli 2026",
    ],
)
def test_not_a_date(cell: object) -> None:
    with pytest.raises(ValueProblem):
        values.danish_date(cell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("ja", True),
        ("X ", True),
        ("Nej", False),
        (1, True),
        (0, False),
        (None, None),
        ("–", False),
        (True, True),
    ],
)
def test_yes_no(cell: object, answer: bool | None) -> None:
    assert values.yes_no(cell) is answer  # type: ignore[arg-type]


def test_maybe_is_no_answer() -> None:
    with pytest.raises(ValueProblem, match="ja eller nej"):
        values.yes_no("måske")


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        (2222, ("2222",)),
        ("FKB 2222", ("2222",)),
        ("2222, 2728", ("2222", "2728")),
        ("2222 og 2728", ("2222", "2728")),
        (None, None),
    ],
)
def test_fkb_numbers(cell: object, numbers: tuple[str, ...] | None) -> None:
    assert values.fkb_numbers(cell) == numbers  # type: ignore[arg-type]


def test_leading_zeros_that_excel_dropped_come_back() -> None:
    assert values.digits(4, "postnummer")(800) == "0800"
    with pytest.raises(ValueProblem):
        values.digits(4, "postnummer")("800")


def test_thousands_are_ambiguous_as_decimals() -> None:
    with pytest.raises(ValueProblem, match="tusindtal"):
        values.decimal("1.200")
    assert values.whole()("1.200") == 1200
    assert values.decimal("1.234,5") == Decimal("1234.5")


PARSERS = [
    values.course_number,
    values.duration_days,
    values.danish_date,
    values.yes_no,
    values.decimal,
    values.fkb_number,
    values.fkb_numbers,
    values.text,
    values.year,
    values.whole(),
    values.max_text(5),
    values.coordinate(54, 58),
    values.digits(4, "x"),
]
CELLS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.times(),
)


@given(CELLS, st.sampled_from(PARSERS))
@settings(max_examples=1500, deadline=None)
@example(1e27, values.duration_days)
def test_any_cell_is_read_or_refused_with_a_sentence(cell: object, parser: object) -> None:
    try:
        parser(cell)  # type: ignore[operator]
    except ValueProblem as problem:
        assert problem.message.endswith((".", "…"))


def test_folded() -> None:
    assert values.folded("Mål nr.") == values.folded("maal-nr") == "maalnr"
