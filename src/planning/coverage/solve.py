"""A plain greedy with repair, behind the interface that every later solver keeps.

1. Most constrained course first; each goes to the school that keeps the later objectives best.
2. A course that found no room is placed by moving others along a chain (an augmenting path), so that
   nothing stays uncovered merely because of the order.
3. Where the count is still below the bound, a search with a work limit looks for a better set.
4. With the count settled, courses move or swap schools as long as the rest of the score gets better.
5. Schools that said so follow: on newly covered courses, and on courses with low activity (R26, R28).

The upper bound on the count is a maximum flow in which each school has as many places as its shortest
courses would fill (a relaxation: never too low). Deterministic: no clock, no randomness.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from planning.coverage.data import Course, Pin, Problem
from planning.coverage.score import burden_of, score, travel_km
from planning.coverage.solution import Assignment, Role, Solution
from planning.result import Bound, Limits, Result, Status, Watch

SOLVER = "greedy-1"
_MOVED_TOGETHER = 3
_SEARCH_COURSES = 400
_REPAIR_WORK = 20_000


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

    `pins` are decisions made after the problem was written down. From `warm_start` a course keeps its school
    where that still fits. `seed` is kept in the answer for solvers that use one; this solver doesn't.
    """
    if pins:
        newer = {(pin.course, pin.school) for pin in pins}
        kept = tuple(p for p in problem.pins if (p.course, p.school) not in newer)
        problem = replace(problem, pins=kept + tuple(pins))
    plan = _Plan(problem, (limits or Limits()).work)
    plan.start(warm_start)
    plan.construct()
    plan.repair()
    bound = upper_bound(problem)
    is_exhaustive = False
    if len(plan.holder) < bound:
        is_exhaustive = plan.search(bound)
    best_count = len(plan.holder) if is_exhaustive else bound
    plan.improve()
    solution = plan.solution()
    return Result(
        status=_status(plan, best_count),
        solution=solution,
        bounds=_bounds(problem, solution, best_count),
        statistics={
            "courses": len(problem.courses),
            "gaps": len(problem.gaps),
            "possible_cells": sum(len(schools) for schools in plan.options.values()),
            "work": plan.work_done,
            "work_limit": plan.work_limit,
        },
        solver=SOLVER,
        seed=seed,
    )


def options(problem: Problem, course: Course) -> tuple[str, ...]:
    """Schools that could hold the course if they had nothing else: approved, said so, and not pinned."""
    found = []
    for key in problem.approved(course):
        line = problem.line_by_cell.get((course.key, key))
        if line is None or line.can_take_on == 0 or line.can_take_on < course.days:
            continue
        if (course.key, key) in problem.pin_by_cell or (course.key, key) in problem.offer_by_cell:
            continue
        if all(course.days <= room for room in room_of(problem, key, course.group)):
            found.append(key)
    return tuple(found)


def room_of(problem: Problem, school: str, group: str) -> tuple[int, int]:
    """Tenths of days that the school has beside its pins: in the branch group, and in all."""
    facts = problem.school_by_key[school]
    pinned = problem.pinned_load(school)
    in_group = max(0, dict(facts.capacity).get(group, 0) - pinned.get(group, 0))
    if facts.capacity_total is None:
        return in_group, _UNLIMITED
    return in_group, max(0, facts.capacity_total - sum(pinned.values()))


_UNLIMITED = 10**9


def upper_bound(problem: Problem) -> int:
    """No plan covers more gaps than this. Maximum flow: course → school's group → school."""
    groups: dict[tuple[str, str], list[int]] = {}
    schools: dict[str, list[int]] = {}
    reach: dict[str, tuple[str, ...]] = {}
    group_of: dict[str, str] = {}
    for course in problem.gaps:
        reach[course.key] = options(problem, course)
        group_of[course.key] = course.group
        for school in reach[course.key]:
            groups.setdefault((school, course.group), []).append(course.days)
            schools.setdefault(school, []).append(course.days)
    network = _Flow()
    for key, allowed in reach.items():
        network.link("source", ("course", key), 1)
        for school in allowed:
            network.link(("course", key), ("group", school, group_of[key]), 1)
    for (school, group), days in groups.items():
        places = _places(days, room_of(problem, school, group)[0])
        network.link(("group", school, group), ("school", school), places)
    for school, days in schools.items():
        network.link(("school", school), "sink", _places(days, room_of(problem, school, "")[1]))
    return network.maximum("source", "sink")


