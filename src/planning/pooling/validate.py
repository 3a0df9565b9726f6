"""Is the answer allowed? Reads the problem and the answer alone and knows no solver."""

from __future__ import annotations

from dataclasses import dataclass

from planning.pooling.data import Problem, RunPin, SeatPin
from planning.pooling.solution import Solution


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: a code, and the facts that break it."""

    code: str
    run: str = ""
    party: str = ""
    detail: str = ""


def validate(problem: Problem, solution: Solution) -> tuple[Violation, ...]:
    """Every rule that the answer breaks; empty when the answer may be used.

    Rules: a run is held with at least its minimum, or because it is promised (guaranteed, R35, or pinned); a
    promised run is held and a run pinned as cancelled isn't; nobody sits in a run that isn't held; no run has
    more participants than seats; a party sits only where it may (its own run, or within what it said), with
    no more heads than it has, and all in one run when they go together; a party with a pinned seat sits there,
    all of it, whenever the run is held, and nowhere else; nothing shared is used beyond what there is.
    """
    return (
        *_runs(problem, solution),
        *_seats(problem, solution),
        *_parties(problem, solution),
        *_shared(problem, solution),
    )


def _runs(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    held = set(solution.held)
    if len(held) < len(solution.held):
        found.append(Violation("run_twice"))
    found += [Violation("unknown_run", run=key) for key in sorted(held - set(problem.run_by_key))]
    for run in problem.runs:
        heads = solution.heads_of_run.get(run.key, 0)
        is_held = run.key in held
        if is_held and problem.pin_of_run.get(run.key) == RunPin.CANCELLED:
            found.append(Violation("pinned_cancelled", run.key))
        if not is_held and problem.is_promised(run):
            found.append(Violation("promised_not_held", run.key))
        if is_held and heads < run.minimum and not problem.is_promised(run):
            found.append(Violation("below_minimum", run.key, detail=f"{heads} < {run.minimum}"))
        if heads > run.capacity:
            found.append(Violation("too_many", run.key, detail=f"{heads} > {run.capacity}"))
    return found


def _seats(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    held = set(solution.held)
    seen: set[tuple[str, str]] = set()
    for seat in solution.seats:
        party = problem.party_by_key.get(seat.party)
        run = problem.run_by_key.get(seat.run)
        if party is None or run is None:
            found.append(Violation("unknown_key", seat.run, seat.party))
            continue
        if (seat.party, seat.run) in seen:
            found.append(Violation("seat_twice", seat.run, seat.party))
        seen.add((seat.party, seat.run))
        if seat.heads < 1:
            found.append(Violation("no_heads", seat.run, seat.party))
        if seat.run not in held:
            found.append(Violation("run_not_held", seat.run, seat.party))
        if not problem.may_sit(party, run):
            found.append(Violation("may_not_sit", seat.run, seat.party))
    return found


def _parties(problem: Problem, solution: Solution) -> list[Violation]:
    found: list[Violation] = []
    held = set(solution.held)
    for key, seats in solution.seats_of_party.items():
        party = problem.party_by_key.get(key)
        if party is None:
            continue
        heads = sum(seat.heads for seat in seats)
        if heads > party.size:
            found.append(Violation("too_many_heads", party=key, detail=f"{heads} > {party.size}"))
        if party.is_together and (len(seats) > 1 or heads != party.size):
            found.append(Violation("not_together", party=key))
    for pin in problem.seat_pins:
        if pin.pin != SeatPin.SEAT:
            continue
        seats = solution.seats_of_party.get(pin.party, ())
        size = problem.party_by_key[pin.party].size
        there = sum(seat.heads for seat in seats if seat.run == pin.run)
        if (
            any(seat.run != pin.run for seat in seats)
            or (pin.run in held and there < size)
            or problem.pin_of_run.get(pin.run) == RunPin.CANCELLED
        ):
            found.append(Violation("pinned_seat_lost", pin.run, pin.party))
    return found


def _shared(problem: Problem, solution: Solution) -> list[Violation]:
    held = set(solution.held)
    used: dict[str, int] = {}
    for use in problem.uses:
        if use.run in held:
            used[use.shared] = used.get(use.shared, 0) + use.amount
    return [
        Violation("shared_exceeded", detail=f"{some.key}: {used[some.key]} > {some.available}")
        for some in problem.shared
        if used.get(some.key, 0) > some.available
    ]
