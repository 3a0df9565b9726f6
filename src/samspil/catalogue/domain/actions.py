"""FKBs, courses, their relations, and approvals: created, changed, ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from samspil.catalogue import rules
from samspil.catalogue.enums import Evidence, RelationKind
from samspil.catalogue.models import Approval, Course, CourseRelation, Fkb
from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row, lock_rows
from samspil.network.models import Organisation

FKB_FIELDS = ("title", "branch_group_id", "committee", "valid_from", "valid_to", "source")
COURSE_FIELDS = ("title", "duration_days", "level", "valid_from", "valid_to", "source")


def _stale() -> Conflict:
    return Conflict(_("Nogen har rettet det samme imens. Hent siden igen, og ret den så."))


def _check_dates(values: Mapping[str, Any]) -> None:
    start, end = values.get("valid_from"), values.get("valid_to")
    if start and end and end < start:
        raise Invalid(_("Slutdatoen ligger før startdatoen."), field="valid_to")


@action("catalogue.create_fkb", permission=rules.may_keep_catalogue)
def create_fkb(
    *,
    actor: Actor,
    now: datetime,
    number: str,
    title: str,
    predecessors: Iterable[Fkb] = (),
    values: Mapping[str, Any] | None = None,
) -> Fkb:
    """Add an FKB (R1, R7). ``values`` are fields of ``FKB_FIELDS``. Raises ``Invalid`` for a
    number that is not four digits or is taken."""
    if not (number.isascii() and number.isdigit() and len(number) == 4):
        raise Invalid(_("Et FKB-nummer har fire cifre."), field="number")
    if Fkb.objects.filter(number=number).exists():
        raise Invalid(_("FKB %(number)s findes allerede.") % {"number": number}, field="number")
    details = {name: value for name, value in (values or {}).items() if name in FKB_FIELDS}
    _check_dates(details)
    fkb = Fkb.objects.create(
        number=number,
        title=title,
        **details,
    )
    before = list(predecessors)
    fkb.predecessors.set(before)
    record(
        fkb,
        after={"number": number, "title": title, "predecessors": [row.number for row in before]},
        summary=_("FKB %(number)s er oprettet.") % {"number": number},
    )
    return fkb


@action("catalogue.change_fkb", permission=rules.may_keep_catalogue, on="fkb")
def change_fkb(
    *,
    actor: Actor,
    now: datetime,
    fkb: Fkb,
    version: int,
    values: Mapping[str, Any],
    predecessors: Iterable[Fkb] | None = None,
) -> Fkb:
    """Change an FKB's fields, its validity or its predecessors (R7).

    Raises ``Conflict`` when ``version`` is old, ``Invalid`` when it would precede itself.
    """
    fresh = lock_row(Fkb.objects.all(), fkb.pk)
    if fresh.version != version:
        raise _stale()
    wanted = {name: value for name, value in values.items() if name in FKB_FIELDS}
    before, after = changes(fresh, wanted)
    _check_dates({"valid_from": fresh.valid_from, "valid_to": fresh.valid_to})
    if predecessors is not None:
        rows = list(predecessors)
        if any(row.pk == fresh.pk for row in rows):
            raise Invalid(_("En FKB kan ikke afløse sig selv."), field="predecessors")
        old = sorted(fresh.predecessors.values_list("number", flat=True))
        new = sorted(row.number for row in rows)
        if old != new:
            before["predecessors"], after["predecessors"] = old, new
            fresh.predecessors.set(rows)
    if after:
        fresh.version += 1
        fresh.save(update_fields=[*(name for name in after if name in FKB_FIELDS), "version"])
        record(
            fresh,
            before=before,
            after=after,
            summary=_("FKB %(number)s er rettet.") % {"number": fresh.number},
        )
    return fresh


@action("catalogue.create_course", permission=rules.may_keep_catalogue)
def create_course(
    *,
    actor: Actor,
    now: datetime,
    number: str,
    title: str,
    duration_days: Decimal | None = None,
    is_constructed: bool = False,
    values: Mapping[str, Any] | None = None,
) -> Course:
    """Add a course (R8). ``values`` are fields of ``COURSE_FIELDS``. Raises ``Invalid``."""
    if not (number.isascii() and number.isdigit() and len(number) == 5):
        raise Invalid(_("Et målnummer har fem cifre."), field="number")
    if Course.objects.filter(number=number).exists():
        raise Invalid(_("Målet %(number)s findes allerede.") % {"number": number}, field="number")
    details = {name: value for name, value in (values or {}).items() if name in COURSE_FIELDS}
    _check_course(title, duration_days, details)
    course = Course.objects.create(
        number=number,
        title=title,
        duration_days=duration_days,
        is_constructed=is_constructed,
        **details,
    )
    record(
        course,
        after={"number": number, "title": title, "duration_days": duration_days},
        summary=_("%(number)s %(title)s er oprettet.") % {"number": number, "title": title},
    )
    return course


def _check_course(title: str, days: Decimal | None, values: Mapping[str, Any]) -> None:
    if not title.strip():
        raise Invalid(_("Skriv målets titel."), field="title")
    if days is not None and days <= 0:
        raise Invalid(_("Varigheden skal være mere end 0 dage."), field="duration_days")
    _check_dates(values)


@action("catalogue.change_course", permission=rules.may_keep_catalogue, on="course")
def change_course(
    *, actor: Actor, now: datetime, course: Course, version: int, values: Mapping[str, Any]
) -> Course:
    """Change a course's title, length, level or validity. Raises ``Conflict``, ``Invalid``."""
    fresh = lock_row(Course.objects.all(), course.pk)
    if fresh.version != version:
        raise _stale()
    wanted = {name: value for name, value in values.items() if name in COURSE_FIELDS}
    before, after = changes(fresh, wanted)
    dates = {"valid_from": fresh.valid_from, "valid_to": fresh.valid_to}
    _check_course(fresh.title, fresh.duration_days, dates)
    if after:
        fresh.version += 1
        fresh.save(update_fields=[*after, "version"])
        record(
            fresh,
            before=before,
            after=after,
            summary=_("%(number)s %(title)s er rettet.")
            % {"number": fresh.number, "title": fresh.title},
        )
    return fresh


