"""A problem cut into parts that don't touch each other, with people who are alike put together.

A part is a set of runs with the parties that could sit in them: no party could sit in runs of two parts, and
nothing shared that could run short is used by two parts. The best of the whole is the best of each part, for
every term that is a sum over people (taught, kept, moved).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planning.pooling.data import Party, Problem, Run, RunPin, SeatPin


@dataclass(slots=True)
class Group:
    """Parties that no objective tells apart: same own run, same runs to choose from at the same costs.

    Counted in units: a head, or (`heads` above 1) a whole party that goes together. `runs` and `costs` go
    together: what a head that moves there costs in the term `moved`. `is_fixed`: they sit in their one run
    whenever it is held, by a decision of people.
    """

    own: str
    runs: tuple[str, ...]
    costs: tuple[int, ...]
    heads: int
    is_fixed: bool
    units: int = 0
    parties: list[Party] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """Runs that could be held (by day and key) with the groups that could sit in them.

    `limits`: what the runs share and could run short of, as (available, uses as (run, amount)). `promised`: runs
    that are held whatever the enrolment.
    """

    runs: list[Run] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    limits: list[tuple[int, list[tuple[str, int]]]] = field(default_factory=list)
    promised: set[str] = field(default_factory=set)

    def least(self, run: Run) -> int:
        """Heads it takes to hold one of its runs: none when it is promised, else at least one."""
        return 0 if run.key in self.promised else max(1, run.minimum)

    def without_parties(self) -> Part:
        """The part as a solver needs it, without the people."""
        nameless = [
            Group(g.own, g.runs, g.costs, g.heads, g.is_fixed, g.units) for g in self.groups
        ]
        return Part(self.runs, nameless, self.limits, self.promised)

    @property
    def cells(self) -> int:
        """Pairs of a group and a run that it could sit in: what makes a part hard."""
        return sum(len(group.runs) for group in self.groups)


def least(problem: Problem, run: Run) -> int:
    """Heads it takes to hold the run: none when it is promised, else at least one."""
    return 0 if problem.is_promised(run) else max(1, run.minimum)


def possible_runs(problem: Problem) -> dict[str, Run]:
    """Runs that are promised, or that so many could sit in that they can reach their minimum."""
    reach: dict[str, int] = dict.fromkeys(problem.run_by_key, 0)
    options = problem.options
    for party in problem.parties:
        size = party.size
        for run, _, _ in options[party.key]:
            reach[run] += size
    return {
        run.key: run
        for run in problem.runs
        if problem.is_promised(run)
        or (
            problem.pin_of_run.get(run.key) != RunPin.CANCELLED
            and least(problem, run) <= min(run.capacity, reach[run.key])
        )
    }


def groups(problem: Problem, runs: dict[str, Run]) -> list[Group]:
    """All parties with a run to choose from, as groups, in the order of the problem's parties."""
    found: dict[object, Group] = {}
    per_day = problem.metres_per_day
    run_by_key, options_of, pins_of_party = (
        problem.run_by_key,
        problem.options,
        problem.pins_of_party,
    )
    for party in problem.parties:
        options = [option for option in options_of[party.key] if option.run in runs]
        if not options:
            continue
        mine = party.run
        own = run_by_key[mine] if mine else None
        before = problem.metres(party.home, own.place) if own and not own.is_remote else 0
        heads = party.size if party.is_together else 1
        is_fixed = SeatPin.SEAT in pins_of_party.get(party.key, {}).values()
        keys = tuple([run for run, _, _ in options])
        # A remote run is 0 metres away, so nothing is added for the way to it.
        costs = tuple(
            [
                0 if run == mine else per_day * days + (away - before if away > before else 0)
                for run, away, days in options
            ]
        )
        alike = (party.run, keys, costs, heads, is_fixed)
        group = found.get(alike)
        if group is None:
            group = found[alike] = Group(party.run, keys, costs, heads, is_fixed)
        group.parties.append(party)
        group.units += party.size // heads
    for group in found.values():
        group.parties.sort(key=lambda party: (party.order, party.key))
    return list(found.values())


