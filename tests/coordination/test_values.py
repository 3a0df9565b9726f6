"""Cell values as people write them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspil.coordination.domain.answers import Remark, When
from samspil.coordination.interfaces import values
from samspil.coordination.interfaces.remarks import SENTENCES, sentence
from samspil.coordination.interfaces.values import Mark

YEAR = 2027


def span(text: str, year: int = YEAR) -> tuple[str, str, str]:
    reading = values.parse_when(text, year)
    assert reading.state == "read", (text, reading)
    assert reading.value is not None
    return reading.value.text, str(reading.value.starts_on), str(reading.value.ends_on)


@pytest.mark.parametrize(
    ("written", "text", "starts_on", "ends_on"),
    [
        ("uge 37", "uge 37", "2027-09-13", "2027-09-19"),
        ("Uge37", "uge 37", "2027-09-13", "2027-09-19"),
        ("u. 37", "uge 37", "2027-09-13", "2027-09-19"),
        ("uge 37-38", "uge 37-38", "2027-09-13", "2027-09-26"),
        ("uge 37 – 38", "uge 37-38", "2027-09-13", "2027-09-26"),
        ("uge 7, 12 og 40", "uge 7, 12 og 40", "2027-02-15", "2027-10-10"),
        ("uge 40, 7 og 12", "uge 7, 12 og 40", "2027-02-15", "2027-10-10"),
        ("uge 37, 2027", "uge 37", "2027-09-13", "2027-09-19"),
        ("1. kvartal", "1. kvartal", "2027-01-01", "2027-03-31"),
        ("Q3", "3. kvartal", "2027-07-01", "2027-09-30"),
        ("3. kv.", "3. kvartal", "2027-07-01", "2027-09-30"),
        ("1. og 2. kvartal", "1. og 2. kvartal", "2027-01-01", "2027-06-30"),
        ("september", "september", "2027-09-01", "2027-09-30"),
        ("sep.-okt.", "september-oktober", "2027-09-01", "2027-10-31"),
        ("2. halvår", "2. halvår", "2027-07-01", "2027-12-31"),
        ("14.-16. sep", "14.-16. september", "2027-09-14", "2027-09-16"),
        ("14/9-16/9", "14.-16. september", "2027-09-14", "2027-09-16"),
        ("28. sep - 2. okt", "28. september-2. oktober", "2027-09-28", "2027-10-02"),
        ("tirsdag d. 14/9", "14. september", "2027-09-14", "2027-09-14"),
        ("14., 15. og 16. sep", "14., 15. og 16. september", "2027-09-14", "2027-09-16"),
        ("2027-09-14", "14. september", "2027-09-14", "2027-09-14"),
        ("hele året", "hele året", "2027-01-01", "2027-12-31"),
    ],
)
def test_times(written: str, text: str, starts_on: str, ends_on: str) -> None:
    assert span(written) == (text, starts_on, ends_on)


def test_week_53_only_in_long_years() -> None:
    assert span("uge 53", 2026) == ("uge 53", "2026-12-28", "2027-01-03")
    reading = values.parse_when("uge 53", YEAR)
    assert reading.state == "question"
    assert [option.text for option in reading.options] == ["uge 52"]


def test_dates_as_excel_gives_them() -> None:
    for raw in (dt.date(2027, 9, 14), dt.datetime(2027, 9, 14), 46644, "46644", 46644.0):
        reading = values.parse_when(raw, YEAR)
        assert reading.value == When("14. september", dt.date(2027, 9, 14), dt.date(2027, 9, 14)), (
            raw
        )


@pytest.mark.parametrize(
    ("raw", "code", "options"),
    [
        ("37", "when_number", ["uge 37"]),
        (37, "when_number", ["uge 37"]),
        ("3-4", "when_number", ["3.-4. kvartal", "uge 3-4"]),
        (dt.date(2026, 7, 12), "other_year", ["12. juli", "uge 7-12"]),
        ("14/9 2026", "other_year", ["14. september"]),
        ("ca. uge 37", "when_soft", ["uge 37", "ca. uge 37"]),
        ("uge 50-2", "ends_before_start", ["uge 50"]),
        ("31. feb", "no_such_date", []),
        ("foråret", "when_season", ["1. halvår"]),
        ("efter aftale med Karin", "when_unclear", ["efter aftale med Karin"]),
    ],
)
def test_times_that_must_be_asked_about(raw: object, code: str, options: list[str]) -> None:
    reading = values.parse_when(raw, YEAR)
    assert reading.state == "question"
    assert reading.remark is not None
    assert reading.remark.code == code
    assert [option.text for option in reading.options] == options


@pytest.mark.parametrize(
    ("raw", "mark"),
    [
        ("x", Mark(offers=True)),
        ("X ", Mark(offers=True)),
        (2, Mark(offers=True, runs=2)),
        ("3 hold", Mark(offers=True, runs=3)),
        ("to hold", Mark(offers=True, runs=2)),
        ("G", Mark(offers=True, guarantee=True)),
        ("x/G", Mark(offers=True, guarantee=True)),
        ("2 G", Mark(offers=True, runs=2, guarantee=True)),
        ("følger", Mark(will_follow=True)),
        ("nej", Mark(offers=False)),
        ("-", Mark(offers=False)),
        (0, Mark(offers=False)),
        (None, None),
        ("  ", None),
    ],
)
def test_marks(raw: object, mark: Mark | None) -> None:
    reading = values.parse_mark(raw, YEAR)
    assert (reading.state, reading.value) == ("read", mark)


def test_a_mark_can_say_everything_at_once() -> None:
    reading = values.parse_mark("ja, 2 hold i uge 37", YEAR)
    assert reading.value is not None
    assert (reading.value.offers, reading.value.runs) == (True, 2)
    assert reading.value.when is not None
    assert reading.value.when.text == "uge 37"


@pytest.mark.parametrize(
    "raw", ["evt.", "(x)", "?", "se note", "x?", "nej 2 hold", "måske", "fredag"]
)
def test_marks_that_must_be_asked_about(raw: str) -> None:
    reading = values.parse_mark(raw, YEAR)
    assert reading.state == "question"
    assert len(reading.options) >= 2


@pytest.mark.parametrize(
    ("raw", "state", "value", "options"),
    [
        (2.0, "read", 2, ()),
        ("2,0 hold", "read", 2, ()),
        ("x", "read", 1, ()),
        ("2-3", "question", None, (2, 3)),
        ("2+1", "question", None, (3,)),
        ("ca. 2", "question", None, (2,)),
        (2.5, "question", None, (2, 3)),
        (dt.date(2026, 2, 1), "question", None, (1, 2)),
        (-1, "error", None, ()),
        (999, "question", None, ()),
    ],
)
def test_runs(raw: object, state: str, value: int | None, options: tuple[int, ...]) -> None:
    reading = values.parse_runs(raw)
    assert (reading.state, reading.value, reading.options) == (state, value, options)


@pytest.mark.parametrize(
    ("raw", "state", "value"),
    [
        ("5", "read", Decimal(5)),
        ("2,5 dage", "read", Decimal("2.5")),
        ("2½", "read", Decimal("2.5")),
        ("1 uge", "read", Decimal(5)),
        (2.5, "read", Decimal("2.5")),
        ("x", "question", None),
        ("3-5", "question", None),
        ("-1", "error", None),
    ],
)
def test_days(raw: object, state: str, value: Decimal | None) -> None:
    reading = values.parse_days(raw)
    assert (reading.state, reading.value) == (state, value)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("47.592", "47592"),
        (47592, "47592"),
        (47.592, "47592"),
        (90.1, "90100"),
        ("90108 ", "90108"),
        ("I alt", ""),
    ],
)
def test_course_numbers(raw: object, number: str) -> None:
    assert values.course_number(raw) == number


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=60),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.lists(
        st.sampled_from(
            "uge 37 12 - . , og / x G ja nej ( ) ? evt. hold sep 14. Q3 kvartal følger + 2027 garanti dage".split()
        ),
        max_size=8,
    ).map(" ".join),
)


@given(raw=cells, year=st.integers(2020, 2060))
def test_nothing_raises_and_what_is_said_is_never_lost(raw: object, year: int) -> None:
    for reading in (
        values.parse_mark(raw, year),
        values.parse_when(raw, year),
        values.parse_runs(raw),
        values.parse_days(raw),
        values.parse_note(raw),
        values.parse_yes_no(raw),
    ):
        assert reading.state in ("read", "question", "error")
        if reading.state != "read":
            assert reading.remark is not None
        if reading.remark:
            assert sentence(reading.remark)
        if reading.state == "read" and reading.value is None:
            assert values.is_empty(raw)


@given(raw=cells, year=st.integers(2020, 2060))
def test_a_read_time_reads_the_same_again(raw: object, year: int) -> None:
    reading = values.parse_when(raw, year)
    found = (
        [reading.value] if reading.state == "read" else [o for o in reading.options if o.starts_on]
    )
    for when in found:
        if when is not None:
            assert values.parse_when(when.text, year).value == when
            assert when.starts_on is not None
            assert when.ends_on is not None
            assert when.starts_on <= when.ends_on


_piece = st.one_of(
    st.integers(1, 52).map(lambda n: f"uge {n}"),
    st.tuples(st.integers(1, 30), st.integers(1, 22)).map(lambda p: f"uge {p[0]}-{p[0] + p[1]}"),
    st.integers(1, 4).map(lambda n: f"{n}. kvartal"),
    st.integers(1, 2).map(lambda n: f"{n}. halvår"),
    st.tuples(st.integers(1, 28), st.integers(1, 12)).map(lambda p: f"{p[0]}/{p[1]}"),
    st.tuples(st.integers(1, 14), st.integers(1, 14), st.integers(1, 12)).map(
        lambda p: f"{p[0]}.-{p[0] + p[1]}. {values.MONTHS[p[2] - 1]}"
    ),
    st.tuples(st.integers(1, 28), st.integers(1, 11), st.integers(1, 28)).map(
        lambda p: f"{p[0]}/{p[1]}-{p[2]}/{p[1] + 1}"
    ),
    st.sampled_from(values.MONTHS),
    st.sampled_from(["primo maj", "ultimo september", "hele året"]),
)


@given(pieces=st.lists(_piece, min_size=1, max_size=4), year=st.integers(2024, 2040))
def test_lists_of_times_are_canonical(pieces: list[str], year: int) -> None:
    first = values.parse_when(", ".join(pieces), year)
    assert first.state == "read", pieces
    assert first.value is not None
    again = values.parse_when(first.value.text, year)
    assert again.value == first.value
    shuffled = values.parse_when(" og ".join(reversed(pieces)), year)
    assert shuffled.value == first.value


def test_every_code_has_a_sentence_that_takes_its_values() -> None:
    here = Path(values.__file__)
    source = here.read_text() + here.with_name("form_reader.py").read_text()

    codes = set(re.findall(r'(?:question|error|read|Remark)\(\s*(?:[\w.]+, )?"(\w+)"', source))
    assert codes - {"error"} <= set(SENTENCES), codes - set(SENTENCES)
    assert str(Remark("maybe", {"text": "x"}).to_json())
