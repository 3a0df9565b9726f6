"""A part of the problem as a model in whole numbers, and a model's answer as seats.

A column per run (held or not) and per group and run (units that sit there). Rows: a group seats no more than
it has; a held run has its minimum and no more than its seats; and, run by run and group by group, nobody of
the group sits where the run isn't held. The last follow from the others, but make the relaxation tight:
without them the bound on people taught is far off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from planning.pooling.components import Group, Part
from planning.pooling.data import Party
from planning.pooling.solution import Seat
from planning.solvers.model import Model, Term


@dataclass(slots=True)
class PartModel:
    """A model with what its columns mean: `held` by run; per group its cells as (run, column, cost).

    A promised run has no column: it is held. `taught`, `kept` and `moved` are the terms as sums of columns.
    """

    part: Part
    model: Model = field(default_factory=Model)
    held: dict[str, int] = field(default_factory=dict)
    cells: list[list[tuple[str, int, int]]] = field(default_factory=list)
    taught: list[Term] = field(default_factory=list)
    kept: list[Term] = field(default_factory=list)
    moved: list[Term] = field(default_factory=list)
    heads: int = 0
    """People that could sit anywhere: no term counts more of them."""

    def values(self, held: set[str], seated: Sequence[Mapping[str, int]]) -> list[int]:
        """The values of an answer: runs held, and per group the units in each run."""
        values = list(self.model.lower)
        for run, column in self.held.items():
            values[column] = int(run in held)
        for cells, units in zip(self.cells, seated, strict=True):
            for run, column, _ in cells:
                values[column] = units.get(run, 0)
        return values

    def units(self, values: Sequence[int]) -> list[dict[str, int]]:
        """Per group the units in each run."""
        return [
            {run: values[column] for run, column, _ in cells if values[column]}
            for cells in self.cells
        ]

    def held_runs(self, values: Sequence[int]) -> list[str]:
        """Runs that are held in an answer, promised ones included."""
        return [
            run.key
            for run in self.part.runs
            if run.key not in self.held or values[self.held[run.key]]
        ]


def build(part: Part) -> PartModel:
    """The model of a part; its objective is for the caller to set."""
    built = PartModel(part)
    model = built.model
    capacity: dict[str, int] = {}
    into: dict[str, list[Term]] = {}
    for run in part.runs:
        capacity[run.key] = run.capacity
        into[run.key] = []
        if run.key not in part.promised:
            built.held[run.key] = model.column()
    for group in part.groups:
        cells: list[tuple[str, int, int]] = []
        for key, cost in zip(group.runs, group.costs, strict=True):
            most = min(group.units, capacity[key] // group.heads)
            held = built.held.get(key)
            column = model.column(0, group.units if group.is_fixed else most)
            cells.append((key, column, cost))
            into[key].append((column, group.heads))
            if group.is_fixed and held is None:
                model.lower[column] = group.units
            elif group.is_fixed and held is not None:
                model.row([(column, 1), (held, -group.units)], 0, 0)
            elif held is not None:
                model.row([(column, 1), (held, -most)], upper=0)
            built.taught.append((column, group.heads))
            if key == group.own:
                built.kept.append((column, group.heads))
            if cost:
                built.moved.append((column, cost * group.heads))
        built.cells.append(cells)
        built.heads += group.units * group.heads
        if len(cells) > 1:
            model.row([(column, 1) for _, column, _ in cells], upper=group.units)
    for run in part.runs:
        terms = into[run.key]
        held = built.held.get(run.key)
        if held is None:
            model.row(terms, upper=run.capacity)
            continue
        model.row([*terms, (held, -run.capacity)], upper=0)
        model.row([*terms, (held, -part.least(run))], lower=0)
    for available, uses in part.limits:
        model.row([(built.held[run], amount) for run, amount in uses], upper=available)
    return built


def seats(
    groups: Sequence[Group],
    units: Sequence[Mapping[str, int]],
    before: Mapping[str, Sequence[Seat]],
) -> list[Seat]:
    """Who sits where, from the units per group and run: the first of the queue, where they sat `before`.

    All in a group are alike to the terms that the model knows. The first of the queue get the seats; the own
    run's seats go before those in other runs.
    """
    found: list[Seat] = []
    for group, some in zip(groups, units, strict=True):
        left = {run: number for run, number in some.items() if number}
        if not left:
            continue
        if group.own in left:
            left = {group.own: left.pop(group.own), **left}
        room = sum(left.values())
        taken: list[tuple[Party, int]] = []
        for party in group.parties:
            number = min(room, party.size // group.heads)
            if number:
                taken.append((party, number))
                room -= number
        found += _seated(taken, left, group.heads, before)
    return found


def _seated(
    taken: Sequence[tuple[Party, int]],
    left: dict[str, int],
    heads: int,
    before: Mapping[str, Sequence[Seat]],
) -> list[Seat]:
    """Seats for so many units of each party: those it had before, then what is left run by run."""
    found: dict[tuple[str, str], int] = {}
    standing: list[tuple[str, int]] = []

    def sit(party: str, run: str, most: int) -> int:
        number = min(most, left.get(run, 0))
        if number > 0:
            found[party, run] = found.get((party, run), 0) + number
            left[run] -= number
        return max(0, number)

    for party, units in taken:
        rest = units
        for seat in before.get(party.key, ()):
            rest -= sit(party.key, seat.run, min(rest, seat.heads // heads))
        if rest:
            standing.append((party.key, rest))
    for key, units in standing:
        rest = units
        for run in left:
            rest -= sit(key, run, rest)
    return [Seat(party, run, number * heads) for (party, run), number in found.items()]
