"""People out of the system as files: every time it stands in the history who took what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from samspil.enrolment import rules
from samspil.enrolment.domain import queries
from samspil.enrolment.domain.people import PURPOSE
from samspil.enrolment.domain.queries import Person
from samspil.enrolment.enums import EnrolmentStatus
from samspil.enrolment.models import Attendance, Enrolment, LearnerCpr
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Invalid
from samspil.kernel.sealed import unseal
from samspil.runs.models import CourseRun


def _may_export(actor: Actor, run: CourseRun) -> bool:
    return bool(run.pk and rules.schools_of(actor))


@action("enrolment.export_run", permission=_may_export, on="run")
def export_run(
    *, actor: Actor, now: datetime, run: CourseRun, text: str = "", state: str = "live"
) -> list[Person]:
    """The people of a run that the actor may see, to be written as a list. Hidden names stay hidden."""
    people = queries.roster(actor, run, text=text, state=state)
    record(
        run,
        after={"people": len(people)},
        summary=_("Hentede listen over tilmeldte som Excel."),
        organisation_id=actor.organisation_id or run.organisation_id,
    )
    return people


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a student system needs to write a certificate for one person."""

    cpr: str
    name: str
    course_number: str
    course_title: str
    kviknummer: str
    starts_on: date
    ends_on: date
    days_present: int
    days_noted: int


@action("enrolment.certificate_data", permission=rules.may_run, on="run")
def certificate_data(
    *, actor: Actor, now: datetime, run: CourseRun, reason: str
) -> list[Certificate]:
    """Data for the certificates of those who attended. It holds CPR numbers, so it needs a reason,
    and each person's history says that the number was taken out. Protected people are in it only for
    who may see them (R95). Raises ``Invalid`` without a reason."""
    if len(reason.strip()) < 5:
        raise Invalid(_("Skriv, hvad du skal bruge dataene til."), "reason")
    may_see = run.organisation_id in rules.protected_schools(actor)
    rows = list(
        Enrolment.objects.filter(run=run, status=EnrolmentStatus.ATTENDED, learner__isnull=False)
        .select_related("learner", "run__course")
        .order_by("learner__name", "pk")
    )
    days: dict[int, list[bool]] = {row.pk: [] for row in rows}
    for pk, there in Attendance.objects.filter(enrolment__in=days).values_list(
        "enrolment_id", "was_there"
    ):
        days[pk].append(there)
    numbers = dict(
        LearnerCpr.objects.filter(
            learner__enrolments__in=[row.pk for row in rows], organisation=run.organisation_id
        ).values_list("learner_id", "sealed")
    )
    found = []
    for row in rows:
        learner = row.learner
        assert learner is not None
        if learner.is_protected and not may_see:
            continue
        sealed = numbers.get(learner.pk)
        if sealed:
            record(
                row,
                summary=_("CPR-nummeret blev hentet til bevis: %(reason)s")
                % {"reason": reason.strip()[:200]},
                organisation_id=run.organisation_id,
            )
        found.append(
            Certificate(
                cpr=_opened(sealed),
                name=learner.name,
                course_number=run.course.number,
                course_title=run.course.title,
                kviknummer=run.kviknummer,
                starts_on=run.starts_on,
                ends_on=run.ends_on,
                days_present=sum(days[row.pk]),
                days_noted=len(days[row.pk]),
            )
        )
    record(
        run,
        after={"people": len(found)},
        summary=_("Hentede data til beviser: %(reason)s") % {"reason": reason.strip()[:200]},
        organisation_id=run.organisation_id,
    )
    return found


def _opened(sealed: str | None) -> str:
    if not sealed:
        return ""
    try:
        return unseal(sealed, PURPOSE)
    except ValueError:
        return ""
