"""The smallest set of facts that contradict each other.

Method: a set of facts is contradictory exactly when it takes something from every correction set (facts whose
removal leaves the rest possible). So the smallest set that hits all correction sets known so far is either the
answer, or it is possible, and then shows a correction set that wasn't known (implicit hitting sets; see
Ignatiev et al., 'Smallest MUS Extraction with Minimal Hitting Set Dualization', CP 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from planning.solvers import cpsat
from planning.solvers.model import Model

Fact = TypeVar("Fact", bound=Hashable)


def smallest(
    facts: Sequence[Fact],
    is_possible: Callable[[frozenset[Fact]], bool],
    *,
    tries: int = 400,
) -> tuple[tuple[Fact, ...], bool]:
    """A smallest contradicting subset of the facts, in their order, and whether it is proven smallest.

    `is_possible` says whether facts can hold together; a subset of a possible set must be possible. It is
    asked at most about `tries` times plus once per fact; then the answer is one from which no fact can be left
    out. Among sets of one size the earlier facts win. Raises ValueError when all facts can hold together.
    """
    if is_possible(frozenset(facts)):
        raise ValueError("the facts do not contradict each other")
    shortest = _without_spare(facts, is_possible)
    corrections: list[frozenset[Fact]] = []
    for _ in range(tries):
        chosen = _hit(facts, corrections)
        if len(chosen) >= len(shortest):
            return _in_order(facts, shortest), True
        if not is_possible(chosen):
            return _in_order(facts, chosen), True
        largest = _grown(facts, chosen, is_possible)
        corrections.append(frozenset(facts) - largest)
    return _in_order(facts, shortest), False


def _in_order(facts: Sequence[Fact], chosen: frozenset[Fact]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact in chosen)


def _without_spare(
    facts: Sequence[Fact], is_possible: Callable[[frozenset[Fact]], bool]
) -> frozenset[Fact]:
    """A contradicting set that none can be taken from. Later facts are tried first, whole halves at a time."""
    kept = list(facts)
    size = max(1, len(kept) // 2)
    while size:
        i = len(kept)
        while i > 0:
            rest = kept[: max(0, i - size)] + kept[i:]
            if len(rest) < len(kept) and not is_possible(frozenset(rest)):
                kept = rest
            i -= size
        size //= 2
    return frozenset(kept)


def _grown(
    facts: Sequence[Fact], chosen: frozenset[Fact], is_possible: Callable[[frozenset[Fact]], bool]
) -> frozenset[Fact]:
    """The set with as many facts added as stay possible together."""
    grown = set(chosen)
    left = [fact for fact in facts if fact not in grown]
    size = len(left)
    while size and left:
        rest: list[Fact] = []
        for i in range(0, len(left), size):
            more = left[i : i + size]
            if is_possible(frozenset(grown.union(more))):
                grown.update(more)
            else:
                rest.extend(more)
        left = rest
        size = min(size // 2, len(left)) if size > 1 else 0
    return frozenset(grown)


def _hit(facts: Sequence[Fact], corrections: Sequence[frozenset[Fact]]) -> frozenset[Fact]:
    """Fewest facts with at least one from each correction set; the earliest of them."""
    if not corrections:
        return frozenset()
    touched = [fact for fact in facts if any(fact in some for some in corrections)]
    model = Model()
    column = {fact: model.column() for fact in touched}
    for some in corrections:
        model.row([(column[fact], 1) for fact in touched if fact in some], lower=1)
    many = len(touched) ** 2 + 1
    model.minimise((column[fact], many + i) for i, fact in enumerate(touched))
    values = cpsat.solve(model).values
    if values is None:
        raise ValueError("a correction set is empty: `is_possible` contradicts itself")
    return frozenset(fact for fact in touched if values[column[fact]])
