"""Runs that the public site shows: announced today, and not begun. All constructed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from samspil.catalogue.models import Course
from samspil.kernel import clock
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun


def make_open_run(
    course: Course, school: Organisation, *, days: int = 10, **values: Any
) -> CourseRun:
    """A run in Aarhus that begins in ``days`` days, as its school announced it today."""
    today = clock.today()
    return CourseRun.objects.create(
        **{
            "course": course,
            "organisation": school,
            "kviknummer": f"åben-{CourseRun.objects.count()}",
            "title": course.title,
            "starts_on": today + timedelta(days=days),
            "ends_on": today + timedelta(days=days + 1),
            "postcode": "8000",
            "city": "Aarhus C",
            "capacity": 20,
            "enrolled": 5,
            "minimum": 10,
            "seen_on": today,
            **values,
        }
    )
