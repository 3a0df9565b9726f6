"""What people do without a planner: the yardstick in benchmarks and the start of the solver, never the answer."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from planning.matching.jobs.data import Problem
from planning.matching.jobs.solution import Match, Solution


def first_come(problem: Problem) -> Solution:
    """Today's practice: in order of arrival each gets the best of what is left. Leaves blocking pairs behind.

    Decisions are kept as far as there are seats and needs are met.
    """
    solution, free = _decided(problem)
    order = sorted(problem.candidates, key=lambda c: (c.arrived, c.key))
    for candidate in order:
        if candidate.key in solution:
            continue
        for opening, _ in problem.choices[candidate.key]:
            if free[opening] > 0:
                solution[candidate.key] = opening
                free[opening] -= 1
                break
    return _written(solution)


def deferred_acceptance(
    problem: Problem,
    *,
    chances: int = 1,
    favoured: Mapping[tuple[str, str], int] | None = None,
) -> Solution:
    """Everybody asks from the top of the own list; an opening keeps the best so far (Gale and Shapley 1962).

    No blocking pair is left. Among equals more points go first, then the order of keys, so the number matched is
    that of one way to break the ties, at least half of the most there can be. With two `chances`, whoever came to
    the end of the list begins once more and then goes before its equals (Király 2011), which matches more. Among
    equals `favoured` pairs go before others, the larger the number the earlier; then points decide.
    """
    first = favoured or {}
    solution, free = _decided(problem)
    lists = {
        key: sorted(
            some,
            key=lambda each: (
                each[1].wish,
                -first.get((key, each[0]), 0),
                -each[1].points,
                each[0],
            ),
        )
        for key, some in problem.choices.items()
        if key not in solution
    }
    asked = dict.fromkeys(lists, 0)
    chance = dict.fromkeys(lists, 1)
    kept: dict[str, list[tuple[int, int, int, int, _Later]]] = {key: [] for key in free}
    waiting = sorted(lists, reverse=True)
    while waiting:
        key = waiting.pop()
        while lists[key]:
            if asked[key] == len(lists[key]):
                if chance[key] == chances:
                    break
                asked[key] = 0
                chance[key] += 1
            opening, fit = lists[key][asked[key]]
            asked[key] += 1
            if free[opening] <= 0:
                continue
            favour = first.get((key, opening), 0)
            mine = (-fit.rank, chance[key], favour, fit.points, _Later(key))
            if len(kept[opening]) < free[opening]:
                heapq.heappush(kept[opening], mine)
                break
            out = heapq.heappushpop(kept[opening], mine)
            if out is not mine:
                waiting.append(out[4].key)
                break
    for opening, some in kept.items():
        for *_, who in some:
            solution[who.key] = opening
    return _written(solution)


def openings_ask(problem: Problem) -> Solution:
    """The other way round: openings ask from the top of their lists, everybody keeps the best so far.

    No blocking pair is left either; openings get as good people as they can in any stable answer, which is more
    points where they rank by points.
    """
    solution, free = _decided(problem)
    lists: dict[str, list[tuple[int, int, str]]] = {key: [] for key in free}
    for (candidate, opening), fit in problem.open_fits.items():
        if candidate not in solution:
            lists[opening].append((fit.rank, -fit.points, candidate))
    for some in lists.values():
        some.sort(reverse=True)
    fits = problem.open_fits
    held: dict[str, str] = {}
    waiting = sorted((key for key in free if free[key] > 0), reverse=True)
    while waiting:
        opening = waiting.pop()
        while free[opening] > 0 and lists[opening]:
            candidate = lists[opening].pop()[2]
            other = held.get(candidate)
            if other is not None and fits[candidate, opening].wish >= fits[candidate, other].wish:
                continue
            held[candidate] = opening
            free[opening] -= 1
            if other is not None:
                free[other] += 1
                waiting.append(other)
    return _written(solution | held)


class _Later:
    """Turns the order of keys around, so that the first key is the last to be put out."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    def __lt__(self, other: _Later) -> bool:
        return self.key > other.key


def _decided(problem: Problem) -> tuple[dict[str, str], dict[str, int]]:
    """Decided pairs that can be, and the seats left beside them."""
    free = {opening.key: opening.seats for opening in problem.openings}
    solution: dict[str, str] = {}
    for candidate, opening in sorted(problem.together):
        if candidate not in solution and free[opening] > 0 and (candidate, opening) in problem.fits:
            solution[candidate] = opening
            free[opening] -= 1
    return solution, free


def _written(solution: dict[str, str]) -> Solution:
    return Solution(tuple(Match(*pair) for pair in sorted(solution.items())))
