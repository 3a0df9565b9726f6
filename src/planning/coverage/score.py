"""What the answer is worth, term by term, in the stated order. Knows no solver.

The order is that of the objectives: a better earlier term is never traded for a later one.
1. `covered`: courses that get a holder (more is better; R26).
2. `changed`: courses of `Problem.previous` that don't stay with the school they had there (less). It stands so
   early because people have seen that answer: after a pin the plan changes where it must, and nowhere to gain a
   kilometre. Without `previous` it is 0 and says nothing.
3. `burden`, `burden_2`, `burden_3`: the largest extra duty of any school relative to its size, then the next,
   then the third, in whole thousandths of a day per unit of size, rounded up (less). Extra offers are no duty.
4. `far`: learners with more than `far_km` to every offer of their course, plus `extra_for` for each extra offer
   (less): an extra offer is made where it brings at least that many nearer (R25).
5. `travel`: kilometres of all learners to the nearest offer, over the newly covered courses and those with an
   extra offer (less; `ways` says who travels from where).
6. `farthest`: the longest of these ways, in kilometres (less).
7. `spread`: pairs of courses of one FKB that fall in the same quarter, with standing offers whose quarter is
   known (less). 0 where the problem doesn't plan quarters.
8. `kept`: courses that stay with last year's holder (more).
9. `joint`: newly covered courses with low activity that somebody follows (more; R26, R28).
10. `guarantees`: holders that will guarantee the run (more, R30).
Capacity isn't a term: an answer that breaks it isn't valid.
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.coverage.data import Course, OfferRole, PinRole, Problem
from planning.coverage.solution import Role, Solution
from planning.coverage.ways import Ways
from planning.result import Result

TERMS = (
    "covered",
    "changed",
    "burden",
    "burden_2",
    "burden_3",
    "far",
    "travel",
    "farthest",
    "spread",
    "kept",
    "joint",
    "guarantees",
)
MORE_IS_BETTER = frozenset(("covered", "kept", "joint", "guarantees"))
BURDEN_STEPS = 100
"""Steps in which a burden is counted, to a tenth of a day: thousandths of a day."""
LEVELS = 3
"""How many of the largest burdens are looked at, one after another."""


@dataclass(frozen=True, slots=True)
class Score:
    """Terms and the figures that people read. `longest_km` is None when no distance is known."""

    covered: int
    changed: int
    burden: int
    burden_2: int
    burden_3: int
    far: int
    travel: int
    farthest: int
    spread: int
    kept: int
    joint: int
    guarantees: int
    uncovered: int
    followers: int
    extras: int
    far_learners: int
    max_extra_courses: int
    longest_km: int | None
    longest_km_before: int | None

    def key(self) -> tuple[int, ...]:
        """Smaller is better; compare two answers to the same problem with it."""
        return tuple(
            -getattr(self, term) if term in MORE_IS_BETTER else getattr(self, term)
            for term in TERMS
        )


def longest_km(problem: Problem, course: Course, holder: str) -> int | None:
    """Kilometres to the holder from the approved school farthest away; None when none is known."""
    others = (school for school in problem.approved(course) if school != holder)
    return max((km for s in others if (km := problem.km(s, holder)) is not None), default=None)


def burden_of(load: int, size: int) -> int:
    """Thousandths of a day of extra duty per unit of size, rounded up. `load` is in tenths of a day."""
    return -(-load * BURDEN_STEPS // size)


def most_load(burden: int, size: int) -> int:
    """The largest load, in tenths of a day, that is no heavier than the burden."""
    return burden * size // BURDEN_STEPS


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
    burdens = sorted(
        (
            burden_of(load, problem.school_by_key[key].size)
            for key, load in loads(problem, solution).items()
        ),
        reverse=True,
    )
    burdens += [0] * LEVELS
    after = [
        km
        for course, school in holders.items()
        if (km := longest_km(problem, course, school)) is not None
    ]
    far, travel, farthest = _reach(problem, solution)
    extras = sum(a.role == Role.EXTRA for a in solution.assignments)
    followed = solution.followers_of
    return Score(
        covered=len(holders),
        changed=changed(problem, solution),
        burden=burdens[0],
        burden_2=burdens[1],
        burden_3=burdens[2],
        far=far + problem.extra_for * extras,
        travel=travel,
        farthest=farthest,
        spread=_spread(problem, solution),
        kept=sum(course.last_holder == school for course, school in holders.items()),
        joint=sum(problem.is_low(course) and course.key in followed for course in holders),
        guarantees=sum(a.guarantee for a in solution.assignments),
        uncovered=len(solution.uncovered),
        followers=sum(a.role == Role.FOLLOWER for a in solution.assignments),
        extras=extras,
        far_learners=far,
        max_extra_courses=max(extra_courses(problem, solution).values(), default=0),
        longest_km=max(after, default=None),
        longest_km_before=_before(problem, tuple(holders)),
    )


def changed(problem: Problem, solution: Solution) -> int:
    """Courses that are still to be placed and don't stay where the previous answer had them."""
    holder = solution.holder_of
    gaps = {course.key for course in problem.gaps}
    return sum(
        held.course in gaps and holder.get(held.course) != held.school for held in problem.previous
    )


def _reach(problem: Problem, solution: Solution) -> tuple[int, int, int]:
    """Far learners over all courses that anybody told of; travel and the farthest way of those decided here."""
    ways = Ways(problem)
    far = travel = farthest = 0
    for course in problem.courses:
        holder, extra = solution.holder_of.get(course.key), solution.extra_of.get(course.key)
        new = [school for school in (holder, extra) if school is not None]
        is_told = bool(problem.far_km) and course.key in problem.demand_of
        if course.is_external or not (new or is_told):
            continue
        reach = ways.reach(course, (*problem.providers(course), *new))
        far += reach.far
        if new:
            travel += reach.travel
            farthest = max(farthest, reach.farthest)
    return far, travel, farthest


def standing_quarters(problem: Problem) -> set[tuple[str, int]]:
    """Courses and the quarters in which standing offers and pins hold them, as far as they are known."""
    found = {
        (o.course, o.quarter)
        for o in problem.offers
        if o.role != OfferRole.FOLLOWER
        and o.quarter
        and (o.course, o.school) not in problem.pin_by_cell
    }
    found |= {
        (p.course, p.quarter)
        for p in problem.pins
        if p.role in (PinRole.OWN, PinRole.HOLDER) and p.quarter
    }
    return found


def _spread(problem: Problem, solution: Solution) -> int:
    if not problem.plans_quarters:
        return 0
    held = standing_quarters(problem)
    held |= {(a.course, a.quarter) for a in solution.assignments if a.role != Role.FOLLOWER}
    number: dict[tuple[str, int], int] = {}
    for key, quarter in held:
        place = (problem.course_by_key[key].fkb, quarter)
        number[place] = number.get(place, 0) + 1
    return sum(n * (n - 1) // 2 for n in number.values())


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
