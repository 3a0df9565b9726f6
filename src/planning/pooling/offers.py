"""A plan under uncertain willingness: which offers go out, in which wave, and what that is worth. Exact.

What happens (`settle`): everybody keeps their place until they have moved. Offers of wave 1 are answered; who
says no gets the offer of the next wave, if there is one. Then every run that the plan aims at is held when it
has its minimum: its own people who haven't said yes elsewhere, and those who said yes to it. Who said yes sits
there when it is held; when it isn't, they keep their place in their own run if that is held. Promised runs are
held in any case. An offer holds its seat until it is answered: a run's own people and all offers about it never
exceed its seats, whatever is answered.

Answers are independent, so the heads of one run are a sum of independent answers (a party's offers come one
after the other, each with the probability that it is sent at all), and expected values add up over runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from planning.pooling.chance import Answers, heads, permille
from planning.pooling.components import least
from planning.pooling.data import Problem, RunPin, SeatPin
from planning.pooling.solution import Seat, Solution
from planning.pooling.units import Asking, Unit, units
from planning.pooling.validate import Violation
from planning.pooling.willingness import Willingness


@dataclass(frozen=True, slots=True, order=True)
class Offer:
    """A seat offered: `number` of the party's units (0 when it goes together), `heads` of them, in `wave`.

    Sent when the unit said no to all its offers of earlier waves. `permille`: the thousandths who say yes.
    """

    wave: int
    party: str
    number: int
    run: str
    heads: int
    permille: int


@dataclass(frozen=True, slots=True)
class UncertainPlan:
    """Runs that are to be held if they get enough (key order), and the offers by wave and party."""

    aims: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()


Yes = tuple[str, int, str]
"""Party, number and run of an offer that was accepted."""


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a run is to be held.

    `certain`: heads that stay whatever is answered; `most`: heads when everybody says yes. `permille` is the
    chance that it is held, `expected` thousandths of a head taught in it (nobody when it isn't held).
    """

    run: str
    minimum: int
    certain: int
    most: int
    permille: int
    expected: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan is worth: people expected to be taught, exact, and how sure each run is.

    `runs`: those with anybody in them or asked about them. `asked`: heads expected to be asked, exact.
    """

    taught: Fraction
    asked: Fraction
    runs: tuple[Sureness, ...]


class _Case:
    """The plan's units with their offers, and per run who may come with which probability."""

    def __init__(self, problem: Problem, plan: UncertainPlan, everybody: Collection[Unit]) -> None:
        self.problem = problem
        self.aims = set(plan.aims)
        chains: dict[tuple[str, int], list[Offer]] = {}
        for offer in sorted(plan.offers):
            chains.setdefault((offer.party, offer.number), []).append(offer)
        self.certain: dict[str, int] = {}
        self.comes: dict[str, dict[tuple[str, int], Answers]] = {}
        self.unit = {(unit.party, unit.number): unit for unit in everybody}
        self.sent = Fraction(0)
        for key, unit in self.unit.items():
            left = Fraction(1)
            for offer in chains.get(key, ()):
                self.sent += left * unit.heads
                yes = left * Fraction(offer.permille, 1000)
                self.comes.setdefault(offer.run, {})[key] = Answers(unit.heads, yes)
                left -= yes
            if unit.own and key in chains:
                self.comes.setdefault(unit.own, {})[key] = Answers(unit.heads, left)
            elif unit.own:
                self.certain[unit.own] = self.certain.get(unit.own, 0) + unit.heads

    def least(self, run: str) -> int:
        return least(self.problem, self.problem.run_by_key[run])

    def is_held(self, run: str, count: int) -> bool:
        if self.problem.is_promised(self.problem.run_by_key[run]):
            return True
        return run in self.aims and count >= self.least(run)

    def held(self, run: str, without: tuple[str, int] | None = None, more: int = 0) -> Fraction:
        """The probability that the run is held; without one unit, and with so many heads more."""
        if self.is_held(run, 0):
            return Fraction(1)
        if run not in self.aims:
            return Fraction(0)
        answers = [a for key, a in self.comes.get(run, {}).items() if key != without]
        return heads(self.certain.get(run, 0) + more, answers).at_least(self.least(run))

    def stays_although_yes(self, key: tuple[str, int]) -> Fraction:
        """Heads expected to be taught in their own run because the run that they said yes to isn't held."""
        unit = self.unit[key]
        if not unit.own or (not self.is_held(unit.own, 0) and unit.own not in self.aims):
            return Fraction(0)
        total = Fraction(0)
        for run, coming in self.comes.items():
            if run != unit.own and key in coming:
                total += coming[key].chance * self._only_own(key, run, unit.own)
        return total * unit.heads

    def _only_own(self, key: tuple[str, int], run: str, own: str) -> Fraction:
        """The probability that `own` is held and `run` isn't, when this unit has said yes to `run`."""
        more = self.unit[key].heads
        fails = 1 - self.held(run, key, more)
        most = self.certain.get(own, 0) + sum(
            answers.heads for other, answers in self.comes.get(own, {}).items() if other != key
        )
        if not fails or not self.is_held(own, most):
            return Fraction(0)
        if self.is_held(own, self.certain.get(own, 0)):
            return fails
        counts = {(self.certain.get(own, 0), self.certain.get(run, 0) + more): Fraction(1)}
        nobody = Answers(0, Fraction(0))
        here, there = self.comes.get(own, {}), self.comes.get(run, {})
        for other in sorted((here.keys() | there.keys()) - {key}):
            a, b = here.get(other, nobody), there.get(other, nobody)
            grown: dict[tuple[int, int], Fraction] = {}
            for (x, y), chance in counts.items():
                for cell, part in (
                    ((x + a.heads, y), a.chance),
                    ((x, y + b.heads), b.chance),
                    ((x, y), 1 - a.chance - b.chance),
                ):
                    if part:
                        grown[cell] = grown.get(cell, Fraction(0)) + chance * part
            counts = grown
        return sum(
            (
                chance
                for (x, y), chance in counts.items()
                if self.is_held(own, x) and not self.is_held(run, y)
            ),
            Fraction(0),
        )


