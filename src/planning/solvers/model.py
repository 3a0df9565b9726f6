"""A linear model in whole numbers that knows no solver.

Columns are numbered from 0 as they are added. A row holds `lower ≤ Σ coefficient · column ≤ upper`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Term = tuple[int, int]
"""A column and its coefficient."""

INFINITY = 10**15
"""Stands for 'no limit' in rows and columns; far beyond anything that is counted here."""


class Outcome(StrEnum):
    """How a solver ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Model:
    """Columns in whole numbers, rows, and one objective to make small."""

    lower: list[int] = field(default_factory=list)
    upper: list[int] = field(default_factory=list)
    row_lower: list[int] = field(default_factory=list)
    row_upper: list[int] = field(default_factory=list)
    row_starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    coefficients: list[int] = field(default_factory=list)
    objective: list[Term] = field(default_factory=list)

    def column(self, lower: int = 0, upper: int = 1) -> int:
        """A new column with its limits; returns its number."""
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.lower) - 1

    def row(self, terms: Iterable[Term], lower: int = -INFINITY, upper: int = INFINITY) -> int:
        """A new row; returns its number. A column may stand in it once."""
        for column, coefficient in terms:
            self.columns.append(column)
            self.coefficients.append(coefficient)
        self.row_starts.append(len(self.columns))
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        return len(self.row_lower) - 1

    def minimise(self, terms: Iterable[Term]) -> None:
        """The objective from now on; what stood before is forgotten."""
        self.objective = list(terms)

    def value(self, terms: Iterable[Term], values: Sequence[int]) -> int:
        """What the terms come to with these values."""
        return sum(coefficient * values[column] for column, coefficient in terms)

    def allows(self, values: Sequence[int]) -> bool:
        """Do the values respect every limit and row?"""
        if any(
            not low <= v <= high
            for low, v, high in zip(self.lower, values, self.upper, strict=True)
        ):
            return False
        for i, (low, high) in enumerate(zip(self.row_lower, self.row_upper, strict=True)):
            first, last = self.row_starts[i], self.row_starts[i + 1]
            pairs = zip(self.columns[first:last], self.coefficients[first:last], strict=True)
            if not low <= sum(c * values[column] for column, c in pairs) <= high:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Solved:
    """A solver's answer: whole values per column (None without an answer), the objective's value, and a bound.

    `bound` is the largest whole number that the smallest possible objective is known not to be below; None
    when nothing is known. `work` in the steps of `planning.result.Limits`.
    """

    outcome: Outcome
    values: tuple[int, ...] | None
    objective: int | None
    bound: int | None
    work: int

    @property
    def is_proven(self) -> bool:
        return self.outcome == Outcome.OPTIMAL
