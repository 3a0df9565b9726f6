"""The last terms: income kept even between schools, an earlier answer kept to, the queue put right."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from planning.pooling.batch import Batch, Work
from planning.pooling.components import Part
from planning.pooling.data import Party, Problem, Run
from planning.pooling.model import PartModel, build
from planning.pooling.score import passed_over
from planning.pooling.solution import Seat, Solution, in_order
from planning.solvers.model import INFINITY, Term


def even(
    problem: Problem,
    parts: Sequence[Part],
    whole: Batch,
    work: Work,
    before: Solution | None,
    *,
    is_proven: bool,
) -> tuple[list[int], int | None]:
    """Income moved between schools as small as can be, then as little changed from `before` as can be.

    `whole` is all the parts as one batch with its answer. The first three terms stay as they are, part by
    part. Returns values of the whole's model and the least that `uneven` can be: None unless `is_proven`, that
    is, the first three terms are the best.
    """
    built = build(whole.part)
    model = built.model
    values = built.values(whole.answer.held, whole.answer.units)
    size = len(values)
    part_of = {run.key: i for i, part in enumerate(parts) for run in part.runs}
    where = {column: part_of[run] for cells in built.cells for run, column, _ in cells}
    for terms, is_least in ((built.taught, False), (built.kept, False), (built.moved, True)):
        of_part: dict[int, list[Term]] = {}
        for column, coefficient in terms:
            of_part.setdefault(where[column], []).append((column, coefficient))
        for some in of_part.values():
            value = model.value(some, values)
            if is_least:
                model.row(some, upper=value)
            else:
                model.row(some, lower=value)
    objective, unit = _income(problem, built, values)
    best: int | None = 0
    if objective and model.value(objective, values):
        model.minimise(objective)
        solved = work.minimise(model, values)
        values = list(solved.values) if solved.values is not None else values
        best = solved.bound * unit if solved.bound is not None and is_proven else None
    if before is not None:
        model.row(objective, upper=model.value(objective, values))
        values = _close_to(built, before, work, values)
    return values[:size], best


def _income(problem: Problem, built: PartModel, values: list[int]) -> tuple[list[Term], int]:
    """A column per school for what it gains or loses, in a unit of so many øre; `values` grows with them."""
    balance: dict[str, dict[int, int]] = {}
    for group, cells in zip(built.part.groups, built.cells, strict=True):
        own = problem.run_by_key[group.own] if group.own else None
        for key, column, _ in cells:
            run = problem.run_by_key[key]
            if own is None or own.school == run.school:
                continue
            for school, income in ((run.school, run.income), (own.school, -own.income)):
                if income:
                    balance.setdefault(school, {})[column] = income * group.heads
    unit = gcd(*(k for some in balance.values() for k in some.values())) or 1
    objective: list[Term] = []
    for _, some in sorted(balance.items()):
        terms = [(column, income // unit) for column, income in some.items()]
        off = built.model.column(0, INFINITY)
        built.model.row([*terms, (off, -1)], upper=0)
        built.model.row([*terms, (off, 1)], lower=0)
        values.append(abs(built.model.value(terms, values)))
        objective.append((off, 1))
    return objective, unit


def _close_to(built: PartModel, before: Solution, work: Work, values: list[int]) -> list[int]:
    """As few runs settled otherwise, and heads seated otherwise, as can be."""
    model = built.model
    held = set(before.held)
    objective: list[Term] = [
        (column, -1 if run in held else 1) for run, column in built.held.items()
    ]
    for group, cells in zip(built.part.groups, built.cells, strict=True):
        sat: dict[str, int] = {}
        for party in group.parties:
            for seat in before.seats_of_party.get(party.key, ()):
                sat[seat.run] = sat.get(seat.run, 0) + seat.heads
        for run, column, _ in cells:
            most = sat.get(run, 0) // group.heads
            new = model.column(0, model.upper[column])
            model.row([(column, 1), (new, -1)], upper=most)
            values.append(max(0, values[column] - most))
            objective.append((new, group.heads))
    model.minimise(objective)
    solved = work.minimise(model, values)
    return list(solved.values) if solved.values is not None else values


def in_queue_order(problem: Problem, solution: Solution) -> Solution:
    """Who came first gets the seat of one who came later, wherever no other term can tell them apart.

    A seat changes hands only between people who move there equally far and whose own runs pay the same school
    the same; so no earlier term changes.
    """
    seats = {(seat.party, seat.run): seat.heads for seat in solution.seats}
    heads = {key: sum(s.heads for s in some) for key, some in solution.seats_of_party.items()}
    movers: dict[str, list[Party]] = {}
    for seat in solution.seats:
        party = problem.party_by_key[seat.party]
        if seat.run != party.run and seat.run not in problem.pins_of_party.get(party.key, {}):
            movers.setdefault(seat.run, []).append(party)
    is_changed = False
    for party in passed_over(problem, solution):
        for option in problem.options[party.key]:
            run = problem.run_by_key[option.run]
            for other in sorted(movers.get(run.key, ()), key=lambda p: (-p.order, p.key)):
                missing = party.size - heads.get(party.key, 0)
                number = seats.get((other.key, run.key), 0)
                if other.order <= party.order or not missing or party.run == run.key:
                    break
                if not number or not _are_alike(problem, party, other, run):
                    continue
                if party.is_together or other.is_together:
                    if not number == other.size == party.size:
                        continue
                number = min(number, missing)
                seats[other.key, run.key] -= number
                seats[party.key, run.key] = seats.get((party.key, run.key), 0) + number
                heads[other.key] -= number
                heads[party.key] = heads.get(party.key, 0) + number
                is_changed = True
    if not is_changed:
        return solution
    taken = in_order(Seat(*key, number) for key, number in seats.items() if number)
    better = Solution(solution.held, taken)
    is_better = len(passed_over(problem, better)) < len(passed_over(problem, solution))
    return better if is_better else solution


def _are_alike(problem: Problem, a: Party, b: Party, run: Run) -> bool:
    """Would it be the same to every term but the queue if the one went there instead of the other?"""
    return _cost(problem, a, run) == _cost(problem, b, run) and _pays(problem, a, run) == _pays(
        problem, b, run
    )


def _cost(problem: Problem, party: Party, run: Run) -> int:
    days = problem.days_moved(party, run)
    return problem.metres_moved(party, run) + problem.metres_per_day * days


def _pays(problem: Problem, party: Party, run: Run) -> tuple[str, int]:
    own = problem.run_by_key[party.run] if party.run else None
    return ("", 0) if own is None or own.school == run.school else (own.school, own.income)
