"""The plan under which most people are expected to be taught, when each offer is accepted with some probability.

Method: the best plan for certain willingness is the first start; local search (`gather`) from there and from an
empty plan; then, where time allows, a next offer in a later wave for whoever may say no, as far as it adds and
there are seats. Last, where the plan isn't proven best, offers that add little are left out (`fewer`), up to a
stated share of the people expected to be taught (`Asking.tolerance`). The value is exact (`offers.outlook`). The
plan for certain willingness, sent to everybody at once, is the lower end: the answer is never worth less.

The bound holds for every way of asking, in any number of waves, even for who knew all answers beforehand: the
expected seats of the best plan, answers known, satisfy a linear programme in probabilities (a person sits in a
run no more often than they say yes to it, a run is held no more often than enough people would come). It is the
relaxation of the mean of the answers' plans, not a sample. Between it and the value stands what waves and luck
can bring, and what the search missed; only where both meet is the plan called proven.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from planning.pooling.chance import Answers, heads
from planning.pooling.components import least
from planning.pooling.data import Pin, Problem, RunPin
from planning.pooling.fewer import fewer
from planning.pooling.gather import NOWHERE, Piece, Search, Spot, State, expected
from planning.pooling.offers import Offer, Outlook, UncertainPlan, outlook, validate_plan
from planning.pooling.solution import Solution
from planning.pooling.solve import solve, with_pins
from planning.pooling.units import Asking, Unit, units
from planning.pooling.willingness import SURE, Willingness
from planning.result import Bound, Limits, Result, Status, Watch
from planning.solvers import highs
from planning.solvers.model import Model, Term

SOLVER = "pooling-uncertain-2"
TERM = "expected"
"""The one objective: thousandths of a head expected to be taught."""
ROUNDS = 6
KICKS = 8
APART = 4
FINE = 1_000_000
"""Parts of a head in the linear programme of the bound, so that its limits can be whole numbers."""
WORTH_A_WAVE = 0.002
"""Heads that a next offer must add to be sent."""


def solve_uncertain(
    problem: Problem,
    willingness: Willingness,
    *,
    asking: Asking | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: UncertainPlan | None = None,
    watch: Watch[UncertainPlan] | None = None,
    certain: Solution | None = None,
) -> Result[UncertainPlan]:
    """The offers with which most people are expected to be taught, as far as the search finds them.

    Of plans that differ by no more than `asking.tolerance` the one with fewer questions, as far as they are found.
    `warm_start`: an earlier plan, kept where nothing is better. `certain`: the best plan for certain willingness
    where it is known already; else it is solved first, with the same limits. Bounds hold the term `expected`
    in thousandths of a head, the value rounded down, what is best possible rounded up to what can be proven.
    """
    problem = with_pins(problem, pins)
    asking = asking or Asking()
    limits = limits or Limits()
    watch = watch or Watch(limits.seconds)
    known: Result[Solution] | None = None
    if certain is None:
        known = solve(problem, limits=limits, seed=seed, watch=_Following(watch))
        certain = known.solution
    everybody = units(problem, willingness)
    case = Case(problem, everybody, asking, certain)
    draw = random.Random(seed)  # noqa: S311 (the order of a search)
    starts = [plan_of(problem, willingness, certain, asking, everybody)]
    if warm_start is not None and not validate_plan(problem, willingness, warm_start, asking):
        starts.append(warm_start)
    first = math.floor(outlook(problem, willingness, starts[0], everybody).taught * 1000)
    watch.tell((Bound(TERM, first, None),), starts[0], "at once")
    steps = 0
    most_steps = max(1, limits.work // 20)
    parts = case.parts()
    found: list[list[State]] = []
    for part in parts:
        begun = steps

        def is_over(search: Search = part.search, begun: int = begun) -> bool:
            return watch.is_over or begun + search.steps > most_steps

        found.append(
            part.search.best(
                [part.state(plan) for plan in starts],
                rounds=ROUNDS,
                draw=draw,
                kicks=KICKS,
                is_over=is_over,
                most=APART,
            )
        )
        steps += part.search.steps
    plan, worth = _with_waves(case, parts, [states[0] for states in found])
    # What is best in one wave isn't always best with the next ones: try each part's next best states.
    chosen = [states[0] for states in found]
    for i, states in enumerate(found):
        for state in states[1:]:
            if watch.is_over:
                break
            other = [*chosen[:i], state, *chosen[i + 1 :]]
            changed, more = _with_waves(case, parts, other)
            if more > worth:
                plan, worth, chosen = changed, more, other
    looks = [(outlook(problem, willingness, some, everybody), some) for some in (plan, *starts)]
    look, plan = max(looks, key=lambda pair: pair[0].taught)
    best = at_most(problem, everybody, watch.left)
    if known is not None:
        taught = known.bound("taught").best_possible
        if taught is not None:
            best = min(best, taught * 1000)
    is_proven = math.floor(look.taught * 1000) >= best
    floor = max(
        look.taught if is_proven else look.taught * (1 - Fraction(asking.tolerance, 10_000)),
        *(some_look.taught for some_look, _ in looks[1:]),
    )
    before = len(plan.offers)
    look, plan = _spared(case, willingness, look, plan, floor)
    value = math.floor(look.taught * 1000)
    bound = Bound(TERM, value, max(best, value))
    status = (
        Status.PROVEN if bound.is_proven else Status.STOPPED if watch.is_over else Status.BOUNDED
    )
    watch.tell((bound,), plan, "uncertain")
    statistics = {
        "offers": len(plan.offers),
        "waves": max((offer.wave for offer in plan.offers), default=0),
        "steps": steps,
        "at_once": first,
        "left_out": before - len(plan.offers),
    }
    return Result(status, plan, (bound,), statistics, SOLVER, seed)


def _spared(
    case: Case, willingness: Willingness, look: Outlook, plan: UncertainPlan, floor: Fraction
) -> tuple[Outlook, UncertainPlan]:
    """The plan with fewer questions that is worth `floor`, exactly, or the plan as it is."""
    most_lost = float(look.taught - floor)
    for share in (1.0, 0.5, 0.0):
        some = fewer(case, plan, share * most_lost)
        other = outlook(case.problem, willingness, some, case.everybody)
        if other.taught >= floor and other.asked <= look.asked:
            return other, some
    return look, plan


class _Following(Watch[Solution]):
    """A watch for the first step that ends when the whole is to end."""

    def __init__(self, outer: Watch[UncertainPlan]) -> None:
        super().__init__()
        self._outer = outer

    @property
    def left(self) -> float:
        return self._outer.left


def _with_waves(
    case: Case, parts: Sequence[Part], states: Sequence[State]
) -> tuple[UncertainPlan, float]:
    """The plan of these states with its later waves, and what it is worth (in floating point, to compare)."""
    aims = set(case.sure)
    offers: list[Offer] = []
    for part, state in zip(parts, states, strict=True):
        aims |= {part.runs[i] for i in state.gathers}
        offers += part.offers(state)
    plan = case.with_later_waves(UncertainPlan(tuple(sorted(aims)), tuple(sorted(offers))))
    return plan, case.worth(plan)


def sureness(problem: Problem, willingness: Willingness, result: Result[UncertainPlan]) -> Outlook:
    """How sure each run is to be held under an answer, and what the answer is worth."""
    return outlook(problem, willingness, result.solution)


def plan_of(
    problem: Problem,
    willingness: Willingness,
    solution: Solution,
    asking: Asking | None = None,
    everybody: Sequence[Unit] | None = None,
) -> UncertainPlan:
    """A plan for certain willingness as offers to everybody at once, in the first wave.

    Offers that would take a seat whose owner hasn't moved yet are left out, and those that come too late.
    """
    asking = asking or Asking()
    everybody = everybody if everybody is not None else units(problem, willingness)
    aims = tuple(key for key in solution.held if problem.pin_of_run.get(key) != RunPin.CANCELLED)
    open_runs = set(aims) | {run.key for run in problem.runs if problem.is_promised(run)}
    room = {run.key: run.capacity for run in problem.runs}
    for unit in everybody:
        if unit.own:
            room[unit.own] -= unit.heads
    left = {
        (seat.party, seat.run): seat.heads
        for seat in solution.seats
        if seat.run in open_runs and asking.is_in_time(problem.run_by_key[seat.run], 1)
    }
    stays = {(seat.party, seat.run): seat.heads for seat in solution.seats}
    offers: list[Offer] = []
    for unit in everybody:
        if unit.own and stays.get((unit.party, unit.own), 0) >= unit.heads:
            stays[unit.party, unit.own] -= unit.heads
            continue
        for run, permille in unit.choices:
            if left.get((unit.party, run), 0) >= unit.heads and room[run] >= unit.heads:
                if run == unit.own:
                    break
                left[unit.party, run] -= unit.heads
                room[run] -= unit.heads
                offers.append(Offer(1, unit.party, unit.number, run, unit.heads, permille))
                break
    return UncertainPlan(aims, tuple(sorted(offers)))


@dataclass(slots=True)
class Part:
    """Runs and units that touch each other, with their search. Runs by their place in the search."""

    runs: list[str]
    everybody: list[Unit]
    search: Search

    def state(self, plan: UncertainPlan) -> State:
        """The search's state for the first offers of a plan, as far as the search knows such plans."""
        place = {run: i for i, run in enumerate(self.runs)}
        can = set(self.search.can_gather)
        state = self.search.empty({place[run] for run in plan.aims if place.get(run) in can})
        first: dict[tuple[str, int], str] = {}
        for offer in sorted(plan.offers):
            first.setdefault((offer.party, offer.number), offer.run)
        for i, unit in enumerate(self.everybody):
            run = place.get(first.get((unit.party, unit.number), ""), NOWHERE)
            if (
                run != NOWHERE
                and run in self.search.chance[i]
                and self.search.is_open(state, run)
                and self.search.may_ask(state, i)
                and self.search.room(state, run) >= unit.heads
            ):
                self.search.put(state, i, run)
        return state

    def offers(self, state: State, wave: int = 1) -> list[Offer]:
        """The state's offers."""
        found = []
        for i, unit in enumerate(self.everybody):
            if state.target[i] != NOWHERE:
                run = self.runs[state.target[i]]
                chance = dict(unit.choices)[run]
                found.append(Offer(wave, unit.party, unit.number, run, unit.heads, chance))
        return found


