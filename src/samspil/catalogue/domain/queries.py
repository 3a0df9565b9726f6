"""What pages and imports ask of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from samspil.catalogue.domain import search
from samspil.catalogue.enums import RelationKind
from samspil.catalogue.models import (
    Approval,
    BranchGroup,
    Course,
    CourseActivity,
    CourseRelation,
    Fkb,
)
from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.models import AuditEvent
from samspil.network.models import Network, Organisation
from samspil.network.models.organisations import valid_on


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """What somebody looks for among courses. Empty means everything."""

    text: str = ""
    fkb: str = ""
    group: str = ""
    kind: str = ""
    state: str = "active"


def branch_groups() -> list[BranchGroup]:
    """The branch groups in their order."""
    return list(BranchGroup.objects.order_by("position", "pk"))


def all_fkbs() -> QuerySet[Fkb]:
    """Every FKB by number, for choices."""
    return Fkb.objects.order_by("number", "pk")


def all_courses() -> QuerySet[Course]:
    """Every course by number, for choices."""
    return Course.objects.order_by("number", "pk")


def fkbs(
    actor: Actor, *, text: str = "", group: str = "", state: str = "active", today: date
) -> list[Fkb]:
    """FKBs with ``course_count``, ``core_count`` and ``school_count`` (approved today).

    ``state``: active, closed or all. ``text`` is looked for in number, title and committee.
    """
    rows = Fkb.objects.select_related("branch_group").annotate(
        course_count=Count(
            "relations", filter=Q(relations__course__is_archived=False), distinct=True
        ),
        core_count=Count(
            "relations",
            filter=Q(relations__kind=RelationKind.CORE, relations__course__is_archived=False),
            distinct=True,
        ),
        school_count=Count("approvals__organisation", filter=_approved(today), distinct=True),
    )
    if state == "active":
        rows = rows.filter(Q(valid_to=None) | Q(valid_to__gte=today))
    elif state == "closed":
        rows = rows.filter(valid_to__lt=today)
    if group:
        rows = rows.filter(branch_group__key=group)
    for word in text.split():
        rows = rows.filter(
            Q(number__startswith=word) | Q(title__icontains=word) | Q(committee__icontains=word)
        )
    del actor  # the catalogue is the same for everybody who is signed in
    return list(rows.order_by("branch_group__position", "number", "pk"))


def _approved(today: date) -> Q:
    return (Q(approvals__valid_from=None) | Q(approvals__valid_from__lte=today)) & (
        Q(approvals__valid_to=None) | Q(approvals__valid_to__gte=today)
    )


def courses(
    actor: Actor, wanted: CourseFilter, *, page: str | int = 1, size: int = 50
) -> Page[Course]:
    """A page of courses with their relations: with a text the best match first, else by number."""
    rows = Course.objects.prefetch_related(
        Prefetch(
            "relations",
            CourseRelation.objects.select_related("fkb").order_by("kind", "fkb__number", "pk"),
        )
    )
    if wanted.state == "active":
        rows = rows.filter(is_archived=False)
    elif wanted.state == "archived":
        rows = rows.filter(is_archived=True)
    matching = Q()
    if wanted.fkb:
        matching &= Q(relations__fkb__number=wanted.fkb)
    if wanted.group:
        matching &= Q(relations__fkb__branch_group__key=wanted.group)
    if wanted.kind:
        matching &= Q(relations__kind=wanted.kind)
    if matching:
        rows = rows.filter(pk__in=Course.objects.filter(matching).values("pk"))
    del actor
    rows = rows.order_by("number", "pk")
    if not wanted.text:
        return Paginator(rows, size).get_page(page)
    found = search.find(wanted.text).ids
    fitting = set(rows.filter(pk__in=found).values_list("pk", flat=True))
    pks = Paginator([pk for pk in found if pk in fitting], size).get_page(page)
    by_pk = rows.in_bulk(pks.object_list)
    paginator = cast("Paginator[Course]", pks.paginator)  # counts and pages by the ids
    return Page([by_pk[pk] for pk in pks], pks.number, paginator)


def get_course(actor: Actor, number: str) -> Course:
    """One course, archived ones too. Raises ``NotFound``."""
    found = Course.objects.select_related("successor").filter(number=number).first()
    if found is None:
        raise NotFound(_("Målet findes ikke i kataloget."))
    del actor
    return found


def get_fkb(actor: Actor, number: str) -> Fkb:
    """One FKB, closed ones too. Raises ``NotFound``."""
    found = Fkb.objects.select_related("branch_group").filter(number=number).first()
    if found is None:
        raise NotFound(_("FKB'en findes ikke i kataloget."))
    del actor
    return found


def relations_of_course(course: Course) -> list[CourseRelation]:
    """The FKBs a course belongs to: core first."""
    rows = course.relations.select_related("fkb", "fkb__branch_group").order_by("fkb__number", "pk")
    order = {kind: place for place, kind in enumerate(RelationKind.values)}
    return sorted(rows, key=lambda row: order.get(row.kind, 9))


def relations_of_fkb(fkb: Fkb) -> list[CourseRelation]:
    """The courses of an FKB: core, linked, common; archived ones last."""
    rows = fkb.relations.select_related("course").order_by("course__number", "pk")
    order = {kind: place for place, kind in enumerate(RelationKind.values)}
    return sorted(rows, key=lambda row: (row.course.is_archived, order.get(row.kind, 9)))


def approvals_of_fkb(fkb: Fkb) -> list[Approval]:
    """Everybody who is or was approved; those who still are come first."""
    rows = fkb.approvals.select_related("organisation").order_by("organisation__name", "pk")
    return sorted(rows, key=lambda row: row.valid_to is not None)


def approvals_of_school(organisation: Organisation) -> list[Approval]:
    """What a school is or was approved for; what still holds comes first."""
    rows = organisation.approvals.select_related("fkb", "fkb__branch_group").order_by(
        "fkb__number", "pk"
    )
    return sorted(rows, key=lambda row: row.valid_to is not None)


def get_school(actor: Actor, pk: int) -> Organisation:
    """A school with approvals, whatever network it is in: approvals are public (R44).

    Raises ``NotFound``.
    """
    found = Organisation.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Organisationen findes ikke."))
    del actor
    return found


def is_in_sight(actor: Actor, organisation: Organisation) -> bool:
    """Whether the actor may open the organisation's own page."""
    return Organisation.objects.visible_to(actor).filter(pk=organisation.pk).exists()


