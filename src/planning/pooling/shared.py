"""Large parts coupled by what runs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planning.pooling.batch import Batch, Work
from planning.pooling.components import Part
from planning.pooling.data import Problem
from planning.pooling.solution import Solution


def solve(
    problem: Problem,
    part: Part,
    given: Sequence[Solution],
    work: Work,
    tell: Callable[[Sequence[Batch]], None],
) -> list[Batch]:
    """The part as batches with a good answer each that together keep within what is shared."""
    batch = Batch(problem, part, given)
    batch.teach(work)
    tell([batch])
    return [batch]
