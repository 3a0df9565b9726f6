"""Runs that a school keeps in Samspil, for tests. All constructed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from samspil.catalogue.models import Course
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.network.models import Organisation, Postcode
from samspil.runs.domain import keeping
from samspil.runs.domain.days import Plan
from samspil.runs.models import CourseRun


def facts(course: Course, first_on: date, **values: Any) -> keeping.RunFacts:
    """Two days in Aarhus from ``first_on``, with everything that an announcement must say."""
    Postcode.objects.get_or_create(
        code="8000", defaults={"city": "Aarhus C", "lat": 56.1567, "lon": 10.2108}
    )
    made = keeping.RunFacts(
        course=course,
        periods=(
            Plan(
                kind="dates",
                dates=(first_on, first_on + timedelta(days=1)),
                starts_at=time(8),
                ends_at=time(15, 24),
                room="A1",
                teacher="Tove Test",
            ),
        ),
        capacity=20,
        minimum=10,
        street="Prøvevej 1",
        postcode="8000",
        city="Aarhus C",
        deadline_on=first_on - timedelta(days=14),
        prices=(keeping.PriceLine("Deltagerbetaling", 43_600),),
    )
    return replace(made, **values)


def keep_run(
    actor: Actor,
    school: Organisation,
    course: Course,
    *,
    now: datetime | None = None,
    days: int = 40,
    announced: bool = True,
    **values: Any,
) -> CourseRun:
    """A run that begins in ``days`` days, planned and, if so wished, announced by ``actor``."""
    now = now or clock.now()
    first = clock.local_date(now) + timedelta(days=days)
    run = keeping.plan_run(
        actor=actor, now=now, school=school, facts=facts(course, first, **values)
    )
    if announced:
        run = keeping.announce_run(actor=actor, now=now, run=run, version=run.version)
    return run


def full(run: CourseRun, enrolled: int) -> CourseRun:
    """``run`` with so many people in its school's own system."""
    CourseRun.objects.filter(pk=run.pk).update(enrolled=enrolled)
    run.refresh_from_db()
    return run


def ids(runs: Sequence[CourseRun]) -> list[int]:
    """Their ids, in order."""
    return [run.pk for run in runs]
