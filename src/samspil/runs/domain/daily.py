"""What happens to runs by itself every night, and what waits for their schools."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.kernel.actor import Actor
from samspil.kernel.outbox import job, nightly
from samspil.kernel.tasks import Task, task_source
from samspil.runs import rules
from samspil.runs.domain.following import OUT
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun, RunCount

SOON: Final = timedelta(days=7)
_CHUNK: Final = 2000


@job("runs.count_seats")
def count_seats(payload: dict[str, Any], *, now: datetime) -> None:
    """Write down how many seats are in use, and that the runs kept here are as of today.

    Done twice on a day it changes nothing more.
    """
    del now
    count(date.fromisoformat(payload["on"]))


nightly("runs.count_seats", hour=1)


def count(today: date) -> int:
    """Write a count for every public run whose number is another than the last one written.

    A run that was read in is counted on the day its numbers are from. Returns how many were written.
    """
    with transaction.atomic():
        CourseRun.objects.own().filter(status__in=OUT, seen_on__lt=today).update(seen_on=today)
        last = RunCount.objects.filter(run=OuterRef("pk")).order_by("-day").values("enrolled")[:1]
        changed = (
            CourseRun.objects.filter(status__in=OUT, follows__isnull=True)
            .filter(Q(is_own=False) | Q(starts_on__gte=today))
            .annotate(used_now=F("enrolled") + F("signed_up_here"), last=Subquery(last))
            .exclude(used_now=F("last"), last__isnull=False)
            .order_by("pk")
            .values_list("pk", "seen_on", "used_now")
        )
        rows = [RunCount(run_id=pk, day=day, enrolled=used) for pk, day, used in changed]
        RunCount.objects.bulk_create(
            rows,
            batch_size=_CHUNK,
            update_conflicts=True,
            unique_fields=["run", "day"],
            update_fields=["enrolled"],
        )
    return len(rows)


@task_source("runs.keeping")
def run_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: runs to decide about, and runs that are over without anybody having said how it went."""
    schools = rules.kept_schools(actor)
    if not schools:
        return
    mine = CourseRun.objects.own().filter(organisation_id__in=schools, follows__isnull=True)
    for run in (
        mine.filter(status=RunStatus.ANNOUNCED, decision_on__lte=today + SOON, starts_on__gte=today)
        .select_related("course", "organisation")
        .order_by("decision_on", "pk")
    ):
        lacks = run.missing
        yield Task(
            title=_("Afgør, om holdet på %(course)s gennemføres") % {"course": run.course.number},
            url=reverse("runs:run", args=[run.pk]),
            context=_("Hold"),
            due_on=run.decision_on,
            detail=ngettext(
                "Mangler %(count)s af %(minimum)s", "Mangler %(count)s af %(minimum)s", lacks
            )
            % {"count": lacks, "minimum": run.minimum}
            if lacks
            else _("Har nok: %(number)s tilmeldte") % {"number": run.used},
        )
    for run in (
        mine.filter(status__in=OUT, ends_on__lt=today)
        .select_related("course", "organisation")
        .order_by("ends_on", "pk")
    ):
        yield Task(
            title=_("Skriv, hvor mange der deltog på %(course)s") % {"course": run.course.number},
            url=reverse("runs:run", args=[run.pk]),
            context=_("Hold"),
            due_on=run.ends_on,
        )
