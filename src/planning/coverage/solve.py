"""The plan that is best in the order of the objectives, and how good it is.

1. A greedy start, most constrained course first, with repair along chains of moves; from an earlier answer, what
   still fits of it.
2. After a pin (`previous`): the courses that can stay where they were do; only the rest is decided anew.
3. A problem of a few choices is solved as one model, objective by objective, each proven (`exact`).
4. A larger one: bounds on the burdens by maximum flow (`bounds`), the linear relaxation of the whole within those
   burdens, or a little above them, as the guide; each branch group alone at its prices, then all courses as one model
   for a while, then some schools' courses at a time (`clusters`), until the bound is near or nothing helps any longer.
5. Last, moves and swaps for the late objectives.

Limits are steps and nodes, not seconds; parts are drawn with the seed. Without a clock the same problem, limits and
seed give the same answer on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from planning.coverage.bounds import DutyFlow, Groups, Priced, above_prices, least_spread
from planning.coverage.choices import Instance, compile_problem
from planning.coverage.clusters import FAR_WORTH, LARGE, Clusters
from planning.coverage.contradictions import contradiction
from planning.coverage.data import Holding, Pin, Problem
from planning.coverage.exact import by_highs, in_order
from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.coverage.quarters import Quarters
from planning.coverage.score import LEVELS, MORE_IS_BETTER, TERMS, most_load, score
from planning.coverage.search import Search
from planning.coverage.solution import Assignment, Role, Solution
from planning.messages import Contradiction
from planning.result import Bound, Limits, Result, Status, Watch
from planning.solvers import highs
from planning.solvers.crew import Crew
from planning.solvers.model import Model, Solved

SOLVER = "coverage-3"

EXACT_CHOICES = 250
"""Problems with at most so many choices are solved as one model in every objective."""
WHOLE_CHOICES = 2_500
"""Those with at most so many apart from their quarters are one model as far as the quarters."""
NEAR = 0.001
"""The search for shorter ways ends when they are so near their bound."""
CONTRADICTIONS = 12
"""So many uncovered courses are explained by contradicting facts with the answer."""
_PART = 150
_AFTER_QUARTERS = ("spread", "kept", "joint", "guarantees")
_AFTER_EXTRAS = ("far", "travel", "farthest")
_NEIGHBOURS = 120
"""So many courses at most are decided anew around those that a decision moved."""
_WORK_PER_PART = 4_000
_WORK_PER_CONTRADICTION = 10_000
_BOUND_NODES = 100
_BOUND_GAP = 0.0001
_EVEN_WORK = 10_000_000
_STEPS = 400
"""So many steps days above a school's cap may walk from school to school."""
_LATE_WORK = 300_000
_QUIET = 4
"""The search ends after so many parts in which nothing became better."""
_ABOVE = (0, 5, 10, 20, 40)
"""Burdens are tried at their bound, then so many thousandths above it."""
_BURDEN_COURSES = 600
"""Burdens and ways of at most so many courses are looked for by one model where clusters leave something open."""
_WAYS_STEPS = 20_000
"""So many of the solver's steps for the far learners of that many courses, and so many for their kilometres."""
_ROOM = 10
"""Tenths of a day that every school of a large problem must be able to stay below the bound on burdens."""
_WORK_PER_COURSE = 3
"""Steps that each course of a cluster counts for, as measured beside the others; and"""
_WORK_PER_STEP = 8
"""those that each of the solver's steps counts for where the whole is looked at."""
_CUT_STEPS = 1_000
"""So many of the solver's steps for cuts on the bound of the kilometres."""
_ATTEMPT = 8
"""While burdens are tried at their bound, what is above them must halve with each so many clusters."""


def solve(
    problem: Problem,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    pins: Sequence[Pin] = (),
    warm_start: Solution | None = None,
    watch: Watch[Solution] | None = None,
) -> Result[Solution]:
    """The best plan found, how good it is, and how much work it took.

    `pins` are decisions made after the problem was written down. With them, `warm_start` is the answer that people
    saw: it becomes the problem's `previous`, so that the plan changes as little as it can (see `score`). Without
    pins `warm_start` is only where the search begins. `seed` draws the parts.
    """
    problem = _with_pins(problem, pins, warm_start)
    limits = limits or Limits()
    return _Solver(problem, limits, seed, watch or Watch(limits.seconds)).run(warm_start)


