"""What the answer is worth, term by term, in the stated order. Knows no solver.

The order is that of the objectives: a better earlier term is never traded for a later one.
1. `taught`: people who get the course (more).
2. `kept`: people who keep their own run (more).
3. `moved`: how far and how long people move: metres farther from home than their own run, and
   `metres_per_day` for each day that the run starts earlier or later, summed over people (less).
4. `uneven`: income moved between schools, as the sum over schools of what they gain or lose in øre (less).
5. `passed_over`: people without a seat although somebody who came after them got one by moving or waiting
   in a run that they could have had (less). Those that remain are explained one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

from planning.pooling.data import Party, Problem
from planning.pooling.solution import Solution
from planning.result import Result

TERMS = ("taught", "kept", "moved", "uneven", "passed_over")


@dataclass(frozen=True, slots=True)
class Score:
    """Terms, and figures that people read. `asked`: people who are offered another run than their own.

    `merged`: runs that aren't held and whose people are all taught, in one other run. `longest_metres` is from
    home to the run, `longest_days` either way, of those who are asked.
    """

    taught: int
    kept: int
    moved: int
    uneven: int
    passed_over: int
    people: int
    asked: int
    runs_held: int
    runs_cancelled: int
    runs_merged: int
    metres: int
    days: int
    longest_metres: int
    longest_days: int

    def key(self) -> tuple[int, int, int, int, int]:
        """Smaller is better; compare two answers to the same problem with it."""
        return (-self.taught, -self.kept, self.moved, self.uneven, self.passed_over)


def score(problem: Problem, solution: Solution) -> Score:
    """Every term and figure recomputed from the answer alone."""
    taught = kept = metres = days = longest_metres = longest_days = 0
    for seat in solution.seats:
        party, run = problem.party_by_key[seat.party], problem.run_by_key[seat.run]
        taught += seat.heads
        if seat.run == party.run:
            kept += seat.heads
            continue
        metres += seat.heads * problem.metres_moved(party, run)
        days += seat.heads * problem.days_moved(party, run)
        if not run.is_remote:
            longest_metres = max(longest_metres, problem.metres(party.home, run.place))
        longest_days = max(longest_days, problem.days_moved(party, run))
    held = set(solution.held)
    return Score(
        taught=taught,
        kept=kept,
        moved=metres + problem.metres_per_day * days,
        uneven=sum(abs(balance) for balance in balances(problem, solution).values()),
        passed_over=sum(p.size - _heads(solution, p) for p in passed_over(problem, solution)),
        people=sum(party.size for party in problem.parties),
        asked=taught - kept,
        runs_held=len(held),
        runs_cancelled=len(problem.runs) - len(held),
        runs_merged=len(merged(problem, solution)),
        metres=metres,
        days=days,
        longest_metres=longest_metres,
        longest_days=longest_days,
    )


def balances(problem: Problem, solution: Solution) -> dict[str, int]:
    """Øre that each school gains (or loses, below 0) by people moving between schools (R65).

    Somebody who moves brings the new run's income to its school, and takes the own run's income from the
    other. Schools that nobody moved to or from are left out; so are moves inside a school.
    """
    found: dict[str, int] = {}
    for seat in solution.seats:
        party, run = problem.party_by_key[seat.party], problem.run_by_key[seat.run]
        own = problem.run_by_key[party.run] if party.run else None
        if own is None or own.school == run.school:
            continue
        found[run.school] = found.get(run.school, 0) + seat.heads * run.income
        found[own.school] = found.get(own.school, 0) - seat.heads * own.income
    return found


def merged(problem: Problem, solution: Solution) -> dict[str, str]:
    """Runs that aren't held and whose people are all taught in one other run, with that run."""
    held = set(solution.held)
    by_run: dict[str, list[Party]] = {}
    for party in problem.parties:
        if party.run and party.run not in held:
            by_run.setdefault(party.run, []).append(party)
    found: dict[str, str] = {}
    for key, parties in by_run.items():
        seats = [seat for p in parties for seat in solution.seats_of_party.get(p.key, ())]
        runs = {seat.run for seat in seats}
        if len(runs) == 1 and sum(s.heads for s in seats) == sum(p.size for p in parties):
            found[key] = runs.pop()
    return found


def passed_over(problem: Problem, solution: Solution) -> tuple[Party, ...]:
    """Parties with somebody left out, although a later party of the course got a seat they could have had.

    'Could have had': the run is one of theirs, and the later party sits there without having been signed up
    there. In queue order.
    """
    latest: dict[str, int] = {}
    seated: dict[str, int] = {}
    for seat in solution.seats:
        party = problem.party_by_key[seat.party]
        seated[seat.party] = seated.get(seat.party, 0) + seat.heads
        if seat.run != party.run:
            latest[seat.run] = max(latest.get(seat.run, -1), party.order)
    left_out = [party for party in problem.parties if seated.get(party.key, 0) < party.size]
    return tuple(
        party
        for party in sorted(left_out, key=lambda party: (party.order, party.key))
        if any(latest.get(option.run, -1) > party.order for option in problem.options[party.key])
    )


def _heads(solution: Solution, party: Party) -> int:
    return sum(seat.heads for seat in solution.seats_of_party.get(party.key, ()))


def headline(problem: Problem, result: Result[Solution]) -> str:
    """One line about an answer: people taught, and how many could be."""
    taught = result.bound("taught")
    people = sum(party.size for party in problem.parties)
    return f"{taught.value} of {people} people taught, at most {taught.best_possible} can be"
