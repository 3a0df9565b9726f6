"""How a commitment stands: by table, and properties that hold for any."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspil.compliance.domain.judging import Promise, Seen, Terms, Verdict, due_on, judge
from samspil.compliance.enums import GuaranteeStanding, Standing

TERMS = Terms()
DATED = Promise("own", 2027, runs=1, starts_on=date(2027, 9, 14), ends_on=date(2027, 9, 16), days=3)
DUE = date(2027, 8, 17)  # four weeks before 14 September
HOLDER = replace(DATED, role="holder")
FOLLOWER = replace(DATED, role="follower", runs=None)


def run(pk: int = 1, start: date = date(2027, 9, 14), **values: Any) -> Seen:
    return Seen(
        pk,
        start,
        values.pop("ends_on", start + timedelta(days=2)),
        **{"place": "a", "first_seen_on": date(2027, 2, 1), **values},
    )


def told(promise: Promise, *runs: Seen, today: date = date(2027, 8, 20), **values: Any) -> Verdict:
    return judge(promise, runs, today=today, **{"looked_on": today, "terms": TERMS, **values})


@pytest.mark.parametrize(
    ("promise", "due"),
    [
        (DATED, DUE),
        # a quarter: its last three days are time enough
        (Promise("own", 2027, starts_on=date(2027, 4, 1), ends_on=date(2027, 6, 30), days=3),
         date(2027, 5, 31)),
        # shorter than the course: it begins when it begins
        (Promise("own", 2027, starts_on=date(2027, 4, 1), ends_on=date(2027, 4, 1), days=5),
         date(2027, 3, 4)),
        (Promise("own", 2027), date(2027, 10, 1)),
        (Promise("own", 2027, starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31)),
         date(2027, 10, 1)),
        (Promise("own", 2027, starts_on=date(2027, 1, 4), ends_on=date(2027, 1, 8), days=5),
         date(2026, 12, 7)),
        (Promise("own", 2027, starts_on=date(2027, 12, 6), ends_on=date(2027, 12, 8), days=3),
         date(2027, 11, 8)),
        (Promise("own", 2027, starts_on=date(2027, 7, 1), ends_on=date(2027, 12, 31), days=1),
         date(2027, 12, 3)),
    ],
)  # fmt: skip
def test_when_it_must_be_announced(promise: Promise, due: date) -> None:
    assert due_on(promise, TERMS) == due


@pytest.mark.parametrize(
    ("what", "promise", "runs", "values", "status", "code"),
    [
        ("announced in time", DATED, [run()], {}, "kept", "kept"),
        ("before it is due", DATED, [], {"today": DUE}, "pending", "not_due"),
        ("nothing, and somebody has looked", DATED, [], {}, "missing", "missing"),
        ("nobody has ever looked", DATED, [], {"looked_on": None}, "unknown", "never_looked"),
        ("nobody has looked since", DATED, [], {"looked_on": DUE}, "unknown", "not_looked_since"),
        ("looked the day after", DATED, [], {"looked_on": DUE + timedelta(days=1)}, "missing",
         "missing"),
        ("a run of another year", DATED, [run(start=date(2028, 1, 3))], {}, "missing", "missing"),
        ("found after the day on which it wasn't there",
         DATED, [run(absent_on=DUE, first_seen_on=DUE + timedelta(days=2))], {}, "late", "late"),
        ("last looked for the day before it was due",
         DATED, [run(absent_on=DUE - timedelta(days=1), first_seen_on=DUE + timedelta(days=9))], {},
         "kept", "kept"),
        ("a week's notice is too short whatever was agreed", Promise("own", 2027),
         [run(start=date(2027, 5, 10), absent_on=date(2027, 5, 2))], {}, "late", "late"),
        ("nine days' notice will do", Promise("own", 2027),
         [run(start=date(2027, 5, 10), absent_on=date(2027, 5, 1))], {}, "kept", "kept"),
        ("one in time makes up for one that wasn't",
         DATED, [run(1, absent_on=DUE), run(2)], {}, "kept", "kept"),
        ("cancelled, and no other", DATED, [run(is_cancelled=True)], {}, "cancelled", "cancelled"),
        ("cancelled before it was due is cancelled all the same",
         DATED, [run(is_cancelled=True)], {"today": date(2027, 3, 1)}, "cancelled", "cancelled"),
        ("cancelled, and another announced", DATED,
         [run(1, is_cancelled=True), run(2, absent_on=DUE)], {}, "kept", "kept"),
        ("withdrawn while there was time", DATED,
         [run(gone_on=date(2027, 6, 1), deadline_on=date(2027, 9, 1))], {}, "cancelled", "withdrawn"),
        ("gone after its deadline, as runs go", DATED,
         [run(gone_on=date(2027, 9, 2), deadline_on=date(2027, 9, 1))], {}, "kept", "kept"),
        ("fewer than agreed", replace(DATED, runs=2), [run()], {}, "kept", "kept_fewer"),
        ("another time than agreed is told of an own offer", DATED,
         [run(start=date(2027, 10, 4))], {}, "kept", "kept_elsewhere"),
        ("another time than agreed is wrong for a joint run", HOLDER,
         [run(start=date(2027, 10, 4))], {}, "drifted", "agreed_dates"),
        ("a joint run as agreed", HOLDER, [run()], {}, "kept", "kept"),
        ("a joint run without a time", Promise("holder", 2027), [run(start=date(2027, 10, 4))], {},
         "kept", "kept"),
        ("same days, same place", FOLLOWER, [run(1)], {"holder": [run(9)]}, "kept", "followed"),
        ("no place given", FOLLOWER, [run(1, place="")], {"holder": [run(9)]}, "kept", "followed"),
        ("another day", FOLLOWER, [run(1, start=date(2027, 9, 21))], {"holder": [run(9)]},
         "drifted", "dates"),
        ("another last day", FOLLOWER, [run(1, ends_on=date(2027, 9, 15))], {"holder": [run(9)]},
         "drifted", "dates"),
        ("another place", FOLLOWER, [run(1, place="b")], {"holder": [run(9)]}, "drifted", "address"),
        ("the holder has none", FOLLOWER, [run(1)], {"holder": []}, "drifted", "holder_absent"),
        ("the holder's is cancelled", FOLLOWER, [run(1)], {"holder": [run(9, is_cancelled=True)]},
         "drifted", "holder_absent"),
        ("one of two that were agreed", FOLLOWER, [run(1)],
         {"holder": [run(8), run(9, start=date(2027, 9, 21))], "holder_runs": 2}, "drifted",
         "some_dates"),
        ("the holder holds more than was agreed", FOLLOWER, [run(1)],
         {"holder": [run(8), run(9, start=date(2027, 9, 21))], "holder_runs": 1}, "kept", "followed"),
        ("a follower that has none", FOLLOWER, [], {"holder": [run(9)]}, "missing", "missing"),
        ("a follower has a fortnight after the holder", FOLLOWER, [],
         {"holder": [run(9, first_seen_on=date(2027, 8, 10))]}, "pending", "not_due"),
    ],
)  # fmt: skip
def test_how_it_stands(
    what: str, promise: Promise, runs: list[Seen], values: Any, status: str, code: str
) -> None:
    verdict = told(promise, *runs, **values)
    assert (verdict.status, verdict.code) == (status, code), what


@pytest.mark.parametrize(
    ("what", "guarantee", "runs", "standing", "held", "broken"),
    [
        ("none", False, [run()], "none", 0, 0),
        ("promised, nothing announced", True, [], "open", 0, 0),
        ("announced and to come", True, [run(is_guaranteed=True)], "open", 0, 0),
        ("begun", True, [run(is_guaranteed=True, start=date(2027, 3, 1))], "kept", 1, 0),
        ("cancelled", True, [run(is_guaranteed=True, is_cancelled=True)], "broken", 0, 1),
        ("withdrawn", True, [run(is_guaranteed=True, gone_on=date(2027, 5, 1))], "broken", 0, 1),
        ("one of each", True,
         [run(1, is_guaranteed=True, start=date(2027, 3, 1)), run(2, is_guaranteed=True,
          is_cancelled=True)], "broken", 1, 1),
        ("promised but not announced so", True, [run()], "not_given", 0, 0),
        ("promised, not announced so, cancelled", True, [run(is_cancelled=True)], "broken", 0, 1),
        ("an ordinary run beside it may be cancelled", True,
         [run(1, is_guaranteed=True), run(2, is_cancelled=True)], "open", 0, 0),
        ("announced though not agreed", False, [run(is_guaranteed=True, is_cancelled=True)],
         "broken", 0, 1),
        ("an ordinary run cancelled", False, [run(is_cancelled=True)], "none", 0, 0),
    ],
)  # fmt: skip
def test_the_guarantee(
    what: str, guarantee: bool, runs: list[Seen], standing: str, held: int, broken: int
) -> None:
    verdict = told(replace(DATED, guarantee=guarantee), *runs)
    assert (verdict.guarantee, verdict.held, verdict.broken) == (standing, held, broken), what


def test_a_follower_guarantees_nothing() -> None:
    verdict = told(
        replace(FOLLOWER, guarantee=True),
        run(is_guaranteed=True, is_cancelled=True),
        holder=[run(9)],
    )
    assert verdict.guarantee == GuaranteeStanding.NONE


# ---------------------------------------------------------------- for any agreement and any runs

days = st.dates(date(2026, 10, 1), date(2028, 2, 1))


@st.composite
def runs(draw: st.DrawFn) -> list[Seen]:
    found = []
    for pk in range(draw(st.integers(0, 4))):
        start = draw(days)
        found.append(
            Seen(
                pk=pk,
                starts_on=start,
                ends_on=start + timedelta(days=draw(st.integers(0, 4))),
                place=draw(st.sampled_from(["", "a", "b"])),
                is_cancelled=draw(st.booleans()),
                is_guaranteed=draw(st.booleans()),
                deadline_on=draw(st.none() | st.just(start - timedelta(days=7))),
                first_seen_on=draw(st.none() | days),
                absent_on=draw(st.none() | days),
                gone_on=draw(st.none() | days),
            )
        )
    return found


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    start = draw(st.none() | st.dates(date(2027, 1, 1), date(2027, 12, 31)))
    return Promise(
        role=draw(st.sampled_from(["own", "holder", "follower"])),
        year=2027,
        runs=draw(st.none() | st.integers(1, 3)),
        starts_on=start,
        ends_on=start and min(date(2027, 12, 31), start + timedelta(days=draw(st.integers(0, 90)))),
        guarantee=draw(st.booleans()),
        days=draw(st.integers(1, 10)),
    )


@given(promises(), runs(), runs(), days, st.none() | days)
def test_what_holds_for_any(
    promise: Promise, mine: list[Seen], theirs: list[Seen], today: date, looked: date | None
) -> None:
    verdict = judge(
        promise, mine, today=today, looked_on=looked, terms=TERMS, holder=theirs, holder_runs=2
    )
    of_year = [seen for seen in mine if seen.starts_on.year == 2027]
    alive = [seen for seen in of_year if not seen.is_dead]
    assert set(verdict.runs) == {seen.pk for seen in of_year}
    assert verdict.announced == len(alive)
    # nobody is blamed for what nobody knows
    if verdict.status == Standing.MISSING:
        assert not of_year and looked is not None and looked > due_on(promise, TERMS)
        assert today > due_on(promise, TERMS)
    if verdict.status == Standing.LATE:
        assert alive and any(seen.absent_on is not None for seen in alive)
    # kept, late and drifted are about runs that stand; the others about none
    standing = verdict.status in (Standing.KEPT, Standing.LATE, Standing.DRIFTED)
    assert standing == bool(alive)
    assert (verdict.status == Standing.CANCELLED) == (bool(of_year) and not alive)
    assert verdict.broken <= sum(seen.is_dead for seen in of_year)
    assert (verdict.guarantee == GuaranteeStanding.BROKEN) == (verdict.broken > 0)
    # the order in which runs are told doesn't matter
    again = judge(
        promise, mine[::-1], today=today, looked_on=looked, terms=TERMS, holder=theirs[::-1],
        holder_runs=2,
    )  # fmt: skip
    assert again == verdict


@given(promises(), runs(), days)
def test_what_was_never_looked_for_is_neither_missing_nor_late(
    promise: Promise, mine: list[Seen], today: date
) -> None:
    unseen = [replace(seen, absent_on=None) for seen in mine]
    verdict = judge(promise, unseen, today=today, looked_on=None, terms=TERMS, holder=unseen)
    assert verdict.status not in (Standing.MISSING, Standing.LATE)


@given(promises(), runs(), days, days)
def test_a_follower_that_announces_the_holders_runs_has_not_drifted(
    promise: Promise, theirs: list[Seen], today: date, looked: date
) -> None:
    following = replace(promise, role="follower")
    verdict = judge(
        following, theirs, today=today, looked_on=looked, terms=TERMS, holder=theirs, holder_runs=3
    )
    assert verdict.status != Standing.DRIFTED
