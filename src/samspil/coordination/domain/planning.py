"""The only door to the planning core: a round's state as a problem, its answer as lines.

Reads the rows, writes none; ``proposals`` stores what comes out. Both problem and answer are kept
as JSON, so that an answer can be repeated with ``python -m planning solve``. Nothing is solved in
here: a child of the worker does that (``kernel.solving``), so no solver library is loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

from django.db.models import Q

from planning.checks import ProblemError
from planning.coverage import (
    Approval,
    Assignment,
    Course,
    Demand,
    Distance,
    FormLine,
    Holding,
    Loan,
    Municipality,
    Offer,
    OfferRole,
    Pin,
    PinRole,
    Problem,
    Role,
    School,
    Solution,
    Way,
    extra_courses,
    score,
    validate,
    with_capacity,
    without_approval,
    without_school,
)
from planning.coverage.data import QUARTERS
from planning.geo import road_km
from planning.planners import COVERAGE
from planning.result import Bound, Status
from samspil.catalogue.models import Approval as ApprovalRow
from samspil.catalogue.models import CourseActivity
from samspil.coordination import rules
from samspil.coordination.domain.borrowing import Borrowed
from samspil.coordination.enums import CommitmentRole, FkbStatus, FormStatus, Origin
from samspil.coordination.models import (
    Commitment,
    Intent,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.network.models import Municipality as MunicipalityRow
from samspil.network.models import Organisation, Territory

ASSUMED_DAYS: Final = 10
"""Tenths of a day that a course of unknown duration is taken to last."""

FAR_KM: Final = 75
"""Learners with farther than this to every offer are looked at for an extra one."""

EXTRA_FOR: Final = 10
"""So many of them an extra offer must bring nearer."""

_ROLES: Final = {
    Role.HOLDER: CommitmentRole.HOLDER,
    Role.FOLLOWER: CommitmentRole.FOLLOWER,
    Role.EXTRA: CommitmentRole.OWN,
}
"""What an answer's cells are on the board: an extra offer is one that the school makes itself."""

_NO_GROUP: Final = "other"

_HANDED_IN: Final = (FormStatus.RETURNED, FormStatus.ACCEPTED)
"""What was handed in counts also while the school has the form open again."""


