"""The coverage problem: frozen facts, whole numbers, checked when built.

Days of teaching are counted in tenths of a day (AMU reports part-days, R10), distances in whole kilometres,
quarters of the finance year from 1 to 4 (R22; 0: not known, or not planned). Schools, courses and municipalities
are named by keys; the planner never reads their names. Everything from `loans` on may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from planning.checks import ProblemError, check_int, check_known, check_text, check_unique

QUARTERS = (1, 2, 3, 4)


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
    `capacity_quarters` limits a branch group further in a quarter: (group, quarter, days); a quarter that isn't
    named has no limit of its own. It counts only where the problem plans quarters.
    """

    key: str
    name: str = ""
    size: int = 1
    capacity: tuple[tuple[str, int], ...] = ()
    capacity_total: int | None = None
    in_round: bool = True
    capacity_quarters: tuple[tuple[str, int, int], ...] = ()


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
class Loan:
    """A course that a school may hold under another's approval (udlån, R59, R60). The duty stays with the lender."""

    course: str
    school: str
    lender: str


@dataclass(frozen=True, slots=True)
class FormLine:
    """What a school answered about a course it doesn't offer itself.

    `can_take_on`: tenths of days it can give this course for the others; 0 is no.
    `will_follow`: it will announce another school's run on the same dates (R28).
    `quarters`: when it can; empty: any time.
    """

    course: str
    school: str
    can_take_on: int = 0
    will_follow: bool = False
    guarantee: bool = False
    quarters: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that stands: declared on the form, not a decision that the planner may change."""

    course: str
    school: str
    role: OfferRole = OfferRole.OWN
    guarantee: bool = False
    quarter: int = 0


@dataclass(frozen=True, slots=True)
class Pin:
    """A decision by people. Never changed; a pinned holder uses the school's capacity."""

    course: str
    school: str
    role: PinRole
    quarter: int = 0


@dataclass(frozen=True, slots=True)
class Distance:
    """Kilometres between two schools, the same both ways."""

    a: str
    b: str
    km: int


@dataclass(frozen=True, slots=True)
class Municipality:
    """Where learners come from. `population` spreads a course's activity where nobody told where it came from."""

    key: str
    population: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """Learners of a past year who took the course and came from the municipality."""

    course: str
    municipality: str
    learners: int


