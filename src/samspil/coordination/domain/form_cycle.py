"""A form's way: sent, reminded, handed in, opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.coordination import notifications, rules
from samspil.coordination.domain.board import CellChange, apply_changes
from samspil.coordination.domain.forms import check_open
from samspil.coordination.domain.recipients import secretariat_people
from samspil.coordination.enums import (
    FORM_TRANSITIONS,
    ROUND_TRANSITIONS,
    ChangeKind,
    CommitmentRole,
    FormStatus,
    Origin,
    RoundStatus,
)
from samspil.coordination.models import Commitment, Form, Round
from samspil.kernel import clock, files
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row, lock_rows
from samspil.kernel.mail import Notification, send
from samspil.kernel.outbox import enqueue, job
from samspil.kernel.transitions import transition
from samspil.network.domain.recipients import school_people

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REMINDER_DAYS = (-7, -1, 2)
"""Days before (−) and after the due date on which a school that owes its form is reminded."""

WorkbookOf = Callable[[Form], tuple[str, bytes]]
"""File name and bytes of a form's workbook; given in by the layer that writes files."""


def form_url(form: Form) -> str:
    """The form's full address, for mails."""
    path = reverse("coordination:form", args=[form.round_id, form.organisation_id])
    return f"{settings.BASE_URL}{path}"


def owing(round: Round) -> QuerySet[Form]:
    """The forms that have been sent and not come back."""
    return (
        round.forms.filter(status=FormStatus.SENT, organisation__round_places__left_on=None)
        .filter(organisation__round_places__round=round)
        .select_related("organisation", "round__network")
        .order_by("organisation__name", "pk")
    )


@action("coordination.send_forms", permission=rules.may_run_round, on="round")
def send_forms(
    *, actor: Actor, now: dt.datetime, round: Round, workbook_of: WorkbookOf
) -> list[Form]:
    """Send every form that has not been sent, with link and workbook, and plan reminders.

    The first time the round itself moves to 'forms are out'. Returns the forms that were
    sent. Schools without a coordinator or leader get no mail; their forms are open all the
    same and stand on the secretariat's list. Raises ``Conflict`` after the meeting.
    """
    round = lock_row(Round.objects.select_related("network"), round.pk)
    is_first = round.status == RoundStatus.DRAFT
    if is_first:
        transition(round, "send_forms", table=ROUND_TRANSITIONS, actor=actor, now=now)
        round.forms_sent_on = clock.local_date(now)
        round.save(update_fields=["forms_sent_on"])
    elif round.status not in {RoundStatus.COLLECTING, RoundStatus.MEETING}:
        raise Conflict(_("Runden er til underskrift eller afsluttet, så der sendes ikke skemaer."))
    forms = lock_rows(
        round.forms.filter(status=FormStatus.DRAFT).select_related("organisation", "round__network")
    )
    for form in forms:
        transition(form, "send", table=FORM_TRANSITIONS, actor=actor, now=now)
        name, content = workbook_of(form)
        form.file = files.store(content, name, XLSX, actor=actor, now=now)
        form.sent_at = now
        form.save(update_fields=["file", "sent_at"])
        _tell_school(form, notifications.FormSent, now=now, with_file=True)
        for days in REMINDER_DAYS:
            day = round.forms_due_on + dt.timedelta(days=days)
            enqueue(
                "coordination.remind_form",
                {"form": form.pk, "due": round.forms_due_on},
                now=now,
                run_at=clock.start_of(day, hour=8),
                key=f"form-reminder:{form.pk}:{day}",
            )
    if not (forms or is_first):
        return []
    record(
        round,
        after={"sent": [form.organisation.name for form in forms]},
        summary=_("%(count)s skemaer sendt") % {"count": len(forms)},
        network_id=round.network_id,
    )
    return forms


def _tell_school(
    form: Form, message: type[Notification], *, now: dt.datetime,
    with_file: bool = False, **context: Any,
) -> int:  # fmt: skip
    people = school_people(form.organisation, on=clock.local_date(now))
    for person in people:
        send(
            message(form=form, person=person, url=form_url(form), **context),
            to=person.email,
            now=now,
            subject_of=form,
            network_id=form.round.network_id,
            organisation_id=form.organisation_id,
            attachments=[form.file] if with_file and form.file else (),
            language=person.language,
        )
    return len(people)


@action("coordination.remind_form", permission=rules.may_fill_form, on="form")
def remind_form(*, actor: Actor, now: dt.datetime, form: Form) -> int:
    """Remind a school of the form it owes. Returns how many people got a mail.

    Raises ``Conflict`` when the form is not owed, or was reminded less than a day ago.
    """
    form = lock_row(Form.objects.select_related("organisation", "round__network"), form.pk)
    if form.status != FormStatus.SENT:
        raise Conflict(_("%(school)s skylder ikke noget skema.") % {"school": form.organisation})
    if form.reminded_at and now - form.reminded_at < dt.timedelta(hours=20):
        raise Conflict(_("%(school)s er mindet om det i dag.") % {"school": form.organisation})
    form.reminded_at = now
    form.save(update_fields=["reminded_at"])
    told = _tell_school(
        form,
        notifications.FormReminder,
        now=now,
        is_late=clock.local_date(now) > form.round.forms_due_on,
    )
    record(
        form,
        after={"people": told},
        summary=_("Påmindelse sendt til %(school)s") % {"school": form.organisation},
        network_id=form.round.network_id,
        organisation_id=form.organisation_id,
    )
    return told


