"""The solver with every kind of fact: against all answers tried, after pins, against time, and its contradictions."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planning.coverage import (
    Approval,
    Course,
    Demand,
    FormLine,
    Holding,
    Loan,
    Municipality,
    Pin,
    PinRole,
    Problem,
    Role,
    School,
    Solution,
    Way,
    baselines,
    contradiction,
    contradictions,
    explain,
    score,
    solve,
    validate,
    with_capacity,
    without_approval,
    without_school,
)
from planning.coverage.bounds import Groups, above_prices
from planning.coverage.choices import compile_problem
from planning.coverage.clusters import Clusters
from planning.coverage.exact import by_cpsat, by_highs, in_order
from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.coverage.quarters import Quarters
from planning.coverage.score import MORE_IS_BETTER, TERMS
from planning.coverage.search import Search
from planning.planners import COVERAGE
from planning.result import Bound, Limits, Progress, Status, Watch
from planning.solvers import highs
from planning.solvers.crew import Crew
from tests.planning.coverage_cases import best_of_all, full_problems
from tests.planning.instances import by_hand

MANY = settings(max_examples=60, deadline=None)
SOME = settings(max_examples=25, deadline=None)


def is_honest(bound: Bound) -> bool:
    if bound.best_possible is None:
        return True
    if bound.term in MORE_IS_BETTER:
        return bound.value <= bound.best_possible
    return bound.value >= bound.best_possible


# ------------------------------------------------------------------ every answer


@MANY
@given(full_problems())
def test_the_answer_is_the_best_of_all_and_proven(problem: Problem) -> None:
    best = best_of_all(problem)
    assume(best is not None)
    result = solve(problem)
    assert validate(problem, result.solution) == ()
    assert score(problem, result.solution).key() == best
    assert result.status == Status.PROVEN


@MANY
@given(full_problems(courses=6))
def test_valid_and_no_better_than_its_bounds_and_the_score_is_the_plans(problem: Problem) -> None:
    for answer in (
        baselines.first_approved(problem),
        baselines.greedy(problem),
        baselines.greedy_with_moves(problem, work=2_000),
    ):
        assert validate(problem, answer) == ()
    result = solve(problem)
    assert validate(problem, result.solution) == ()
    assert [bound.term for bound in result.bounds] == list(TERMS)
    assert all(is_honest(bound) for bound in result.bounds)
    plan = Plan(compile_problem(problem))
    plan.construct()
    assert plan.key() == score(problem, plan.solution()).key()


@SOME
@given(full_problems(courses=4))
def test_both_solvers_find_the_same_objectives(problem: Problem) -> None:
    keys = []
    for solver in (by_highs(10_000), by_cpsat(100_000)):
        plan = Plan(compile_problem(problem))
        in_order(plan, solver, Watch())
        keys.append(plan.key())
    assert keys[0] == keys[1]


@SOME
@given(full_problems(courses=5), st.integers(0, 3))
def test_large_problems_are_solved_in_parts_that_are_valid_too(problem: Problem, seed: int) -> None:
    # The same code as for a country, on problems small enough to know the best.
    best = solve(problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[solve.__module__], "EXACT_CHOICES", -1)
        patch.setattr(sys.modules[solve.__module__], "WHOLE_CHOICES", -1)
        result = solve(problem, seed=seed)
    assert validate(problem, result.solution) == ()
    assert all(is_honest(bound) for bound in result.bounds)
    assert score(problem, result.solution).key() >= score(problem, best.solution).key()
    assert result.bound("covered").value == best.bound("covered").value
    # A bound holds for the best answer as long as that is no worse in the terms before.
    for term in TERMS:
        bound, least = result.bound(term), best.bound(term).value
        if bound.best_possible is not None:
            claimed = bound.best_possible
            assert claimed >= least if term in MORE_IS_BETTER else claimed <= least
        if bound.value != least:
            break


def some_groups() -> Problem:
    """Four branch groups of six courses at three schools, learners at one end."""
    schools = tuple(
        School(f"s{i}", size=100, capacity=tuple((f"g{g}", 200) for g in range(4)))
        for i in range(3)
    )
    courses = tuple(
        Course(f"f{g}/{n}", f"f{g}", f"g{g}", (20, 30, 50)[n % 3], activity=20)
        for g in range(4)
        for n in range(6)
    )
    return Problem(
        schools=schools,
        courses=courses,
        approvals=tuple(Approval(s.key, f"f{g}") for g in range(4) for s in schools),
        lines=tuple(FormLine(c.key, s.key, can_take_on=900) for c in courses for s in schools),
        municipalities=(Municipality("m", 1_000),),
        ways=tuple(Way("m", s.key, 10 + 40 * n) for n, s in enumerate(schools)),
    )


def test_two_processes_answer_as_one() -> None:
    problem = some_groups()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("EXACT_CHOICES", "WHOLE_CHOICES"):
            patch.setattr(sys.modules[solve.__module__], name, -1)
        one, two = (solve(problem, limits=Limits(processes=n)) for n in (1, 2))
    assert one == two
    assert validate(problem, two.solution) == ()
    assert len(two.solution.holder_of) == len(problem.courses)


@pytest.mark.parametrize("step", [Clusters.whole, Clusters.step])
def test_all_at_once_finds_the_ways_that_the_prices_bound(step: Callable[[Clusters], int]) -> None:
    problem = some_groups()
    plan = Plan(compile_problem(problem))
    for i, item in enumerate(plan.items):
        travel = [choice.travel if plan.fits(choice) else -1 for choice in item.choices]
        plan.put(i, travel.index(max(travel)))
    form = Formulation(plan.instance, quarters=False)
    form.cover_all()
    form.model.minimise(form.travel())
    relaxed = highs.relax_priced(form.model)
    assert relaxed is not None
    priced = Groups(form).priced(relaxed.prices, lambda models: map(highs.solve, models))
    assert priced is not None
    dear = above_prices(form.model, relaxed.prices)
    caps = dict.fromkeys(plan.load, 10**6)
    watch = Watch[object]()
    clusters = Clusters(
        Search(plan, watch), form, Quarters(plan), priced, dear, caps, watch, Crew(1, watch)
    )
    assert plan.travel > priced.bound
    assert step(clusters) > 0
    assert plan.travel == priced.bound
    assert plan.covered == len(problem.courses)
    assert min(plan.room, default=0) >= 0


def one_school_with_quarters(days: tuple[int, ...], room: int) -> Plan:
    """Its courses, all in one branch group, each in any quarter; so much room in each of the four."""
    school = School(
        "s",
        size=10,
        capacity=(("g", 4 * room),),
        capacity_quarters=tuple(("g", q, room) for q in (1, 2, 3, 4)),
    )
    courses = tuple(Course(f"f/{n}", "f", "g", d) for n, d in enumerate(days))
    problem = Problem(
        schools=(school,),
        courses=courses,
        approvals=(Approval("s", "f"),),
        lines=tuple(FormLine(c.key, "s", can_take_on=900) for c in courses),
        plans_quarters=True,
    )
    plan = Plan(compile_problem(problem))
    for i, item in enumerate(plan.items):
        plan.put(i, next(k for k, choice in enumerate(item.choices) if choice.quarter == 1))
    return plan


def test_courses_that_a_model_put_into_one_quarter_are_shared_out_over_the_year() -> None:
    # 50 + 10, 40 + 20, 30 + 30, 60: each quarter is full; first the longest, or it doesn't work.
    plan = one_school_with_quarters((10, 20, 30, 30, 40, 50, 60), 60)
    quarters = Quarters(plan)
    before = quarters.left_out
    assert min(plan.room) < 0
    assert quarters.mend()
    assert quarters.left_out == before
    assert min(plan.room) == 0
    assert all(k >= 0 for k in plan.chosen)


def test_quarters_without_room_for_the_courses_are_told_apart_from_then_on() -> None:
    # 240 days of room and 200 of courses, but two of 40 don't go into a quarter of 60.
    plan = one_school_with_quarters((40, 40, 40, 40, 40), 60)
    kept, quarters = list(plan.chosen), Quarters(plan)
    assert len(quarters.left_out) == 4
    assert not quarters.mend()
    assert quarters.left_out == frozenset()
    assert plan.chosen == kept
    # A model that knows of them puts no two of these courses into one quarter.
    form = Formulation(plan.instance, quarters=False, left_out=quarters.left_out)
    form.model.minimise(form.covered())
    assert highs.solve(form.model).objective == -4


def test_a_large_problem_keeps_to_quarters_that_its_models_leave_out() -> None:
    problem = replace(
        some_groups(),
        schools=tuple(
            replace(
                s, capacity_quarters=tuple((f"g{g}", q, 60) for g in range(4) for q in range(1, 5))
            )
            for s in some_groups().schools
        ),
        plans_quarters=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in ("EXACT_CHOICES", "WHOLE_CHOICES"):
            patch.setattr(sys.modules[solve.__module__], name, -1)
        result = solve(problem)
    assert validate(problem, result.solution) == ()
    assert result.bound("covered").is_proven
    assert result.bound("burden").is_proven


def test_schools_are_filled_to_the_last_day_where_the_duty_can_be_spread_so_evenly() -> None:
    # Nine courses of 20, 30 and 50 for three schools of the same size: even only as 100, 100, 100.
    days = (20, 20, 20, 30, 30, 30, 50, 50, 50)
    schools = tuple(School(f"s{i}", size=100, capacity=(("g", 900),)) for i in range(3))
    courses = tuple(Course(f"f/{n}", "f", "g", d, activity=20) for n, d in enumerate(days))
    problem = Problem(
        schools=schools,
        courses=courses,
        approvals=tuple(Approval(s.key, "f") for s in schools),
        lines=tuple(FormLine(c.key, s.key, can_take_on=900) for c in courses for s in schools),
        # The first school is nearest to everybody: without the duty it would have all.
        municipalities=(Municipality("m", 1_000),),
        ways=tuple(Way("m", s.key, 10 + 40 * n) for n, s in enumerate(schools)),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[solve.__module__], "EXACT_CHOICES", -1)
        patch.setattr(sys.modules[solve.__module__], "WHOLE_CHOICES", -1)
        result = solve(problem)
    found = [result.bound(term) for term in ("burden", "burden_2", "burden_3")]
    assert [bound.value for bound in found] == [100, 100, 100]
    assert all(bound.is_proven for bound in found)


# ------------------------------------------------------------------ changes that may not matter


@SOME
@given(full_problems(courses=5))
def test_more_room_is_never_worse(problem: Problem) -> None:
    richer = replace(
        problem,
        schools=tuple(
            replace(
                s,
                capacity=tuple((group, days + 10) for group, days in s.capacity),
                capacity_total=None if s.capacity_total is None else s.capacity_total + 10,
                capacity_quarters=tuple((g, q, d + 10) for g, q, d in s.capacity_quarters),
            )
            for s in problem.schools
        ),
    )
    before, after = solve(problem), solve(richer)
    assert score(richer, after.solution).key() <= score(problem, before.solution).key()


@SOME
@given(full_problems(courses=5), st.permutations([f"t{i}" for i in range(4)]))
def test_other_names_give_an_answer_as_good(problem: Problem, names: list[str]) -> None:
    name = dict(zip((s.key for s in problem.schools), names, strict=False))
    renamed = replace(
        problem,
        schools=tuple(replace(s, key=name[s.key]) for s in problem.schools),
        courses=tuple(
            replace(c, last_holder=c.last_holder and name[c.last_holder]) for c in problem.courses
        ),
        approvals=tuple(replace(a, school=name[a.school]) for a in problem.approvals),
        lines=tuple(replace(x, school=name[x.school]) for x in problem.lines),
        offers=tuple(replace(x, school=name[x.school]) for x in problem.offers),
        pins=tuple(replace(x, school=name[x.school]) for x in problem.pins),
        distances=tuple(replace(d, a=name[d.a], b=name[d.b]) for d in problem.distances),
        loans=tuple(
            replace(x, school=name[x.school], lender=name[x.lender]) for x in problem.loans
        ),
        ways=tuple(replace(w, school=name[w.school]) for w in problem.ways),
        previous=tuple(replace(x, school=name[x.school]) for x in problem.previous),
    )
    # A covered course with two holders by hand is led by the first in key order.
    assume(all(len(problem.providers(c)) < 2 for c in problem.courses))
    before, after = solve(problem), solve(renamed)
    assert score(renamed, after.solution).key() == score(problem, before.solution).key()


# ------------------------------------------------------------------ after a pin


@SOME
@given(full_problems(courses=5), st.data())
def test_after_a_pin_as_little_changes_as_can(problem: Problem, data: st.DataObject) -> None:
    problem = replace(problem, previous=())
    first = solve(problem)
    held = sorted(first.solution.holder_of.items())
    assume(held)
    course, school = data.draw(st.sampled_from(held))
    pin = Pin(course, school, PinRole.NO)
    again = solve(problem, pins=[pin], warm_start=first.solution)
    seen = replace(
        problem,
        pins=(*problem.pins, pin),
        previous=tuple(Holding(*pair) for pair in held),
    )
    assert validate(seen, again.solution) == ()
    best = best_of_all(seen)
    if best is not None:
        assert score(seen, again.solution).key() == best
    others = {c for c, s in held if again.solution.holder_of.get(c) != s}
    assert course in others
    assert again.bound("changed").value == len(others)


@SOME
@given(full_problems(courses=5), st.data())
def test_a_pin_equal_to_the_answer_changes_nothing(problem: Problem, data: st.DataObject) -> None:
    problem = replace(problem, previous=())
    first = solve(problem)
    held = [a for a in first.solution.assignments if a.role == Role.HOLDER]
    assume(held)
    cell = data.draw(st.sampled_from(held))
    pin = Pin(cell.course, cell.school, PinRole.HOLDER, cell.quarter)
    again = solve(problem, pins=[pin], warm_start=first.solution)
    kept = {c: s for c, s in first.solution.holder_of.items() if c != cell.course}
    assert again.solution.holder_of == kept


def test_a_decision_moves_one_course_and_says_so() -> None:
    problem = by_hand()
    first = solve(problem)
    assert first.solution.holder_of == {"c1": "b", "c2": "a"}
    again = solve(problem, pins=[Pin("c1", "b", PinRole.NO)], warm_start=first.solution)
    assert again.solution.holder_of == {"c1": "a", "c2": "a"}
    seen = replace(
        problem,
        pins=(Pin("c1", "b", PinRole.NO),),
        previous=(Holding("c1", "b"), Holding("c2", "a")),
    )
    told = {
        (x.course, x.school): [m.code for m in x.messages] for x in explain(seen, again.solution)
    }
    assert "moved_from" in told["c1", "a"]


# ------------------------------------------------------------------ each kind of fact by hand


def test_quarters_are_spread_and_their_limits_kept() -> None:
    problem = by_hand(
        schools=(
            School("a", size=10, capacity=(("sosu", 200),), capacity_quarters=(("sosu", 2, 0),)),
            *by_hand().schools[1:],
        ),
        courses=tuple(Course(f"c{i}", "2222", "sosu", 20) for i in range(4)),
        lines=tuple(FormLine(f"c{i}", "a", can_take_on=20) for i in range(4)),
        offers=(),
        plans_quarters=True,
    )
    result = solve(problem)
    quarters = sorted(a.quarter for a in result.solution.assignments)
    assert set(quarters) == {1, 3, 4}
    assert result.bound("spread").value == 1
    assert result.status == Status.PROVEN


def test_an_extra_offer_is_made_where_learners_are_far_and_not_for_few() -> None:
    facts: dict[str, object] = {
        "municipalities": (Municipality("near"), Municipality("north")),
        "ways": (
            Way("near", "b", 5),
            Way("north", "b", 140),
            Way("north", "a", 10),
            Way("near", "a", 130),
        ),
        "lines": (FormLine("c4", "a", can_take_on=20),),
        "far_km": 60,
        "extra_for": 5,
    }
    many = by_hand(demands=(Demand("c4", "near", 9), Demand("c4", "north", 8)), **facts)
    result = solve(many)
    assert result.solution.extra_of == {"c4": "a"}
    assert result.bound("far").value == 5
    told = next(x for x in explain(many, result.solution) if x.course == "c4" and x.school == "a")
    assert told.messages[0].facts == {"learners": 8, "km": 60}
    few = by_hand(demands=(Demand("c4", "near", 9), Demand("c4", "north", 4)), **facts)
    assert solve(few).solution.extra_of == {}


def test_a_school_may_hold_on_loan_and_the_line_says_whose_approval_it_is() -> None:
    problem = by_hand(
        approvals=tuple(a for a in by_hand().approvals if a.school != "b"),
        courses=by_hand().courses[:1],
        lines=(FormLine("c1", "b", can_take_on=30),),
        offers=(),
    )
    assert solve(problem).solution.holder_of == {}
    lent = replace(problem, loans=(Loan("c1", "b", "a"),))
    result = solve(lent)
    assert result.solution.holder_of == {"c1": "b"}
    (line,) = explain(lent, result.solution)
    assert {"other": "a"} in [m.facts for m in line.messages if m.code == "on_loan"]


def test_an_older_file_is_read_as_it_stands() -> None:
    written = COVERAGE.write_problem(by_hand())
    assert COVERAGE.read_problem({**written, "version": 1}) == by_hand()


# ------------------------------------------------------------------ stopped and watched


def test_stopped_at_once_it_still_answers() -> None:
    watch: Watch[Solution] = Watch()
    watch.ask_to_stop()
    result = solve(by_hand(), watch=watch)
    assert validate(by_hand(), result.solution) == ()
    assert result.status == Status.STOPPED


@SOME
@given(full_problems(courses=6))
def test_progress_never_gets_worse_and_ends_at_the_answer(problem: Problem) -> None:
    told: list[tuple[Progress, Solution | None]] = []
    result = solve(problem, watch=Watch(None, lambda p, best: told.append((p, best))))
    keys = [score(problem, best).key() for _, best in told if best is not None]
    assert keys
    assert min(keys) >= score(problem, result.solution).key()
    for progress, best in told:
        assert best is not None
        assert validate(problem, best) == ()
        assert [b.value for b in progress.bounds] == [
            getattr(score(problem, best), term) for term in TERMS
        ]


def test_little_work_gives_a_valid_answer_that_says_it_was_stopped() -> None:
    result = solve(by_hand(), limits=Limits(work=1))
    assert validate(by_hand(), result.solution) == ()
    assert result.status == Status.STOPPED


# ------------------------------------------------------------------ contradictions


@SOME
@given(full_problems(courses=5))
def test_a_contradiction_is_of_facts_that_matter(problem: Problem) -> None:
    result = solve(problem)
    for told in result.contradictions:
        assert told.subject in result.solution.uncovered
        codes = [fact.code for fact in told.facts]
        assert codes[0] == "must_offer"
        assert told.is_smallest
    # Every course that stays uncovered in a proven answer has its contradiction.
    if result.bound("covered").is_proven:
        subjects = [c.subject for c in contradictions(problem, result.solution)]
        assert subjects == list(result.solution.uncovered)


def test_the_contradiction_in_the_users_words() -> None:
    # c2 must be held; only a and b are approved; a has no days left, b is decided to no.
    problem = Problem(
        schools=(School("a", capacity=(("x", 30),)), School("b", capacity=(("x", 60),))),
        courses=(Course("c1", "1", "x", 30), Course("c2", "1", "x", 30)),
        approvals=by_hand(approvals=()).approvals
        + tuple(replace(a, fkb="1") for a in by_hand().approvals if a.school in "ab"),
        lines=(
            FormLine("c1", "a", can_take_on=30),
            FormLine("c2", "a", can_take_on=30),
            FormLine("c2", "b", can_take_on=30),
        ),
        pins=(Pin("c2", "b", PinRole.NO), Pin("c1", "a", PinRole.HOLDER)),
    )
    result = solve(problem)
    (told,) = result.contradictions
    assert [(f.code, f.facts) for f in told.facts] == [
        ("must_offer", {"course": "c2"}),
        ("only_approved", {"course": "c2", "schools": ("a", "b")}),
        ("days_left", {"school": "a", "group": "x", "days": 0}),
        ("pinned_no", {"school": "b"}),
    ]
    assert told.is_smallest


def approved_for(course: str, *schools: School, lines: tuple[FormLine, ...]) -> Problem:
    """One course of 30 tenths of a day that all the schools are approved for."""
    return Problem(
        schools=schools,
        courses=(Course(course, "1", "x", 30),),
        approvals=tuple(Approval(school.key, "1") for school in schools),
        lines=lines,
    )


def test_each_approved_school_that_is_named_is_accounted_for() -> None:
    # Neither b nor d said that it can. b has days, c and d have none.
    problem = approved_for(
        "c1",
        School("b", capacity=(("x", 60),)),
        School("c"),
        School("d"),
        lines=(FormLine("c1", "c", can_take_on=30), FormLine("c1", "d", can_take_on=0)),
    )
    (told,) = solve(problem).contradictions
    assert [(f.code, f.facts.get("school")) for f in told.facts] == [
        ("must_offer", None),
        ("only_approved", None),
        ("said_no", "b"),
        ("days_left", "c"),
        ("said_no", "d"),
    ]
    assert told.is_smallest


def test_a_school_decided_to_no_is_accounted_for_without_days_too() -> None:
    problem = approved_for("c1", School("a"), School("b"), lines=())
    (told,) = solve(problem, pins=[Pin("c1", "b", PinRole.NO)]).contradictions
    assert [f.code for f in told.facts] == ["must_offer", "only_approved", "said_no", "pinned_no"]


@SOME
@given(full_problems(courses=5))
def test_no_approved_school_is_named_without_a_fact_of_its_own(problem: Problem) -> None:
    result = solve(problem)
    for told in contradictions(problem, result.solution):
        schools = {
            school
            for fact in told.facts
            if fact.code == "only_approved"
            for school in fact.facts["schools"]
        }
        assert schools == {f.facts["school"] for f in told.facts if "school" in f.facts}


def test_courses_that_need_the_same_days_are_part_of_it() -> None:
    problem = Problem(
        schools=(School("a", capacity=(("x", 40),)),),
        courses=(Course("c1", "1", "x", 30), Course("c2", "1", "x", 30)),
        approvals=tuple(replace(a, fkb="1") for a in by_hand().approvals if a.school == "a"),
        lines=(FormLine("c1", "a", can_take_on=30), FormLine("c2", "a", can_take_on=30)),
    )
    result = solve(problem)
    (told,) = result.contradictions
    facts = {f.code: f.facts for f in told.facts}
    assert facts["competes"] == {"number": 1, "group": "x"}
    assert facts["days_left"]["days"] == 10
    # Without the other course there is no contradiction.
    alone = replace(problem, courses=tuple(c for c in problem.courses if c.key == told.subject),
                    lines=tuple(x for x in problem.lines if x.course == told.subject))  # fmt: skip
    assert solve(alone).contradictions == ()


def test_a_course_that_can_be_covered_has_no_contradiction() -> None:
    nothing = Solution(uncovered=("c1", "c2", "c3"))
    assert contradiction(by_hand(), nothing, "c1") is None
    assert contradiction(by_hand(), nothing, "c3") is not None


# ------------------------------------------------------------------ what if


def test_a_school_that_leaves_leaves_gaps() -> None:
    problem = by_hand()
    before = solve(problem).solution
    left = without_school(problem, "b")
    after = solve(left).solution
    assert validate(left, after) == ()
    assert (before.holder_of["c1"], after.holder_of["c1"]) == ("b", "a")
    assert problem.providers(problem.course_by_key["c4"]) == ("b",)
    assert left.is_gap(left.course_by_key["c4"]) and "c4" in after.uncovered
    with pytest.raises(KeyError):
        without_school(problem, "nobody")


def test_without_the_approval_the_courses_of_the_fkb_go() -> None:
    problem = without_approval(by_hand(), "a", "2222")
    assert "a" not in problem.approved(problem.course_by_key["c1"])
    assert solve(problem).solution.holder_of == {"c1": "b"}
    with pytest.raises(KeyError):
        without_approval(by_hand(), "a", "9999")


def test_more_capacity_is_only_the_schools_in_the_group() -> None:
    problem = by_hand()
    richer = with_capacity(problem, "b", "sosu", 60)
    assert dict(richer.school_by_key["b"].capacity)["sosu"] == 60
    assert replace(richer, schools=problem.schools) == problem
    with pytest.raises(KeyError):
        with_capacity(problem, "nobody", "sosu", 60)


@SOME
@given(full_problems(courses=4))
def test_a_school_less_is_never_better(problem: Problem) -> None:
    assume(any(s.in_round for s in problem.schools))
    key = next(s.key for s in problem.schools if s.in_round)
    left = without_school(problem, key)
    after = solve(left)
    assert validate(left, after.solution) == ()
    gaps = {course.key for course in problem.gaps}
    still = sum(course in gaps for course in after.solution.holder_of)
    assert still <= solve(problem).bound("covered").value


# ------------------------------------------------------------------ golden


GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("coverage_*.json")), ids=lambda f: f.stem)
def test_known_instances_reach_the_best_known(file: Path) -> None:
    """`best` is the best key known on `on`; better than that means that the file is to be renewed."""
    facts = json.loads(file.read_text(encoding="utf-8"))
    problem = COVERAGE.read_problem(facts["problem"])
    result = solve(problem, limits=Limits(work=facts["work"]))
    assert validate(problem, result.solution) == ()
    assert list(score(problem, result.solution).key()) == facts["best"]
    assert result.status == Status(facts["status"])


# ------------------------------------------------------------------ codes


def documented(module: ModuleType, codes: str) -> set[str]:
    return set(re.findall(codes, module.__doc__ or "", re.MULTILINE))


def sent(module: ModuleType, codes: str) -> set[str]:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    return set(re.findall(codes, source.replace(module.__doc__ or "", "")))


def test_a_contradiction_sends_only_documented_facts() -> None:
    module = sys.modules[contradiction.__module__]
    assert documented(module, r"^([a-z_]+) {2,}") == sent(module, r'\("([a-z_]+)",(?: school)?\)')
