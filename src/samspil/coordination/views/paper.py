"""A school's signature on paper: handed in, looked at, confirmed or refused."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.coordination.domain import paper as papers
from samspil.coordination.interfaces.agreement_forms import ConfirmPaperForm, PaperForm
from samspil.coordination.models import PaperSignature, Signature
from samspil.kernel import clock
from samspil.kernel.downloads import stored
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.ui.pages import saved


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def page(request: ActorRequest, agreement_id: int, organisation_id: int) -> HttpResponse:
    """Hand in a school's paper; when it is there, look at it and confirm it."""
    place = papers.paper_place(request.actor, agreement_id, organisation_id)
    found = papers.paper_of(place)
    if place.status == "signed":
        return redirect("coordination:agreement", agreement_id)
    if found is not None:
        return _confirm(request, place, found)
    insist(papers.may_submit_paper(request.actor, place))
    form = PaperForm(request.POST or None, request.FILES or None)
    handed_in = saved(
        form,
        lambda said: papers.submit_paper(
            actor=request.actor,
            now=clock.now(),
            signature=place,
            person_name=said["person_name"],
            signed_on=said["signed_on"],
            content=said["document"].read(),
            file_name=said["document"].name,
        ),
    )
    if handed_in is not None:
        messages.success(request, _("Papiret er lagt ind. En anden i sekretariatet bekræfter det."))
        return redirect("coordination:agreement", agreement_id)
    return _show(request, place, form, None)


def _confirm(request: ActorRequest, place: Signature, found: PaperSignature) -> HttpResponse:
    form = ConfirmPaperForm(request.POST or None)
    confirmed = saved(
        form,
        lambda said: papers.confirm_paper(
            actor=request.actor, now=clock.now(), paper=found, checksum=said["checksum"]
        ),
    )
    if confirmed is not None:
        messages.success(
            request,
            _("%(school)s har underskrevet på papir.") % {"school": place.organisation.name},
        )
        return redirect("coordination:agreement", place.agreement_id)
    return _show(request, place, form, found)


def _show(
    request: ActorRequest,
    place: Signature,
    form: PaperForm | ConfirmPaperForm,
    found: PaperSignature | None,
) -> HttpResponse:
    agreement = place.agreement
    return render(
        request,
        "coordination/agreements/paper.html",
        {
            "signature": place,
            "agreement": agreement,
            "round": agreement.round_fkb.round,
            "fkb": agreement.round_fkb.fkb,
            "form": form,
            "paper": found,
            "known": papers.known_signers(place, on=found.signed_on) if found else [],
            "is_known": found is not None and papers.basis_on_paper(found) is not None,
            "settles": found is not None and papers.may_settle_paper(request.actor, found),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_POST
def refuse(request: ActorRequest, agreement_id: int, organisation_id: int) -> HttpResponse:
    """Refuse a paper with a reason."""
    found = _found(request, agreement_id, organisation_id)
    try:
        papers.refuse_paper(
            actor=request.actor,
            now=clock.now(),
            paper=found,
            reason=request.POST.get("reason", ""),
        )
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
        return redirect(reverse("coordination:paper", args=[agreement_id, organisation_id]))
    messages.success(request, _("Papiret er afvist. Der kan lægges et nyt ind."))
    return redirect("coordination:agreement", agreement_id)


def _found(request: ActorRequest, agreement_id: int, organisation_id: int) -> PaperSignature:
    found = papers.paper_of(papers.paper_place(request.actor, agreement_id, organisation_id))
    if found is None:
        raise NotFound("")
    return found


@requires(LOGIN)
@require_GET
def document(request: ActorRequest, agreement_id: int, organisation_id: int) -> HttpResponse:
    """The scanned page, for the secretariat and the school."""
    return stored(_found(request, agreement_id, organisation_id).document)
