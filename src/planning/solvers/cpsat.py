"""OR-Tools CP-SAT (Apache 2.0) on one thread with deterministic limits: the same answer on every machine.

The library (60 MB of memory) is loaded by the first solve, so that whoever only reads answers does without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from planning.result import WORK_PER_SECOND
from planning.solvers.model import INFINITY, Model, Outcome, Solved


def solve(
    model: Model,
    *,
    work: int | None = None,
    seconds: float = math.inf,
    seed: int = 0,
    start: Sequence[int] | None = None,
    gap: float = 0.0,
    is_over: Callable[[], bool] | None = None,
    on_better: Callable[[int, int | None], None] | None = None,
) -> Solved:
    """Solve to the end, to a relative `gap`, to `work` steps, or until the clock or `is_over` says so.

    All columns must be whole numbers with limits. `start` is an answer to begin from. `on_better` gets the
    objective and the bound of each better answer. `is_over` is asked at each better answer only.
    """
    from ortools.sat.python import cp_model

    outcomes = {
        cp_model.OPTIMAL: Outcome.OPTIMAL,
        cp_model.FEASIBLE: Outcome.FEASIBLE,
        cp_model.INFEASIBLE: Outcome.INFEASIBLE,
    }
    cp = cp_model.CpModel()
    columns = [
        cp.new_int_var(low, high, "") for low, high in zip(model.lower, model.upper, strict=True)
    ]
    for i, (low, high) in enumerate(zip(model.row_lower, model.row_upper, strict=True)):
        first, last = model.row_starts[i], model.row_starts[i + 1]
        total = cp_model.LinearExpr.weighted_sum(
            [columns[c] for c in model.columns[first:last]], model.coefficients[first:last]
        )
        cp.add_linear_constraint(total, max(low, -INFINITY), min(high, INFINITY))
    if model.objective:
        cp.minimize(
            cp_model.LinearExpr.weighted_sum(
                [columns[c] for c, _ in model.objective], [k for _, k in model.objective]
            )
        )
    if start is not None:
        for column, value in zip(columns, start, strict=True):
            cp.add_hint(column, value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.relative_gap_limit = gap
    if work is not None:
        solver.parameters.max_deterministic_time = max(0.001, work / WORK_PER_SECOND)
    if seconds < math.inf:
        solver.parameters.max_time_in_seconds = max(0.001, seconds)
    status = solver.solve(cp, _listener(is_over, on_better))
    outcome = outcomes.get(status, Outcome.UNKNOWN)
    done = round(solver.response_proto.deterministic_time * WORK_PER_SECOND)
    if outcome == Outcome.INFEASIBLE:
        return Solved(outcome, None, None, None, done)
    if outcome == Outcome.UNKNOWN:
        # Ended early it calls 0 its bound, whatever the objective is: nothing is known.
        return Solved(outcome, None, None, None, done)
    bound = math.ceil(solver.best_objective_bound - 1e-6) if model.objective else 0
    values = tuple(int(solver.value(column)) for column in columns)
    objective = model.value(model.objective, values)
    if outcome == Outcome.OPTIMAL and bound < objective:
        outcome = Outcome.FEASIBLE  # within the gap that was asked for, not the best
    return Solved(outcome, values, objective, bound, done)


def _listener(
    is_over: Callable[[], bool] | None, on_better: Callable[[int, int | None], None] | None
) -> Any:
    """What CP-SAT calls at each better answer; a class of the library's, so made when it is loaded."""
    from ortools.sat.python import cp_model

    class Listener(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            if on_better is not None:
                bound = self.best_objective_bound
                on_better(
                    round(self.objective_value),
                    math.ceil(bound - 1e-6) if math.isfinite(bound) else None,
                )
            if is_over is not None and is_over():
                self.stop_search()

    return Listener()
