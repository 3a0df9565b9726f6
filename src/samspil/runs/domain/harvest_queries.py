"""What pages ask of the harvests. Announced runs are public knowledge, and so is what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from samspil.kernel.actor import Actor
from samspil.network.models import Organisation
from samspil.runs.enums import HarvestStatus, RunChangeKind
from samspil.runs.models import CourseLook, Harvest, RunChange, RunTrace
from samspil.runs.models.harvest import ONGOING

WORTH_TELLING = (
    RunChangeKind.NEW,
    RunChangeKind.GONE,
    RunChangeKind.BACK,
    RunChangeKind.CHANGED,
)


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """What somebody looks for among changes. ``kind``: one of ``RunChangeKind`` or empty: all that is
    worth telling. ``days``: how far back."""

    text: str = ""
    school: str = ""
    kind: str = ""
    days: int = 14


def changes(
    actor: Actor, wanted: ChangeFilter, *, today: date, page: str | int = 1, size: int = 50
) -> Page[RunChange]:
    """A page of changes, the newest day first, then by course and school."""
    del actor  # public knowledge
    rows = _narrowed(wanted, today)
    kinds = (wanted.kind,) if wanted.kind else WORTH_TELLING
    rows = rows.filter(kind__in=kinds).select_related("course", "organisation")
    ordered = rows.order_by("-on", "course__number", "organisation__name", "starts_on", "pk")
    return Paginator(ordered, size).get_page(page)


def counts(wanted: ChangeFilter, *, today: date) -> dict[str, int]:
    """How many changes of each kind fit, whatever kind is shown. One query."""
    found = dict(
        _narrowed(wanted, today).order_by().values_list("kind").annotate(count=Count("pk"))
    )
    return {kind.value: found.get(kind.value, 0) for kind in RunChangeKind}


def _narrowed(wanted: ChangeFilter, today: date) -> QuerySet[RunChange]:
    rows = RunChange.objects.filter(on__gt=today - timedelta(days=wanted.days))
    if wanted.school:
        rows = rows.filter(organisation__key=wanted.school)
    for word in wanted.text.split():
        rows = rows.filter(
            Q(course__number__startswith=word)
            | Q(course__title__icontains=word)
            | Q(kviknummer__startswith=word)
        )
    return rows


def schools_with_changes() -> list[Organisation]:
    """Schools that any change is about, by name."""
    return list(
        Organisation.objects.filter(
            pk__in=RunChange.objects.order_by().values("organisation").distinct()
        ).order_by("name", "pk")
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How fetching goes: the last good harvest, the one that goes on, and the last that failed since."""

    good: Harvest | None
    ongoing: Harvest | None
    failed: Harvest | None


def standing() -> Standing:
    """How fetching goes. Three queries at most."""
    rows = Harvest.objects.order_by("-asked_at", "-pk")
    good = rows.filter(status=HarvestStatus.DONE).first()
    failed = rows.filter(status=HarvestStatus.FAILED).first()
    if failed is not None and good is not None and failed.asked_at < good.asked_at:
        failed = None
    return Standing(good, rows.filter(status__in=ONGOING).first(), failed)


def recent(limit: int = 10) -> list[Harvest]:
    """The last harvests, the newest first."""
    return list(Harvest.objects.order_by("-asked_at", "-pk")[:limit])


def traces(runs: Sequence[int]) -> dict[int, RunTrace]:
    """Since when some runs are announced, by run. One query."""
    return {trace.run_id: trace for trace in RunTrace.objects.filter(run__in=runs)}


def looks(courses: Sequence[int]) -> dict[int, CourseLook]:
    """When some courses were last looked at whole, by course. One query."""
    return {look.course_id: look for look in CourseLook.objects.filter(course__in=courses)}


def changes_of(runs: Sequence[int], limit: int = 50) -> list[RunChange]:
    """The newest changes of some runs, counts of people left out."""
    return list(
        RunChange.objects.filter(run__in=runs, kind__in=WORTH_TELLING)
        .select_related("course", "organisation")
        .order_by("-on", "-pk")[:limit]
    )
