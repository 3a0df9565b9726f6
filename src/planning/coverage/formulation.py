"""The problem as a linear model in whole numbers: columns for choices, rows for limits, terms for objectives.

Choices that differ in nothing but a quarter without a limit are one column (a class), unless quarters are told
apart. Burdens are looked at as sums of the largest one, two and three (`largest one, then the next` is the same as
`sum of the largest one, then of the largest two`), because such a sum is convex: t·k + Σ max(0, burden − t).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planning.coverage.choices import Choice, Instance
from planning.coverage.score import BURDEN_STEPS, LEVELS
from planning.solvers.model import Model, Term


class Formulation:
    """Model and what its columns stand for. It knows nothing of the limits `left_out`."""

    def __init__(
        self,
        instance: Instance,
        *,
        quarters: bool,
        items: Iterable[int] | None = None,
        room: Sequence[int] | None = None,
        left_out: frozenset[int] = frozenset(),
    ) -> None:
        self.instance = instance
        self.model = Model()
        self.quarters = quarters
        self.room = list(instance.limits if room is None else room)
        self.items = list(range(len(instance.items))) if items is None else list(items)
        self.columns: list[tuple[int, int, Choice]] = []
        """Column → item, first choice of its class, and that choice."""
        self.classes: dict[tuple[int, int], int] = {}
        """Item and choice → column."""
        self.of_item: dict[int, list[int]] = {}
        self.row_of: dict[int, int] = {}
        self._aux: list[tuple[str, int, int, int]] = []
        """Columns that follow from the choices: kind, column, and two numbers that say what."""
        self.burden_columns: dict[str, int] = {}
        self.level_columns: list[tuple[int, list[tuple[int, int | None, int]]]] = []
        self.farthest_column: int | None = None
        self.spread_columns: list[tuple[int, list[int]]] = []
        self._build(left_out)

    def _build(self, left_out: frozenset[int]) -> None:
        model = self.model
        uses: dict[int, list[Term]] = {}
        for i in self.items:
            if self.quarters:
                choices = self.instance.items[i].choices
                first = [(k, choice, choice.uses) for k, choice in enumerate(choices)]
                of_choice: Sequence[int] = range(len(choices))
            else:
                alike = self.instance.alike(i, left_out)
                first, of_choice = list(alike.first), alike.of_choice
            columns = []
            for k, choice, known in first:
                column = model.column()
                columns.append(column)
                self.columns.append((i, k, choice))
                for limit, days in known:
                    uses.setdefault(limit, []).append((column, days))
            for k, n in enumerate(of_choice):
                self.classes[i, k] = columns[n]
            self.of_item[i] = columns
            self.row_of[i] = model.row([(column, 1) for column in columns], upper=1)
        for limit, terms in sorted(uses.items()):
            if self._could_use(terms) > self.room[limit]:
                model.row(terms, upper=self.room[limit])

    def _could_use(self, terms: Sequence[Term]) -> int:
        most: dict[int, int] = {}
        for column, days in terms:
            i = self.columns[column][0]
            most[i] = max(most.get(i, 0), days)
        return sum(most.values())

    # ------------------------------------------------------------ objectives

    def cover_all(self) -> None:
        """Every course without a holder gets one."""
        for i, row in self.row_of.items():
            if self.instance.items[i].is_gap:
                self.model.row_lower[row] = 1

    def covered(self) -> list[Term]:
        return [(x, -1) for x, (_, _, c) in enumerate(self.columns) if c.school]

    def changed(self) -> list[Term]:
        items = self.instance.items
        terms = [(x, c.changed - items[i].idle_changed) for x, (i, _, c) in enumerate(self.columns)]
        return [term for term in terms if term[1]]

    def far(self) -> list[Term]:
        items = self.instance.items
        terms = [(x, c.far - items[i].idle_far) for x, (i, _, c) in enumerate(self.columns)]
        return [term for term in terms if term[1]]

    def travel(self) -> list[Term]:
        return [(x, c.travel) for x, (_, _, c) in enumerate(self.columns) if c.travel]

    def kept(self) -> list[Term]:
        return [(x, -c.kept) for x, (_, _, c) in enumerate(self.columns) if c.kept]

    def joint(self) -> list[Term]:
        return [(x, -c.joint) for x, (_, _, c) in enumerate(self.columns) if c.joint]

    def guarantees(self) -> list[Term]:
        return [(x, -c.guarantee) for x, (_, _, c) in enumerate(self.columns) if c.guarantee]

    def loads(self) -> dict[str, list[Term]]:
        """Columns that put duty on a school, with their days."""
        found: dict[str, list[Term]] = {}
        for x, (i, _, c) in enumerate(self.columns):
            days = self.instance.items[i].course.days
            if c.school and days:
                found.setdefault(c.school, []).append((x, days))
        return found

    def add_burdens(self) -> list[list[Term]]:
        """Columns for the burdens; the terms of the sums of the largest one, two, three."""
        instance, model = self.instance, self.model
        for school, terms in sorted(self.loads().items()):
            size, base = instance.size[school], instance.base_load[school]
            most = base + sum(days for _, days in terms)
            b = model.column(instance.burden(school, base), instance.burden(school, most))
            self.burden_columns[school] = b
            row = [(b, size), *((x, -BURDEN_STEPS * days) for x, days in terms)]
            model.row(row, lower=BURDEN_STEPS * base)
        fixed = sorted(
            (
                instance.burden(school, load)
                for school, load in instance.base_load.items()
                if school not in self.burden_columns
            ),
            reverse=True,
        )[:LEVELS]
        most = max((model.upper[b] for b in self.burden_columns.values()), default=0)
        most = max([most, *fixed])
        objectives: list[list[Term]] = []
        for level in range(1, LEVELS + 1):
            t = model.column(0, most)
            overs: list[tuple[int, int | None, int]] = []
            for b in self.burden_columns.values():
                overs.append(self._over(level, t, b, 0, most))
            for value in fixed:
                overs.append(self._over(level, t, None, value, most))
            self.level_columns.append((t, overs))
            objectives.append([(t, level), *((d, 1) for d, _, _ in overs if d >= 0)])
        return objectives

    def _over(
        self, level: int, t: int, b: int | None, value: int, most: int
    ) -> tuple[int, int | None, int]:
        model = self.model
        terms: list[Term] = [(t, 1)]
        if b is not None:
            terms.append((b, -1))
        if level == 1:
            model.row(terms, lower=value)
            return -1, b, value
        d = model.column(0, most)
        model.row([*terms, (d, 1)], lower=value)
        return d, b, value

    def add_farthest(self) -> list[Term]:
        """A column that is no shorter than any way; its terms."""
        model = self.model
        least = self.instance.base_farthest
        most = max([least, *(c.farthest for _, _, c in self.columns)])
        self.farthest_column = f = model.column(least, most)
        for i in self.items:
            terms = [
                (x, -self.columns[x][2].farthest)
                for x in self.of_item[i]
                if self.columns[x][2].farthest
            ]
            if terms:
                model.row([(f, 1), *terms], lower=0)
        return [(f, 1)]

    def add_spread(self) -> list[Term]:
        """Columns that count courses per FKB and quarter, each dearer than the one before; their terms."""
        model, instance = self.model, self.instance
        users: dict[int, list[int]] = {}
        for x, (_, _, c) in enumerate(self.columns):
            for cell in c.cells:
                users.setdefault(cell, []).append(x)
        objective: list[Term] = []
        for cell, columns in sorted(users.items()):
            number = len({self.columns[x][0] for x in columns})
            steps = [model.column() for _ in range(number)]
            model.row([*((y, 1) for y in steps), *((x, -1) for x in columns)], lower=0, upper=0)
            objective += [(y, instance.standing[cell] + n) for n, y in enumerate(steps)]
            self.spread_columns.append((cell, steps))
        return [term for term in objective if term[1]]

    # ------------------------------------------------------------ plans to values and back

    def values(self, chosen: Sequence[int]) -> list[int]:
        """The columns' values for a plan."""
        instance, model = self.instance, self.model
        values = list(model.lower)
        load = dict(instance.base_load)
        farthest = instance.base_farthest
        cells: dict[int, int] = {}
        for i in self.items:
            k = chosen[i]
            if k < 0:
                continue
            choice = instance.items[i].choices[k]
            values[self.classes[i, k]] = 1
            if choice.school:
                load[choice.school] += instance.items[i].course.days
            farthest = max(farthest, choice.farthest)
            for cell in choice.cells:
                cells[cell] = cells.get(cell, 0) + 1
        for school, b in self.burden_columns.items():
            values[b] = instance.burden(school, load[school])
        for level, (t, overs) in enumerate(self.level_columns, start=1):
            burdens = [value if b is None else values[b] for _, b, value in overs]
            burdens.sort(reverse=True)
            values[t] = burdens[level - 1] if len(burdens) >= level else 0
            for d, column, value in overs:
                if d >= 0:
                    values[d] = max(0, (value if column is None else values[column]) - values[t])
        if self.farthest_column is not None:
            values[self.farthest_column] = farthest
        for cell, steps in self.spread_columns:
            for y in steps[: cells.get(cell, 0)]:
                values[y] = 1
        return values

    def chosen(self, values: Sequence[int], base: Sequence[int]) -> list[int]:
        """The plan that values stand for; items that aren't here as in `base`."""
        found = list(base)
        for i in self.items:
            picked = [x for x in self.of_item[i] if values[x]]
            found[i] = self.columns[picked[0]][1] if picked else -1
        return found
