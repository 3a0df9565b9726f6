"""Workbooks that come back: upload, preview with questions, save, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import returns, round_queries
from samspil.coordination.enums import FormStatus, ReturnStatus
from samspil.coordination.interfaces import returns as wording
from samspil.coordination.interfaces.return_forms import WorkbookForm
from samspil.coordination.models import Return
from samspil.kernel import clock, files
from samspil.kernel.errors import Conflict, Invalid, UploadRefused
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.ui.components import Figure


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def upload(request: ActorRequest, round_id: int, organisation_id: int) -> HttpResponse:
    """Hand in a filled-in workbook; the files that came before stand below."""
    form = round_queries.get_form(request.actor, round_id, organisation_id)
    upload_form = WorkbookForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and upload_form.is_valid():
        file = upload_form.cleaned_data["file"]
        try:
            ret = wording.receive(
                actor=request.actor,
                now=clock.now(),
                form=form,
                name=file.name,
                content=file.read(),
            )
        except (UploadRefused, Conflict) as refused:
            upload_form.add_error("file", refused.message)
        else:
            return redirect("coordination:return", ret.pk)
    return render(
        request,
        "coordination/returns/upload.html",
        {
            "form": upload_form,
            "school_form": form,
            "round": form.round,
            "returns": returns.returns_of(form),
            "may_fill": rules.may_fill_form(request.actor, form),
        },
        status=400 if upload_form.errors else 200,
    )


def _figures(shown: wording.ShownPreview, is_saved: bool) -> list[Figure]:
    return [
        Figure(shown.read, ngettext("felt læst", "felter læst", shown.read)),
        Figure(
            shown.changed,
            _("svar venter på at blive gemt") if is_saved else _("svar bliver ændret"),
        ),
        Figure(
            shown.questions,
            ngettext("spørgsmål til jer", "spørgsmål til jer", shown.questions),
            tone="bad" if shown.questions else "good",
        ),
        Figure(
            shown.errors,
            ngettext("felt kan ikke bruges", "felter kan ikke bruges", shown.errors),
            tone="bad" if shown.errors else "good",
        ),
    ]


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def preview(request: ActorRequest, return_id: int) -> HttpResponse:
    """What was read out of a workbook. A POST answers, and saves unless ``later`` was pressed."""
    ret = returns.get_return(request.actor, return_id)
    if request.method == "POST":
        return _settle(request, ret)
    shown = wording.show(returns.preview(ret))
    is_saved = ret.status == ReturnStatus.APPLIED
    return render(
        request,
        "coordination/returns/preview.html",
        {
            "ret": ret,
            "school_form": ret.form,
            "round": ret.form.round,
            "shown": shown,
            "figures": _figures(shown, is_saved),
            "is_saved": is_saved,
            "may_settle": rules.may_settle_return(request.actor, ret)
            and ret.status != ReturnStatus.DISCARDED
            and ret.form.round.status in rules.OPEN_FOR_SCHOOLS,
            "can_undo": is_saved and bool(ret.applied),
            "next_url": _form_url(ret) if is_saved and ret.form.status == FormStatus.SENT else "",
        },
    )


def _form_url(ret: Return) -> str:
    return reverse("coordination:form", args=[ret.form.round_id, ret.form.organisation_id])


def _version(request: ActorRequest) -> int:
    return whole_number(request.POST.get("version"))


def _settle(request: ActorRequest, ret: Return) -> HttpResponse:
    answers = wording.posted_answers(request.POST, returns.preview(ret))
    arguments: dict[str, Any] = {
        "actor": request.actor,
        "now": clock.now(),
        "ret": ret,
        "answers": answers,
        "expected_version": _version(request),
    }
    try:
        if "later" in request.POST:
            returns.answer_return(**arguments)
            messages.success(
                request, _("Svarene på spørgsmålene er gemt. Skemaet er ikke ændret endnu.")
            )
        else:
            before = len(ret.applied)
            ret = returns.apply_return(**arguments)
            fields = len(ret.applied[-1]) if len(ret.applied) > before else 0
            _tell_saved(request, fields, ret.questions)
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    return redirect("coordination:return", ret.pk)


def _tell_saved(request: ActorRequest, fields: int, questions: int) -> None:
    text = ngettext("%(count)s svar er gemt.", "%(count)s svar er gemt.", fields) % {
        "count": fields
    }
    if questions:
        text += " " + ngettext(
            "%(count)s spørgsmål venter; det står under jeres opgaver.",
            "%(count)s spørgsmål venter; de står under jeres opgaver.",
            questions,
        ) % {"count": questions}
    messages.success(request, text)


@requires(LOGIN)
@require_POST
def undo(request: ActorRequest, return_id: int) -> HttpResponse:
    """Take back what was saved from the workbook."""
    ret = returns.get_return(request.actor, return_id)
    try:
        ret, left = returns.undo_return(
            actor=request.actor, now=clock.now(), ret=ret, expected_version=_version(request)
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Svarene fra filen er taget tilbage."))
        if left:
            messages.warning(
                request,
                _("Disse mål er rettet siden og står, som de er: %(courses)s.")
                % {"courses": "; ".join(left[:10]) + (" …" if len(left) > 10 else "")},
            )
    return redirect("coordination:return", return_id)


@requires(LOGIN)
@require_POST
def discard(request: ActorRequest, return_id: int) -> HttpResponse:
    """Put a workbook aside without using it."""
    ret = returns.get_return(request.actor, return_id)
    try:
        returns.discard_return(
            actor=request.actor, now=clock.now(), ret=ret, expected_version=_version(request)
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
        return redirect("coordination:return", return_id)
    messages.success(request, _("Filen er lagt til side. Den er ikke brugt."))
    return redirect("coordination:return_upload", ret.form.round_id, ret.form.organisation_id)


@requires(LOGIN)
def returned_file(request: ActorRequest, return_id: int) -> HttpResponse:
    """The workbook as it was handed in."""
    ret = returns.get_return(request.actor, return_id)
    return HttpResponse(
        files.read(ret.file),
        content_type=ret.file.content_type,
        headers={
            "Content-Disposition": content_disposition_header(True, ret.file.name) or "attachment"
        },
    )
