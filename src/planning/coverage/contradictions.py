"""Why a course can't be covered with the others: the smallest set of facts that contradict each other.

The facts are: the course must be offered; only these schools may hold it; what each of them said, was decided to,
or has days for; and that the other courses, which use the same days, must be offered too. Take any one away and
the rest can hold. What the other courses' own schools said and have room for stands and isn't told. Of an approved
school that said no, or was decided to, only that is told: it leaves the course nowhere to be there, days or no days.

Codes of the facts (days are tenths of a day):
must_offer     course
only_approved  course, schools
pinned_no      school
said_no        school
line_short     school, days, needed
quarters_said  school, quarters
quarters_full  school, needed
days_left      school, group, days    beside its pins, and beside the other courses where these count
competes       number, group          so many other courses that use the same days
"""

from __future__ import annotations

from collections.abc import Iterable

from planning.coverage.choices import quarter_room, room_of
from planning.coverage.data import QUARTERS, Course, Problem
from planning.coverage.solution import Solution
from planning.messages import Contradiction, Message, message
from planning.solvers import highs
from planning.solvers.contradiction import smallest
from planning.solvers.model import Model, Outcome

Fact = tuple[str, ...]
_NODES = 20
_TRIES = 60
_UNLIMITED = 10**9


def contradictions(
    problem: Problem, solution: Solution, courses: Iterable[str] | None = None
) -> tuple[Contradiction, ...]:
    """One for each uncovered course (or those named) that has one, in the answer's order.

    A course that could be covered after all, or whose school could be found by more search, has none.
    """
    wanted = set(solution.uncovered if courses is None else courses)
    found = []
    for key in solution.uncovered:
        if key in wanted:
            one = contradiction(problem, solution, key)
            if one is not None:
                found.append(one)
    return tuple(found)


def contradiction(problem: Problem, solution: Solution, course: str) -> Contradiction | None:
    """The smallest contradicting set for one uncovered course.

    None when its facts can hold together, or when that isn't settled within the nodes of a few models.

    Raises KeyError for a course that isn't in the problem.
    """
    return _Conflict(problem, solution, problem.course_by_key[course]).find()


