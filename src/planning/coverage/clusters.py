"""Getting better cluster by cluster: a few schools near each other give up their courses and share them out anew.

The start is each branch group decided alone, at the relaxation's prices for what ties the groups together
(`bounds.Groups`): near the best there is, but some schools carry too much. The clusters take that away where it costs
least, then shorten what learners travel. What the prices say of a course, above its cheapest choice, is its regret;
clusters are drawn where there is most of it. A large problem's ways are shortened as a whole instead, for a while, and
then by many courses from all over it at once, without the choices that the prices rule out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planning.coverage.bounds import Priced
from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.coverage.search import Search
from planning.result import Watch
from planning.solvers import highs
from planning.solvers.model import Model

FAR_WORTH = 2_000
"""Kilometres that one far learner weighs here."""
_OVER_WORTH = 2_000
"""Kilometres that a tenth of a day above a cap weighs, as long as there is one."""
MOVED_WORTH = 200_000
_SMALL, LARGE = 200, 900
"""Courses in a cluster: few at first, more when few don't help any longer."""
_PATIENCE = 6
"""Clusters of one size that may bring nothing before larger ones are drawn."""
_LITTLE = 10_000
"""A cluster that brings less than this share of the kilometres counts as bringing nothing."""
_NODES = 20
_NEAR = 1e-4
_NEARER = 1e-5
_WHOLE_STEPS = 3_000
"""So many of the solver's steps for all courses at once: what it finds in ten times as many is little more."""
_SCATTERED_STEPS = 10_000
_DEAR = 2_500
"""A choice that costs so many kilometres more than it is worth at the prices is left out when all is decided anew."""
_REGRET = 2_000
"""A course that would cost so many kilometres more at a school draws it into the cluster half as strongly."""