def schools_approved_for(course: Course, *, today: date) -> list[Organisation]:
    """Schools that are approved for an FKB of which the course is part, by name."""
    return list(
        Organisation.objects.filter(
            pk__in=Approval.objects.filter(valid_on(today), fkb__relations__course=course).values(
                "organisation_id"
            )
        ).order_by("name", "pk")
    )


def get_approval(actor: Actor, pk: int) -> Approval:
    """One approval. Raises ``NotFound``."""
    found = Approval.objects.select_related("fkb", "organisation").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Godkendelsen findes ikke."))
    del actor
    return found


def activity_of_course(actor: Actor, course: Course) -> list[CourseActivity]:
    """Learners and runs per school and year, newest first, of the schools the actor sees.

    A school's activity is its own and its network's business.
    """
    rows = CourseActivity.objects.filter(course=course).select_related("organisation")
    if not (actor.is_system or actor.is_platform_admin):
        networks = Network.objects.visible_to(actor).values("pk")
        rows = rows.filter(
            Q(organisation_id__in=actor.organisation_ids())
            | Q(organisation__memberships__network_id__in=networks)
        ).distinct()
    return list(rows.order_by("-year", "organisation__name", "pk"))


def schools() -> QuerySet[Organisation]:
    """Open organisations, for choosing who is approved."""
    return Organisation.objects.filter(valid_to=None).order_by("name", "pk")


def history(subject: Course | Fkb) -> list[AuditEvent]:
    """What happened to a course or an FKB, newest first."""
    return audit.history(subject)
