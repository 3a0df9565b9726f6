"""Stable answers, and the best of them: most matched, then most points, then the worst-off, then the last answer.

With equals on the lists, or lists that leave openings out, stable answers differ in how many they match, and the
most is NP-hard to find (Manlove et al. 2002). So: decisions first; pairs that no stable answer holds are dropped
and the rest falls into parts (`market`); each part is an integer model with a row per pair that forbids it to
block (Kwanashie and Manlove 2014), solved by HiGHS from the best of three starts by deferred acceptance. The first
two objectives go in one, weighted so that no points outweigh a match; that is several times as quick as one after
the other. All objectives but `worst_off` add up over the parts; that one is the largest over the parts, and is put
on all of them before the last answer is looked at. A part too large for the work allowed keeps its start, and is
bounded by the same model's relaxation, whose rows are added as they are broken (`blocking`); among equals that
relaxation also says whom to favour, which gives a better start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from planning.matching.jobs.baseline import deferred_acceptance, openings_ask
from planning.matching.jobs.blocking import Blocking
from planning.matching.jobs.conflicts import conflicts
from planning.matching.jobs.data import Pin, Problem
from planning.matching.jobs.market import Market, components, market_of, reduce
from planning.matching.jobs.score import TERMS, score
from planning.matching.jobs.solution import Match, Solution
from planning.matching.jobs.validate import validate
from planning.result import Bound, Limits, Result, Status, Watch
from planning.solvers.model import Model, Solved, Term

SOLVER = "stable-highs-1"
_SECONDS_BETWEEN = 0.2
_PAIRS_PER_STEP_OF_BOUND = 10
"""The same for the bound of a part that isn't solved: a linear programme, and each pair stands in two rows."""
_PAIRS_PER_STEP = 200
"""A model of n pairs is charged n² / this in steps before it is begun: HiGHS can't be stopped by work."""


def solve(
    problem: Problem,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: Solution | None = None,
    watch: Watch[Solution] | None = None,
) -> Result[Solution]:
    """The best stable answer found, with a bound per objective.

    `pins` are decisions made since the problem was written. `warm_start` is where the search begins, if it is
    stable and better than deferred acceptance; which pairs to keep is said by the problem's `last`. Decisions that
    contradict each other or a need give no answer, and `contradictions`.
    """
    problem = problem.with_pins(pins)
    limits = limits or Limits()
    watch = watch or Watch(limits.seconds)
    contradictions = conflicts(problem)
    if contradictions:
        return Result(
            Status.IMPOSSIBLE,
            Solution(),
            tuple(Bound(term, 0, None) for term in TERMS),
            {"work_limit": limits.work},
            SOLVER,
            seed,
            contradictions,
        )
    search = _Search(problem, limits.work, seed, watch)
    search.start(warm_start)
    search.run()
    return search.result()


@dataclass(slots=True)
class _Part:
    """Candidates and openings that hang together, the matches found so far, and what is known of each objective."""

    candidates: tuple[str, ...]
    openings: tuple[str, ...]
    found: dict[str, str]
    best: dict[str, int] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)