class Case:
    """The whole problem as the search sees it: which runs may gather, who can be asked about what."""

    def __init__(
        self, problem: Problem, everybody: Sequence[Unit], asking: Asking, certain: Solution
    ) -> None:
        self.problem = problem
        self.everybody = everybody
        self.asking = asking
        held = set(certain.held)
        # With something shared, only the runs that the best certain plan holds together may be held.
        self.may_gather = {
            run.key
            for run in problem.runs
            if problem.pin_of_run.get(run.key) != RunPin.CANCELLED
            and (run.key in held or not problem.uses_of_run.get(run.key))
        }
        self.own_heads: dict[str, int] = {}
        for unit in everybody:
            if unit.own:
                self.own_heads[unit.own] = self.own_heads.get(unit.own, 0) + unit.heads
        self.promised = {run.key for run in problem.runs if problem.is_promised(run)}
        self.sure = {
            run.key
            for run in problem.runs
            if run.key in self.may_gather
            and (run.key in self.promised or self.own_heads.get(run.key, 0) >= least(problem, run))
        }

    def spot(self, key: str, reserved: int = 0) -> Spot:
        run = self.problem.run_by_key[key]
        return Spot(
            run.capacity,
            least(self.problem, run),
            key in self.promised,
            key in self.may_gather,
            reserved,
        )

    def cost(self, party: str, run: str) -> int:
        """What moving there comes to in the term `moved`, per head."""
        problem = self.problem
        p, r = problem.party_by_key[party], problem.run_by_key[run]
        return problem.metres_moved(p, r) + problem.metres_per_day * problem.days_moved(p, r)

    def parts(self) -> list[Part]:
        """The problem cut into parts that don't touch, by who could be asked about what now."""
        problem, asking = self.problem, self.asking
        usable = {
            run.key
            for run in problem.runs
            if (run.key in self.may_gather or run.key in self.promised)
            and asking.is_in_time(run, 1)
        }
        choices = [
            tuple((run, chance) for run, chance in unit.choices if run in usable and chance)
            for unit in self.everybody
        ]
        leader: dict[str, str] = {}

        def find(key: str) -> str:
            while leader.setdefault(key, key) != key:
                leader[key] = leader[leader[key]]
                key = leader[key]
            return key

        for unit, some in zip(self.everybody, choices, strict=True):
            keys = [run for run, _ in some] + ([unit.own] if unit.own else [])
            for key in keys[1:]:
                leader[find(key)] = find(keys[0])
        cells: dict[str, list[int]] = {}
        for i, (unit, some) in enumerate(zip(self.everybody, choices, strict=True)):
            if unit.own or some:
                cells.setdefault(find(unit.own or some[0][0]), []).append(i)
        parts: list[Part] = []
        for members in cells.values():
            keys = sorted(
                {self.everybody[i].own for i in members if self.everybody[i].own}
                | {run for i in members for run, _ in choices[i]},
                key=lambda key: (problem.run_by_key[key].starts_on, key),
            )
            if not any(choices[i] for i in members):
                continue
            place = {key: n for n, key in enumerate(keys)}
            pieces = [
                Piece(
                    self.everybody[i].heads,
                    place[self.everybody[i].own] if self.everybody[i].own else NOWHERE,
                    tuple(
                        (place[run], chance / SURE, self.cost(self.everybody[i].party, run))
                        for run, chance in choices[i]
                        if run != self.everybody[i].own
                    ),
                )
                for i in members
            ]
            parts.append(
                Part(
                    keys,
                    [self.everybody[i] for i in members],
                    Search(pieces, [self.spot(key) for key in keys]),
                )
            )
        return parts

    def worth(self, plan: UncertainPlan) -> float:
        """People expected to be taught of those whose own run isn't sure, nearly: a yes that falls back counts 0."""
        own = {(unit.party, unit.number): unit.own for unit in self.everybody}
        left: dict[tuple[str, int], float] = {}
        coming: dict[str, list[tuple[int, float, int]]] = {}
        for offer in sorted(plan.offers):
            key = (offer.party, offer.number)
            chance = left.get(key, 1.0) * offer.permille / SURE
            left[key] = left.get(key, 1.0) - chance
            counts = 0 if own[key] in self.sure else offer.heads
            coming.setdefault(offer.run, []).append((offer.heads, chance, counts))
        total = 0.0
        for run in sorted(coming.keys() | (set(plan.aims) - self.sure)):
            here = self.own_heads.get(run, 0)
            members = tuple(sorted(coming.get(run, ())))
            if run in self.sure:
                total += sum(chance * counts for _, chance, counts in members)
            else:
                total += expected(self.spot(run).least, here, here, members)
        return total

    def with_later_waves(self, plan: UncertainPlan) -> UncertainPlan:
        """The plan with next offers for those who may say no and whose own run isn't sure.

        Those that add most first, each only where its seat can be held together with all other offers.
        """
        offers = list(plan.offers)
        aims = set(plan.aims)
        left: dict[tuple[str, int], float] = {}
        wave: dict[tuple[str, int], int] = {}
        asked: dict[tuple[str, int], set[str]] = {}
        coming: dict[str, list[tuple[int, float, int]]] = {}
        room = {run.key: run.capacity - self.own_heads.get(run.key, 0) for run in self.problem.runs}
        own = {(unit.party, unit.number): unit.own for unit in self.everybody}
        heads_of = {(unit.party, unit.number): unit.heads for unit in self.everybody}

        def add(offer: Offer) -> None:
            key = (offer.party, offer.number)
            chance = left.get(key, 1.0) * offer.permille / SURE
            worth = 0 if own[key] in self.sure else offer.heads
            coming.setdefault(offer.run, []).append((offer.heads, chance, worth))
            left[key] = left.get(key, 1.0) - chance
            wave[key] = offer.wave
            asked.setdefault(key, set()).add(offer.run)
            room[offer.run] -= offer.heads

        for offer in sorted(offers):
            add(offer)
        search = _Worth(self)
        for number in range(2, self.asking.most_waves + 1):
            found = []
            for unit in self.everybody:
                key = (unit.party, unit.number)
                if wave.get(key) != number - 1 or left[key] <= 0 or unit.own in self.sure:
                    continue
                for run, permille in unit.choices:
                    if run not in asked[key] and (run in aims or run in self.promised):
                        if self.asking.is_in_time(self.problem.run_by_key[run], number):
                            member = (unit.heads, left[key] * permille / SURE, unit.heads)
                            gain = search.gain(run, coming.get(run, []), member)
                            cost = self.cost(unit.party, run)
                            found.append((-gain, cost, unit.party, unit.number, run, permille))
            for _, _, party, n, run, permille in sorted(found):
                key = (party, n)
                size = heads_of[key]
                if wave[key] == number or room[run] < size:
                    continue
                member = (size, left[key] * permille / SURE, size)
                if search.gain(run, coming.get(run, []), member) > WORTH_A_WAVE:
                    offer = Offer(number, party, n, run, size, permille)
                    offers.append(offer)
                    add(offer)
        return UncertainPlan(plan.aims, tuple(sorted(offers)))


