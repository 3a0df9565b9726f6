"""What the answer is worth, term by term, in the stated order. Knows no solver.

The order is that of the objectives: a better earlier term is never traded for a later one.
1. `covered`: courses that get a holder (more is better).
2. `burden`: the largest extra duty of any school relative to its size, in thousandths of a day per unit of
   size (less is better).
3. `travel`: kilometres from every approved school to the holder, over the newly covered courses (less).
4. `kept`: courses that stay with last year's holder (more).
5. `guarantees`: holders that will guarantee the run (more, R30).
Capacity isn't a term: an answer that breaks it isn't valid.
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.coverage.data import Course, PinRole, Problem
from planning.coverage.solution import Role, Solution
from planning.result import Result

TERMS = ("covered", "burden", "travel", "kept", "guarantees")


@dataclass(frozen=True, slots=True)
class Score:
    """Terms and the figures that people read. `longest_km` is None when no distance is known."""

    covered: int
    burden: int
    travel: int
    kept: int
    guarantees: int
    uncovered: int
    followers: int
    max_extra_courses: int
    longest_km: int | None
    longest_km_before: int | None

    def key(self) -> tuple[int, int, int, int, int]:
        """Smaller is better; compare two answers to the same problem with it."""
        return (-self.covered, self.burden, self.travel, -self.kept, -self.guarantees)


def travel_km(problem: Problem, course: Course, holder: str) -> int:
    """Sum of kilometres from the approved schools of the round to the holder; unknown distances count 0."""
    return sum(problem.km(school, holder) or 0 for school in problem.approved(course))


def longest_km(problem: Problem, course: Course, holder: str) -> int | None:
    """Kilometres to the holder from the approved school farthest away; None when none is known."""
    others = (school for school in problem.approved(course) if school != holder)
    return max((km for s in others if (km := problem.km(s, holder)) is not None), default=None)


def burden_of(load: int, size: int) -> int:
    """Thousandths of a day of extra duty per unit of size, rounded up. `load` is in tenths of a day."""
    return -(-load * 100 // size)


def loads(problem: Problem, solution: Solution) -> dict[str, int]:
    """Tenths of days of extra duty per school in the round: what people pinned and what the planner adds."""
    found = {s.key: sum(problem.pinned_load(s.key).values()) for s in problem.schools if s.in_round}
    for course, school in solution.holder_of.items():
        found[school] = found.get(school, 0) + problem.course_by_key[course].days
    return found


def extra_courses(problem: Problem, solution: Solution) -> dict[str, int]:
    """How many courses each school would hold for the others: pinned ones and new ones."""
    found: dict[str, int] = {}
    for pin in problem.pins:
        if pin.role == PinRole.HOLDER:
            found[pin.school] = found.get(pin.school, 0) + 1
    for school in solution.holder_of.values():
        found[school] = found.get(school, 0) + 1
    return found


def score(problem: Problem, solution: Solution) -> Score:
    """Each term recomputed from the problem and the answer."""
    holders = {problem.course_by_key[key]: school for key, school in solution.holder_of.items()}
    burdens = [
        burden_of(load, problem.school_by_key[key].size)
        for key, load in loads(problem, solution).items()
    ]
    after = [
        km
        for course, school in holders.items()
        if (km := longest_km(problem, course, school)) is not None
    ]
    return Score(
        covered=len(holders),
        burden=max(burdens, default=0),
        travel=sum(travel_km(problem, course, school) for course, school in holders.items()),
        kept=sum(course.last_holder == school for course, school in holders.items()),
        guarantees=sum(a.guarantee for a in solution.assignments),
        uncovered=len(solution.uncovered),
        followers=sum(a.role == Role.FOLLOWER for a in solution.assignments),
        max_extra_courses=max(extra_courses(problem, solution).values(), default=0),
        longest_km=max(after, default=None),
        longest_km_before=_before(problem, tuple(holders)),
    )


def _before(problem: Problem, courses: tuple[Course, ...]) -> int | None:
    """The longest way to a school outside that is approved, for the same courses while nobody here holds them.

    None when that isn't known for each of them: then there is nothing to compare with.
    """
    longest = 0
    for course in courses:
        outside = problem.approved(course, in_round=False)
        for school in problem.approved(course):
            ways = [km for other in outside if (km := problem.km(school, other)) is not None]
            if not ways:
                return None
            longest = max(longest, min(ways))
    return longest if courses else None


def headline(problem: Problem, result: Result[Solution]) -> str:
    """One line about an answer: gaps covered, and how many could be."""
    covered = result.bound("covered")
    return (
        f"{covered.value} of {len(problem.gaps)} gaps covered, "
        f"at most {covered.best_possible} can be"
    )
