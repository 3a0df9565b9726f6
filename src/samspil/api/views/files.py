"""Open data as whole files: CSV, JSON, JSON-LD and calendars; and the API's own description."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Path

from samspil.api.domain import open_data
from samspil.api.domain.open_data import RunFilter
from samspil.api.interfaces import shown
from samspil.api.views.machinery import one, public
from samspil.api.views.rest import OPEN, CourseNumber, FkbNumber, SchoolKey, api
from samspil.kernel.kept import moment
from samspil.runs.interfaces import calendar_file, schema_org

BOM = "\ufeff"
CSV = "text/csv; charset=utf-8"
JSON = "application/json"
MOST_EVENTS = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _kind(kind: str) -> dict[str, Any]:
    """What the document says of an answer that is a file of its own kind."""
    schema: dict[str, Any] = {"type": "object" if "json" in kind else "string"}
    content = {kind.split(";", maxsplit=1)[0]: {"schema": schema}}
    return {"responses": {200: {"description": "OK", "content": content}}}


def _file(rows: Iterable[str], kind: str, name: str) -> HttpResponse:
    return StreamingHttpResponse(  # type: ignore[return-value]
        (row.encode() for row in rows),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case date():
            return value.isoformat()
        case Decimal() | float() | int():
            return f"{value}"
    text = str(value)
    # no text of anybody's becomes a formula where the file is opened
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """RFC 4180, with a mark that lets spreadsheets see that it is UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield BOM
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if buffer.tell() > 30_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _json(before: str, rows: Iterable[Any], after: str = "]}") -> Iterator[str]:
    yield before
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}{json.dumps(row, ensure_ascii=False)}"
    yield after


__all__ = ["api"]

# ---------------------------------------------------------------- courses

_COURSE_HEAD = (
    "number", "title", "duration_days", "level", "valid_from", "valid_to", "is_constructed", "fkbs",
)  # fmt: skip


@api.public("v1/files/courses.csv", str, tags=OPEN, openapi_extra=_kind(CSV))
def courses_csv(request: HttpRequest) -> HttpResponse:
    """Every course in use, for a spreadsheet."""
    today = moment().on
    rows = (
        (*row[1:-1], " ".join(f"{number}:{kind}" for number, kind in row.fkbs))
        for row in open_data.all_courses(today)
    )
    return public(request, lambda: _file(_csv(_COURSE_HEAD, rows), CSV, "courses.csv"))


@api.public("v1/files/courses.json", dict[str, Any], tags=OPEN)
def courses_json(request: HttpRequest) -> HttpResponse:
    """Every course in use."""
    rows = (shown.course(row) for row in open_data.all_courses(moment().on))
    return public(request, lambda: _file(_json('{"items":[', rows), JSON, "courses.json"))


_GRAPH = '{"@context":"https://schema.org","@graph":['


@api.public(
    "v1/files/courses.jsonld",
    dict[str, Any],
    tags=OPEN,
    openapi_extra=_kind(schema_org.CONTENT_TYPE),
)
def courses_jsonld(request: HttpRequest) -> HttpResponse:
    """Every course in use as schema.org Course."""
    rows = (
        schema_org.course(row, (), page=_page(row.number))
        for row in open_data.course_objects(moment().on)
    )
    make = lambda: _file(_json(_GRAPH, rows), schema_org.CONTENT_TYPE, "courses.jsonld")  # noqa: E731
    return public(request, make)


@api.public(
    "v1/files/courses/{number}.jsonld",
    dict[str, Any],
    tags=OPEN,
    openapi_extra=_kind(schema_org.CONTENT_TYPE),
)
def course_jsonld(
    request: HttpRequest, number: Annotated[str, Path(pattern=r"^[0-9]{5}$")]
) -> HttpResponse:
    """A course with all its announced runs as schema.org Course and CourseInstance."""

    def make() -> HttpResponse:
        today = moment().on
        found = open_data.course_object(number, today=today)
        runs = open_data.told_runs(RunFilter(course=number), today=today)
        response = one(schema_org.course(found, runs, page=_page(number)))
        response.headers["Content-Type"] = schema_org.CONTENT_TYPE
        return response

    return public(request, make)


def _page(number: str) -> str:
    return f"{settings.BASE_URL}/kurser/{number}/"


# ---------------------------------------------------------------- runs


