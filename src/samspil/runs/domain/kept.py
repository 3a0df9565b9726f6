"""What pages ask about single runs and a school's own list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from samspil.catalogue.models import Approval, Course, CourseRelation
from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.models import AuditEvent
from samspil.network.models import Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs import rules
from samspil.runs.domain import following, queries
from samspil.runs.enums import RunStatus
from samspil.runs.models import CourseRun, RunDay
from samspil.runs.models.runs import CourseRunQuerySet


def visible(actor: Actor) -> CourseRunQuerySet:
    """Runs the actor may see: everything announced, and plans of schools it sees from inside."""
    rows = CourseRun.objects.all()
    if actor.is_system or actor.is_platform_admin:
        return rows
    return rows.filter(
        ~Q(status=RunStatus.PLANNED) | Q(organisation_id__in=rules.seen_inside(actor))
    )


def get_run(actor: Actor, pk: int) -> CourseRun:
    """A run the actor may see. Raises ``NotFound``."""
    found = (
        visible(actor)
        .select_related("course", "organisation", "follows__organisation", "follows__course")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("Holdet findes ikke."))
    return found


def keepable_schools(actor: Actor) -> list[Organisation]:
    """The open schools whose runs the actor keeps, by name; the one it acts for first."""
    rows = list(
        Organisation.objects.filter(pk__in=rules.kept_schools(actor), valid_to=None).order_by(
            "name", "pk"
        )
    )
    return sorted(rows, key=lambda row: row.pk != actor.organisation_id)


def schools_seen_inside(actor: Actor) -> list[Organisation]:
    """The schools whose plans the actor sees, its own first, then by name."""
    own = actor.organisation_ids()
    rows = Organisation.objects.filter(pk__in=rules.seen_inside(actor)).order_by("name", "pk")
    return sorted(rows, key=lambda row: (row.pk != actor.organisation_id, row.pk not in own))


STATES = ("coming", "planned", "past", "cancelled")


def own_runs(
    actor: Actor,
    school: Organisation,
    *,
    state: str,
    text: str = "",
    today: date,
    page: str | int = 1,
) -> tuple[Page[CourseRun], dict[str, int]]:
    """A school's runs in one state, and how many there are in each. ``NotFound`` outside one's scope."""
    if school.pk not in rules.seen_inside(actor):
        raise NotFound(_("Skolen findes ikke."))
    rows = CourseRun.objects.filter(organisation=school)
    for word in text.split():
        rows = rows.filter(
            Q(course__number__startswith=word)
            | Q(course__title__icontains=word)
            | Q(kviknummer__startswith=word)
            | Q(city__icontains=word)
        )
    over = Q(status=RunStatus.HELD) | Q(ends_on__lt=today)
    kinds = {
        "coming": Q(status__in=following.OUT) & ~over,
        "planned": Q(status=RunStatus.PLANNED),
        "past": over & ~Q(status__in=(RunStatus.PLANNED, RunStatus.CANCELLED)),
        "cancelled": Q(status=RunStatus.CANCELLED),
    }
    counts = rows.aggregate(**{name: Count("pk", filter=kind) for name, kind in kinds.items()})
    order = ("-starts_on", "-pk") if state in ("past", "cancelled") else ("starts_on", "pk")
    found = (
        rows.filter(kinds.get(state, kinds["coming"]))
        .select_related("course", "organisation", "follows__organisation")
        .order_by(*order)
    )
    return Paginator(found, 50).get_page(page), counts


MOST_EXPORTED = 20_000


def all_runs_of(actor: Actor, school: Organisation) -> list[CourseRun]:
    """A school's runs, whatever has become of them. ``NotFound`` outside one's scope."""
    if school.pk not in rules.seen_inside(actor):
        raise NotFound(_("Skolen findes ikke."))
    return list(
        CourseRun.objects.filter(organisation=school)
        .select_related("course", "organisation")
        .order_by("starts_on", "pk")[:MOST_EXPORTED]
    )


def announced_runs(*, text: str = "", school: str = "") -> list[CourseRun]:
    """The announced runs that fit, the first to begin first, at most ``MOST_EXPORTED``."""
    wanted = queries.RunFilter(text=text, school=school, state="all")
    return list(
        queries.narrowed(CourseRun.objects.announced(), wanted)
        .select_related("course", "organisation")
        .order_by("starts_on", "pk")[:MOST_EXPORTED]
    )


def followers_of(run: CourseRun) -> list[tuple[CourseRun, list[following.Drift]]]:
    """The schools that announce the run too, each with where it says something else."""
    rows = (
        run.followers.exclude(status=RunStatus.CANCELLED)
        .select_related("organisation", "course")
        .order_by("organisation__name", "pk")
    )
    return [(own, following.drift(own, run)) for own in rows]


def could_announce(run: CourseRun) -> list[CourseRun]:
    """Other schools' runs of the course that a run which was read in may announce, the nearest days first."""
    rows = (
        CourseRun.objects.filter(
            course_id=run.course_id, follows__isnull=True, status__in=following.OUT
        )
        .exclude(organisation_id=run.organisation_id)
        .filter(starts_on__gt=run.seen_on)
        .select_related("organisation", "course")
        .order_by("starts_on", "pk")[:200]
    )
    near = sorted(rows, key=lambda row: (abs((row.starts_on - run.starts_on).days), row.pk))
    return near[:20]


def days_of_run(run: CourseRun) -> list[RunDay]:
    """The run's days, where they are known one by one."""
    return list(run.days.order_by("on", "starts_at", "pk"))


def history(run: CourseRun) -> list[AuditEvent]:
    """What happened to a run, newest first."""
    return audit.history(run)


def courses_for(schools: list[Organisation], today: date) -> list[Course]:
    """The courses that some schools are approved for: to choose from when a run is planned."""
    fkbs = Approval.objects.filter(valid_on(today), organisation__in=schools).values("fkb")
    return list(
        Course.objects.filter(
            pk__in=CourseRelation.objects.filter(fkb__in=fkbs).values("course"), is_archived=False
        ).order_by("number")
    )


def is_approved(school: Organisation, course: Course, today: date) -> bool:
    """Whether the school is approved for an FKB of which the course is part (R43)."""
    return Approval.objects.filter(
        valid_on(today), organisation=school, fkb__relations__course=course
    ).exists()


def course_by_number(number: str) -> Course | None:
    """The course, or ``None``."""
    return Course.objects.filter(number=number).first()


def school_by_key(actor: Actor, key: str) -> Organisation | None:
    """One of the schools whose plans the actor sees; its own where the key says none of them."""
    schools = schools_seen_inside(actor)
    return next((row for row in schools if row.key == key), schools[0] if schools else None)


@dataclass(frozen=True)
class Consequences:
    """What a cancellation means: people here and in the school's system, schools that announce it too."""

    enrolled: int
    signed_up_here: int
    followers: list[CourseRun]
    at_followers: int
    is_guaranteed: bool
    is_confirmed: bool


def consequences(run: CourseRun) -> Consequences:
    """What would happen if the run were cancelled now."""
    followers = [row for row, _drift in followers_of(run)]
    return Consequences(
        enrolled=run.enrolled,
        signed_up_here=run.signed_up_here,
        followers=followers,
        at_followers=sum(row.enrolled for row in followers),
        is_guaranteed=run.is_guaranteed,
        is_confirmed=run.status == RunStatus.CONFIRMED,
    )
