"""Pages on which a school asks those whom only its own system knows, and says what became of a run of its own."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.enrolment.domain import moves, moves_changes, moves_elsewhere
from samspil.enrolment.enums import MovePlanStatus
from samspil.enrolment.interfaces import moves_shown
from samspil.enrolment.interfaces.moves_forms import AddressesForm, AnswersForm, LostForm
from samspil.enrolment.models import MovePlan
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.runs.domain import keeping
from samspil.runs.interfaces.shown import when


def _plan(request: ActorRequest, plan_id: int) -> MovePlan:
    found = moves.get_plan(request.actor, plan_id)
    insist(moves.may_decide(request.actor, found))
    return found


@requires(LOGIN)
@require_GET
def plan_elsewhere(request: ActorRequest, plan_id: int) -> HttpResponse:
    """The runs whose people the school has to ask itself, with how far it is."""
    found = _plan(request, plan_id)
    return render(
        request,
        "enrolment/moves/elsewhere.html",
        {
            "plan": found,
            "streams": moves_elsewhere.streams(request.actor, found),
        },
    )


def _page(
    request: ActorRequest,
    plan: MovePlan,
    stream: moves_elsewhere.Stream,
    *,
    addresses: AddressesForm | None = None,
    answers: AnswersForm | None = None,
    status: int = 200,
) -> HttpResponse:
    days = (stream.target.starts_on - stream.source.starts_on).days
    return render(
        request,
        "enrolment/moves/stream.html",
        {
            "plan": plan,
            "stream": stream,
            "is_asking": plan.status == MovePlanStatus.ASKING,
            "when": when(days),
            "letter": moves_shown.letter(stream),
            "addresses": addresses or AddressesForm(),
            "answers": answers or AnswersForm(initial={"yes": 0, "no": 0, "seen": stream.open}),
            "here": reverse(
                "enrolment:plan_stream", args=[plan.pk, stream.source.pk, stream.target.pk]
            ),
        },
        status=status,
    )


@requires(LOGIN)
@require_GET
def stream(request: ActorRequest, plan_id: int, source_id: int, target_id: int) -> HttpResponse:
    """A text to copy, a link for each, and where to write addresses and answers."""
    found = _plan(request, plan_id)
    return _page(
        request,
        found,
        moves_elsewhere.get_stream(request.actor, found, source_id, target_id),
    )


@requires(LOGIN)
@require_GET
def links_file(request: ActorRequest, plan_id: int, source_id: int, target_id: int) -> HttpResponse:
    """The links as CSV for a mail merge: number and link of those who have none yet. No names."""
    found = _plan(request, plan_id)
    chosen = moves_elsewhere.get_stream(request.actor, found, source_id, target_id)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_("Nummer"), _("Link")])
    for link in chosen.links:
        if link.is_open and not link.has_address:
            writer.writerow([link.number, link.url])
    return HttpResponse(
        text.getvalue().encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="links-{found.pk}-{source_id}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _tell(form: Any, error: Invalid | Conflict) -> None:
    field = getattr(error, "field", None)
    form.add_error(field if field in form.fields else None, error.message)


@requires(LOGIN)
@require_POST
def send(request: ActorRequest, plan_id: int, source_id: int, target_id: int) -> HttpResponse:
    """Send a link each to the addresses."""
    found = _plan(request, plan_id)
    chosen = moves_elsewhere.get_stream(request.actor, found, source_id, target_id)
    form = AddressesForm(request.POST)
    if form.is_valid():
        try:
            count = moves_elsewhere.send_links(
                actor=request.actor,
                now=clock.now(),
                plan=found,
                source_id=source_id,
                target_id=target_id,
                addresses=form.cleaned_data["addresses"],
            )
        except (Invalid, Conflict) as error:
            _tell(form, error)
        else:
            messages.success(
                request,
                ngettext("%(count)s mail er sendt.", "%(count)s mails er sendt.", count)
                % {"count": count}
                if count
                else _("De har alle fået deres link."),
            )
            return redirect("enrolment:plan_stream", found.pk, source_id, target_id)
    return _page(request, found, chosen, addresses=form, status=400)


@requires(LOGIN)
@require_POST
def answers(request: ActorRequest, plan_id: int, source_id: int, target_id: int) -> HttpResponse:
    """Write down what the school was told."""
    found = _plan(request, plan_id)
    chosen = moves_elsewhere.get_stream(request.actor, found, source_id, target_id)
    form = AnswersForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            yes, no = moves_elsewhere.record_answers(
                actor=request.actor,
                now=clock.now(),
                plan=found,
                source_id=source_id,
                target_id=target_id,
                yes=data["yes"],
                no=data["no"],
                seen=data["seen"],
            )
        except Conflict as error:
            # what was written stays; the number of unanswered is the new one
            data = {**request.POST.dict(), "seen": chosen.open}
            form = AnswersForm(data)
            form.is_valid()
            _tell(form, error)
        except Invalid as error:
            _tell(form, error)
        else:
            messages.success(
                request,
                _("Skrevet ind: %(yes)s ja og %(no)s nej.") % {"yes": yes, "no": no},
            )
            return redirect("enrolment:plan_stream", found.pk, source_id, target_id)
    return _page(request, found, chosen, answers=form, status=400)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def lost_run(request: ActorRequest, run_id: int) -> HttpResponse:
    """A run that is gone from the search though people sit on it: cancelled, or still there?"""
    run = moves_changes.get_lost_run(request.actor, run_id)
    form = LostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        common: dict[str, Any] = {"actor": request.actor, "now": clock.now(), "run": run}
        try:
            if form.cleaned_data["what"] == "cancelled":
                keeping.cancel_lost_run(**common, reason=form.cleaned_data["reason"])
            else:
                keeping.keep_lost_run(**common)
        except (Invalid, Conflict) as error:
            _tell(form, error)
        else:
            messages.success(
                request,
                _("Holdet er aflyst, og de tilmeldte får besked.")
                if form.cleaned_data["what"] == "cancelled"
                else _("Holdet står som annonceret igen."),
            )
            return redirect("enrolment:lost_run", run.pk)
    return render(
        request,
        "enrolment/moves/lost_run.html",
        {
            "run": run,
            "people": moves_changes.people_left(run),
            "is_lost": run.status == "planned",
            "form": form,
        },
        status=400 if form.errors else 200,
    )
