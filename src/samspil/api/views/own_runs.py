"""A school's own runs for its own systems: read them, plan, change, announce and cancel them."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query

from samspil.api.domain import keyed
from samspil.api.enums import Scope
from samspil.api.interfaces import paging, shown
from samspil.api.interfaces import schemas as s
from samspil.api.views.machinery import KeyRequest, page, private
from samspil.api.views.rest import Cursor, Limit, api
from samspil.kernel import clock
from samspil.kernel.errors import Invalid
from samspil.runs.domain import keeping
from samspil.runs.domain.days import Plan
from samspil.runs.models import CourseRun

__all__ = ["api"]


def _told(request: KeyRequest, run: CourseRun, status: int = 200) -> HttpResponse:
    fresh = keyed.own_run(request.actor, run.pk)
    return private(request, shown.own_run(fresh), status=status)


@api.keyed("GET", "v1/own/runs", s.OwnRunList, scope=Scope.RUNS_READ)
def own_runs(
    request: KeyRequest,
    status: Annotated[
        Literal["", "planned", "announced", "confirmed", "cancelled", "held"], Query()
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HttpResponse:
    """The school's own runs, whatever their state, the first to begin first."""
    rows, after = keyed.own_runs(
        request.actor, status=status, place=paging.read(cursor), limit=limit
    )
    body, _next = page(request, [shown.own_run(row) for row in rows], after)
    return private(request, body)


@api.keyed(
    "GET", "v1/own/runs/{int:run_id}", s.OwnRunOut, scope=Scope.RUNS_READ, url_name="own_run"
)
def own_run(request: KeyRequest, run_id: int) -> HttpResponse:
    """One of the school's own runs."""
    return private(request, shown.own_run(keyed.own_run(request.actor, run_id)))


def _plans(periods: list[s.PeriodIn]) -> tuple[Plan, ...]:
    return tuple(
        Plan(
            kind=period.kind,
            first_on=period.first_on,
            last_on=period.last_on,
            weekdays=tuple(sorted(set(period.weekdays))),
            dates=tuple(sorted(set(period.dates))),
            starts_at=period.starts_at,
            ends_at=period.ends_at,
        )
        for period in periods
    )


@api.keyed("POST", "v1/own/runs", {201: s.OwnRunOut}, scope=Scope.RUNS_WRITE, url_name="own_runs")
def plan_run(request: KeyRequest, data: s.RunIn) -> HttpResponse:
    """Plan a run. It is public when it is announced. Send ``Idempotency-Key`` so that a request that
    is sent again makes no second run."""
    values: dict[str, Any] = data.dict()
    values["course"] = keyed.course_of(data.course)
    values["periods"] = _plans(data.periods)
    given = request.headers.get("Idempotency-Key", "")
    key = request.api_key
    assert key is not None  # Key has seen it
    once = hashlib.sha256(f"{key.pk}:{given}".encode()).hexdigest()[:36] if given else ""
    run = keeping.plan_run(
        actor=request.actor,
        now=clock.now(),
        school=keyed.own_school(request.actor),
        facts=keeping.RunFacts(**values),
        form_key=once,
    )
    return _told(request, run, 201)


@api.keyed(
    "PATCH",
    "v1/own/runs/{int:run_id}",
    s.OwnRunOut,
    scope=Scope.RUNS_WRITE,
    url_name="own_run",
)
def change_run(request: KeyRequest, run_id: int, data: s.RunChange) -> HttpResponse:
    """Change a run that is kept in Samspil. What is left out stays as it is."""
    run = keyed.own_run(request.actor, run_id)
    values: dict[str, Any] = data.dict(exclude_unset=True)
    version = values.pop("version")
    for name in ("capacity", "course", "periods"):
        if name in values and values[name] is None:
            raise Invalid("", field=name)
    if data.course is not None:
        values["course"] = keyed.course_of(data.course)
    if data.periods is not None:
        values["periods"] = _plans(data.periods)
    changed = keeping.change_run(
        actor=request.actor,
        now=clock.now(),
        run=run,
        facts=keyed.changed_facts(run, values),
        version=version,
    )
    return _told(request, changed)


@api.keyed("POST", "v1/own/runs/{int:run_id}/announce", s.OwnRunOut, scope=Scope.RUNS_WRITE)
def announce_run(request: KeyRequest, run_id: int, data: s.Seen) -> HttpResponse:
    """Make a planned run public."""
    run = keeping.announce_run(
        actor=request.actor,
        now=clock.now(),
        run=keyed.own_run(request.actor, run_id),
        version=data.version,
    )
    return _told(request, run)


@api.keyed("POST", "v1/own/runs/{int:run_id}/cancel", s.OwnRunOut, scope=Scope.RUNS_WRITE)
def cancel_run(request: KeyRequest, run_id: int, data: s.Cancelled) -> HttpResponse:
    """Cancel a run. Those who have signed up are told the reason."""
    run = keeping.cancel_run(
        actor=request.actor,
        now=clock.now(),
        run=keyed.own_run(request.actor, run_id),
        version=data.version,
        reason=data.reason,
    )
    return _told(request, run)
