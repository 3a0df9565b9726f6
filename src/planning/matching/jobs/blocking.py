"""The relaxation of a part too large for its whole model: rows that forbid pairs to block, written as they are broken.

Of forty thousand rows with five million coefficients a national part needs about a thousand short ones: a pair
blocks where both sides are badly off, so the rows that matter are those of pairs high on both lists.
"""

from __future__ import annotations

from collections.abc import Sequence

from planning.matching.jobs.market import Market
from planning.solvers.model import Model, Term

_BROKEN = 1e-6
"""How far below what it needs a row must be to count as broken."""
_OF_CANDIDATE = 2
_OF_OPENING = 3
"""So many rows of one candidate, or one opening, are added at a time, the most broken first."""


class Blocking:
    """The best assignment of a part as `model`, and the rows that an answer with shared seats breaks (`missing`)."""

    def __init__(self, market: Market, candidates: Sequence[str], openings: Sequence[str]) -> None:
        self.model = Model()
        self._pairs: list[tuple[str, str]] = []
        self._seats = market.seats
        levels: dict[str, dict[int, list[int]]] = {}
        of_opening: dict[str, list[Term]] = {key: [] for key in openings}
        of_rank: dict[str, dict[int, list[int]]] = {key: {} for key in openings}
        points: list[Term] = []
        self._level: list[tuple[int, int]] = []
        for candidate in candidates:
            mine: list[Term] = []
            own = levels[candidate] = {}
            for opening, fit in sorted(market.by_candidate[candidate].items()):
                column = self.model.column()
                self._pairs.append((candidate, opening))
                self._level.append((fit.wish, fit.rank))
                own.setdefault(fit.wish, []).append(column)
                of_rank[opening].setdefault(fit.rank, []).append(column)
                mine.append((column, 1))
                of_opening[opening].append((column, 1))
                points.append((column, -fit.points))
            self.model.row(mine, upper=1)
        for opening, some in of_opening.items():
            self.model.row(some, upper=market.seats[opening])
        self.model.minimise(points)
        self._wishes = {key: sorted(some.items()) for key, some in levels.items()}
        self._ranks = {key: sorted(some.items()) for key, some in of_rank.items()}
        self._written: set[int] = set()

    def missing(self, values: Sequence[float]) -> list[tuple[list[Term], int]]:
        """Rows that these values break, the most broken of each candidate and opening."""
        wishes, ranks = _so_far(self._wishes, values), _so_far(self._ranks, values)
        broken: list[tuple[float, int]] = []
        for column, ((candidate, opening), (wish, rank)) in enumerate(
            zip(self._pairs, self._level, strict=True)
        ):
            has = wishes[candidate][wish] + ranks[opening][rank] / self._seats[opening]
            if has < 1 - _BROKEN and column not in self._written:
                broken.append((has, column))
        broken.sort()
        number: dict[str, int] = {}
        rows: list[tuple[list[Term], int]] = []
        for _, column in broken:
            candidate, opening = self._pairs[column]
            one, other = f"c{candidate}", f"o{opening}"
            if number.get(one, 0) >= _OF_CANDIDATE or number.get(other, 0) >= _OF_OPENING:
                continue
            number[one] = number.get(one, 0) + 1
            number[other] = number.get(other, 0) + 1
            self._written.add(column)
            rows.append(self._row(column))
        return rows

    def shares(self, values: Sequence[float]) -> dict[tuple[str, str], int]:
        """What each pair has of a seat in an answer with shared seats, in millionths; nothing is left out."""
        return {
            pair: round(value * 1_000_000)
            for pair, value in zip(self._pairs, values, strict=True)
            if value > _BROKEN
        }

    def _row(self, column: int) -> tuple[list[Term], int]:
        """The candidate has something as good, or all the seats go to people as good."""
        candidate, opening = self._pairs[column]
        wish, rank = self._level[column]
        seats = self._seats[opening]
        terms: dict[int, int] = {}
        for level, columns in self._wishes[candidate]:
            if level <= wish:
                terms.update(dict.fromkeys(columns, seats))
        for level, columns in self._ranks[opening]:
            if level <= rank:
                for other in columns:
                    terms[other] = terms.get(other, 0) + 1
        return list(terms.items()), seats


def _so_far(
    lists: dict[str, list[tuple[int, list[int]]]], values: Sequence[float]
) -> dict[str, dict[int, float]]:
    """Per list and level, what stands at that level or a better one."""
    found: dict[str, dict[int, float]] = {}
    for key, levels in lists.items():
        total = 0.0
        mine = found[key] = {}
        for level, columns in levels:
            total += sum(values[column] for column in columns)
            mine[level] = total
    return found
