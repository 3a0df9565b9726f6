"""Pages of the planner's proposals: asked for, read with their reasons, decided on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import proposal_queries, proposals, round_queries
from samspil.coordination.models import Proposal, RoundFkb
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number


def _id(request: ActorRequest, name: str) -> int | None:
    """A row's id out of the form; raises ``NotFound`` for what isn't one."""
    value = request.POST.get(name, "")
    if not value:
        return None
    number = whole_number(value)
    if not number:
        raise NotFound("")
    return number


def _ids(request: ActorRequest, name: str) -> list[int]:
    return [number for value in request.POST.getlist(name) if (number := whole_number(value))]


@requires(LOGIN)
@require_POST
def ask(request: ActorRequest, round_id: int) -> HttpResponse:
    """'Foreslå': a proposal for the round, or for the FKB named in the form."""
    round = round_queries.get_round(request.actor, round_id)
    fkb = proposal_queries.get_round_fkb(request.actor, round_id, _id(request, "fkb"))
    try:
        proposal = proposals.request_proposal(
            actor=request.actor, now=clock.now(), round=round, round_fkb=fkb
        )
    except Conflict as error:
        messages.warning(request, error.message)
        return redirect("coordination:round", round_id)
    return redirect("coordination:proposal", proposal.pk)


@requires(LOGIN)
@require_GET
def show(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """A proposal with its reasons; while it is computed, the part that asks again."""
    page = proposal_queries.page(request.actor, proposal_id, clock.now())
    if request.headers.get("HX-Request"):
        if page.strip.status == "queued":
            return render(request, "coordination/proposals/_waiting.html", {"page": page})
        response = HttpResponse()
        response["HX-Refresh"] = "true"
        return response
    return render(request, "coordination/proposals/show.html", {"page": page})


@requires(LOGIN)
@require_POST
def stop(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """'Stop og brug det bedste indtil nu'."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    try:
        proposals.stop_proposal(actor=request.actor, now=clock.now(), proposal=proposal)
    except Conflict as error:
        messages.info(request, error.message)
    return redirect("coordination:proposal", proposal_id)


@requires(LOGIN)
@require_GET
def problem(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """The problem as the planner got it, to repeat the answer outside the web."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    insist(rules.may_read_problem(request.actor, proposal))
    response = JsonResponse(
        proposal.problem, json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    response["Content-Disposition"] = f'attachment; filename="forslag-{proposal.pk}.json"'
    return response


@requires(LOGIN)
@require_POST
def use(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """'Brug forslaget' (``all``) or 'Brug de valgte'."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    fkb = proposal_queries.get_round_fkb(request.actor, proposal.round_id, _id(request, "fkb"))
    try:
        used = proposals.use_proposal(
            actor=request.actor,
            now=clock.now(),
            proposal=proposal,
            line_ids=None if "all" in request.POST else _ids(request, "lines"),
            only_fkb=fkb,
        )
    except (Conflict, Invalid) as error:
        messages.warning(request, error.message)
        return redirect("coordination:proposal", proposal_id)
    if used.taken:
        messages.success(
            request,
            ngettext(
                "%(count)s felt på oversigten er udfyldt. Du kan fortryde det på oversigten.",
                "%(count)s felter på oversigten er udfyldt. Du kan fortryde det på oversigten.",
                used.taken,
            )
            % {"count": used.taken},
        )
    if used.stale:
        messages.warning(
            request,
            ngettext(
                "%(count)s linje er ikke brugt, fordi oversigten er ændret siden.",
                "%(count)s linjer er ikke brugt, fordi oversigten er ændret siden.",
                used.stale,
            )
            % {"count": used.stale},
        )
    if used.stale or not (used.is_done or fkb):
        return redirect("coordination:proposal", proposal_id)
    return _onwards(proposal, fkb)


@requires(LOGIN)
@require_POST
def reject(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """'Sig nej til de valgte'."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    try:
        number = proposals.reject_proposal_lines(
            actor=request.actor,
            now=clock.now(),
            proposal=proposal,
            line_ids=_ids(request, "lines"),
        )
    except (Conflict, Invalid) as error:
        messages.warning(request, error.message)
    else:
        messages.success(
            request,
            ngettext(
                "Du har sagt nej til %(count)s linje. Et nyt forslag retter sig efter det.",
                "Du har sagt nej til %(count)s linjer. Et nyt forslag retter sig efter det.",
                number,
            )
            % {"count": number},
        )
    return redirect("coordination:proposal", proposal_id)


@requires(LOGIN)
@require_POST
def discard(request: ActorRequest, proposal_id: int) -> HttpResponse:
    """'Forkast'."""
    proposal = proposal_queries.get_proposal(request.actor, proposal_id)
    try:
        proposals.discard_proposal(actor=request.actor, now=clock.now(), proposal=proposal)
    except Conflict as error:
        messages.warning(request, error.message)
        return redirect("coordination:proposal", proposal_id)
    messages.success(request, _("Forslaget er forkastet. Oversigten er ikke ændret."))
    return _onwards(proposal)


def _onwards(proposal: Proposal, fkb: RoundFkb | None = None) -> HttpResponse:
    """Back to the board, or the round, that the proposal is about."""
    about = fkb or proposal.round_fkb
    if about is None:
        return redirect("coordination:round", proposal.round_id)
    return redirect("coordination:board", proposal.round_id, about.fkb.number)