class PlannerFault(Exception):
    """The planner's answer broke a rule: a fault in the solver. Nothing of it may be used."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The rows that a problem's keys stand for, as they were when it was written down.

    ``labels``: the names of its schools, of its courses under ``course:`` and the key, and of its
    branch groups under ``group:`` and the key. ``versions``: the version of each filled cell, by
    round course and school.
    """

    rows: dict[str, int] = field(default_factory=dict)
    schools: dict[str, int] = field(default_factory=dict)
    versions: dict[tuple[int, int], int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values, to be kept beside the problem while it is solved."""
        return {
            "rows": self.rows,
            "schools": self.schools,
            "versions": [[*cell, version] for cell, version in self.versions.items()],
            "labels": self.labels,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Keys:
        """What ``to_json`` wrote."""
        return cls(
            rows=data["rows"],
            schools=data["schools"],
            versions={(row, school): version for row, school, version in data["versions"]},
            labels=data["labels"],
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A round's state as a problem. ``asked``: the courses under the duty that it is about; ``gaps``:
    those that nobody holds."""

    problem: dict[str, Any]
    gaps: int
    asked: int
    keys: Keys = field(default_factory=Keys)


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line of the answer by the problem's keys; ``school`` empty: the course stays a gap.

    ``messages``: codes and facts as ``planning.coverage.explain`` lists them. Of a holder also
    ``figures``: ``extra``, the courses it would hold for others in all; ``km``, the way to it from
    the approved school farthest away; ``km_before``, the same to the nearest approved school
    outside (each left out when not known).
    """

    course: str
    school: str
    role: str
    guarantee: bool
    messages: list[dict[str, Any]]
    figures: dict[str, int] = field(default_factory=dict)
    quarter: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the planner answered, as numbers to show and as lines.

    ``statistics``: the score term by term, ``status``, ``bounds`` and ``percent_off`` (see ``standing``).
    ``contradictions``: for each course that stays a gap (or under ``""``, when nothing can be done at
    all) the facts that contradict each other, as codes, and whether no smaller set does.
    """

    statistics: dict[str, Any]
    lines: tuple[AnswerLine, ...]
    contradictions: dict[str, dict[str, Any]] = field(default_factory=dict)


def snapshot(round: Round, round_fkb: RoundFkb | None = None) -> Snapshot:
    """The round, or one FKB of it, as a coverage problem.

    What is taken from where: gaps are courses under the duty in FKBs whose overview is open and
    that nobody holds (R26); a school can take on what it wrote on a form that it has handed in;
    its capacity in a branch group is the largest number of days it wrote there, because the same
    days are written on every course they could be used for; its size is the number of duty
    courses that it is approved for. Decided cells are pins. A holder that took a course for the
    others uses its capacity, also outside the FKB asked about.

    Where a school told times, new offers get a quarter: one in which the school can, and what it has
    in the quarter is the largest number of days it wrote for a time that touches it. Where the
    schools' municipalities are known, ways are the learners': those of each school's last known
    activity come from the municipalities that it serves, by population, and where many of them have
    far to every offer one more may be proposed. A signed loan lets the borrower hold the course (R59).
    """
    facts = _Facts(round, round_fkb)
    problem = facts.problem()
    return Snapshot(
        problem=COVERAGE.write_problem(problem),
        gaps=len(problem.gaps),
        asked=len(facts.asked),
        keys=Keys(
            rows={facts.course_key(row): row.pk for row in facts.rows},
            schools={school.key: school.pk for school in facts.schools.values()},
            versions={(c.round_course_id, c.organisation_id): c.version for c in facts.cells},
            labels=facts.labels(),
        ),
    )


def read_answer(problem: dict[str, Any], written: dict[str, Any]) -> Answer:
    """Check what the planner wrote about a problem, and tell it.

    The rules are checked here once more, by code that knows no solver. Raises ``PlannerFault`` when
    the answer breaks one, or isn't an answer to this problem.
    """
    try:
        data = COVERAGE.read_problem(problem)
        solution = COVERAGE.read_solution(written)
    except ProblemError as error:
        raise PlannerFault(str(error)) from error
    contradictions = {c["subject"]: c for c in written.get("contradictions", ())}
    numbers = {**written["statistics"], **written["score"], **standing(written)}
    if written["status"] == Status.IMPOSSIBLE:
        return Answer(statistics=numbers, lines=(), contradictions=contradictions)
    violations = validate(data, solution)
    if violations:
        raise PlannerFault("; ".join(str(violation) for violation in violations[:5]))
    cells = {(a.course, a.school): a for a in solution.assignments}
    return Answer(
        statistics={**numbers, "solver": written["solver"]},
        lines=tuple(
            AnswerLine(
                course=told["course"],
                school=told["school"],
                role=_ROLES[cells[told["course"], told["school"]].role] if told["school"] else "",
                guarantee=bool(told["school"]) and cells[told["course"], told["school"]].guarantee,
                messages=told["messages"],
                figures=_figures(data, solution, told["course"], told["school"]),
                quarter=cells[told["course"], told["school"]].quarter if told["school"] else 0,
            )
            for told in written["explanations"]
        ),
        contradictions=contradictions,
    )


def standing(written: dict[str, Any]) -> dict[str, Any]:
    """How good an answer is, from its status and bounds; also of one that isn't finished.

    ``status``; ``bounds`` as written; ``percent_off``: how far the first objective that isn't proven
    may be from its best, in per cent (``None``: not known, or all is proven); ``off_term``: which.
    Later objectives are looked at only when the earlier are settled, so the first is what counts.
    """
    bounds = [
        Bound(b["term"], b["value"], b["best_possible"])
        for b in written.get("bounds", ())
        if (b["term"], b["value"]) != ("changed", 0)  # fewer than none there aren't
    ]
    open_ = next((bound for bound in bounds if not bound.is_proven), None)
    covered = next((bound for bound in bounds if bound.term == "covered"), None)
    return {
        "status": written.get("status", Status.STOPPED.value),
        "bounds": list(written.get("bounds", ())),
        "percent_off": open_.percent_off if open_ else None,
        "off_term": open_.term if open_ else "",
        "best_possible": covered.best_possible if covered else None,
        "is_most": covered is not None and covered.is_proven,
    }


def stay_close(problem: dict[str, Any], seen: dict[str, Any] | None) -> dict[str, Any]:
    """The problem where leaving an answer that people have seen costs: each gap that it gave a school
    stays there where it can, also when another would be a little better."""
    if start_from(seen) is None or seen is None:
        return problem
    data = COVERAGE.read_problem(problem)
    holder = COVERAGE.read_solution(seen).holder_of
    previous = tuple(
        Holding(course.key, holder[course.key])
        for course in data.gaps
        if holder.get(course.key) in data.school_by_key
    )
    return COVERAGE.write_problem(replace(data, previous=previous))


def start_from(earlier: dict[str, Any] | None) -> dict[str, Any] | None:
    """An earlier answer that the planner can begin from; ``None`` for one of another version."""
    if not earlier:
        return None
    try:
        COVERAGE.read_solution(earlier)
    except ProblemError:
        return None
    return earlier


def _figures(data: Problem, solution: Solution, course: str, school: str) -> dict[str, int]:
    if solution.holder_of.get(course) != school:
        return {}
    alone = Solution(assignments=(Assignment(course, school, Role.HOLDER),))
    ways = score(data, alone)
    figures = {
        "extra": extra_courses(data, solution).get(school, 0),
        "km": ways.longest_km,
        "km_before": ways.longest_km_before,
    }
    return {name: value for name, value in figures.items() if value is not None}


# ---------------------------------------------------------------- what if


class What(StrEnum):
    """What could happen to a round."""

    LEAVES = "leaves"
    LOSES = "loses"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that could happen, by the problem's keys: a school leaves the round; loses its approval
    for ``fkb``; or has ``days`` (tenths) for others in a branch group."""

    what: What
    school: str
    fkb: str = ""
    group: str = ""
    days: int = 0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Change:
        """What ``to_json`` wrote."""
        return cls(**{**data, "what": What(data["what"])})


@dataclass(frozen=True, slots=True)
class Possible:
    """What can be asked about: the round's schools, their approvals as (school, FKB), and the days for
    others in tenths by (school, branch group)."""

    schools: tuple[str, ...]
    approvals: tuple[tuple[str, str], ...]
    days: dict[tuple[str, str], int]
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two answers that stand side by side.

    ``gaps``: courses that nobody holds before the answer; ``numbers``: the score and its standing;
    ``held``: who would have each course in the end, by key; an agreement outside counts as ``""``.
    ``titles``: what the courses are called.
    """

    gaps: int
    numbers: dict[str, Any]
    held: dict[str, tuple[str, ...]]
    titles: dict[str, str]


def possible(problem: dict[str, Any]) -> Possible:
    """What can be asked 'what if' about."""
    data = COVERAGE.read_problem(problem)
    groups = sorted({course.group for course in data.courses})
    inside = [school for school in data.schools if school.in_round]
    keys = {school.key for school in inside}
    return Possible(
        schools=tuple(school.key for school in inside),
        approvals=tuple(sorted((a.school, a.fkb) for a in data.approvals if a.school in keys)),
        days={
            (school.key, group): dict(school.capacity).get(group, 0)
            for school in inside
            for group in groups
        },
        labels={school.key: school.name or school.key for school in data.schools},
    )


def changed_problem(problem: dict[str, Any], change: Change) -> dict[str, Any]:
    """The problem as it would be. Raises ``PlannerFault`` for a change that means nothing to it."""
    data = COVERAGE.read_problem(problem)
    can = possible(problem)
    known = {
        What.LEAVES: change.school in can.schools,
        What.LOSES: (change.school, change.fkb) in can.approvals,
        What.CAPACITY: (change.school, change.group) in can.days and change.days >= 0,
    }
    if not known[change.what]:
        raise PlannerFault(f"{change} is about nothing in the problem")
    if change.what == What.LEAVES:
        data = without_school(data, change.school)
    elif change.what == What.LOSES:
        data = without_approval(data, change.school, change.fkb)
    else:
        data = with_capacity(data, change.school, change.group, change.days)
    return COVERAGE.write_problem(data)


def side(problem: dict[str, Any], written: dict[str, Any]) -> Side:
    """An answer to stand beside another. Raises ``PlannerFault`` as ``read_answer``."""
    read_answer(problem, written)
    data, solution = COVERAGE.read_problem(problem), COVERAGE.read_solution(written)
    held: dict[str, tuple[str, ...]] = {}
    for course in data.courses:
        holder = solution.holder_of.get(course.key)
        providers = (holder,) if holder else data.providers(course)
        held[course.key] = ("",) if course.is_external and not providers else providers
    return Side(
        gaps=len(data.gaps),
        numbers={**written["score"], **standing(written)},
        held=held,
        titles={course.key: course.title for course in data.courses},
    )


def gaps_of(problem: dict[str, Any]) -> int:
    """How many courses of a problem nobody holds."""
    return len(COVERAGE.read_problem(problem).gaps)


def tenths(days: Decimal | None) -> int:
    """Decimal days as whole tenths; nothing is 0."""
    return int((days or Decimal(0)) * 10)


def _quarters(row: Intent | Commitment, year: int) -> tuple[int, ...]:
    """The quarters of the year that the row's dates touch; empty: no dates, or all of them."""
    if row.starts_on is None:
        return ()
    last = row.ends_on or row.starts_on
    found = tuple(
        quarter
        for quarter in QUARTERS
        if row.starts_on <= quarter_dates(year, quarter)[1]
        and last >= quarter_dates(year, quarter)[0]
    )
    return () if len(found) == len(QUARTERS) else found


def quarter_dates(year: int, quarter: int) -> tuple[date, date]:
    """The first and the last day of a quarter."""
    first = date(year, 3 * quarter - 2, 1)
    following = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _shares(number: int, people: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The learners shared out by population, in whole learners: what is left over goes where most is missing."""
    total = sum(population for _code, population in people)
    if not people:
        return []
    weights = [population if total else 1 for _code, population in people]
    whole = [number * weight // sum(weights) for weight in weights]
    missing = sorted(
        range(len(people)), key=lambda i: (-(number * weights[i] % sum(weights)), people[i][0])
    )
    for i in missing[: number - sum(whole)]:
        whole[i] += 1
    return [(code, share) for (code, _), share in zip(people, whole, strict=True)]


class _Facts:
    """The rows of a round that a coverage problem is made of, read once."""

    def __init__(self, round: Round, round_fkb: RoundFkb | None) -> None:
        self.round = round
        self.places = list(
            RoundSchool.objects.filter(round=round, left_on__isnull=True)
            .select_related("organisation")
            .order_by("organisation__key")
        )
        inside = [place.organisation_id for place in self.places]
        duty = RoundCourse.objects.filter(round_fkb__round=round, is_duty=True, archived_reason="")
        asked = Q(round_fkb__status=FkbStatus.OPEN)
        if round_fkb is not None:
            asked &= Q(round_fkb=round_fkb)
        taken_on = Q(commitments__role=CommitmentRole.HOLDER, commitments__organisation__in=inside)
        self.rows = list(
            duty.filter(asked | taken_on)
            .distinct()
            .select_related("course", "round_fkb__fkb__branch_group", "external_agreement")
            .order_by("round_fkb__fkb__number", "course__number", "pk")
        )
        self.asked = {
            row.pk
            for row in self.rows
            if row.round_fkb.status == FkbStatus.OPEN
            and (round_fkb is None or row.round_fkb_id == round_fkb.pk)
        }
        ids = [row.pk for row in self.rows]
        self.cells = list(
            Commitment.objects.filter(round_course__in=ids, organisation__in=inside).order_by("pk")
        )
        # All FKBs' lines: capacity and own offers are judged over the whole round.
        self.intents = list(
            Intent.objects.filter(
                Q(form__status__in=_HANDED_IN) | Q(form__returned_at__isnull=False),
                form__round=round,
                form__organisation__in=inside,
            )
            .select_related("form", "round_course__round_fkb__fkb__branch_group")
            .order_by("pk")
        )
        self.fkb_ids = {row.round_fkb.fkb_id for row in self.rows}
        all_duty = duty.values_list("round_fkb__fkb_id", flat=True)
        self.duty_per_fkb: dict[int, int] = defaultdict(int)
        for fkb_id in all_duty:
            self.duty_per_fkb[fkb_id] += 1
        gone = RoundSchool.objects.filter(round=round, left_on__isnull=False)
        approvals = (
            ApprovalRow.objects.filter(
                rules.approved_in(round.year), fkb__in=set(self.duty_per_fkb)
            )
            .exclude(organisation__in=gone.values("organisation"))
            .select_related("organisation", "fkb")
            .order_by("fkb__number", "organisation__key", "pk")
        )
        # A renewed approval is two rows of one right.
        self.approvals = list({(a.organisation_id, a.fkb_id): a for a in approvals}.values())
        self.schools: dict[int, Organisation] = {
            p.organisation_id: p.organisation for p in self.places
        }
        self.inside = frozenset(inside)
        for approval in self.approvals:
            if approval.fkb_id in self.fkb_ids:
                self.schools.setdefault(approval.organisation_id, approval.organisation)
        self.last_holders = self._last_holders()
        self.borrowed = Borrowed(round.year, self.fkb_ids)
        told = [i for i in self.intents if i.round_course_id in self.asked and i.take_on_days]
        self.plans_quarters = any(_quarters(row, round.year) for row in told)

    def _last_holders(self) -> dict[tuple[int, int], int]:
        """Who held a course last year, by FKB and course; an only provider counts as holder."""
        before = (
            self.round.copied_from_id
            or Round.objects.filter(network=self.round.network_id, year=self.round.year - 1)
            .values_list("pk", flat=True)
            .first()
        )
        if before is None:
            return {}
        providers: dict[tuple[int, int], list[tuple[bool, int]]] = defaultdict(list)
        for fkb, course, school, role in Commitment.objects.filter(
            round_course__round_fkb__round=before,
            role__in=(CommitmentRole.OWN, CommitmentRole.HOLDER),
        ).values_list(
            "round_course__round_fkb__fkb_id", "round_course__course_id", "organisation_id", "role"
        ):
            providers[fkb, course].append((role == CommitmentRole.HOLDER, school))
        held: dict[tuple[int, int], int] = {}
        for key, schools in providers.items():
            holders = [school for is_holder, school in schools if is_holder]
            if holders or len(schools) == 1:
                held[key] = holders[0] if holders else schools[0][1]
        return held

    def course_key(self, row: RoundCourse) -> str:
        """The course as the problem names it: FKB and course number."""
        return f"{row.round_fkb.fkb.number}/{row.course.number}"

    @staticmethod
    def group_key(row: RoundCourse) -> str:
        """The branch group as the problem names it."""
        group = row.round_fkb.fkb.branch_group
        return group.key if group else _NO_GROUP

    def labels(self) -> dict[str, str]:
        """What schools, courses and branch groups are called on the screen."""
        names = {school.key: school.label for school in self.schools.values()}
        for row in self.rows:
            names[f"course:{self.course_key(row)}"] = row.course.number
            group = row.round_fkb.fkb.branch_group
            if group:
                names[f"group:{group.key}"] = group.name
        return names

    def problem(self) -> Problem:
        """The problem; courses that are not asked about stand in it only where they use capacity."""
        key_of = {pk: school.key for pk, school in self.schools.items()}
        course_of = {row.pk: self.course_key(row) for row in self.rows}
        own = {(i.round_course_id, i.form.organisation_id) for i in self.intents if i.offers}
        offers, pins = self._cells(key_of, course_of, own)
        municipalities, demands, ways = self._learners(key_of)
        return Problem(
            schools=tuple(self._schools()),
            courses=tuple(self._course(row, key_of) for row in self.rows),
            approvals=tuple(self._approvals(key_of)),
            lines=tuple(
                FormLine(
                    course=course_of[i.round_course_id],
                    school=key_of[i.form.organisation_id],
                    can_take_on=tenths(i.take_on_days),
                    will_follow=i.will_follow,
                    guarantee=i.guarantee,
                    quarters=_quarters(i, self.round.year) if self.plans_quarters else (),
                )
                for i in self.intents
                if i.round_course_id in self.asked and (i.take_on_days or i.will_follow)
            ),
            offers=tuple(offers),
            pins=tuple(pins),
            distances=tuple(self._distances()),
            low_activity_below=self.round.low_activity_below,
            loans=tuple(self._loans(key_of, course_of)),
            municipalities=municipalities,
            demands=demands,
            ways=ways,
            far_km=FAR_KM if demands else 0,
            extra_for=EXTRA_FOR,
            plans_quarters=self.plans_quarters,
        )

    def _schools(self) -> Iterable[School]:
        sizes: dict[int, int] = defaultdict(int)
        for approval in self.approvals:
            sizes[approval.organisation_id] += self.duty_per_fkb[approval.fkb_id]
        capacity: dict[int, dict[str, int]] = defaultdict(dict)
        in_quarter: dict[int, dict[tuple[str, int], int]] = defaultdict(dict)
        for intent in self.intents:
            days = tenths(intent.take_on_days)
            if days:
                groups = capacity[intent.form.organisation_id]
                group = self.group_key(intent.round_course)
                groups[group] = max(groups.get(group, 0), days)
                quarters = in_quarter[intent.form.organisation_id]
                for quarter in _quarters(intent, self.round.year) or QUARTERS:
                    most = max(quarters.get((group, quarter), 0), days)
                    quarters[group, quarter] = most
        for pk, school in sorted(self.schools.items(), key=lambda item: item[1].key):
            yield School(
                key=school.key,
                name=school.label,
                size=max(1, sizes[pk]),
                capacity=tuple(sorted(capacity[pk].items())),
                in_round=pk in self.inside,
                capacity_quarters=tuple(
                    (group, quarter, in_quarter[pk].get((group, quarter), 0))
                    for group, days in sorted(capacity[pk].items())
                    for quarter in QUARTERS
                    if in_quarter[pk].get((group, quarter), 0) < days
                )
                if self.plans_quarters
                else (),
            )

    def _course(self, row: RoundCourse, key_of: dict[int, str]) -> Course:
        last = self.last_holders.get((row.round_fkb.fkb_id, row.course_id))
        days = row.course.duration_days
        return Course(
            key=self.course_key(row),
            fkb=row.round_fkb.fkb.number,
            group=self.group_key(row),
            days=ASSUMED_DAYS if days is None else tenths(days),
            title=row.course.title,
            # Unknown activity isn't low activity: nothing is joined on a guess.
            activity=self.round.low_activity_below if row.activity is None else row.activity,
            last_holder=key_of.get(last) if last is not None else None,
            is_external=hasattr(row, "external_agreement"),
            days_assumed=days is None,
        )

    def _approvals(self, key_of: dict[int, str]) -> Iterable[Approval]:
        for approval in self.approvals:
            if approval.fkb_id in self.fkb_ids:
                yield Approval(key_of[approval.organisation_id], approval.fkb.number)

    def _cells(
        self,
        key_of: dict[int, str],
        course_of: dict[int, str],
        own: set[tuple[int, int]],
    ) -> tuple[list[Offer], list[Pin]]:
        offers: list[Offer] = []
        pins: list[Pin] = []
        for cell in self.cells:
            course, school = course_of[cell.round_course_id], key_of[cell.organisation_id]
            is_own = (cell.round_course_id, cell.organisation_id) in own
            quarter = self._quarter(cell)
            if cell.role == CommitmentRole.NONE:
                if cell.is_pinned:
                    pins.append(Pin(course, school, PinRole.NO))
            elif cell.role == CommitmentRole.HOLDER:
                # Taken on for the others, it uses capacity; its own offer that others follow doesn't.
                if not is_own and cell.origin in (Origin.PROPOSAL, Origin.HAND):
                    pins.append(Pin(course, school, PinRole.HOLDER, quarter))
                else:
                    offers.append(Offer(course, school, OfferRole.HOLDER, cell.guarantee, quarter))
            elif cell.is_pinned:
                pins.append(Pin(course, school, PinRole(cell.role), quarter))
            else:
                offers.append(Offer(course, school, OfferRole(cell.role), cell.guarantee, quarter))
        return offers, pins

    def _quarter(self, cell: Commitment) -> int:
        """The quarter that the cell's dates lie in; 0 when they lie in several, or no times are planned."""
        found = _quarters(cell, self.round.year) if self.plans_quarters else ()
        return found[0] if len(found) == 1 else 0

    def _loans(self, key_of: dict[int, str], course_of: dict[int, str]) -> Iterable[Loan]:
        """Courses that a school of the round may hold under another's approval (R59)."""
        approved = {(a.organisation_id, a.fkb_id) for a in self.approvals}
        for row in self.rows:
            fkb = row.round_fkb.fkb_id
            for school in sorted(self.borrowed.schools & self.inside):
                lender = self.borrowed.lender(fkb, row.course_id, school)
                if (
                    lender is not None
                    and (school, fkb) not in approved
                    and (lender, fkb) in approved
                ):
                    yield Loan(course_of[row.pk], key_of[school], key_of[lender])

    def _learners(
        self, key_of: dict[int, str]
    ) -> tuple[tuple[Municipality, ...], tuple[Demand, ...], tuple[Way, ...]]:
        """Where learners come from and how far they have to each school.

        Nothing when a school of the round has no place on the map, or nobody's municipalities are known:
        then ways are those between schools.
        """
        placed = {
            pk: (school.lat, school.lon)
            for pk, school in self.schools.items()
            if pk in self.inside and school.lat is not None and school.lon is not None
        }
        serves: dict[int, list[int]] = defaultdict(list)
        for school, place in (
            Territory.objects.filter(organisation__in=self.inside)
            .order_by("pk")
            .values_list("organisation_id", "municipality_id")
        ):
            serves[school].append(place)
        for pk in self.inside:
            home = self.schools[pk].municipality_id
            if not serves[pk] and home is not None:
                serves[pk].append(home)
        wanted = {place for places in serves.values() for place in places}
        rows = {
            row.pk: row for row in MunicipalityRow.objects.filter(pk__in=wanted).order_by("code")
        }
        activity = self._activity()
        if len(placed) < len(self.inside) or not rows:
            return (), (), ()
        learners: dict[tuple[str, str], int] = defaultdict(int)
        for row in self.rows:
            for school, number in activity.get(row.course_id, ()):
                people = [(rows[pk].code, rows[pk].population) for pk in sorted(serves[school])]
                for code, share in _shares(number, people):
                    learners[self.course_key(row), code] += share
        return (
            tuple(Municipality(m.code, m.population, m.name) for m in rows.values()),
            tuple(Demand(*cell, number) for cell, number in sorted(learners.items()) if number),
            tuple(
                Way(m.code, key_of[pk], road_km(m.lat, m.lon, lat, lon))
                for m in rows.values()
                for pk, (lat, lon) in sorted(placed.items())
            ),
        )

    def _activity(self) -> dict[int, list[tuple[int, int]]]:
        """Schools of the round and their learners per course, in the year that the round looks at."""
        year = max((row.activity_year for row in self.rows if row.activity_year), default=None)
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        if year is None:
            return found
        for course, school, number in (
            CourseActivity.objects.filter(
                course__in={row.course_id for row in self.rows},
                organisation__in=self.inside,
                year=year,
                learners__gt=0,
            )
            .order_by("course_id", "organisation_id")
            .values_list("course_id", "organisation_id", "learners")
        ):
            found[course].append((school, number))
        return found

    def _distances(self) -> Iterable[Distance]:
        placed = sorted(
            (school.key, pk in self.inside, school.lat, school.lon)
            for pk, school in self.schools.items()
            if school.lat is not None and school.lon is not None
        )
        for (a, a_inside, *a_at), (b, b_inside, *b_at) in combinations(placed, 2):
            if a_inside or b_inside:
                yield Distance(a, b, road_km(*a_at, *b_at))
