"""How far learners have to an offer: the numbers behind `far`, `travel` and `farthest`. Knows no solver.

Where the problem tells the ways from municipalities, learners travel from there: as many from each as somebody
told, or the course's activity (at least one learner) shared out by population. Else the way goes from each
approved school of the round, as the school sends its learners to the holder (R28, R29).
A learner goes to the nearest offer. A way that nobody told is as long as the longest one told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planning.coverage.data import Course, Problem

_SHARES = 1000
"""Learners are counted in thousandths where they are shared out by population."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What one course costs its learners. `travel` in kilometres for all of them together."""

    far: int
    travel: int
    farthest: int


class Ways:
    """The ways of one problem, worked out once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._places = [place.key for place in problem.municipalities]
        people = sum(place.population for place in problem.municipalities)
        self._shares = [
            (place.key, place.population / people)
            for place in problem.municipalities
            if people and place.population
        ]
        self._longest = max((way.km for way in problem.ways), default=0)
        self._seen: dict[tuple[str, tuple[str, ...]], Reach] = {}
        self._rows: dict[str, dict[str, int]] = {}
        for way in problem.ways:
            self._rows.setdefault(way.school, {})[way.municipality] = way.km

    def reach(self, course: Course, offers: Sequence[str]) -> Reach:
        """What the course costs when these schools offer it; nothing when nobody does, but all are far."""
        key = (course.key, tuple(sorted(offers)))
        if key not in self._seen:
            self._seen[key] = self._reach(course, key[1])
        return self._seen[key]

    def learners(self, course: Course) -> list[tuple[str, int]]:
        """Municipalities and thousandths of learners."""
        told = self.problem.demand_of.get(course.key)
        if told is not None:
            return [(demand.municipality, demand.learners * _SHARES) for demand in told]
        activity = max(1, course.activity) * _SHARES
        return [(place, round(activity * share)) for place, share in self._shares]

    def _reach(self, course: Course, offers: tuple[str, ...]) -> Reach:
        problem = self.problem
        if not problem.ways:
            return self._from_schools(course, offers)
        told = problem.far_km and course.key in problem.demand_of
        learners = self.learners(course)
        if not offers:
            far = sum(number for _, number in learners) // _SHARES if told else 0
            return Reach(far, 0, 0)
        rows = [self._rows.get(school, {}) for school in offers]
        far = travel = farthest = 0
        for place, number in learners:
            km = min(row.get(place, self._longest) for row in rows)
            travel += number * km
            farthest = max(farthest, km)
            if told and km > problem.far_km:
                far += number
        return Reach(far // _SHARES, -(-travel // _SHARES), farthest)

    def _from_schools(self, course: Course, offers: tuple[str, ...]) -> Reach:
        total = farthest = 0
        for school in self.problem.approved(course) if offers else ():
            known = [km for o in offers if (km := self.problem.km(school, o)) is not None]
            total += min(known, default=0)
            farthest = max(farthest, min(known, default=0))
        return Reach(0, total, farthest)

    def average_km(self, course: Course, offers: Sequence[str]) -> int:
        """Kilometres for one learner, or from one approved school to another, rounded."""
        if self.problem.ways:
            number = sum(n for _, n in self.learners(course)) / _SHARES
        else:
            number = len(self.problem.approved(course)) - 1
        return round(self.reach(course, offers).travel / max(number, 1))


def standing(problem: Problem, course: Course) -> tuple[str, ...]:
    """Schools whose own offers of the course learners can go to already."""
    return problem.providers(course)
