"""A frozen round and announced runs beside it. All constructed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from samspil.catalogue.models import Course
from samspil.compliance.domain.checking import check_round
from samspil.compliance.models import FollowUp, RoundCheck
from samspil.coordination.domain import agreements, overviews
from samspil.kernel.actor import Actor
from samspil.network.models import Organisation
from samspil.runs.models import CourseLook, CourseRun, RunTrace
from tests.factories.board import NOW, RoundCase, make_round

DATES = {"when_text": "14.-16. september", "starts_on": date(2027, 9, 14),
         "ends_on": date(2027, 9, 16)}  # fmt: skip
START = date(2027, 9, 14)


def at(day: date) -> datetime:
    """Early on that day."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


@dataclass
class FrozenCase:
    """Four courses, four schools: two own offers of school 0 (the second guaranteed), one of school 3,
    and a joint run on the last course: held by school 1, followed by 2."""

    case: RoundCase

    @property
    def own(self) -> Course:
        return self.case.rows[0].course

    @property
    def guaranteed(self) -> Course:
        return self.case.rows[1].course

    @property
    def undated(self) -> Course:
        return self.case.rows[2].course

    @property
    def joint(self) -> Course:
        return self.case.rows[3].course

    def follow_up(self, course: Course, school: int) -> FollowUp:
        return FollowUp.objects.get(
            round_course__course=course, organisation=self.case.schools[school]
        )

    def check(self, day: date, actor: Actor | None = None) -> RoundCheck:
        return check_round(actor=actor or Actor.system("tests"), now=at(day), round=self.case.round)


def freeze(case: RoundCase) -> FrozenCase:
    """Commitments for the first four rows, and their overview frozen."""
    case.commit(case.rows[0], 0, "own", runs=1, **DATES)
    case.commit(case.rows[1], 0, "own", runs=1, guarantee=True, **DATES)
    case.commit(case.rows[2], 3, "own", runs=1)
    case.commit(case.rows[3], 1, "holder", runs=1, **DATES)
    case.commit(case.rows[3], 2, "follower")
    overviews.freeze_overview(actor=case.secretariat, now=NOW, round_fkb=case.fkb)
    return FrozenCase(case)


def make_frozen(fkb: str = "9222") -> FrozenCase:
    return freeze(make_round(status="signing", schools=4, courses=4, fkb=fkb))


def announce(
    course: Course, school: Organisation, number: str, start: date = START, **values: Any
) -> CourseRun:
    """A run in the search, seen since 1 February; ``trace`` says otherwise."""
    trace = {"first_seen_on": date(2027, 2, 1), **values.pop("trace", {})}
    run = CourseRun.objects.create(
        **{
            "course": course,
            "organisation": school,
            "kviknummer": number,
            "starts_on": start,
            "ends_on": start + timedelta(days=2),
            "street": "Skolevej 1",
            "postcode": "8000",
            "city": "Aarhus C",
            "capacity": 20,
            "minimum": 5,
            "seen_on": date(2027, 2, 1),
            **values,
        }
    )
    RunTrace.objects.create(run=run, last_seen_on=date(2027, 2, 1), **trace)
    return run


def look(course: Course, day: date) -> None:
    """The course's runs were seen whole on that day."""
    CourseLook.objects.update_or_create(
        course=course, defaults={"first_on": date(2027, 1, 2), "looked_on": day}
    )


def reopen(frozen: FrozenCase, reason: str = "Holdet flytter") -> None:
    agreements.reopen_overview(
        actor=frozen.case.secretariat, now=NOW, round_fkb=frozen.case.fkb, reason=reason
    )
