"""Tells a run's page where its sign-ups are, and how many took part."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.enrolment import rules
from samspil.enrolment.enums import EnrolmentStatus
from samspil.enrolment.models import Enrolment
from samspil.kernel.actor import Actor
from samspil.runs.domain.beside import Beside, beside_source
from samspil.runs.models import CourseRun


@beside_source
def beside(actor: Actor, run: CourseRun, today: date) -> Beside:
    """The list of who is signed up, for the school that holds the run; for others of the schools'
    staff, signing somebody up. One query, for the school itself alone."""
    held = run.follows_id or run.pk
    if not rules.is_staff_of(actor, run.organisation_id) or run.follows_id is not None:
        if not (rules.schools_of(actor) and run.takes_sign_up and run.starts_on > today):
            return Beside()
        return Beside(((_("Tilmeld nogen"), reverse("enrolment:enter", args=[held])),))
    states = list(
        Enrolment.objects.filter(run=run).order_by("pk").values_list("status", flat=True)[:2000]
    )
    if not (run.takes_sign_up or states):
        return Beside()
    pages = [(_("Tilmeldte"), reverse("enrolment:run", args=[run.pk]))]
    if run.starts_on <= today:
        pages.append((_("Fremmøde"), reverse("enrolment:attendance", args=[run.pk])))
    attended = states.count(EnrolmentStatus.ATTENDED)
    noted = attended + states.count(EnrolmentStatus.ABSENT)
    return Beside(tuple(pages), attended if noted else None)
