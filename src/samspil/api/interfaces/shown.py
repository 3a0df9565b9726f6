"""Rows as the API shows them. Written by hand, because a page of a list must cost little."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from samspil.api.domain.feed import Changes
from samspil.api.domain.keyed import CellRow
from samspil.api.domain.open_data import RUN, Agreed, CourseRow, RunRow
from samspil.api.enums import FeedKind
from samspil.catalogue.models import Approval, Fkb
from samspil.coordination.domain.round_queries import RoundLine
from samspil.network.models import Organisation
from samspil.runs.models import CourseRun

Json = dict[str, Any]


def base() -> str:
    """Address of version 1, without a slash at its end."""
    return f"{settings.BASE_URL}/api/v1"


def course(row: CourseRow) -> Json:
    """A course."""
    return {
        "number": row.number,
        "title": row.title,
        "duration_days": None if row.duration_days is None else float(row.duration_days),
        "level": row.level,
        "valid_from": row.valid_from and row.valid_from.isoformat(),
        "valid_to": row.valid_to and row.valid_to.isoformat(),
        "fkbs": [{"number": number, "kind": kind} for number, kind in row.fkbs],
        "is_constructed": row.is_constructed,
        "url": f"{base()}/courses/{row.number}",
        "page": f"{settings.BASE_URL}/kurser/{row.number}/",
    }


def fkb(row: Fkb) -> Json:
    """An FKB."""
    return {
        "number": row.number,
        "title": row.title,
        "committee": row.committee,
        "valid_from": row.valid_from and row.valid_from.isoformat(),
        "valid_to": row.valid_to and row.valid_to.isoformat(),
        "is_constructed": row.is_constructed,
        "url": f"{base()}/fkbs/{row.number}",
    }


def fkb_course(number: str, title: str, kind: str) -> Json:
    """A course of an FKB, in short."""
    return {
        "number": number, "title": title, "kind": kind, "url": f"{base()}/courses/{number}",
    }  # fmt: skip


def school(row: Organisation) -> Json:
    """An open school."""
    return {
        "key": row.key,
        "name": row.name,
        "short_name": row.short_name,
        "street": row.street,
        "postcode": row.postcode,
        "city": row.city,
        "lat": row.lat,
        "lon": row.lon,
        "institution_number": row.institution_number,
        "website": row.website,
        "url": f"{base()}/schools/{row.key}",
    }


def school_ref(key: str, name: str) -> Json:
    """A school in short."""
    return {"key": key, "name": name, "url": f"{base()}/schools/{key}"}


def approval(row: Approval) -> Json:
    """An approval."""
    return {
        "fkb": row.fkb.number,
        "school": school_ref(row.organisation.key, row.organisation.name),
        "valid_from": row.valid_from and row.valid_from.isoformat(),
        "valid_to": row.valid_to and row.valid_to.isoformat(),
    }


def run(row: RunRow) -> Json:
    """An announced run."""
    at = base()
    return {
        "id": row.pk,
        "kviknummer": row.kviknummer,
        "course": {
            "number": row.course__number,
            "title": row.course__title,
            "url": f"{at}/courses/{row.course__number}",
        },
        "school": {
            "key": row.organisation__key,
            "name": row.organisation__name,
            "url": f"{at}/schools/{row.organisation__key}",
        },
        "held_by": row.held_by,
        "title": row.title,
        "status": row.status,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "deadline_on": row.deadline_on and row.deadline_on.isoformat(),
        "duration_days": None if row.duration_days is None else float(row.duration_days),
        "hours": row.hours,
        "teaching_form": row.teaching_form,
        "street": row.street,
        "postcode": row.postcode,
        "city": row.city,
        "capacity": row.capacity,
        "free": row.free,
        "is_guaranteed": row.is_guaranteed,
        "takes_sign_up": row.takes_sign_up,
        "price": None if row.price is None else float(row.price),
        "link": row.link,
        "seen_on": row.seen_on.isoformat(),
        "url": f"{at}/runs/{row.pk}",
    }


def commitment(row: Agreed) -> Json:
    """A school's part in a course of a frozen overview."""
    return {
        **row._asdict(),
        "starts_on": row.starts_on and row.starts_on.isoformat(),
        "ends_on": row.ends_on and row.ends_on.isoformat(),
    }


def changes(found: Changes, limit: int) -> Json:
    """A page of the change feed."""
    at = base()
    addresses = {FeedKind.COURSE: "courses", FeedKind.RUN: "runs"}
    return {
        "items": [
            {
                "seq": item.seq,
                "kind": item.kind,
                "id": item.key,
                "change": item.change,
                "at": item.at.isoformat(),
                "url": f"{at}/{addresses[FeedKind(item.kind)]}/{item.key}"
                if item.kind in addresses and item.change != "gone"
                else None,
            }
            for item in found.items
        ],
        "since": str(found.since),
        "next": f"{at}/changes?since={found.since}&limit={limit}" if found.more else None,
    }


def round_line(line: RoundLine) -> Json:
    """A round with its figures."""
    round = line.round
    return {
        "id": round.pk,
        "network": round.network.name,
        "year": round.year,
        "status": round.status,
        "forms_due_on": round.forms_due_on.isoformat(),
        "meeting_on": round.meeting_on.isoformat(),
        "signed_by_on": round.signed_by_on.isoformat(),
        "courses": line.courses,
        "gaps": line.gaps,
        "forms_returned": line.returned,
        "schools": line.schools,
        "url": f"{base()}/rounds/{round.pk}",
    }


def cell(row: CellRow) -> Json:
    """A school's part in a course of the board."""
    return {
        **row._asdict(),
        "starts_on": row.starts_on and row.starts_on.isoformat(),
        "ends_on": row.ends_on and row.ends_on.isoformat(),
    }


def own_run(row: CourseRun) -> Json:
    """A run of one's own school, with what only the school is told."""
    values = {name: getattr(row, name) for name in RUN if "__" not in name}
    told = run(
        RunRow(
            **values,
            course__number=row.course.number,
            course__title=row.course.title,
            organisation__key=row.organisation.key,
            organisation__name=row.organisation.name,
            held_by=row.follows.organisation.name if row.follows else "",
        )
    )
    return {
        **told,
        "url": f"{base()}/own/runs/{row.pk}",
        "minimum": row.minimum,
        "enrolled": row.enrolled,
        "signed_up_here": row.signed_up_here,
        "version": row.version,
    }
