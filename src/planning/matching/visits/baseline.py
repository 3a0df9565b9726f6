"""Today's practice: whoever has time takes the visit. The yardstick in benchmarks and the start of the solver."""

from __future__ import annotations

from collections import Counter

from planning.matching.visits.data import DAYS, Problem, Team, Visit
from planning.matching.visits.solution import Solution, Trip


def who_has_time(problem: Problem) -> Solution:
    """Visits by priority and key; each goes to the first day on which somebody who may go has time.

    Visits that people decided shall be made come first. Learning pairs go where the new one can't go alone.
    """
    diary = _Diary(problem)
    must = set(problem.must)
    order = sorted(problem.visits, key=lambda v: (v.key not in must, -v.priority, v.key))
    trips = []
    for visit in order:
        trip = diary.first(visit)
        if trip is not None:
            diary.write(visit, trip)
            trips.append(trip)
    return Solution(tuple(sorted(trips)))


class _Diary:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.left = dict(problem.free)
        self.in_week: Counter[tuple[str, int]] = Counter()
        self.companies: set[str] = set()

    def first(self, visit: Visit) -> Trip | None:
        if visit.company in self.companies:
            return None
        teams = [team for team in self.problem.teams if self.problem.may_go(visit, team)]
        teams.sort(key=lambda team: len(team.members))
        for day in self.problem.days(visit):
            for team in teams:
                if self._has_time(visit, team, day):
                    return Trip(visit.key, day, team.lead, team.companion)
        return None

    def _has_time(self, visit: Visit, team: Team, day: int) -> bool:
        return all(
            self.left.get((key, day), 0) >= visit.halves
            and self.in_week[key, day // DAYS] < self.problem.consultant_by_key[key].weekly_cap
            for key in team.members
        )

    def write(self, visit: Visit, trip: Trip) -> None:
        self.companies.add(visit.company)
        for key in trip.team.members:
            self.left[key, trip.day] -= visit.halves
            self.in_week[key, trip.week] += 1
