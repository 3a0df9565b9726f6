"""Getting better cluster by cluster: a few schools near each other give up their courses and share them out anew.

The start is each branch group decided alone, at the relaxation's prices for what ties the groups together
(`bounds.Groups`): near the best there is, but some schools carry too much. All courses as one model, with only the
choices that cost next to nothing at the prices, take most of that away; clusters take the rest where it costs least,
then shorten what learners travel. Models leave out the choices that the prices rule out, and the quarters (`Quarters`).

What the prices say of a course, above its cheapest choice, is its regret; clusters are drawn where there is most of it.
Several are drawn at a time, apart from each other, so that several processes can decide them; the answer is that of one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from planning.coverage.bounds import Priced
from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.coverage.quarters import Quarters
from planning.coverage.search import Search
from planning.result import Watch
from planning.solvers import highs
from planning.solvers.crew import Crew
from planning.solvers.model import Model

FAR_WORTH = 2_000
"""Kilometres that one far learner weighs here."""
_OVER_AT_FIRST, _OVER_WORTH = 500, 4_000
"""Kilometres that a tenth of a day above a cap weighs, as long as there is one: while all is decided anew, and later."""
_MOVED_WORTH = 200_000
_SMALL, LARGE = 400, 700
"""Courses in a cluster: few at first, more when few don't help any longer."""
_AT_ONCE = 3
"""So many clusters are drawn at a time."""
_PATIENCE = 25
"""So many times clusters of one size may bring nothing before larger ones are drawn."""
_LITTLE = 10_000
"""Clusters that bring less than this share of the kilometres count as bringing nothing."""
_NODES = 20
_NEAR = 1e-5
_STEPS = 3_000
"""So many of the solver's steps for a cluster."""
_WHOLE_STEPS = 5_000
"""So many for all courses at once."""
_CHEAP = 50
"""A choice that costs so many kilometres more than it is worth at the prices is left out where all is decided anew,"""
_DEAR = {_SMALL: 500, LARGE: 200}
"""and one that costs so many more where a cluster of so many courses is."""
_REGRET = 2_000
"""A course that would cost so many kilometres more at a school draws it into the cluster half as strongly."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Items to decide anew, all others standing, by a model; the columns' values now; steps that it may take."""

    items: tuple[int, ...]
    form: Formulation
    model: Model
    values: list[int]
    steps: int

    @property
    def job(self) -> _Job:
        return self.model, self.values, self.steps


_Job = tuple[Model, list[int], int]


