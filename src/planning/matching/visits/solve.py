"""The best plan of visits: one integer model (`formulation`), solved by HiGHS objective by objective.

Each objective is made as good as it can be and then held while the next is looked at, so an earlier one is never
traded for a later one; one whose best isn't proven is held at what was reached. The search begins from today's
practice, or from `warm_start` where that is better.
"""

from __future__ import annotations

from collections.abc import Sequence

from planning.matching.visits.baseline import who_has_time
from planning.matching.visits.conflicts import conflicts
from planning.matching.visits.data import Pin, Problem
from planning.matching.visits.formulation import Formulation
from planning.matching.visits.score import TERMS, score
from planning.matching.visits.solution import Solution
from planning.matching.visits.validate import validate
from planning.result import Bound, Limits, Result, Status, Watch
from planning.solvers.model import Solved, Term

SOLVER = "visits-highs-1"
_MORE = ("made", "in_window", "expertise", "learning", "same", "kept")
"""Objectives that are made large; the model makes their opposite small."""
_NODES_PER_STEP = 20
"""Nodes that a model of one column may have per step of work; one of n columns has an n-th of that."""


def solve(
    problem: Problem,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: Solution | None = None,
    watch: Watch[Solution] | None = None,
) -> Result[Solution]:
    """The best plan found, with a bound per objective.

    `pins` are decisions made since the problem was written. `warm_start` is where the search begins, if it breaks
    no rule and is better than today's practice. Decisions that contradict each other or a fact give no answer, and
    `contradictions`.
    """
    problem = problem.with_pins(pins)
    limits = limits or Limits()
    watch = watch or Watch(limits.seconds)
    contradictions = conflicts(problem)
    if contradictions:
        nothing = tuple(Bound(term, 0, None) for term in TERMS)
        statistics = {"work_limit": limits.work}
        return Result(
            Status.IMPOSSIBLE, Solution(), nothing, statistics, SOLVER, seed, contradictions
        )
    search = _Search(problem, limits, seed, watch)
    search.run(warm_start)
    return search.result()


class _Search:
    def __init__(self, problem: Problem, limits: Limits, seed: int, watch: Watch[Solution]) -> None:
        self.problem = problem
        self.limits = limits
        self.seed = seed
        self.watch = watch
        self.formulation = Formulation(problem)
        self.best: Solution | None = None
        self.known: dict[str, int] = {}
        self.solved: list[Solved] = []
        self.is_cut = False

    def run(self, warm_start: Solution | None) -> None:
        from planning.solvers import highs

        model = self.formulation.model
        objectives = self.formulation.objectives()
        self._begin(warm_start)
        for term, objective in objectives.items():
            self.known[term] = model.value(objective, _ideal(model.lower, model.upper, objective))
            if self._is_ideal(term, objective):
                model.row(objective, upper=self.known[term])
                continue
            if self.watch.left <= 0 or self.limits.work < len(model.lower):
                self.is_cut = True
                break
            model.minimise(objective)
            solved = highs.solve(
                model,
                seconds=self.watch.left,
                nodes=max(1, _NODES_PER_STEP * self.limits.work // max(1, len(model.lower))),
                seed=self.seed,
                start=None if self.best is None else self.formulation.values(self.best),
                is_over=lambda: self.watch.left <= 0,
            )
            self.solved.append(solved)
            if solved.values is not None:
                self.best = self.formulation.read(solved.values)
            if solved.bound is not None:
                self.known[term] = max(self.known[term], solved.bound)
            self.watch.tell(self._bounds(), self.best, term)
            self.is_cut |= not solved.is_proven
            if self.best is None:
                break
            reached = model.value(objective, self.formulation.values(self.best))
            model.row(objective, upper=reached)

    def _is_ideal(self, term: str, objective: list[Term]) -> bool:
        """Has the answer what no answer can better, so that nothing is left to prove?"""
        if self.best is None:
            return False
        values = self.formulation.values(self.best)
        return self.formulation.model.value(objective, values) == self.known[term]

    def _begin(self, warm_start: Solution | None) -> None:
        starts = [who_has_time(self.problem)]
        if warm_start is not None:
            starts.append(warm_start)
        allowed = [each for each in starts if not validate(self.problem, each)]
        if allowed:
            self.best = min(allowed, key=lambda each: score(self.problem, each).key())

    def _bounds(self) -> tuple[Bound, ...]:
        terms = score(self.problem, self.best or Solution())
        bounds: list[Bound] = []
        for term in TERMS:
            best: int | None = None
            if term in self.known and all(bound.is_proven for bound in bounds):
                best = -self.known[term] if term in _MORE else self.known[term]
            bounds.append(Bound(term, getattr(terms, term), best))
        return tuple(bounds)

    def result(self) -> Result[Solution]:
        bounds = self._bounds()
        is_proven = all(bound.is_proven for bound in bounds)
        if is_proven:
            status = Status.PROVEN
        else:
            status = Status.STOPPED if self.is_cut else Status.BOUNDED
        return Result(
            status,
            self.best or Solution(),
            bounds,
            {
                "consultants": len(self.problem.consultants),
                "visits": len(self.problem.visits),
                "teams": len(self.problem.teams),
                "columns": len(self.formulation.model.lower),
                "rows": len(self.formulation.model.row_lower),
                "models": len(self.solved),
                "work_limit": self.limits.work,
            },
            SOLVER,
            self.seed,
        )


def _ideal(lower: list[int], upper: list[int], objective: list[tuple[int, int]]) -> list[int]:
    """Each column at the limit that the objective likes best: nothing is smaller than what it comes to."""
    values = list(lower)
    for column, coefficient in objective:
        values[column] = upper[column] if coefficient < 0 else lower[column]
    return values
