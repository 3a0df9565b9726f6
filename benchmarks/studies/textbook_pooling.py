"""Pooling as everybody would write it first, as a yardstick: one model, a column per person and run."""

from __future__ import annotations

from planning.pooling.data import Problem, RunPin
from planning.pooling.solution import Seat, Solution
from planning.solvers.model import Model, Solved


def textbook(problem: Problem) -> tuple[Model, dict[str, int], dict[tuple[str, str], int]]:
    """Most people taught: no groups, no parts, a run's seats the only link between people and runs."""
    model = Model()
    held = {run.key: model.column() for run in problem.runs}
    cells: dict[tuple[str, str], int] = {}
    into: dict[str, list[tuple[int, int]]] = {run.key: [] for run in problem.runs}
    for party in problem.parties:
        columns = []
        for option in problem.options[party.key]:
            column = model.column(0, 1 if party.is_together else party.size)
            cells[party.key, option.run] = column
            columns.append((column, 1))
            into[option.run].append((column, party.size if party.is_together else 1))
        if columns:
            model.row(columns, upper=1 if party.is_together else party.size)
    for run in problem.runs:
        column = held[run.key]
        model.row([*into[run.key], (column, -run.capacity)], upper=0)
        if problem.is_promised(run):
            model.row([(column, 1)], lower=1)
        else:
            model.row([*into[run.key], (column, -max(1, run.minimum))], lower=0)
            if problem.pin_of_run.get(run.key) == RunPin.CANCELLED:
                model.row([(column, 1)], upper=0)
    uses: dict[str, list[tuple[int, int]]] = {}
    for use in problem.uses:
        uses.setdefault(use.shared, []).append((held[use.run], use.amount))
    for some in problem.shared:
        if some.key in uses:
            model.row(uses[some.key], upper=some.available)
    model.minimise(
        (
            column,
            -(problem.party_by_key[party].size if problem.party_by_key[party].is_together else 1),
        )
        for (party, _), column in cells.items()
    )
    return model, held, cells


def answer(
    problem: Problem, solved: Solved, held: dict[str, int], cells: dict[tuple[str, str], int]
) -> Solution | None:
    """The seats of a solved textbook model; None when it found none."""
    if solved.values is None:
        return None
    seats = []
    for (key, run), column in cells.items():
        party = problem.party_by_key[key]
        heads = solved.values[column] * (party.size if party.is_together else 1)
        if heads:
            seats.append(Seat(key, run, heads))
    return Solution(
        tuple(sorted(run for run, column in held.items() if solved.values[column])),
        tuple(sorted(seats)),
    )
