"""How good is an answer? Each objective recomputed from the problem and the answer; knows no solver.

In order: `matched` as many people as can be, `points` as large a sum as can be, `worst_off` the farthest down
their own list that anybody has to go as small as can be, `kept` as many pairs of the last answer as can be.
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.matching.jobs.data import Group, Problem
from planning.matching.jobs.solution import Solution
from planning.result import Result

TERMS = ("matched", "points", "worst_off", "kept")


@dataclass(frozen=True, slots=True)
class Score:
    """Terms and the figures that people read. The three groups add up to `points`."""

    matched: int
    points: int
    worst_off: int
    kept: int
    unmatched: int
    free_seats: int
    professional: int
    personal: int
    social: int
    first_wishes: int
    lowest_points: int | None
    km: int

    def key(self) -> tuple[int, int, int, int]:
        """Smaller is better; compare two stable answers to the same problem with it."""
        return (-self.matched, -self.points, self.worst_off, -self.kept)


def group_points(problem: Problem, candidate: str, opening: str) -> dict[Group, int]:
    """The points of a pair by competence group."""
    found = dict.fromkeys(Group, 0)
    parts = problem.parts(problem.candidate_by_key[candidate], problem.opening_by_key[opening])
    for wanted, _, points in parts:
        found[problem.group_of[wanted.competence]] += points
    return found


def score(problem: Problem, solution: Solution) -> Score:
    """Each term recomputed from the problem and the answer."""
    groups = dict.fromkeys(Group, 0)
    points: list[int] = []
    km = 0
    for m in solution.matches:
        by_group = group_points(problem, m.candidate, m.opening)
        for group, some in by_group.items():
            groups[group] += some
        points.append(sum(by_group.values()))
        km += problem.km(problem.candidate_by_key[m.candidate], problem.opening_by_key[m.opening])
    fits = [fit for m in solution.matches if (fit := problem.fits.get((m.candidate, m.opening)))]
    last = set(problem.last)
    return Score(
        matched=len(solution.matches),
        points=sum(points),
        worst_off=max((fit.wish for fit in fits), default=0),
        kept=sum((m.candidate, m.opening) in last for m in solution.matches),
        unmatched=len(problem.candidates) - len(solution.matches),
        free_seats=sum(o.seats for o in problem.openings) - len(solution.matches),
        professional=groups[Group.PROFESSIONAL],
        personal=groups[Group.PERSONAL],
        social=groups[Group.SOCIAL],
        first_wishes=sum(fit.wish == 1 for fit in fits),
        lowest_points=min(points, default=None),
        km=km,
    )


def headline(problem: Problem, result: Result[Solution]) -> str:
    """One line about an answer: people matched, and how many could be."""
    matched = result.bound("matched")
    return (
        f"{matched.value} of {len(problem.candidates)} candidates matched, "
        f"at most {matched.best_possible} can be without a blocking pair"
    )