def _with_pins(problem: Problem, pins: Sequence[Pin], warm_start: Solution | None) -> Problem:
    if not pins:
        return problem
    newer = {(pin.course, pin.school) for pin in pins}
    kept = tuple(p for p in problem.pins if (p.course, p.school) not in newer)
    previous = problem.previous
    if warm_start is not None and not previous:
        known = problem.course_by_key, problem.school_by_key
        previous = tuple(
            Holding(course, school)
            for course, school in sorted(warm_start.holder_of.items())
            if course in known[0] and school in known[1]
        )
    return replace(problem, pins=kept + tuple(pins), previous=previous)


class _Solver:
    def __init__(self, problem: Problem, limits: Limits, seed: int, watch: Watch[Solution]) -> None:
        self.problem = problem
        self.limits = limits
        self.seed = seed
        self.watch = watch
        self.best: dict[str, int] = {}
        """Best possible value per term, where it is known."""
        self.is_cut = False
        self.work = 0
        self.parts = 0
        self.silent: set[str] = set()
        """Terms that no bound is told of, because courses that stay weren't asked about them."""
        self.is_near_only = False
        """Was only what is near a decision decided anew? Then the bounds on that say nothing of the whole."""
        self._priced: dict[str, Priced] = {}
        """Branch groups alone, at prices, by the objective that they are a bound on."""
        self._clusters: Clusters | None = None
        self._crew = Crew(1, watch)
        self._left_out: frozenset[int] = frozenset()
        """Limits that the relaxations of a large problem leave out: their bounds are still bounds."""

    @property
    def is_over(self) -> bool:
        """No work or no time left; whoever asks and hears yes leaves something undone."""
        over = self.watch.is_over or self.work >= self.limits.work
        self.is_cut = self.is_cut or over
        return over

    def run(self, warm_start: Solution | None) -> Result[Solution]:
        instance = compile_problem(self.problem)
        self.plan = plan = Plan(instance)
        plan.start(warm_start or self._previous())
        plan.construct()
        if not self.is_over:
            plan.repair(self.limits.work // 4)
        self._did(plan.work_done)
        self._tell("start")
        self._cover()
        free = self._keep()
        part = plan.without(free) if len(free) < len(instance.items) else instance
        if part is instance:
            self._decide(plan, seen=True)
        else:
            inner = Plan(part, [plan.chosen[i] for i in free])
            before = _terms(plan), _terms(inner)
            known = dict(self.best)
            self._decide(inner, seen=False)
            if self.is_near_only:
                self.best = known
            else:
                self._shift(before)
            for name in self.silent:
                self.best.pop(name, None)
            for i, k in zip(free, inner.chosen, strict=True):
                plan.take(i)
                if k >= 0:
                    plan.put(i, k)
        return self._result(instance)

    def _previous(self) -> Solution | None:
        held = self.problem.previous
        if not held:
            return None
        return Solution(tuple(Assignment(h.course, h.school, Role.HOLDER) for h in held))

    # ------------------------------------------------------------ objective by objective

    def _cover(self) -> None:
        """Cover all that can be covered."""
        plan = self.plan
        gaps = sum(item.is_gap for item in plan.items)
        self.best["covered"] = gaps
        if plan.covered == gaps or self.is_over:
            return
        form = Formulation(plan.instance, quarters=False)
        form.model.minimise(form.covered())
        solved = highs.solve(
            form.model,
            start=form.values(plan.chosen),
            nodes=max(1, min(200, self.limits.work // 2_000)),
            seconds=self.watch.left,
            is_over=lambda: self.watch.is_over,
        )
        self._did(len(form.columns))
        if solved.bound is not None:
            self.best["covered"] = min(gaps, -solved.bound)
        if solved.values is not None and -(solved.objective or 0) > plan.covered:
            before = list(plan.chosen)
            chosen = form.chosen(solved.values, plan.chosen)
            plan.load_all(chosen)
            self._settle(before)
        self._tell("covered")

    def _settle(self, before: Sequence[int]) -> None:
        """Keep every course where it was before, as far as it still can be."""
        plan = self.plan
        for i, k in enumerate(before):
            if k >= 0 and plan.chosen[i] != k:
                now = plan.take(i)
                if plan.fits(plan.items[i].choices[k]):
                    plan.put(i, k)
                elif now >= 0:
                    plan.put(i, now)

    def _keep(self) -> list[int]:
        """Items to decide. After a pin: those that cannot stay as they were, and what is near them where they could."""
        plan = self.plan
        everything = list(range(len(plan.items)))
        if not self.problem.previous:
            return everything
        least = plan.instance.base_changed + sum(
            all(choice.changed for choice in item.choices) and item.idle_changed > 0
            for item in plan.items
        )
        if plan.changed > least and not self.is_over:
            least = max(least, self._change_less())
        self.best["changed"] = least
        is_small = sum(len(item.choices) for item in plan.items) <= EXACT_CHOICES
        if self.best["covered"] > plan.covered or is_small:
            return everything
        free = []
        for i, item in enumerate(plan.items):
            choice = plan.choice(i)
            if not item.idle_changed or choice is None or choice.changed:
                free.append(i)
        if plan.changed == least and self._is_forced(free):
            self._standing(set(free))
            return free
        if len(everything) <= 2 * _NEIGHBOURS or len(free) > _NEIGHBOURS // 4:
            return everything
        # Other courses could move instead: those near are decided with them, and nothing is claimed of the rest.
        self.is_near_only = True
        return self._around(free, _NEIGHBOURS)

    def _standing(self, free: set[int]) -> None:
        """Note what a course that stays could still do otherwise: nothing is claimed of what depends on that."""
        for i, item in enumerate(self.plan.items):
            choice = self.plan.choice(i)
            if i in free or choice is None:
                continue
            for other in item.choices:
                if not other.changed and other != choice:
                    self.silent.update(_AFTER_QUARTERS)
                    if other.extra != choice.extra:
                        self.silent.update(_AFTER_EXTRAS)

    def _around(self, free: Sequence[int], number: int) -> list[int]:
        """These items and those at the schools that they are at or could go to."""
        plan = self.plan
        schools = sorted({c.school for i in free for c in plan.items[i].choices if c.school})
        near = Search(plan, self.watch, self.seed).parts_around(schools, number)  # type: ignore[arg-type]
        return sorted({*free, *near})

    def _is_forced(self, free: Sequence[int]) -> bool:
        """Can none of the free courses stay? Then every answer that changes as little keeps the same ones."""
        items = self.plan.items
        return all(
            not items[i].idle_changed or all(choice.changed for choice in items[i].choices)
            for i in free
        )

    def _change_less(self) -> int:
        """Change as few courses as can be with so many covered; returns the bound.

        In a large problem what moved is decided anew with what is near it; the bound is the relaxation's of the whole.
        """
        plan = self.plan
        offset = plan.instance.base_changed + sum(item.idle_changed for item in plan.items)
        whole = Formulation(plan.instance, quarters=False)
        whole.model.row(whole.covered(), upper=-plan.covered)
        whole.model.minimise(whole.changed())
        relaxed = highs.relax_priced(whole.model, seconds=self.watch.left)
        self._did(len(whole.columns))
        bound = (relaxed.bound if relaxed else -offset) + offset
        if plan.changed <= bound:
            return bound
        if len(plan.items) <= 2 * _NEIGHBOURS:
            solved = highs.solve(
                whole.model, start=whole.values(plan.chosen), nodes=200, seconds=self.watch.left
            )
            if solved.values is not None and (solved.objective or 0) + offset < plan.changed:
                plan.load_all(whole.chosen(solved.values, plan.chosen))
            return max(bound, (solved.bound or -offset) + offset)
        moved = [
            i
            for i, item in enumerate(plan.items)
            if (choice := plan.choice(i)) is None or (item.idle_changed and choice.changed)
        ]
        items = self._around(moved, _NEIGHBOURS)
        before = list(plan.chosen)
        reached = plan.covered, plan.changed
        for i in items:
            plan.take(i)
        form = Formulation(plan.instance, quarters=False, items=items, room=plan.room)
        form.model.row(form.covered(), upper=plan.covered - reached[0])
        form.model.minimise(form.changed())
        solved = highs.solve(
            form.model, start=form.values(before), nodes=20, seconds=self.watch.left
        )
        self._did(_WORK_PER_PART)
        plan.load_all(form.chosen(solved.values, before) if solved.values is not None else before)
        if (-plan.covered, plan.changed) > (-reached[0], reached[1]):
            plan.load_all(before)
        return bound

    def _decide(self, plan: Plan, *, seen: bool) -> None:
        """All objectives from the burdens on (and those before, for what is decided here)."""
        choices = sum(len(item.choices) for item in plan.items)
        if choices <= EXACT_CHOICES:
            if self.is_over:
                return
            nodes = max(1, self.limits.work // 40)
            found = in_order(plan, by_highs(nodes), self.watch, lambda: self._tell("exact"))  # type: ignore[arg-type]
            self._did(20 * choices)
            self.best.update(found)
            return
        classes = {
            (i, c.school, c.extra, c.uses) for i, x in enumerate(plan.items) for c in x.choices
        }
        if len(classes) <= WHOLE_CHOICES:
            if self.is_over:
                return
            # Who waits after a pin is told no bounds on what is near it: the tree isn't searched for them.
            nodes = 1 if self.is_near_only else max(1, self.limits.work // 40_000)
            solver = by_highs(nodes)
            self.best.update(in_order(plan, solver, self.watch, quarters=False))  # type: ignore[arg-type]
            self._did(40 * len(classes))
            self._tell("whole")
            self._late(plan)
            self._bound_late(plan, Search(plan, self.watch, self.seed))  # type: ignore[arg-type]
            return
        search = Search(plan, self.watch, self.seed)  # type: ignore[arg-type]
        self._left_out = Quarters(plan).left_out
        with Crew(self.limits.processes, self.watch) as crew:
            self._crew = crew
            self._burdens(plan, search)
            self._ways(plan, search)
        self._late(plan)
        self._bound_late(plan, search)

    def _burdens(self, plan: Plan, search: Search) -> None:
        """Spread the duty: the bounds first, then plans within them, or a step above, or two."""
        names = ("burden", "burden_2", "burden_3")
        gaps = sum(item.is_gap for item in plan.items)
        flow = None
        least = aim = [0] * LEVELS
        if plan.covered == gaps:
            flow = DutyFlow(plan.instance)
            least = flow.levels(tuple(plan.top()))
            aim = flow.levels((least[0],) * LEVELS)
        else:
            least = aim = [self._least_burden(plan), 0, 0]
            aim = [least[0]] * LEVELS
        for above in _ABOVE:
            highest = max(aim[0] + (above > 0), aim[0] * (1000 + above) // 1000)
            burdens = [highest] * LEVELS if above else aim
            if self.is_over or self._within_burdens(plan, search, burdens, is_last=above > 0):
                break
        if flow is not None:
            least = flow.levels(tuple(plan.top()))
        for name, value in zip(names, least, strict=True):
            self.best[name] = value
        if gaps <= _BURDEN_COURSES and tuple(plan.top()) != tuple(least) and not self.is_over:
            self._burdens_by_model(plan)
        self._tell("burden")

    def _burdens_by_model(self, plan: Plan) -> None:
        """The burdens of not too many courses by one model each, where courses are whole also in the bound."""
        form = Formulation(plan.instance, quarters=False)
        model = form.model
        model.row(form.covered(), upper=-plan.covered)
        if self.problem.previous:
            model.row(form.changed(), upper=model.value(form.changed(), form.values(plan.chosen)))
        before = 0
        for name, terms in zip(("burden", "burden_2", "burden_3"), form.add_burdens(), strict=True):
            values = form.values(plan.chosen)
            model.minimise(terms)
            solved = highs.solve(
                model,
                start=values,
                nodes=_BOUND_NODES,
                seconds=self.watch.left,
                is_over=lambda: self.watch.is_over,
            )
            self._did(10 * len(form.columns))
            if solved.values is not None and (solved.objective or 0) < model.value(terms, values):
                plan.load_all(form.chosen(solved.values, plan.chosen))
                values = form.values(plan.chosen)
                self._clusters = None
            reached = model.value(terms, values)
            if solved.bound is not None:
                self.best[name] = max(self.best[name], solved.bound - before)
            model.row(terms, upper=reached)
            before = reached

    def _within_burdens(
        self, plan: Plan, search: Search, burdens: Sequence[int], *, is_last: bool
    ) -> bool:
        """Make it a plan in which nobody carries more, if clusters find one; True when they do.

        Unless it `is_last`, they end early where what is too much goes away slowly, and don't begin where many
        schools would have to be full to the last course: so near the bound there may be no such plan, and one step
        above it clusters need a fraction of the work.
        """
        caps = search.caps_at_best(burdens)
        before, key = list(plan.chosen), plan.key()
        if not search.over(caps):
            return True
        if not is_last and len(plan.items) > 2 * LARGE and self._margin(plan, search, caps) < _ROOM:
            return False
        clusters = self._at_prices(plan, search, caps)
        if clusters is not None:
            tried, over = 0, search.over(caps)
            while search.over(caps) and not clusters.is_done and not self.is_over:
                number = clusters.number
                self._step(clusters)
                if clusters.number > number:
                    self._even(plan, search, caps, _STEPS)
                tried += 1
                if not is_last and not tried % _ATTEMPT:
                    if 2 * search.over(caps) > over:
                        break
                    over = search.over(caps)
            if not search.over(caps):
                self._clusters = clusters
                return True
        if plan.key() >= key:
            plan.load_all(before)
        return False

    def _margin(self, plan: Plan, search: Search, caps: dict[str, int]) -> int:
        """Tenths of a day that every school could stay below its cap at once, when courses may be split."""
        form = self._within(plan, dict.fromkeys(caps, 10**9))
        below = form.model.column(0, max(caps.values()))
        for school, terms in sorted(form.loads().items()):
            left = caps[school] - plan.instance.base_load[school]
            form.model.row([*terms, (below, 1)], upper=left)
        form.model.minimise([(below, -1)])
        self._did(len(form.columns))
        try:
            relaxed = highs.relax_priced(form.model, seconds=self.watch.left)
        except ValueError:
            return 0
        return -relaxed.bound if relaxed else 0

    def _at_prices(self, plan: Plan, search: Search, caps: dict[str, int]) -> Clusters | None:
        """Make it the branch groups' own best plans, what schools may carry in all at its price; then all as one model.

        Some may still carry more than their caps. None, and the plan as it was, where the relaxation has no answer or
        no school has room for all that it had.
        """
        form = self._within(plan, caps, same_courses=True)
        form.model.minimise([*form.travel(), *((x, FAR_WORTH * k) for x, k in form.far())])
        try:
            relaxed = highs.relax_priced(form.model, seconds=self.watch.left)
        except ValueError:
            return None
        self._did(len(form.columns))
        if relaxed is None:
            return None
        priced = Groups(form).priced(relaxed.prices, self._solve_groups)
        if priced is None or priced.values is None:
            return None
        before, covered = list(plan.chosen), plan.covered
        plan.load_all([-1] * len(plan.items))
        for i, first in enumerate(form.chosen(priced.values, before)):
            k = search.quarter(i, first, form) if first >= 0 else -1
            if k >= 0 and plan.fits(plan.items[i].choices[k]):
                plan.put(i, k)
        for i in plan.order():
            if plan.chosen[i] < 0:
                search.place(i, caps)
        if plan.covered < covered:
            plan.repair(min(400_000, self.limits.work // 10), each=20_000)
            self._place_left(plan, search)
        if plan.covered < covered:
            plan.load_all(before)
            return None
        dear = above_prices(form.model, relaxed.prices)
        clusters = Clusters(
            search, form, Quarters(plan), priced, dear, caps, self.watch, self._crew  # type: ignore[arg-type]
        )  # fmt: skip
        self._did(_WORK_PER_STEP * clusters.whole())
        self._tell("clusters")
        return clusters

    def _step(self, clusters: Clusters) -> None:
        self._did(_WORK_PER_COURSE * clusters.number)
        self.parts += 1
        if clusters.step():
            self._tell("clusters")

    def _least_burden(self, plan: Plan) -> int:
        """Bound by the relaxation that covers as many courses."""
        if self.is_over:
            return 0
        form = Formulation(plan.instance, quarters=False)
        form.model.row(form.covered(), upper=-plan.covered)
        (first, *_rest) = form.add_burdens()
        form.model.minimise(first)
        relaxed = highs.relax_priced(form.model, seconds=self.watch.left)
        self._did(len(form.columns))
        return max(0, relaxed.bound) if relaxed else 0

    def _even(self, plan: Plan, search: Search, caps: dict[str, int], steps: int = 0) -> None:
        """Bring schools below their caps by moves and swaps."""
        before = plan.work_done
        search.even(caps, before + _EVEN_WORK, steps)
        self._did((plan.work_done - before) // 20)

    def _place_left(self, plan: Plan, search: Search) -> None:
        """Courses that found no room: those around them are decided anew so that most are covered."""
        for i in [i for i in plan.order() if plan.chosen[i] < 0]:
            schools = sorted({c.school for c in plan.items[i].choices if c.school})
            items = sorted({i, *search.parts_around(schools, _PART)})
            before = list(plan.chosen)
            covered = plan.covered
            for n in items:
                plan.take(n)
            form = Formulation(plan.instance, quarters=False, items=items, room=plan.room)
            form.model.minimise(form.covered())
            solved = highs.solve(form.model, start=form.values(before), nodes=10)
            self._did(_WORK_PER_PART)
            if solved.values is not None:
                plan.load_all(form.chosen(solved.values, plan.chosen))
            if plan.covered <= covered:
                plan.load_all(before)

    def _within(
        self,
        plan: Plan,
        caps: dict[str, int],
        *,
        same_courses: bool = False,
    ) -> Formulation:
        """The model that covers as many courses, no school above its cap; or the `same_courses` as now."""
        form = Formulation(plan.instance, quarters=False, left_out=self._left_out)
        if plan.covered == sum(item.is_gap for item in plan.items):
            form.cover_all()
        elif same_courses:
            for i, row in form.row_of.items():
                if plan.chosen[i] >= 0 and plan.items[i].is_gap:
                    form.model.row_lower[row] = 1
        else:
            form.model.row(form.covered(), upper=-plan.covered)
        if self.problem.previous:
            reached = form.model.value(form.changed(), form.values(plan.chosen))
            form.model.row(form.changed(), upper=reached)
        for school, terms in sorted(form.loads().items()):
            left = caps[school] - plan.instance.base_load[school]
            if sum(days for _, days in terms) > left:
                form.model.row(terms, upper=max(0, left))
        return form

    def _part(self, search: Search, items: Sequence[int], caps: dict[str, int]) -> bool:
        self._did(_WORK_PER_PART + 20 * len(items))
        self.parts += 1
        is_better = search.again(items, caps)
        if is_better:
            self._tell("parts")
        return is_better

    def _ways(self, plan: Plan, search: Search) -> None:
        """Shorten what learners travel, cluster by cluster, no burden heavier than now."""
        if self.is_over:
            return
        top = plan.top()
        highest = {s: max(top[0], plan.burden[s]) for s in plan.load}
        caps = search.caps(top)
        before, key = list(plan.chosen), plan.key()
        clusters = self._clusters or self._at_prices(plan, search, caps)
        if clusters is not None:
            clusters.caps = caps
            until = self.limits.work - self.limits.work // 5  # the rest is for what comes after
            clusters.begin()
            while not (clusters.is_done or clusters.is_near(NEAR) or self.is_over):
                if self.work >= until:
                    self.is_cut = True
                    break
                self._step(clusters)
            if search.over(caps) or plan.key() >= key:
                plan.load_all(before)
        self._tell("ways")
        quiet = 0
        while quiet < _QUIET and not self.is_over:
            # At last in the order of the objectives alone: no kilometre is worth a far learner.
            schools = sorted(plan.load)
            some = search.random.sample(schools, min(3, len(schools)))
            far = plan.far
            self._part(search, search.parts_around(some, _PART), caps)
            quiet = 0 if plan.far < far else quiet + 1
        gaps = sum(item.is_gap for item in plan.items)
        if gaps <= _BURDEN_COURSES:
            self._ways_by_model(plan)
        is_whole = plan.covered == gaps
        if clusters is not None and is_whole and clusters.least_caps == search.caps([top[0]]):
            self.best["travel"] = clusters.least_travel(plan.far)
        for name in () if self.is_near_only else ("far", "travel"):
            bound = self._bound_ways(plan, search, highest, name)
            if bound is not None:
                self._known(name, bound)
            self._tell("ways")

    def _ways_by_model(self, plan: Plan) -> None:
        """Far learners, then kilometres, of not too many courses by one model each.

        It may cover other courses than the plan does, as many of them; so may what its bounds compare with.
        """
        form = Formulation(plan.instance, quarters=False)
        model = form.model
        model.row(form.covered(), upper=-plan.covered)
        reached = form.values(plan.chosen)
        if self.problem.previous:
            model.row(form.changed(), upper=model.value(form.changed(), reached))
        for terms in form.add_burdens():
            model.row(terms, upper=model.value(terms, form.values(plan.chosen)))
        idle = sum(item.idle_far for item in plan.items) + plan.instance.base_far
        for name, terms, offset in (("far", form.far(), idle), ("travel", form.travel(), 0)):
            values = form.values(plan.chosen)
            if not terms or self.is_over:
                continue
            model.minimise(terms)
            solved = highs.solve(
                model,
                start=values,
                nodes=_BOUND_NODES,
                work=_WAYS_STEPS,
                seconds=self.watch.left,
                is_over=lambda: self.watch.is_over,
            )
            self._did(10 * len(form.columns))
            if solved.values is not None and (solved.objective or 0) < model.value(terms, values):
                plan.load_all(form.chosen(solved.values, plan.chosen))
                values = form.values(plan.chosen)
            if solved.bound is not None:
                self._known(name, solved.bound + offset)
            model.row(terms, upper=model.value(terms, values))
            self._tell("ways")

    def _bound_ways(
        self, plan: Plan, search: Search, highest: dict[str, int], name: str
    ) -> int | None:
        """Bound by the relaxation within the burdens reached: no school above the largest of them.

        Leaves out that only one may carry the largest, and two the next; in a large problem also the quarters. Of
        kilometres the solver's cuts say more.
        """
        if self.watch.is_over:
            return None
        instance = plan.instance
        caps = {
            s: instance.base_load[s] + search.whole(s, most_load(burden, instance.size[s]))
            for s, burden in highest.items()
        }
        form = self._within(plan, caps)
        groups = Groups(form)
        offset = sum(item.idle_far for item in plan.items) + instance.base_far
        far = form.far()
        if name == "travel":
            reached = form.model.value(far, form.values(plan.chosen))
            if far:
                form.model.row(far, upper=reached)
            if "far" in self._priced:
                groups.hold(self._priced["far"], reached)
        terms, offset = (far, offset) if name == "far" else (form.travel(), 0)
        form.model.minimise(terms)
        relaxed = highs.relax_priced(form.model, seconds=self.watch.left)
        self._did(len(form.columns))
        if relaxed is None:
            return None
        bound = relaxed.bound
        priced = groups.priced(relaxed.prices, self._solve_groups)
        if priced is not None:
            bound = max(bound, priced.bound)
            self._priced[name] = priced
        if name == "travel" and bound < plan.travel and not self.is_over:
            solved = highs.solve(
                form.model,
                start=form.values(plan.chosen),
                nodes=1,
                work=_CUT_STEPS,
                seconds=self.watch.left,
                is_over=lambda: self.watch.is_over,
            )
            self._did(_WORK_PER_STEP * _CUT_STEPS)
            bound = max(bound, solved.bound or bound)
        return bound + offset

    def _solve_groups(self, models: Sequence[Model]) -> Iterator[Solved]:
        """Branch groups' models, each alone."""
        self._did(sum(len(model.lower) for model in models))
        for _, solved in self._crew.each(_solve_group, models):
            yield solved

    def _late(self, plan: Plan) -> None:
        """Moves and swaps for what is left; and what is plain at sight about the best."""
        before = plan.work_done
        if not self.is_over:
            steps = min(_LATE_WORK, max(1_000, (self.limits.work - self.work) // 2))
            plan.improve(before + steps, lambda: self.watch.is_over)
        self._did(plan.work_done - before)
        gaps = [item for item in plan.items if item.is_gap]
        if plan.covered == len(gaps):
            least = (min(c.farthest for c in item.choices) for item in gaps)
            self._known("farthest", max([plan.instance.base_farthest, *least]))
        self._known("spread", least_spread(plan.instance, plan.covered))
        for name in ("kept", "joint", "guarantee"):
            most = sum(max(getattr(c, name) for c in item.choices) for item in plan.items)
            self._known("guarantees" if name == "guarantee" else name, most)

    def _bound_late(self, plan: Plan, search: Search) -> None:
        """Bounds on what comes last, by the relaxation of the plans that are no worse in what comes before.

        Leaves out the spread over the quarters.
        """
        if self.is_over or self.is_near_only:
            return
        most = plan.top()[0]
        caps = {s: max(cap, plan.load[s]) for s, cap in search.caps([most]).items()}
        form = self._within(plan, caps)
        model, reached = form.model, form.values(plan.chosen)
        groups = Groups(form)
        for name, terms in (("far", form.far()), ("travel", form.travel())):
            value = model.value(terms, reached)
            if name in self._priced:
                groups.hold(self._priced[name], value)
            if terms:
                model.row(terms, upper=value)
        farthest = max(plan.farthest)
        for x, (_, _, choice) in enumerate(form.columns):
            if choice.farthest > farthest:
                model.upper[x] = 0
        for name, terms in (
            ("kept", form.kept()), ("joint", form.joint()), ("guarantees", form.guarantees())
        ):  # fmt: skip
            if self.watch.is_over or not terms:
                continue
            model.minimise(terms)
            self._did(len(form.columns))
            relaxed = highs.relax_priced(model, seconds=self.watch.left)
            if relaxed is not None:
                self._known(name, -relaxed.bound)
            model.row(terms, upper=model.value(terms, reached))

    def _known(self, term: str, best: int) -> None:
        """One more bound on a term; the tighter counts."""
        tighter = min if term in MORE_IS_BETTER else max
        self.best[term] = tighter(best, self.best.get(term, best))

    # ------------------------------------------------------------ telling

    def _did(self, work: int) -> None:
        self.work += work

    def _shift(self, before: tuple[dict[str, int], dict[str, int]]) -> None:
        """Bounds of a part of the problem as bounds of the whole: what stands is added."""
        whole, part = before
        for name in ("covered", "travel", "kept", "joint", "guarantees"):
            if name in self.best and name != "covered":
                self.best[name] += whole[name] - part[name]
        gaps = sum(item.is_gap for item in self.plan.items)
        self.best["covered"] = min(gaps, max(self.plan.covered, self.best["covered"]))

    def _tell(self, phase: str) -> None:
        if not self.watch.is_followed:
            return  # to write the answer out takes a country a tenth of a second
        values = _terms(self.plan)
        bounds = tuple(Bound(t, values[t], self.best.get(t)) for t in TERMS)
        self.watch.tell(bounds, self.plan.solution(), phase)

    def _result(self, instance: Instance) -> Result[Solution]:
        solution = self.plan.solution()
        reached = score(self.problem, solution)
        bounds = []
        for term in TERMS:
            value, best = getattr(reached, term), self.best.get(term)
            if term == "changed" and not self.problem.previous:
                best = 0
            bounds.append(Bound(term, value, best))
        if all(bound.is_proven for bound in bounds):
            status = Status.PROVEN
        else:
            status = Status.STOPPED if self.is_cut else Status.BOUNDED
        return Result(
            status=status,
            solution=solution,
            bounds=tuple(bounds),
            statistics={
                "courses": len(self.problem.courses),
                "gaps": len(self.problem.gaps),
                "possible_cells": sum(
                    len({c.school for c in item.choices if c.school}) for item in instance.items
                ),
                "parts": self.parts,
                "work": self.work,
                "work_limit": self.limits.work,
            },
            solver=SOLVER,
            seed=self.seed,
            contradictions=self._contradictions(solution),
        )

    def _contradictions(self, solution: Solution) -> tuple[Contradiction, ...]:
        """For the first uncovered courses; who wants more asks `contradictions` for them."""
        found = []
        for key in solution.uncovered[:CONTRADICTIONS]:
            if self.watch.is_over or self.work >= self.limits.work:
                break
            self._did(_WORK_PER_CONTRADICTION)
            one = contradiction(self.problem, solution, key)
            if one is not None:
                found.append(one)
        return tuple(found)


def _solve_group(model: Model, watch: Watch[Any]) -> Solved:
    """A branch group's model by some nodes of HiGHS."""
    return highs.solve(
        model,
        nodes=_BOUND_NODES,
        gap=_BOUND_GAP,
        seconds=watch.left,
        is_over=lambda: watch.is_over,
    )


def _terms(plan: Plan) -> dict[str, int]:
    signs = {"covered": -1, "kept": -1, "joint": -1, "guarantees": -1}
    return {term: signs.get(term, 1) * value for term, value in zip(TERMS, plan.key(), strict=True)}
