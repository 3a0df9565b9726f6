"""When enough people wait for a course, over all schools: which run would take them, when, and who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from samspil.catalogue.models import Approval, Course
from samspil.enrolment.domain import planning
from samspil.enrolment.enums import EnrolmentStatus
from samspil.enrolment.models import Enrolment, Flexibility
from samspil.kernel.actor import Actor
from samspil.network.enums import MembershipKind
from samspil.network.models import Membership, Network, Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.models import CourseRun
from samspil.runs.rules import may_keep

SOONEST: Final = 21
"""Days from now: a run must be announced and signed up for."""
WEEKS: Final = 12
KM: Final = 40
DAYS: Final = 60
"""What is reckoned with for those who haven't said how far and when."""
MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Proposed:
    """A run that enough people could come to. ``may_plan``: the actor keeps the school's runs."""

    school: Organisation
    starts_on: date
    heads: int
    minimum: int
    km: int
    may_plan: bool


def proposals(actor: Actor, course: Course, *, today: date) -> list[Proposed]:
    """At most three runs that the pooled waiting list is enough for, the one for most people first.

    Only people who wait are counted, not those on runs that are too small: they are asked by a plan. Holders
    are member schools that are approved for the course. The minimum is what the course's runs usually have.
    """
    networks = Network.objects.visible_to(actor)
    members = set(
        Membership.objects.filter(
            valid_on(today), network__in=networks, kind=MembershipKind.MEMBER
        ).values_list("organisation_id", flat=True)
    )
    minimums = list(
        CourseRun.objects.filter(course=course, minimum__gt=0)
        .order_by("pk")
        .values_list("minimum", flat=True)
    )
    if not minimums:
        return []
    minimum = round(median(minimums))
    schools = Organisation.objects.filter(
        pk__in=Approval.objects.filter(
            valid_on(today), organisation__in=members, fkb__relations__course=course
        ).values("organisation")
    ).order_by("name", "pk")
    known = {school.pk: school for school in schools}
    places: dict[int, str] = {pk: school.postcode for pk, school in known.items()}
    for run in CourseRun.objects.filter(course=course, organisation__in=known).order_by("pk"):
        places[run.organisation_id] = run.postcode or places[run.organisation_id]
    monday = today + timedelta(days=SOONEST)
    monday += timedelta(days=(7 - monday.weekday()) % 7)
    found = planning.enough_for(
        _wishers(course, members, today),
        [
            planning.Candidate(pk, places[pk], monday + timedelta(weeks=week), minimum)
            for pk in known
            for week in range(WEEKS)
        ],
    )
    return [
        Proposed(
            known[item.candidate.school],
            item.candidate.starts_on,
            item.heads,
            minimum,
            item.km,
            may_keep(actor, known[item.candidate.school]),
        )
        for item in found[:MOST]
    ]


def _wishers(course: Course, members: set[int], today: date) -> list[planning.Wisher]:
    rows = list(
        Enrolment.objects.filter(
            status=EnrolmentStatus.WAITING,
            sign_up__status="confirmed",
            run__course=course,
            run__organisation__in=members,
        )
        .select_related("sign_up", "learner", "run")
        .order_by("queued_at", "pk")
    )
    wishes = {
        wish.sign_up_id: wish
        for wish in Flexibility.objects.filter(
            sign_up__in={row.sign_up_id for row in rows}
        ).prefetch_related("schools")
    }
    found = []
    for row in rows:
        wish = wishes.get(row.sign_up_id)
        home = (row.learner.postcode if row.learner else "") or row.sign_up.postcode
        named = {row.run.organisation_id, *(s.pk for s in wish.schools.all())} if wish else set()
        # who waits has not been given the day they asked for; the days that would do count from it or from now
        start = max(row.run.starts_on, today)
        found.append(
            planning.Wisher(
                heads=1,
                postcode=home or row.run.postcode,
                first_on=start - timedelta(days=wish.days_before if wish else DAYS),
                last_on=start + timedelta(days=wish.days_after if wish else DAYS),
                km=wish.km if wish else KM,
                schools=None if wish is None or wish.any_school else frozenset(named),
            )
        )
    return found
