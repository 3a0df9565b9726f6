"""What people do today, and a plain greedy: yardsticks for the solver, never the answer."""

from __future__ import annotations

from planning.coverage.choices import Instance, compile_problem
from planning.coverage.data import Problem
from planning.coverage.plan import Plan
from planning.coverage.solution import Solution


def first_approved(problem: Problem) -> Solution:
    """Today's practice: course by course as the list has them, the first school that may and can takes it.

    No one looks at fairness, ways or what comes later on the list; no extra offers. Schools come in key order.
    """
    plan = Plan(compile_problem(problem))
    place = {course.key: n for n, course in enumerate(problem.courses)}
    gaps = [i for i, item in enumerate(plan.items) if item.is_gap]
    for i in sorted(gaps, key=lambda i: place[plan.items[i].course.key]):
        choices = plan.items[i].choices
        for k in sorted(range(len(choices)), key=lambda k: (choices[k].school, k)):
            if not choices[k].extra and plan.fits(choices[k]):
                plan.put(i, k)
                break
    return plan.solution()


def greedy(problem: Problem, *, work: int = 100_000, instance: Instance | None = None) -> Solution:
    """Most constrained course first, each to what suits best then, and chains of moves for those left over."""
    plan = Plan(instance or compile_problem(problem))
    plan.construct()
    plan.repair(work)
    return plan.solution()


def greedy_with_moves(problem: Problem, *, work: int = 400_000) -> Solution:
    """The greedy, then moves and swaps while the objectives get better: what this planner did before."""
    plan = Plan(compile_problem(problem))
    plan.construct()
    plan.repair(work // 4)
    plan.improve(work)
    return plan.solution()
