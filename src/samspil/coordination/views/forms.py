"""A school's form on the screen: filled in, saved as one types, handed in; and as a workbook."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import form_cycle, forms, round_queries
from samspil.coordination.domain.forms import FormSnapshot, IntentChange
from samspil.coordination.enums import FormStatus, IntentSource, RoundStatus
from samspil.coordination.interfaces import form_screen
from samspil.coordination.interfaces.form_columns import column_names
from samspil.coordination.interfaces.form_files import workbook_of
from samspil.coordination.models import Form
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.ui.components import Tab


def _is_open(request: ActorRequest, form: Form) -> bool:
    return (
        rules.may_fill_form(request.actor, form)
        and form.status in {FormStatus.SENT, FormStatus.RETURNED}
        and form.round.status in {RoundStatus.COLLECTING, RoundStatus.MEETING}
    )


def _groups(snapshot: FormSnapshot) -> list[str]:
    return list(dict.fromkeys(line.branch_group for line in snapshot.lines))


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def form_page(request: ActorRequest, round_id: int, organisation_id: int) -> HttpResponse:
    """The form, a branch group at a time. A POST saves the whole page (without script)."""
    form = round_queries.get_form(request.actor, round_id, organisation_id)
    snapshot = forms.form_snapshot(form)
    groups = _groups(snapshot)
    chosen = request.GET.get("gruppe", "")
    group = chosen if chosen in groups else (groups[0] if groups else "")
    typed: dict[int, form_screen.LineInput] = {}
    if request.method == "POST":
        typed = _save_page(request, form, snapshot)
        if not any(line.errors for line in typed.values()):
            return redirect(f"{request.path}?gruppe={group}")
        snapshot = forms.form_snapshot(form)
    lines = []
    for line in snapshot.lines:
        if line.branch_group != group:
            continue
        texts = form_screen.texts_of(line)
        errors = typed[line.round_course_id].errors if line.round_course_id in typed else {}
        texts |= {name: request.POST.get(f"{name}-{line.round_course_id}", "") for name in errors}
        lines.append({"line": line, "texts": texts, "errors": errors})
    answered = [line for line in snapshot.lines if line.answer.offers is not None]
    return render(
        request,
        "coordination/forms/form.html",
        {
            "form": form,
            "round": form.round,
            "snapshot": snapshot,
            "names": column_names(snapshot.activity_year),
            "tabs": [
                Tab(
                    label=name,
                    url=f"{request.path}?gruppe={name}",
                    count=sum(
                        line.branch_group == name and line.answer.offers is None
                        for line in snapshot.lines
                    ),
                    current=name == group,
                )
                for name in groups
            ],
            "group": group,
            "lines": lines,
            "answered": len(answered),
            "offers": sum(bool(line.answer.offers) for line in answered),
            "is_open": _is_open(request, form),
            "has_errors": any(line.errors for line in typed.values()),
            "can_reopen": rules.may_reopen_form(request.actor, form)
            and form.status in {FormStatus.RETURNED, FormStatus.ACCEPTED},
        },
        status=400 if typed else 200,
    )


def _save_page(
    request: ActorRequest, form: Form, snapshot: FormSnapshot
) -> dict[int, form_screen.LineInput]:
    posted = form_screen.posted_lines(request.POST, snapshot.lines)
    typed = {pk: form_screen.read_line(pk, texts, form.round.year) for pk, texts in posted.items()}
    versions = {
        pk: whole_number(text) if (text := request.POST.get(f"seen-{pk}", "")) else None
        for pk in posted
    }
    try:
        saved = forms.save_intents(
            actor=request.actor,
            now=clock.now(),
            form=form,
            changes=[
                IntentChange(pk, line.values, versions[pk])
                for pk, line in typed.items()
                if line.values
            ],
            source=IntentSource.SCREEN,
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            ngettext("%(count)s svar er gemt.", "%(count)s svar er gemt.", len(saved))
            % {"count": len(saved)},
        )
    return typed


@requires(LOGIN)
@require_POST
def save_lines(request: ActorRequest, round_id: int, organisation_id: int) -> JsonResponse:
    """Save the fields that were typed or pasted, as one types. Answers with JSON.

    In: form fields ``<field>-<round course>`` with ``seen-<round course>`` = version. Out:
    ``lines``: by course the version, the texts as they now stand, and sentences for what
    could not be read; ``error`` when nothing was saved.
    """
    form = round_queries.get_form(request.actor, round_id, organisation_id)
    touched: dict[int, dict[str, str]] = {}
    versions: dict[int, int] = {}
    for key in request.POST:
        text = request.POST.get(key, "")
        name, _dash, number = key.rpartition("-")
        if not (course := whole_number(number)):
            continue
        if name == "seen":
            versions[course] = whole_number(text)
        else:
            touched.setdefault(course, {})[name] = text
    typed = {pk: form_screen.read_line(pk, texts, form.round.year) for pk, texts in touched.items()}
    error = ""
    try:
        forms.save_intents(
            actor=request.actor,
            now=clock.now(),
            form=form,
            changes=[
                IntentChange(pk, line.values, versions.get(pk))
                for pk, line in typed.items()
                if line.values
            ],
            source=IntentSource.SCREEN,
        )
    except (Conflict, Invalid) as caught:
        error = caught.message
    snapshot = forms.form_snapshot(form)
    stored = snapshot.by_id()
    lines: dict[int, Any] = {
        pk: {
            "version": stored[pk].version,
            "texts": form_screen.texts_of(stored[pk]),
            "errors": line.errors,
        }
        for pk, line in typed.items()
        if pk in stored
    }
    answered = sum(line.answer.offers is not None for line in snapshot.lines)
    return JsonResponse(
        {
            "error": error,
            "lines": lines,
            "progress": _("%(done)s af %(all)s mål er besvaret")
            % {"done": answered, "all": len(snapshot.lines)},
        },
        status=409 if error else 200,
    )


@requires(LOGIN)
@require_POST
def submit_form(request: ActorRequest, round_id: int, organisation_id: int) -> HttpResponse:
    """Hand the form in."""
    form = round_queries.get_form(request.actor, round_id, organisation_id)
    try:
        form_cycle.submit_form(
            actor=request.actor,
            now=clock.now(),
            form=form,
            expected_version=whole_number(request.POST.get("version")),
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
        return redirect("coordination:form", round_id, organisation_id)
    messages.success(
        request,
        _("Tak. Skemaet er indsendt, og sekretariatet har fået besked."),
    )
    return redirect("coordination:round", round_id)


@requires(LOGIN)
def form_workbook(request: ActorRequest, round_id: int, organisation_id: int) -> HttpResponse:
    """The form as a workbook, with what it says right now."""
    form = round_queries.get_form(request.actor, round_id, organisation_id)
    name, content = workbook_of(form)
    return HttpResponse(
        content,
        content_type=form_cycle.XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
