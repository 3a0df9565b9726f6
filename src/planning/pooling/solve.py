"""The best plan for certain willingness: whoever is offered a seat within what they said takes it.

The problem falls into parts (`components`), which are solved batch by batch in the order of the terms
(`batch`, `model`) with HiGHS. What runs share couples parts; where that makes one too large to be solved as a
whole, `shared` takes over. Then, where the whole is small enough, income is kept even among all answers that
are as good so far; an earlier answer is kept to; and the queue is put right wherever it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from planning.messages import Contradiction
from planning.pooling import shared
from planning.pooling.baselines import cancel_alone
from planning.pooling.batch import Answer, Batch, Job, Work, keep, place, seat, teach
from planning.pooling.clashes import clashes
from planning.pooling.components import batches, parts, together
from planning.pooling.data import Pin, PinnedRun, Problem
from planning.pooling.evening import even, in_queue_order
from planning.pooling.model import build, seats
from planning.pooling.score import TERMS, Score, score
from planning.pooling.solution import Seat, Solution, in_order
from planning.pooling.validate import validate
from planning.result import Bound, Limits, Result, Status, Watch
from planning.solvers.crew import Crew

SOLVER = "pooling-3"
BATCH = 250
"""Cells (a group of people and a run they could sit in) that are solved in one call."""
SMALL = 4_000
"""Cells up to which income is kept even, and an earlier answer kept to, in one model of the whole."""
COUPLED = 8_000
"""Cells from which a part that is coupled by what runs share is not solved as a whole."""
MANY = 10_000
"""Parties from which more than one process may work on a problem."""
_SHARE = 8
"""So many times its share of the steps a batch may take for the third term: a few would take nearly all."""
_TELL = 1.0
"""Seconds between two words about better answers."""


def solve(
    problem: Problem,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: Solution | None = None,
    watch: Watch[Solution] | None = None,
) -> Result[Solution]:
    """The best plan found, term by term, with what is known of the best (see `score` for the terms).

    `pins` are decisions made after the problem was written down; they replace earlier ones about the same
    thing. `warm_start` is an earlier answer: each batch begins from it where it is still allowed, and keeps
    it where nothing is better. `limits.work` counts simplex iterations, the same on every machine; when it
    ends, what remains keeps the best answer so far. With `limits.processes` a large problem's batches are solved
    side by side; the answer is the same. Decisions that contradict each other: IMPOSSIBLE, with an
    empty answer and the smallest contradicting sets.
    """
    problem = with_pins(problem, pins)
    limits = limits or Limits()
    found = clashes(problem)
    if found:
        return _impossible(problem, found, seed)
    watch = watch or Watch(limits.seconds)
    with Crew(limits.processes if len(problem.parties) >= MANY else 1, watch) as crew:
        return _Solving(problem, limits, seed, warm_start, watch, crew).run()


def with_pins(problem: Problem, pins: Sequence[Pin]) -> Problem:
    """The problem with newer decisions in the place of earlier ones about the same run, or party and run."""
    if not pins:
        return problem
    runs = {pin.run: pin for pin in problem.run_pins}
    cells = {(pin.party, pin.run): pin for pin in problem.seat_pins}
    for pin in pins:
        if isinstance(pin, PinnedRun):
            runs[pin.run] = pin
        else:
            cells[pin.party, pin.run] = pin
    return replace(problem, run_pins=tuple(runs.values()), seat_pins=tuple(cells.values()))


def _impossible(problem: Problem, found: tuple[Contradiction, ...], seed: int) -> Result[Solution]:
    nothing = Solution()
    bounds = tuple(Bound(term, getattr(score(problem, nothing), term), None) for term in TERMS)
    return Result(Status.IMPOSSIBLE, nothing, bounds, {}, SOLVER, seed, found)


class _Solving:
    """One solve from beginning to end."""

    def __init__(
        self,
        problem: Problem,
        limits: Limits,
        seed: int,
        warm_start: Solution | None,
        watch: Watch[Solution],
        crew: Crew,
    ) -> None:
        self.problem = problem
        self.watch = watch
        self.crew = crew
        self.work = Work(limits.work, watch, seed)
        self.before = warm_start.seats_of_party if warm_start is not None else {}
        self.warm_start = warm_start
        self.told = 0.0
        alone = cancel_alone(problem)
        if warm_start is None and watch.is_followed:
            self._tell_first(alone)
        self.given = [alone] if warm_start is None else [warm_start, alone]
        coupled = parts(problem)
        self.large = [part for part in coupled if part.limits and part.cells > COUPLED]
        self.parts = [part for part in coupled if not (part.limits and part.cells > COUPLED)]
        self.batches = [Batch(part, self.given) for part in batches(self.parts, BATCH)]

    def run(self) -> Result[Solution]:
        waiting = [Batch(part, self.given[-1:]) for part in self.large]
        if self.warm_start is not None:
            self._tell("begin", waiting, is_due=True)
        self._do(teach, self.batches, "teach", waiting)
        from_shared: list[Batch] = []
        for part in self.large:
            del waiting[0]

            def tell(
                some: Sequence[Batch], others: Sequence[Batch] = (*from_shared, *waiting)
            ) -> None:
                self._tell("shared", [*some, *others])

            from_shared += shared.solve(part, self.given, self.work, self.crew, tell)
        self._tell("taught", from_shared, is_due=True)
        self._do(keep, self.batches, "keep", from_shared)
        placed = self._do(place, self.batches, "place", from_shared, share=_SHARE)
        self._do(seat, [*self.batches[placed:], *from_shared], "place", from_shared)
        everything = self.batches + from_shared
        best = _best(everything)
        solution, best_uneven = self._settle(everything, best)
        solution = in_queue_order(self.problem, solution)
        return self._result(solution, (*best, best_uneven))

    def _do(
        self,
        verb: Callable[[Job, Watch[Any]], tuple[Answer, int]],
        some: Sequence[Batch],
        phase: str,
        more: Sequence[Batch],
        *,
        share: int | None = None,
    ) -> int:
        """One step of the solve for these batches, as far as there are steps left; says for how many.

        Each may take what is left when the first of them begins, or so many times its `share` of it by size, and all
        together end when that is used up: so it doesn't matter which of them are done at the same time. Seats are
        chosen without counting steps.
        """
        is_free = verb is seat
        left = max(0, self.work.left)
        cells = max(1, sum(batch.part.cells for batch in some))
        jobs = [
            Job(
                batch,
                left if share is None else min(left, share * left * batch.part.cells // cells),
                self.work.seed,
            )
            for batch in some
        ]
        number = 0
        for job, (answer, done) in self.crew.each(verb, jobs):
            if self.work.is_over and not is_free:
                break
            job.batch.answer = answer
            self.work.count(done)
            number += 1
            self._tell(phase, more)
        return number

    def _settle(
        self, everything: list[Batch], best: tuple[int | None, ...]
    ) -> tuple[Solution, int | None]:
        """Income kept even, and the earlier answer kept to, among what is as good in the first three terms."""
        cells = sum(part.cells for part in (*self.parts, *self.large))
        if cells > SMALL or self.large:
            for batch in everything:
                batch.go_back()
            return self._solution(everything), None
        solution = self._solution(everything)
        reached = score(self.problem, solution)
        is_proven = best == (reached.taught, reached.kept, reached.moved)
        kept = self.warm_start
        whole = together(self.parts)
        begun = Batch(whole, [solution])
        values, best_uneven = even(
            self.problem, self.parts, begun, self.work, kept, is_proven=is_proven
        )
        built = build(whole)
        taken = seats(whole.groups, built.units(values), self.before)
        solution = Solution(tuple(sorted(built.held_runs(values))), in_order(taken))
        if kept is not None and not validate(self.problem, kept):
            old, new = score(self.problem, kept).key(), score(self.problem, solution).key()
            if old[:4] == new[:4]:
                solution = kept
        return solution, best_uneven

    def _solution(self, everything: list[Batch]) -> Solution:
        held: list[str] = []
        taken: list[Seat] = []
        for batch in everything:
            held += batch.answer.held | batch.part.promised
            taken += batch.seats(self.before)
        return Solution(tuple(sorted(held)), in_order(taken))

    def _tell_first(self, alone: Solution) -> None:
        """Today's practice, told before anything that takes time is looked at: nobody waits for a first answer."""
        taught = kept = moved = 0
        problem = self.problem
        for one in alone.seats:
            party, run = problem.party_by_key[one.party], problem.run_by_key[one.run]
            taught += one.heads
            if one.run == party.run:
                kept += one.heads
                continue
            days = problem.metres_per_day * problem.days_moved(party, run)
            moved += one.heads * (problem.metres_moved(party, run) + days)
        people = sum(party.size for party in problem.parties)
        known = zip(TERMS, (taught, kept, moved), (people, None, None), strict=False)
        self.watch.tell(tuple(Bound(*some) for some in known), alone, "begin")

    def _tell(self, phase: str, more: Sequence[Batch] = (), *, is_due: bool = False) -> None:
        began = self.watch.elapsed
        if not self.watch.is_followed or (not is_due and began < self.told):
            return
        everything = [*self.batches, *more]
        best = _best(everything)
        reached = [sum(some) for some in zip(*(b.answer.reached for b in everything), strict=True)]
        bounds = tuple(
            Bound(term, value, known)
            for term, value, known in zip(TERMS, reached or (0, 0, 0), best, strict=False)
        )
        self.watch.tell(bounds, self._solution(everything), phase)
        # A country's answer takes half a second to write out: telling must not take longer than solving.
        self.told = self.watch.elapsed + max(_TELL, 20 * (self.watch.elapsed - began))

    def _proven_parts(self) -> dict[str, int]:
        """How many parts are proven best in each of the first three terms; of a batch all or none."""
        return {
            f"proven_{term}": sum(
                batch.size for batch in self.batches if _is_proven(batch.answer, i)
            )
            for i, term in enumerate(TERMS[:3])
        }

    def _result(self, solution: Solution, best: tuple[int | None, ...]) -> Result[Solution]:
        reached: Score = score(self.problem, solution)
        passed_over = 0 if not reached.passed_over else None
        known = (*best[:3], 0 if not reached.uneven else best[3], passed_over)
        bounds = tuple(
            Bound(term, getattr(reached, term), some)
            for term, some in zip(TERMS, known, strict=True)
        )
        status = Status.STOPPED if self.watch.is_over else Status.BOUNDED
        if all(bound.is_proven for bound in bounds):
            status = Status.PROVEN
        self.watch.tell(bounds, solution, "end")
        everything = (*self.parts, *self.large)
        statistics = {
            "runs": len(self.problem.runs),
            "parties": len(self.problem.parties),
            "parts": len(everything),
            "groups": sum(len(part.groups) for part in everything),
            "cells": sum(part.cells for part in everything),
            "largest_part": max((part.cells for part in everything), default=0),
            "limits": sum(len(part.limits) for part in everything),
            "work": self.work.done,
            **self._proven_parts(),
        }
        return Result(status, solution, bounds, statistics, SOLVER, self.work.seed)


def _is_proven(answer: Answer, i: int) -> bool:
    return answer.best[: i + 1] == answer.reached[: i + 1]


def _best(everything: Sequence[Batch]) -> tuple[int | None, int | None, int | None]:
    """The best of the whole is the best of each batch, as long as all before is known to be best too."""
    known: list[int | None] = []
    for i in range(3):
        some = [batch.answer.best[i] for batch in everything]
        known.append(None if None in some else sum(value for value in some if value is not None))
    return known[0], known[1], known[2]
