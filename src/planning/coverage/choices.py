"""What can be chosen for each course, with everything it uses and costs: the problem as solvers read it.

Nothing is decided here. An item is a course that needs a holder, or a covered one that an extra offer would help.
A choice is a holder with a quarter, perhaps with an extra offer and its quarter; item and choice order follow the
keys, so that the order of the facts doesn't matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from planning.coverage.data import QUARTERS, Course, Problem
from planning.coverage.score import burden_of, standing_quarters
from planning.coverage.solution import Assignment, Role, Solution
from planning.coverage.ways import Ways

_UNLIMITED = 10**9


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to serve an item. `school` is empty where the course is held already and gets an extra offer."""

    school: str
    extra: str
    quarter: int
    extra_quarter: int
    uses: tuple[tuple[int, int], ...]
    cells: tuple[int, ...]
    far: int
    travel: int
    farthest: int
    kept: int
    joint: int
    guarantee: int
    changed: int


@dataclass(frozen=True, slots=True)
class Item:
    """A course that something can be chosen for; choosing nothing costs `idle_far` and `idle_changed`."""

    course: Course
    is_gap: bool
    choices: tuple[Choice, ...]
    idle_far: int
    idle_changed: int


@dataclass(frozen=True, slots=True)
class Alike:
    """An item's choices in classes: the first of each with what it uses, and the class of each choice."""

    first: tuple[tuple[int, Choice, tuple[tuple[int, int], ...]], ...]
    of_choice: tuple[int, ...]


@dataclass
class Instance:
    """Items with their choices; limits in tenths of days; standing offers as they count for the spread."""

    problem: Problem
    items: tuple[Item, ...]
    limits: list[int]
    limit_keys: list[tuple[str, str, int]]
    """School, branch group (empty: over all) and quarter (0: the year) of each limit."""
    standing: list[int]
    """Courses that stand in each (FKB, quarter)."""
    cell_keys: list[tuple[str, int]]
    base_far: int
    base_changed: int
    base_load: dict[str, int] = field(default_factory=dict)
    base_farthest: int = 0
    _alike: dict[frozenset[int], dict[int, Alike]] = field(default_factory=dict, repr=False)

    def alike(self, i: int, left_out: frozenset[int]) -> Alike:
        """The item's choices in classes: those of one class have the same schools and use the same limits but these."""
        known = self._alike.setdefault(left_out, {})
        if i not in known:
            seen: dict[object, int] = {}
            first: list[tuple[int, Choice, tuple[tuple[int, int], ...]]] = []
            of_choice = []
            for k, choice in enumerate(self.items[i].choices):
                uses = tuple(use for use in choice.uses if use[0] not in left_out)
                kind = (choice.school, choice.extra, uses)
                if kind not in seen:
                    seen[kind] = len(first)
                    first.append((k, choice, uses))
                of_choice.append(seen[kind])
            known[i] = Alike(tuple(first), tuple(of_choice))
        return known[i]

    @cached_property
    def schools(self) -> tuple[str, ...]:
        return tuple(sorted(s.key for s in self.problem.schools if s.in_round))

    @cached_property
    def size(self) -> dict[str, int]:
        return {s.key: s.size for s in self.problem.schools}

    @cached_property
    def willing(self) -> dict[str, tuple[str, ...]]:
        """Schools that would follow, per course."""
        return {course.key: followers(self.problem, course) for course in self.problem.courses}

    def burden(self, school: str, load: int) -> int:
        return burden_of(load, self.size[school])

    def solution(self, chosen: dict[str, Choice]) -> Solution:
        """The answer with one choice per decided course, and everybody following who will."""
        cells: list[Assignment] = []
        problem = self.problem
        for key, choice in chosen.items():
            for school, quarter, role in (
                (choice.school, choice.quarter, Role.HOLDER),
                (choice.extra, choice.extra_quarter, Role.EXTRA),
            ):
                if school:
                    line = problem.line_by_cell[key, school]
                    cells.append(Assignment(key, school, role, line.guarantee, quarter))
        for course in problem.courses:
            cells += self._followers(course, chosen.get(course.key))
        uncovered = (c.key for c in problem.gaps if c.key not in chosen or not chosen[c.key].school)
        return Solution(tuple(sorted(cells)), tuple(uncovered))

    def _followers(self, course: Course, choice: Choice | None) -> list[Assignment]:
        willing = self.willing[course.key]
        if not willing:
            return []
        taken = {choice.school, choice.extra} if choice else set()
        if choice is not None and choice.school:
            quarter = choice.quarter
        elif self.problem.is_low(course) and self.problem.lead(course) is not None:
            quarter = self.problem.lead_quarter(course) if self.problem.plans_quarters else 0
        else:
            return []
        return [
            Assignment(course.key, school, Role.FOLLOWER, quarter=quarter)
            for school in willing
            if school not in taken
        ]


