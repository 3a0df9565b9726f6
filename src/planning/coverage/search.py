"""Getting better part by part: a part of the courses is decided anew by one model, all others stand.

The parts are tied together by what schools may carry at most, and by the objectives in their order: a part's
answer is taken only where the whole plan becomes better.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.coverage.score import most_load
from planning.result import Watch
from planning.solvers import highs
from planning.solvers.model import Model, Solved, Term

FAR_WORTH = 20_000
"""Kilometres that one far learner weighs inside a part; what counts in the end is the order."""


class Search:
    """Improves a plan; `solve` is the solver of the parts."""

    def __init__(
        self,
        plan: Plan,
        watch: Watch[object],
        seed: int = 0,
        solve: Callable[[Model, Sequence[int]], Solved] | None = None,
    ) -> None:
        self.plan = plan
        self.instance = plan.instance
        self.watch = watch
        self.random = random.Random(seed)  # noqa: S311  (which part is next, no secrets)
        self.solve = solve or self._highs
        self.parts = 0

    def _highs(self, model: Model, start: Sequence[int]) -> Solved:
        return highs.solve(
            model,
            start=start,
            nodes=10,
            gap=0.0002,
            seconds=self.watch.left,
            is_over=lambda: self.watch.is_over,
        )

    def over(self, caps: Mapping[str, int]) -> int:
        """Tenths of days above what schools may carry."""
        return sum(max(0, load - caps.get(s, load)) for s, load in self.plan.load.items())

    def caps(self, burdens: Sequence[int]) -> dict[str, int]:
        """What each school may carry when the largest burdens may be these; the heaviest now keep the first."""
        plan, instance = self.plan, self.instance
        ranked = sorted(plan.load, key=lambda s: (-plan.burden[s], s))
        found = {}
        for rank, school in enumerate(ranked):
            allowed = burdens[min(rank, len(burdens) - 1)]
            found[school] = max(
                most_load(allowed, instance.size[school]), instance.base_load[school]
            )
        return found

    def again(self, items: Sequence[int], caps: Mapping[str, int]) -> bool:
        """Decide the items anew, within the caps as far as can be; True when the plan became better."""
        plan, instance = self.plan, self.instance
        self.parts += 1
        before = (self.over(caps), plan.key())
        kept = list(plan.chosen)
        for i in items:
            plan.take(i)
        room, load = list(plan.room), dict(plan.load)
        covered = sum(kept[i] >= 0 and instance.items[i].is_gap for i in items)
        form = Formulation(instance, quarters=False, items=items, room=room)
        model = form.model
        model.row(form.covered(), upper=-covered)
        # Never more far learners, or moved courses, than now: else the whole would be turned down for them.
        for terms in (form.far(), form.changed()):
            if terms:
                model.row(terms, upper=model.value(terms, form.values(kept)))
        # While somebody carries too much, that comes first; only then the far learners before every kilometre.
        worth = FAR_WORTH // 20 if before[0] else FAR_WORTH
        objective = list(form.travel()) + [(x, worth * k) for x, k in form.far()]
        objective += [(x, 10 * FAR_WORTH * k) for x, k in form.changed()]
        overs: list[tuple[int, str]] = []
        for school, terms in sorted(form.loads().items()):
            if school not in caps:
                continue
            left = caps[school] - load[school]
            if sum(days for _, days in terms) <= left:
                continue
            over = model.column(0, sum(days for _, days in terms) + max(0, -left))
            model.row([*terms, (over, -1)], upper=left)
            overs.append((over, school))
        weight = self._over_weight(objective) if before[0] else 0
        if before[0]:
            objective += [(over, weight) for over, _ in overs]
        else:
            for over, _ in overs:
                model.upper[over] = 0
        model.minimise(_joined(objective))
        values = form.values(kept)
        for over, school in overs:
            used = sum(
                instance.items[i].course.days
                for i in items
                if kept[i] >= 0 and instance.items[i].choices[kept[i]].school == school
            )
            values[over] = max(0, used - (caps[school] - load[school]))
        solved = self.solve(model, values)
        if solved.values is not None:
            for i, k in enumerate(form.chosen(solved.values, kept)):
                if plan.chosen[i] < 0 and k >= 0:
                    plan.put(i, self.quarter(i, k, form))
        if (self.over(caps), plan.key()) < before:
            return True
        plan.load_all(kept)
        return False

    @staticmethod
    def _over_weight(objective: Sequence[Term]) -> int:
        return max(10_000, max((abs(k) for _, k in objective), default=1) // 20)

    def quarter(self, i: int, k: int, form: Formulation) -> int:
        """Of the choices that are alike to the solver, the one whose quarters are least used."""
        plan, item = self.plan, self.instance.items[i]
        column = form.classes[i, k]
        alike = [n for n in range(len(item.choices)) if form.classes[i, n] == column]
        return min(alike, key=lambda n: (sum(plan.cells[c] for c in item.choices[n].cells), n))

    def parts_around(self, schools: Sequence[str], number: int) -> list[int]:
        """Items at the schools and at those their items could go to, at most so many, drawn by chance."""
        plan, items = self.plan, self.instance.items
        near: dict[str, int] = {}
        chosen = sorted({i for s in schools for i in plan.held[s]})
        for i in chosen:
            for school in {c.school for c in items[i].choices if c.school}:
                near[school] = near.get(school, 0) + 1
        if len(chosen) > number // 2:
            chosen = sorted(self.random.sample(chosen, number // 2))
        have = set(chosen)
        others = sorted({i for s in near for i in plan.held[s]} - have)
        if len(others) > number - len(chosen):
            others = self.random.sample(others, number - len(chosen))
        return sorted(have | set(others))


def _joined(terms: Sequence[Term]) -> list[Term]:
    total: dict[int, int] = {}
    for x, k in terms:
        total[x] = total.get(x, 0) + k
    return [(x, k) for x, k in total.items() if k]
