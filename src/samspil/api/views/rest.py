"""REST v1: what everybody may read, and what a key may beyond that."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query

from samspil.api.domain import feed, keyed, open_data
from samspil.api.domain.open_data import CourseWish, RunFilter
from samspil.api.enums import Scope
from samspil.api.interfaces import paging, shown
from samspil.api.interfaces import schemas as s
from samspil.api.views.machinery import (
    KeyRequest,
    SamspilApi,
    install_errors,
    listed,
    one,
    page,
    private,
    public,
)
from samspil.kernel.kept import moment
from samspil.runs.domain.public import RunWish

DESCRIPTION = """Courses in adult vocational training (AMU), who offers them and when, as schools have
agreed on it. Everything under *Åbne data* may be read by everybody without a key. Errors are problem
details (RFC 9457) in Danish and English. Lists are pages: follow `next` or the header `Link`. Answers
carry `ETag` and `Last-Modified`; ask again with `If-None-Match` and get 304 when nothing changed."""

api = SamspilApi(
    title="Samspil",
    version="1.0",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    openapi_url=None,
)
install_errors(api)

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows a page")]
Cursor = Annotated[str, Query(max_length=60, description="Where the page begins; from `next`")]
Text = Annotated[str, Query(max_length=100, description="Words, parts of words or a number")]
FkbNumber = Annotated[str, Query(pattern=r"^([0-9]{4})?$", description="FKB number")]
CourseNumber = Annotated[str, Query(pattern=r"^([0-9]{5})?$", description="Course number")]
SchoolKey = Annotated[
    str, Query(pattern=r"^[-a-zA-Z0-9_]*$", max_length=60, description="Key of a school")
]
PlaceCode = Annotated[
    str, Query(pattern=r"^([0-9]{4})?$", description="Code of a municipality or a region")
]
Since = Annotated[date | None, Query(description="Begins on that day or later")]
Until = Annotated[date | None, Query(description="Begins on that day or earlier")]
Flag = Annotated[bool, Query()]
OPEN = ["Åbne data"]


@api.public("v1/", s.Index, tags=OPEN)
def index(request: HttpRequest) -> HttpResponse:
    """Where things are."""
    at = shown.base()
    names = ("courses", "fkbs", "schools", "approvals", "runs", "commitments", "changes")
    files = (
        "courses.csv", "courses.json", "courses.jsonld", "runs.csv", "runs.json", "runs.jsonld",
        "runs.ics", "commitments.csv", "commitments.json",
    )  # fmt: skip
    return public(
        request,
        lambda: one(
            {
                "version": "1.0",
                "documentation": f"{settings.BASE_URL}/api/",
                "openapi": f"{at}/openapi.json",
                **{name: f"{at}/{name}" for name in names},
                "ooapi": f"{settings.BASE_URL}/api/ooapi/v5/",
                "files": {name: f"{at}/files/{name}" for name in files},
            }
        ),
    )


@api.public("v1/courses", s.CourseList, tags=OPEN)
def courses(
    request: HttpRequest,
    q: Text = "",
    fkb: FkbNumber = "",
    place: PlaceCode = "",
    since: Since = None,
    until: Until = None,
    guaranteed: Flag = False,
    free: Flag = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HttpResponse:
    """Courses in use, by number; with `q` the best match first, Danish compounds and misspelt words
    found. A place, a day, `guaranteed` or `free` asks for an announced run that fits."""

    def make() -> HttpResponse:
        wanted = CourseWish(q, fkb, RunWish(place, since, until, guaranteed, free))
        place_in_list = paging.read(cursor)
        found = open_data.courses(wanted, today=moment().on, place=place_in_list, limit=limit)
        return listed(
            request,
            [shown.course(row) for row in found.rows],
            found.next,
            searched_for=found.meant or None,
        )

    return public(request, make)


@api.public("v1/courses/{number}", s.CourseOut, tags=OPEN)
def course(
    request: HttpRequest, number: Annotated[str, Path(pattern=r"^[0-9]{5}$")]
) -> HttpResponse:
    """A course in use."""
    return public(request, lambda: one(shown.course(open_data.course(number, today=moment().on))))


@api.public("v1/fkbs", s.FkbList, tags=OPEN)
def fkbs(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> HttpResponse:
    """FKBs that are valid, by number."""

    def make() -> HttpResponse:
        rows, after = open_data.fkbs(today=moment().on, place=paging.read(cursor), limit=limit)
        return listed(request, [shown.fkb(row) for row in rows], after)

    return public(request, make)


@api.public("v1/fkbs/{number}", s.FkbDetail, tags=OPEN)
def fkb(request: HttpRequest, number: Annotated[str, Path(pattern=r"^[0-9]{4}$")]) -> HttpResponse:
    """An FKB with its courses in use."""

    def make() -> HttpResponse:
        found, relations = open_data.fkb(number, today=moment().on)
        return one({**shown.fkb(found), "courses": [shown.fkb_course(*row) for row in relations]})

    return public(request, make)


@api.public("v1/schools", s.SchoolList, tags=OPEN)
def schools(request: HttpRequest, limit: Limit = 50, cursor: Cursor = "") -> HttpResponse:
    """Open schools, by name."""

    def make() -> HttpResponse:
        rows, after = open_data.schools(place=paging.read(cursor), limit=limit)
        return listed(request, [shown.school(row) for row in rows], after)

    return public(request, make)


@api.public("v1/schools/{key}", s.SchoolOut, tags=OPEN)
def school(
    request: HttpRequest,
    key: Annotated[str, Path(pattern=r"^[-a-zA-Z0-9_]+$", max_length=60)],
) -> HttpResponse:
    """A school."""
    return public(request, lambda: one(shown.school(open_data.school(key))))


@api.public("v1/approvals", s.ApprovalList, tags=OPEN)
def approvals(
    request: HttpRequest,
    fkb: FkbNumber = "",
    school: SchoolKey = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HttpResponse:
    """Which schools are approved for which FKB today."""

    def make() -> HttpResponse:
        rows, after = open_data.approvals(
            today=moment().on, fkb=fkb, school=school, place=paging.read(cursor), limit=limit
        )
        return listed(request, [shown.approval(row) for row in rows], after)

    return public(request, make)


@api.public("v1/runs", s.RunList, tags=OPEN)
def runs(
    request: HttpRequest,
    course: CourseNumber = "",
    school: SchoolKey = "",
    fkb: FkbNumber = "",
    place: PlaceCode = "",
    since: Since = None,
    until: Until = None,
    guaranteed: Flag = False,
    free: Flag = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HttpResponse:
    """Announced runs that have not begun, the first to begin first."""

    def make() -> HttpResponse:
        wanted = RunFilter(course, school, fkb, RunWish(place, since, until, guaranteed, free))
        rows, after = open_data.runs(
            wanted, today=moment().on, place=paging.read(cursor), limit=limit
        )
        return listed(request, [shown.run(row) for row in rows], after)

    return public(request, make)


@api.public("v1/runs/{int:run_id}", s.RunOut, tags=OPEN)
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """An announced run that has not begun."""
    return public(request, lambda: one(shown.run(open_data.run(run_id, today=moment().on))))


@api.public("v1/commitments", s.CommitmentList, tags=OPEN)
def commitments(
    request: HttpRequest,
    course: CourseNumber = "",
    fkb: FkbNumber = "",
    school: SchoolKey = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HttpResponse:
    """Who has agreed to offer what: overviews that are frozen or signed, this year's and later ones."""

    def make() -> HttpResponse:
        rows, after = open_data.commitments(
            today=moment().on,
            course=course,
            fkb=fkb,
            school=school,
            place=paging.read(cursor),
            limit=limit,
        )
        return listed(request, [shown.commitment(row) for row in rows], after)

    return public(request, make)