def _places(days: Iterable[int], room: int) -> int:
    """How many of the courses fit when the shortest are taken first."""
    number = 0
    for need in sorted(days):
        room -= need
        if room < 0:
            break
        number += 1
    return number


class _Flow:
    """Maximum flow by shortest augmenting paths; enough for a bound."""

    def __init__(self) -> None:
        self.left: dict[object, dict[object, int]] = {}

    def link(self, a: object, b: object, places: int) -> None:
        self.left.setdefault(a, {})[b] = places
        self.left.setdefault(b, {}).setdefault(a, 0)

    def maximum(self, source: object, sink: object) -> int:
        """Units that get from source to sink; each course carries one unit at most."""
        units = 0
        while (path := self._path(source, sink)) is not None:
            for a, b in pairwise(path):
                self.left[a][b] -= 1
                self.left[b][a] += 1
            units += 1
        return units

    def _path(self, source: object, sink: object) -> list[object] | None:
        came_from: dict[object, object] = {source: source}
        queue = [source]
        for node in queue:
            for following, places in self.left.get(node, {}).items():
                if places > 0 and following not in came_from:
                    came_from[following] = node
                    if following == sink:
                        path = [sink]
                        while path[-1] != source:
                            path.append(came_from[path[-1]])
                        return path[::-1]
                    queue.append(following)
        return None


def _status(plan: _Plan, best_count: int) -> Status:
    if not plan.problem.gaps or best_count == 0:
        return Status.PROVEN
    return Status.STOPPED if plan.is_out_of_work else Status.BOUNDED


def _bounds(problem: Problem, solution: Solution, best_count: int) -> tuple[Bound, ...]:
    """The count's bound is proven; of the later terms only what is plain at sight is claimed."""
    result = score(problem, solution)
    nothing = score(problem, Solution(uncovered=tuple(c.key for c in problem.gaps)))
    is_idle = not solution.holder_of and best_count == 0
    least_burden = result.burden if is_idle or result.burden == nothing.burden else None
    most_kept = sum(c.last_holder in options(problem, c) for c in problem.gaps)
    return (
        Bound("covered", result.covered, best_count),
        Bound("burden", result.burden, least_burden),
        Bound("travel", result.travel, 0 if is_idle else None),
        Bound("kept", result.kept, most_kept if result.kept == most_kept else None),
        Bound("guarantees", result.guarantees, 0 if is_idle else None),
    )