@action("catalogue.archive_course", permission=rules.may_keep_catalogue, on="course")
def archive_course(
    *, actor: Actor, now: datetime, course: Course, reason: str, successor: Course | None = None
) -> Course:
    """Take a course out of use; nobody has to offer it any more. ``successor`` is the course
    that took its place. Raises ``Conflict`` when it is archived, ``Invalid`` without a reason."""
    fresh = lock_row(Course.objects.all(), course.pk)
    if fresh.is_archived:
        raise Conflict(_("Målet er allerede arkiveret."))
    if not reason.strip():
        raise Invalid(_("Skriv, hvorfor målet arkiveres."), field="reason")
    if successor is not None and successor.pk == fresh.pk:
        raise Invalid(_("Et mål kan ikke afløse sig selv."), field="successor")
    fresh.is_archived = True
    fresh.archived_reason = reason.strip()[:250]
    fresh.successor = successor
    fresh.version += 1
    fresh.save(update_fields=["is_archived", "archived_reason", "successor", "version"])
    record(
        fresh,
        before={"is_archived": False},
        after={"is_archived": True, "reason": reason, "successor": successor and successor.number},
        summary=_("%(number)s er arkiveret: %(reason)s")
        % {"number": fresh.number, "reason": reason},
    )
    return fresh


@action("catalogue.restore_course", permission=rules.may_keep_catalogue, on="course")
def restore_course(*, actor: Actor, now: datetime, course: Course) -> Course:
    """Take an archived course into use again. Raises ``Conflict`` when it is not archived."""
    fresh = lock_row(Course.objects.all(), course.pk)
    if not fresh.is_archived:
        raise Conflict(_("Målet er ikke arkiveret."))
    before = {"is_archived": True, "reason": fresh.archived_reason}
    fresh.is_archived = False
    fresh.archived_reason = ""
    fresh.successor = None
    fresh.version += 1
    fresh.save(update_fields=["is_archived", "archived_reason", "successor", "version"])
    record(
        fresh,
        before=before,
        after={"is_archived": False},
        summary=_("%(number)s er i brug igen.") % {"number": fresh.number},
    )
    return fresh


@action("catalogue.set_relation", permission=rules.may_keep_catalogue, on="course")
def set_relation(
    *, actor: Actor, now: datetime, course: Course, fkb: Fkb, kind: str | None
) -> CourseRelation | None:
    """Say how a course belongs to an FKB (R3); ``None`` takes it out of the FKB.

    A course is the core of at most the FKBs that say so; the kinds are kept apart. Raises
    ``Invalid`` for a kind that does not exist.
    """
    if kind is not None and kind not in RelationKind.values:
        raise Invalid(_("Vælg, hvordan målet hører til FKB'en."), field="kind")
    lock_row(Course.objects.all(), course.pk)
    relation = CourseRelation.objects.filter(course=course, fkb=fkb).first()
    old = relation.kind if relation else None
    if old == kind:
        return relation
    if kind is None:
        if relation is not None:
            relation.delete()
        relation = None
    elif relation is None:
        relation = CourseRelation.objects.create(course=course, fkb=fkb, kind=kind)
    else:
        relation.kind = kind
        relation.save(update_fields=["kind"])
    shown = RelationKind(kind).label if kind else _("ikke med")
    record(
        course,
        before={"fkb": fkb.number, "kind": old},
        after={"fkb": fkb.number, "kind": kind},
        summary=_("%(course)s i FKB %(fkb)s: %(kind)s.")
        % {"course": course.number, "fkb": fkb.number, "kind": shown},
    )
    return relation