class Clusters:
    """Improves the search's plan within `caps`, by what the relaxation's prices say."""

    def __init__(
        self,
        search: Search,
        form: Formulation,
        priced: Priced,
        dear: Sequence[float],
        caps: Mapping[str, int],
        watch: Watch[object],
    ) -> None:
        self.search = search
        self.plan: Plan = search.plan
        self.form = form
        self.dear = dear
        """Column → what it costs beyond all prices, those of its group's limits too; 0 in the relaxation's answer."""
        self.caps = caps
        self.watch = watch
        self.number = _SMALL
        self.quiet = 0
        offset = sum(item.idle_far for item in self.plan.items) + self.plan.instance.base_far
        self.least_caps = dict(caps)
        """The caps that the bound of the prices is about."""
        self._least = priced.bound + FAR_WORTH * offset
        self._regret: list[dict[int, float]] = []
        """Item → choice's column → kilometres more than the cheapest, at the prices."""
        for i in range(len(self.plan.items)):
            cost = {x: priced.cost[x] / 100 for x in form.of_item.get(i, ())}
            least = min(cost.values(), default=0.0)
            self._regret.append({x: c - least for x, c in cost.items()})

    def worth(self) -> int:
        """What the clusters make small: days above the caps, moved courses, far learners and kilometres."""
        plan = self.plan
        late = MOVED_WORTH * plan.changed + FAR_WORTH * plan.far + plan.travel
        return _OVER_WORTH * self.search.over(self.caps) + late

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

    def step(self) -> bool:
        """Decide one cluster anew; True when that was better."""
        before = self.worth()
        self._again(self._draw())
        is_better = self.worth() < before
        gain = before - self.worth()
        self.quiet = 0 if gain * _LITTLE > self.plan.travel else self.quiet + 1
        if self.quiet >= _PATIENCE and self.number < LARGE:
            self.number, self.quiet = min(LARGE, self.number * 3), 0
        return is_better

    def whole(self) -> int:
        """Decide all courses anew by one model, without the choices that the prices rule out; returns the steps.

        Clusters end where no few schools can make anything shorter; days may still have to move through many.
        """
        self._again(list(range(len(self.plan.items))), _WHOLE_STEPS)
        return _WHOLE_STEPS

    def scattered(self) -> int:
        """The same for as many courses as a large cluster has, from all over the country; returns the steps."""
        number = min(LARGE, len(self.plan.items))
        items = self.search.random.sample(range(len(self.plan.items)), number)
        self._again(sorted(items), _SCATTERED_STEPS)
        return _SCATTERED_STEPS

    def _draw(self) -> list[int]:
        """Items of the schools drawn, and covered courses that one of them could make an extra offer of."""
        plan, random = self.plan, self.search.random
        load = plan.load
        heavy = self.search.heavy(self.caps)
        if heavy:
            first = max(heavy, key=lambda s: load[s] - self.caps[s] + random.random() * 100)
        else:
            schools = sorted(plan.held)
            regret = [max(1.0, sum(self._now(i) for i in plan.held[s])) for s in schools]
            first = random.choices(schools, regret)[0]
        drawn, weight, number = [first], dict[str, float](), len(plan.held[first])
        while number < self.number:
            last = drawn[-1]
            for i in sorted(plan.held[last]):
                now = self._now(i)
                for x, regret_there in self._regret[i].items():
                    school = self.form.columns[x][2].school
                    if school and school not in drawn:
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
        items = {i for s in drawn for i in plan.held[s]}
        inside = set(drawn)
        items |= {
            i
            for i, item in enumerate(plan.items)
            if not item.is_gap and any(c.extra in inside for c in item.choices)
        }
        return sorted(items)

    def _now(self, i: int) -> float:
        k = self.plan.chosen[i]
        return self._regret[i].get(self.form.classes[i, k], 0.0) if k >= 0 else 0.0

    def _again(self, items: list[int], steps: int | None = None) -> None:
        """The items anew by one model, all others stand; what is not better is undone.

        With `steps` the solver takes that many, among the choices that cost little at the prices.
        """
        plan, instance, caps = self.plan, self.plan.instance, self.caps
        kept, before = list(plan.chosen), self.worth()
        was_over = self.search.over(caps)
        self.search.parts += 1
        for i in items:
            plan.take(i)
        form = Formulation(instance, quarters=False, items=items, room=plan.room)
        model = form.model
        for i in items:
            if kept[i] >= 0 and instance.items[i].is_gap:
                model.row_lower[form.row_of[i]] = 1
        objective: dict[int, int] = {}
        for terms, worth in (
            (form.travel(), 1), (form.far(), FAR_WORTH), (form.changed(), MOVED_WORTH)
        ):  # fmt: skip
            for x, k in terms:
                objective[x] = objective.get(x, 0) + worth * k
        values = form.values(kept)
        for school, terms in sorted(form.loads().items()):
            left = caps[school] - plan.load[school]
            if sum(days for _, days in terms) <= left:
                continue
            if not was_over:
                model.row(terms, upper=left)
            else:
                over = model.column(0, sum(days for _, days in terms) + max(0, -left))
                model.row([*terms, (over, -1)], upper=left)
                objective[over] = _OVER_WORTH
                values.append(max(0, model.value(terms, values) - left))
        model.minimise([(x, k) for x, k in objective.items() if k])
        if steps is None:
            solved = self._solve(model, values)
        else:
            for x, (i, k, _) in enumerate(form.columns):
                if not values[x] and self.dear[self.form.classes[i, k]] > _DEAR:
                    model.upper[x] = 0
            solved = self._solve(model, values, work=steps, gap=_NEARER)
        chosen = form.chosen(solved, kept) if solved is not None else kept
        for i in items:
            if chosen[i] >= 0:
                plan.put(
                    i, self.search.quarter(i, chosen[i], form) if chosen[i] != kept[i] else kept[i]
                )
        if self.worth() >= before or any(room < 0 for room in plan.room):
            plan.load_all(kept)

    def _solve(
        self,
        model: Model,
        start: list[int],
        work: int | None = None,
        gap: float = _NEAR,
    ) -> tuple[int, ...] | None:
        return highs.solve(
            model,
            start=start,
            nodes=_NODES,
            work=work,
            gap=gap,
            seconds=self.watch.left,
            is_over=lambda: self.watch.is_over,
        ).values
