"""How likely a yes is, what a history of answers does to it, and the exact chance that enough come."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.checks import ProblemError
from planning.io import dump, load
from planning.pooling import PinnedSeat, SeatPin
from planning.pooling.chance import Answers, heads, permille
from planning.pooling.willingness import Answered, Band, Willingness, fit, flat, prior
from tests.planning.willing import party, problem, run


@settings(max_examples=120, deadline=None)
@given(
    certain=st.integers(0, 4),
    answers=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1000)), max_size=6),
    minimum=st.integers(-1, 14),
)
def test_the_distribution_is_that_of_every_outcome(
    certain: int, answers: list[tuple[int, int]], minimum: int
) -> None:
    counted = heads(certain, [Answers(size, Fraction(p, 1000)) for size, p in answers])
    at_least = mean = Fraction(0)
    for says in product((0, 1), repeat=len(answers)):
        chance = Fraction(1)
        for (_, p), yes in zip(answers, says, strict=True):
            chance *= Fraction(p if yes else 1000 - p, 1000)
        number = certain + sum(size * yes for (size, _), yes in zip(answers, says, strict=True))
        if number >= minimum:
            at_least += chance
            mean += chance * number
    assert counted.at_least(minimum) == at_least
    assert counted.mean_from(minimum) == mean


def test_a_probability_is_rounded_to_certainty_only_when_it_is_certain() -> None:
    assert permille(Fraction(99999, 100000)) == 999
    assert permille(Fraction(1, 100000)) == 1
    assert (permille(Fraction(0)), permille(Fraction(1))) == (0, 1000)
    assert permille(Fraction(1, 3)) == 333


def test_the_prior_falls_with_distance_and_days_and_has_no_answers_behind_it() -> None:
    start = prior()
    assert start.band("x", 9_999, 0).permille == 850
    assert start.band("x", 10_000, 0).permille == 850 - 60
    assert start.band("x", 10_000, 8).permille == 850 - 60 - 40 * 8 // 7
    assert start.band("x", 900_000, 900).permille >= 100
    for metres in start.metres:
        values = [start.band("", metres, days).permille for days in start.days]
        assert values == sorted(values, reverse=True)
    assert start.answers == 0


def test_a_history_moves_its_own_band_as_far_as_it_weighs() -> None:
    start = flat(600)
    few = fit([Answered("c", 0, 0, 2, 0)], start).band("x", 0, 0)
    many = fit([Answered("c", 0, 0, 400, 40)], start).band("x", 0, 0)
    assert few.permille == round(20 * 600 / 22)
    assert many.permille == round((20 * 600 + 1000 * 40) / 420)
    assert (many.asked, many.yes) == (400, 40)


def test_a_band_without_answers_stays_at_the_prior() -> None:
    fitted = fit([Answered("c", 0, 0, 50, 0)])
    assert fitted.band("x", 30_000, 0).permille == prior().band("x", 30_000, 0).permille
    assert fitted.band("x", 0, 0).permille < prior().band("x", 0, 0).permille
    assert fitted.answers == 50


def test_a_course_is_moved_from_what_the_others_answered_and_counts_its_own_once() -> None:
    fitted = fit([Answered("a", 0, 0, 30, 30), Answered("b", 0, 0, 10, 0)], flat(500))
    # For b: the prior moved by a's 30 of 30, then by its own 0 of 10.
    others = round((20 * 500 + 1000 * 30) / 50)
    assert fitted.band("b", 0, 0).permille == round(20 * others / 30)
    assert fitted.band("other", 0, 0).permille == round((20 * 500 + 1000 * 30) / 60)
    only = fit([Answered("a", 0, 0, 30, 30)], flat(500))
    assert only.band("a", 0, 0).permille == only.band("", 0, 0).permille == others


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: fit([Answered("c", 0, 0, 1, 2)]), "history[0].yes"),
        (lambda: fit([Answered("", 0, 0, 1, 1)]), "history[0].course"),
        (lambda: flat(1001), "bands[0].permille"),
        (lambda: Willingness((5,), (0,), (Band(5, 0, 1),)), "metres"),
        (lambda: Willingness((0, 9), (0,), (Band(0, 0, 1),)), "bands"),
    ],
)
def test_a_fact_that_cannot_be_right_is_named(build: object, field: str) -> None:
    with pytest.raises(ProblemError) as error:
        build()  # type: ignore[operator]
    assert error.value.field == field


def test_their_own_run_and_a_pinned_seat_are_certain() -> None:
    runs = (run("a", 2), run("b", 2, place="p3", day=40))
    some = problem(runs, (party("x", "a"),))
    assert flat(300).permille(some, some.parties[0], runs[0]) == 1000
    assert flat(300).permille(some, some.parties[0], runs[1]) == 300
    pinned = problem(runs, (party("x", "a"),), seat_pins=(PinnedSeat("x", "b", SeatPin.SEAT),))
    assert flat(300).permille(pinned, pinned.parties[0], runs[1]) == 1000
    # 60 km and 40 days from their own run: the band from 50 km and from 29 days.
    assert prior().permille(some, some.parties[0], runs[1]) == 850 - 60 * 5 - 40 * 29 // 7


def test_it_is_read_back_from_json() -> None:
    fitted = fit([Answered("c", 12_000, 3, 8, 5)])
    assert load(Willingness, dump(fitted)) == fitted