def parts(problem: Problem, *, with_shared: bool = True) -> list[Part]:
    """The problem's parts, in the order of their first run. Without `with_shared` nothing shared counts."""
    runs = possible_runs(problem)
    all_groups = groups(problem, runs)
    limits = binding(problem, runs) if with_shared else []
    promised = {key for key, run in runs.items() if problem.is_promised(run)}
    whole = Part(_in_order(runs.values()), all_groups, limits, promised)
    return split(whole, with_limits=True)


def _in_order(runs: Iterable[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run.course, run.starts_on, run.key))


def split(part: Part, *, with_limits: bool = False) -> list[Part]:
    """The parts that a part falls into: without its limits, or with them."""
    leader = {run.key: run.key for run in part.runs}

    def find(key: str) -> str:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    def join(keys: Iterable[str]) -> None:
        it = iter(keys)
        first = find(next(it))
        for key in it:
            leader[find(key)] = first

    for group in part.groups:
        join(group.runs)
    if with_limits:
        for _, uses in part.limits:
            join(run for run, _ in uses)
    found: dict[str, Part] = {}
    for run in part.runs:
        mine = found.setdefault(find(run.key), Part())
        mine.runs.append(run)
        if run.key in part.promised:
            mine.promised.add(run.key)
    for group in part.groups:
        found[find(group.runs[0])].groups.append(group)
    if with_limits:
        for limit in part.limits:
            found[find(limit[1][0][0])].limits.append(limit)
    return list(found.values())


def binding(problem: Problem, runs: dict[str, Run]) -> list[tuple[int, list[tuple[str, int]]]]:
    """What could run short if all these runs were held: what is left of it, and who takes how much.

    What promised runs take is taken already, and they are left out.
    """
    left = {some.key: some.available for some in problem.shared}
    uses: dict[str, list[tuple[str, int]]] = {key: [] for key in left}
    for use in problem.uses:
        run = runs.get(use.run)
        if run is None or not use.amount:
            continue
        if problem.is_promised(run):
            left[use.shared] -= use.amount
        else:
            uses[use.shared].append((use.run, use.amount))
    return [
        (max(0, left[key]), takes)
        for key, takes in uses.items()
        if takes and sum(amount for _, amount in takes) > left[key]
    ]


def together(parts: Iterable[Part]) -> Part:
    """Parts as one; they still don't touch each other."""
    one = Part()
    for part in parts:
        one.runs += part.runs
        one.groups += part.groups
        one.limits += part.limits
        one.promised |= part.promised
    return one


def batches(parts: Iterable[Part], cells: int) -> list[Part]:
    """Small parts put together up to so many cells, so that a solver is called fewer times; large ones alone."""
    found: list[Part] = []
    waiting: list[Part] = []
    size = 0
    for part in sorted(parts, key=lambda part: part.cells):
        if waiting and size + part.cells > cells:
            found.append(together(waiting))
            waiting, size = [], 0
        waiting.append(part)
        size += part.cells
    if waiting:
        found.append(together(waiting))
    return found


def without_costs(part: Part) -> tuple[Part, list[list[int]]]:
    """The part with people alike who have the same runs to choose from, however far.

    With it, per group the numbers of the part's groups that it stands for.
    """
    found: dict[object, Group] = {}
    numbers: dict[object, list[int]] = {}
    for number, group in enumerate(part.groups):
        alike = (group.own, group.runs, group.heads, group.is_fixed)
        if alike not in found:
            nothing = (0,) * len(group.runs)
            found[alike] = Group(group.own, group.runs, nothing, group.heads, group.is_fixed)
            numbers[alike] = []
        found[alike].units += group.units
        numbers[alike].append(number)
    small = Part(part.runs, list(found.values()), part.limits, part.promised)
    return small, list(numbers.values())
