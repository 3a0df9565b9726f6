"""The coverage problem: frozen facts, whole numbers, checked when built.

Days of teaching are counted in tenths of a day (AMU reports part-days, R10), distances in whole kilometres.
Schools and courses are named by keys; the planner never reads their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from planning.checks import check_int, check_known, check_text, check_unique


class OfferRole(StrEnum):
    """What a school does with a course before the planner starts."""

    OWN = "own"
    HOLDER = "holder"
    FOLLOWER = "follower"


class PinRole(StrEnum):
    """What people have decided for a school and a course. `NO`: the school shall not have it."""

    OWN = "own"
    HOLDER = "holder"
    FOLLOWER = "follower"
    NO = "no"


@dataclass(frozen=True, slots=True)
class School:
    """A school. One outside the round (`in_round` false) gets nothing; it is named where it could help.

    `size` is what the burden is measured against. `capacity` is what the school can take on for others per
    branch group, `capacity_total` over all of them (None: no limit over all). A group that isn't named has 0.
    """

    key: str
    name: str = ""
    size: int = 1
    capacity: tuple[tuple[str, int], ...] = ()
    capacity_total: int | None = None
    in_round: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """A course under the duty in one FKB.

    `activity` is last known year's learners. `is_external` says that a binding agreement with a school
    outside covers it (R27). `days_assumed` marks a duration that the sources don't state.
    """

    key: str
    fkb: str
    group: str
    days: int
    title: str = ""
    activity: int = 0
    last_holder: str | None = None
    is_external: bool = False
    days_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """A school's right to offer the courses of an FKB (R4)."""

    school: str
    fkb: str


@dataclass(frozen=True, slots=True)
class FormLine:
    """What a school answered about a course it doesn't offer itself.

    `can_take_on`: tenths of days it can give this course for the others; 0 is no.
    `will_follow`: it will announce another school's run on the same dates (R28).
    """

    course: str
    school: str
    can_take_on: int = 0
    will_follow: bool = False
    guarantee: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that stands: declared on the form, not a decision that the planner may change."""

    course: str
    school: str
    role: OfferRole = OfferRole.OWN
    guarantee: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """A decision by people. Never changed; a pinned holder uses the school's capacity."""

    course: str
    school: str
    role: PinRole


@dataclass(frozen=True, slots=True)
class Distance:
    """Kilometres between two schools, the same both ways."""

    a: str
    b: str
    km: int