class Clusters:
    """Improves the search's plan within `caps`, by what the relaxation's prices say."""

    def __init__(
        self,
        search: Search,
        form: Formulation,
        quarters: Quarters,
        priced: Priced,
        dear: Sequence[float],
        caps: Mapping[str, int],
        watch: Watch[object],
        crew: Crew,
    ) -> None:
        self.search = search
        self.plan: Plan = search.plan
        self.form = form
        self.quarters = quarters
        self.dear = dear
        """Column → what it costs beyond all prices, those of its group's limits too; 0 in the relaxation's answer."""
        self.caps = caps
        self._over_worth = _OVER_WORTH
        self.watch = watch
        self.crew = crew
        self.least_caps = dict(caps)
        """The caps that the bound of the prices is about."""
        offset = sum(item.idle_far for item in self.plan.items) + self.plan.instance.base_far
        self._least = priced.bound + FAR_WORTH * offset
        self._regret: list[dict[int, float]] = []
        """Item → choice's column → kilometres more than the cheapest, at the prices."""
        for i in range(len(self.plan.items)):
            cost = {x: priced.cost[x] / 100 for x in form.of_item.get(i, ())}
            least = min(cost.values(), default=0.0)
            self._regret.append({x: c - least for x, c in cost.items()})
        self.begin()

    def begin(self) -> None:
        """Draw small clusters again."""
        self.number = _SMALL
        self.quiet = 0

    def worth(self) -> int:
        """What the clusters make small: days above the caps, moved courses, far learners and kilometres."""
        plan = self.plan
        late = _MOVED_WORTH * plan.changed + FAR_WORTH * plan.far + plan.travel
        return self._over_worth * self.search.over(self.caps) + late

    @property
    def is_done(self) -> bool:
        """Did the largest clusters bring nothing for a while?"""
        return self.number >= LARGE and self.quiet >= _PATIENCE

    def is_near(self, share: float) -> bool:
        """Is nothing above the caps, and less than so much of the kilometres between the plan and the prices' bound?"""
        return self.worth() - self._least <= share * self.plan.travel

    def least_travel(self, far: int) -> int:
        """Kilometres that no plan within the caps, with no more learners far away, is below."""
        return self._least - FAR_WORTH * far

    def whole(self) -> int:
        """Decide all courses anew by one model, without the choices that cost anything much; returns the steps.

        Where schools carry too much, days have to move through many of them at once.
        """
        self._over_worth = _OVER_AT_FIRST
        self._decide([self._part(range(len(self.plan.items)), _WHOLE_STEPS, _CHEAP)])
        self._over_worth = _OVER_WORTH
        return _WHOLE_STEPS

    def step(self) -> bool:
        """Decide some clusters anew; True when that was better."""
        before = self.worth()
        drawn: list[_Part] = []
        schools: set[str] = set()
        for _ in range(_AT_ONCE):
            items = self._draw(schools, {i for part in drawn for i in part.items})
            if items:
                drawn.append(self._part(items, _STEPS, _DEAR[self.number]))
        self._decide(drawn)
        gain = before - self.worth()
        self.quiet = 0 if gain * _LITTLE > self.plan.travel else self.quiet + 1
        if self.quiet >= _PATIENCE and self.number < LARGE:
            self.number, self.quiet = LARGE, 0
        return gain > 0

    def _draw(self, taken: set[str], items: Collection[int]) -> list[int]:
        """Items of the schools drawn, none of them `taken` before, and covered courses that one could add an offer of."""
        plan, random = self.plan, self.search.random
        load = plan.load
        heavy = [s for s in self.search.heavy(self.caps) if s not in taken]
        if heavy:
            first = max(heavy, key=lambda s: load[s] - self.caps[s] + random.random() * 100)
        else:
            schools = sorted(set(plan.held) - taken)
            if not schools:
                return []
            regret = [max(1.0, sum(self._now(i) for i in plan.held[s])) for s in schools]
            first = random.choices(schools, regret)[0]
        drawn, weight, number = [first], dict[str, float](), len(plan.held[first])
        while number < self.number:
            last = drawn[-1]
            for i in sorted(plan.held[last]):
                now = self._now(i)
                for x, regret_there in self._regret[i].items():
                    school = self.form.columns[x][2].school
                    if school and school not in drawn and school not in taken:
                        near = 1 / (1 + abs(regret_there - now) / _REGRET)
                        has_room = load[school] < self.caps[school]
                        weight[school] = weight.get(school, 0.0) + near * (2 if has_room else 1)
            weight.pop(last, None)
            if not weight:
                break
            names = sorted(weight)
            following = random.choices(names, [weight[s] ** 2 for s in names])[0]
            drawn.append(following)
            number += len(plan.held[following])
        inside = set(drawn)
        taken |= inside
        found = {i for s in drawn for i in plan.held[s]}
        found |= {
            i
            for i, item in enumerate(plan.items)
            if not item.is_gap and any(c.extra in inside for c in item.choices)
        }
        return sorted(found.difference(items))

    def _now(self, i: int) -> float:
        k = self.plan.chosen[i]
        return self._regret[i].get(self.form.classes[i, k], 0.0) if k >= 0 else 0.0

    def _part(self, items: Sequence[int], steps: int, dear: int) -> _Part:
        """A model of the items, without the choices that are dearer than this at the prices."""
        plan, instance, caps = self.plan, self.plan.instance, self.caps
        kept, was_over = list(plan.chosen), self.search.over(self.caps)
        for i in items:
            plan.take(i)
        left_out = self.quarters.left_out
        form = Formulation(instance, quarters=False, items=items, room=plan.room, left_out=left_out)
        model = form.model
        for i in items:
            if kept[i] >= 0 and instance.items[i].is_gap:
                model.row_lower[form.row_of[i]] = 1
        objective: dict[int, int] = {}
        for terms, worth in (
            (form.travel(), 1), (form.far(), FAR_WORTH), (form.changed(), _MOVED_WORTH)
        ):  # fmt: skip
            for x, k in terms:
                objective[x] = objective.get(x, 0) + worth * k
        values = form.values(kept)
        for x, (i, k, _) in enumerate(form.columns):
            if not values[x] and self.dear[self.form.classes[i, k]] > dear:
                model.upper[x] = 0
        for school, terms in sorted(form.loads().items()):
            left = caps[school] - plan.load[school]
            if sum(days for _, days in terms) <= left:
                continue
            if not was_over:
                model.row(terms, upper=left)
            else:
                over = model.column(0, sum(days for _, days in terms) + max(0, -left))
                model.row([*terms, (over, -1)], upper=left)
                objective[over] = self._over_worth
                values.append(max(0, model.value(terms, values) - left))
        model.minimise([(x, k) for x, k in objective.items() if k])
        for i in items:
            if kept[i] >= 0:
                plan.put(i, kept[i])
        return _Part(tuple(items), form, model, values, steps)

    def _decide(self, parts: Sequence[_Part]) -> None:
        """Solve the parts, and take each answer that makes the plan better than it is by then."""
        jobs = [part.job for part in parts]
        for part, (_, values) in zip(parts, self.crew.each(_solve, jobs), strict=False):
            self.search.parts += 1
            if values is not None:
                self._take(part, values)

    def _take(self, part: _Part, values: Sequence[int]) -> None:
        plan, before = self.plan, self.worth()
        kept = list(plan.chosen)
        chosen = part.form.chosen(values, kept)
        moved = [
            i
            for i in part.items
            if chosen[i] != kept[i]
            and (
                min(chosen[i], kept[i]) < 0
                or part.form.classes[i, chosen[i]] != part.form.classes[i, kept[i]]
            )
        ]
        for i in moved:
            plan.take(i)
        for i in moved:
            if chosen[i] >= 0:
                plan.put(i, self.search.quarter(i, chosen[i], part.form))
        is_whole = self.quarters.mend() and all(room >= 0 for room in plan.room)
        if not is_whole or self.worth() >= before:
            plan.load_all(kept)


def _solve(job: _Job, watch: Watch[object]) -> tuple[int, ...] | None:
    """A part's model by some nodes and steps of HiGHS."""
    model, start, steps = job
    return highs.solve(
        model,
        start=start,
        nodes=_NODES,
        work=steps,
        gap=_NEAR,
        seconds=watch.left,
        is_over=lambda: watch.is_over,
    ).values
