"""How good is an answer? Each objective recomputed from the problem and the answer; knows no solver.

In order: `made` the sum of the priorities of the visits made; `in_window` those in the weeks that the company would
like; `expertise` the areas asked for that somebody who goes knows; `learning` the visits together that are wanted
and made; `same` visits by the consultant that the company knows; `load` the largest share of anybody's free half
days that is used, in per cent rounded up; `kept` visits with the lead and the week of the last plan; `km` there and
back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from planning.matching.visits.data import Problem
from planning.matching.visits.solution import Solution
from planning.result import Result

TERMS = ("made", "in_window", "expertise", "learning", "same", "load", "kept", "km")


@dataclass(frozen=True, slots=True)
class Score:
    """Terms and the figures that people read. `least_load` is the smallest share used by anybody with time."""

    made: int
    in_window: int
    expertise: int
    learning: int
    same: int
    load: int
    kept: int
    km: int
    visits: int
    not_made: int
    areas_asked_for: int
    known_companies: int
    least_load: int

    def key(self) -> tuple[int, ...]:
        """Smaller is better; compare two answers to the same problem with it."""
        more = (self.made, self.in_window, self.expertise, self.learning, self.same)
        return (*(-value for value in more), self.load, -self.kept, self.km)


def loads(problem: Problem, solution: Solution) -> dict[str, int]:
    """Half days used per consultant."""
    used: Counter[str] = Counter({c.key: 0 for c in problem.consultants})
    for trip in solution.trips:
        for key in trip.team.members:
            used[key] += problem.visit_by_key[trip.visit].halves
    return dict(used)


def share_of(used: int, halves: int) -> int:
    """Half days used of those there are, in per cent rounded up."""
    return -(-100 * used // halves) if halves else 0


def score(problem: Problem, solution: Solution) -> Score:
    """Each term recomputed from the problem and the answer."""
    trips = [(problem.visit_by_key[trip.visit], trip) for trip in solution.trips]
    together = Counter((trip.lead, trip.companion) for trip in solution.trips)
    shares = [
        share_of(used, problem.halves_of[key])
        for key, used in loads(problem, solution).items()
        if problem.halves_of[key]
    ]
    return Score(
        made=sum(visit.priority for visit, _ in trips),
        in_window=sum(problem.is_wished(visit, trip.day) for visit, trip in trips),
        expertise=sum(problem.covered(visit, trip.team) for visit, trip in trips),
        learning=sum(min(p.visits, together[p.experienced, p.new]) for p in problem.learning),
        same=sum(visit.last_consultant in trip.team.members for visit, trip in trips),
        load=max(shares, default=0),
        kept=sum(problem.is_kept(t.visit, t.lead, t.week) for t in solution.trips),
        km=sum(problem.km(visit, trip.team) for visit, trip in trips),
        visits=len(trips),
        not_made=len(problem.visits) - len(trips),
        areas_asked_for=sum(len(visit.needs) for visit, _ in trips),
        known_companies=sum(visit.last_consultant is not None for visit, _ in trips),
        least_load=min(shares, default=0),
    )


def headline(problem: Problem, result: Result[Solution]) -> str:
    """One line about an answer: visits made, and the priorities they add up to."""
    made = result.bound("made")
    return (
        f"{len(result.solution.trips)} of {len(problem.visits)} visits made, "
        f"priorities {made.value} of at most {made.best_possible}"
    )
