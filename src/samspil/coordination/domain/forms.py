"""A school's form: what it shows, and the one way its answers are saved.

The screen, the workbook and the imports all read :func:`form_snapshot` and write through
:func:`save_intents`. Saving an answer obliges nobody; that happens when the form is handed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from samspil.catalogue.models import CourseActivity
from samspil.coordination import rules
from samspil.coordination.domain.answers import (
    EMPTY,
    FIELDS,
    MAX_NOTE,
    MAX_RUNS,
    MAX_TAKE_ON_DAYS,
    MAX_WHEN,
    Answer,
    When,
    value_to_json,
)
from samspil.coordination.domain.borrowing import is_on_loan
from samspil.coordination.enums import FormStatus, RoundStatus
from samspil.coordination.models import Form, Intent, RoundCourse
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row, lock_rows


@dataclass(frozen=True, slots=True)
class FormLine:
    """One course of the form with what is known of it. ``version`` 0: never answered."""

    round_course_id: int
    number: str
    title: str
    days: Decimal | None
    fkb_number: str
    fkb_title: str
    branch_group: str
    branch_position: int
    relation: str
    is_duty: bool
    activity: int | None
    activity_all: int | None
    archived_reason: str
    answer: Answer
    version: int
    is_constructed: bool = False


@dataclass(frozen=True, slots=True)
class FormSnapshot:
    """All that a form shows at one moment, without the database."""

    form_id: int
    form_version: int
    round_id: int
    year: int
    activity_year: int
    network_key: str
    network_name: str
    organisation_id: int
    organisation_key: str
    organisation_name: str
    due_on: dt.date
    lines: tuple[FormLine, ...]

    def by_id(self) -> dict[int, FormLine]:
        return {line.round_course_id: line for line in self.lines}


@dataclass(frozen=True, slots=True)
class IntentChange:
    """New values for some fields of one line.

    ``values`` maps names of ``answers.FIELDS`` to canonical values. ``expected_version`` is
    the version the change was made from (0: no row yet); ``None`` when it doesn't matter.
    """

    round_course_id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    expected_version: int | None = None


def form_courses(form: Form) -> QuerySet[RoundCourse]:
    """The courses a form asks about: those in FKBs that the school is approved for (R22).

    The approval counts when it holds on some day of the round's year. Courses that it has on loan
    are asked about too (R59).
    """
    first, last = dt.date(form.round.year, 1, 1), dt.date(form.round.year, 12, 31)
    approval = (
        Q(fkb__approvals__valid_from__isnull=True) | Q(fkb__approvals__valid_from__lte=last)
    ) & (Q(fkb__approvals__valid_to__isnull=True) | Q(fkb__approvals__valid_to__gte=first))
    approved = form.round.fkbs.filter(
        approval, fkb__approvals__organisation_id=form.organisation_id
    ).values("pk")
    return (
        RoundCourse.objects.filter(round_fkb__round=form.round)
        .filter(Q(round_fkb__in=approved) | is_on_loan(form.round.year, form.organisation_id))
        .select_related("course", "round_fkb__fkb__branch_group")
        .order_by(
            "round_fkb__fkb__branch_group__position",
            "round_fkb__fkb__number",
            "course__number",
            "pk",
        )
    )


def answer_of(intent: Intent | None) -> Answer:
    """An intent row as a canonical answer."""
    if intent is None:
        return EMPTY
    return Answer(
        offers=intent.offers,
        runs=intent.runs,
        when=When(intent.when_text, intent.starts_on, intent.ends_on) if intent.when_text else None,
        guarantee=intent.guarantee,
        take_on_days=intent.take_on_days,
        will_follow=intent.will_follow,
        note=intent.note,
    )


def form_snapshot(form: Form) -> FormSnapshot:
    """The form as it stands now: one query each for courses, answers and activity."""
    courses = list(form_courses(form))
    intents = {intent.round_course_id: intent for intent in form.intents.all()}
    activity_year = max(
        (row.activity_year for row in courses if row.activity_year), default=form.round.year - 2
    )
    learners: dict[int, int] = dict(
        CourseActivity.objects.filter(organisation_id=form.organisation_id, year=activity_year)
        .order_by("course_id")
        .values_list("course_id")
        .annotate(Sum("learners"))
    )
    lines = []
    for row in courses:
        fkb = row.round_fkb.fkb
        intent = intents.get(row.pk)
        group = fkb.branch_group
        lines.append(
            FormLine(
                round_course_id=row.pk,
                number=row.course.number,
                title=row.course.title,
                days=row.course.duration_days,
                fkb_number=fkb.number,
                fkb_title=fkb.title,
                branch_group=group.name if group else _("Øvrige"),
                branch_position=group.position if group else 999,
                relation=row.relation,
                is_duty=row.is_duty,
                activity=learners.get(row.course_id),
                activity_all=row.activity,
                archived_reason=row.archived_reason,
                answer=answer_of(intent),
                version=intent.version if intent else 0,
                is_constructed=row.course.is_constructed,
            )
        )
    return FormSnapshot(
        form_id=form.pk,
        form_version=form.version,
        round_id=form.round_id,
        year=form.round.year,
        activity_year=activity_year,
        network_key=form.round.network.key,
        network_name=form.round.network.name,
        organisation_id=form.organisation_id,
        organisation_key=form.organisation.key,
        organisation_name=form.organisation.name,
        due_on=form.round.forms_due_on,
        lines=tuple(lines),
    )


def check_open(form: Form) -> None:
    """Raise ``Conflict`` when the form takes no answers: round closed, or form approved."""
    if form.round.status in (RoundStatus.SIGNING, RoundStatus.CLOSED):
        raise Conflict(_("Runden tager ikke imod flere svar."))
    if form.status == FormStatus.ACCEPTED:
        raise Conflict(_("Skemaet er godkendt. Sekretariatet kan åbne det igen."))


def check_values(values: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` with the field's name when a value can't be stored."""
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise Invalid(_("Skemaet har ikke feltet %(name)s.") % {"name": min(unknown)})
    runs, days = values.get("runs"), values.get("take_on_days")
    when, note = values.get("when"), values.get("note") or ""
    if runs is not None and not 0 <= runs <= MAX_RUNS:
        raise Invalid(_("Antal hold skal være mellem 0 og %(most)s.") % {"most": MAX_RUNS}, "runs")
    if days is not None and not 0 <= days <= MAX_TAKE_ON_DAYS:
        raise Invalid(
            _("Dage for andre skal være mellem 0 og %(most)s.") % {"most": MAX_TAKE_ON_DAYS},
            "take_on_days",
        )
    if when is not None and len(when.text) > MAX_WHEN:
        raise Invalid(_("Tiden må højst fylde %(most)s tegn.") % {"most": MAX_WHEN}, "when")
    if len(note) > MAX_NOTE:
        raise Invalid(_("Bemærkningen må højst fylde %(most)s tegn.") % {"most": MAX_NOTE}, "note")


