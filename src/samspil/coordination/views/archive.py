"""The end of a round: close it, fetch its archive."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspil.coordination import rules
from samspil.coordination.domain import archive, round_queries
from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.http import LOGIN, ActorRequest, requires


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def close(request: ActorRequest, round_id: int) -> HttpResponse:
    """Ask, and close the round; the archive follows from the worker."""
    round = round_queries.get_round(request.actor, round_id)
    if not rules.may_run_round(request.actor, round):
        raise Forbidden(_("Kun sekretariatet afslutter en runde."))
    if request.method == "POST":
        try:
            archive.close_round(actor=request.actor, now=clock.now(), round=round)
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("Runden er afsluttet. Arkivet er klar om lidt."))
        return redirect("coordination:close_round", round_id)
    return render(
        request,
        "coordination/archive/close.html",
        {
            "round": round,
            "left": archive.not_agreed(round),
            "archive": archive.archive_of(round),
            "cancel_url": reverse("coordination:round", args=[round_id]),
        },
    )


@requires(LOGIN)
@require_GET
def round_archive(request: ActorRequest, round_id: int) -> HttpResponse:
    """The newest archive as a zip."""
    kept = archive.newest_archive(request.actor, round_id)
    return download(kept.file.read(), kept.file.name, kept.file.content_type)
