"""The part of a jobs problem that is left to decide, by numbers, made smaller and split where it falls apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planning.matching.jobs.data import Fit, Problem


@dataclass(slots=True)
class Market:
    """Pairs that may still be, per candidate and per opening, with the seats left beside decisions."""

    seats: dict[str, int]
    by_candidate: dict[str, dict[str, Fit]]
    by_opening: dict[str, dict[str, Fit]]

    @property
    def size(self) -> int:
        """The number of pairs."""
        return sum(len(some) for some in self.by_candidate.values())

    def drop(self, candidate: str, opening: str) -> None:
        """The pair can be in no stable answer."""
        del self.by_candidate[candidate][opening]
        del self.by_opening[opening][candidate]


def market_of(problem: Problem) -> Market:
    """What is left to decide beside the pins."""
    seats = {opening.key: opening.seats for opening in problem.openings}
    decided = set()
    for candidate, opening in problem.together:
        decided.add(candidate)
        seats[opening] -= 1
    by_candidate: dict[str, dict[str, Fit]] = {}
    by_opening: dict[str, dict[str, Fit]] = {}
    for (candidate, opening), fit in problem.open_fits.items():
        if candidate not in decided and seats[opening] > 0:
            by_candidate.setdefault(candidate, {})[opening] = fit
            by_opening.setdefault(opening, {})[candidate] = fit
    return Market(seats, by_candidate, by_opening)


def reduce(market: Market) -> int:
    """Drop pairs that no stable answer can hold, until none is found; returns how many were dropped.

    Two rules, both safe with ties (after Irving and Manlove 2009). A candidate who is among the first `seats` of
    an opening even when all equals go before will get that opening or one as good, so what it likes less is out.
    An opening that is the single first choice of as many as it has seats is filled with people as good as the
    last of them, so whom it likes less is out. A dropped pair can't block a stable answer to the rest either.
    """
    before = market.size
    while _reduce_candidates(market) + _reduce_openings(market):
        pass
    return before - market.size


def _reduce_candidates(market: Market) -> int:
    dropped = 0
    for opening in list(market.by_opening):
        asked = sorted(market.by_opening[opening].items(), key=lambda each: each[1].rank)
        for i, (_, fit) in enumerate(asked):
            is_last_of_rank = i + 1 == len(asked) or asked[i + 1][1].rank > fit.rank
            if not is_last_of_rank:
                continue
            if i + 1 > market.seats[opening]:
                break
            for sure, mine in asked[: i + 1]:
                own = market.by_candidate[sure]
                worse = [key for key, other in own.items() if other.wish > mine.wish]
                for key in worse:
                    market.drop(sure, key)
                dropped += len(worse)
    return dropped


def _reduce_openings(market: Market) -> int:
    first: dict[str, list[int]] = {}
    for options in market.by_candidate.values():
        if not options:
            continue
        best = min(fit.wish for fit in options.values())
        top = [key for key, fit in options.items() if fit.wish == best]
        if len(top) == 1:
            first.setdefault(top[0], []).append(options[top[0]].rank)
    dropped = 0
    for opening, ranks in first.items():
        seats = market.seats[opening]
        if len(ranks) < seats:
            continue
        last = sorted(ranks)[seats - 1]
        worse = [key for key, fit in market.by_opening[opening].items() if fit.rank > last]
        for key in worse:
            market.drop(key, opening)
        dropped += len(worse)
    return dropped


def components(market: Market) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Candidates and openings that hang together by pairs, each in key order; the order of their first candidate."""
    seen: set[str] = set()
    found = []
    for start in sorted(market.by_candidate):
        if start in seen or not market.by_candidate[start]:
            continue
        seen.add(start)
        candidates, openings = [start], set[str]()
        for candidate in candidates:
            for opening in market.by_candidate[candidate]:
                if opening in openings:
                    continue
                openings.add(opening)
                more = _unseen(market.by_opening[opening], seen)
                seen.update(more)
                candidates += more
        found.append((tuple(sorted(candidates)), tuple(sorted(openings))))
    return found


def _unseen(keys: Iterable[str], seen: set[str]) -> list[str]:
    return [key for key in keys if key not in seen]
