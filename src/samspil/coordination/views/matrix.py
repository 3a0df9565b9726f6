"""Last year's overview: upload, preview with questions, save, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import overview_import, round_queries
from samspil.coordination.enums import ReturnStatus, RoundStatus
from samspil.coordination.interfaces import matrix as wording
from samspil.coordination.interfaces.return_forms import MatrixForm
from samspil.coordination.models import MatrixImport
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, Invalid, UploadRefused
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.ui.components import Figure


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def upload(request: ActorRequest, round_id: int) -> HttpResponse:
    """Hand in an overview; those that were read before stand below."""
    round = round_queries.get_round(request.actor, round_id)
    if not rules.may_run_round(request.actor, round):
        raise Forbidden(_("Kun sekretariatet læser en oversigt ind."))
    form = MatrixForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = wording.receive(
                actor=request.actor,
                now=clock.now(),
                round=round,
                name=file.name,
                content=file.read(),
            )
        except (UploadRefused, Conflict) as refused:
            form.add_error("file", refused.message)
        else:
            return redirect("coordination:matrix", found.pk)
    return render(
        request,
        "coordination/returns/matrix_upload.html",
        {"form": form, "round": round, "matrices": overview_import.matrices_of(round)},
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def preview(request: ActorRequest, matrix_id: int) -> HttpResponse:
    """What was read out of an overview. A POST answers, and saves unless ``later`` was pressed."""
    matrix = overview_import.get_matrix(request.actor, matrix_id)
    worked_out = overview_import.preview_matrix(matrix)
    if request.method == "POST":
        return _settle(request, matrix, wording.posted_answers(request.POST, worked_out))
    shown = wording.show(worked_out)
    is_saved = matrix.status == ReturnStatus.APPLIED
    return render(
        request,
        "coordination/returns/matrix.html",
        {
            "matrix": matrix,
            "round": matrix.round,
            "shown": shown,
            "sheet": shown.sheets[0],
            "texts": worked_out.reading.texts,
            "figures": [
                Figure(shown.read, ngettext("felt læst", "felter læst", shown.read)),
                Figure(shown.changed, _("felter kommer på oversigten")),
                Figure(
                    shown.questions,
                    _("spørgsmål"),
                    tone="bad" if shown.questions else "good",
                ),
                Figure(
                    shown.errors,
                    _("kan ikke bruges"),
                    tone="bad" if shown.errors else "good",
                ),
            ],
            "is_saved": is_saved,
            "may_settle": not is_saved
            and matrix.status != ReturnStatus.DISCARDED
            and matrix.round.status != RoundStatus.CLOSED,
            "can_undo": is_saved and matrix.round.status != RoundStatus.CLOSED,
        },
    )


def _version(request: ActorRequest) -> int:
    return whole_number(request.POST.get("version"))


def _settle(request: ActorRequest, matrix: MatrixImport, answers: dict[str, Any]) -> HttpResponse:
    arguments: dict[str, Any] = {
        "actor": request.actor,
        "now": clock.now(),
        "matrix": matrix,
        "answers": answers,
        "expected_version": _version(request),
    }
    try:
        if "later" in request.POST:
            overview_import.answer_matrix(**arguments)
            messages.success(request, _("Svarene er gemt. Oversigten er ikke ændret endnu."))
        else:
            overview_import.apply_matrix(**arguments)
            messages.success(request, _("Oversigten er læst ind."))
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    return redirect("coordination:matrix", matrix.pk)


@requires(LOGIN)
@require_POST
def undo(request: ActorRequest, matrix_id: int) -> HttpResponse:
    """Take the overview off the board again."""
    matrix = overview_import.get_matrix(request.actor, matrix_id)
    try:
        overview_import.undo_matrix(
            actor=request.actor, now=clock.now(), matrix=matrix, expected_version=_version(request)
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Oversigten fra filen er taget tilbage."))
    return redirect("coordination:matrix", matrix_id)


@requires(LOGIN)
@require_POST
def discard(request: ActorRequest, matrix_id: int) -> HttpResponse:
    """Put an overview aside without using it."""
    matrix = overview_import.get_matrix(request.actor, matrix_id)
    try:
        overview_import.discard_matrix(
            actor=request.actor, now=clock.now(), matrix=matrix, expected_version=_version(request)
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
        return redirect("coordination:matrix", matrix_id)
    messages.success(request, _("Filen er lagt til side. Den er ikke brugt."))
    return redirect("coordination:matrix_upload", matrix.round_id)
