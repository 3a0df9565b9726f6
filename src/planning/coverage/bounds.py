"""How good any answer could be: bounds by maximum flow, by counting, and by the linear relaxation.

Each is a relaxation of the rules, so no valid answer is better; the docstrings say what is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from planning.coverage.choices import Instance
from planning.coverage.formulation import Formulation
from planning.coverage.score import most_load
from planning.solvers.model import INFINITY, Model, Solved


class DutyFlow:
    """Days of duty as a flow: course → school's quarter → its branch group → school. Courses may be split.

    Tells how evenly the duty of all items can be spread at best when each of them gets a holder.
    """

    def __init__(self, instance: Instance) -> None:
        from ortools.graph.python.max_flow import SimpleMaxFlow

        self.instance = instance
        self.flow = SimpleMaxFlow()
        self._nodes: dict[object, int] = {}
        self.need = 0
        limit = dict(zip(instance.limit_keys, instance.limits, strict=True))
        self.school_arcs: dict[str, int] = {}
        self.school_limit: dict[str, int] = {}
        plain: set[tuple[object, object]] = set()
        # What courses take is a multiple of their greatest common divisor; a limit between two helps nobody.
        self.unit: dict[object, int] = {}
        for item in instance.items:
            for school in {choice.school for choice in item.choices}:
                for place in (school, (school, item.course.group)):
                    self.unit[place] = gcd(self.unit.get(place, 0), item.course.days)
        for i, item in enumerate(instance.items):
            days = item.course.days
            if not item.is_gap or not days:
                continue
            self.need += days
            self._arc("source", i, days)
            group = item.course.group
            for choice in item.choices:
                if choice.extra:
                    continue
                school = choice.school
                below: object = (school, group)
                if (school, group, choice.quarter) in limit and choice.quarter:
                    below = (school, group, choice.quarter)
                    if (below, group) not in plain:
                        plain.add((below, group))
                        self._arc(below, (school, group), limit[school, group, choice.quarter])
                if (i, below) not in plain:
                    plain.add((i, below))
                    self._arc(i, below, days)
                if ((school, group), school) not in plain:
                    plain.add(((school, group), school))
                    room = limit.get((school, group, 0), 10**9)
                    room -= room % self.unit[school, group]
                    self._arc((school, group), (school, "all"), room)
                if school not in self.school_arcs:
                    self.school_limit[school] = limit.get((school, "", 0), 10**9)
                    self.school_arcs[school] = self._arc((school, "all"), "sink", 0)

    def _arc(self, tail: object, head: object, capacity: int) -> int:
        a = self._nodes.setdefault(tail, len(self._nodes))
        b = self._nodes.setdefault(head, len(self._nodes))
        arc: int = self.flow.add_arc_with_capacity(a, b, capacity)
        return arc

    def missing(self, burden: Mapping[str, int]) -> tuple[int, tuple[str, ...]]:
        """Days that find no school when none may carry more than its burden; and the schools that are full then."""
        instance = self.instance
        for school, arc in self.school_arcs.items():
            room = most_load(burden[school], instance.size[school]) - instance.base_load[school]
            room = max(0, min(room, self.school_limit[school]))
            self.flow.set_arc_capacity(arc, room - room % self.unit[school])
        if not self.need:
            return 0, ()
        self.flow.solve(self._nodes["source"], self._nodes["sink"])
        missing: int = self.need - self.flow.optimal_flow()
        if not missing:
            return 0, ()
        near = set(self.flow.get_source_side_min_cut())
        full = tuple(s for s in self.school_arcs if self._nodes[s, "all"] in near)
        return missing, full

    def levels(self, reached: tuple[int, ...]) -> list[int]:
        """Bounds on the largest burdens, one after the other, each with those before it as they were reached.

        For the second and third the schools that may carry more are not tried one by one: what they could
        take at most is counted as taken.
        """
        instance = self.instance
        loads = instance.base_load
        fixed = sorted((instance.burden(s, load) for s, load in loads.items()), reverse=True)
        found: list[int] = []
        for level, value in enumerate(reached):
            low = fixed[level] if level < len(fixed) else 0
            found.append(self._smallest(low, value, lambda b, n=level: self._may(b, n, reached)))  # type: ignore[misc]
        return found

    def _may(self, burden: int, exceptions: int, reached: tuple[int, ...]) -> bool:
        missing, full = self.missing(dict.fromkeys(self.school_arcs, burden))
        if not missing or not exceptions:
            return not missing
        size = self.instance.size
        more = sorted(
            (most_load(reached[0], size[s]) - most_load(burden, size[s]) for s in full),
            reverse=True,
        )
        return missing <= sum(more[:exceptions])

    @staticmethod
    def _smallest(low: int, high: int, is_possible: Callable[[int], bool]) -> int:
        """Smallest number from low to high that may be possible; `high` is."""
        while low < high:
            middle = (low + high) // 2
            if is_possible(middle):
                high = middle
            else:
                low = middle + 1
        return low


SolveAll = Callable[[Sequence[Model]], Iterable[Solved]]
"""Solves models that don't depend on each other, in their order; fewer answers when time is over."""


