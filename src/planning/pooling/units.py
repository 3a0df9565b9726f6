"""People as they answer: who go together answer together, everybody else for themselves."""

from __future__ import annotations

from dataclasses import dataclass

from planning.checks import check_int
from planning.pooling.data import Problem, Run, SeatPin
from planning.pooling.willingness import Willingness


@dataclass(frozen=True, slots=True)
class Asking:
    """How offers go out. Raises ProblemError for a number that cannot be right.

    An offer holds its seat and must be answered within `answer_days`, and before the run is settled
    (`decides_on`, or its first day where that isn't known). Wave k goes out `(k - 1) * answer_days` after
    `today`, to at most `most_waves`. `today` is an ordinal; None: no run is too near. `tolerance`: so many
    ten-thousandths of the people expected to be taught may be given up so that fewer people are asked.
    """

    today: int | None = None
    answer_days: int = 4
    most_waves: int = 3
    tolerance: int = 25

    def __post_init__(self) -> None:
        if self.today is not None:
            check_int(self.today, "today", least=1)
        check_int(self.answer_days, "answer_days", least=1)
        check_int(self.most_waves, "most_waves", least=1)
        check_int(self.tolerance, "tolerance", least=0, most=10_000)

    def sent_on(self, wave: int) -> int | None:
        """The day on which a wave goes out (the first is 1)."""
        return None if self.today is None else self.today + (wave - 1) * self.answer_days

    def is_in_time(self, run: Run, wave: int) -> bool:
        """Does an offer of that wave leave at least a day to answer before the run is settled?"""
        sent = self.sent_on(wave)
        return sent is None or sent < settled_on(run)

    def answer_by(self, run: Run, wave: int) -> int | None:
        """The last day to answer an offer of that wave."""
        sent = self.sent_on(wave)
        return None if sent is None else min(sent + self.answer_days, settled_on(run))


def settled_on(run: Run) -> int:
    """The day on which the run is settled: its decision date, else its first day."""
    return run.starts_on if run.decides_on is None else run.decides_on


@dataclass(frozen=True, slots=True)
class Unit:
    """Heads that answer as one. `number` tells those of a party apart that isn't together; else 0.

    `own`: the run in which they have a place (signed up and within its seats, or pinned there); '' for those
    who wait. `choices`: other runs that they could be asked about, with the thousandths who say yes;
    the run where they are signed up is among them when it had no seat for them.
    """

    party: str
    number: int
    heads: int
    own: str
    choices: tuple[tuple[str, int], ...]


def units(problem: Problem, willingness: Willingness) -> tuple[Unit, ...]:
    """Everybody in queue order. A run's seats go to pinned people first, then to the earliest."""
    room = {run.key: run.capacity for run in problem.runs}
    found: list[Unit] = []
    pinned = {pin.party: pin.run for pin in problem.seat_pins if pin.pin == SeatPin.SEAT}
    queue = sorted(
        problem.parties, key=lambda party: (party.key not in pinned, party.order, party.key)
    )
    for party in queue:
        own = pinned.get(party.key, party.run)
        if own and not problem.may_sit(party, problem.run_by_key[own]):
            own = ""
        options = [
            (option.run, willingness.permille(problem, party, problem.run_by_key[option.run]))
            for option in problem.options[party.key]
        ]
        heads = party.size if party.is_together else 1
        for number in range(party.size // heads):
            has_place = bool(own) and room[own] >= heads
            if has_place:
                room[own] -= heads
            mine = own if has_place else ""
            choices = tuple((run, chance) for run, chance in options if run != mine)
            found.append(
                Unit(party.key, number, heads, mine, () if party.key in pinned else choices)
            )
    order = {party.key: (party.order, party.key) for party in problem.parties}
    return tuple(sorted(found, key=lambda unit: (order[unit.party], unit.number)))
