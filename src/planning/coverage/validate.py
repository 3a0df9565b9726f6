"""Is the answer allowed? Reads the problem and the answer alone and knows no solver."""

from __future__ import annotations

from dataclasses import dataclass

from planning.coverage.data import QUARTERS, Problem
from planning.coverage.solution import Role, Solution


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: a code, and the facts that break it."""

    code: str
    course: str = ""
    school: str = ""
    detail: str = ""


def validate(problem: Problem, solution: Solution) -> tuple[Violation, ...]:
    """Every rule that the answer breaks; empty when the answer may be used.

    Rules: each gap has exactly one holder or stands as uncovered; nobody gets a cell that people have
    decided; a holder is in the round, approved (R4), said that it can, and has the days, line by line, per
    branch group and in all; a follower is approved, said that it will, and has somebody to follow (R28); an
    extra offer is asked for, at most one of a course that somebody holds, by a school that said it can and has the
    days. Where quarters are planned every new holder has one in which it said it can, within the days of the
    quarter, and followers have the same; elsewhere there are none. A school may hold on loan (R59).
    """
    return (
        *_cells(problem, solution),
        *_gaps(problem, solution),
        *_extras(problem, solution),
        *_quarters(problem, solution),
        *_capacity(problem, solution),
    )


def _cells(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    seen: set[tuple[str, str]] = set()
    for a in solution.assignments:
        cell = (a.course, a.school)
        course = problem.course_by_key.get(a.course)
        school = problem.school_by_key.get(a.school)
        if course is None or school is None:
            found.append(Violation("unknown_key", a.course, a.school))
            continue
        if cell in seen:
            found.append(Violation("cell_twice", *cell))
        seen.add(cell)
        if cell in problem.pin_by_cell:
            found.append(Violation("pin_changed", *cell))
        if cell in problem.offer_by_cell:
            found.append(Violation("offer_changed", *cell))
        if not school.in_round:
            found.append(Violation("school_outside", *cell))
        elif a.school not in (
            problem.approved(course) if a.role == Role.FOLLOWER else problem.may_hold(course)
        ):
            found.append(Violation("not_approved", *cell))
        line = problem.line_by_cell.get(cell)
        if a.role == Role.HOLDER and not problem.is_gap(course):
            found.append(Violation("already_covered", *cell))
        if a.role != Role.FOLLOWER:
            if line is None or line.can_take_on == 0:
                found.append(Violation("did_not_say_can", *cell))
            elif line.can_take_on < course.days:
                found.append(
                    Violation("line_capacity", *cell, f"{course.days} > {line.can_take_on}")
                )
        else:
            if line is None or not line.will_follow:
                found.append(Violation("did_not_say_will_follow", *cell))
            if a.course not in solution.holder_of and problem.lead(course) is None:
                found.append(Violation("nobody_to_follow", *cell))
        if a.guarantee and (a.role == Role.FOLLOWER or line is None or not line.guarantee):
            found.append(Violation("guarantee_not_offered", *cell))
    return found


def _gaps(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    holders: dict[str, int] = {}
    for a in solution.assignments:
        if a.role == Role.HOLDER:
            holders[a.course] = holders.get(a.course, 0) + 1
    uncovered = set(solution.uncovered)
    for course in problem.gaps:
        number = holders.get(course.key, 0)
        if number > 1:
            found.append(Violation("two_holders", course.key))
        if (number == 0) != (course.key in uncovered):
            found.append(Violation("not_accounted_for", course.key))
    gaps = {course.key for course in problem.gaps}
    found.extend(Violation("not_a_gap", key) for key in solution.uncovered if key not in gaps)
    return found


def _extras(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    seen: set[str] = set()
    for a in solution.assignments:
        course = problem.course_by_key.get(a.course)
        if a.role != Role.EXTRA or course is None:
            continue
        if not problem.far_km:
            found.append(Violation("extra_not_asked", a.course, a.school))
        if a.course in seen:
            found.append(Violation("two_extras", a.course))
        seen.add(a.course)
        is_held = a.course in solution.holder_of or problem.providers(course)
        if course.is_external or not is_held:
            found.append(Violation("extra_without_holder", a.course, a.school))
    return found


def _quarters(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    quarter_of = {a.course: a.quarter for a in solution.assignments if a.role == Role.HOLDER}
    for a in solution.assignments:
        cell = (a.course, a.school)
        course = problem.course_by_key.get(a.course)
        if not problem.plans_quarters:
            if a.quarter:
                found.append(Violation("quarter_not_planned", *cell))
        elif a.role == Role.FOLLOWER:
            if a.course in quarter_of:
                expected = quarter_of[a.course]
            else:
                expected = problem.lead_quarter(course) if course is not None else 0
            if a.quarter != expected:
                found.append(Violation("other_quarter", *cell, f"{a.quarter} != {expected}"))
        elif a.quarter not in QUARTERS:
            found.append(Violation("quarter_missing", *cell))
        elif (line := problem.line_by_cell.get(cell)) is not None and line.quarters:
            if a.quarter not in line.quarters:
                found.append(Violation("quarter_not_offered", *cell, str(a.quarter)))
    return found


def _capacity(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    load: dict[tuple[str, str], int] = {}
    in_quarter: dict[tuple[str, str, int], int] = {}
    for a in solution.assignments:
        course = problem.course_by_key.get(a.course)
        if a.role != Role.FOLLOWER and course is not None and a.school in problem.school_by_key:
            load[a.school, course.group] = load.get((a.school, course.group), 0) + course.days
            place = (a.school, course.group, a.quarter)
            in_quarter[place] = in_quarter.get(place, 0) + course.days
    for school in problem.schools:
        pinned = problem.pinned_load(school.key)
        capacity = dict(school.capacity)
        new_total = 0
        for (key, group), days in sorted(load.items()):
            if key != school.key or days == 0:
                continue
            new_total += days
            # People may have pinned more than the school said it had; then the planner adds nothing.
            left = max(0, capacity.get(group, 0) - pinned.get(group, 0))
            if days > left:
                found.append(
                    Violation(
                        "group_capacity", school=school.key, detail=f"{group}: {days} > {left}"
                    )
                )
        for group, quarter, most in school.capacity_quarters if problem.plans_quarters else ():
            days = in_quarter.get((school.key, group, quarter), 0)
            left = max(0, most - problem.pinned_quarter(school.key, group, quarter))
            if days > left:
                detail = f"{group} Q{quarter}: {days} > {left}"
                found.append(Violation("quarter_capacity", school=school.key, detail=detail))
        if school.capacity_total is not None and new_total:
            left = max(0, school.capacity_total - sum(pinned.values()))
            if new_total > left:
                found.append(
                    Violation("total_capacity", school=school.key, detail=f"{new_total} > {left}")
                )
    return found
