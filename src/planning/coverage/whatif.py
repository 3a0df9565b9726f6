"""What if: the same problem with one thing changed, and two answers side by side.

A school that leaves takes its offers, its answers and what was decided for it along (R62); what it held becomes a
gap again. Nothing is solved here.

Codes of a comparison, better or worse by `term` (a name of `score.TERMS`, or `extras`):
compare_same                         every term and every course is as before
compare_better   term, before, after     compare_worse   term, before, after
compare_new      course, school          a course that nobody held before
compare_left     course, school          a course that nobody holds any more
compare_moved    course, school, other   from one school to another
"""

from __future__ import annotations

from dataclasses import replace

from planning.coverage.data import Problem
from planning.coverage.score import MORE_IS_BETTER, TERMS, score
from planning.coverage.solution import Solution
from planning.messages import Message, message


def without_school(problem: Problem, school: str) -> Problem:
    """The problem after the school has left. Raises KeyError for a school that isn't in it."""
    if school not in problem.school_by_key:
        raise KeyError(school)
    loans = tuple(x for x in problem.loans if school not in (x.school, x.lender))
    return replace(
        problem,
        schools=tuple(s for s in problem.schools if s.key != school),
        courses=tuple(
            replace(c, last_holder=None) if c.last_holder == school else c for c in problem.courses
        ),
        approvals=tuple(a for a in problem.approvals if a.school != school),
        lines=tuple(x for x in problem.lines if x.school != school),
        offers=tuple(x for x in problem.offers if x.school != school),
        pins=tuple(x for x in problem.pins if x.school != school),
        distances=tuple(d for d in problem.distances if school not in (d.a, d.b)),
        ways=tuple(w for w in problem.ways if w.school != school),
        loans=loans,
        previous=tuple(x for x in problem.previous if x.school != school),
    )


def without_approval(problem: Problem, school: str, fkb: str) -> Problem:
    """The problem after the school has lost its approval for an FKB, and what it did with the FKB's courses.

    Raises KeyError when it has none.
    """
    if (school, fkb) not in {(a.school, a.fkb) for a in problem.approvals}:
        raise KeyError((school, fkb))
    courses = {course.key for course in problem.courses if course.fkb == fkb}

    def is_lost(course: str, who: str) -> bool:
        return (
            who == school
            and course in courses
            and problem.lender(problem.course_by_key[course], school) in (None, school)
        )

    return replace(
        problem,
        approvals=tuple(a for a in problem.approvals if (a.school, a.fkb) != (school, fkb)),
        lines=tuple(x for x in problem.lines if not is_lost(x.course, x.school)),
        offers=tuple(x for x in problem.offers if not is_lost(x.course, x.school)),
        pins=tuple(x for x in problem.pins if not is_lost(x.course, x.school)),
        loans=tuple(x for x in problem.loans if not (x.lender == school and x.course in courses)),
    )


def with_capacity(problem: Problem, school: str, group: str, tenths: int) -> Problem:
    """The problem where the school has so many tenths of a day for others in a branch group.

    Limits of the group's quarters and over all groups stand. Raises KeyError for a school that isn't in it.
    """
    if school not in problem.school_by_key:
        raise KeyError(school)
    return replace(
        problem,
        schools=tuple(
            replace(
                s,
                capacity=(*((g, days) for g, days in s.capacity if g != group), (group, tenths)),
            )
            if s.key == school
            else s
            for s in problem.schools
        ),
    )


def compare(
    problem_a: Problem, solution_a: Solution, problem_b: Problem, solution_b: Solution
) -> tuple[Message, ...]:
    """What is better and worse in the second answer, term by term in their order, then course by course."""
    before, after = score(problem_a, solution_a), score(problem_b, solution_b)
    found: list[Message] = []
    for term in (*TERMS, "extras"):
        old, new = getattr(before, term), getattr(after, term)
        if old == new or (term == "changed"):
            continue
        is_better = (new > old) == (term in MORE_IS_BETTER)
        code = "compare_better" if is_better else "compare_worse"
        found.append(message(code, term=term, before=old, after=new))
    was, now = _holders(problem_a, solution_a), _holders(problem_b, solution_b)
    for course in sorted(was.keys() | now.keys()):
        old_school, new_school = was.get(course), now.get(course)
        if old_school == new_school:
            continue
        if old_school is None and new_school is not None:
            found.append(message("compare_new", course=course, school=new_school))
        elif new_school is None and old_school is not None:
            found.append(message("compare_left", course=course, school=old_school))
        elif old_school is not None and new_school is not None:
            found.append(
                message("compare_moved", course=course, school=old_school, other=new_school)
            )
    return tuple(found) or (Message("compare_same"),)


def _holders(problem: Problem, solution: Solution) -> dict[str, str]:
    """Who is obliged: who stands already where somebody does, else who gets it."""
    found = {
        course.key: providers[0]
        for course in problem.courses
        if (providers := problem.providers(course))
    }
    return {**found, **solution.holder_of}