def _set(intent: Intent, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name == "when":
            intent.when_text = value.text if value else ""
            intent.starts_on = value.starts_on if value else None
            intent.ends_on = value.ends_on if value else None
        else:
            setattr(intent, name, value)


_COLUMNS = [
    "offers", "runs", "when_text", "starts_on", "ends_on", "guarantee", "take_on_days",
    "will_follow", "note", "source", "version", "updated_at", "updated_by_label",
]  # fmt: skip


@action("coordination.save_intents", permission=rules.may_fill_form, on="form")
def save_intents(
    *,
    actor: Actor,
    now: dt.datetime,
    form: Form,
    changes: Sequence[IntentChange],
    source: str,
) -> list[Intent]:
    """Save answers of one form; return the rows that really changed, in the order given.

    ``source`` is an ``IntentSource``. All or nothing: raises ``Conflict`` when a line was
    changed since ``expected_version``, or the form takes no answers; ``Invalid`` when a value
    breaks a rule or a course isn't the school's. A value equal to the stored one is no change.
    """
    form = lock_row(Form.objects.select_related("round__network", "organisation"), form.pk)
    check_open(form)
    wanted = [change.round_course_id for change in changes]
    courses = {row.pk: row for row in form_courses(form).filter(pk__in=wanted)}
    rows = {
        row.round_course_id: row
        for row in lock_rows(Intent.objects.filter(form=form, round_course_id__in=wanted))
    }
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    saved: dict[int, Intent] = {}
    for change in changes:
        course = courses.get(change.round_course_id)
        if course is None:
            raise Invalid(_("Målet står ikke i skolens skema."))
        check_values(change.values)
        intent = rows.get(change.round_course_id)
        version = intent.version if intent else 0
        if change.expected_version not in (None, version) and course.pk not in saved:
            raise Conflict(
                _("%(number)s er rettet af en anden imens.") % {"number": course.course.number}
            )
        known = answer_of(intent)
        new = {n: v for n, v in change.values.items() if getattr(known, n) != v}
        if not new:
            continue
        if intent is None:
            intent = Intent(form=form, round_course=course, version=0, updated_at=now)
            rows[course.pk] = intent
        number = course.course.number
        before.setdefault(number, {}).update({n: value_to_json(n, getattr(known, n)) for n in new})
        after.setdefault(number, {}).update({n: value_to_json(n, v) for n, v in new.items()})
        _set(intent, new)
        if course.pk not in saved:
            intent.version += 1
        intent.source = source
        intent.updated_at = now
        intent.updated_by_label = actor.label[:200]
        saved[course.pk] = intent
    _store(saved.values())
    if saved:
        record(
            form,
            before=before,
            after=after,
            summary=_("%(count)s mål besvaret") % {"count": len(saved)},
            network_id=form.round.network_id,
            organisation_id=form.organisation_id,
        )
    return list(saved.values())


def _store(intents: Iterable[Intent]) -> None:
    new: list[Intent] = []
    old: list[Intent] = []
    for intent in intents:
        (new if intent._state.adding else old).append(intent)
    Intent.objects.bulk_create(new, batch_size=500)
    Intent.objects.bulk_update(old, _COLUMNS, batch_size=200)