@api.public("v1/changes", s.ChangeList, tags=OPEN)
def changes(
    request: HttpRequest,
    since: Annotated[
        str, Query(pattern=r"^[0-9]{0,15}$", description="`since` of the last answer")
    ] = "",
    limit: Limit = 50,
) -> HttpResponse:
    """What was announced, changed or is gone since a cursor: courses, runs and public commitments.
    Begin without `since`, fetch until `next` is null, and keep `since` for the next time."""

    def make() -> HttpResponse:
        found = feed.since(int(since or 0), limit=limit)
        return one(shown.changes(found, limit))

    return public(request, make)


# ---------------------------------------------------------------- with a key


@api.keyed("GET", "v1/me", s.Me)
def me(request: KeyRequest) -> HttpResponse:
    """What the key that was sent is good for."""
    key = request.api_key
    assert key is not None  # Key has seen it
    return private(
        request,
        {
            "name": key.name,
            "owner": str(key.owner),
            "scopes": key.scopes,
            "expires_at": key.expires_at.isoformat(),
        },
    )


@api.keyed("GET", "v1/rounds", s.RoundList, scope=Scope.ROUNDS_READ)
def rounds(request: KeyRequest, limit: Limit = 50, cursor: Cursor = "") -> HttpResponse:
    """The rounds that the key's owner takes part in, newest year first."""
    rows, after = keyed.rounds(request.actor, place=paging.read(cursor), limit=limit)
    body, _next = page(request, [shown.round_line(row) for row in rows], after)
    return private(request, body)


@api.keyed("GET", "v1/rounds/{int:round_id}", s.RoundOut, scope=Scope.ROUNDS_READ)
def round(request: KeyRequest, round_id: int) -> HttpResponse:
    """One round."""
    return private(request, shown.round_line(keyed.round_line(request.actor, round_id)))


@api.keyed("GET", "v1/rounds/{int:round_id}/cells", s.CellList, scope=Scope.ROUNDS_READ)
def cells(
    request: KeyRequest,
    round_id: int,
    fkb: FkbNumber = "",
    gaps: Annotated[bool, Query(description="Only courses that nobody offers")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HttpResponse:
    """The board of a round as it stands now: who does what for which course. A course that nobody
    has anything to do with is a row without a school."""
    rows, after = keyed.cells(
        request.actor, round_id, fkb=fkb, gaps=gaps, place=paging.read(cursor), limit=limit
    )
    body, _next = page(request, [shown.cell(row) for row in rows], after)
    return private(request, body)