@dataclass(frozen=True)
class Problem:
    """All facts of one coverage problem. Building it raises ProblemError for a fact that cannot be right."""

    schools: tuple[School, ...]
    courses: tuple[Course, ...]
    approvals: tuple[Approval, ...] = ()
    lines: tuple[FormLine, ...] = ()
    offers: tuple[Offer, ...] = ()
    pins: tuple[Pin, ...] = ()
    distances: tuple[Distance, ...] = ()
    low_activity_below: int = 0

    def __post_init__(self) -> None:
        check_unique((school.key for school in self.schools), "schools", "key")
        check_unique((course.key for course in self.courses), "courses", "key")
        schools = {school.key for school in self.schools}
        courses = {course.key for course in self.courses}
        for i, school in enumerate(self.schools):
            check_text(school.key, f"schools[{i}].key")
            check_int(school.size, f"schools[{i}].size", least=1)
            check_unique((group for group, _ in school.capacity), f"schools[{i}].capacity", "group")
            for j, (_, days) in enumerate(school.capacity):
                check_int(days, f"schools[{i}].capacity[{j}]", least=0)
            if school.capacity_total is not None:
                check_int(school.capacity_total, f"schools[{i}].capacity_total", least=0)
        for i, course in enumerate(self.courses):
            check_text(course.key, f"courses[{i}].key")
            check_int(course.days, f"courses[{i}].days", least=0)
            check_int(course.activity, f"courses[{i}].activity", least=0)
            if course.last_holder is not None:
                check_known(course.last_holder, schools, f"courses[{i}].last_holder")
        for i, approval in enumerate(self.approvals):
            check_known(approval.school, schools, f"approvals[{i}].school")
        check_unique(((a.school, a.fkb) for a in self.approvals), "approvals", "school and fkb")
        tables: tuple[tuple[str, tuple[FormLine | Offer | Pin, ...]], ...] = (
            ("lines", self.lines),
            ("offers", self.offers),
            ("pins", self.pins),
        )
        for name, cells in tables:
            for i, cell in enumerate(cells):
                check_known(cell.course, courses, f"{name}[{i}].course")
                check_known(cell.school, schools, f"{name}[{i}].school")
            check_unique(((cell.course, cell.school) for cell in cells), name, "course and school")
        for i, line in enumerate(self.lines):
            check_int(line.can_take_on, f"lines[{i}].can_take_on", least=0)
        for i, distance in enumerate(self.distances):
            check_known(distance.a, schools, f"distances[{i}].a")
            check_known(distance.b, schools, f"distances[{i}].b")
            check_int(distance.km, f"distances[{i}].km", least=0)
        check_unique((frozenset((d.a, d.b)) for d in self.distances), "distances", "pair")
        check_int(self.low_activity_below, "low_activity_below", least=0)

    @cached_property
    def school_by_key(self) -> dict[str, School]:
        return {school.key: school for school in self.schools}

    @cached_property
    def course_by_key(self) -> dict[str, Course]:
        return {course.key: course for course in self.courses}

    @cached_property
    def line_by_cell(self) -> dict[tuple[str, str], FormLine]:
        return {(line.course, line.school): line for line in self.lines}

    @cached_property
    def offer_by_cell(self) -> dict[tuple[str, str], Offer]:
        return {(offer.course, offer.school): offer for offer in self.offers}

    @cached_property
    def pin_by_cell(self) -> dict[tuple[str, str], Pin]:
        return {(pin.course, pin.school): pin for pin in self.pins}

    @cached_property
    def _approved(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for approval in self.approvals:
            found.setdefault(approval.fkb, []).append(approval.school)
        return {fkb: tuple(sorted(keys)) for fkb, keys in found.items()}

    @cached_property
    def _km(self) -> dict[tuple[str, str], int]:
        km = {(d.a, d.b): d.km for d in self.distances}
        km.update({(d.b, d.a): d.km for d in self.distances})
        return km

    def approved(self, course: Course, *, in_round: bool = True) -> tuple[str, ...]:
        """Keys of the schools approved for the course's FKB, inside or outside the round, in key order."""
        keys = self._approved.get(course.fkb, ())
        return tuple(key for key in keys if self.school_by_key[key].in_round == in_round)

    def km(self, a: str, b: str) -> int | None:
        """Kilometres between two schools; None when not known."""
        return 0 if a == b else self._km.get((a, b))

    def providers(self, course: Course) -> tuple[str, ...]:
        """Schools that already hold the course by a standing offer or a pin, in key order."""
        holding = {
            offer.school
            for offer in self._offers_of.get(course.key, ())
            if offer.role != OfferRole.FOLLOWER
            and (course.key, offer.school) not in self.pin_by_cell
        }
        holding |= {
            pin.school
            for pin in self._pins_of.get(course.key, ())
            if pin.role in (PinRole.OWN, PinRole.HOLDER)
        }
        return tuple(sorted(holding))

    def lead(self, course: Course) -> str | None:
        """The school whose dates others can follow on a course that is covered already (R28).

        Its holder; or, where one school alone offers the course and nobody has decided that it shall
        stay so, that school, which then becomes holder. None when there is no such school.
        """
        if course.is_external:
            return None
        holders = [
            o.school for o in self._offers_of.get(course.key, ()) if o.role == OfferRole.HOLDER
        ]
        holders = [key for key in holders if (course.key, key) not in self.pin_by_cell]
        holders += [p.school for p in self._pins_of.get(course.key, ()) if p.role == PinRole.HOLDER]
        if holders:
            return min(holders)
        providers = self.providers(course)
        if len(providers) == 1 and (course.key, providers[0]) not in self.pin_by_cell:
            return providers[0]
        return None

    @cached_property
    def _offers_of(self) -> dict[str, list[Offer]]:
        found: dict[str, list[Offer]] = {}
        for offer in self.offers:
            found.setdefault(offer.course, []).append(offer)
        return found

    @cached_property
    def _pins_of(self) -> dict[str, list[Pin]]:
        found: dict[str, list[Pin]] = {}
        for pin in self.pins:
            found.setdefault(pin.course, []).append(pin)
        return found

    def is_gap(self, course: Course) -> bool:
        """Nobody is obliged to offer the course yet, and no agreement with a school outside covers it."""
        return not course.is_external and not self.providers(course)

    @cached_property
    def gaps(self) -> tuple[Course, ...]:
        """Courses without a holder, in key order."""
        return tuple(sorted((c for c in self.courses if self.is_gap(c)), key=lambda c: c.key))

    def is_low(self, course: Course) -> bool:
        """Low activity: fewer learners than the round's limit (R26)."""
        return course.activity < self.low_activity_below

    def pinned_load(self, school: str) -> dict[str, int]:
        """Tenths of days per branch group that pinned holdings already use at the school."""
        return self._pinned_loads.get(school, {})

    @cached_property
    def _pinned_loads(self) -> dict[str, dict[str, int]]:
        loads: dict[str, dict[str, int]] = {}
        for pin in self.pins:
            if pin.role == PinRole.HOLDER:
                course = self.course_by_key[pin.course]
                load = loads.setdefault(pin.school, {})
                load[course.group] = load.get(course.group, 0) + course.days
        return loads
