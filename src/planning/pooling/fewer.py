"""Fewer people asked for nearly the same: offers that add little are taken out of a plan again.

Most people expected to be taught comes first, but the last tenths of a person are dear: they empty runs that are
sure, so that another run's chance grows from 98 to 99 per cent. So a plan may be worth a stated share less
(`Asking.tolerance`) where that spares people a question.

Method: again and again the offer, or all offers about one run, or all offers to the people of one run, that adds
least for each head asked is taken out, as long as the plan stays above the floor.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from planning.pooling.gather import BETTER, Member, expected
from planning.pooling.offers import Offer, UncertainPlan
from planning.pooling.willingness import SURE

if TYPE_CHECKING:
    from planning.pooling.uncertain import Case

Key = tuple[str, int]
"""A unit: party and number."""


class _Thinning:
    """A plan as chains of offers, with what each run is worth under it."""

    def __init__(self, case: Case, plan: UncertainPlan) -> None:
        self.case = case
        self.aims = set(plan.aims)
        self.own = {(unit.party, unit.number): unit.own for unit in case.everybody}
        self.chains: dict[Key, list[Offer]] = {}
        for offer in sorted(plan.offers):
            self.chains.setdefault((offer.party, offer.number), []).append(offer)
        self.about: dict[str, dict[Key, Member]] = {}
        for key, chain in self.chains.items():
            for run, member in self._members(key, chain):
                self.about.setdefault(run, {})[key] = member
        self._known: dict[tuple[str, tuple[Member, ...]], float] = {}
        self.worth = {run: self._worth(run, self.about.get(run, {})) for run in self._runs()}

    def _runs(self) -> set[str]:
        return self.about.keys() | (self.aims - self.case.sure)

    def _members(self, key: Key, chain: Iterable[Offer]) -> list[tuple[str, Member]]:
        """The unit as it counts in each run that it is asked about."""
        left = 1.0
        found = []
        for offer in chain:
            chance = left * offer.permille / SURE
            left -= chance
            counts = 0 if self.own[key] in self.case.sure else offer.heads
            found.append((offer.run, (offer.heads, chance, counts)))
        return found

    def asked(self, key: Key, chain: Iterable[Offer]) -> float:
        """Heads expected to be asked, as often as they are asked."""
        left, total = 1.0, 0.0
        for offer in chain:
            total += left * offer.heads
            left *= 1 - offer.permille / SURE
        return total

    def _worth(self, run: str, members: dict[Key, Member]) -> float:
        some = tuple(sorted(members.values()))
        known = self._known.get((run, some))
        if known is None:
            if run in self.case.sure:
                known = sum(chance * counts for _, chance, counts in some)
            else:
                here = self.case.own_heads.get(run, 0)
                known = expected(self.case.spot(run).least, here, here, some)
            self._known[run, some] = known
        return known

    def without(self, changes: dict[Key, list[Offer]]) -> tuple[float, float]:
        """What the plan loses, and how many heads fewer are asked, when these chains become so."""
        spared = 0.0
        touched: dict[str, dict[Key, Member]] = {}
        for key, chain in changes.items():
            before = self.chains[key]
            spared += self.asked(key, before) - self.asked(key, chain)
            for offer in before:
                here = touched.get(offer.run)
                if here is None:
                    here = touched[offer.run] = dict(self.about[offer.run])
                here.pop(key, None)
            for run, member in self._members(key, chain):
                touched[run][key] = member
        lost = sum(self.worth[run] - self._worth(run, some) for run, some in touched.items())
        return lost, spared

    def take(self, changes: dict[Key, list[Offer]]) -> None:
        for key, chain in changes.items():
            for offer in self.chains.pop(key):
                self.about[offer.run].pop(key, None)
            if chain:
                self.chains[key] = chain
                for run, member in self._members(key, chain):
                    self.about[run][key] = member
        for run in self._runs():
            self.worth[run] = self._worth(run, self.about.get(run, {}))

    def choices(self) -> list[dict[Key, list[Offer]]]:
        """What could be taken out: one offer with those that follow a no to it, or many at once."""
        found: list[dict[Key, list[Offer]]] = []
        of_run: dict[str, dict[Key, list[Offer]]] = {}
        from_run: dict[tuple[str, str], dict[Key, list[Offer]]] = {}
        seen: set[object] = set()
        for key, chain in sorted(self.chains.items()):
            for i, offer in enumerate(chain):
                short = {key: chain[:i]}
                alike = (
                    self.own[key],
                    tuple((o.wave, o.run, o.heads, o.permille) for o in chain),
                    i,
                )
                if alike not in seen:
                    seen.add(alike)
                    found.append(short)
                of_run.setdefault(offer.run, {})[key] = chain[:i]
                from_run.setdefault((self.own[key], offer.run), {})[key] = chain[:i]
        for some in (*of_run.values(), *from_run.values()):
            if len(some) > 1:
                found.append(some)
        return found

    def plan(self) -> UncertainPlan:
        offers = sorted(offer for chain in self.chains.values() for offer in chain)
        asked_about = {offer.run for offer in offers}
        case = self.case
        aims = {
            run
            for run in self.aims
            if run in case.sure
            or run in asked_about
            or case.own_heads.get(run, 0) >= case.spot(run).least
        }
        return UncertainPlan(tuple(sorted(aims)), tuple(offers))


def fewer(case: Case, plan: UncertainPlan, most_lost: float) -> UncertainPlan:
    """The plan with fewer people asked, worth at most so many heads less than the plan given (nearly: `Case.worth`)."""
    thinning = _Thinning(case, plan)
    left = most_lost
    while True:
        best: tuple[float, float, dict[Key, list[Offer]]] | None = None
        for changes in thinning.choices():
            lost, spared = thinning.without(changes)
            if lost <= left + BETTER and spared > BETTER:
                rate = lost / spared
                if best is None or rate < best[0] - BETTER:
                    best = (rate, lost, changes)
        if best is None:
            return thinning.plan()
        thinning.take(best[2])
        left -= max(0.0, best[1])