@job("coordination.remind_form")
def remind_when_due(payload: dict[str, Any], *, now: dt.datetime) -> None:
    """The planned reminder: silent when the form has come back or the date has moved."""
    form = Form.objects.select_related("round").filter(pk=payload["form"]).first()
    if form is None or form.status != FormStatus.SENT:
        return
    if form.round.status != RoundStatus.COLLECTING:
        return
    if form.round.forms_due_on.isoformat() != payload["due"]:
        return
    if form.reminded_at and now - form.reminded_at < dt.timedelta(hours=20):
        return
    remind_form(actor=Actor.system("reminders"), now=now, form=form)


@action("coordination.submit_form", permission=rules.may_fill_form, on="form")
def submit_form(*, actor: Actor, now: dt.datetime, form: Form, expected_version: int) -> Form:
    """Hand the form in: what the school offers becomes its commitments on the board.

    ``expected_version`` is the form's version that was looked at. A line that says yes becomes
    an own offer; one that says no takes back an own offer that an earlier hand-in made. Cells
    that people decided on the board since then stay (R32). Raises ``Conflict`` when the form
    takes no answers, or somebody handed it in meanwhile; ``Invalid`` when it is empty.
    """
    form = lock_row(Form.objects.select_related("organisation", "round__network"), form.pk)
    check_open(form)
    if form.version != expected_version:
        raise Conflict(_("Skemaet er indsendt af en anden imens. Hent siden igen."))
    intents = list(form.intents.select_related("round_course__round_fkb").order_by("pk"))
    if not any(
        intent.offers is not None or intent.take_on_days or intent.will_follow for intent in intents
    ):
        raise Invalid(_("Skemaet er tomt. Svar på mindst ét mål, før I indsender."))
    cells = {
        cell.round_course_id: cell
        for cell in Commitment.objects.filter(
            organisation=form.organisation, round_course__in=[i.round_course_id for i in intents]
        )
    }
    found = []
    for intent in intents:
        cell = cells.get(intent.round_course_id)
        decided_by_people = cell is not None and cell.is_pinned
        if decided_by_people or intent.round_course.archived_reason:
            continue
        if intent.offers:
            change = CellChange(
                round_course_id=intent.round_course_id,
                organisation_id=form.organisation_id,
                role=CommitmentRole.OWN,
                runs=intent.runs,
                when_text=intent.when_text,
                starts_on=intent.starts_on,
                ends_on=intent.ends_on,
                guarantee=intent.guarantee,
                expected_version=cell.version if cell else 0,
                origin=Origin.FORM,
                is_pinned=False,
            )
        elif cell is not None and cell.origin == Origin.FORM and cell.role != CommitmentRole.NONE:
            change = CellChange(
                round_course_id=intent.round_course_id,
                organisation_id=form.organisation_id,
                role=CommitmentRole.NONE,
                runs=None,
                when_text="",
                starts_on=None,
                ends_on=None,
                guarantee=False,
                expected_version=cell.version,
                origin=Origin.FORM,
                is_pinned=False,
            )
        else:
            continue
        if cell is None or _differs(cell, change):
            found.append(change)
    before = transition(form, "submit", table=FORM_TRANSITIONS, actor=actor, now=now)
    form.returned_at = now
    form.version += 1
    form.save(update_fields=["returned_at", "version"])
    if found:
        apply_changes(
            actor=actor,
            now=now,
            round=form.round,
            changes=found,
            kind=ChangeKind.FORM,
            summary=_("Skema fra %(school)s") % {"school": form.organisation.name},
        )
    _tell_secretariat(form, now=now)
    record(
        form,
        before={"status": before},
        after={"status": form.status, "offers": sum(bool(i.offers) for i in intents)},
        summary=_("%(school)s har indsendt sit skema") % {"school": form.organisation},
        network_id=form.round.network_id,
        organisation_id=form.organisation_id,
    )
    return form


def _differs(cell: Commitment, change: CellChange) -> bool:
    return any(
        getattr(cell, name) != getattr(change, name)
        for name in ("role", "runs", "when_text", "starts_on", "ends_on", "guarantee")
    )


def _tell_secretariat(form: Form, *, now: dt.datetime) -> None:
    round = form.round
    total = round.forms.count()
    returned = round.forms.filter(status__in=[FormStatus.RETURNED, FormStatus.ACCEPTED]).count()
    url = f"{settings.BASE_URL}{reverse('coordination:round', args=[round.pk])}"
    for person in secretariat_people(round, on=clock.local_date(now)):
        send(
            notifications.FormReturned(
                form=form, person=person, url=url, returned=returned, total=total
            ),
            to=person.email,
            now=now,
            subject_of=form,
            network_id=round.network_id,
            language=person.language,
        )


@action("coordination.reopen_form", permission=rules.may_reopen_form, on="form")
def reopen_form(*, actor: Actor, now: dt.datetime, form: Form, reason: str) -> Form:
    """Let a school correct what it has handed in, and tell it so. Nothing on the board changes.

    Raises ``Conflict`` when the form is not handed in or the round takes no more answers.
    """
    form = lock_row(Form.objects.select_related("organisation", "round__network"), form.pk)
    if form.round.status in {RoundStatus.SIGNING, RoundStatus.CLOSED}:
        raise Conflict(_("Runden tager ikke imod flere svar."))
    before = transition(form, "reopen", table=FORM_TRANSITIONS, actor=actor, now=now, reason=reason)
    _tell_school(form, notifications.FormReopened, now=now, reason=reason)
    record(
        form,
        before={"status": before},
        after={"status": form.status, "reason": reason},
        summary=_("Skemaet for %(school)s er åbnet igen") % {"school": form.organisation},
        network_id=form.round.network_id,
        organisation_id=form.organisation_id,
    )
    return form
