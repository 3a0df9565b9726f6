"""'Hvad nu hvis …': asked from a proposal, answered beside it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import proposal_queries, what_if
from samspil.coordination.interfaces.what_if_form import WhatIfForm
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def ask(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """Say what could happen, and see what was asked before."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    insist(rules.may_use_proposal(request.actor, proposal))
    start = what_if.start(request.actor, proposal_id)
    form = WhatIfForm(request.POST or None, can=start.can, labels=start.labels)
    if request.method == "POST" and form.is_valid():
        try:
            asked = what_if.ask_what_if(
                actor=request.actor, now=clock.now(), proposal=proposal, change=form.change()
            )
        except (Conflict, Invalid) as error:
            form.add_error(None, error.message)
        else:
            return redirect("coordination:what_if_answer", proposal_id, asked.pk)
    return render(
        request,
        "coordination/proposals/what_if.html",
        {"form": form, "start": start},
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_GET
def show(request: ActorRequest, proposal_id: int, calculation_id: int) -> HttpResponse:
    """The answer beside the proposal; while it is calculated, the part that asks again."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    insist(rules.may_use_proposal(request.actor, proposal))
    page = what_if.answered(request.actor, proposal_id, calculation_id, clock.now())
    if request.headers.get("HX-Request"):
        if page.running:
            return render(request, "coordination/proposals/_what_if_waiting.html", {"page": page})
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render(request, "coordination/proposals/what_if_answer.html", {"page": page})


@requires(LOGIN)
@require_POST
def stop(request: ActorRequest, proposal_id: int, calculation_id: int) -> HttpResponse:
    """'Stop og brug det bedste indtil nu'."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    what_if.stop_what_if(
        actor=request.actor, now=clock.now(), proposal=proposal, calculation_id=calculation_id
    )
    return redirect("coordination:what_if_answer", proposal_id, calculation_id)