def followers(problem: Problem, course: Course) -> tuple[str, ...]:
    """Approved schools that will follow and have no other cell of the course, in key order (R28)."""
    return tuple(
        school
        for school in problem.approved(course)
        if (line := problem.line_by_cell.get((course.key, school))) is not None
        and line.will_follow
        and (course.key, school) not in problem.pin_by_cell
        and (course.key, school) not in problem.offer_by_cell
    )


def room_of(problem: Problem, school: str, group: str) -> tuple[int, int]:
    """Tenths of days that the school has beside its pins: in the branch group, and in all."""
    facts = problem.school_by_key[school]
    pinned = problem.pinned_load(school)
    in_group = max(0, dict(facts.capacity).get(group, 0) - pinned.get(group, 0))
    if facts.capacity_total is None:
        return in_group, _UNLIMITED
    return in_group, max(0, facts.capacity_total - sum(pinned.values()))


def quarter_room(problem: Problem, school: str, group: str) -> dict[int, int]:
    """Tenths of days left beside the pins in each quarter that has a limit of its own."""
    if not problem.plans_quarters:
        return {}
    return {
        quarter: max(0, days - problem.pinned_quarter(school, group, quarter))
        for name, quarter, days in problem.school_by_key[school].capacity_quarters
        if name == group
    }


def options(problem: Problem, course: Course) -> tuple[str, ...]:
    """Schools that could hold the course if they had nothing else: they may, said so, and aren't pinned."""
    return tuple(
        key
        for key in problem.may_hold(course)
        if can_take(problem, course, key)
        and (not problem.plans_quarters or quarters_of(problem, course, key))
    )


def can_take(problem: Problem, course: Course, school: str) -> bool:
    """Did the school say that it can, with days enough for this course alone, and is the cell free?"""
    cell = (course.key, school)
    line = problem.line_by_cell.get(cell)
    if line is None or line.can_take_on == 0 or line.can_take_on < course.days:
        return False
    if cell in problem.pin_by_cell or cell in problem.offer_by_cell:
        return False
    return all(course.days <= room for room in room_of(problem, school, course.group))


def quarters_of(problem: Problem, course: Course, school: str) -> tuple[int, ...]:
    """Quarters in which the school could hold the course if it had nothing else; (0,) without quarters."""
    if not problem.plans_quarters:
        return (0,)
    room = quarter_room(problem, school, course.group)
    said = problem.line_by_cell[course.key, school].quarters or QUARTERS
    return tuple(q for q in sorted(said) if room.get(q, _UNLIMITED) >= course.days)


def compile_problem(problem: Problem) -> Instance:
    """The problem as items and choices. Limits that nothing can break are left out."""
    return _Compiler(problem).run()