def outlook(
    problem: Problem,
    willingness: Willingness,
    plan: UncertainPlan,
    everybody: Collection[Unit] | None = None,
) -> Outlook:
    """The plan's exact value, and how sure each run is. The plan must be allowed (`validate_plan`).

    `everybody`: the problem's units, where they are known already.
    """
    case = _Case(problem, plan, everybody or units(problem, willingness))
    taught = Fraction(0)
    rows: list[Sureness] = []
    for run in problem.runs:
        answers = list(case.comes.get(run.key, {}).values())
        certain = case.certain.get(run.key, 0)
        most = certain + sum(a.heads for a in answers)
        if not most:
            continue
        is_promised = case.is_held(run.key, 0)
        minimum = 0 if is_promised else case.least(run.key)
        if is_promised or run.key in case.aims:
            counted = heads(certain, answers)
            held, expected = counted.at_least(minimum), counted.mean_from(minimum)
        else:
            held = expected = Fraction(0)
        taught += expected
        rows.append(
            Sureness(
                run.key,
                run.minimum,
                certain,
                most,
                permille(held),
                round(expected * 1000),
            )
        )
    moving = {key for coming in case.comes.values() for key in coming}
    taught += sum((case.stays_although_yes(key) for key in sorted(moving)), Fraction(0))
    return Outlook(taught, case.sent, tuple(rows))


def settle(
    problem: Problem, willingness: Willingness, plan: UncertainPlan, yes: Collection[Yes]
) -> Solution:
    """What comes of the plan when these offers are accepted and all others declined."""
    place: dict[tuple[str, int], str] = {}
    for offer in sorted(plan.offers):
        if (offer.party, offer.number, offer.run) in yes:
            place.setdefault((offer.party, offer.number), offer.run)
    everybody = units(problem, willingness)
    count: dict[str, int] = {}
    for unit in everybody:
        run = place.get((unit.party, unit.number), unit.own)
        count[run] = count.get(run, 0) + unit.heads
    aims = set(plan.aims)
    held = {
        run.key
        for run in problem.runs
        if problem.is_promised(run)
        or (run.key in aims and count.get(run.key, 0) >= least(problem, run))
    }
    return seated(
        everybody,
        held,
        {
            (unit.party, unit.number): (place.get((unit.party, unit.number), ""), unit.own)
            for unit in everybody
        },
    )