class _Conflict:
    def __init__(self, problem: Problem, solution: Solution, course: Course) -> None:
        self.problem = problem
        self.course = course
        self.able = problem.may_hold(course)
        self.holder_of = solution.holder_of
        self.used: dict[tuple[str, str], int] = {}
        """Days per school and branch group that the answer uses."""
        self.fixed: dict[tuple[str, str, int], int] = {}
        """Days that extra offers use: they stand where they are."""
        for a in solution.assignments:
            if a.course in solution.holder_of and a.school == solution.holder_of[a.course]:
                self._use(self.used, problem.course_by_key[a.course], a.school)
            elif a.school == solution.extra_of.get(a.course):
                other = problem.course_by_key[a.course]
                self._use(self.used, other, a.school)
                place = (a.school, other.group, a.quarter)
                self.fixed[place] = self.fixed.get(place, 0) + other.days
        self.others = self._competing()
        self._settled: dict[object, bool] = {}

    @staticmethod
    def _use(used: dict[tuple[str, str], int], course: Course, school: str) -> None:
        used[school, course.group] = used.get((school, course.group), 0) + course.days

    def _competing(self) -> dict[str, tuple[str, ...]]:
        """Courses held where this one could be, then those held where they could be, and so on; with their schools."""
        held: dict[str, list[str]] = {}
        for key, school in sorted(self.holder_of.items()):
            held.setdefault(school, []).append(key)
        found: dict[str, tuple[str, ...]] = {}
        schools = list(self.able)
        seen = set(schools)
        for school in schools:
            has_total = self.problem.school_by_key[school].capacity_total is not None
            for key in held.get(school, ()):
                other = self.problem.course_by_key[key]
                if key in found or not other.days:
                    continue
                if other.group != self.course.group and not has_total:
                    continue
                found[key] = self._options(other)
                schools += [s for s in found[key] if s not in seen]
                seen.update(found[key])
        return found

    def _options(self, course: Course) -> tuple[str, ...]:
        problem = self.problem
        found = []
        for school in problem.may_hold(course):
            cell = (course.key, school)
            line = problem.line_by_cell.get(cell)
            if line is None or line.can_take_on == 0 or line.can_take_on < course.days:
                continue
            if cell not in problem.pin_by_cell and cell not in problem.offer_by_cell:
                found.append(school)
        return tuple(found)

    # ------------------------------------------------------------ facts

    def facts(self) -> list[Fact]:
        """All that speaks against it, the plainest first."""
        problem, course = self.problem, self.course
        found: list[Fact] = [("must_offer",), ("only_approved",)]
        for school in self.able:
            line = problem.line_by_cell.get((course.key, school))
            pin = problem.pin_by_cell.get((course.key, school))
            if pin is not None or (course.key, school) in problem.offer_by_cell:
                found.append(("pinned_no", school))
                continue
            if line is None or line.can_take_on == 0:
                found.append(("said_no", school))
                continue
            if line.can_take_on < course.days:
                found.append(("line_short", school))
            if course.days:
                found.append(("days_left", school))
            if problem.plans_quarters and line.quarters:
                found.append(("quarters_said", school))
            if quarter_room(problem, school, course.group) and course.days:
                found.append(("quarters_full", school))
        if self.others:
            found.append(("competes",))
        return found

    def find(self) -> Contradiction | None:
        facts = self.facts()
        try:
            chosen, is_smallest = smallest(facts, self.is_possible, tries=_TRIES)
        except ValueError:
            return None
        with_others = ("competes",) in chosen
        return Contradiction(
            facts=tuple(self._told(fact, with_others) for fact in chosen),
            subject=self.course.key,
            is_smallest=is_smallest,
        )

    def _told(self, fact: Fact, with_others: bool) -> Message:
        course = self.course
        kind = fact[0]
        if kind == "must_offer":
            return message(kind, course=course.key)
        if kind == "only_approved":
            return message(kind, course=course.key, schools=self.able)
        if kind == "competes":
            return message(kind, number=len(self.others), group=course.group)
        school = fact[1]
        line = self.problem.line_by_cell.get((course.key, school))
        if kind == "line_short" and line is not None:
            return message(kind, school=school, days=line.can_take_on, needed=course.days)
        if kind == "quarters_said" and line is not None:
            return message(kind, school=school, quarters=tuple(str(q) for q in line.quarters))
        if kind == "quarters_full":
            return message(kind, school=school, needed=course.days)
        if kind == "days_left":
            in_group, in_all = room_of(self.problem, school, course.group)
            if with_others:
                in_group -= self.used.get((school, course.group), 0)
                in_all -= sum(days for (s, _), days in self.used.items() if s == school)
            left = max(0, min(in_group, in_all))
            return message(kind, school=school, group=course.group, days=left)
        return message(kind, school=school)

    # ------------------------------------------------------------ can they hold together?

    def is_possible(self, facts: frozenset[Fact]) -> bool:
        """Can every course that must be offered be placed, when only these facts hold?"""
        if ("must_offer",) not in facts or ("only_approved",) not in facts:
            return True
        places = self._places(facts)
        if not places:
            return False
        full = frozenset(school for kind, *rest in facts if kind == "days_left" for school in rest)
        tight = frozenset(
            school for kind, *rest in facts if kind == "quarters_full" for school in rest
        )
        # Where nothing of its room is a fact the course can be, and all others stay where they are.
        if any(self._is_open(school, full, tight) for school, _ in places):
            return True
        has_others = ("competes",) in facts
        question = (places, full, tight, has_others)
        if question not in self._settled:
            self._settled[question] = self._fit(places, full, tight, has_others)
        return self._settled[question]

    def _places(self, facts: frozenset[Fact]) -> tuple[tuple[str, int], ...]:
        found = []
        for school in self.able:
            if any((kind, school) in facts for kind in ("pinned_no", "said_no", "line_short")):
                continue
            line = self.problem.line_by_cell.get((self.course.key, school))
            quarters: tuple[int, ...] = QUARTERS if self.problem.plans_quarters else (0,)
            if ("quarters_said", school) in facts and line is not None:
                quarters = line.quarters
            found += [(school, q) for q in quarters]
        return tuple(found)

    def _fit(
        self,
        places: tuple[tuple[str, int], ...],
        full: frozenset[str],
        tight: frozenset[str],
        has_others: bool,
    ) -> bool:
        problem, course = self.problem, self.course
        model = Model()
        used: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
        some: list[tuple[Course, tuple[tuple[str, int], ...]]] = [(course, places)]
        for key, schools in self.others.items() if has_others else ():
            other = problem.course_by_key[key]
            some.append((other, tuple((s, q) for s in schools for q in self._quarters(other, s))))
        for other, spots in some:
            terms = []
            for school, quarter in spots:
                column = model.column()
                terms.append((column, 1))
                for limit in {
                    (school, other.group, 0),
                    (school, "", 0),
                    (school, other.group, quarter),
                }:
                    used.setdefault(limit, []).append((column, other.days))
            model.row(terms, lower=1, upper=1)
        for limit, terms in sorted(used.items()):
            room = self._room(limit, full, tight)
            if sum(days for _, days in terms) > room:
                model.row(terms, upper=room)
        if len(model.row_lower) == len(some):
            return True
        return highs.solve(model, nodes=_NODES).outcome != Outcome.INFEASIBLE

    def _is_open(self, school: str, full: frozenset[str], tight: frozenset[str]) -> bool:
        """Does none of the facts limit the course at the school?

        So it is where the school said no and that isn't among them: else the school would be named as approved, and
        nothing would say why it can't have the course.
        """
        if not self._may_loosen(school):
            return True
        has_quarters = bool(quarter_room(self.problem, school, self.course.group))
        return school not in full and not (has_quarters and school in tight)

    def _quarters(self, course: Course, school: str) -> tuple[int, ...]:
        """Quarters to tell apart: only where the school has limits on them."""
        if not quarter_room(self.problem, school, course.group):
            return (0,)
        return self.problem.line_by_cell[course.key, school].quarters or QUARTERS

    def _room(
        self, limit: tuple[str, str, int], full: frozenset[str], tight: frozenset[str]
    ) -> int:
        school, group, quarter = limit
        is_asked = school in self.able
        if quarter:
            if is_asked and school not in tight and self._may_loosen(school):
                return _UNLIMITED
            room = quarter_room(self.problem, school, group).get(quarter, _UNLIMITED)
            return max(0, room - self.fixed.get((school, group, quarter), 0))
        if is_asked and school not in full and self._may_loosen(school):
            return _UNLIMITED
        in_group, in_all = room_of(self.problem, school, group)
        taken = sum(
            days for (s, g, _), days in self.fixed.items() if s == school and group in ("", g)
        )
        return max(0, (in_group if group else in_all) - taken)

    def _may_loosen(self, school: str) -> bool:
        """Is its room a fact of its own? Where it said no, or was decided to, that fact is enough, and its room
        stands for the others."""
        cell = (self.course.key, school)
        line = self.problem.line_by_cell.get(cell)
        return (
            line is not None
            and line.can_take_on > 0
            and cell not in self.problem.pin_by_cell
            and cell not in self.problem.offer_by_cell
        )
