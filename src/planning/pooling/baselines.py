"""What people do today, and what one would do by hand: the yardsticks of every answer. Never an answer itself."""

from __future__ import annotations

from dataclasses import replace

from planning.pooling.data import Party, Problem, Run, RunPin, SeatPin
from planning.pooling.solution import Seat, Solution, in_order


class _Board:
    """Runs and seats as somebody with a spreadsheet would keep them."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.seats: dict[tuple[str, str], int] = {}
        self.who: dict[str, list[str]] = {}
        self.heads = {run.key: 0 for run in problem.runs}
        self.missing = {party.key: party.size for party in problem.parties}
        self.held: set[str] = set()
        self.left = {some.key: some.available for some in problem.shared}
        self.pinned = {p.party: p.run for p in problem.seat_pins if p.pin == SeatPin.SEAT}
        self._pinned_in: dict[str, int] = {}
        for party, run in self.pinned.items():
            size = problem.party_by_key[party].size
            self._pinned_in[run] = self._pinned_in.get(run, 0) + size

    def is_open(self, run: Run) -> bool:
        """May it be held: not cancelled by people, with what it shares free and room for decided seats."""
        return (
            self.problem.pin_of_run.get(run.key) != RunPin.CANCELLED
            and self._pinned_in.get(run.key, 0) <= run.capacity
            and all(
                use.amount <= self.left[use.shared]
                for use in self.problem.uses_of_run.get(run.key, ())
            )
        )

    def hold(self, run: Run) -> None:
        self.held.add(run.key)
        for use in self.problem.uses_of_run.get(run.key, ()):
            self.left[use.shared] -= use.amount

    def sit(self, party: Party, run: Run, room: int) -> int:
        """Seat so many of the party as there is room for, all or none of those who go together."""
        missing = self.missing[party.key]
        number = min(missing, room)
        if number <= 0 or (party.is_together and number < party.size):
            return 0
        self.seats[party.key, run.key] = self.seats.get((party.key, run.key), 0) + number
        self.who.setdefault(run.key, []).append(party.key)
        self.heads[run.key] += number
        self.missing[party.key] -= number
        return number

    def rise(self, run: Run) -> None:
        """Nobody sits in the run any longer."""
        for party in self.who.pop(run.key, ()):
            self.missing[party] += self.seats.pop((party, run.key), 0)
        self.heads[run.key] = 0

    def solution(self) -> Solution:
        taken = (Seat(*cell, number) for cell, number in self.seats.items() if cell[1] in self.held)
        return Solution(tuple(sorted(self.held)), in_order(taken))


def cancel_alone(problem: Problem) -> Solution:
    """Each school cancels each run that is below its minimum, and nobody is moved.

    People sit in their own run, earliest first, as far as it has seats; those whose seat is decided sit there.
    Runs that break a shared limit are cancelled too, those with the fewest people first.
    """
    return _alone(problem).solution()


def _alone(problem: Problem) -> _Board:
    board = _Board(problem)
    queue = sorted(problem.parties, key=lambda p: (p.key not in board.pinned, p.order, p.key))
    for party in queue:
        key = board.pinned.get(party.key, party.run)
        run = problem.run_by_key.get(key)
        if run is not None and problem.may_sit(party, run):
            board.sit(party, run, run.capacity - board.heads[key])
    for run in problem.runs:
        if problem.is_promised(run):
            board.hold(run)
    for run in sorted(problem.runs, key=lambda r: (-board.heads[r.key], r.starts_on, r.key)):
        if run.key in board.held:
            continue
        if board.heads[run.key] >= max(1, run.minimum) and board.is_open(run):
            board.hold(run)
    return board


def own_school(problem: Problem) -> Solution:
    """Each school puts its own runs together as well as can be, and nobody leaves their school.

    The best answer there is when people are offered seats only at the school of their own run. Who waits for
    a course without being signed up at a school gets none, unless that is decided.
    """
    from planning.pooling.solve import solve

    decided = {pin.party for pin in problem.seat_pins if pin.pin == SeatPin.SEAT}
    signed_up = tuple(
        _at_home(problem, party) if party.run else party
        for party in problem.parties
        if party.run or party.key in decided
    )
    here = {party.key for party in signed_up}
    alone = replace(
        problem,
        parties=signed_up,
        seat_pins=tuple(pin for pin in problem.seat_pins if pin.party in here),
    )
    return solve(alone).solution


def _at_home(problem: Problem, party: Party) -> Party:
    """The party with its own school's runs alone to choose from."""
    school = problem.run_by_key[party.run].school
    if party.schools and school not in party.schools:
        return replace(party, first_day=2, last_day=1)  # nothing but its own run
    return replace(party, schools=(school,))


def greedy(problem: Problem) -> Solution:
    """What a good coordinator does by hand, course by course, from today's practice on.

    Again and again: of the runs that aren't held, take the one that lacks fewest people; ask those who stand
    without a seat and could go there, nearest first, until it reaches its minimum. A run that cannot reach it
    is given up. At last everybody still without a seat gets the nearest free one in a held run. Nobody who has
    a seat is moved.
    """
    board = _alone(problem)
    for run in problem.runs:
        if run.key not in board.held:
            board.rise(run)
    able: dict[str, list[tuple[int, int, str]]] = {}
    for party in problem.parties:
        if board.missing[party.key]:
            for option in problem.options[party.key]:
                run = problem.run_by_key[option.run]
                days = problem.metres_per_day * option.days
                cost = 0 if run.key == party.run else 1 + problem.metres_moved(party, run) + days
                pinned = board.pinned.get(party.key) == run.key
                able.setdefault(run.key, []).append(
                    (-1 if pinned else cost, party.order, party.key)
                )
    for some in able.values():
        some.sort()
    for runs in problem.runs_of_course.values():
        _gather(board, runs, able)
    for runs in problem.runs_of_course.values():
        standing = sorted(
            (cost, order, key, run.key)
            for run in runs
            if run.key in board.held
            for cost, order, key in able.get(run.key, ())
        )
        for _, _, key, run_key in standing:
            run = problem.run_by_key[run_key]
            board.sit(problem.party_by_key[key], run, run.capacity - board.heads[run_key])
    return board.solution()


def _gather(
    board: _Board, runs: tuple[Run, ...], able: dict[str, list[tuple[int, int, str]]]
) -> None:
    """Hold as many more of a course's runs as people without a seat can fill."""
    problem = board.problem
    waiting = [run for run in runs if run.key not in board.held and run.key in able]
    while waiting:
        own = {
            run.key: sum(board.missing[key] for cost, _, key in able[run.key] if cost <= 0)
            for run in waiting
        }
        run = min(waiting, key=lambda r: (max(1, r.minimum) - own[r.key], r.starts_on, r.key))
        waiting.remove(run)
        if not board.is_open(run):
            continue
        for cost, _, key in able[run.key]:
            is_enough = board.heads[run.key] >= max(1, run.minimum)
            if not is_enough or cost <= 0:
                room = run.capacity - board.heads[run.key]
                board.sit(problem.party_by_key[key], run, room)
        if board.heads[run.key] >= max(1, run.minimum):
            board.hold(run)
        else:
            board.rise(run)