class Groups:
    """A form's model in parts, one for each branch group, and the rows that tie them together."""

    def __init__(self, form: Formulation) -> None:
        self.form = form
        items = form.instance.items
        self.group_of = [items[i].course.group for i, _, _ in form.columns]
        self.names = sorted(set(self.group_of))
        self.columns: dict[str, list[int]] = {name: [] for name in self.names}
        for x, name in enumerate(self.group_of):
            self.columns[name].append(x)

    def _split(self) -> tuple[dict[str, list[int]], list[int]]:
        model = self.form.model
        own: dict[str, list[int]] = {name: [] for name in self.names}
        shared = []
        for r in range(len(model.row_lower)):
            first, last = model.row_starts[r], model.row_starts[r + 1]
            groups = {self.group_of[x] for x in model.columns[first:last]}
            if len(groups) == 1:
                own[groups.pop()].append(r)
            elif groups:
                shared.append(r)
        return own, shared

    def _part(self, name: str, rows: Sequence[int], cost: Mapping[int, int]) -> Model:
        model = self.form.model
        part = Model()
        column = {x: part.column() for x in self.columns[name]}
        for r in rows:
            first, last = model.row_starts[r], model.row_starts[r + 1]
            pairs = zip(model.columns[first:last], model.coefficients[first:last], strict=True)
            part.row([(column[x], k) for x, k in pairs], model.row_lower[r], model.row_upper[r])
        part.minimise([(new, cost[x]) for x, new in column.items() if cost.get(x)])
        return part

    def priced(self, prices: Sequence[float], solve: SolveAll) -> Priced | None:
        """Bound on the form's objective: each group alone, what ties the groups together at its price.

        The prices are the relaxation's; any would give a bound. It is at least as good as the relaxation, because
        in each group courses are whole again.
        """
        model = self.form.model
        cost = [0.0] * len(self.group_of)
        for x, k in model.objective:
            cost[x] += k
        own, shared = self._split()
        constant = 0.0
        for r in shared:
            price = prices[r]
            side = model.row_lower[r] if price > 0 else model.row_upper[r]
            if abs(side) >= INFINITY:
                continue
            constant += price * side
            first, last = model.row_starts[r], model.row_starts[r + 1]
            for x, k in zip(model.columns[first:last], model.coefficients[first:last], strict=True):
                cost[x] -= price * k
        # Whole numbers, rounded down: never above the truth.
        fine = {x: math.floor(_FINE * c) for x, c in enumerate(cost)}
        least: dict[str, int] = {}
        values: list[int] | None = [0] * len(model.lower)
        parts = [self._part(name, own[name], fine) for name in self.names]
        answers = list(solve(parts))
        if len(answers) < len(parts):
            return None
        for name, part, solved in zip(self.names, parts, answers, strict=True):
            bound = solved.bound if part.objective else 0
            if bound is None:
                return None
            least[name] = bound
            if solved.values is None:
                values = None
            elif values is not None:
                for x, value in zip(self.columns[name], solved.values, strict=True):
                    values[x] = value
        total = constant + sum(least.values()) / _FINE
        return Priced(
            bound=math.ceil(total - 1e-6 * max(1.0, abs(total))),
            constant=constant,
            cost=fine,
            least=least,
            values=values,
        )

    def hold(self, priced: Priced, reached: int) -> None:
        """A row per group: when all groups together reach so much, none is farther from its least than they are."""
        slack = _FINE * (reached - priced.constant) - sum(priced.least.values())
        slack = math.ceil(slack + 1e-6 * abs(slack)) + 1
        for name in self.names:
            mine = [(x, priced.cost[x]) for x in self.columns[name] if priced.cost[x]]
            if mine:
                self.form.model.row(mine, upper=priced.least[name] + slack)


def above_prices(model: Model, prices: Sequence[float]) -> list[float]:
    """What each column costs beyond what the rows it stands in are worth (its reduced cost)."""
    cost = [0.0] * len(model.lower)
    for x, k in model.objective:
        cost[x] += k
    for r, price in enumerate(prices):
        if price:
            for at in range(model.row_starts[r], model.row_starts[r + 1]):
                cost[model.columns[at]] -= price * model.coefficients[at]
    return cost


@dataclass(frozen=True, slots=True)
class Priced:
    """The groups, each alone, with prices on what ties them together.

    `cost` per column and `least` per group are in hundredths; `values` are the groups' answers put together, which
    may break what ties them.
    """

    bound: int
    constant: float
    cost: dict[int, int]
    least: dict[str, int]
    values: list[int] | None


_FINE = 100
"""Hundredths of a kilometre, or of a learner: how fine prices are counted."""


def least_spread(instance: Instance, covered: int) -> int:
    """Pairs of courses in one FKB and quarter when so many are covered, each in the quarter that suits best.

    Leaves out in which quarters schools can and have room.
    """
    problem = instance.problem
    if not problem.plans_quarters:
        return 0
    number: dict[str, int] = {}
    for item in instance.items:
        if item.is_gap and not any(not c.cells for c in item.choices):
            number[item.course.fkb] = number.get(item.course.fkb, 0) + 1
    gaps = sum(item.is_gap for item in instance.items)
    standing: dict[str, list[int]] = {}
    for (fkb, _), n in zip(instance.cell_keys, instance.standing, strict=True):
        standing.setdefault(fkb, []).append(n)
    total = sum(n * (n - 1) // 2 for n in instance.standing)
    added: list[int] = []
    for fkb, many in number.items():
        cells = standing.get(fkb, [])
        cells = cells + [0] * (4 - len(cells))
        for _ in range(many):
            cells.sort()
            added.append(cells[0])
            cells[0] += 1
    added.sort()
    return total + sum(added[: max(0, len(added) - (gaps - covered))])
