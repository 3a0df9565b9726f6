"""Objectives in a stated order: each is made as small as it can be, then kept, before the next is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planning.solvers.model import Model, Outcome, Solved, Term

Solver = Callable[[Model, Sequence[int] | None], Solved]
"""Solves a model from a start (or None); `highs.solve` or `cpsat.solve` with its limits filled in."""


@dataclass(frozen=True, slots=True)
class InOrder:
    """Values per column (None: there is no answer), and each objective's `Solved` as far as it went."""

    values: tuple[int, ...] | None
    steps: tuple[Solved, ...]

    @property
    def is_infeasible(self) -> bool:
        return bool(self.steps) and self.steps[-1].outcome == Outcome.INFEASIBLE


def solve_in_order(
    model: Model,
    objectives: Sequence[Sequence[Term]],
    solve: Solver,
    start: Sequence[int] | None = None,
) -> InOrder:
    """Make the first objective small, then the second among what is best for the first, and so on.

    Adds a row per objective to the model. An objective whose best isn't proven is kept at the value reached,
    so that a later one is never bought with an earlier one.
    """
    values = tuple(start) if start is not None and model.allows(start) else None
    steps: list[Solved] = []
    for objective in objectives:
        model.minimise(objective)
        solved = solve(model, values)
        steps.append(solved)
        if solved.values is not None:
            values = solved.values
        if values is None:
            break
        model.row(objective, upper=model.value(objective, values))
    return InOrder(values, tuple(steps))
