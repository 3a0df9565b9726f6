"""Open Education API (OOAPI) 5: service, organizations, courses and their offerings, for everybody."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query

from samspil.api.domain import open_data
from samspil.api.domain.open_data import CourseWish, Place, RunFilter, RunRow
from samspil.api.interfaces import ooapi
from samspil.api.views.machinery import one, public
from samspil.api.views.rest import api
from samspil.kernel.errors import NotFound
from samspil.kernel.kept import moment
from samspil.runs.domain.public import RunWish

__all__ = ["api"]

TAGS = ["OOAPI"]
Size = Annotated[int, Query(alias="pageSize", ge=1, le=250, description="Rows a page")]
Number = Annotated[int, Query(alias="pageNumber", ge=1, le=100_000, description="From 1")]
Since = Annotated[date | None, Query(description="Begins on that day or later")]
Until = Annotated[date | None, Query(description="Begins on that day or earlier")]
Search = Annotated[str, Query(alias="q", max_length=100, description="Words or a number")]


def _number(kind: str, text: UUID) -> int:
    number = ooapi.number_of(kind, text)
    if number is None:
        raise NotFound("")
    return number


def _offerings(wanted: RunFilter, size: int, number: int) -> HttpResponse:
    skip = size * (number - 1)
    rows = open_data.runs_at(wanted, today=moment().on, skip=skip, limit=size)
    return one(ooapi.listed(_told(rows[:size]), number=number, size=size, more=len(rows) > size))


def _told(rows: list[RunRow]) -> list[dict[str, Any]]:
    schools = open_data.school_ids({row.organisation__key for row in rows})
    return [ooapi.offering(row, schools[row.organisation__key]) for row in rows]


@api.public("ooapi/v5/", dict[str, Any], tags=TAGS)
def ooapi_service(request: HttpRequest) -> HttpResponse:
    """Metadata of this service."""
    return public(request, lambda: one(ooapi.service()))


@api.public("ooapi/v5/organizations", dict[str, Any], tags=TAGS)
def ooapi_organizations(request: HttpRequest, size: Size = 10, number: Number = 1) -> HttpResponse:
    """Open schools, by name."""

    def make() -> HttpResponse:
        rows, after = open_data.schools(place=Place(skip=size * (number - 1)), limit=size)
        items = [ooapi.organization(row) for row in rows]
        return one(ooapi.listed(items, number=number, size=size, more=after is not None))

    return public(request, make)


@api.public("ooapi/v5/organizations/{uuid:organization_id}", dict[str, Any], tags=TAGS)
def ooapi_organization(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """A school."""

    def make() -> HttpResponse:
        return one(ooapi.organization(open_data.school_by_id(_number("school", organization_id))))

    return public(request, make)


@api.public("ooapi/v5/organizations/{uuid:organization_id}/offerings", dict[str, Any], tags=TAGS)
def ooapi_organization_offerings(
    request: HttpRequest,
    organization_id: UUID,
    size: Size = 10,
    number: Number = 1,
    since: Since = None,
    until: Until = None,
) -> HttpResponse:
    """A school's announced runs, the first to begin first."""

    def make() -> HttpResponse:
        school = open_data.school_by_id(_number("school", organization_id))
        wanted = RunFilter(school=school.key, run=RunWish(since=since, until=until))
        return _offerings(wanted, size, number)

    return public(request, make)


@api.public("ooapi/v5/courses", dict[str, Any], tags=TAGS)
def ooapi_courses(
    request: HttpRequest, q: Search = "", size: Size = 10, number: Number = 1
) -> HttpResponse:
    """Courses in use."""

    def make() -> HttpResponse:
        found = open_data.courses(
            CourseWish(q), today=moment().on, place=Place(skip=size * (number - 1)), limit=size
        )
        items = [ooapi.course(row) for row in found.rows]
        return one(ooapi.listed(items, number=number, size=size, more=found.next is not None))

    return public(request, make)


@api.public("ooapi/v5/courses/{uuid:course_id}", dict[str, Any], tags=TAGS)
def ooapi_course(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """A course in use."""

    def make() -> HttpResponse:
        number = f"{_number('course', course_id):05}"
        return one(ooapi.course(open_data.course(number, today=moment().on)))

    return public(request, make)


@api.public("ooapi/v5/courses/{uuid:course_id}/offerings", dict[str, Any], tags=TAGS)
def ooapi_course_offerings(
    request: HttpRequest,
    course_id: UUID,
    size: Size = 10,
    number: Number = 1,
    since: Since = None,
    until: Until = None,
) -> HttpResponse:
    """A course's announced runs, the first to begin first."""

    def make() -> HttpResponse:
        course = open_data.course(f"{_number('course', course_id):05}", today=moment().on)
        wanted = RunFilter(course=course.number, run=RunWish(since=since, until=until))
        return _offerings(wanted, size, number)

    return public(request, make)


@api.public("ooapi/v5/offerings/{uuid:offering_id}", dict[str, Any], tags=TAGS)
def ooapi_offering(request: HttpRequest, offering_id: UUID) -> HttpResponse:
    """An announced run."""

    def make() -> HttpResponse:
        run = open_data.run(_number("run", offering_id), today=moment().on)
        return one(_told([run])[0])

    return public(request, make)
