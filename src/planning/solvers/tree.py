"""Branch and bound by hand on HiGHS's simplex method, for models that fall into pieces and whose relaxation is tight.

A general solver spends most of its time on cuts and heuristics that such models do without: nearly all columns of
the relaxation are whole, and a handful of branchings settle the rest. Here one relaxation is solved for the whole
model; only the pieces (columns that no row connects with the others) in which it isn't whole get a tree of their
own, whose nodes begin where the last one ended. A piece that takes too many nodes goes to
`highs.solve`, with the columns that the relaxation settles settled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from planning.solvers import highs
from planning.solvers.model import Model, Outcome, Solved

if TYPE_CHECKING:
    import numpy as np

    _Numbers = np.ndarray[Any, np.dtype[np.float64]]
    _Places = np.ndarray[Any, np.dtype[np.int64]]

_WHOLE = 1e-6
"""How near to a whole number counts as whole."""
NODES = 300
"""Nodes of a piece's tree before it goes to the general solver, unless the caller says otherwise."""
_TRIED = 10
"""Columns that are tried before one of them is branched on."""
_TRIAL = 20
"""Simplex iterations of such a trial."""
_LARGEST = 1e9
"""What a side that nothing can stand on is said to lose."""
_CALL = 20
"""Steps that a model counts for, and a piece's tree, besides simplex iterations: the same on every machine."""
_STEPS_PER_NODE = 50
"""Steps that the general solver gets for a node."""


Way = tuple[tuple[int, float, float], ...]
"""How a node differs from the root: columns with their limits, one after the other."""


@dataclass(slots=True)
class _Effort:
    """What may still be done, and what has been."""

    left: float
    nodes: int
    ends_at: Callable[[], float]
    is_over: Callable[[], bool]
    done: int = 0

    @property
    def is_spent(self) -> bool:
        return self.done >= self.left or self.is_over()


