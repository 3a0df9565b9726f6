"""A batch of parts solved term by term: first who is taught and who keeps their run, then how far people move.

For the first two terms people are alike when they have the same runs to choose from; only for the third does
it count how far each would have to go, which makes far more groups. So the held runs come from the small
model, and the large one starts from its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from planning.pooling.components import Part, split, without_costs
from planning.pooling.model import PartModel, build, seats
from planning.pooling.solution import Seat, Solution
from planning.result import Watch
from planning.solvers import highs, tree
from planning.solvers.model import Model, Outcome, Solved, Term

_AT_ONCE = 600
"""Cells up to which held runs and seats are chosen at once; with more, seats alone come first."""
_PATIENT = 5_000
"""Nodes of a tree for the third term, at which the general solver is worse."""
_FEW = 50
"""Nodes of a tree when the held runs are given: hardly any are needed."""
_SEATS = 20_000
"""Steps that choosing the seats of given runs may take at most."""
_STEPS_PER_NODE = 50
_CELLS_PER_STEP = 8
"""What the relaxation counts for; its own iterations differ little from model to model of a size."""


@dataclass(slots=True)
class Work:
    """What a solve may still do, and has done: deterministic steps first, the clock second."""

    left: int
    watch: Watch[Solution]
    seed: int = 0
    done: int = 0

    @property
    def is_over(self) -> bool:
        return self.left <= 0 or self.watch.is_over

    def minimise(
        self,
        model: Model,
        start: Sequence[int] | None,
        *,
        gap: float = 0.0,
    ) -> Solved:
        """The model's answer as far as what is left allows; the start and no bound when nothing is left.

        With a relative `gap` it ends when the answer is that near to its bound, or at the tree's first node.
        """
        if self.is_over:
            values = tuple(start) if start is not None and model.allows(start) else None
            value = model.value(model.objective, values) if values is not None else None
            outcome = Outcome.FEASIBLE if values is not None else Outcome.UNKNOWN
            return Solved(outcome, values, value, None, 0)
        solved = highs.solve(
            model,
            seconds=self.watch.left,
            nodes=1 if gap else max(1, self.left // _STEPS_PER_NODE),
            work=self.left,
            seed=self.seed,
            start=start,
            gap=gap,
            is_over=lambda: self.watch.is_over,
        )
        self.count(solved.work)
        return solved

    def relax(self, model: Model) -> highs.Relaxed | None:
        """The model when columns needn't be whole; None when the clock ended it, or nothing is left."""
        if self.is_over:
            return None
        self.count(len(model.lower) // _CELLS_PER_STEP)
        return highs.relax_priced(
            model, seconds=self.watch.left, is_over=lambda: self.watch.is_over
        )

    def count(self, steps: int) -> None:
        """So many steps have been taken."""
        self.left -= steps
        self.done += steps

    def settle(
        self, built: PartModel, start: Sequence[int] | None, *, nodes: int = tree.NODES
    ) -> Solved:
        """A part's model by a tree over the held runs, piece by piece; the start and no bound when nothing is left."""
        if self.is_over:
            return self.minimise(built.model, start)
        solved = tree.solve(
            built.model,
            built.held.values(),
            seconds=lambda: self.watch.left,
            work=self.left,
            nodes=nodes,
            seed=self.seed,
            start=start,
            is_over=lambda: self.watch.is_over,
        )
        self.count(solved.work)
        return solved


@dataclass(slots=True)
class Answer:
    """A batch's answer: runs held, units per group and run, and the first three terms.

    `best` holds the best that each of them could be; None where that isn't known.
    """

    held: set[str]
    units: list[dict[str, int]]
    reached: tuple[int, int, int]
    best: tuple[int | None, int | None, int | None]


class Batch:
    """One batch and the best answer to it so far, which is never missing.

    It begins with the first of the given answers that the batch allows; the last of them must be allowed.
    `is_from_first` says whether that was the first.
    """

    def __init__(self, part: Part, given: Sequence[Solution]) -> None:
        self.part = part
        self._small, self._numbers = without_costs(part)
        built = build(self._small) if len(given) > 1 else PartModel(self._small)
        runs = {run.key for run in part.runs}
        for i, solution in enumerate(given):
            held = runs.intersection(solution.held)
            units = _units_of(part, solution)
            if i == len(given) - 1 or (
                units is not None and built.model.allows(built.values(held, self._sums(units)))
            ):
                break
        self.is_from_first = i == 0
        self._begun = (held, units or [{} for _ in part.groups])
        heads = sum(group.units * group.heads for group in part.groups)
        self.answer = Answer(*self._begun, _terms(part, self._begun[1]), (heads, None, None))

    def copy(self) -> Batch:
        """The batch with an answer of its own."""
        other = Batch.__new__(Batch)
        other.__dict__.update(self.__dict__)
        other.answer = replace(self.answer)
        return other

    def __getstate__(self) -> dict[str, object]:
        """As another process gets it: without the people, whom no solver looks at."""
        return {**self.__dict__, "part": self.part.without_parties(), "_begun": (set(), [])}

    @property
    def size(self) -> int:
        """How many parts that don't touch it holds."""
        return len(split(self.part, with_limits=True))

    def _sums(self, units: Sequence[Mapping[str, int]]) -> list[dict[str, int]]:
        """Units per run for the groups that look at no cost."""
        found: list[dict[str, int]] = []
        for numbers in self._numbers:
            total: dict[str, int] = {}
            for number in numbers:
                for run, some in units[number].items():
                    total[run] = total.get(run, 0) + some
            found.append(total)
        return found

    def _shares(self, sums: Sequence[dict[str, int]]) -> list[dict[str, int]]:
        """The other way: those units given to the groups behind, one after the other."""
        units: list[dict[str, int]] = [{} for _ in self.part.groups]
        for numbers, total in zip(self._numbers, sums, strict=True):
            left = dict(total)
            for number in numbers:
                units[number] = _take(left, self.part.groups[number].units)
        return units

    @property
    def small_part(self) -> Part:
        """The part with people alike who have the same runs to choose from."""
        return self._small

    @property
    def sums(self) -> list[dict[str, int]]:
        """The answer so far, as units per group of `small_part` and run."""
        return self._sums(self.answer.units)

    def put(self, held: set[str], sums: Sequence[dict[str, int]]) -> None:
        """This answer from now on, given per group of `small_part`; what is known of the best stays."""
        self.restore(held, self._shares(sums))

    def restore(self, held: set[str], units: list[dict[str, int]]) -> None:
        """This answer from now on, given per group of `part`."""
        self.answer = Answer(held, units, _terms(self.part, units), self.answer.best)

    def clear(self) -> None:
        """Nothing held but what is promised, with nobody but those whose seat there is decided."""
        promised = self.part.promised
        units = [
            {group.runs[0]: group.units} if group.is_fixed and group.runs[0] in promised else {}
            for group in self.part.groups
        ]
        self.restore(promised, units)

    def small(self) -> PartModel:
        """The model in which nobody's way counts, for the first two terms."""
        return build(self._small)

    def values(self, built: PartModel) -> list[int]:
        """The answer so far as values of `small`."""
        return built.values(self.answer.held, self._sums(self.answer.units))

    def teach(self, work: Work) -> None:
        """Most people taught, and of those answers one with many in their own run."""
        built = self.small()
        weight = _taught_then_kept(built)
        self._learn(built, work.settle(built, self.values(built)), weight)

    def keep(self, work: Work) -> None:
        """Most people in their own run, where that isn't known yet, among answers that teach most."""
        taught, kept, _ = self.answer.reached
        if self.answer.best[:2] == (taught, kept) or work.is_over:
            return
        built = self.small()
        weight = _taught_then_kept(built)
        self._learn(built, work.settle(built, self.values(built)), weight)

    def seat_anew(self, work: Work) -> None:
        """Most people taught and then kept in the runs that are held, which stay as they are."""
        if work.watch.is_over or self.answer.reached[0] == self.answer.reached[1]:
            return
        built = self.small()
        weight = _taught_then_kept(built)
        values = self._with_held(built, work, self.values(built))
        if (
            divmod(-built.model.value(built.model.objective, values), weight)
            > self.answer.reached[:2]
        ):
            self.put(set(built.held_runs(values)), built.units(values))

    def _learn(self, built: PartModel, solved: Solved, weight: int) -> None:
        """Take over an answer to the first two terms and its bound."""
        best_taught, best_kept = self.answer.best[:2]
        if solved.bound is not None:
            best_taught = min(best_taught or 0, -solved.bound // weight)
        taught = -solved.objective // weight if solved.objective is not None else None
        if solved.bound is not None and taught is not None and taught == best_taught:
            bound = -solved.bound - taught * weight
            best_kept = bound if best_kept is None else min(best_kept, bound)
        if solved.values is None:
            self.answer.best = (best_taught, best_kept, None)
        else:
            units = self._shares(built.units(solved.values))
            self._better(built.held_runs(solved.values), units, (best_taught, best_kept, None))

    def place(self, work: Work, *, is_held_fixed: bool = False) -> None:
        """Least moved among what is best for the first two terms, each of its parts as good as it is.

        With `is_held_fixed` only the seats are chosen anew, and nothing is learnt of the best.
        """
        taught, kept, moved = self.answer.reached
        known = self.answer.best
        is_known = known[:2] == (taught, kept)
        if not moved:
            self.answer.best = (*known[:2], 0 if is_known else None)
            return
        if work.watch.is_over:
            return
        built = build(self.part)
        model = built.model
        values = built.values(self.answer.held, self.answer.units)
        self._keep_part_by_part(built, values)
        model.minimise(built.moved)
        best: int | None = None
        is_first = is_held_fixed or self.part.cells > _AT_ONCE or work.is_over
        if is_first:
            values = self._with_held(built, work, values)
        if not is_held_fixed:
            solved = work.settle(built, values, nodes=_PATIENT)
            values = list(solved.values) if solved.values is not None else values
            best = solved.bound if is_known else None
            if not solved.is_proven and not is_first:
                values = self._with_held(built, work, values)
        self._better(built.held_runs(values), built.units(values), (*known[:2], best))

    def _keep_part_by_part(self, built: PartModel, values: Sequence[int]) -> None:
        """Rows that keep the first two terms as they are in each part of the batch.

        As the parts don't touch, what is best for all of them together is best for each.
        """
        part_of = {run.key: i for i, part in enumerate(split(self.part)) for run in part.runs}
        where = {column: part_of[run] for cells in built.cells for run, column, _ in cells}
        for terms in (built.taught, built.kept):
            of_part: dict[int, list[Term]] = {}
            for column, heads in terms:
                of_part.setdefault(where[column], []).append((column, heads))
            for some in of_part.values():
                built.model.row(some, lower=built.model.value(some, values))

    def seats(self, before: Mapping[str, Sequence[Seat]]) -> list[Seat]:
        """Who sits where in the answer so far."""
        return seats(self.part.groups, self.answer.units, before)

    def go_back(self) -> bool:
        """Back to the answer it began with when that is as good as the one found; says whether it is."""
        held, units = self._begun
        if self.answer.reached != _terms(self.part, units):
            return False
        self.answer.held, self.answer.units = held, units
        return True

    def _with_held(self, built: PartModel, work: Work, values: list[int]) -> list[int]:
        model = built.model
        for column in built.held.values():
            model.lower[column] = model.upper[column] = values[column]
        solved = tree.solve(model, work=_SEATS, nodes=_FEW, seed=work.seed, start=values)
        work.count(solved.work)
        for column in built.held.values():
            model.lower[column], model.upper[column] = 0, 1
        if solved.values and model.value(model.objective, solved.values) < model.value(
            model.objective, values
        ):
            return list(solved.values)
        return values

    def _better(
        self,
        held: Sequence[str],
        units: list[dict[str, int]],
        best: tuple[int | None, int | None, int | None],
    ) -> None:
        taught, kept, moved = _terms(self.part, units)
        old = self.answer.reached
        if (-taught, -kept, moved) <= (-old[0], -old[1], old[2]):
            self.answer = Answer(set(held), units, (taught, kept, moved), best)
        else:
            self.answer.best = best


@dataclass(frozen=True, slots=True)
class Job:
    """A batch for one step of the solve, with the steps that it may take."""

    batch: Batch
    left: int
    seed: int

    def do(self, verb: Callable[[Batch, Work], None], watch: Watch[Any]) -> tuple[Answer, int]:
        """What comes of it, and the steps it took; the batch stays as it is."""
        mine = self.batch.copy()
        work = Work(self.left, watch, self.seed)
        verb(mine, work)
        return mine.answer, work.done


def teach(job: Job, watch: Watch[Any]) -> tuple[Answer, int]:
    """`Batch.teach`, in whatever process."""
    return job.do(Batch.teach, watch)


def keep(job: Job, watch: Watch[Any]) -> tuple[Answer, int]:
    """`Batch.keep`, in whatever process."""
    return job.do(Batch.keep, watch)


def place(job: Job, watch: Watch[Any]) -> tuple[Answer, int]:
    """`Batch.place`, in whatever process."""
    return job.do(Batch.place, watch)


def seat(job: Job, watch: Watch[Any]) -> tuple[Answer, int]:
    """`Batch.place` with the held runs as they are, in whatever process."""
    return job.do(partial(Batch.place, is_held_fixed=True), watch)


def seat_anew(job: Job, watch: Watch[Any]) -> tuple[Answer, int]:
    """`Batch.seat_anew`, in whatever process."""
    return job.do(Batch.seat_anew, watch)


def _taught_then_kept(built: PartModel) -> int:
    """Both terms as one objective: a person taught weighs this much, more than all that could keep their run."""
    weight = built.heads + 1
    own = dict(built.kept)
    built.model.minimise(
        (column, -weight * heads - own.get(column, 0)) for column, heads in built.taught
    )
    return weight


def _terms(part: Part, units: Sequence[Mapping[str, int]]) -> tuple[int, int, int]:
    taught = kept = moved = 0
    for group, some in zip(part.groups, units, strict=True):
        for run, number in some.items():
            heads = number * group.heads
            taught += heads
            kept += heads if run == group.own else 0
            moved += heads * group.costs[group.runs.index(run)]
    return taught, kept, moved


def _units_of(part: Part, solution: Solution) -> list[dict[str, int]] | None:
    """Units per group and run of an answer; None when somebody sits where they can't."""
    found: list[dict[str, int]] = []
    for group in part.groups:
        units: dict[str, int] = {}
        for party in group.parties:
            for seat in solution.seats_of_party.get(party.key, ()):
                if seat.run not in group.runs or seat.heads % group.heads:
                    return None
                units[seat.run] = units.get(seat.run, 0) + seat.heads // group.heads
        found.append(units)
    return found


def _take(left: dict[str, int], most_units: int) -> dict[str, int]:
    """So many units out of what is left, run by run; they are gone from it."""
    taken: dict[str, int] = {}
    room = most_units
    for run in list(left):
        number = min(left[run], room)
        if number:
            taken[run] = number
            room -= number
            left[run] -= number
    return taken
