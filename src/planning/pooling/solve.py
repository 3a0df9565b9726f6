"""The best plan for certain willingness: whoever is offered a seat within what they said takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planning.pooling.components import Part, parts
from planning.pooling.data import Pin, PinnedRun, Problem
from planning.pooling.model import build, seats
from planning.pooling.score import TERMS, score
from planning.pooling.solution import Seat, Solution
from planning.result import Bound, Limits, Result, Status, Watch
from planning.solvers import highs
from planning.solvers.lexicographic import solve_in_order
from planning.solvers.model import Model, Solved

SOLVER = "pooling-1"


def solve(
    problem: Problem,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: Solution | None = None,
    watch: Watch[Solution] | None = None,
) -> Result[Solution]:
    """The best plan found, term by term, with what is known of the best.

    `pins` are decisions made after the problem was written down; they replace earlier ones about the same
    thing. `warm_start` is an earlier answer: at equal terms the new one stays with it.
    """
    problem = with_pins(problem, pins)
    limits = limits or Limits()
    watch = watch or Watch(limits.seconds)
    before = warm_start.seats_of_party if warm_start is not None else {}
    held: list[str] = []
    taken: list[Seat] = []
    best = dict.fromkeys(TERMS[:3], 0)
    for part in parts(problem):
        runs, sat, known = _solve_part(problem, part, seed, watch, before)
        held += runs
        taken += sat
        for term, value in known.items():
            best[term] += value
    solution = Solution(tuple(sorted(held)), tuple(sorted(taken)))
    reached = score(problem, solution)
    bounds = (
        *(Bound(term, getattr(reached, term), best[term]) for term in TERMS[:3]),
        Bound("uneven", reached.uneven, 0 if not reached.uneven else None),
        Bound("passed_over", reached.passed_over, 0 if not reached.passed_over else None),
    )
    is_proven = all(bound.is_proven for bound in bounds)
    status = Status.PROVEN if is_proven else Status.STOPPED if watch.is_over else Status.BOUNDED
    return Result(status, solution, bounds, {"runs": len(problem.runs)}, SOLVER, seed)


def with_pins(problem: Problem, pins: Sequence[Pin]) -> Problem:
    """The problem with newer decisions in the place of earlier ones about the same run, or party and run."""
    if not pins:
        return problem
    runs = {pin.run: pin for pin in problem.run_pins}
    cells = {(pin.party, pin.run): pin for pin in problem.seat_pins}
    for pin in pins:
        if isinstance(pin, PinnedRun):
            runs[pin.run] = pin
        else:
            cells[pin.party, pin.run] = pin
    return replace(problem, run_pins=tuple(runs.values()), seat_pins=tuple(cells.values()))


def _solve_part(
    problem: Problem,
    part: Part,
    seed: int,
    watch: Watch[Solution],
    before: dict[str, tuple[Seat, ...]],
) -> tuple[list[str], list[Seat], dict[str, int]]:
    built = build(problem, part)

    def run(model: Model, start: Sequence[int] | None) -> Solved:
        return highs.solve(
            model, seconds=watch.left, seed=seed, start=start, is_over=lambda: watch.is_over
        )

    objectives = (
        [(column, -heads) for column, heads in built.taught],
        [(column, -heads) for column, heads in built.kept],
        built.moved,
    )
    found = solve_in_order(built.model, objectives, run)
    if found.values is None:
        raise ValueError("no answer")
    bounds = {}
    for term, sign, step in zip(TERMS, (-1, -1, 1), found.steps, strict=False):
        bounds[term] = sign * (step.bound if step.bound is not None else 0)
    return built.held_runs(found.values), seats(built, found.values, before), bounds