def solve(
    model: Model,
    first: Iterable[int] = (),
    *,
    seconds: Callable[[], float] = lambda: math.inf,
    work: int | None = None,
    nodes: int = NODES,
    seed: int = 0,
    start: Sequence[int] | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> Solved:
    """The best answer, proven, or what is found and known when `work` steps are done or `is_over` says so.

    `first`: columns to branch on before all others, because the others follow from them. `start` is a complete answer
    to begin from; one that the model doesn't allow is not used. `seconds` tells how many are left on the clock.
    A piece that takes more than so many `nodes` goes to `highs.solve`. Steps are simplex iterations. The same model, start and seed give the same answer on every machine, as long as
    the clock doesn't end it.
    """
    if start is not None and not model.allows(start):
        start = None
    if not model.lower:
        return Solved(Outcome.OPTIMAL, (), 0, 0, 0)
    effort = _Effort(math.inf if work is None else work, nodes, seconds, is_over)
    whole = _Tree(model, first, start, effort)
    if whole.root():
        if not whole.is_whole():
            pieces = _pieces(model)
            if len(pieces) > 1:
                return _by_pieces(whole, pieces, seed)
        whole.search(seed)
    if whole.is_impossible:
        return Solved(Outcome.INFEASIBLE, None, None, None, effort.done)
    return _found(model, whole.best, whole.bound, effort)


def _found(
    model: Model, values: Sequence[int] | None, bound: int | None, effort: _Effort
) -> Solved:
    if values is None:
        return Solved(Outcome.UNKNOWN, None, None, bound, effort.done)
    objective = model.value(model.objective, values)
    is_proven = bound is not None and bound >= objective
    return Solved(
        Outcome.OPTIMAL if is_proven else Outcome.FEASIBLE,
        tuple(values),
        objective,
        objective if is_proven else bound,
        effort.done,
    )


def _pieces(model: Model) -> list[tuple[_Places, _Places]]:
    """Columns, and the rows they stand in, that no other row connects with the rest."""
    import numpy as np

    starts = np.asarray(model.row_starts, dtype=np.int64)
    columns = np.asarray(model.columns, dtype=np.int64)
    lengths = np.diff(starts)
    filled = np.flatnonzero(lengths)
    mark = np.arange(len(model.lower))
    while len(filled):
        least = np.minimum.reduceat(mark[columns], starts[filled])
        marked = mark.copy()
        np.minimum.at(marked, columns, np.repeat(least, lengths[filled]))
        if (marked == mark).all():
            break
        mark = marked
    of_row = mark[columns[starts[filled]]]
    order, row_order = np.argsort(mark, kind="stable"), np.argsort(of_row, kind="stable")
    found, firsts = np.unique(mark[order], return_index=True)
    ends = np.append(firsts[1:], len(order))
    row_firsts = np.searchsorted(of_row[row_order], found)
    row_ends = np.searchsorted(of_row[row_order], found, side="right")
    return [
        (order[a:b], filled[row_order[c:d]])
        for a, b, c, d in zip(firsts, ends, row_firsts, row_ends, strict=True)
    ]


def _piece(model: Model, columns: _Places, rows: _Places, costs: _Numbers) -> Model:
    """These columns and rows as a model of their own."""
    some = columns.tolist()
    number = {column: i for i, column in enumerate(some)}
    piece = Model(
        [model.lower[column] for column in some], [model.upper[column] for column in some]
    )
    for row in rows.tolist():
        first, last = model.row_starts[row], model.row_starts[row + 1]
        piece.row(
            zip(
                (number[column] for column in model.columns[first:last]),
                model.coefficients[first:last],
                strict=True,
            ),
            model.row_lower[row],
            model.row_upper[row],
        )
    piece.minimise((i, round(cost)) for i, cost in enumerate(costs[columns].tolist()) if cost)
    return piece


def _by_pieces(whole: _Tree, pieces: Sequence[tuple[_Places, _Places]], seed: int) -> Solved:
    """The whole answer of pieces that touch each other nowhere: whole ones as they are, each other by its tree."""
    import numpy as np

    model, effort = whole.model, whole.effort
    values = np.rint(whole.values).astype(np.int64)
    costs = whole.costs
    bound = 0
    is_known = True
    for columns, rows in pieces:
        if whole.is_whole(columns):
            bound += round(float(costs[columns] @ whole.values[columns]))
            continue
        part = _piece(model, columns, rows, costs)
        begun = None if whole.start is None else [whole.start[column] for column in columns]
        first = np.flatnonzero(whole.is_first[columns])
        tree = _Tree(part, first.tolist(), begun, effort)
        if not effort.is_spent and tree.root():
            tree.search(seed)
        if tree.is_impossible:
            return Solved(Outcome.INFEASIBLE, None, None, None, effort.done)
        if tree.best is None:
            is_known = False
        else:
            values[columns] = tree.best
        bound += tree.bound if tree.bound is not None else whole.least(columns)
    if is_known and model.allows(found := [int(value) for value in values]):
        return _found(model, found, bound, effort)
    return _found(model, whole.start, bound, effort)


class _Tree:
    """A model's tree: depth first, the nearer side first, each node from where the last one ended.

    `best` is the best answer so far, `bound` what none can be below. `is_ended`: not searched to the end.
    """

    def __init__(
        self, model: Model, first: Iterable[int], start: Sequence[int] | None, effort: _Effort
    ) -> None:
        import highspy
        import numpy as np

        self.model = model
        self.effort = effort
        self.start = start
        self.best: Sequence[int] | None = start
        self.bound: int | None = None
        self.is_ended = False
        self.is_impossible = False
        size = len(model.lower)
        self.is_first = np.zeros(size, dtype=bool)
        self.is_first[list(first)] = True
        self.costs = np.zeros(size)
        for column, coefficient in model.objective:
            self.costs[column] += coefficient
        solver = highspy.Highs()
        solver.silent()
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("presolve", "off")
        self._solver = solver
        self._rows = highs.load(solver, model, is_relaxed=True)
        self._lower = np.asarray(model.lower, dtype=np.float64)
        self._upper = np.asarray(model.upper, dtype=np.float64)
        self._gains = np.zeros((2, size))
        self._trials = np.zeros((2, size), dtype=np.int64)
        self.values: _Numbers = np.zeros(size)
        self._reduced: _Numbers = np.zeros(size)
        self._least = -math.inf
        self._value = math.inf if start is None else model.value(model.objective, start)
        effort.done += _CALL

    def root(self) -> bool:
        """Solve the relaxation; False when there is no answer, or it was ended (`is_ended`)."""
        import numpy as np

        self._least = self._relax()
        if not math.isfinite(self._least):
            self.is_impossible = not self.is_ended
            return False
        solution = self._solver.getSolution()
        self.values = np.asarray(solution.col_value)
        self._reduced = np.asarray(solution.col_dual)
        self.bound = highs.at_least(self._least)
        return True

    def is_whole(self, columns: _Places | None = None) -> bool:
        """Is the relaxation's answer whole (in these columns)?"""
        import numpy as np

        values = self.values if columns is None else self.values[columns]
        return bool((np.abs(values - np.rint(values)) <= _WHOLE).all())

    def least(self, columns: _Places) -> int:
        """What these columns come to at least, by the relaxation of the whole."""
        return highs.at_least(float(self.costs[columns] @ self.values[columns])) or 0

    def search(self, seed: int) -> None:
        """The tree from its root on, to the end or as far as the effort goes."""
        if self._can_be_better(self._least):
            self._settle()
            self._descend(seed)
        if self.is_ended:
            return
        if self.best is None:
            self.is_impossible = True
        else:
            self.bound = round(self._value)

    def _descend(self, seed: int) -> None:
        """Depth first: a stack of bounds, the way there, where the simplex begins, and the last column's value."""
        import numpy as np

        stack: list[tuple[float, Way, Any, float]] = []
        way: Way = ()
        least, values = self._least, self.values
        nodes = 0
        while True:
            column = self._choose(way, least, values) if self._can_be_better(least) else None
            if column is not None:
                value = float(values[column])
                low, high = self._limits(way, column)
                down = (column, low, math.floor(value))
                up = (column, math.ceil(value), high)
                basis = self._solver.getBasis()
                near, far = (up, down) if value - math.floor(value) >= 0.5 else (down, up)
                stack += [(least, (*way, far), basis, value), (least, (*way, near), None, value)]
            elif self._can_be_better(least) and not self._take(np.rint(values), way):
                # Rounded it breaks a row: the general solver shall say.
                return self._hand_over(seed, min([least, *(one[0] for one in stack)]))
            while stack and not self._can_be_better(stack[-1][0]):
                stack.pop()
            if not stack:
                return None
            nodes += 1
            lowest = min(one[0] for one in stack)
            if self.effort.is_spent:
                return self._end(lowest)
            if nodes > self.effort.nodes:
                return self._hand_over(seed, lowest)
            before, there, basis, value = stack.pop()
            self._go(way, there)
            way = there
            if basis is not None:
                self._solver.setBasis(basis)
            least = self._relax()
            if self.is_ended:
                return self._end(lowest)
            if math.isfinite(least):
                self._learn(there[-1][0], int(there[-1][1] > value), value, least - before)
                values = np.asarray(self._solver.getSolution().col_value)

    def _can_be_better(self, least: float) -> bool:
        bound = highs.at_least(least)
        return bound is not None and bound < self._value

    def _relax(self) -> float:
        """The relaxation's value as the columns now are; infinite when there is no answer better than the best."""
        import highspy

        solver = self._solver
        left = self.effort.ends_at()
        if left < math.inf:
            solver.setOptionValue("time_limit", solver.getRunTime() + max(0.0, left))
        solver.run()
        info, status = solver.getInfo(), solver.getModelStatus()
        self.effort.done += max(0, info.simplex_iteration_count)
        if status == highspy.HighsModelStatus.kOptimal:
            return float(info.objective_function_value)
        if status in (
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
            highspy.HighsModelStatus.kObjectiveBound,
        ):
            return math.inf
        if status == highspy.HighsModelStatus.kIterationLimit:
            return float(info.objective_function_value)
        self.is_ended = True
        return -math.inf

    def _settle(self) -> None:
        """Columns that no better answer can have otherwise than at the limit where the relaxation has them."""
        import numpy as np

        if self._value == math.inf:
            return
        # Costs are whole numbers, so a better answer is better by one.
        room = self._value - 1 - self._least + 1e-6 + 1e-9 * abs(self._least)
        at_lower = (self._reduced > room) & (self.values <= self._lower + _WHOLE)
        at_upper = (self._reduced < -room) & (self.values >= self._upper - _WHOLE)
        changed = np.flatnonzero((at_lower | at_upper) & (self._lower < self._upper))
        self._upper[at_lower] = self._lower[at_lower]
        self._lower[at_upper] = self._upper[at_upper]
        if len(changed):
            self._solver.changeColsBounds(
                len(changed), changed.astype(np.int32), self._lower[changed], self._upper[changed]
            )
        # Worse nodes needn't be solved to the end.
        bound = self._value - 1 + 1e-3 + 1e-9 * abs(self._value)
        self._solver.setOptionValue("objective_bound", bound)

    def _take(self, values: _Numbers, way: Way) -> bool:
        """A better answer; False when a row doesn't allow it."""
        import numpy as np

        whole = values.astype(np.int64)
        if not self._rows.allow(whole):
            return False
        self.best = [int(value) for value in whole]
        self._value = self.model.value(self.model.objective, self.best)
        self._go(way, ())
        self._settle()
        self._go((), way)
        return True

    def _limits(self, way: Way, column: int) -> tuple[float, float]:
        for other, low, high in reversed(way):
            if other == column:
                return low, high
        return float(self._lower[column]), float(self._upper[column])

    def _go(
        self,
        way: Way,
        there: Way,
    ) -> None:
        """From one node's limits to another's."""
        same = 0
        while same < min(len(way), len(there)) and way[same] == there[same]:
            same += 1
        for column, _, _ in way[same:]:
            self._solver.changeColBounds(column, *self._limits(there[:same], column))
        for column, low, high in there[same:]:
            self._solver.changeColBounds(column, low, high)

    def _choose(self, way: Way, least: float, values: _Numbers) -> int | None:
        """The column to branch on: where both sides lose most, as tried, or as it was before; None when all are whole."""
        import numpy as np

        off = np.abs(values - np.rint(values))
        broken = np.flatnonzero(off > _WHOLE)
        if not len(broken):
            return None
        first = broken[self.is_first[broken]]
        some = first if len(first) else broken
        some = some[np.argsort(-off[some], kind="stable")]
        if len(some) == 1 or not len(first):
            return int(some[0])
        best, chosen = -1.0, int(some[0])
        for column in some[:_TRIED].tolist():
            down = float(values[column] - math.floor(values[column]))
            for side in (0, 1):
                if not self._trials[side, column]:
                    self._try(column, side, float(values[column]), self._limits(way, column), least)
            gain = self._gains[:, column] / np.maximum(1, self._trials[:, column])
            worth = max(gain[0] * down, 1e-6) * max(gain[1] * (1 - down), 1e-6)
            if worth > best:
                best, chosen = worth, column
        return chosen

    def _try(
        self, column: int, side: int, value: float, limits: tuple[float, float], least: float
    ) -> None:
        """What a few steps of the simplex method lose when the column goes to this side."""
        solver = self._solver
        low, high = limits
        basis = solver.getBasis()
        solver.setOptionValue("simplex_iteration_limit", _TRIAL)
        if side:
            solver.changeColBounds(column, math.ceil(value), high)
        else:
            solver.changeColBounds(column, low, math.floor(value))
        found = self._relax()
        self.is_ended = False
        solver.setOptionValue("simplex_iteration_limit", 2**31 - 1)
        solver.changeColBounds(column, low, high)
        solver.setBasis(basis)
        self._learn(column, side, value, found - least)

    def _learn(self, column: int, side: int, value: float, lost: float) -> None:
        """What a unit to this side loses, on average over all times."""
        share = value - math.floor(value)
        lost = min(max(0.0, lost), _LARGEST)
        self._gains[side, column] += lost / ((1 - share) if side else share)
        self._trials[side, column] += 1

    def _know(self, lowest: float) -> None:
        """No answer is below the lowest of the nodes that are still open."""
        bound = highs.at_least(lowest)
        if bound is not None:
            self.bound = bound if self.bound is None else max(self.bound, bound)
        if self.bound is not None:
            self.bound = (
                min(self.bound, round(self._value)) if self.best is not None else self.bound
            )

    def _end(self, lowest: float) -> None:
        self.is_ended = True
        self._know(lowest)

    def _hand_over(self, seed: int, lowest: float) -> None:
        """The general solver goes on, with what the relaxation settles for all answers as good as the best so far."""
        import numpy as np

        self._know(lowest)
        model = self.model
        if self.best is not None:
            room = self._value - self._least + 1e-6 + 1e-9 * abs(self._least)
            low = np.asarray(model.lower)
            high = np.asarray(model.upper)
            at_low = (self._reduced > room) & (self.values <= low + _WHOLE)
            at_high = (self._reduced < -room) & (self.values >= high - _WHOLE)
            model = replace(
                model,
                lower=np.where(at_high, high, low).tolist(),
                upper=np.where(at_low, low, high).tolist(),
            )
        left = self.effort.left - self.effort.done
        solved = highs.solve(
            model,
            seconds=self.effort.ends_at(),
            nodes=None if left == math.inf else max(1, int(left) // _STEPS_PER_NODE),
            work=None if left == math.inf else int(left),
            seed=seed,
            start=self.best,
            is_over=self.effort.is_over,
        )
        self.effort.done += solved.work
        self.is_ended = solved.outcome in (Outcome.FEASIBLE, Outcome.UNKNOWN)
        if solved.values is not None and solved.objective is not None:
            self.best, self._value = solved.values, solved.objective
        if self.is_ended:
            self._know(-math.inf if solved.bound is None else solved.bound)
