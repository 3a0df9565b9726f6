"""An answer about several courses, taken apart: the parts are answers, and together they are the whole."""

from __future__ import annotations

import pytest

from planning.planners import OFFERS, POOLING
from planning.pooling import Party, PinnedRun, Place, Problem, Run, RunPin, School, Shared, solve
from planning.pooling.asked import AskProblem
from planning.pooling.asked import solve as solve_asked
from planning.pooling.score import TERMS, score
from planning.pooling.split import courses_of, split, split_asked
from planning.pooling.validate import validate
from planning.pooling.willingness import flat

COURSES = ("10001", "10002", "10003")


def problem(shared: tuple[Shared, ...] = ()) -> Problem:
    """Three courses with three small runs each, at three places some 40 km apart."""
    runs, parties = [], []
    for c, course in enumerate(COURSES):
        for i, heads in enumerate(((4, 3, 2), (5, 1, 3), (1, 1, 1))[c]):
            key = f"{course}-{i}"
            runs.append(
                Run(key, course, f"s{i}", f"p{i}", 100 + 7 * i, 102 + 7 * i, 12, 6, income=300)
            )
            parties += [
                Party(f"{key}-{n}", course, f"p{i}", n, 70, 140, 200_000, run=key,
                      refused=(f"{course}-2",) if n == 0 and i != 2 else ())
                for n in range(heads)
            ]  # fmt: skip
    return Problem(
        schools=tuple(School(f"s{i}") for i in range(3)),
        places=tuple(Place(f"p{i}", 56_000_000 + 300_000 * i, 10_000_000) for i in range(3)),
        runs=tuple(runs),
        parties=tuple(parties),
        shared=shared,
        run_pins=(PinnedRun("10002-1", RunPin.CANCELLED),),
    )


def test_the_parts_are_answers_and_add_up_to_the_whole() -> None:
    whole = problem()
    result = solve(whole)
    found = list(split(whole, result))
    assert [course for course, _part, _own in found] == list(COURSES)
    for _course, part, own in found:
        assert validate(part, own.solution) == ()
        # written and read back, each is a problem and an answer of its own
        again = POOLING.read_problem(POOLING.write_problem(part))
        assert POOLING.read_solution(POOLING.write_result(part, own)) == own.solution
        assert again == part
    total = score(whole, result.solution)
    for term in ("taught", "kept", "moved", "asked", "metres", "days", "people"):
        assert getattr(total, term) == sum(
            getattr(score(part, own.solution), term) for _course, part, own in found
        )
    assert total.taught > 0


def test_what_is_proven_for_all_is_proven_for_each_and_nothing_else_is_claimed() -> None:
    whole = problem()
    result = solve(whole)
    proven = {bound.term for bound in result.bounds if bound.is_proven}
    assert "taught" in proven
    for _course, part, own in split(whole, result):
        assert {bound.term for bound in own.bounds if bound.is_proven} == proven
        alone = solve(part)
        assert alone.bound("taught").value == own.bound("taught").value
    assert {bound.term for bound in result.bounds} == set(TERMS)


def test_where_some_say_no_each_course_has_its_own_offers() -> None:
    asked = AskProblem(problem(), flat(600))
    result = solve_asked(asked)
    offers = []
    for _course, part, own in split_asked(asked, result):
        people = {party.key for party in part.pooling.parties}
        assert {offer.party for offer in own.solution.offers} <= people
        assert OFFERS.validate(part, own.solution) == ()
        offers += own.solution.offers
    assert sorted(offers) == sorted(result.solution.offers)


def test_courses_that_share_a_teacher_are_not_taken_apart() -> None:
    with pytest.raises(ValueError, match="share"):
        courses_of(problem((Shared("teacher", 1),)))
