"""HiGHS (MIT) through highspy: branch and cut on one thread, for models whose linear relaxation is tight.

The library is loaded by the first solve, so that whoever only reads answers does without it and numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planning.solvers.model import INFINITY, Model, Outcome, Solved, Term

if TYPE_CHECKING:
    import highspy
    import numpy as np

    _Whole = np.ndarray[Any, np.dtype[np.int64]]

_INTEGRAL = 1e-6
"""How far a whole number may be off before a bound is rounded the wrong way."""
_INTEGRAL_SHARE = 1e-8
"""The same, as a share of a large number: a bound of millions is still told to the unit."""
_CALL = 20
"""Steps that a call counts for, besides its simplex iterations: the same on every machine."""
_STEPS_PER_CHECK = 50
"""Simplex iterations between two places at which the tree search asks whether to go on, as measured: 45 to 70."""


def solve(
    model: Model,
    *,
    seconds: float = math.inf,
    nodes: int | None = None,
    work: int | None = None,
    seed: int = 0,
    start: Sequence[int] | None = None,
    gap: float = 0.0,
    is_over: Callable[[], bool] | None = None,
    on_better: Callable[[int, int | None], None] | None = None,
) -> Solved:
    """Solve to the end, to `nodes` of the tree, to a relative `gap`, or until the clock or `is_over` says so.

    `work` ends it after about so many steps, also in the tree's first node. HiGHS doesn't tell its steps while it
    works, but asks whether to go on at places that are the same every time, and those are counted: so the answer
    is the same on every machine. `start` is a complete answer to begin from; one that the model doesn't allow is
    not used. `on_better` gets the objective and the bound of each better answer.
    """
    if start is not None and not model.allows(start):
        start = None
    if not model.lower:
        return Solved(Outcome.OPTIMAL, (), 0, 0, 0)
    import highspy

    highs = highspy.Highs()
    highs.silent()
    for name, value in (
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", seed % 2**31),
        ("mip_rel_gap", gap),
        ("mip_abs_gap", 1 - 1e-4 if not gap else 0.0),
    ):
        highs.setOptionValue(name, value)
    if seconds < math.inf:
        highs.setOptionValue("time_limit", max(0.0, seconds))
    if nodes is not None:
        highs.setOptionValue("mip_max_nodes", nodes)
    rows = load(highs, model)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = [float(v) for v in start]
        highs.setSolution(solution)
    if is_over is not None or work is not None:
        left = math.inf if work is None else max(1, work // _STEPS_PER_CHECK)

        def interrupt(event: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0 or (is_over is not None and is_over()):
                event.interrupt()

        highs.cbMipInterrupt.subscribe(interrupt)
    if on_better is not None:
        tell = on_better

        def better(event: Any) -> None:
            found = event.data_out
            tell(round(found.objective_function_value), at_least(found.mip_dual_bound))

        highs.cbMipImprovingSolution.subscribe(better)
    highs.run()
    return _answer(highs, model, rows)


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A model whose columns needn't be whole: the bound, values per column, and prices per row (its duals)."""

    bound: int
    values: tuple[float, ...]
    prices: tuple[float, ...]


def relax(
    model: Model, *, seconds: float = math.inf
) -> tuple[int | None, tuple[float, ...] | None]:
    """The bound and the values when columns needn't be whole; None, None when the clock ended it first.

    Raises ValueError when even then there is no answer.
    """
    found = relax_priced(model, seconds=seconds)
    return (found.bound, found.values) if found else (None, None)


def relax_priced(
    model: Model, *, seconds: float = math.inf, is_over: Callable[[], bool] | None = None
) -> Relaxed | None:
    """As `relax`, with the price of each row; None also when `is_over` says so.

    Raises ValueError when even then there is no answer.
    """
    if not model.lower:
        return Relaxed(0, (), ())
    import highspy

    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("threads", 1)
    if seconds < math.inf:
        highs.setOptionValue("time_limit", max(0.0, seconds))
    load(highs, model, is_relaxed=True)
    if is_over is not None:
        stop = is_over

        def interrupt(event: Any) -> None:
            if stop():
                event.interrupt()

        highs.cbSimplexInterrupt.subscribe(interrupt)
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        raise ValueError("the relaxed model has no answer")
    if status != highspy.HighsModelStatus.kOptimal:
        return None
    found = highs.getSolution()
    bound = at_least(highs.getObjectiveValue())
    return Relaxed(bound or 0, tuple(found.col_value), tuple(found.row_dual))


Row = tuple[list[Term], int]
"""A row that shall hold at least so much."""


@dataclass(frozen=True, slots=True)
class Grown:
    """The last bound and its values per column (None, empty: the clock came first), and the steps it took."""

    bound: int | None
    values: tuple[float, ...]
    work: int


