"""What if: the same problem with one thing changed.

A school that leaves takes its offers, its answers and what was decided for it along (R62); what it held becomes a
gap again. Nothing is solved here.
"""

from __future__ import annotations

from dataclasses import replace

from planning.coverage.data import Problem


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
