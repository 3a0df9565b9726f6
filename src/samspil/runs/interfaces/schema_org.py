"""Courses and their runs as schema.org Course and CourseInstance, in JSON-LD.

Shapes: https://schema.org/Course and https://schema.org/CourseInstance. A run is an instance with
its place, its price as an Offer, and its hours as text where there are any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from samspil.catalogue.models import Course
from samspil.runs.domain.told import Run

CONTENT_TYPE = "application/ld+json; charset=utf-8"


def course(row: Course, runs: Iterable[Run], *, page: str) -> dict[str, Any]:
    """A course with its runs. ``page`` is the address of its public page."""
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": page,
        "url": page,
        "courseCode": row.number,
        "name": row.title,
        "description": f"AMU-mål {row.number}: {row.title}",
        "inLanguage": "da",
        "educationalCredentialAwarded": "AMU-bevis",
        "provider": {
            "@type": "Organization",
            "name": "Arbejdsmarkedsuddannelserne (AMU)",
        },
    }
    if row.duration_days is not None:
        told["timeRequired"] = duration(float(row.duration_days))
    instances = [instance(run, page) for run in runs]
    if instances:
        told["hasCourseInstance"] = instances
    return told


def duration(days: float) -> str:
    """Days of teaching as an ISO 8601 duration; half days as hours of a day of 7.4 hours."""
    whole, part = divmod(days, 1)
    hours = round(part * 7.4)
    return f"P{int(whole)}D" + (f"T{hours}H" if hours else "")


def instance(run: Run, page: str) -> dict[str, Any]:
    """A run. ``page`` is the address of its course's public page."""
    row = run.row
    online = row.is_remote
    told: dict[str, Any] = {
        "@type": "CourseInstance",
        "@id": f"{page}#hold-{row.pk}",
        "url": row.link or page,
        "name": row.title or row.course.title,
        "courseMode": "Online" if online else "Onsite",
        "inLanguage": "da",
        "startDate": row.starts_on.isoformat(),
        "endDate": row.ends_on.isoformat(),
        "eventStatus": "https://schema.org/EventScheduled",
        "maximumAttendeeCapacity": row.capacity,
        "remainingAttendeeCapacity": row.free,
        "organizer": {"@type": "EducationalOrganization", "name": row.organisation.name},
        "offers": {
            "@type": "Offer",
            "url": row.link or page,
            "category": "Paid",
            "availability": "https://schema.org/InStock"
            if row.free
            else "https://schema.org/SoldOut",
        },
    }
    if row.kviknummer:
        told["identifier"] = row.kviknummer
    if row.duration_days is not None:
        told["courseWorkload"] = duration(float(row.duration_days))
    if row.price is not None:
        told["offers"] |= {"price": f"{row.price:.2f}", "priceCurrency": "DKK"}
    if row.deadline_on is not None:
        told["offers"]["validThrough"] = row.deadline_on.isoformat()
    if row.city or row.street:
        told["location"] = {
            "@type": "Place",
            "name": run.held_by or row.organisation.name,
            "address": {
                "@type": "PostalAddress",
                "streetAddress": row.street,
                "postalCode": row.postcode,
                "addressLocality": row.city,
                "addressCountry": "DK",
            },
        }
    return told


def data_block(told: dict[str, Any]) -> str:
    """The JSON as it may stand in a ``<script type="application/ld+json">`` of a page: no end of the
    element and no comment can begin inside of it."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