class _Worth:
    """What one more offer adds to a run's expected heads."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def gain(
        self, run: str, members: list[tuple[int, float, int]], more: tuple[int, float, int]
    ) -> float:
        if run in self.case.sure or run in self.case.promised:
            return more[1] * more[2]
        own = self.case.own_heads.get(run, 0)
        minimum = self.case.spot(run).least
        before = expected(minimum, own, own, tuple(members))
        return expected(minimum, own, own, (*members, more)) - before


def at_most(problem: Problem, everybody: Sequence[Unit], seconds: float = math.inf) -> int:
    """Thousandths of a head that no way of asking can beat, rounded up.

    A linear programme: columns are the probabilities that a run is held and that a unit sits in a run, in parts of
    `FINE`; they needn't be whole.
    """
    model = Model()
    goal: list[Term] = []
    alike: dict[tuple[int, str, tuple[tuple[str, int], ...]], int] = {}
    for unit in everybody:
        cell = (unit.heads, unit.own, unit.choices)
        alike[cell] = alike.get(cell, 0) + 1
    coming: dict[str, list[Answers]] = {}
    own: dict[str, int] = {}
    for (size, home, choices), count in alike.items():
        if home:
            own[home] = own.get(home, 0) + size * count
        for key, chance in choices:
            if key != home:
                coming.setdefault(key, []).extend([Answers(size, Fraction(chance, SURE))] * count)
    held: dict[str, int] = {}
    total: dict[str, list[Term]] = {}
    reach: dict[str, Fraction] = {}
    for run in problem.runs:
        here, answers = own.get(run.key, 0), coming.get(run.key, [])
        if not here and not answers:
            continue
        minimum = least(problem, run)
        if problem.is_promised(run):
            held[run.key] = model.column(FINE, FINE)
            continue
        if problem.pin_of_run.get(run.key) == RunPin.CANCELLED or minimum > run.capacity:
            continue
        counted = heads(here, answers)
        reach[run.key] = counted.mean_from(minimum)
        most = min(FINE, math.ceil(counted.at_least(minimum) * FINE))
        held[run.key] = model.column(0, most)
    for (size, home, choices), count in alike.items():
        cells: list[Term] = []
        for key, chance in (*(((home, SURE),) if home else ()), *choices):
            if key not in held:
                continue
            column = model.column(0, chance * (FINE // SURE) * count)
            model.row([(column, 1), (held[key], -count)], upper=0)
            cells.append((column, 1))
            goal.append((column, -size))
            total.setdefault(key, []).append((column, size))
        if cells:
            model.row(cells, upper=FINE * count)
    for key, terms in total.items():
        run = problem.run_by_key[key]
        model.row([*terms, (held[key], -run.capacity)], upper=0)
        if key in reach:
            model.row([*terms, (held[key], -least(problem, run))], lower=0)
            model.row(terms, upper=min(10**15 - 1, math.ceil(reach[key] * FINE)))
    if not goal:
        return 0
    model.minimise(goal)
    bound, _ = highs.relax(model, seconds=seconds)
    people = sum(unit.heads for unit in everybody)
    if bound is None:
        return people * 1000
    slack = sum(-size for _, size in goal)  # more than the solver's tolerance, column by column
    return min(people * 1000, math.ceil(Fraction(-bound + slack, FINE // 1000)))
