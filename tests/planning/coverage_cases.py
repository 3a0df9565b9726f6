"""Any small coverage problem with every kind of fact, and the best of all answers by trying each."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import strategies as st

from planning.coverage import (
    Assignment,
    Course,
    Demand,
    Holding,
    Loan,
    Municipality,
    Problem,
    Role,
    Solution,
    Way,
    score,
    validate,
)
from planning.coverage.choices import followers
from tests.planning.instances import problems


@st.composite
def full_problems(draw: st.DrawFn, *, courses: int = 3) -> Problem:
    """Quarters, limits per quarter, municipalities with demand, extra offers, loans, an earlier answer."""
    plain = draw(problems())
    plain = _fewer(plain, courses)
    schools = [school.key for school in plain.schools]
    keys = [course.key for course in plain.courses]
    quarters = st.lists(st.integers(1, 4), unique=True, max_size=2).map(lambda q: tuple(sorted(q)))
    plans = draw(st.booleans())
    places = [
        Municipality(f"m{i}", draw(st.integers(0, 50))) for i in range(draw(st.integers(0, 3)))
    ]
    has_demand = bool(places) and draw(st.booleans())
    approved = {(a.school, a.fkb) for a in plain.approvals}
    return replace(
        plain,
        schools=tuple(
            replace(
                s,
                capacity_quarters=tuple(
                    ("x", q, draw(st.integers(0, 3)) * 10) for q in draw(quarters)
                ),
            )
            for s in plain.schools
        ),
        lines=tuple(
            replace(x, quarters=draw(st.just(()) | quarters)) if plans else x for x in plain.lines
        ),
        offers=tuple(replace(x, quarter=draw(st.integers(0, 4))) for x in plain.offers),
        pins=tuple(replace(x, quarter=draw(st.integers(0, 4))) for x in plain.pins),
        loans=tuple(
            Loan(course.key, school, lender)
            for course in plain.courses
            for school in schools
            if draw(st.integers(0, 7)) == 0
            for lender in sorted(s for s, fkb in approved if fkb == course.fkb and s != school)[:1]
        ),
        municipalities=tuple(places),
        demands=tuple(
            Demand(key, place.key, draw(st.integers(0, 9)))
            for key in keys
            for place in places
            if has_demand and draw(st.booleans())
        ),
        ways=tuple(
            Way(place.key, school, draw(st.integers(0, 120)))
            for place in places
            for school in schools
            if draw(st.integers(0, 5)) > 0
        ),
        far_km=draw(st.sampled_from((0, 40, 80))),
        extra_for=draw(st.integers(1, 4)),
        plans_quarters=plans,
        previous=tuple(
            Holding(key, draw(st.sampled_from(schools)))
            for key in keys
            if draw(st.integers(0, 3)) == 0
        ),
    )


def _fewer(problem: Problem, courses: int) -> Problem:
    kept = {course.key for course in problem.courses[:courses]}
    return replace(
        problem,
        courses=problem.courses[:courses],
        lines=tuple(x for x in problem.lines if x.course in kept),
        offers=tuple(x for x in problem.offers if x.course in kept),
        pins=tuple(x for x in problem.pins if x.course in kept),
    )


def best_of_all(problem: Problem, *, most: int = 30_000) -> tuple[int, ...] | None:
    """The key of the best valid answer, every combination tried; None where there are more than `most`."""
    choices = [_choices(problem, course) for course in sorted(problem.courses, key=lambda c: c.key)]
    number = 1
    for some in choices:
        number *= len(some)
    if number > most:
        return None
    best: tuple[int, ...] | None = None
    for picked in product(*choices):
        cells = tuple(sorted(cell for some in picked for cell in some))
        held = {cell.course for cell in cells if cell.role == Role.HOLDER}
        uncovered = tuple(course.key for course in problem.gaps if course.key not in held)
        solution = Solution(cells, uncovered)
        if validate(problem, solution):
            continue
        key = score(problem, solution).key()
        if best is None or key < best:
            best = key
    return best


def _choices(problem: Problem, course: Course) -> list[tuple[Assignment, ...]]:
    """Cells of one course that may be chosen together, as far as the course alone can tell."""
    quarters = (1, 2, 3, 4) if problem.plans_quarters else (0,)
    schools = [None, *(school.key for school in problem.schools if school.in_round)]
    found: list[tuple[Assignment, ...]] = []
    for holder, first in product(schools if problem.is_gap(course) else [None], quarters):
        for extra, second in product(schools if problem.far_km else [None], quarters):
            if (holder is None and first != quarters[0]) or (
                extra is None and second != quarters[0]
            ):
                continue
            cells = []
            for school, quarter, role in (
                (holder, first, Role.HOLDER),
                (extra, second, Role.EXTRA),
            ):
                if school is not None:
                    line = problem.line_by_cell.get((course.key, school))
                    guarantee = line is not None and line.guarantee
                    cells.append(Assignment(course.key, school, role, guarantee, quarter))
            cells += _followers(problem, course, cells)
            if _may_be(problem, course, cells):
                found.append(tuple(cells))
    return found


def _followers(problem: Problem, course: Course, cells: list[Assignment]) -> list[Assignment]:
    taken = {cell.school for cell in cells}
    holders = [cell for cell in cells if cell.role == Role.HOLDER]
    if holders:
        quarter = holders[0].quarter
    elif problem.is_low(course) and problem.lead(course) is not None:
        quarter = problem.lead_quarter(course) if problem.plans_quarters else 0
    else:
        return []
    return [
        Assignment(course.key, school, Role.FOLLOWER, quarter=quarter)
        for school in followers(problem, course)
        if school not in taken
    ]


def _may_be(problem: Problem, course: Course, cells: list[Assignment]) -> bool:
    held = {cell.course for cell in cells if cell.role == Role.HOLDER}
    uncovered = tuple(c.key for c in problem.gaps if c.key not in held)
    return not validate(problem, Solution(tuple(sorted(cells)), uncovered))