class _Compiler:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.ways = Ways(problem)
        self.limit_of: dict[tuple[str, str, int], int] = {}
        self.limits: list[int] = []
        self.could_use: list[int] = []
        self.cell_of: dict[tuple[str, int], int] = {}
        self.standing_cells = standing_quarters(problem) if problem.plans_quarters else set()

    def run(self) -> Instance:
        problem = self.problem
        rows = []
        base_far = base_changed = 0
        gaps = {course.key for course in problem.gaps}
        for course in sorted(problem.courses, key=lambda c: c.key):
            is_gap = course.key in gaps
            idle = self.ways.reach(course, problem.providers(course))
            is_told = bool(problem.far_km) and course.key in problem.demand_of
            idle_far = idle.far if is_told and not course.is_external else 0
            idle_changed = int(is_gap and course.key in problem.previous_of)
            plain = self._plain(course, is_gap, idle_far)
            if plain:
                rows.append((course, is_gap, plain, idle_far, idle_changed))
            else:
                base_far += idle_far
                base_changed += idle_changed
        self._drop_loose(rows)
        for key, quarter in sorted(self.standing_cells):
            self._cell(problem.course_by_key[key], quarter)
        items = tuple(
            Item(course, is_gap, tuple(self._choices(course, plain)), idle_far, idle_changed)
            for course, is_gap, plain, idle_far, idle_changed in rows
        )
        standing = [0] * len(self.cell_of)
        for key, quarter in self.standing_cells:
            standing[self.cell_of[problem.course_by_key[key].fkb, quarter]] += 1
        return Instance(
            problem=problem,
            items=items,
            limits=self.limits,
            limit_keys=list(self.limit_of),
            standing=standing,
            cell_keys=list(self.cell_of),
            base_far=base_far,
            base_changed=base_changed,
            base_load={
                s.key: sum(problem.pinned_load(s.key).values())
                for s in problem.schools
                if s.in_round
            },
        )

    def _plain(self, course: Course, is_gap: bool, idle_far: int) -> list[tuple[str, str, int]]:
        """Pairs of holder and extra offer, each with its far learners; an extra that helps too little is left out."""
        problem = self.problem
        if course.is_external:
            return []
        standing = problem.providers(course)
        able = options(problem, course)
        told = idle_far or course.key in problem.demand_of
        may_add = bool(problem.far_km) and told
        found: list[tuple[str, str, int]] = []
        for school in able if is_gap else ("",):
            new = (school,) if school else ()
            alone = self.ways.reach(course, (*standing, *new)).far if told and problem.far_km else 0
            if school:
                found.append((school, "", alone))
            for extra in able if may_add and alone >= problem.extra_for else ():
                if extra == school:
                    continue
                far = self.ways.reach(course, (*standing, *new, extra)).far
                if far + problem.extra_for <= alone:
                    found.append((school, extra, far + problem.extra_for))
        return found

    def _drop_loose(
        self, rows: list[tuple[Course, bool, list[tuple[str, str, int]], int, int]]
    ) -> None:
        """Number the limits that the choices together could break."""
        problem = self.problem
        total: dict[tuple[str, str, int], int] = {}
        for course, _, plain, _, _ in rows:
            for school in sorted({s for pair in plain for s in pair[:2] if s}):
                keys = [(school, course.group, 0), (school, "", 0)]
                room = quarter_room(problem, school, course.group)
                keys += [
                    (school, course.group, q)
                    for q in quarters_of(problem, course, school)
                    if q in room
                ]
                for key in keys:
                    total[key] = total.get(key, 0) + course.days
        for key in sorted(total):
            school, group, quarter = key
            in_group, in_all = room_of(problem, school, group)
            if quarter:
                limit = quarter_room(problem, school, group)[quarter]
            else:
                limit = in_group if group else in_all
            if total[key] > limit:
                self.limit_of[key] = len(self.limits)
                self.limits.append(limit)

    def _uses(self, course: Course, places: list[tuple[str, int]]) -> tuple[tuple[int, int], ...]:
        used: dict[int, int] = {}
        for school, quarter in places:
            keys = {(school, course.group, 0), (school, "", 0), (school, course.group, quarter)}
            for key in keys:
                limit = self.limit_of.get(key)
                if limit is not None and course.days:
                    used[limit] = used.get(limit, 0) + course.days
        return tuple(sorted(used.items()))

    def _cell(self, course: Course, quarter: int) -> int:
        return self.cell_of.setdefault((course.fkb, quarter), len(self.cell_of))

    def _choices(self, course: Course, plain: list[tuple[str, str, int]]) -> list[Choice]:
        problem = self.problem
        previous = problem.previous_of.get(course.key)
        willing = followers(problem, course)
        is_low = problem.is_low(course)
        standing = problem.providers(course)
        found = []
        for school, extra, far in plain:
            new = tuple(s for s in (school, extra) if s)
            reach = self.ways.reach(course, (*standing, *new)) if new else None
            line = problem.line_by_cell.get((course.key, school))
            other = problem.line_by_cell.get((course.key, extra))
            for quarter in quarters_of(problem, course, school) if school else (0,):
                for second in quarters_of(problem, course, extra) if extra else (0,):
                    places = [(s, q) for s, q in ((school, quarter), (extra, second)) if s]
                    cells = {
                        self._cell(course, q)
                        for _, q in places
                        if q and (course.key, q) not in self.standing_cells
                    }
                    found.append(
                        Choice(
                            school=school,
                            extra=extra,
                            quarter=quarter,
                            extra_quarter=second,
                            uses=self._uses(course, places),
                            cells=tuple(sorted(cells)),
                            far=far,
                            travel=reach.travel if reach else 0,
                            farthest=reach.farthest if reach else 0,
                            kept=int(bool(school) and course.last_holder == school),
                            joint=int(
                                bool(school) and is_low and any(s not in new for s in willing)
                            ),
                            guarantee=sum(x.guarantee for x in (line, other) if x is not None),
                            changed=int(
                                bool(school) and previous is not None and previous != school
                            ),
                        )
                    )
        return found
