"""Large parts coupled by what runs share: teachers, rooms, staff in a week.

Without what is shared the part falls into many small ones. A price on each shared thing, taken from the
relaxation, makes each of them weigh what it takes against what others could do with it: what they come to
with those prices is a bound on people taught (Lagrange), whatever the prices. Their answers use a little too
much here and too little there. But of four runs in five the relaxation, which keeps within what is shared, and
the answer at the prices say the same: they are settled so, and the others are decided together in one model.
(Should that fail, each answer is taken over where it fits, and the parts whose answer doesn't fit are solved
anew within what is left.) Last, in neighbourhoods around the things whose price says that something is lost
there, a handful of parts at a time is solved anew together. How much is lost where is known exactly: the gap
to the bound is the sum of what each part and each shared thing loses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from planning.pooling.batch import Batch, Job, Work, seat_anew
from planning.pooling.components import Part, split, together
from planning.pooling.model import PartModel, build
from planning.pooling.solution import Solution
from planning.result import Watch
from planning.solvers.crew import Crew
from planning.solvers.model import Outcome, Solved, Term

_UNIT = 64
"""Prices are whole numbers of this part of a person."""
_CALL = 400
"""Cells that are priced in one call."""
_NEIGHBOURHOOD = 500
"""Cells that are solved anew together, at most."""
_WIDER = 3
"""So often each neighbourhood is tried, wider every time."""
_CLOSE = 2_000
"""Ends when less than one in so many people is lost against the bound."""
_SURE = 1e-6
"""How near to the wish for a run the relaxation must be for the run to be settled so."""
_DOUBT_GAP = 5e-4
"""How near to its own bound the model of all other runs is solved."""

Limits = list[tuple[int, list[tuple[str, int]]]]


@dataclass(slots=True)
class _Place:
    """One small part: its answer, the limits it touches, and what it was worth at the prices."""

    batch: Batch
    touches: list[int] = field(default_factory=list)
    worth: int = 0

    @property
    def taught(self) -> int:
        return self.batch.answer.reached[0]


class _Market:
    """The small parts, what they share, and how much of it their answers take."""

    def __init__(self, part: Part, given: Sequence[Solution], work: Work) -> None:
        self.work = work
        self.limits: Limits = part.limits
        small = split(part)
        made = [Batch(some, given) for some in small]
        if not all(batch.is_from_first for batch in made):  # one answer for all keeps the limits
            made = [Batch(some, given[-1:]) for some in small]
        self.places = [_Place(batch) for batch in made]
        self.uses: dict[str, list[tuple[int, int]]] = {}
        for i, (_, takes) in enumerate(self.limits):
            for run, amount in takes:
                self.uses.setdefault(run, []).append((i, amount))
        self.touched_by: list[list[int]] = [[] for _ in self.limits]
        for number, place in enumerate(self.places):
            touched = {i for run in place.batch.part.runs for i, _ in self.uses.get(run.key, ())}
            place.touches = sorted(touched)
            for i in place.touches:
                self.touched_by[i].append(number)
        self.prices = [0] * len(self.limits)
        self.relaxed: dict[str, float] = {}
        self.bound = sum(place.batch.answer.best[0] or 0 for place in self.places)

    @property
    def taught(self) -> int:
        return sum(place.taught for place in self.places)

    def used(self, held: set[str]) -> dict[int, int]:
        found: dict[int, int] = {}
        for run in held:
            for i, amount in self.uses.get(run, ()):
                found[i] = found.get(i, 0) + amount
        return found

    def in_use(self) -> list[int]:
        total = [0] * len(self.limits)
        for place in self.places:
            for i, amount in self.used(place.batch.answer.held).items():
                total[i] += amount
        return total

    def price(self, run: str) -> int:
        """What holding the run costs at the prices."""
        return sum(self.prices[i] * amount for i, amount in self.uses.get(run, ()))

    def model(self, numbers: Sequence[int], left: Sequence[int] | None) -> PartModel:
        """Some places as one model, within what is left; without `left` as if nothing were shared."""
        whole = together(
            Part(p.small_part.runs, p.small_part.groups, [], p.small_part.promised)
            for p in (self.places[n].batch for n in numbers)
        )
        if left is not None:
            here = {run.key for run in whole.runs}
            for i in sorted({i for n in numbers for i in self.places[n].touches}):
                takes = [(run, amount) for run, amount in self.limits[i][1] if run in here]
                if sum(amount for _, amount in takes) > left[i]:
                    whole.limits.append((left[i], takes))
        return build(whole)

    def values(self, built: PartModel, numbers: Sequence[int]) -> list[int]:
        held: set[str] = set()
        sums: list[dict[str, int]] = []
        for n in numbers:
            batch = self.places[n].batch
            held |= batch.answer.held
            sums += batch.sums
        return built.values(held, sums)

    def shares(
        self, built: PartModel, values: Sequence[int], numbers: Sequence[int]
    ) -> list[tuple[set[str], list[dict[str, int]]]]:
        """An answer of several places, place by place: runs held, and units per group and run."""
        held = set(built.held_runs(values))
        units = built.units(values)
        found: list[tuple[set[str], list[dict[str, int]]]] = []
        first = 0
        for n in numbers:
            part = self.places[n].batch.small_part
            last = first + len(part.groups)
            mine = held.intersection(run.key for run in part.runs)
            found.append((mine, units[first:last]))
            first = last
        return found


def solve(
    part: Part,
    given: Sequence[Solution],
    work: Work,
    crew: Crew,
    tell: Callable[[Sequence[Batch]], None],
) -> list[Batch]:
    """The part as batches with a good answer each that together keep within what is shared.

    The crew does what falls into pieces; the answer is that of one process. The bound on people taught stands in the first batch's `best`, so that the sum over batches is right.
    """
    market = _Market(part, given, work)
    answers = [place.batch for place in market.places]
    tell(answers)
    _set_prices(market)
    wanted = _at_prices(market, crew)
    _state_bound(market)
    if not _decide_in_doubt(market, wanted):
        _take_over(market, wanted)
    _state_bound(market)
    tell(answers)
    _improve(market, lambda: tell(answers))
    jobs = [Job(batch, market.work.left, market.work.seed) for batch in answers]
    for job, (answer, done) in crew.each(seat_anew, jobs):
        job.batch.answer = answer
        market.work.count(done)
    _state_bound(market)
    return answers


def _state_bound(market: _Market) -> None:
    for i, place in enumerate(market.places):
        best = place.taught + (market.bound - market.taught if i == 0 else 0)
        place.batch.answer.best = (best, None, None)


@dataclass(frozen=True, slots=True)
class _Priced:
    """Some places at the prices, to be solved in whatever process, with the steps that it may take."""

    built: PartModel
    start: list[int]
    left: int
    seed: int

    def __reduce__(self) -> tuple[object, ...]:
        """As another process gets it: without the runs and groups, whom no solver looks at."""
        bare = PartModel(Part(), self.built.model, self.built.held)
        return _Priced, (bare, self.start, self.left, self.seed)


def _priced(job: _Priced, watch: Watch[Any]) -> Solved:
    return Work(job.left, watch, job.seed).settle(job.built, job.start)


def _set_prices(market: _Market) -> None:
    """Prices from the relaxation of the whole; all 0 when the clock ends it."""
    left = [available for available, _ in market.limits]
    numbers = range(len(market.places))
    built = market.model(numbers, left)
    first = len(built.model.row_lower) - len(built.part.limits)
    built.model.minimise((column, -heads) for column, heads in built.taught)
    found = market.work.relax(built.model)
    if found is None:
        return
    market.relaxed = {run: found.values[column] for run, column in built.held.items()}
    rows = iter(found.prices[first:])
    here = {run.key for run in built.part.runs}
    for i, (available, takes) in enumerate(market.limits):
        if sum(amount for run, amount in takes if run in here) > available:
            market.prices[i] = max(0, round(-next(rows) * _UNIT))


def _at_prices(market: _Market, crew: Crew) -> list[tuple[set[str], list[dict[str, int]]]]:
    """What each place would do at the prices; the bound follows."""
    order = {id(place.batch.part): n for n, place in enumerate(market.places)}
    wanted: list[tuple[set[str], list[dict[str, int]]]] = [(set(), []) for _ in market.places]
    bound = sum(
        price * available
        for price, (available, _) in zip(market.prices, market.limits, strict=True)
    )
    queue = sorted(order.values(), key=lambda n: market.places[n].batch.part.cells)
    calls = _calls(market, queue)
    jobs: list[_Priced] = []
    for numbers in calls:
        built = market.model(numbers, None)
        objective: list[Term] = [(column, -heads * _UNIT) for column, heads in built.taught]
        objective += [(column, market.price(run)) for run, column in built.held.items()]
        built.model.minimise(objective)
        start = market.values(built, numbers)
        jobs.append(_Priced(built, start, market.work.left, market.work.seed))
    done = crew.each(_priced, jobs)
    for numbers, job in zip(calls, jobs, strict=True):
        built, start = job.built, job.start
        found = None if market.work.is_over else next(done, None)
        if found is None:
            solved = Solved(Outcome.UNKNOWN, None, None, None, 0)
        else:
            solved = found[1]
            market.work.count(solved.work)
        values = solved.values or tuple(start)
        if solved.bound is None:
            bound += built.heads * _UNIT
        else:
            bound -= solved.bound
        for n, (held, units) in zip(numbers, market.shares(built, values, numbers), strict=True):
            wanted[n] = (held, units)
            heads = _heads(market.places[n].batch, units)
            cost = sum(market.price(run) for run in held)
            market.places[n].worth = heads * _UNIT - cost
    market.bound = min(market.bound, bound // _UNIT)
    return wanted


def _calls(market: _Market, queue: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    size = _CALL + 1
    for n in queue:
        cells = market.places[n].batch.part.cells
        if size + cells > _CALL:
            found.append([])
            size = 0
        found[-1].append(n)
        size += cells
    return found


def _heads(batch: Batch, units: Sequence[dict[str, int]]) -> int:
    return sum(
        group.heads * sum(some.values())
        for group, some in zip(batch.small_part.groups, units, strict=True)
    )


def _take_over(market: _Market, wanted: Sequence[tuple[set[str], list[dict[str, int]]]]) -> None:
    """From nothing on, each place's wish where it fits, most people per price first; else what is best.

    Then the whole is taken over when it teaches more than the answer so far.
    """
    before = [(place.batch.answer.held, place.batch.answer.units) for place in market.places]
    taught = market.taught
    left = [available for available, _ in market.limits]
    misfits: list[int] = []
    for n in sorted(range(len(wanted)), key=lambda n: (len(market.places[n].touches), n)):
        held, units = wanted[n]
        used = market.used(held)
        if any(amount > left[i] for i, amount in used.items()):
            misfits.append(n)
            market.places[n].batch.clear()
            continue
        for i, amount in used.items():
            left[i] -= amount
        market.places[n].batch.put(held, units)
    for n in misfits:
        _again(market, [n], left, at_prices=True)
    if market.taught < taught:
        for place, (held, some) in zip(market.places, before, strict=True):
            place.batch.restore(held, some)


def _decide_in_doubt(
    market: _Market, wanted: Sequence[tuple[set[str], list[dict[str, int]]]]
) -> bool:
    """Runs of which relaxation and wish say the same are settled so, and all others decided together.

    What is settled fits: the relaxation keeps within what is shared. Says whether that gave a better answer;
    else nothing has changed.
    """
    if not market.relaxed or market.work.is_over:
        return False
    taught = market.taught
    before = [(place.batch.answer.held, place.batch.answer.units) for place in market.places]
    settled: set[str] = set()
    numbers: list[int] = []
    for n, (held, units) in enumerate(wanted):
        batch = market.places[n].batch
        mine = [run.key for run in batch.part.runs if run.key in market.relaxed]
        sure = [key for key in mine if abs(market.relaxed[key] - (key in held)) <= _SURE]
        settled.update(sure)
        if len(sure) < len(mine):
            numbers.append(n)
            batch.clear()
        else:
            batch.put(held, units)
    used = market.in_use()
    left = [available - u for (available, _), u in zip(market.limits, used, strict=True)]
    built = market.model(numbers, left)
    wishes = set().union(*(wanted[n][0] for n in numbers))
    for run in settled.intersection(built.held):
        column = built.held[run]
        built.model.lower[column] = built.model.upper[column] = int(run in wishes)
    built.model.minimise((column, -heads) for column, heads in built.taught)
    solved = market.work.minimise(built.model, None, gap=_DOUBT_GAP)
    if solved.values is not None:
        shares = market.shares(built, solved.values, numbers)
        for n, (held, units) in zip(numbers, shares, strict=True):
            market.places[n].batch.put(held, units)
        if market.taught > taught:
            return True
    for place, (held, some) in zip(market.places, before, strict=True):
        place.batch.restore(held, some)
    return False


def _again(
    market: _Market, numbers: Sequence[int], left: list[int], *, at_prices: bool = False
) -> None:
    """Solve some places anew within what is left, which follows: most taught, or (`at_prices`) worth most."""
    taken = [market.used(market.places[n].batch.answer.held) for n in numbers]
    room = list(left)
    for used in taken:
        for i, amount in used.items():
            room[i] += amount
    built = market.model(numbers, room)
    if at_prices:
        objective: list[Term] = [(column, -heads * _UNIT) for column, heads in built.taught]
        objective += [(column, market.price(run)) for run, column in built.held.items()]
    else:  # among what teaches as many, what takes the least of what others could use
        wanted = [(column, 1) for run, column in built.held.items() if market.price(run)]
        objective = [(column, -heads * (len(wanted) + 1)) for column, heads in built.taught]
        objective += wanted
    built.model.minimise(objective)
    solved = market.work.minimise(built.model, market.values(built, numbers))
    if solved.values is None:
        return
    for n, (held, units) in zip(numbers, market.shares(built, solved.values, numbers), strict=True):
        market.places[n].batch.put(held, units)
    for n, used in zip(numbers, taken, strict=True):
        for i, amount in used.items():
            left[i] += amount
        for i, amount in market.used(market.places[n].batch.answer.held).items():
            left[i] -= amount


def _improve(market: _Market, tell: Callable[[], None]) -> None:
    """Neighbourhoods around what loses most against the bound, until little is lost or nothing helps."""
    used = market.in_use()
    left = [available - u for (available, _), u in zip(market.limits, used, strict=True)]
    tried: dict[int, int] = {}
    while True:
        losses = [(place.worth - _value(market, place), n) for n, place in enumerate(market.places)]
        centres = sorted((tried.get(n, 0), -loss, n) for loss, n in losses if loss > 0)
        if not centres or centres[0][0] >= _WIDER:
            return
        for rounds, _, n in centres[: max(1, len(centres) // 4)]:
            is_close = (market.bound - market.taught) * _CLOSE <= market.bound
            if is_close or market.work.is_over:
                return
            tried[n] = rounds + 1
            _again(market, _around(market, n, left, rounds), left)
            tell()


def _value(market: _Market, place: _Place) -> int:
    held = place.batch.answer.held
    return place.taught * _UNIT - sum(market.price(run) for run in held)


def _around(market: _Market, n: int, left: Sequence[int], rounds: int) -> list[int]:
    """The place with those it shares something with that is short, up to a size; wider every time."""
    found = [n]
    seen = {n}
    cells = market.places[n].batch.part.cells
    most = _NEIGHBOURHOOD * (rounds + 1)
    near: dict[int, int] = {}
    for i in market.places[n].touches:
        if market.prices[i] or not left[i]:
            for other in market.touched_by[i]:
                near[other] = near.get(other, 0) + 1 + market.prices[i]
    for other in sorted(near, key=lambda o: (-near[o], o)):
        size = market.places[other].batch.part.cells
        if other not in seen and cells + size <= most:
            seen.add(other)
            found.append(other)
            cells += size
    return found
