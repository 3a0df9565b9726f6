"""Runs that a school of the example keeps in Samspil: constructed, on courses that are marked so.

Past runs with how they filled, so that an outlook can be reckoned; runs to come in every state; and a
school that announces one of them too and has not seen that it was moved.
"""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final

from samspil.catalogue.models import Course
from samspil.kernel import clock
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.network.models import Organisation
from samspil.runs.domain import days, following, keeping
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun, RunCount
from samspil.web.example.seed import only_platform

SCHOOL: Final = "sosu-randers"
FOLLOWER: Final = "sosu-ostjylland"
COURSES: Final = ("90101", "90102", "90103")
PAST: Final = 14
SOURCE: Final = "Konstrueret eksempel"


def is_kept() -> bool:
    """Whether this part has been played."""
    return CourseRun.objects.filter(source=SOURCE).exists()


@action("web.keep_example_runs", permission=only_platform)
def keep_example_runs(*, actor: Actor, now: datetime) -> list[CourseRun]:
    """Make the past runs with their counts, and plan those to come. Returns the latter."""
    school = Organisation.objects.get(key=SCHOOL)
    courses = list(Course.objects.filter(number__in=COURSES).order_by("number"))
    rng = random.Random(2026)  # noqa: S311  (an example, no secret)
    for number in range(PAST):
        _past(rng, school, courses[number % 2], now=now, number=number)
    made = [
        _coming(actor, now, school, courses[0], weeks=5, enrolled=4),
        _coming(actor, now, school, courses[0], weeks=9, enrolled=7),
        _coming(actor, now, school, courses[1], weeks=6, enrolled=12),
        _coming(actor, now, school, courses[2], weeks=7, enrolled=1, minimum=4, guaranteed=True),
        _coming(actor, now, school, courses[1], weeks=12, announced=False),
    ]
    other = Organisation.objects.filter(key=FOLLOWER).first()
    if other is not None:
        own = following.follow_run(actor=actor, now=now, school=other, run=made[0])
        keeping.announce_run(actor=actor, now=now, run=own, version=own.version)
        made[0] = keeping.move_run(
            actor=actor,
            now=now,
            run=made[0],
            version=made[0].version,
            first_on=made[0].starts_on + timedelta(weeks=1),
        )
    record(
        school,
        after={"past": PAST, "coming": len(made)},
        summary="Konstruerede hold lagt ind",
        organisation_id=school.pk,
    )
    return made


def _past(
    rng: random.Random, school: Organisation, course: Course, *, now: datetime, number: int
) -> None:
    """A run that is over, and how it filled week by week until it was decided."""
    decided = clock.local_date(now) - timedelta(days=25 + 16 * number)
    enrolled, counts = 0, []
    for before in range(63, -1, -7):
        enrolled = min(20, enrolled + rng.choice((0, 0, 1, 1, 2, 3)))
        counts.append((decided - timedelta(days=before), enrolled))
    is_held = enrolled >= 10
    run = CourseRun.objects.create(
        course=course,
        organisation=school,
        status=RunStatus.HELD if is_held else RunStatus.CANCELLED,
        reason="" if is_held else "For få tilmeldte",
        kviknummer=f"EKSH{number:02}",
        title=course.title,
        starts_on=decided + timedelta(days=14),
        ends_on=decided + timedelta(days=16),
        deadline_on=decided,
        decision_on=decided,
        duration_days=Decimal(3),
        teaching_form="Dagundervisning",
        street="Prøvevej 1",
        postcode="8900",
        city="Randers",
        capacity=20,
        minimum=10,
        enrolled=enrolled,
        taught=enrolled - rng.choice((0, 0, 1)) if is_held else None,
        source=SOURCE,
        seen_on=decided + timedelta(days=1),
    )
    RunCount.objects.bulk_create(
        RunCount(run=run, day=day, enrolled=count)
        for place, (day, count) in enumerate(counts)
        if not place or counts[place - 1][1] != count
    )


def _coming(
    actor: Actor,
    now: datetime,
    school: Organisation,
    course: Course,
    *,
    weeks: int,
    enrolled: int = 0,
    minimum: int = 10,
    guaranteed: bool = False,
    announced: bool = True,
) -> CourseRun:
    """Three days from a Tuesday on, so many weeks ahead, with people who signed up bit by bit."""
    today = clock.local_date(now)
    first = today + timedelta(weeks=weeks, days=1 - today.weekday())
    run = keeping.plan_run(
        actor=actor,
        now=now,
        school=school,
        facts=keeping.RunFacts(
            course=course,
            periods=(
                days.Plan(
                    first_on=first,
                    last_on=first + timedelta(days=2),
                    starts_at=time(8),
                    ends_at=time(15, 24),
                    room="Lokale 12 (konstrueret)",
                ),
            ),
            capacity=20,
            minimum=minimum,
            is_guaranteed=guaranteed,
            deadline_on=first - timedelta(days=14),
            street="Prøvevej 1",
            postcode="8900",
            city="Randers",
            takes_sign_up=announced,
            prices=(keeping.PriceLine("Deltagerbetaling", 65_400),),
        ),
    )
    if not announced:
        return run
    run = keeping.announce_run(actor=actor, now=now, run=run, version=run.version)
    CourseRun.objects.filter(pk=run.pk).update(enrolled=enrolled)
    RunCount.objects.bulk_create(
        RunCount(run=run, day=today - timedelta(days=7 * (enrolled - number)), enrolled=number)
        for number in range(enrolled)
    )
    run.refresh_from_db()
    return run
