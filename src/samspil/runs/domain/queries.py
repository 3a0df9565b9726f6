"""What pages ask of runs. Announced runs are public knowledge: everybody who is signed in sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from samspil.catalogue.models import Course
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.network.models import Network, Organisation
from samspil.runs.models import CourseRun, Pooling, below_minimum


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What somebody looks for among runs. Empty means everything; ``state``: risk, held or all."""

    text: str = ""
    school: str = ""
    state: str = "risk"


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of some runs: announced, at risk, people signed up, and people in runs at risk."""

    runs: int
    at_risk: int
    people: int
    people_at_risk: int
    schools: int
    seen_on: date | None


def runs(
    actor: Actor, wanted: RunFilter, *, page: str | int = 1, size: int = 50
) -> Page[CourseRun]:
    """A page of announced runs, the first to begin first."""
    del actor  # public knowledge
    rows = narrowed(CourseRun.objects.announced(), wanted)
    if wanted.state == "risk":
        rows = rows.filter(below_minimum())
    elif wanted.state == "held":
        rows = rows.exclude(below_minimum())
    rows = rows.select_related("course", "organisation").order_by("starts_on", "pk")
    return Paginator(rows, size).get_page(page)


def totals(wanted: RunFilter) -> Totals:
    """The figures of the runs that fit, whatever their state. One query."""
    return _totals(narrowed(CourseRun.objects.announced(), wanted))


def narrowed(rows: QuerySet[CourseRun], wanted: RunFilter) -> QuerySet[CourseRun]:
    """The rows that fit what somebody looks for, in any state."""
    if wanted.school:
        rows = rows.filter(organisation__key=wanted.school)
    for word in wanted.text.split():
        rows = rows.filter(
            Q(course__number__startswith=word)
            | Q(course__title__icontains=word)
            | Q(city__icontains=word)
            | Q(organisation__name__icontains=word)
            | Q(kviknummer__istartswith=word)
        )
    return rows


def _totals(rows: QuerySet[CourseRun]) -> Totals:
    risk = below_minimum()
    used = F("enrolled") + F("signed_up_here")
    found = rows.aggregate(
        runs=Count("pk"),
        at_risk=Count("pk", filter=risk),
        people=Sum(used),
        people_at_risk=Sum(used, filter=risk),
        schools=Count("organisation", distinct=True),
        seen_on=Max("seen_on"),
    )
    return Totals(
        runs=found["runs"],
        at_risk=found["at_risk"],
        people=found["people"] or 0,
        people_at_risk=found["people_at_risk"] or 0,
        schools=found["schools"],
        seen_on=found["seen_on"],
    )


def schools_with_runs() -> list[Organisation]:
    """Schools that have announced runs, by name."""
    return list(
        Organisation.objects.filter(
            pk__in=CourseRun.objects.announced().values("organisation")
        ).order_by("name", "pk")
    )


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course with runs at risk: how many of its runs, how many people sit in them, the first day."""

    course: Course
    runs: int
    at_risk: int
    people_at_risk: int
    first_on: date


def courses_at_risk(limit: int = 20) -> list[CourseLine]:
    """Courses with most people in runs at risk first. Two queries."""
    risk = below_minimum()
    used = F("enrolled") + F("signed_up_here")
    found = list(
        CourseRun.objects.announced()
        .values("course")
        .annotate(
            runs=Count("pk"),
            at_risk=Count("pk", filter=risk),
            people=Sum(used, filter=risk),
            first=Min("starts_on", filter=risk),
        )
        .filter(at_risk__gt=0)
        .order_by("-people", "course")[:limit]
    )
    courses = {row.pk: row for row in Course.objects.filter(pk__in=[r["course"] for r in found])}
    return [
        CourseLine(courses[r["course"]], r["runs"], r["at_risk"], r["people"] or 0, r["first"])
        for r in found
    ]


def get_course(number: str) -> Course:
    """The course by its number. Raises ``NotFound``."""
    found = Course.objects.filter(number=number).first()
    if found is None:
        raise NotFound(_("Målet findes ikke i kataloget."))
    return found


def runs_of(course: Course) -> list[CourseRun]:
    """The course's announced runs, the first to begin first."""
    return list(
        CourseRun.objects.announced()
        .filter(course=course)
        .select_related("course", "organisation")
        .order_by("starts_on", "pk")
    )


def totals_of(course: Course) -> Totals:
    """The figures of the course's announced runs."""
    return _totals(CourseRun.objects.announced().filter(course=course))


def get_pooling(actor: Actor, pooling_id: int) -> Pooling:
    """A pooling that the actor may see. Raises ``NotFound``."""
    found = (
        Pooling.objects.visible_to(actor)
        .select_related("course", "network")
        .filter(pk=pooling_id)
        .first()
    )
    if found is None:
        raise NotFound(_("Forslaget findes ikke."))
    return found


def poolings_of(actor: Actor, course: Course, limit: int = 10) -> list[Pooling]:
    """The last poolings of a course that the actor may see, newest first, without their facts."""
    return list(
        Pooling.objects.visible_to(actor)
        .filter(course=course)
        .select_related("network")
        .defer("problem", "solution")
        .order_by("-created_at", "-pk")[:limit]
    )


def networks_of(actor: Actor) -> list[Network]:
    """The networks in which the actor can ask, by name."""
    return list(Network.objects.visible_to(actor).order_by("name", "pk"))
