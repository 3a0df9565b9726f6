"""What really happens: seeded draws of people's answers under a way of asking.

An answer belongs to a person, a run and a draw, never to the order in which things are asked, so ways of asking
are compared on the same people. Three ways: a plan as it stands (its offers and next offers, nothing learned in
between; nobody is asked: today's practice); and waves, where the plan is made anew after each wave with what
people have answered. A run is settled on its day, or after the last wave where days aren't known.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planning.pooling.components import least
from planning.pooling.data import Problem
from planning.pooling.gather import NOWHERE, Piece, Search, Spot
from planning.pooling.offers import UncertainPlan, seated
from planning.pooling.solution import Solution
from planning.pooling.uncertain import Case
from planning.pooling.units import Asking, Unit, settled_on, units
from planning.pooling.willingness import SURE, Willingness

DRAWS = 1000
AGAIN = 0.4
"""What it costs to ask somebody again who has said yes already, in people taught: only where it pays well."""
WORTH_ASKING = 0.02
"""What it costs to ask anybody else in a later wave: a question must add that much of a person."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One draw. In heads: taught, asked at all, asked more than once, moved more than once, and who lost a place.

    `lost`: people who had a place in a run that was held, didn't move elsewhere, and weren't taught. Always 0.
    """

    taught: int
    held: int
    asked: int
    asked_again: int
    moved_again: int
    lost: int


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over all draws: mean and standard deviation in thousandths, the 5th, 50th and 95th percentile."""

    mean: int
    deviation: int
    low: int
    middle: int
    high: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """All draws of one way of asking, and each figure's spread."""

    draws: tuple[Happened, ...]

    def spread(self, figure: str) -> Spread:
        """The spread of one of the figures of `Happened`, by name."""
        values = sorted(getattr(draw, figure) for draw in self.draws)
        many, total = len(values), sum(values)
        squares = sum((many * value - total) ** 2 for value in values)

        def at(percent: int) -> int:
            return int(values[min(many - 1, percent * many // 100)])

        deviation = (squares / (many**2 * max(1, many - 1))) ** 0.5
        return Spread(round(1000 * total / many), round(1000 * deviation), at(5), at(50), at(95))


Says = Callable[[Unit, str, int], bool]
"""Does the unit say yes to this run, at these thousandths?"""


def answers(seed: int, draw: int) -> Says:
    """The answers of one draw: the same for whoever asks, whenever."""

    def says(unit: Unit, run: str, permille: int) -> bool:
        mine = random.Random(f"{seed}/{draw}/{unit.party}/{unit.number}/{run}")  # noqa: S311
        return mine.randrange(SURE) < permille

    return says


def simulate_plan(
    problem: Problem,
    willingness: Willingness,
    plan: UncertainPlan,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    on_settled: Callable[[Solution], None] | None = None,
) -> Simulated:
    """What happens when the plan's offers go out as they stand. An empty plan with aims asks nobody.

    `on_settled` gets who sits where at the end of each draw.
    """
    everybody = units(problem, willingness)
    chains: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for offer in sorted(plan.offers):
        chains.setdefault((offer.party, offer.number), []).append((offer.run, offer.permille))
    found = []
    for draw in range(draws):
        says = answers(seed, draw)
        world = _World(problem, everybody)
        for i, unit in enumerate(everybody):
            for run, permille in chains.get((unit.party, unit.number), ()):
                if world.ask(i, run, says(unit, run, permille)):
                    break
        world.settle(plan.aims)
        if on_settled is not None:
            on_settled(world.solution())
        found.append(world.happened())
    return Simulated(tuple(found))


def today(problem: Problem, alone: Solution, willingness: Willingness) -> Simulated:
    """Today's practice: each school decides alone (`baselines.cancel_alone`), nobody is asked, nothing varies."""
    return simulate_plan(problem, willingness, UncertainPlan(alone.held), draws=1)


def simulate_waves(
    problem: Problem,
    willingness: Willingness,
    plan: UncertainPlan,
    certain: Solution,
    *,
    asking: Asking | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    rounds: int = 0,
    worth_asking: float = WORTH_ASKING,
    on_settled: Callable[[Solution], None] | None = None,
) -> Simulated:
    """What happens when the plan's first wave goes out, and the next waves are planned from the answers.

    `certain`: the best plan for certain willingness, which decides what runs may share. `rounds`: how long each
    new plan is searched for (0: from the runs aimed at so far). `worth_asking`: what a question in a later wave
    must add, in people taught. `on_settled` gets who sits where at the end of each draw.
    """
    asking = asking or Asking()
    everybody = units(problem, willingness)
    case = Case(problem, everybody, asking, certain)
    planner = _Replanner(case, rounds, worth_asking)
    first = {(o.party, o.number): o.run for o in plan.offers if o.wave == 1}
    chance = [dict(unit.choices) for unit in everybody]
    found = []
    for draw in range(draws):
        says = answers(seed, draw)
        world = _World(problem, everybody)
        aims = set(plan.aims)
        for wave in range(1, asking.most_waves + 1):
            day = asking.sent_on(wave)
            if day is not None:
                due = {run.key for run in problem.runs if settled_on(run) <= day}
                world.settle(case.may_gather, due - world.settled.keys())
            if wave == 1:
                offers = [
                    (i, first[unit.party, unit.number])
                    for i, unit in enumerate(everybody)
                    if (unit.party, unit.number) in first
                ]
            else:
                offers, aims = planner.plan(world, aims, wave)
            if not offers:
                if asking.today is None:
                    break
                continue
            for i, run in offers:
                world.ask(i, run, says(everybody[i], run, chance[i][run]))
        world.settle(case.may_gather)
        if on_settled is not None:
            on_settled(world.solution())
        found.append(world.happened())
    return Simulated(tuple(found))


class _World:
    """Who has a place where while the answers come in. Units by number."""

    def __init__(self, problem: Problem, everybody: Sequence[Unit]) -> None:
        self.problem = problem
        self.everybody = everybody
        self.at = [unit.own for unit in everybody]
        self.asked: list[set[str]] = [set() for _ in everybody]
        self.moves = [0] * len(everybody)
        self.settled: dict[str, bool] = {}

    def ask(self, unit: int, run: str, says_yes: bool) -> bool:
        self.asked[unit].add(run)
        if says_yes:
            self.at[unit] = run
            self.moves[unit] += 1
        return says_yes

    def count(self) -> dict[str, int]:
        heads: dict[str, int] = {}
        for run, unit in zip(self.at, self.everybody, strict=True):
            heads[run] = heads.get(run, 0) + unit.heads
        return heads

    def settle(self, may_be_held: Sequence[str] | set[str], due: set[str] | None = None) -> None:
        """Hold or cancel the runs that are due (None: all that are left), and send people back to their own."""
        heads = self.count()
        may = set(may_be_held)
        for run in self.problem.runs:
            if run.key in self.settled or (due is not None and run.key not in due):
                continue
            self.settled[run.key] = self.problem.is_promised(run) or (
                run.key in may and heads.get(run.key, 0) >= least(self.problem, run)
            )
        for i, unit in enumerate(self.everybody):
            if self.settled.get(self.at[i]) is False:
                back = unit.own if self.at[i] != unit.own else ""
                self.at[i] = "" if self.settled.get(back) is False else back

    def solution(self) -> Solution:
        """Who sits where, when all runs are settled."""
        wishes = {
            (unit.party, unit.number): (run,)
            for unit, run in zip(self.everybody, self.at, strict=True)
        }
        held = [key for key, is_held in self.settled.items() if is_held]
        return seated(self.everybody, held, wishes)

    def happened(self) -> Happened:
        taught = [bool(run) and self.settled[run] for run in self.at]
        heads = [unit.heads for unit in self.everybody]
        return Happened(
            sum(h for h, is_taught in zip(heads, taught, strict=True) if is_taught),
            sum(self.settled.values()),
            sum(h for h, runs in zip(heads, self.asked, strict=True) if runs),
            sum(h for h, runs in zip(heads, self.asked, strict=True) if len(runs) > 1),
            sum(h for h, moves in zip(heads, self.moves, strict=True) if moves > 1),
            sum(
                unit.heads
                for unit, is_taught in zip(self.everybody, taught, strict=True)
                if unit.own and self.settled[unit.own] and not is_taught
            ),
        )


class _Replanner:
    """Plans the next wave from where people are. The same situation in a part is planned once."""

    def __init__(self, case: Case, rounds: int, worth_asking: float) -> None:
        self.case = case
        self.rounds = rounds
        self.worth_asking = worth_asking
        self.parts = _parts(case)
        self._known: dict[object, tuple[tuple[tuple[int, str], ...], frozenset[str]]] = {}

    def plan(
        self, world: _World, aims: set[str], wave: int
    ) -> tuple[list[tuple[int, str]], set[str]]:
        """Offers of this wave as unit and run, and the runs that are now aimed at."""
        case = self.case
        heads = world.count()
        open_runs = {
            run.key
            for run in case.problem.runs
            if run.key not in world.settled
            and (run.key in case.may_gather or run.key in case.promised)
            and case.asking.is_in_time(run, wave)
        }
        sure = {
            run.key
            for run in case.problem.runs
            if world.settled.get(run.key) is True
            or run.key in case.promised
            or (
                run.key not in world.settled
                and run.key in case.may_gather
                and heads.get(run.key, 0) >= least(case.problem, run)
            )
        }
        offers: list[tuple[int, str]] = []
        after: set[str] = set()
        for number, (members, runs) in enumerate(self.parts):
            state = tuple(
                (
                    world.at[i],
                    frozenset(world.asked[i]),
                    world.moves[i] > 0,
                    case.everybody[i].own in sure,
                )
                for i in members
            )
            key = (number, wave, state, frozenset(aims & runs))
            known = self._known.get(key)
            if known is None:
                known = self._plan(world, members, runs & open_runs, sure, aims)
                self._known[key] = known
            offers += known[0]
            after |= known[1]
        return offers, after

    def _plan(
        self,
        world: _World,
        members: Sequence[int],
        runs: set[str],
        sure: set[str],
        aims: set[str],
    ) -> tuple[tuple[tuple[int, str], ...], frozenset[str]]:
        case = self.case
        keys = sorted(runs | {world.at[i] for i in members if world.at[i]})
        place = {key: n for n, key in enumerate(keys)}
        reserved: dict[str, int] = {}
        pieces = []
        for i in members:
            unit = case.everybody[i]
            has_claim = bool(unit.own) and unit.own != world.at[i] and unit.own in sure
            if has_claim:
                reserved[unit.own] = reserved.get(unit.own, 0) + unit.heads
            is_done = world.settled.get(world.at[i]) is True
            pieces.append(
                Piece(
                    unit.heads,
                    place[world.at[i]] if world.at[i] else NOWHERE,
                    tuple(
                        (place[run], chance / SURE, case.cost(unit.party, run))
                        for run, chance in unit.choices
                        if run in runs and chance and run not in world.asked[i]
                    )
                    if not is_done
                    else (),
                    has_claim or is_done,
                    AGAIN if world.moves[i] else self.worth_asking,
                )
            )
        spots = [
            case.spot(key, reserved.get(key, 0))
            if key in runs or key not in world.settled
            else Spot(0, 0, world.settled[key], False)
            for key in keys
        ]
        search = Search(pieces, spots)
        can = set(search.can_gather)
        start = search.empty({place[key] for key in aims if key in place and place[key] in can})
        if self.rounds:
            state = search.best([start], rounds=self.rounds, draw=random.Random(0))[0]  # noqa: S311
        else:
            state = start
            search.repair(state)
            search.improve(state, 2)
        offers = tuple(
            (members[n], keys[run]) for n, run in enumerate(state.target) if run != NOWHERE
        )
        now = {keys[n] for n in state.gathers} | (sure & set(keys))
        return offers, frozenset(now)


def _parts(case: Case) -> list[tuple[tuple[int, ...], set[str]]]:
    """Units and runs that touch each other whatever is answered."""
    where = {(unit.party, unit.number): i for i, unit in enumerate(case.everybody)}
    return [
        (
            tuple(where[unit.party, unit.number] for unit in part.everybody),
            set(part.runs),
        )
        for part in case.parts()
    ]
