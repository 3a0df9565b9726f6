"""What people do today, as the yardstick of every answer. Never an answer itself."""

from __future__ import annotations

from planning.pooling.data import Problem, RunPin
from planning.pooling.solution import Seat, Solution


def cancel_alone(problem: Problem) -> Solution:
    """Each school cancels each run that is below its minimum, and nobody is moved.

    People sit in their own run, earliest first, as far as it has seats. Runs that break a shared limit are
    cancelled too, those with the fewest people first.
    """
    seats: dict[str, list[Seat]] = {run.key: [] for run in problem.runs}
    heads = dict.fromkeys(seats, 0)
    for party in sorted(problem.parties, key=lambda party: (party.order, party.key)):
        if not party.run or not problem.may_sit(party, problem.run_by_key[party.run]):
            continue
        room = problem.run_by_key[party.run].capacity - heads[party.run]
        number = party.size if party.size <= room else 0 if party.is_together else room
        if number > 0:
            seats[party.run].append(Seat(party.key, party.run, number))
            heads[party.run] += number
    left = {some.key: some.available for some in problem.shared}
    held: list[str] = []
    for run in sorted(
        problem.runs, key=lambda r: (not problem.is_promised(r), -heads[r.key], r.starts_on, r.key)
    ):
        uses = problem.uses_of_run.get(run.key, ())
        is_filled = heads[run.key] >= max(1, run.minimum)
        if problem.is_promised(run) or (
            is_filled
            and problem.pin_of_run.get(run.key) != RunPin.CANCELLED
            and all(use.amount <= left[use.shared] for use in uses)
        ):
            held.append(run.key)
            for use in uses:
                left[use.shared] -= use.amount
    taken = [seat for key in held for seat in seats[key]]
    return Solution(held=tuple(sorted(held)), seats=tuple(sorted(taken)))
