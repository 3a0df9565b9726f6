"""What a round says that a school offers, beside the runs that fulfil it (R22, R28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from samspil.catalogue.models import Course
from samspil.coordination.enums import CommitmentRole
from samspil.coordination.models import Commitment
from samspil.network.models import Organisation
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun


def fulfilled_by(school: Organisation, course: Course, starts_on: date) -> int | None:
    """The id of the commitment that a run of the course at the school in that year fulfils.

    ``None`` where the school took none on; the newest where two circles ask for the same course.
    """
    return (
        Commitment.objects.filter(
            organisation=school,
            round_course__course=course,
            round_course__round_fkb__round__year=starts_on.year,
        )
        .exclude(role=CommitmentRole.NONE)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )


@dataclass(frozen=True)
class Promise:
    """A commitment of a school and its runs. ``to_follow``: the holder's runs that it has not announced."""

    commitment: Commitment
    runs: list[CourseRun]
    to_follow: list[CourseRun]

    @property
    def course(self) -> Course:
        return self.commitment.round_course.course

    @property
    def is_announced(self) -> bool:
        """At least one run is public or held: the duty of the year is met (R22)."""
        return any(
            run.status in (RunStatus.ANNOUNCED, RunStatus.CONFIRMED, RunStatus.HELD)
            for run in self.runs
        )

    @property
    def lacks(self) -> int:
        """How many runs fewer are planned than were promised, one where no number was said."""
        alive = sum(run.status != RunStatus.CANCELLED for run in self.runs)
        return max(0, (self.commitment.runs or 1) - alive)


def promises(school: Organisation, year: int) -> list[Promise]:
    """A school's commitments of a year by course number, each with its runs. Four queries."""
    rows = list(
        Commitment.objects.filter(
            organisation=school,
            round_course__round_fkb__round__year=year,
            round_course__archived_reason="",
        )
        .exclude(role=CommitmentRole.NONE)
        .select_related("round_course__course", "round_course__round_fkb__round__network")
        .order_by("round_course__course__number", "pk")
    )
    courses = {row.round_course.course_id for row in rows}
    own: dict[int, list[CourseRun]] = {}
    for run in (
        CourseRun.objects.filter(organisation=school, course__in=courses, starts_on__year=year)
        .select_related("organisation", "course")
        .order_by("starts_on", "pk")
    ):
        own.setdefault(run.course_id, []).append(run)
    holders = dict(
        Commitment.objects.filter(
            round_course__in=[row.round_course_id for row in rows], role=CommitmentRole.HOLDER
        ).values_list("round_course", "organisation_id")
    )
    held: dict[tuple[int, int], list[CourseRun]] = {}
    for run in (
        CourseRun.objects.filter(
            course__in=courses,
            organisation__in=set(holders.values()),
            starts_on__year=year,
            follows__isnull=True,
            status__in=(RunStatus.ANNOUNCED, RunStatus.CONFIRMED),
        )
        .select_related("organisation", "course")
        .order_by("starts_on", "pk")
    ):
        held.setdefault((run.course_id, run.organisation_id), []).append(run)
    found = []
    for row in rows:
        runs = own.get(row.round_course.course_id, [])
        followed = {run.follows_id for run in runs if run.status != RunStatus.CANCELLED}
        theirs: list[CourseRun] = []
        if row.role == CommitmentRole.FOLLOWER:
            key = (row.round_course.course_id, holders.get(row.round_course_id, 0))
            theirs = [run for run in held.get(key, []) if run.pk not in followed]
        found.append(Promise(row, runs, theirs))
    return found


def years(school: Organisation) -> list[int]:
    """The years in which a school has commitments, newest first."""
    return list(
        Commitment.objects.filter(organisation=school)
        .exclude(role=CommitmentRole.NONE)
        .order_by("-round_course__round_fkb__round__year")
        .values_list("round_course__round_fkb__round__year", flat=True)
        .distinct()
    )
