"""Getting better part by part: a part of the courses is decided anew by one model, all others stand.

The parts are tied together by what schools may carry at most, and by the objectives in their order: a part's
answer is taken only where the whole plan becomes better.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import gcd

from planning.coverage.formulation import Formulation
from planning.coverage.plan import Plan
from planning.coverage.score import most_load
from planning.result import Watch
from planning.solvers import highs
from planning.solvers.model import Model, Solved, Term

FAR_WORTH = 20_000
"""Kilometres that one far learner weighs inside a part; what counts in the end is the order."""
_TRIED = 4_000
"""So many ways to relieve a school are tried out, the cheapest first."""
_LATELY = 12
"""So many steps what walks from school to school doesn't come back."""

Shift = tuple[tuple[int, str], ...]
"""Items and the schools that they move to."""


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
        self.unit: dict[str, int] = {}
        """What courses can put on a school is a multiple of this; a cap between two such helps nobody."""
        for item in self.instance.items:
            for school in {choice.school for choice in item.choices}:
                self.unit[school] = gcd(self.unit.get(school, 0), item.course.days)
        self._ranked: dict[int, dict[str, list[tuple[int, int]]]] = {}

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
            most = most_load(allowed, instance.size[school])
            found[school] = instance.base_load[school] + self.whole(school, most)
        return found

    def caps_at_best(self, burdens: Sequence[int]) -> dict[str, int]:
        """As `caps`; who may carry more than the last of these are the schools that can then take most more."""
        instance, last = self.instance, burdens[-1]

        def most(school: str, burden: int) -> int:
            return self.whole(school, most_load(burden, instance.size[school]))

        more = sorted(self.plan.load, key=lambda s: (most(s, last) - most(s, burdens[0]), s))
        allowed = {s: burdens[min(n, len(burdens) - 1)] for n, s in enumerate(more)}
        return {s: instance.base_load[s] + most(s, allowed[s]) for s in self.plan.load}

    def whole(self, school: str, most: int) -> int:
        """What courses can put on a school that may carry so much, its pins counted in."""
        more = max(0, most - self.instance.base_load[school])
        return more - more % (self.unit.get(school) or 1)

    # ------------------------------------------------------------ one course, or two, to other schools

    def choices_at(self, i: int) -> dict[str, list[tuple[int, int]]]:
        """The item's choices per school, each with what it costs in far learners and kilometres, cheapest first."""
        if i not in self._ranked:
            found: dict[str, list[tuple[int, int]]] = {}
            for k, choice in enumerate(self.instance.items[i].choices):
                worth = 10 * FAR_WORTH * choice.changed + FAR_WORTH * choice.far + choice.travel
                found.setdefault(choice.school, []).append((worth, k))
            for ranked in found.values():
                ranked.sort()
            self._ranked[i] = found
        return self._ranked[i]

    def place(self, i: int, caps: Mapping[str, int]) -> bool:
        """Give the item the choice that puts least above the caps, and of those the cheapest."""
        plan, days = self.plan, self.instance.items[i].course.days
        ranked = sorted(
            (max(0, plan.load[school] + days - caps[school]), worth, k)
            for school, choices in self.choices_at(i).items()
            if school
            for worth, k in choices
        )
        for _, _, k in ranked:
            if plan.fits(self.instance.items[i].choices[k]):
                plan.put(i, k)
                return True
        return False

    def even(self, caps: Mapping[str, int], until: int, steps: int = 0) -> None:
        """Relieve schools above their caps, the cheapest way each time, as long as less stays above them.

        Where nothing helps at once, what is too much walks on from school to school, so many `steps`, until one has
        room for it.
        """
        plan = self.plan
        is_better = True
        while is_better and plan.work_done < until and not self.watch.is_over:
            is_better = any(
                self._relieve(s, caps, longer=longer)
                for longer in (False, True)
                for s in self.heavy(caps)
            )
        lately: dict[str, int] = {}
        least, kept = self.over(caps), list(plan.chosen)
        for step in range(steps):
            heavy = self.heavy(caps)
            if not heavy or plan.work_done >= until or self.watch.is_over:
                break
            school = self.random.choice(heavy)
            closed = frozenset(s for s, when in lately.items() if step - when < _LATELY)
            if self._relieve(school, caps, closed=closed, walks=True):
                lately[school] = step
            over = self.over(caps)
            if over < least:
                least, kept = over, list(plan.chosen)
        if self.over(caps) > least:
            plan.load_all(kept)

    def heavy(self, caps: Mapping[str, int]) -> list[str]:
        """Schools above their caps, the farthest above first."""
        load = self.plan.load
        return sorted((s for s in load if load[s] > caps[s]), key=lambda s: (caps[s] - load[s], s))

    def _relieve(
        self,
        school: str,
        caps: Mapping[str, int],
        *,
        longer: bool = False,
        walks: bool = False,
        closed: frozenset[str] = frozenset(),
    ) -> bool:
        ways = sorted(self._shifts(school, caps, longer, walks, closed))
        self.plan.work_done += len(ways)
        return any(self._shift(shift) for *_, shift in ways[:_TRIED])

    def _shifts(
        self,
        school: str,
        caps: Mapping[str, int],
        longer: bool,
        walks: bool,
        closed: frozenset[str],
    ) -> Iterator[tuple[bool, float, Shift]]:
        """Ways to take something from the school: a move, a swap, or (longer) two moves in a row.

        First whether nothing is gained (such a way counts only for what `walks`, and never to a closed school), then
        the price of each day less above the caps.
        """
        plan, items = self.plan, self.instance.items
        spare = {s: caps[s] - load for s, load in plan.load.items()}
        above = -spare[school]
        for i in sorted(plan.held[school]):
            days = items[i].course.days
            if not days:
                continue
            now = self._worth(i)
            for other, choices in self.choices_at(i).items():
                if other in (school, ""):
                    continue
                may_walk = walks and other not in closed
                price = choices[0][0] - now
                room = spare[other]
                if not longer:
                    gain = min(above, days) - (max(0, days - room) - max(0, -room))
                    if gain > 0 or (gain == 0 and may_walk):
                        yield gain == 0, price / max(1, gain), ((i, other),)
                for j in sorted(plan.held[other]):
                    less = items[j].course.days
                    if not less or (not longer and less >= days):
                        continue
                    there = self.choices_at(j)
                    at_other = max(0, days - less - room) - max(0, -room)
                    for third in there if longer else (school,):
                        if third in (other, "") or third not in there:
                            continue
                        if third == school:
                            gain = min(above, days - less) - at_other
                        else:
                            free = spare[third]
                            gain = min(above, days) - at_other - max(0, less - free) + max(0, -free)
                        if gain > 0 or (gain == 0 and may_walk):
                            second = there[third][0][0] - self._worth(j)
                            yield (
                                gain == 0,
                                (price + second) / max(1, gain),
                                ((i, other), (j, third)),
                            )

    def _worth(self, i: int) -> int:
        choice = self.plan.choice(i)
        if choice is None:
            return 0
        return 10 * FAR_WORTH * choice.changed + FAR_WORTH * choice.far + choice.travel

    def _shift(self, shift: Shift) -> bool:
        """Make these moves, when all of them find room."""
        plan, items = self.plan, self.instance.items
        before = [(i, plan.take(i)) for i, _ in shift]
        for i, school in shift:
            for _, k in self.choices_at(i)[school]:
                if plan.fits(items[i].choices[k]):
                    plan.put(i, k)
                    break
            else:
                break
        else:
            return True
        for i, _ in shift:
            plan.take(i)
        for i, k in before:
            plan.put(i, k)
        return False

    # ------------------------------------------------------------ parts

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
        """Of the choices that are alike to the solver, one that fits, its quarters used least."""
        plan, item = self.plan, self.instance.items[i]
        column = form.classes[i, k]

        def worth(n: int) -> tuple[int, int, int]:
            choice = item.choices[n]
            above = sum(max(0, days - plan.room[limit]) for limit, days in choice.uses)
            return above, sum(plan.cells[c] for c in choice.cells), n

        return min((n for n in range(len(item.choices)) if form.classes[i, n] == column), key=worth)

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
