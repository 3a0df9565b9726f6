"""A plan under work: one choice per item, the room that is left, and every objective kept up to date.

Moves are weighed by the objectives in their order, never by a mixture. Knows no solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import nlargest
from itertools import combinations

from planning.coverage.choices import Choice, Instance
from planning.coverage.score import LEVELS
from planning.coverage.solution import Solution

Key = tuple[int, ...]
"""The objectives in their order, each the smaller the better; the same as `Score.key` but for constants."""

_MOVED_TOGETHER = 3


class Plan:
    """Which choice each item has (-1: none). `work_done` counts placements tried."""

    def __init__(self, instance: Instance, chosen: Sequence[int] | None = None) -> None:
        self.instance = instance
        self.items = instance.items
        self.chosen = [-1] * len(self.items)
        self.room = list(instance.limits)
        self.load = dict(instance.base_load)
        self.burden = {s: instance.burden(s, load) for s, load in self.load.items()}
        self.held: dict[str, set[int]] = {school: set() for school in self.load}
        self.cells = list(instance.standing)
        self.covered = 0
        self.changed = instance.base_changed + sum(item.idle_changed for item in self.items)
        self.far = instance.base_far + sum(item.idle_far for item in self.items)
        self.travel = 0
        self.spread = sum(n * (n - 1) // 2 for n in self.cells)
        self.kept = self.joint = self.guarantees = 0
        self.farthest: dict[int, int] = {instance.base_farthest: 1}
        self.work_done = 0
        for i, k in enumerate(chosen or ()):
            if k >= 0:
                self.put(i, k)

    def choice(self, i: int) -> Choice | None:
        return self.items[i].choices[self.chosen[i]] if self.chosen[i] >= 0 else None

    def fits(self, choice: Choice) -> bool:
        self.work_done += 1
        return all(days <= self.room[limit] for limit, days in choice.uses)

    def put(self, i: int, k: int) -> None:
        self._turn(i, k, 1)
        self.chosen[i] = k

    def take(self, i: int) -> int:
        k = self.chosen[i]
        if k >= 0:
            self._turn(i, k, -1)
            self.chosen[i] = -1
        return k

    def _turn(self, i: int, k: int, sign: int) -> None:
        item = self.items[i]
        choice = item.choices[k]
        for limit, days in choice.uses:
            self.room[limit] -= sign * days
        if choice.school:
            self.covered += sign
            self.load[choice.school] += sign * item.course.days
            self.burden[choice.school] = self.instance.burden(
                choice.school, self.load[choice.school]
            )
            (self.held[choice.school].add if sign > 0 else self.held[choice.school].remove)(i)
        self.changed += sign * (choice.changed - item.idle_changed)
        self.far += sign * (choice.far - item.idle_far)
        self.travel += sign * choice.travel
        self.kept += sign * choice.kept
        self.joint += sign * choice.joint
        self.guarantees += sign * choice.guarantee
        number = self.farthest.get(choice.farthest, 0) + sign
        if number:
            self.farthest[choice.farthest] = number
        else:
            del self.farthest[choice.farthest]
        for cell in choice.cells:
            self.spread += self.cells[cell] if sign > 0 else 1 - self.cells[cell]
            self.cells[cell] += sign

    def top(self) -> list[int]:
        largest = nlargest(LEVELS, self.burden.values())
        return largest + [0] * (LEVELS - len(largest))

    def key(self) -> Key:
        return (
            -self.covered,
            self.changed,
            *self.top(),
            self.far,
            self.travel,
            max(self.farthest),
            self.spread,
            -self.kept,
            -self.joint,
            -self.guarantees,
        )

    def load_all(self, chosen: Sequence[int]) -> None:
        """Make it this plan."""
        for i, k in enumerate(self.chosen):
            if k >= 0 and k != chosen[i]:
                self.take(i)
        for i, k in enumerate(chosen):
            if k >= 0 and self.chosen[i] < 0:
                self.put(i, k)

    def solution(self) -> Solution:
        return self.instance.solution(
            {
                item.course.key: choice
                for i, item in enumerate(self.items)
                if (choice := self.choice(i)) is not None
            }
        )

    def without(self, items: Iterable[int]) -> Instance:
        """The problem of these items alone, all others standing as they are."""
        free = sorted(items)
        kept = {i: self.take(i) for i in free}
        instance = self.instance
        rest = Instance(
            problem=instance.problem,
            items=tuple(self.items[i] for i in free),
            limits=list(self.room),
            limit_keys=instance.limit_keys,
            standing=list(self.cells),
            cell_keys=instance.cell_keys,
            base_far=self.far - sum(self.items[i].idle_far for i in free),
            base_changed=self.changed - sum(self.items[i].idle_changed for i in free),
            base_load=dict(self.load),
            base_farthest=max(self.farthest),
        )
        for i, k in kept.items():
            if k >= 0:
                self.put(i, k)
        return rest

    # ------------------------------------------------------------ from an answer, and greedily

    def start(self, solution: Solution | None) -> None:
        """Take over what still fits of an earlier answer."""
        if solution is None:
            return
        cells = {(a.course, a.role.value): a for a in solution.assignments}
        for i, item in enumerate(self.items):
            holder = cells.get((item.course.key, "holder"))
            extra = cells.get((item.course.key, "extra"))
            if holder is None and (item.is_gap or extra is None):
                continue
            wanted = (
                holder.school if holder and item.is_gap else "",
                extra.school if extra else "",
                holder.quarter if holder and item.is_gap else 0,
                extra.quarter if extra else 0,
            )
            order = sorted(
                (k for k, c in enumerate(item.choices) if c.school == wanted[0]),
                key=lambda k: (
                    item.choices[k].extra != wanted[1],
                    item.choices[k].quarter != wanted[2],
                    item.choices[k].extra_quarter != wanted[3],
                    k,
                ),
            )
            for k in order:
                if self.fits(item.choices[k]):
                    self.put(i, k)
                    break

    def order(self) -> list[int]:
        """Hardest first: fewest schools, most days, most learners."""
        return sorted(
            (i for i, item in enumerate(self.items) if item.is_gap),
            key=lambda i: (
                len({c.school for c in self.items[i].choices}),
                -self.items[i].course.days,
                -self.items[i].course.activity,
                self.items[i].course.key,
            ),
        )

    def construct(self) -> None:
        """Most constrained course first, each to what suits best now; extra offers last."""
        for i in self.order():
            if self.chosen[i] < 0:
                self.put_best(i)
        for i, item in enumerate(self.items):
            if not item.is_gap and self.chosen[i] < 0:
                self.put_best(i)

    def put_best(self, i: int, *, plain: bool = True) -> bool:
        item = self.items[i]
        best: tuple[tuple[int, ...], int] | None = None
        most = max(self.burden.values(), default=0)
        for k, choice in enumerate(item.choices):
            if (plain and item.is_gap and choice.extra) or not self.fits(choice):
                continue
            worth = self._worth(i, choice, most)
            if best is None or (worth, k) < best:
                best = (worth, k)
        if best is None:
            return False
        self.put(i, best[1])
        return True

    def _worth(self, i: int, choice: Choice, most: int) -> tuple[int, ...]:
        burden = 0
        if choice.school:
            days = self.items[i].course.days
            burden = self.instance.burden(choice.school, self.load[choice.school] + days)
        spread = sum(self.cells[cell] for cell in choice.cells)
        late = (choice.far, choice.travel, spread, -choice.kept, -choice.joint, -choice.guarantee)
        return (choice.changed, max(burden, most), *late, burden)

    def repair(self, work: int, each: int = 2_000) -> None:
        """Make room for courses left over by moving others along a chain, as long as that helps."""
        last = self.work_done + work
        for i in self.order():
            if self.chosen[i] < 0 and self.work_done < last:
                self._augment(i, frozenset(), min(last, self.work_done + each))

    def _augment(self, i: int, moving: frozenset[int], until: int) -> bool:
        """Place the course, moving up to three others aside, each placed anew the same way."""
        if self.put_best(i):
            return True
        moving |= {i}
        before = list(self.chosen)
        for k, choice in enumerate(self.items[i].choices):
            if choice.extra:
                continue
            for others in self._ways_to_make_room(i, choice, moving, until):
                if self.work_done >= until:
                    return False
                for other in others:
                    self.take(other)
                self.put(i, k)
                if all(self._augment(other, moving | set(others), until) for other in others):
                    return True
                self.load_all(before)
        return False

    def _ways_to_make_room(
        self, i: int, choice: Choice, moving: frozenset[int], until: int
    ) -> list[tuple[int, ...]]:
        """Fewest courses first; each set frees enough days of every limit that is short."""
        short = {
            limit: days - self.room[limit] for limit, days in choice.uses if days > self.room[limit]
        }
        movable = []
        for other in sorted(self.held[choice.school]):
            uses = dict(self.items[other].choices[self.chosen[other]].uses)
            if other not in moving and any(limit in uses for limit in short):
                movable.append((other, uses))
        ways: list[tuple[int, ...]] = []
        for number in range(1, _MOVED_TOGETHER + 1):
            for others in combinations(movable, number):
                self.work_done += 1
                if self.work_done >= until:
                    return ways
                if all(
                    sum(uses.get(limit, 0) for _, uses in others) >= days
                    for limit, days in short.items()
                ):
                    ways.append(tuple(other for other, _ in others))
            if ways:
                break
        return ways

    # ------------------------------------------------------------ getting better

    def improve(self, until: int, is_over: Callable[[], bool] = lambda: False) -> None:
        """Move single courses, or swap two, while the objectives get better in their order."""
        is_better = True
        while is_better and self.work_done < until:
            is_better = False
            for i in range(len(self.items)):
                if self.work_done >= until or is_over():
                    return
                if self.move(i) or self._swap(i, until):
                    is_better = True

    def move(self, i: int) -> bool:
        """Give the item its best choice, when that is better than what it has."""
        before = self.key()
        home = self.take(i)
        best, best_k = before, home
        for k, choice in enumerate(self.items[i].choices):
            if k != home and self.fits(choice):
                self.put(i, k)
                key = self.key()
                if key < best:
                    best, best_k = key, k
                self.take(i)
        if best_k != home:
            if not self.items[i].is_gap or best_k >= 0:
                self.put(i, best_k)
            return True
        if home >= 0:
            self.put(i, home)
            if not self.items[i].is_gap:
                self.take(i)
                if self.key() < before:
                    return True
                self.put(i, home)
        return False

    def _swap(self, i: int, until: int) -> bool:
        """Let the course and one at another school change places, each in its best quarter."""
        home = self.choice(i)
        if home is None or not home.school:
            return False
        before = self.key()
        for school in sorted({c.school for c in self.items[i].choices} - {home.school}):
            for j in sorted(self.held[school]):
                if not any(c.school == home.school for c in self.items[j].choices):
                    continue
                if self.work_done >= until:
                    return False
                first, second = self.take(i), self.take(j)
                if self._put_at(i, school) and self._put_at(j, home.school):
                    if self.key() < before:
                        return True
                self.take(i)
                self.take(j)
                self.put(i, first)
                self.put(j, second)
        return False

    def _put_at(self, i: int, school: str) -> bool:
        best: tuple[tuple[int, ...], int] | None = None
        for k, choice in enumerate(self.items[i].choices):
            if choice.school == school and self.fits(choice):
                worth = self._worth(i, choice, 0)
                if best is None or (worth, k) < best:
                    best = (worth, k)
        if best is None:
            return False
        self.put(i, best[1])
        return True
