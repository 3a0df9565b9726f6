"""Announced runs for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from samspil.catalogue.models import Course
from samspil.network.models import Organisation, Postcode
from samspil.runs.models import CourseRun

SEEN = date(2026, 8, 4)
PLACES = (
    ("8000", "Aarhus C", 56.1567, 10.2108),
    ("8900", "Randers C", 56.4599, 10.0364),
    ("8700", "Horsens", 55.8607, 9.8503),
)


def make_runs(
    course: Course, schools: Sequence[Organisation], enrolled: Sequence[int] = (6, 5, 2)
) -> list[CourseRun]:
    """A run per number, at the schools and places in turn, a week apart, each with a minimum of 10."""
    for code, city, lat, lon in PLACES:
        Postcode.objects.get_or_create(code=code, defaults={"city": city, "lat": lat, "lon": lon})
    first = CourseRun.objects.count()
    made = []
    for i, number in enumerate(enrolled):
        code, city, _lat, _lon = PLACES[i % len(PLACES)]
        starts = SEEN + timedelta(days=10 + 7 * i)
        made.append(
            CourseRun.objects.create(
                course=course,
                organisation=schools[i % len(schools)],
                kviknummer=f"prøve-{first + i}",
                title=course.title,
                starts_on=starts,
                ends_on=starts + timedelta(days=1),
                duration_days=2,
                postcode=code,
                city=city,
                capacity=20,
                minimum=10,
                enrolled=number,
                seen_on=SEEN,
            )
        )
    return made
