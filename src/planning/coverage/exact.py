"""Every objective in its order with one model: for problems of a network's round, where all can be proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.result import Watch
from planning.solvers import cpsat, highs
from planning.solvers.model import Model, Solved, Term

Solver = Callable[[Model, Sequence[int], Watch[object]], Solved]


def by_highs(nodes: int) -> Solver:
    """HiGHS with so many nodes for each objective."""

    def solve(model: Model, start: Sequence[int], watch: Watch[object]) -> Solved:
        return highs.solve(
            model, start=start, nodes=nodes, seconds=watch.left, is_over=lambda: watch.is_over
        )

    return solve


def by_cpsat(work: int) -> Solver:
    """CP-SAT with so much work for each objective."""

    def solve(model: Model, start: Sequence[int], watch: Watch[object]) -> Solved:
        return cpsat.solve(
            model, start=start, work=work, seconds=watch.left, is_over=lambda: watch.is_over
        )

    return solve


def in_order(
    plan: Plan,
    solver: Solver,
    watch: Watch[object],
    tell: Callable[[], None] = lambda: None,
    *,
    quarters: bool = True,
) -> dict[str, int]:
    """Make the plan the best there is, objective by objective; returns the bounds that were found.

    A bound is on the term as `Score` counts it. An objective whose best isn't proven is kept at what was reached.
    Without `quarters` it ends before the spread where the problem plans quarters.
    """
    instance = plan.instance
    is_planned = instance.problem.plans_quarters
    form = Formulation(instance, quarters=quarters and is_planned)
    model = form.model
    bounds: dict[str, int] = {}
    offset = {
        "changed": instance.base_changed + sum(item.idle_changed for item in instance.items),
        "far": instance.base_far + sum(item.idle_far for item in instance.items),
        "spread": sum(n * (n - 1) // 2 for n in instance.standing),
    }
    levels = 0  # sum of the largest burdens kept so far

    def step(terms: Sequence[Term]) -> int | None:
        """Make the terms small from here on; returns their bound."""
        values = form.values(plan.chosen)
        model.minimise(terms)
        bound: int | None = None
        if not terms:
            return 0
        if not watch.is_over:
            solved = solver(model, values, watch)
            bound = solved.bound
            if solved.values is not None and (solved.objective or 0) <= model.value(terms, values):
                plan.load_all(form.chosen(solved.values, plan.chosen))
                values = form.values(plan.chosen)
                tell()
        reached = model.value(terms, values)
        model.row(terms, upper=reached)
        return bound

    bound = step(form.covered())
    if bound is not None:
        bounds["covered"] = -bound
    if instance.problem.previous:
        bound = step(form.changed())
        if bound is not None:
            bounds["changed"] = bound + offset["changed"]
    for name, terms in zip(("burden", "burden_2", "burden_3"), form.add_burdens(), strict=True):
        bound = step(terms)
        if bound is not None:
            bounds[name] = max(0, bound - levels)
        levels = model.value(terms, form.values(plan.chosen))
    for name, make in (
        ("far", form.far),
        ("travel", form.travel),
        ("farthest", form.add_farthest),
        ("spread", form.add_spread),
        ("kept", form.kept),
        ("joint", form.joint),
        ("guarantees", form.guarantees),
    ):
        if name == "spread" and is_planned and not quarters:
            break
        bound = step(make())
        if bound is not None:
            sign = -1 if name in ("kept", "joint", "guarantees") else 1
            bounds[name] = sign * bound + offset.get(name, 0)
    return bounds
