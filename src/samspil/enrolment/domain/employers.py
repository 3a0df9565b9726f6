"""Employers of people who signed themselves up: told when the run becomes another (R82)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from samspil.enrolment import notifications
from samspil.enrolment.models import Enrolment
from samspil.kernel.mail import send
from samspil.runs.models import CourseRun


def tell_moved(
    enrolments: Iterable[Enrolment], source: CourseRun, target: CourseRun, *, now: datetime
) -> int:
    """Write to the employers of people who were moved: an application for VEU-godtgørelse hangs on the
    run that they had applied for. Returns how many mails were written.

    Who orders as an employer is told as the contact of the sign-up instead. The name of a protected
    person is left out (R95).
    """
    written = 0
    for row in enrolments:
        learner = row.learner
        if learner is None or not learner.is_employed or not learner.employer_email:
            continue
        send(
            notifications.EmployerTold(
                name="" if learner.is_protected else learner.name,
                employer=learner.employer,
                source=source,
                run=target,
            ),
            to=learner.employer_email,
            now=now,
            subject_of=row.sign_up,
            organisation_id=target.organisation_id,
        )
        written += 1
    return written