class _Plan:
    """A plan under work: who holds what, the room that is left, and the work done."""

    def __init__(self, problem: Problem, work_limit: int) -> None:
        self.problem = problem
        self.work_limit = work_limit
        self.work_done = 0
        self.repair_until = work_limit
        self.course = problem.course_by_key
        self.options = {course.key: options(problem, course) for course in problem.gaps}
        self.holder: dict[str, str] = {}
        self.held: dict[str, list[str]] = {}
        self.group_room: dict[tuple[str, str], int] = {}
        self.total_room: dict[str, int] = {}
        self.load = {
            s.key: sum(problem.pinned_load(s.key).values()) for s in problem.schools if s.in_round
        }
        self.size = {s.key: s.size for s in problem.schools}
        self.burden = {
            school: burden_of(load, self.size[school]) for school, load in self.load.items()
        }
        for key, schools in self.options.items():
            for school in schools:
                group = self.course[key].group
                self.group_room[school, group], self.total_room[school] = room_of(
                    problem, school, group
                )
                self.held.setdefault(school, [])
        self.travel = {
            (key, school): travel_km(problem, self.course[key], school)
            for key, schools in self.options.items()
            for school in schools
        }

    @property
    def is_out_of_work(self) -> bool:
        return self.work_done >= self.work_limit

    def _fits(self, key: str, school: str) -> bool:
        self.work_done += 1
        course = self.course[key]
        return (
            course.days <= self.group_room[school, course.group]
            and course.days <= self.total_room[school]
        )

    def _put(self, key: str, school: str) -> None:
        course = self.course[key]
        self.holder[key] = school
        self.held[school].append(key)
        self.group_room[school, course.group] -= course.days
        self.total_room[school] -= course.days
        self._carry(school, course.days)

    def _take(self, key: str) -> str:
        course = self.course[key]
        school = self.holder.pop(key)
        self.held[school].remove(key)
        self.group_room[school, course.group] += course.days
        self.total_room[school] += course.days
        self._carry(school, -course.days)
        return school

    def _carry(self, school: str, days: int) -> None:
        self.load[school] += days
        self.burden[school] = burden_of(self.load[school], self.size[school])

    def _restore(self, holder: dict[str, str]) -> None:
        for key in list(self.holder):
            self._take(key)
        for key, school in holder.items():
            self._put(key, school)

    def _order(self) -> list[str]:
        return sorted(
            self.options,
            key=lambda key: (
                len(self.options[key]),
                -self.course[key].days,
                -self.course[key].activity,
                key,
            ),
        )

    def _cost(self, key: str, school: str) -> tuple[int, int, int, int, int, str]:
        """How well the school suits the course now, in the order of the objectives; smaller is better."""
        burden = burden_of(self.load[school] + self.course[key].days, self.size[school])
        return (max(burden, self._burden()), *self._late_terms(key, school), burden, school)

    def _late_terms(self, key: str, school: str) -> tuple[int, int, int]:
        line = self.problem.line_by_cell.get((key, school))
        return (
            self.travel[key, school],
            -(self.course[key].last_holder == school),
            -(line is not None and line.guarantee),
        )

    def _burden(self) -> int:
        return max(self.burden.values(), default=0)

    def start(self, warm_start: Solution | None) -> None:
        """Keep what still fits of an earlier answer."""
        if warm_start is None:
            return
        for key, school in sorted(warm_start.holder_of.items()):
            if school in self.options.get(key, ()) and self._fits(key, school):
                self._put(key, school)

    def construct(self) -> None:
        """Most constrained first, each to the school that suits best now."""
        for key in self._order():
            if key not in self.holder:
                self._put_best(key)

    def _put_best(self, key: str) -> bool:
        fitting = [school for school in self.options[key] if self._fits(key, school)]
        if not fitting:
            return False
        self._put(key, min(fitting, key=lambda school: self._cost(key, school)))
        return True

    def repair(self) -> None:
        """Make room for courses left over by moving others, as long as that helps."""
        for key in self._order():
            if key not in self.holder and self.options[key]:
                self.repair_until = min(self.work_limit, self.work_done + _REPAIR_WORK)
                self._augment(key, frozenset())

    def _augment(self, key: str, moving: frozenset[str]) -> bool:
        """Place the course, moving up to three others of a school aside, each placed anew the same way."""
        if self._put_best(key):
            return True
        moving |= {key}
        before = dict(self.holder)
        for school in self.options[key]:
            for others in self._ways_to_make_room(key, school, moving):
                if self.work_done >= self.repair_until:
                    return False
                for other in others:
                    self._take(other)
                self._put(key, school)
                if all(self._augment(other, moving | set(others)) for other in others):
                    return True
                self._restore(before)
        return False

    def _ways_to_make_room(
        self, key: str, school: str, moving: frozenset[str]
    ) -> list[tuple[str, ...]]:
        """Fewest courses first; each set frees enough days in the group and in all."""
        course = self.course[key]
        short_group = course.days - self.group_room[school, course.group]
        short_total = course.days - self.total_room[school]
        movable = sorted(
            k for k in self.held[school] if k not in moving and len(self.options[k]) > 1
        )
        ways: list[tuple[str, ...]] = []
        for number in range(1, _MOVED_TOGETHER + 1):
            for others in combinations(movable, number):
                self.work_done += 1
                if self.work_done >= self.repair_until:
                    return ways
                freed = sum(self.course[k].days for k in others)
                freed_in_group = sum(
                    self.course[k].days for k in others if self.course[k].group == course.group
                )
                if freed >= short_total and freed_in_group >= short_group:
                    ways.append(others)
            if ways:
                break
        return ways

    def search(self, bound: int) -> bool:
        """Branch over courses, hardest first, for a larger set. True when nothing was left out of the search."""
        order = [key for key in self._order() if self.options[key]]
        if len(order) > _SEARCH_COURSES:
            return False
        best = dict(self.holder)
        # Half of what is left, so that the later objectives get their share.
        last = self.work_done + max(0, self.work_limit - self.work_done) // 2
        self._restore({})

        def branch(i: int) -> bool:
            nonlocal best
            if len(self.holder) > len(best):
                best = dict(self.holder)
            if (
                len(best) >= bound
                or i == len(order)
                or len(self.holder) + len(order) - i <= len(best)
            ):
                return True
            if self.work_done >= last:
                return False
            key = order[i]
            fitting = [school for school in self.options[key] if self._fits(key, school)]
            for school in sorted(fitting, key=lambda school: self._cost(key, school)):
                self._put(key, school)
                is_done = branch(i + 1)
                self._take(key)
                if not is_done:
                    return False
                if len(best) >= bound:
                    return True
            return branch(i + 1)

        is_exhaustive = branch(0)
        self._restore(best)
        return is_exhaustive

    def improve(self) -> None:
        """Move or swap while the rest of the score gets better. Courses that are covered stay covered."""
        is_better = True
        while is_better and not self.is_out_of_work:
            is_better = False
            for key in sorted(self.holder):
                if self._move(key) or self._swap(key):
                    is_better = True

    def _value(self, keys: Sequence[str]) -> tuple[int, int, int, int]:
        terms = [self._late_terms(key, self.holder[key]) for key in keys]
        return (
            self._burden(),
            sum(t[0] for t in terms),
            sum(t[1] for t in terms),
            sum(t[2] for t in terms),
        )

    def _move(self, key: str) -> bool:
        before = self._value((key,))
        home = self._take(key)
        for school in self.options[key]:
            if school != home and self._fits(key, school):
                self._put(key, school)
                if self._value((key,)) < before:
                    return True
                self._take(key)
        self._put(key, home)
        return False

    def _swap(self, key: str) -> bool:
        home = self.holder[key]
        for school in self.options[key]:
            if school == home:
                continue
            for other in sorted(self.held[school]):
                if home not in self.options[other]:
                    continue
                if self.is_out_of_work:
                    return False
                before = self._value((key, other))
                self._take(key)
                self._take(other)
                if self._fits(key, school):
                    self._put(key, school)
                    if self._fits(other, home):
                        self._put(other, home)
                        if self._value((key, other)) < before:
                            return True
                        self._take(other)
                    self._take(key)
                self._put(key, home)
                self._put(other, school)
        return False

    def solution(self) -> Solution:
        """The plan as an answer, with those who follow."""
        cells: list[Assignment] = []
        for key, school in self.holder.items():
            line = self.problem.line_by_cell[key, school]
            cells.append(Assignment(key, school, Role.HOLDER, guarantee=line.guarantee))
        for course in self.problem.courses:
            cells.extend(self._followers(course))
        uncovered = tuple(
            course.key for course in self.problem.gaps if course.key not in self.holder
        )
        return Solution(assignments=tuple(sorted(cells)), uncovered=uncovered)

    def _followers(self, course: Course) -> list[Assignment]:
        holder = self.holder.get(course.key)
        is_joint = holder is not None or (
            self.problem.is_low(course) and self.problem.lead(course) is not None
        )
        if not is_joint:
            return []
        return [
            Assignment(course.key, school, Role.FOLLOWER)
            for school in self.problem.approved(course)
            if school != holder
            and (line := self.problem.line_by_cell.get((course.key, school))) is not None
            and line.will_follow
            and (course.key, school) not in self.problem.pin_by_cell
            and (course.key, school) not in self.problem.offer_by_cell
        ]
