"""Fees by R73–R77: a table of cases, and what always holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspil.enrolment.domain.fees import Case, Leaving, Why, fee, free_until, lessons_of

FIRST = date(2027, 3, 15)
LATE = Case(
    leaving=Leaving.WITHDRAWS,
    on=FIRST - timedelta(days=6),
    first_day=FIRST,
    lessons=Decimal(37),
    school_charges=True,
    pays_as_employer=True,
)
LONG: dict[str, Any] = {"lessons": Decimal("37.1")}
AWAY: dict[str, Any] = {"leaving": Leaving.NO_SHOW, "on": FIRST}


@pytest.mark.parametrize(
    ("values", "kroner", "why"),
    [
        ({}, 1500, Why.LATE),
        (LONG, 2500, Why.LATE),
        (AWAY, 2500, Why.NO_SHOW),
        ({**AWAY, **LONG}, 3500, Why.NO_SHOW),
        ({"on": FIRST - timedelta(days=7)}, 0, Why.IN_TIME),
        ({"on": FIRST - timedelta(days=8)}, 0, Why.IN_TIME),
        ({"on": FIRST}, 1500, Why.LATE),
        ({"pays_as_employer": False}, 0, Why.NOT_EMPLOYER),
        ({"school_charges": False}, 0, Why.NOT_DECIDED),
        ({"is_seated": False}, 0, Why.NO_SEAT),
        ({"is_lawful": True}, 0, Why.LAWFUL),
        ({"is_replaced": True}, 0, Why.REPLACED),
        ({"pays_supplement": True}, 0, Why.SUPPLEMENT),
        ({"school_cancels": True}, 0, Why.CANCELLED),
        ({"school_cancels": True, "cancelled_for_no_shows": True, **AWAY}, 2500, Why.NO_SHOW),
        ({"is_moved": True}, 0, Why.MOVED),
        ({"is_moved": True, **AWAY}, 0, Why.MOVED),
    ],
)
def test_the_table(values: dict[str, Any], kroner: int, why: Why) -> None:
    found = fee(replace(LATE, **values))
    assert (found.ore, found.why) == (kroner * 100, why)
    assert found.rules


BOOLS = {
    name: st.booleans()
    for name in (
        "school_charges", "pays_as_employer", "is_seated", "is_moved", "school_cancels",
        "cancelled_for_no_shows", "is_lawful", "is_replaced", "pays_supplement",
    )
}  # fmt: skip
CASES = st.builds(
    Case,
    leaving=st.sampled_from(Leaving),
    on=st.dates(date(2027, 1, 1), date(2027, 4, 1)),
    first_day=st.just(FIRST),
    lessons=st.decimals(0, 200, places=1),
    **BOOLS,
)


@given(CASES)
def test_what_always_holds(case: Case) -> None:
    found = fee(case)
    assert found.ore in (0, 150_000, 250_000, 350_000)
    if case.is_moved or not case.pays_as_employer or not case.school_charges:
        assert found.ore == 0
    if case.leaving == Leaving.WITHDRAWS and case.on <= free_until(case.first_day):
        assert found.ore == 0
    if found.ore:
        assert not (case.is_lawful or case.is_replaced or case.pays_supplement)


def test_five_days_are_37_lessons() -> None:
    assert lessons_of(Decimal(5)) == 37
    assert fee(replace(LATE, lessons=lessons_of(Decimal("5.1")))).ore == 250_000
