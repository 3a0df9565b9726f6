"""The solver against the validator, brute force, and changes that may not matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from planning.checks import ProblemError
from planning.coverage import (
    SOLVER,
    Assignment,
    FormLine,
    Offer,
    Pin,
    PinRole,
    Problem,
    Role,
    School,
    Solution,
    explain,
    score,
    solve,
    validate,
)
from planning.coverage.baselines import greedy
from planning.result import Limits, Status
from tests.planning.instances import brute_force, by_hand, problems

MANY = settings(max_examples=80, deadline=None)


def codes(problem: Problem, solution: Solution, course: str, school: str = "") -> list[str]:
    return [
        m.code
        for line in explain(problem, solution)
        if (line.course, line.school) == (course, school)
        for m in line.messages
    ]


# ------------------------------------------------------------------ by hand


def test_the_example_is_solved_as_a_person_would() -> None:
    problem = by_hand()
    result = solve(problem)
    assert result.solution.holder_of == {"c1": "b", "c2": "a"}
    assert result.solution.followers_of == {"c1": ("c",), "c4": ("c",)}
    assert result.solution.uncovered == ("c3",)
    assert result.bound("covered").is_proven
    assert result.status == Status.PROVEN
    assert result.solver == SOLVER


def test_the_score_of_the_example_term_by_term() -> None:
    problem = by_hand()
    terms = score(problem, solve(problem).solution)
    assert terms.covered == 2
    assert terms.burden == 300  # 3.0 days at a school of size 10, in thousandths
    assert terms.travel == (30 + 60) + (30 + 90)
    assert terms.kept == 1
    assert terms.guarantees == 1
    assert terms.max_extra_courses == 1
    assert terms.longest_km == 90
    assert terms.longest_km_before == 150


def test_the_way_before_is_unknown_when_nobody_outside_is_approved() -> None:
    problem = by_hand(approvals=tuple(a for a in by_hand().approvals if a.school != "z"))
    assert score(problem, solve(problem).solution).longest_km_before is None


def test_reasons_of_the_example() -> None:
    problem = by_hand()
    solution = solve(problem).solution
    # a could take c1 too, but would then carry six days where nobody else carries more than three.
    assert codes(problem, solution, "c1", "b") == ["fairest", "uses_days"]
    assert codes(problem, solution, "c2", "a") == [
        "only_school",
        "was_holder",
        "guarantee",
        "uses_days",
    ]
    assert codes(problem, solution, "c1", "c") == ["follows"]
    assert codes(problem, solution, "c3") == ["nobody_can", "help_ask", "help_outside"]


def test_too_few_days_says_how_many_are_missing_and_they_do_help() -> None:
    schools = (School("a", capacity=(("sosu", 40),)), *by_hand().schools[1:])
    problem = by_hand(
        schools=(schools[0], School("b", capacity=(("sosu", 0),)), *schools[2:]),
    )
    solution = solve(problem).solution
    (missing,) = solution.uncovered[:1]
    (line,) = (
        line for line in explain(problem, solution) if line.course == missing and not line.school
    )
    by_code = {m.code: m.facts for m in line.messages if m.facts.get("school") == "a"}
    assert by_code["help_days"] == {"school": "a", "missing": 20, "limit": "group"}
    more = replace(schools[0], capacity=(("sosu", 60),))
    helped = solve(replace(problem, schools=(more, *problem.schools[1:]))).solution
    assert set(helped.uncovered) == {"c3"}


def test_a_line_below_the_duration_lacks_days_on_the_line() -> None:
    problem = by_hand(lines=(FormLine("c3", "a", can_take_on=5),))
    (line,) = (x for x in explain(problem, solve(problem).solution) if x.course == "c3")
    assert [m.code for m in line.messages][:2] == ["too_few_days", "help_days"]
    assert line.messages[1].facts == {"school": "a", "missing": 15, "limit": "line"}


def test_decided_no_is_named_and_lifting_it_helps() -> None:
    problem = by_hand(pins=(Pin("c2", "a", PinRole.NO),))
    solution = solve(problem).solution
    assert "c2" in solution.uncovered
    assert codes(problem, solution, "c2")[:2] == ["decided_no", "help_decision"]
    assert "c2" not in solve(by_hand()).solution.uncovered


def test_the_only_school_left_is_told_apart_from_the_only_school() -> None:
    problem = by_hand(pins=(Pin("c1", "b", PinRole.NO),))
    assert codes(problem, solve(problem).solution, "c1", "a")[0] == "others_no"
    small = by_hand(
        lines=(FormLine("c1", "a", can_take_on=60), FormLine("c1", "b", can_take_on=20))
    )
    assert codes(small, solve(small).solution, "c1", "a")[0] == "others_full"


def test_nothing_is_uncovered_merely_because_of_the_order() -> None:
    # a must give up c1 (which b can take) for c2 (which only a can take), even from a bad start.
    problem = by_hand(schools=(School("a", capacity=(("sosu", 30),)), *by_hand().schools[1:]))
    bad = Solution(assignments=(Assignment("c1", "a", Role.HOLDER),), uncovered=("c2", "c3"))
    assert solve(problem, warm_start=bad).solution.holder_of == {"c1": "b", "c2": "a"}


def test_without_gaps_there_is_nothing_to_decide_and_that_is_proven() -> None:
    problem = by_hand(courses=by_hand().courses[3:], lines=(), offers=(Offer("c4", "b"),))
    result = solve(problem)
    assert result.status == Status.PROVEN
    assert result.solution == Solution()


def test_more_pins_than_days_leaves_no_room_and_breaks_no_rule() -> None:
    problem = by_hand(pins=(Pin("c3", "b", PinRole.HOLDER), Pin("c4", "b", PinRole.HOLDER)))
    result = solve(problem)
    assert validate(problem, result.solution) == ()
    assert result.solution.holder_of == {"c1": "a", "c2": "a"}
    assert result.bound("covered").is_proven


def test_stopped_by_the_work_limit_is_said_and_the_answer_is_valid() -> None:
    problem = by_hand()
    result = solve(problem, limits=Limits(work=1))
    assert result.status == Status.STOPPED
    assert validate(problem, result.solution) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schools": (School("a", size=0),)}, "schools[0].size"),
        ({"schools": (School("a"), School("a"))}, "schools[1]"),
        ({"lines": (FormLine("c1", "nowhere"),)}, "lines[0].school"),
        ({"lines": (FormLine("c9", "a"),)}, "lines[0].course"),
        ({"pins": (Pin("c1", "a", PinRole.NO), Pin("c1", "a", PinRole.OWN))}, "pins[1]"),
        ({"low_activity_below": 2.5}, "low_activity_below"),
    ],
)
def test_a_fact_that_cannot_be_right_is_refused_by_name(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(ProblemError) as refused:
        by_hand(**changes)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("cells", "uncovered", "code"),
    [
        ((Assignment("c3", "a", Role.HOLDER),), ("c1", "c2"), "did_not_say_can"),
        ((Assignment("c1", "z", Role.HOLDER),), ("c2", "c3"), "school_outside"),
        ((Assignment("c4", "c", Role.HOLDER),), ("c1", "c2", "c3"), "already_covered"),
        ((Assignment("c4", "b", Role.HOLDER),), ("c1", "c2", "c3"), "offer_changed"),
        ((Assignment("c1", "c", Role.FOLLOWER),), ("c1", "c2", "c3"), "nobody_to_follow"),
        (
            (Assignment("c1", "a", Role.HOLDER, guarantee=True),),
            ("c2", "c3"),
            "guarantee_not_offered",
        ),
        (
            (Assignment("c1", "a", Role.HOLDER), Assignment("c1", "b", Role.HOLDER)),
            ("c2", "c3"),
            "two_holders",
        ),
        ((), ("c1", "c2"), "not_accounted_for"),
        ((), ("c1", "c2", "c3", "c4"), "not_a_gap"),
        ((Assignment("c9", "a", Role.HOLDER),), ("c1", "c2", "c3"), "unknown_key"),
    ],
)
def test_the_validator_finds_what_is_wrong(
    cells: tuple[Assignment, ...], uncovered: tuple[str, ...], code: str
) -> None:
    found = validate(by_hand(), Solution(assignments=cells, uncovered=uncovered))
    assert code in {violation.code for violation in found}


def test_the_validator_counts_days_per_group_and_in_all() -> None:
    full = Solution(
        assignments=(Assignment("c1", "a", Role.HOLDER), Assignment("c2", "a", Role.HOLDER)),
        uncovered=("c3",),
    )
    assert validate(by_hand(), full) == ()
    small = by_hand(schools=(School("a", capacity=(("sosu", 50),)), *by_hand().schools[1:]))
    assert [v.code for v in validate(small, full)] == ["group_capacity"]
    tight = by_hand(
        schools=(School("a", capacity=(("sosu", 60),), capacity_total=50), *by_hand().schools[1:])
    )
    assert [v.code for v in validate(tight, full)] == ["total_capacity"]


# ------------------------------------------------------------------ any instance


@MANY
@given(problems())
def test_every_answer_is_valid_and_within_its_bound(problem: Problem) -> None:
    result = solve(problem)
    assert validate(problem, result.solution) == ()
    terms = score(problem, result.solution)
    for bound in result.bounds:
        assert bound.value == getattr(terms, bound.term)
        if bound.best_possible is not None and bound.term in ("covered", "kept", "guarantees"):
            assert bound.value <= bound.best_possible


@MANY
@given(problems())
def test_the_count_is_that_of_brute_force_and_proven(problem: Problem) -> None:
    covered = solve(problem).bound("covered")
    assert covered.value == brute_force(problem)
    assert covered.is_proven


@MANY
@given(problems(unit_days=True))
def test_with_equal_durations_repair_alone_finds_the_most(problem: Problem) -> None:
    assert len(greedy(problem).holder_of) == brute_force(problem)


@MANY
@given(problems())
def test_the_same_problem_gives_the_same_answer(problem: Problem) -> None:
    assert solve(problem) == solve(problem)


@MANY
@given(problems())
def test_the_order_of_the_facts_does_not_matter(problem: Problem) -> None:
    turned = replace(
        problem,
        schools=problem.schools[::-1],
        courses=problem.courses[::-1],
        approvals=problem.approvals[::-1],
        lines=problem.lines[::-1],
        offers=problem.offers[::-1],
        pins=problem.pins[::-1],
        distances=problem.distances[::-1],
    )
    assert solve(turned).solution == solve(problem).solution


@MANY
@given(problems())
def test_more_capacity_never_covers_less(problem: Problem) -> None:
    richer = replace(
        problem,
        schools=tuple(
            replace(
                s,
                capacity=tuple((group, days + 10) for group, days in s.capacity),
                capacity_total=None if s.capacity_total is None else s.capacity_total + 10,
            )
            for s in problem.schools
        ),
    )
    assert solve(richer).bound("covered").value >= solve(problem).bound("covered").value


@MANY
@given(problems())
def test_new_names_in_the_same_order_change_nothing_else(problem: Problem) -> None:
    def name(key: str) -> str:
        return f"school-{key}"

    renamed = replace(
        problem,
        schools=tuple(replace(s, key=name(s.key)) for s in problem.schools),
        courses=tuple(
            replace(c, last_holder=c.last_holder and name(c.last_holder)) for c in problem.courses
        ),
        approvals=tuple(replace(a, school=name(a.school)) for a in problem.approvals),
        lines=tuple(replace(x, school=name(x.school)) for x in problem.lines),
        offers=tuple(replace(x, school=name(x.school)) for x in problem.offers),
        pins=tuple(replace(x, school=name(x.school)) for x in problem.pins),
        distances=tuple(replace(d, a=name(d.a), b=name(d.b)) for d in problem.distances),
    )
    expected = {
        course: name(school) for course, school in solve(problem).solution.holder_of.items()
    }
    assert solve(renamed).solution.holder_of == expected


@MANY
@given(problems())
def test_an_answer_made_into_pins_leaves_the_rest_as_it_was(problem: Problem) -> None:
    first = solve(problem)
    pins = [Pin(a.course, a.school, PinRole(a.role.value)) for a in first.solution.assignments]
    again = solve(problem, pins=pins)
    assert again.solution.assignments == ()
    assert again.solution.uncovered == first.solution.uncovered


@MANY
@given(problems())
def test_a_no_to_a_school_that_has_nothing_changes_nothing(problem: Problem) -> None:
    first = solve(problem)
    given_cells = {(a.course, a.school) for a in first.solution.assignments}
    free = [
        (c.key, s.key)
        for c in problem.courses
        for s in problem.schools
        if (c.key, s.key) not in given_cells
        and (c.key, s.key) not in problem.pin_by_cell
        and (c.key, s.key) not in problem.offer_by_cell
    ]
    again = solve(
        problem, pins=[Pin(*cell, PinRole.NO) for cell in free], warm_start=first.solution
    )
    assert again.solution.holder_of == first.solution.holder_of


@MANY
@given(problems())
def test_every_line_has_a_reason(problem: Problem) -> None:
    solution = solve(problem).solution
    lines = explain(problem, solution)
    assert [(x.course, x.school) for x in lines] == [
        *((a.course, a.school) for a in solution.assignments),
        *((key, "") for key in solution.uncovered),
    ]
    assert all(line.messages for line in lines)
    assert "not_found" not in {m.code for line in lines for m in line.messages}


def test_without_distances_no_way_is_claimed() -> None:
    problem = by_hand(distances=())
    terms = score(problem, solve(problem).solution)
    assert (terms.travel, terms.longest_km, terms.longest_km_before) == (0, None, None)
