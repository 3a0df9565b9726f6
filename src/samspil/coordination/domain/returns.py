"""Returned workbooks: received with a stored preview, answered, saved, undone.

The reading never changes once it is stored. What it means is worked out anew each time from the
form as it stands (``merge.settle``), so a preview that is left for a week is still right.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination import rules
from samspil.coordination.domain.answers import (
    EMPTY,
    value_from_json,
    value_to_json,
)
from samspil.coordination.domain.forms import (
    FormSnapshot,
    IntentChange,
    check_open,
    form_snapshot,
    save_intents,
)
from samspil.coordination.domain.merge import Settled, settle
from samspil.coordination.domain.reading import ReadForm
from samspil.coordination.domain.round_queries import get_form
from samspil.coordination.enums import RETURN_TRANSITIONS, IntentSource, ReturnStatus
from samspil.coordination.models import Form, Return
from samspil.kernel import files, roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.tasks import Task, task_source
from samspil.kernel.transitions import transition

Answers = Mapping[str, Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Preview:
    """A return worked out against the form as it stands now."""

    ret: Return
    form: FormSnapshot
    reading: ReadForm
    settled: Settled

    @property
    def changed(self) -> int:
        return sum(len(values) for values in self.settled.changes.values())


def get_return(actor: Actor, return_id: int) -> Return:
    """The return, if the actor may see its form. Raises ``NotFound`` otherwise."""
    found = (
        Return.objects.select_related("form__round__network", "form__organisation", "file")
        .filter(pk=return_id)
        .first()
    )
    if found is None:
        raise NotFound("")
    get_form(actor, found.form.round_id, found.form.organisation_id)
    return found


def returns_of(form: Form) -> QuerySet[Return]:
    """The workbooks that came back for a form, newest first, without their contents."""
    return (
        Return.objects.filter(form=form)
        .defer("reading", "answers", "applied")
        .select_related("file")
    )


def preview(ret: Return) -> Preview:
    """What the return means against the form as it stands now. Writes nothing."""
    return _preview(ret, form_snapshot(ret.form), ReadForm.from_json(ret.reading))


def _preview(ret: Return, form: FormSnapshot, reading: ReadForm) -> Preview:
    settled = settle(
        reading,
        ours={line.round_course_id: line.answer for line in form.lines},
        labels={line.round_course_id: f"{line.number} {line.title}" for line in form.lines},
        answers=ret.answers,
    )
    return Preview(ret, form, reading, settled)


def _count(ret: Return, shown: Preview) -> None:
    ret.questions = shown.settled.questions
    ret.errors = shown.settled.errors
    ret.changed = shown.changed


@action("coordination.receive_workbook", permission=rules.may_fill_form, on="form")
def receive_workbook(
    *,
    actor: Actor,
    now: dt.datetime,
    form: Form,
    name: str,
    content: bytes,
    content_type: str,
    reading: ReadForm,
    snapshot: FormSnapshot,
) -> Return:
    """Keep a returned workbook and what was read out of it. The form itself isn't changed.

    ``reading`` and ``snapshot`` come from the reader. Raises ``Conflict`` when the form takes
    no answers.
    """
    check_open(form)
    stored = files.store(content, name, content_type, actor=actor, now=now)
    ret = Return(
        form=form,
        file=stored,
        reading=reading.to_json(),
        received_at=now,
        received_by_label=actor.label[:200],
    )
    _count(ret, _preview(ret, snapshot, reading))
    ret.save()
    record(
        ret,
        after={
            "file": stored.sha256,
            "questions": ret.questions,
            "errors": ret.errors,
            "changed": ret.changed,
        },
        summary=_("Regneark modtaget fra %(school)s") % {"school": form.organisation.name},
        network_id=form.round.network_id,
        organisation_id=form.organisation_id,
    )
    return ret


def _locked(ret: Return, expected_version: int) -> Return:
    """The return, fresh and locked, its form locked before it."""
    lock_row(Form.objects.all(), ret.form_id)
    ret = lock_row(
        Return.objects.select_related("form__round__network", "form__organisation", "file"), ret.pk
    )
    if ret.version != expected_version:
        raise Conflict(_("En anden har arbejdet med filen imens. Hent siden igen."))
    return ret


def _take_answers(ret: Return, answers: Answers) -> dict[str, Any]:
    """Put new answers on the return; return what changed, for the audit trail."""
    changed: dict[str, Any] = {}
    stored = dict(ret.answers)
    for item, answer in answers.items():
        if answer is None:
            if stored.pop(item, None) is not None:
                changed[item] = None
        elif stored.get(item) != answer:
            stored[item] = changed[item] = dict(answer)
    ret.answers = stored
    return changed


@action("coordination.answer_return", permission=rules.may_settle_return, on="ret")
def answer_return(
    *, actor: Actor, now: dt.datetime, ret: Return, answers: Answers, expected_version: int
) -> Return:
    """Keep answers to the questions of a return without saving them to the form.

    ``answers`` maps item ids to ``{"choice": …, "values": …, "text": …}``; ``None`` takes an
    answer back. Raises ``Conflict`` when somebody else answered meanwhile.
    """
    ret = _locked(ret, expected_version)
    changed = _take_answers(ret, answers)
    if changed:
        _count(ret, preview(ret))
        ret.version += 1
        ret.save(update_fields=["answers", "questions", "errors", "changed", "version"])
        _record(ret, _("%(count)s spørgsmål besvaret") % {"count": len(changed)}, after=changed)
    return ret


def _record(ret: Return, summary: str, *, after: dict[str, Any]) -> None:
    record(
        ret,
        after=after,
        summary=summary,
        network_id=ret.form.round.network_id,
        organisation_id=ret.form.organisation_id,
    )


@action("coordination.apply_return", permission=rules.may_settle_return, on="ret")
def apply_return(
    *, actor: Actor, now: dt.datetime, ret: Return, answers: Answers, expected_version: int
) -> Return:
    """Take ``answers`` and save everything that is settled to the form, in one transaction.

    Open questions stay open and can be answered and saved later; errors change nothing. What
    somebody corrected on the screen since the preview was shown has become a conflict, and
    stays as it is until it is answered. Raises ``Conflict`` when somebody else worked on the
    return, the form takes no answers, or nobody has said that an old form may be used.
    """
    ret = _locked(ret, expected_version)
    changed = _take_answers(ret, answers)
    shown = preview(ret)
    if shown.settled.is_held:
        raise Conflict(_("Skemaet er fra en anden runde. Svar først på, om det må bruges."))
    before = transition(ret, "apply", table=RETURN_TRANSITIONS, actor=actor, now=now)
    lines = shown.form.by_id()
    save_intents(
        actor=actor,
        now=now,
        form=ret.form,
        changes=[
            IntentChange(course, values, lines[course].version)
            for course, values in shown.settled.changes.items()
        ],
        source=IntentSource.WORKBOOK,
    )
    batch = [
        {
            "course": course,
            "field": name,
            "before": value_to_json(name, getattr(lines[course].answer, name)),
            "after": value_to_json(name, value),
        }
        for course, values in shown.settled.changes.items()
        for name, value in values.items()
    ]
    if batch:
        ret.applied = [*ret.applied, batch]
    ret.applied_at = now
    ret.version += 1
    _count(ret, preview(ret))
    ret.save(
        update_fields=[
            "answers", "applied", "applied_at", "questions", "errors", "changed", "version",
        ]
    )  # fmt: skip
    _record(
        ret,
        ngettext(
            "%(count)s felt gemt fra regneark", "%(count)s felter gemt fra regneark", len(batch)
        )
        % {"count": len(batch)},
        after={"status": ret.status, "was": before, "answers": changed, "fields": len(batch)},
    )
    return ret


@action("coordination.undo_return", permission=rules.may_settle_return, on="ret")
def undo_return(
    *, actor: Actor, now: dt.datetime, ret: Return, expected_version: int
) -> tuple[Return, list[str]]:
    """Take back everything that was saved from a return, as one step.

    Fields that somebody has changed since stay as they are; their courses are returned. The
    answers to the questions are kept. Raises ``Conflict`` when nothing was saved, or the form
    takes no answers.
    """
    ret = _locked(ret, expected_version)
    transition(ret, "undo", table=RETURN_TRANSITIONS, actor=actor, now=now)
    form = form_snapshot(ret.form)
    lines = form.by_id()
    values: dict[int, dict[str, Any]] = {}
    left: dict[int, str] = {}
    for change in (c for batch in reversed(ret.applied) for c in reversed(batch)):
        course, name = change["course"], change["field"]
        line = lines.get(course)
        now_there = values.get(course, {}).get(name, getattr(line.answer if line else EMPTY, name))
        if line is None or now_there != value_from_json(name, change["after"]):
            left[course] = f"{line.number} {line.title}" if line else ""
        else:
            values.setdefault(course, {})[name] = value_from_json(name, change["before"])
    save_intents(
        actor=actor,
        now=now,
        form=ret.form,
        changes=[
            IntentChange(course, new, lines[course].version) for course, new in values.items()
        ],
        source=IntentSource.WORKBOOK,
    )
    ret.applied = []
    ret.version += 1
    _count(ret, preview(ret))
    ret.save(update_fields=["applied", "questions", "errors", "changed", "version"])
    _record(
        ret,
        _("Svar fra regneark fortrudt"),
        after={"status": ret.status, "courses": len(values), "left": sorted(left)},
    )
    return ret, sorted(label for label in left.values() if label)


@action("coordination.discard_return", permission=rules.may_settle_return, on="ret")
def discard_return(*, actor: Actor, now: dt.datetime, ret: Return, expected_version: int) -> Return:
    """Put a return aside without using it. The file is kept."""
    ret = _locked(ret, expected_version)
    before = transition(ret, "discard", table=RETURN_TRANSITIONS, actor=actor, now=now)
    ret.version += 1
    ret.save(update_fields=["version"])
    _record(ret, _("Regneark kasseret"), after={"status": ret.status, "was": before})
    return ret


@task_source("coordination.returns")
def return_tasks(actor: Actor, today: dt.date) -> Iterator[Task]:
    """Returns with open questions, and previews that nobody has saved."""
    found = (
        Return.objects.filter(status__in=[ReturnStatus.PREVIEW, ReturnStatus.APPLIED])
        .filter(form__round__status__in=list(rules.OPEN_FOR_SCHOOLS))
        .filter(_mine(actor))
        .exclude(status=ReturnStatus.APPLIED, questions=0)
        .defer("reading", "answers", "applied")
        .select_related("form__round__network", "form__organisation")
        .order_by("received_at", "pk")
    )
    for ret in found:
        title = (
            ngettext("Svar på %(count)s spørgsmål", "Svar på %(count)s spørgsmål", ret.questions)
            % {"count": ret.questions}
            if ret.questions
            else _("Gem det indleverede regneark")
        )
        yield Task(
            title=title,
            url=reverse("coordination:return", args=[ret.pk]),
            context=ret.form.round.network.short_name,
            due_on=ret.form.round.forms_due_on,
            detail=ret.form.organisation.name,
        )


def _mine(actor: Actor) -> Q:
    return Q(form__organisation_id__in=actor.organisation_ids(*rules.SCHOOL_WRITERS)) | Q(
        form__round__network_id__in=actor.network_ids(roles.SECRETARIAT)
    )
