"""Decisions that cannot all hold, each as a smallest set of facts.

Anything else can be given up: a run that nobody promised need not be held. So there is no plan exactly when
what is promised runs short of something shared, when a seat was promised in a run that people cancelled, or
when a promised run has fewer seats than were promised in it. Each of these is a sum over facts, and the
smallest contradicting set takes the largest of them first.
"""

from __future__ import annotations

from planning.messages import Contradiction, Message, message
from planning.pooling.data import Problem, Run, RunPin, SeatPin


def clashes(problem: Problem) -> tuple[Contradiction, ...]:
    """Every clash, in the order: seats in cancelled runs, too many seats, things shared. Empty: there is a plan.

    Facts: `seat_pinned` (party, run, heads), `run_cancelled` (run), `run_held` and `run_guaranteed` (run, and
    uses: how much of the shared thing it takes), `seats` (run, capacity), `shared` (shared, available).
    """
    return (*_cancelled(problem), *_too_many(problem), *_short(problem))


def _seat_pins(problem: Problem) -> dict[str, list[tuple[int, str]]]:
    """Per run the parties whose seat there is decided, as (heads, party), the largest first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for pin in problem.seat_pins:
        if pin.pin == SeatPin.SEAT:
            size = problem.party_by_key[pin.party].size
            found.setdefault(pin.run, []).append((size, pin.party))
    return {run: sorted(some, key=lambda s: (-s[0], s[1])) for run, some in found.items()}


def _cancelled(problem: Problem) -> list[Contradiction]:
    return [
        Contradiction(
            (
                message("seat_pinned", party=party, run=run, heads=heads),
                message("run_cancelled", run=run),
            )
        )
        for run, some in sorted(_seat_pins(problem).items())
        if problem.pin_of_run.get(run) == RunPin.CANCELLED
        for heads, party in some
    ]


def _too_many(problem: Problem) -> list[Contradiction]:
    found: list[Contradiction] = []
    for key, some in sorted(_seat_pins(problem).items()):
        run = problem.run_by_key[key]
        if not problem.is_promised(run):
            continue
        facts: list[Message] = []
        total = 0
        for heads, party in some:
            if total <= run.capacity:
                facts.append(message("seat_pinned", party=party, run=key, heads=heads))
                total += heads
        if total > run.capacity:
            seats = message("seats", run=key, capacity=run.capacity)
            found.append(Contradiction((*facts, _promise(problem, run, 0), seats)))
    return found


def _short(problem: Problem) -> list[Contradiction]:
    users: dict[str, list[tuple[int, str]]] = {}
    for use in problem.uses:
        if use.amount and problem.is_promised(problem.run_by_key[use.run]):
            users.setdefault(use.shared, []).append((use.amount, use.run))
    found: list[Contradiction] = []
    for some in problem.shared:
        facts: list[Message] = []
        total = 0
        for amount, key in sorted(users.get(some.key, ()), key=lambda u: (-u[0], u[1])):
            if total <= some.available:
                facts.append(_promise(problem, problem.run_by_key[key], amount))
                total += amount
        if total > some.available:
            limit = message("shared", shared=some.key, available=some.available)
            found.append(Contradiction((*facts, limit)))
    return found


def _promise(problem: Problem, run: Run, uses: int) -> Message:
    is_pinned = problem.pin_of_run.get(run.key) == RunPin.HELD
    return message("run_held" if is_pinned else "run_guaranteed", run=run.key, uses=uses)