@api.public("v1/files/runs.csv", str, tags=OPEN, openapi_extra=_kind(CSV))
def runs_csv(
    request: HttpRequest,
    course: CourseNumber = "",
    school: SchoolKey = "",
    fkb: FkbNumber = "",
) -> HttpResponse:
    """Announced runs that have not begun, for a spreadsheet."""
    rows = open_data.all_runs(RunFilter(course, school, fkb), today=moment().on)
    head = (
        "id", "kviknummer", "course", "title", "school_key", "school", "held_by", "status", "starts_on",
        "ends_on", "deadline_on", "duration_days", "hours", "teaching_form", "street", "postcode", "city",
        "capacity", "free", "is_guaranteed", "takes_sign_up", "price", "link", "seen_on",
    )  # fmt: skip
    lines = (
        (
            row.pk, row.kviknummer, row.course__number, row.course__title, row.organisation__key,
            row.organisation__name, row.held_by, row.status, row.starts_on, row.ends_on, row.deadline_on,
            row.duration_days, row.hours, row.teaching_form, row.street, row.postcode, row.city,
            row.capacity, row.free, row.is_guaranteed, row.takes_sign_up, row.price, row.link, row.seen_on,
        )
        for row in rows
    )  # fmt: skip
    return public(request, lambda: _file(_csv(head, lines), CSV, "runs.csv"))


@api.public("v1/files/runs.json", dict[str, Any], tags=OPEN)
def runs_json(
    request: HttpRequest,
    course: CourseNumber = "",
    school: SchoolKey = "",
    fkb: FkbNumber = "",
) -> HttpResponse:
    """Announced runs that have not begun."""
    wanted = RunFilter(course, school, fkb)
    rows = (shown.run(row) for row in open_data.all_runs(wanted, today=moment().on))
    return public(request, lambda: _file(_json('{"items":[', rows), JSON, "runs.json"))


@api.public(
    "v1/files/runs.jsonld", dict[str, Any], tags=OPEN, openapi_extra=_kind(schema_org.CONTENT_TYPE)
)
def runs_jsonld(
    request: HttpRequest,
    course: CourseNumber = "",
    school: SchoolKey = "",
    fkb: FkbNumber = "",
) -> HttpResponse:
    """Announced runs that have not begun as schema.org CourseInstance."""
    runs = open_data.told_runs(RunFilter(course, school, fkb), today=moment().on)
    rows = (schema_org.instance(run, _page(run.row.course.number)) for run in runs)
    make = lambda: _file(_json(_GRAPH, rows), schema_org.CONTENT_TYPE, "runs.jsonld")  # noqa: E731
    return public(request, make)


@api.public("v1/files/runs.ics", str, tags=OPEN, openapi_extra=_kind(calendar_file.CONTENT_TYPE))
def runs_ics(
    request: HttpRequest,
    course: CourseNumber = "",
    school: SchoolKey = "",
    fkb: FkbNumber = "",
) -> HttpResponse:
    """The next 1,000 announced runs as a calendar to subscribe to."""

    def make() -> HttpResponse:
        found = open_data.told_runs(
            RunFilter(course, school, fkb), today=moment().on, limit=MOST_EVENTS
        )
        text = calendar_file.calendar(
            [(run, run.row.course.title, _page(run.row.course.number)) for run in found],
            host=settings.BASE_URL.split("//")[-1],
        )
        return HttpResponse(text, content_type=calendar_file.CONTENT_TYPE)

    return public(request, make)


# ---------------------------------------------------------------- what is agreed


@api.public("v1/files/commitments.csv", str, tags=OPEN, openapi_extra=_kind(CSV))
def commitments_csv(request: HttpRequest) -> HttpResponse:
    """Who has agreed to offer what, for a spreadsheet."""
    rows = open_data.all_commitments(moment().on)
    head = open_data.Agreed._fields
    return public(request, lambda: _file(_csv(head, rows), CSV, "commitments.csv"))


@api.public("v1/files/commitments.json", dict[str, Any], tags=OPEN)
def commitments_json(request: HttpRequest) -> HttpResponse:
    """Who has agreed to offer what."""
    rows = (shown.commitment(row) for row in open_data.all_commitments(moment().on))
    return public(request, lambda: _file(_json('{"items":[', rows), JSON, "commitments.json"))


@api.public("v1/openapi.json", dict[str, Any], tags=OPEN)
def openapi(request: HttpRequest) -> HttpResponse:
    """This document (OpenAPI 3.1)."""
    return public(request, lambda: one(api.document()))
