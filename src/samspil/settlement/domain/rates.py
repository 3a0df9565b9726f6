"""Rates with validity: added, never changed; looked up for a course and a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Max
from django.utils.translation import gettext as _

from samspil.catalogue.models import Course
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.outbox import enqueue
from samspil.settlement import rules
from samspil.settlement.enums import Account, RateKind
from samspil.settlement.models import CourseRate, Rate, RateGroup, TransferFact

MOST_OERE = 100_000_000_00
"""A rate above a hundred million kroner is a slip of the finger."""


def rate_on(course: Course, kind: str, day: date) -> Rate | None:
    """The rate of the course's group that holds on ``day``; None when the group or the rate isn't known."""
    place = (
        CourseRate.objects.filter(course=course, valid_from__lte=day)
        .order_by("-valid_from", "-pk")
        .first()
    )
    if place is None:
        return None
    return (
        Rate.objects.filter(group=place.group_id, kind=kind, valid_from__lte=day)
        .order_by("-valid_from", "-pk")
        .first()
    )


@action("settlement.add_rate", permission=rules.may_keep_rates)
def add_rate(
    *,
    actor: Actor,
    now: datetime,
    group_key: str,
    group_name: str,
    kind: str,
    oere: int,
    valid_from: date,
    source: str,
    is_constructed: bool = False,
) -> Rate:
    """A rate that holds from a day on; the one before it ends the day before (R63, R69).

    Transfers reckoned with another rate get a posting for the difference. Raises ``Conflict`` when there is
    one from that day already, ``Invalid`` for an amount that cannot be and for a rate without source.
    """
    if not 0 <= oere <= MOST_OERE:
        raise Invalid(_("Skriv et beløb fra 0 til 100 mio. kr."), field="oere")
    if not source.strip():
        raise Invalid(
            _("Skriv, hvor taksten står, for eksempel finanslovens paragraf og år."), field="source"
        )
    if kind not in RateKind.values:
        raise Invalid(_("Vælg en af mulighederne."), field="kind")
    group, _new = RateGroup.objects.get_or_create(
        key=group_key, defaults={"name": group_name or group_key}
    )
    if Rate.objects.filter(group=group, kind=kind, valid_from=valid_from).exists():
        raise Conflict(
            _(
                "Der er allerede en takst for gruppen fra den dag. En takst rettes ikke; tilføj en fra en senere dag."
            )
        )
    rate = Rate.objects.create(
        group=group,
        kind=kind,
        oere=oere,
        valid_from=valid_from,
        source=source.strip()[:200],
        is_constructed=is_constructed,
    )
    record(
        rate,
        after={
            "group": group.key,
            "kind": kind,
            "oere": oere,
            "from": valid_from,
            "source": source,
        },
        summary=_("Takst for %(group)s tilføjet") % {"group": group.name},
    )
    if kind == RateKind.SUBSIDY:
        enqueue("settlement.reprice", {"group": group.pk}, now=now)
    return rate


@action("settlement.set_course_rate", permission=rules.may_keep_rates)
def set_course_rate(
    *, actor: Actor, now: datetime, course: Course, group: RateGroup, valid_from: date
) -> CourseRate:
    """Say which rate group a course is in from a day on. Raises ``Conflict`` when it has one from that day."""
    if CourseRate.objects.filter(course=course, valid_from=valid_from).exists():
        raise Conflict(_("Målet har allerede en takstgruppe fra den dag."))
    place = CourseRate.objects.create(course=course, group=group, valid_from=valid_from)
    record(
        place,
        after={"course": course.number, "group": group.key, "from": valid_from},
        summary=_("%(course)s er i takstgruppen %(group)s")
        % {"course": course.number, "group": group.name},
    )
    enqueue("settlement.reprice", {"group": group.pk}, now=now)
    return place


@dataclass(frozen=True, slots=True)
class Missing:
    """A course with transfers that no rate is known for."""

    course: Course
    transfers: int


def missing_rates() -> list[Missing]:
    """Courses that people were transferred on and that have no taxameter rate, by number."""
    facts = (
        TransferFact.objects.exclude(entries__postings__account=Account.SUBSIDY)
        .order_by("course__number")
        .values("course")
        .annotate(n=Count("pk"), last=Max("starts_on"))
    )
    courses = Course.objects.in_bulk([row["course"] for row in facts])
    return [
        Missing(courses[row["course"]], row["n"])
        for row in facts
        if rate_on(courses[row["course"]], RateKind.SUBSIDY, row["last"]) is None
    ]


def rates() -> list[Rate]:
    """Every rate, by group and kind, the newest first."""
    return list(
        Rate.objects.select_related("group").order_by("group__key", "kind", "-valid_from", "pk")
    )


def groups() -> list[RateGroup]:
    """The rate groups by key."""
    return list(RateGroup.objects.order_by("key", "pk"))


def course_rates() -> list[CourseRate]:
    """Which course is in which group, by number, the newest first."""
    return list(
        CourseRate.objects.select_related("course", "group").order_by(
            "course__number", "-valid_from", "pk"
        )
    )