@action("catalogue.grant_approval", permission=rules.may_keep_catalogue, on="fkb")
def grant_approval(
    *,
    actor: Actor,
    now: datetime,
    fkb: Fkb,
    organisation: Organisation,
    valid_from: date | None = None,
    valid_to: date | None = None,
    evidence: str = Evidence.GRANTED,
    source: str = "",
) -> Approval:
    """Note that a school is approved for an FKB, from–to (R43, R46).

    Raises ``Invalid`` when the school is approved in that time already or dates are reversed.
    """
    lock_row(Fkb.objects.all(), fkb.pk)
    _check_dates({"valid_from": valid_from, "valid_to": valid_to})
    for other in fkb.approvals.filter(organisation=organisation):
        starts_after = valid_to is not None and other.valid_from and other.valid_from > valid_to
        ends_before = valid_from is not None and other.valid_to and other.valid_to < valid_from
        if not (starts_after or ends_before):
            raise Invalid(
                _("%(school)s er allerede godkendt til FKB %(fkb)s i den tid.")
                % {"school": organisation.name, "fkb": fkb.number},
                field="organisation",
            )
    approval = Approval.objects.create(
        organisation=organisation,
        fkb=fkb,
        valid_from=valid_from,
        valid_to=valid_to,
        evidence=evidence,
        source=source[:200],
    )
    record(
        fkb,
        after={"school": organisation.pk, "from": valid_from, "to": valid_to, "evidence": evidence},
        organisation_id=organisation.pk,
        summary=_("%(school)s er godkendt til FKB %(fkb)s.")
        % {"school": organisation.name, "fkb": fkb.number},
    )
    return approval


@action("catalogue.end_approval", permission=rules.may_keep_catalogue, on="approval")
def end_approval(*, actor: Actor, now: datetime, approval: Approval, on: date) -> Approval:
    """End an approval, ``on`` being its last day. Raises ``Conflict``, ``Invalid``."""
    fresh = lock_row(Approval.objects.select_related("fkb", "organisation"), approval.pk)
    if fresh.valid_to is not None and fresh.valid_to <= on:
        raise Conflict(_("Godkendelsen er allerede ophørt."))
    if fresh.valid_from and on < fresh.valid_from:
        raise Invalid(_("Datoen ligger, før godkendelsen begyndte."), field="on")
    before = fresh.valid_to
    fresh.valid_to = on
    fresh.save(update_fields=["valid_to"])
    record(
        fresh.fkb,
        before={"school": fresh.organisation_id, "valid_to": before},
        after={"school": fresh.organisation_id, "valid_to": on},
        organisation_id=fresh.organisation_id,
        summary=_("Godkendelsen af %(school)s til FKB %(fkb)s ophører.")
        % {"school": fresh.organisation.name, "fkb": fresh.fkb.number},
    )
    return fresh


@action("catalogue.carry_over_approvals", permission=rules.may_keep_catalogue, on="successor")
def carry_over_approvals(
    *, actor: Actor, now: datetime, organisation: Organisation, successor: Organisation, on: date
) -> list[Approval]:
    """A school has become part of another on the day ``on``: its open approvals end the day
    before, and the successor gets those it does not have, noted as inferred (R43, R125).

    Safe to call twice. Returns the approvals that were added.
    """
    last = on - timedelta(days=1)
    open_ones = lock_rows(
        Approval.objects.filter(organisation__in=[organisation, successor], valid_to=None)
    )
    present = {row.fkb_id for row in open_ones if row.organisation_id == successor.pk}
    ending = [row for row in open_ones if row.organisation_id == organisation.pk]
    added: list[Approval] = []
    for approval in ending:
        approval.valid_to = max(last, approval.valid_from) if approval.valid_from else last
        approval.save(update_fields=["valid_to"])
        if approval.fkb_id not in present:
            source = _("Overtaget fra %(name)s ved sammenlægning") % {"name": organisation.name}
            added.append(
                Approval.objects.create(
                    organisation=successor,
                    fkb_id=approval.fkb_id,
                    valid_from=on,
                    evidence=Evidence.IMPLIED,
                    source=source[:200],
                )
            )
    if ending:
        record(
            successor,
            after={"from": organisation.pk, "fkbs": sorted(row.fkb_id for row in added), "on": on},
            organisation_id=successor.pk,
            summary=_("%(new)s har overtaget %(count)s godkendelser fra %(old)s.")
            % {"new": successor.name, "old": organisation.name, "count": len(added)},
        )
    return added