def relax_growing(
    model: Model,
    missing: Callable[[Sequence[float]], Sequence[Row]],
    *,
    seconds: float = math.inf,
    work: int | None = None,
) -> Grown:
    """A model with more rows than can be written, when columns needn't be whole.

    `missing` gets the values per column and gives rows that they break; they are added, until there are none. What
    has been found is a bound at any time, so ended by `work` or the clock it is the last one. Raises ValueError when
    there is no answer.
    """
    import highspy
    import numpy as np

    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("threads", 1)
    load(highs, model, is_relaxed=True)
    found = Grown(None, (), _CALL)
    while True:
        if seconds < math.inf:
            highs.setOptionValue("time_limit", seconds)
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise ValueError("the relaxed model has no answer")
        if status != highspy.HighsModelStatus.kOptimal:
            return found
        steps = found.work + max(0, highs.getInfo().simplex_iteration_count)
        values = tuple(highs.getSolution().col_value)
        found = Grown(at_least(highs.getObjectiveValue()), values, steps)
        rows = missing(values)
        if not rows or (work is not None and steps >= work):
            return found
        highs.setOptionValue("presolve", "off")  # from here on it goes on from where it stands
        starts = np.cumsum([0, *(len(terms) for terms, _ in rows)])
        highs.addRows(
            len(rows),
            np.asarray([least for _, least in rows], dtype=np.float64),
            np.full(len(rows), highspy.kHighsInf),
            int(starts[-1]),
            starts[:-1].astype(np.int32),
            np.asarray([column for terms, _ in rows for column, _ in terms], dtype=np.int32),
            np.asarray([k for terms, _ in rows for _, k in terms], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The model's limits and rows as arrays of whole numbers."""

    lower: _Whole
    upper: _Whole
    row_lower: _Whole
    row_upper: _Whole
    starts: _Whole
    columns: _Whole
    coefficients: _Whole

    def allow(self, values: _Whole) -> bool:
        """As `Model.allows`, fast."""
        import numpy as np

        if (values < self.lower).any() or (values > self.upper).any():
            return False
        sums = np.concatenate(([0], np.cumsum(self.coefficients * values[self.columns])))
        activity = sums[self.starts[1:]] - sums[self.starts[:-1]]
        return bool((activity >= self.row_lower).all() and (activity <= self.row_upper).all())


def load(highs: highspy.Highs, model: Model, *, is_relaxed: bool = False) -> Rows:
    """Give the solver the model; returns what its answers are judged by. Relaxed, columns needn't be whole."""
    import highspy
    import numpy as np

    rows = Rows(
        *(
            np.asarray(some, dtype=np.int64)
            for some in (
                model.lower,
                model.upper,
                model.row_lower,
                model.row_upper,
                model.row_starts,
                model.columns,
                model.coefficients,
            )
        )
    )
    lp = highspy.HighsLp()
    lp.num_col_ = len(model.lower)
    lp.num_row_ = len(model.row_lower)
    cost = np.zeros(lp.num_col_)
    for column, coefficient in model.objective:
        cost[column] += coefficient
    lp.col_cost_ = cost
    lp.col_lower_ = _limits(rows.lower)
    lp.col_upper_ = _limits(rows.upper)
    lp.row_lower_ = _limits(rows.row_lower)
    lp.row_upper_ = _limits(rows.row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = rows.starts.astype(np.int32)
    lp.a_matrix_.index_ = rows.columns.astype(np.int32)
    lp.a_matrix_.value_ = rows.coefficients.astype(np.float64)
    if not is_relaxed:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
    highs.passModel(lp)
    return rows


def _limits(values: _Whole) -> np.ndarray[Any, np.dtype[np.float64]]:
    import highspy
    import numpy as np

    limits = values.astype(np.float64)
    limits[limits >= INFINITY] = highspy.kHighsInf
    limits[limits <= -INFINITY] = -highspy.kHighsInf
    return limits


def _answer(highs: highspy.Highs, model: Model, rows: Rows) -> Solved:
    import highspy
    import numpy as np

    status = highs.getModelStatus()
    info = highs.getInfo()
    work = _CALL + max(0, info.simplex_iteration_count)
    if status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        return Solved(Outcome.INFEASIBLE, None, None, None, work)
    bound = at_least(info.mip_dual_bound)
    if info.primal_solution_status != 2:  # kSolutionStatusFeasible
        return Solved(Outcome.UNKNOWN, None, None, bound, work)
    whole = np.rint(np.asarray(highs.getSolution().col_value)).astype(np.int64)
    if not rows.allow(whole):
        # HiGHS keeps rows and whole numbers to a tolerance; rounded, its answer breaks one, so it is no answer.
        return Solved(Outcome.UNKNOWN, None, None, bound, work)
    values = tuple(int(value) for value in whole)
    objective = model.value(model.objective, values)
    is_proven = status == highspy.HighsModelStatus.kOptimal and (
        bound is None or bound >= objective
    )
    outcome = Outcome.OPTIMAL if is_proven else Outcome.FEASIBLE
    return Solved(outcome, values, objective, objective if is_proven else bound, work)


def at_least(bound: float) -> int | None:
    """A bound on a whole number, rounded up as far as the tolerance allows."""
    return (
        math.ceil(bound - max(_INTEGRAL, _INTEGRAL_SHARE * abs(bound)))
        if math.isfinite(bound)
        else None
    )
