"""The overview of an FKB: frozen, opened again, its versions and files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.coordination.domain import agreements, overviews
from samspil.coordination.interfaces.agreement_forms import WhyForm
from samspil.coordination.interfaces.overview_xlsx import write_overview
from samspil.coordination.models import Overview
from samspil.kernel import clock
from samspil.kernel.downloads import download, stored
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, requires
from samspil.ui.components import Phase

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _steps(status: str, *, has_agreement: bool, waits: bool) -> list[Phase]:
    """How one gets from the board to a signed agreement, and which step is next."""
    at = 3 if status == "agreed" else 0 if status == "open" else 1 if waits else 2
    labels = [
        _("Lås oversigten"),
        _("Lav tillæg") if has_agreement and at < 2 else _("Dan aftalen"),
        _("Skolerne underskriver"),
    ]
    return [
        Phase(label, state="done" if number < at else "now" if number == at else "")
        for number, label in enumerate(labels)
    ]


@requires(LOGIN)
@require_GET
def overview(request: ActorRequest, round_id: int, number: str) -> HttpResponse:
    """Where the overview and its agreement stand, and what comes next."""
    place = overviews.get_round_fkb(request.actor, round_id, number)
    found = list(overviews.versions(place))
    context: dict[str, Any] = {
        "place": place,
        "round": place.round,
        "fkb": place.fkb,
        "versions": found,
        "newest": found[0] if found else None,
        "missing": overviews.missing(place) if place.status == "open" else [],
        "agreements": list(agreements.agreements_of(place)),
        "parties": overviews.parties(place),
        "runs_it": overviews.may_run_fkb(request.actor, place),
    }
    live = [item for item in context["agreements"] if item.status != "withdrawn"]
    context["needs_agreement"] = (
        place.status != "open" and bool(found) and (not live or live[0].overview_id != found[0].pk)
    )
    context["is_addendum"] = bool(live)
    context["steps"] = _steps(
        place.status, has_agreement=bool(live), waits=context["needs_agreement"]
    )
    return render(request, "coordination/overviews/overview.html", context)


@requires(LOGIN)
@require_POST
def freeze(request: ActorRequest, round_id: int, number: str) -> HttpResponse:
    """Freeze the overview as its next version."""
    try:
        frozen = overviews.freeze_overview(
            actor=request.actor,
            now=clock.now(),
            round_fkb=overviews.get_round_fkb(request.actor, round_id, number),
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, _("Oversigten er låst som version %(version)s.") % {"version": frozen.version}
        )
    return redirect("coordination:overview", round_id, number)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def reopen(request: ActorRequest, round_id: int, number: str) -> HttpResponse:
    """Open the overview again, with a reason."""
    place = overviews.get_round_fkb(request.actor, round_id, number)
    if not overviews.may_run_fkb(request.actor, place):
        raise Forbidden(_("Kun sekretariatet åbner en oversigt igen."))
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            agreements.reopen_overview(
                actor=request.actor,
                now=clock.now(),
                round_fkb=place,
                reason=form.cleaned_data["reason"],
            )
        except Conflict as error:
            messages.error(request, error.message)
            return redirect("coordination:overview", round_id, number)
        messages.success(
            request,
            _(
                "Oversigten er åbnet igen. Næste version bliver et tillæg, hvis nogen har underskrevet."
            ),
        )
        return redirect("coordination:board", round_id, number)
    return render(
        request,
        "coordination/overviews/reopen.html",
        {
            "place": place,
            "fkb": place.fkb,
            "round": place.round,
            "form": form,
            "cancel_url": reverse("coordination:overview", args=[round_id, number]),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_GET
def overview_pdf(request: ActorRequest, round_id: int, number: str, version: int) -> HttpResponse:
    """A frozen version as PDF."""
    return stored(overviews.get_overview(request.actor, round_id, number, version).pdf)


@requires(LOGIN)
@require_GET
def version_xlsx(request: ActorRequest, round_id: int, number: str, version: int) -> HttpResponse:
    """A frozen version as an Excel workbook."""
    return stored(overviews.get_overview(request.actor, round_id, number, version).xlsx)


@requires(LOGIN)
@require_GET
def overview_xlsx(request: ActorRequest, round_id: int, number: str) -> HttpResponse:
    """The overview as it stands right now, as an Excel workbook."""
    place = overviews.get_round_fkb(request.actor, round_id, number)
    content = overviews.content_of(place)
    draft = Overview(
        round_fkb=place,
        version=0,
        content=content,
        sha256=overviews.sha256_of(content),
        difference=[],
        frozen_at=clock.now(),
    )
    return download(write_overview(draft), f"oversigt-{place.round.year}-fkb-{number}.xlsx", XLSX)