@dataclass(frozen=True, slots=True)
class Way:
    """Kilometres from a municipality to a school."""

    municipality: str
    school: str
    km: int


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held the course in the answer that this one shall stay close to."""

    course: str
    school: str


@dataclass(frozen=True)
class Problem:
    """All facts of one coverage problem. Building it raises ProblemError for a fact that cannot be right.

    `far_km`: learners farther than this from every offer of their course are far from it; 0: not looked at, and
    no extra offers. `extra_for`: an extra offer must bring so many of them nearer, at least one.
    `plans_quarters`: each new holder gets a quarter. `previous`: an answer that people have seen; leaving it costs
    (see `score`).
    """

    schools: tuple[School, ...]
    courses: tuple[Course, ...]
    approvals: tuple[Approval, ...] = ()
    lines: tuple[FormLine, ...] = ()
    offers: tuple[Offer, ...] = ()
    pins: tuple[Pin, ...] = ()
    distances: tuple[Distance, ...] = ()
    low_activity_below: int = 0
    loans: tuple[Loan, ...] = ()
    municipalities: tuple[Municipality, ...] = ()
    demands: tuple[Demand, ...] = ()
    ways: tuple[Way, ...] = ()
    far_km: int = 0
    extra_for: int = 1
    plans_quarters: bool = False
    previous: tuple[Holding, ...] = ()

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
        self._check_time()
        self._check_ways(schools, courses)

    def _check_time(self) -> None:
        for i, school in enumerate(self.schools):
            field = f"schools[{i}].capacity_quarters"
            check_unique(((group, q) for group, q, _ in school.capacity_quarters), field, "quarter")
            for j, (_, quarter, days) in enumerate(school.capacity_quarters):
                check_int(quarter, f"{field}[{j}]", least=1, most=4)
                check_int(days, f"{field}[{j}]", least=0)
        for i, line in enumerate(self.lines):
            check_unique(line.quarters, f"lines[{i}].quarters", "quarter")
            for quarter in line.quarters:
                check_int(quarter, f"lines[{i}].quarters", least=1, most=4)
        for i, offer in enumerate(self.offers):
            check_int(offer.quarter, f"offers[{i}].quarter", least=0, most=4)
        for i, pin in enumerate(self.pins):
            check_int(pin.quarter, f"pins[{i}].quarter", least=0, most=4)

    def _check_ways(self, schools: set[str], courses: set[str]) -> None:
        approved = {(a.school, a.fkb) for a in self.approvals}
        for i, loan in enumerate(self.loans):
            check_known(loan.course, courses, f"loans[{i}].course")
            check_known(loan.school, schools, f"loans[{i}].school")
            if (loan.lender, self.course_by_key[loan.course].fkb) not in approved:
                raise ProblemError(f"loans[{i}].lender", f"'{loan.lender}' isn't approved itself")
        check_unique(((x.course, x.school) for x in self.loans), "loans", "course and school")
        municipalities = {place.key for place in self.municipalities}
        check_unique((place.key for place in self.municipalities), "municipalities", "key")
        for i, place in enumerate(self.municipalities):
            check_text(place.key, f"municipalities[{i}].key")
            check_int(place.population, f"municipalities[{i}].population", least=0)
        for i, demand in enumerate(self.demands):
            check_known(demand.course, courses, f"demands[{i}].course")
            check_known(demand.municipality, municipalities, f"demands[{i}].municipality")
            check_int(demand.learners, f"demands[{i}].learners", least=0)
        pairs = ((d.course, d.municipality) for d in self.demands)
        check_unique(pairs, "demands", "course and municipality")
        for i, way in enumerate(self.ways):
            check_known(way.municipality, municipalities, f"ways[{i}].municipality")
            check_known(way.school, schools, f"ways[{i}].school")
            check_int(way.km, f"ways[{i}].km", least=0)
        check_unique(((w.municipality, w.school) for w in self.ways), "ways", "pair")
        check_int(self.far_km, "far_km", least=0)
        check_int(self.extra_for, "extra_for", least=1)
        for i, held in enumerate(self.previous):
            check_known(held.course, courses, f"previous[{i}].course")
            check_known(held.school, schools, f"previous[{i}].school")
        check_unique((held.course for held in self.previous), "previous", "course")

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
    def _approved(self) -> dict[tuple[str, bool], tuple[str, ...]]:
        found: dict[tuple[str, bool], list[str]] = {}
        for approval in self.approvals:
            is_inside = self.school_by_key[approval.school].in_round
            found.setdefault((approval.fkb, is_inside), []).append(approval.school)
        return {key: tuple(sorted(schools)) for key, schools in found.items()}

    @cached_property
    def _km(self) -> dict[tuple[str, str], int]:
        km = {(d.a, d.b): d.km for d in self.distances}
        km.update({(d.b, d.a): d.km for d in self.distances})
        return km

    def approved(self, course: Course, *, in_round: bool = True) -> tuple[str, ...]:
        """Keys of the schools approved for the course's FKB, inside or outside the round, in key order."""
        return self._approved.get((course.fkb, in_round), ())

    def lender(self, course: Course, school: str) -> str | None:
        """Whose approval the school may use for the course (R59); None when it has no loan."""
        return self._lenders.get((course.key, school))

    @cached_property
    def _lenders(self) -> dict[tuple[str, str], str]:
        return {(loan.course, loan.school): loan.lender for loan in self.loans}

    @cached_property
    def _borrowers(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for loan in self.loans:
            if self.school_by_key[loan.school].in_round:
                found.setdefault(loan.course, []).append(loan.school)
        return {course: tuple(sorted(keys)) for course, keys in found.items()}

    def may_hold(self, course: Course) -> tuple[str, ...]:
        """Keys of the schools of the round that are approved for the course or have it on loan, in key order."""
        borrowers = self._borrowers.get(course.key, ())
        approved = self.approved(course)
        return tuple(sorted({*approved, *borrowers})) if borrowers else approved

    @cached_property
    def way_by_pair(self) -> dict[tuple[str, str], int]:
        return {(way.municipality, way.school): way.km for way in self.ways}

    @cached_property
    def demand_of(self) -> dict[str, tuple[Demand, ...]]:
        """Where the learners of a course came from, for the courses that anybody told of."""
        found: dict[str, list[Demand]] = {}
        for demand in sorted(self.demands, key=lambda d: (d.course, d.municipality)):
            if demand.learners:
                found.setdefault(demand.course, []).append(demand)
        return {course: tuple(told) for course, told in found.items()}

    @cached_property
    def previous_of(self) -> dict[str, str]:
        return {held.course: held.school for held in self.previous}

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

    def lead_quarter(self, course: Course) -> int:
        """The quarter of the school whose dates others can follow on a covered course; 0: not known."""
        lead = self.lead(course)
        if lead is None:
            return 0
        pin = self.pin_by_cell.get((course.key, lead))
        offer = self.offer_by_cell.get((course.key, lead))
        return pin.quarter if pin is not None else offer.quarter if offer is not None else 0

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

    def pinned_quarter(self, school: str, group: str, quarter: int) -> int:
        """Tenths of days of a branch group that pinned holdings use at the school in the quarter."""
        return self._pinned_quarters.get((school, group, quarter), 0)

    @cached_property
    def _pinned_quarters(self) -> dict[tuple[str, str, int], int]:
        used: dict[tuple[str, str, int], int] = {}
        for pin in self.pins:
            if pin.role == PinRole.HOLDER and pin.quarter:
                course = self.course_by_key[pin.course]
                key = (pin.school, course.group, pin.quarter)
                used[key] = used.get(key, 0) + course.days
        return used

    @cached_property
    def _pinned_loads(self) -> dict[str, dict[str, int]]:
        loads: dict[str, dict[str, int]] = {}
        for pin in self.pins:
            if pin.role == PinRole.HOLDER:
                course = self.course_by_key[pin.course]
                load = loads.setdefault(pin.school, {})
                load[course.group] = load.get(course.group, 0) + course.days
        return loads


def upgrade(version: int, what: str, facts: dict[str, object]) -> dict[str, object]:
    """Facts of an earlier format as today's. Version 1 knew no quarters, loans, municipalities or extra offers:
    all of them may be left out, so its files are read as they stand."""
    return facts