class _Search:
    def __init__(self, problem: Problem, work: int, seed: int, watch: Watch[Solution]) -> None:
        self.problem = problem
        self.limit = work
        self.work = 0
        self.seed = seed
        self.watch = watch
        self.is_cut = False
        self.market = market_of(problem)
        self.pairs = self.market.size
        self.dropped = reduce(self.market)
        self.parts: list[_Part] = []
        self.fixed = dict(problem.together)
        self.models = 0
        self.last = dict(problem.last)
        self.told = watch.elapsed

    def _tell(self, phase: str) -> None:
        """How far it is; not after each of hundreds of small parts."""
        if self.watch.elapsed - self.told >= _SECONDS_BETWEEN:
            self.watch.tell(self._bounds(), self.solution(), phase)
            self.told = self.watch.elapsed

    def start(self, warm_start: Solution | None) -> None:
        starts = [deferred_acceptance(self.problem, chances=chances) for chances in (1, 2)]
        starts.append(openings_ask(self.problem))
        if warm_start is not None and not validate(self.problem, warm_start):
            starts.append(warm_start)
        begin = min(starts, key=lambda each: score(self.problem, each).key())
        for candidates, openings in components(self.market):
            found = {key: begin.opening_of[key] for key in candidates if key in begin.opening_of}
            self.parts.append(_Part(candidates, openings, found))

    # ------------------------------------------------------------------ the objectives, part by part

    def run(self) -> None:
        for part in self.parts:
            self._first_two(part)
            self._tell("matched")
        is_settled = all("points" in part.proven for part in self.parts)
        if is_settled:
            self._worst_off()
        if is_settled and all("worst_off" in part.proven for part in self.parts) and self.last:
            for part in self.parts:
                self._kept(part)
                self._tell("kept")

    def _first_two(self, part: _Part) -> None:
        seats = sum(self.market.seats[opening] for opening in part.openings)
        part.best["matched"] = min(len(part.candidates), seats)
        if self._is_forced(part):
            part.best |= {"matched": len(part.found), "points": self._points(part.found)}
            part.proven |= {"matched", "points"}
            return
        built = _Built(self.market, part)
        step = self._solve(part, built, built.matched_then_points())
        if step is None or step.bound is None:
            self._bound_points(part)
            return
        matched, points = divmod(-step.bound, built.match_weight)
        part.best["matched"] = min(part.best["matched"], matched)
        if part.best["matched"] > len(part.found):
            self._bound_points(part)
            return
        part.proven.add("matched")
        part.best["points"] = points if matched == len(part.found) else built.match_weight - 1
        if part.best["points"] > self._points(part.found):
            # proven but for the rounding of large numbers, or cut short: once more, points alone
            built = _Built(self.market, part)
            built.keep(part, ("matched",))
            step = self._solve(part, built, built.points())
            if step is not None and step.bound is not None:
                part.best["points"] = min(part.best["points"], -step.bound)
        if part.best["points"] == self._points(part.found):
            part.proven.add("points")

    def _bound_points(self, part: _Part) -> None:
        """No answer to the part has more points than the best in which each seat may be shared among several people.

        Nobody may block there either. There are as many rows for that as pairs, each as long as two lists; but few
        of them matter, and they are added as they are broken. That answer also says which of equals to favour: with
        it deferred acceptance finds a better start.
        """
        from planning.solvers import highs

        pairs = sum(len(self.market.by_candidate[key]) for key in part.candidates)
        cost = 1 + pairs // _PAIRS_PER_STEP_OF_BOUND
        if self.watch.is_over or self.work + cost > self.limit:
            return
        self.work += cost
        rows = Blocking(self.market, part.candidates, part.openings)
        grown = highs.relax_growing(
            rows.model, rows.missing, seconds=self.watch.left, work=self.limit - self.work
        )
        self.work += grown.work
        if grown.bound is None:
            return
        part.best["points"] = -grown.bound
        favoured = rows.shares(grown.values)
        for chances in (1, 2):
            whole = deferred_acceptance(self.problem, chances=chances, favoured=favoured)
            found = {
                key: whole.opening_of[key] for key in part.candidates if key in whole.opening_of
            }
            if (len(found), self._points(found)) > (len(part.found), self._points(part.found)):
                part.found = found

    def _is_forced(self, part: _Part) -> bool:
        """Everybody has one opening left, with a seat for all who do: there is one stable answer.

        With fewer seats they are equals there, or the worse of them were dropped.
        """
        market = self.market
        return all(len(market.by_candidate[key]) == 1 for key in part.candidates) and all(
            len(market.by_opening.get(key, ())) <= market.seats[key] for key in part.openings
        )

    def _worst_off(self) -> None:
        """The largest over the parts: those that may be above the largest of the rest's bounds are tried."""
        floor = max((self._wish(*pair) for pair in self.fixed.items()), default=0)
        for part in self.parts:
            if self._is_forced(part) or self._worst(part) <= floor:
                part.best["worst_off"] = self._worst(part)
                part.proven.add("worst_off")
                floor = max(floor, self._worst(part)) if self._is_forced(part) else floor
        for part in sorted(self.parts, key=self._worst, reverse=True):
            if "worst_off" in part.proven:
                continue
            if self._worst(part) <= floor:
                part.best["worst_off"] = self._worst(part)
                part.proven.add("worst_off")
                continue
            built = _Built(self.market, part)
            built.keep(part, ("matched", "points"))
            step = self._solve(part, built, built.worst_off())
            if step is not None and step.bound is not None:
                part.best["worst_off"] = step.bound
            if step is not None and step.is_proven:
                part.proven.add("worst_off")
                floor = max(floor, self._worst(part))
            self._tell("worst_off")

    def _kept(self, part: _Part) -> None:
        most = max((self._worst(each) for each in self.parts), default=0)
        most = max([most, *(self._wish(*pair) for pair in self.fixed.items())])
        possible = [
            key for key in part.candidates if self.last.get(key) in self.market.by_candidate[key]
        ]
        part.best["kept"] = len(possible)
        kept = self._count_kept(part.found)
        if self._is_forced(part) or kept == len(possible):
            part.best["kept"] = kept
            part.proven.add("kept")
            return
        built = _Built(self.market, part)
        built.keep(part, ("matched", "points"))
        built.forbid_beyond(most)
        step = self._solve(part, built, built.kept(self.last))
        if step is not None and step.bound is not None:
            part.best["kept"] = min(part.best["kept"], -step.bound)
        if step is not None and step.is_proven:
            part.proven.add("kept")

    def _solve(self, part: _Part, built: _Built, objective: list[Term]) -> Solved | None:
        """Make one objective small from what has been found; None when there is no work or time left for it."""
        from planning.solvers import highs

        cost = 1 + len(built.pair) ** 2 // _PAIRS_PER_STEP
        if self.watch.is_over or self.work + cost > self.limit:
            self.is_cut = True
            return None
        self.models += 1
        self.work += cost
        built.model.minimise(objective)
        solved = highs.solve(
            built.model,
            seconds=self.watch.left,
            nodes=max(1, 2 * self.limit // len(built.pair)),
            seed=self.seed,
            start=built.values(part.found),
            is_over=lambda: self.watch.is_over,
        )
        if solved.values is not None:
            part.found = built.read(solved.values)
        self.is_cut |= not solved.is_proven and self.watch.left <= 0
        return solved

    # ------------------------------------------------------------------ what has been found

    def _wish(self, candidate: str, opening: str) -> int:
        return self.problem.fits[candidate, opening].wish

    def _worst(self, part: _Part) -> int:
        return max((self._wish(*pair) for pair in part.found.items()), default=0)

    def _points(self, found: dict[str, str]) -> int:
        return sum(self.problem.fits[pair].points for pair in found.items())

    def _count_kept(self, found: dict[str, str]) -> int:
        return sum(self.last.get(candidate) == opening for candidate, opening in found.items())

    def solution(self) -> Solution:
        pairs = dict(self.fixed)
        for part in self.parts:
            pairs |= part.found
        return Solution(tuple(Match(*pair) for pair in sorted(pairs.items())))

    def _bounds(self) -> tuple[Bound, ...]:
        terms = score(self.problem, self.solution())
        fixed = {
            "matched": len(self.fixed),
            "points": self._points(self.fixed),
            "worst_off": max((self._wish(*pair) for pair in self.fixed.items()), default=0),
            "kept": self._count_kept(self.fixed),
        }
        bounds = []
        known = {term for term in TERMS if all(term in part.best for part in self.parts)}
        is_settled = True
        for term in TERMS:
            value = getattr(terms, term)
            if not is_settled and (term != "points" or "points" not in known):
                bounds.append(Bound(term, value, None))
                continue
            best: int | None = None
            if term == "kept" and not self.last:
                best = 0
            elif term in known:
                some = [part.best[term] for part in self.parts]
                best = max([fixed[term], *some]) if term == "worst_off" else fixed[term] + sum(some)
            bounds.append(Bound(term, value, best))
            is_settled = is_settled and bounds[-1].is_proven
        return tuple(bounds)

    def result(self) -> Result[Solution]:
        bounds = self._bounds()
        is_proven = all(bound.is_proven for bound in bounds)
        if is_proven:
            status = Status.PROVEN
        else:
            status = Status.STOPPED if self.is_cut else Status.BOUNDED
        return Result(
            status,
            self.solution(),
            bounds,
            {
                "candidates": len(self.problem.candidates),
                "openings": len(self.problem.openings),
                "pairs": self.pairs,
                "pairs_dropped": self.dropped,
                "parts": len(self.parts),
                "largest_part": max((len(part.candidates) for part in self.parts), default=0),
                "models": self.models,
                "work": self.work,
                "work_limit": self.limit,
            },
            SOLVER,
            self.seed,
        )


class _Built:
    """The integer model of one part: a column per pair, and rows that forbid each pair to block.

    A pair may not block: where the candidate has nothing as good, all the seats go to people as good.
    """

    def __init__(self, market: Market, part: _Part) -> None:
        self.model = Model()
        self.market = market
        self.part = part
        self.pair: dict[tuple[str, str], int] = {}
        for candidate in part.candidates:
            for opening in sorted(market.by_candidate[candidate]):
                self.pair[candidate, opening] = self.model.column()
        as_good: dict[tuple[str, int], list[Term]] = {}
        for candidate in part.candidates:
            levels: dict[int, list[int]] = {}
            for opening, fit in market.by_candidate[candidate].items():
                levels.setdefault(fit.wish, []).append(self.pair[candidate, opening])
            as_good |= self._as_good(f"c{candidate}", levels, 1)
        for opening in part.openings:
            levels = {}
            for candidate, fit in market.by_opening[opening].items():
                levels.setdefault(fit.rank, []).append(self.pair[candidate, opening])
            as_good |= self._as_good(f"o{opening}", levels, market.seats[opening])
        for candidate, opening in self.pair:
            fit = market.by_candidate[candidate][opening]
            seats = market.seats[opening]
            has = [(column, seats) for column, _ in as_good[f"c{candidate}", fit.wish]]
            self.model.row(_added(has, as_good[f"o{opening}", fit.rank]), lower=seats)
        self.longest: int | None = None

    def _as_good(
        self, who: str, levels: dict[int, list[int]], most: int
    ) -> dict[tuple[str, int], list[Term]]:
        """Per level of somebody's list: all columns at least as good. Adds the row that there is room for `most`."""
        so_far: list[Term] = []
        found = {}
        for level in sorted(levels):
            so_far = [*so_far, *((column, 1) for column in levels[level])]
            found[who, level] = so_far
        self.model.row(so_far, upper=most)
        return found

    @property
    def match_weight(self) -> int:
        """More than the points of any answer."""
        fits = self.market.by_candidate
        return 1 + sum(max(fit.points for fit in fits[c].values()) for c in self.part.candidates)

    def matched_then_points(self) -> list[Term]:
        weight = self.match_weight
        return [(column, points - weight) for column, points in self.points()]

    def matched(self) -> list[Term]:
        return [(column, -1) for column in self.pair.values()]

    def points(self) -> list[Term]:
        fits = self.market.by_candidate
        return [(column, -fits[c][o].points) for (c, o), column in self.pair.items()]

    def kept(self, last: dict[str, str]) -> list[Term]:
        return [(column, -1) for (c, o), column in self.pair.items() if last.get(c) == o]

    def worst_off(self) -> list[Term]:
        fits = self.market.by_candidate
        longest = max(fits[c][o].wish for c, o in self.pair)
        self.longest = self.model.column(0, longest)
        for candidate in self.part.candidates:
            some = [(self.pair[candidate, o], -fit.wish) for o, fit in fits[candidate].items()]
            self.model.row([(self.longest, 1), *some], lower=0)
        return [(self.longest, 1)]

    def keep(self, part: _Part, terms: tuple[str, ...]) -> None:
        """Hold on to what has been reached in these terms."""
        values = self.values(part.found)
        for term in terms:
            objective = self.matched() if term == "matched" else self.points()
            self.model.row(objective, upper=self.model.value(objective, values))

    def forbid_beyond(self, wish: int) -> None:
        """Nobody goes farther down the own list than this."""
        for (candidate, opening), column in self.pair.items():
            if self.market.by_candidate[candidate][opening].wish > wish:
                self.model.upper[column] = 0

    def values(self, found: dict[str, str]) -> list[int]:
        values = [0] * len(self.model.lower)
        for pair in found.items():
            if pair in self.pair:
                values[self.pair[pair]] = 1
        if self.longest is not None:
            values[self.longest] = max(
                (self.market.by_candidate[c][o].wish for c, o in found.items()), default=0
            )
        return values

    def read(self, values: Sequence[int]) -> dict[str, str]:
        return {c: o for (c, o), column in self.pair.items() if values[column]}


def _added(one: list[Term], other: list[Term]) -> list[Term]:
    """Two sums as one, with a column that stands in both only once."""
    total = dict(one)
    for column, coefficient in other:
        total[column] = total.get(column, 0) + coefficient
    return list(total.items())
