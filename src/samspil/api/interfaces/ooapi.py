"""Courses, runs and schools in the shape of the Open Education API (OOAPI), version 5.

The specification: https://openonderwijsapi.nl/specification/v5/docs.html. Ids are UUIDs that carry what
they name (version 8 of RFC 9562: made by the one who issues them), so that no table of ids is needed.
What AMU has and OOAPI lacks stands in ``ext``.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.conf import settings

from samspil.api.domain.open_data import CourseRow, RunRow
from samspil.network.models import Organisation
from samspil.runs.interfaces.schema_org import duration

Json = dict[str, Any]
_KINDS: Final = {"course": 1, "run": 2, "school": 3}
_MARK: Final = 0x5A35_7011  # 'samspil' as far as four bytes go


def uuid_of(kind: str, number: int) -> str:
    """The id of a course (by its number), a run or a school (by its key in the database)."""
    high = (_MARK << 16 | _KINDS[kind]) << 16 | 0x8000
    return str(uuid.UUID(int=high << 64 | 0b10 << 62 | number))


def number_of(kind: str, text: uuid.UUID) -> int | None:
    """What ``uuid_of`` was made from; ``None`` for an id of another kind or from elsewhere."""
    number = text.int & ((1 << 62) - 1)
    return number if uuid_of(kind, number) == str(text) else None


def words(text: str) -> list[Json]:
    """A text in the language it is in."""
    return [{"language": "da-DK", "value": text}]


def service() -> Json:
    """Who runs this, and where it is described."""
    return {
        "contactEmail": settings.DEFAULT_FROM_EMAIL.split("<")[-1].rstrip(">"),
        "specification": "https://openonderwijsapi.nl/specification/v5/docs.html",
        "documentation": f"{settings.BASE_URL}/api/",
    }


def course(row: CourseRow) -> Json:
    """A course."""
    told: Json = {
        "courseId": uuid_of("course", int(row.number)),
        "primaryCode": {"codeType": "x-amu", "code": row.number},
        "name": words(row.title),
        "abbreviation": row.number,
        "description": words(f"AMU-mål {row.number}: {row.title}"),
        "teachingLanguage": "dan",
        "level": "undefined",
        "link": f"{settings.BASE_URL}/kurser/{row.number}/",
        "ext": {
            "x-amu-fkb": [{"number": number, "kind": kind} for number, kind in row.fkbs],
            "x-amu-level": row.level,
        },
    }
    if row.duration_days is not None:
        told["duration"] = duration(float(row.duration_days))
    if row.valid_from is not None:
        told["validFrom"] = row.valid_from.isoformat()
    if row.valid_to is not None:
        told["validTo"] = row.valid_to.isoformat()
    return told


def offering(row: RunRow, school_id: int) -> Json:
    """An announced run as a course offering."""
    told: Json = {
        "offeringId": uuid_of("run", row.pk),
        "primaryCode": {"codeType": "offeringCode", "code": row.kviknummer or str(row.pk)},
        "offeringType": "course",
        "name": words(row.title or row.course__title),
        "abbreviation": row.course__number,
        "description": words(f"{row.course__title}, {row.organisation__name}"),
        "teachingLanguage": "dan",
        "modeOfDelivery": ["on campus"],
        "maxNumberStudents": row.capacity,
        "resultExpected": True,
        "link": row.link or f"{settings.BASE_URL}/kurser/{row.course__number}/",
        "startDate": row.starts_on.isoformat(),
        "endDate": row.ends_on.isoformat(),
        "course": uuid_of("course", int(row.course__number)),
        "organization": uuid_of("school", school_id),
        "addresses": [_address(row.street, row.postcode, row.city)],
        "ext": {
            "x-amu-free": row.free,
            "x-amu-guaranteed": row.is_guaranteed,
            "x-amu-hours": row.hours,
            "x-amu-held-by": row.held_by,
        },
    }
    if row.deadline_on is not None:
        told["enrollEndDate"] = row.deadline_on.isoformat()
    if row.price is not None:
        told["priceInformation"] = [
            {"costType": "total costs", "amount": f"{row.price:.2f}", "currency": "DKK"}
        ]
    return told


def organization(row: Organisation) -> Json:
    """A school."""
    told: Json = {
        "organizationId": uuid_of("school", row.pk),
        "primaryCode": {"codeType": "x-samspil", "code": row.key},
        "organizationType": "root",
        "name": words(row.name),
        "shortName": row.short_name or row.name,
        "addresses": [_address(row.street, row.postcode, row.city, row.lat, row.lon)],
    }
    if row.website.startswith(("http://", "https://")):
        told["link"] = row.website
    return told


def _address(
    street: str, postcode: str, city: str, lat: float | None = None, lon: float | None = None
) -> Json:
    told: Json = {
        "addressType": "teaching",
        "street": street,
        "postalCode": postcode,
        "city": city,
        "countryCode": "DK",
    }
    if lat is not None and lon is not None:
        told["geolocation"] = {"latitude": lat, "longitude": lon}
    return told


def listed(items: list[Json], *, number: int, size: int, more: bool) -> Json:
    """A page of a list, as the specification counts them: from 1."""
    return {
        "pageSize": size,
        "pageNumber": number,
        "hasPreviousPage": number > 1,
        "hasNextPage": more,
        "items": items,
    }