def seated(
    everybody: Collection[Unit],
    held: Collection[str],
    wishes: Mapping[tuple[str, int], tuple[str, ...]],
) -> Solution:
    """Everybody in the first run of their wishes that is held."""
    seats: dict[tuple[str, str], int] = {}
    for unit in everybody:
        for run in wishes[unit.party, unit.number]:
            if run in held:
                seats[unit.party, run] = seats.get((unit.party, run), 0) + unit.heads
                break
    return Solution(
        tuple(sorted(held)),
        tuple(Seat(party, run, number) for (party, run), number in sorted(seats.items())),
    )


def validate_plan(
    problem: Problem,
    willingness: Willingness,
    plan: UncertainPlan,
    asking: Asking | None = None,
) -> tuple[Violation, ...]:
    """Every rule that the plan breaks; empty when it may be used, whatever people answer.

    Rules: runs that are aimed at may all be held together; an offer is about a run that is aimed at or promised,
    within what the party said, at the stated chance, in time, one per unit and wave, and never about its own
    run; nobody who is pinned is asked; own people and offers together never exceed a run's seats.
    """
    asking = asking or Asking()
    found: list[Violation] = []
    everybody = {(unit.party, unit.number): unit for unit in units(problem, willingness)}
    taken: dict[str, int] = {}
    for unit in everybody.values():
        taken[unit.own] = taken.get(unit.own, 0) + unit.heads
    promised = {run.key for run in problem.runs if problem.is_promised(run)}
    used: dict[str, int] = {}
    for key in plan.aims:
        if key not in problem.run_by_key:
            found.append(Violation("unknown_run", run=key))
        elif problem.pin_of_run.get(key) == RunPin.CANCELLED:
            found.append(Violation("pinned_cancelled", key))
    for use in problem.uses:
        if use.run in promised or use.run in plan.aims:
            used[use.shared] = used.get(use.shared, 0) + use.amount
    of_promised: dict[str, int] = {}
    for use in problem.uses:
        if use.run in promised:
            of_promised[use.shared] = of_promised.get(use.shared, 0) + use.amount
    found += [
        Violation("shared_exceeded", detail=f"{some.key}: {used[some.key]} > {some.available}")
        for some in problem.shared
        if used.get(some.key, 0) > max(some.available, of_promised.get(some.key, 0))
    ]
    seen: set[tuple[str, int, int | str]] = set()
    for offer in plan.offers:
        unit_of = everybody.get((offer.party, offer.number))
        run = problem.run_by_key.get(offer.run)
        if unit_of is None or run is None:
            found.append(Violation("unknown_key", offer.run, offer.party))
            continue
        if offer.heads != unit_of.heads:
            found.append(Violation("not_together", offer.run, offer.party))
        if offer.run == unit_of.own or dict(unit_of.choices).get(offer.run) != offer.permille:
            found.append(Violation("may_not_sit", offer.run, offer.party))
        if SeatPin.SEAT in problem.pins_of_party.get(offer.party, {}).values():
            found.append(Violation("pinned_seat_lost", offer.run, offer.party))
        if offer.run not in plan.aims and offer.run not in promised:
            found.append(Violation("run_not_held", offer.run, offer.party))
        if not 1 <= offer.wave <= asking.most_waves or not asking.is_in_time(run, offer.wave):
            found.append(Violation("too_late", offer.run, offer.party, f"wave {offer.wave}"))
        for what in (offer.wave, offer.run):
            if (offer.party, offer.number, what) in seen:
                found.append(Violation("seat_twice", offer.run, offer.party))
            seen.add((offer.party, offer.number, what))
        taken[offer.run] = taken.get(offer.run, 0) + offer.heads
    for run in problem.runs:
        if taken.get(run.key, 0) > run.capacity:
            detail = f"{taken[run.key]} > {run.capacity}"
            found.append(Violation("too_many", run.key, detail=detail))
    return tuple(found)
