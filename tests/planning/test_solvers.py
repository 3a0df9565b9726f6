"""Both solvers on the same small models, against every answer tried; and the smallest contradictions."""

from __future__ import annotations

import random
from itertools import combinations, product
from types import SimpleNamespace

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.solvers import cpsat, highs, tree
from planning.solvers.contradiction import smallest
from planning.solvers.lexicographic import solve_in_order
from planning.solvers.model import Model, Outcome, Solved

SOLVERS = [
    pytest.param(highs.solve, id="highs"),
    pytest.param(cpsat.solve, id="cpsat"),
    pytest.param(tree.solve, id="tree"),
]


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Up to five columns of 0 to 3, up to four rows, small coefficients."""
    model = Model()
    size = draw(st.integers(1, 5))
    for _ in range(size):
        model.column(0, draw(st.integers(0, 3)))
    coefficient = st.integers(-4, 4)
    for _ in range(draw(st.integers(0, 4))):
        terms = [(column, draw(coefficient)) for column in range(size)]
        low = draw(st.integers(-10, 6))
        model.row(terms, low, low + draw(st.integers(0, 8)))
    model.minimise([(column, draw(coefficient)) for column in range(size)])
    return model


def every(model: Model) -> list[tuple[int, ...]]:
    ranges = [range(low, high + 1) for low, high in zip(model.lower, model.upper, strict=True)]
    return [values for values in product(*ranges) if model.allows(values)]


@pytest.mark.parametrize("solve", SOLVERS)
@settings(max_examples=120, deadline=None)
@given(model=models())
def test_the_best_of_all_answers_is_found_and_proven(solve: object, model: Model) -> None:
    answers = every(model)
    solved: Solved = solve(model)  # type: ignore[operator]
    if not answers:
        assert solved.outcome == Outcome.INFEASIBLE
        return
    best = min(model.value(model.objective, values) for values in answers)
    assert solved.outcome == Outcome.OPTIMAL
    assert (solved.objective, solved.bound) == (best, best)
    assert solved.values in answers


@pytest.mark.parametrize("solve", SOLVERS)
@settings(max_examples=60, deadline=None)
@given(model=models(), data=st.data())
def test_objectives_are_kept_in_their_order(
    solve: object, model: Model, data: st.DataObject
) -> None:
    coefficient = st.integers(-3, 3)
    objectives = [
        [(column, data.draw(coefficient)) for column in range(len(model.lower))] for _ in range(3)
    ]
    answers = every(model)
    found = solve_in_order(model, objectives, lambda m, start: solve(m, start=start))  # type: ignore[operator]
    if not answers:
        assert found.is_infeasible
        return
    best = min(tuple(model.value(o, values) for o in objectives) for values in answers)
    assert found.values is not None
    assert tuple(model.value(o, found.values) for o in objectives) == best
    assert all(step.is_proven for step in found.steps)


@pytest.mark.parametrize("solve", SOLVERS)
def test_a_start_that_is_not_allowed_does_no_harm(solve: object) -> None:
    model = Model()
    a, b = model.column(), model.column()
    model.row([(a, 1), (b, 1)], upper=1)
    model.minimise([(a, -2), (b, -1)])
    assert solve(model, start=(1, 1)).values == (1, 0)  # type: ignore[operator]
    assert solve(model, start=(0, 1)).values == (1, 0)  # type: ignore[operator]


def test_highs_can_be_ended_and_says_what_it_knows() -> None:
    model = Model()
    columns = [model.column() for _ in range(60)]
    for i in range(60):
        terms = [(c, 3 + (i * 7 + c * 13) % 11) for c in columns]
        model.row(terms, lower=len(columns) * 3)
    model.minimise([(c, 5 + c % 7) for c in columns])
    solved = highs.solve(model, is_over=lambda: True)
    assert solved.outcome in (Outcome.UNKNOWN, Outcome.FEASIBLE, Outcome.OPTIMAL)
    full = highs.solve(model, gap=0.2)
    assert full.bound is not None
    assert full.objective is not None
    assert full.bound <= full.objective


def knapsacks() -> Model:
    """Fifty columns in thirty rows: a second and some hundred iterations for HiGHS."""
    draw = random.Random(3)
    model = Model()
    columns = [model.column() for _ in range(50)]
    for _ in range(30):
        model.row([(column, draw.randint(1, 60)) for column in columns], upper=750)
    model.minimise([(column, -draw.randint(10, 60)) for column in columns])
    return model


def test_work_ends_highs_in_the_first_node_the_same_every_time() -> None:
    full = highs.solve(knapsacks())
    short = highs.solve(knapsacks(), work=100)
    assert full.is_proven
    assert short == highs.solve(knapsacks(), work=100)
    assert short.work < full.work // 10
    assert not short.is_proven
    assert short.bound is not None
    assert full.objective is not None
    assert short.bound < full.objective
    assert short.values is not None
    assert knapsacks().allows(short.values)


def side_by_side(models: list[Model]) -> Model:
    """Models that touch each other nowhere as one."""
    one = Model()
    objective = []
    for model in models:
        base = len(one.lower)
        for low, high in zip(model.lower, model.upper, strict=True):
            one.column(low, high)
        for i, (low, high) in enumerate(zip(model.row_lower, model.row_upper, strict=True)):
            first, last = model.row_starts[i], model.row_starts[i + 1]
            pairs = zip(model.columns[first:last], model.coefficients[first:last], strict=True)
            one.row([(base + column, k) for column, k in pairs], low, high)
        objective += [(base + column, k) for column, k in model.objective]
    one.minimise(objective)
    return one


@settings(max_examples=120, deadline=None)
@given(st.lists(models(), min_size=2, max_size=4), st.integers(0, 60))
def test_a_tree_for_each_piece_finds_what_one_solver_finds(some: list[Model], work: int) -> None:
    best = [highs.solve(model) for model in some]
    whole = side_by_side(some)
    solved = tree.solve(whole, first=range(len(whole.lower) // 2))
    if any(one.outcome == Outcome.INFEASIBLE for one in best):
        assert solved.outcome == Outcome.INFEASIBLE
        return
    total = sum(one.objective or 0 for one in best)
    assert (solved.outcome, solved.objective, solved.bound) == (Outcome.OPTIMAL, total, total)
    assert solved.values is not None
    assert whole.allows(solved.values)
    start = [value for one in best for value in one.values or ()]
    again = tree.solve(whole, start=start)
    assert (again.objective, again.bound) == (total, total)
    short = tree.solve(whole, work=work)
    assert short.bound is None or short.bound <= total
    assert short.objective is None or short.objective >= total


def test_a_tree_that_grows_too_large_goes_to_the_general_solver() -> None:
    full = highs.solve(knapsacks())
    short = tree.solve(knapsacks(), work=100)
    assert short == tree.solve(knapsacks(), work=100)
    assert not short.is_proven
    assert short.bound is not None
    assert full.objective is not None
    assert short.bound <= full.objective
    for nodes in (0, 1, 30):
        solved = tree.solve(knapsacks(), nodes=nodes)
        assert (solved.outcome, solved.objective) == (Outcome.OPTIMAL, full.objective)


def test_a_solver_that_is_ended_at_once_claims_no_bound_that_is_wrong() -> None:
    best = highs.solve(knapsacks()).objective
    assert best is not None
    for solve in (cpsat.solve, highs.solve):
        solved = solve(knapsacks(), seconds=0.0)
        assert solved.bound is None or solved.bound <= best


@settings(max_examples=120, deadline=None)
@given(models(), st.lists(st.integers(-1, 4), min_size=5, max_size=5))
def test_what_highs_answers_is_judged_in_whole_numbers(model: Model, some: list[int]) -> None:
    values = some[: len(model.lower)]
    rows = highs.load(highspy.Highs(), model)
    assert rows.allow(np.asarray(values)) == model.allows(values)


class Rounder:
    """HiGHS with an answer that keeps its rows to a millionth, and breaks one when it is rounded."""

    def getModelStatus(self) -> highspy.HighsModelStatus:
        return highspy.HighsModelStatus.kOptimal

    def getInfo(self) -> SimpleNamespace:
        return SimpleNamespace(
            simplex_iteration_count=5, mip_dual_bound=-1.0, primal_solution_status=2
        )

    def getSolution(self) -> SimpleNamespace:
        return SimpleNamespace(col_value=[1e-6, 1.0])


def test_an_answer_that_breaks_a_row_when_rounded_is_no_answer() -> None:
    model = Model()
    held, seated = model.column(), model.column(0, 10**6)
    model.row([(seated, 1), (held, -(10**6))], upper=0)
    model.minimise([(held, 1000), (seated, -1)])
    rows = highs.load(highspy.Highs(), model)
    solved = highs._answer(Rounder(), model, rows)  # type: ignore[arg-type]
    assert (solved.outcome, solved.values, solved.objective) == (Outcome.UNKNOWN, None, None)
    assert solved.bound == -1


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sets(st.integers(0, 6), min_size=1, max_size=4), min_size=1, max_size=5))
def test_the_contradiction_is_the_smallest(contradictions: list[set[int]]) -> None:
    facts = list(range(7))

    def is_possible(chosen: frozenset[int]) -> bool:
        return not any(some <= chosen for some in contradictions)

    found, is_proven = smallest(facts, is_possible)
    assert is_proven
    assert not is_possible(frozenset(found))
    sizes = [
        size
        for size in range(len(facts) + 1)
        for some in combinations(facts, size)
        if not is_possible(frozenset(some))
    ]
    assert len(found) == min(sizes)


def test_without_tries_left_no_fact_can_be_left_out() -> None:
    contradictions: list[set[int]] = [{0, 1, 2, 3}, {4, 5}]

    def is_possible(chosen: frozenset[int]) -> bool:
        return not any(some <= chosen for some in contradictions)

    found, is_proven = smallest(list(range(6)), is_possible, tries=0)
    assert not is_proven
    assert set(found) in contradictions


def test_facts_that_can_hold_together_are_no_contradiction() -> None:
    with pytest.raises(ValueError, match="do not contradict"):
        smallest([1, 2], lambda _: True)
