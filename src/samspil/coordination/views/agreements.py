"""Agreements: progress, signing, saying no, reminders, files."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import agreements, comparison, overviews, paper, seals
from samspil.coordination.interfaces.agreement_forms import WhyForm
from samspil.coordination.interfaces.seal_words import method_words
from samspil.kernel import clock, sealing, signing
from samspil.kernel.downloads import stored
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.http import LOGIN, ActorRequest, requires
from samspil.network.interfaces.signed import basis_words


@requires(LOGIN)
@require_POST
def make(request: ActorRequest, round_id: int, number: str) -> HttpResponse:
    """Make the agreement, or the addendum, of the newest frozen overview."""
    try:
        made = agreements.make_agreement(
            actor=request.actor,
            now=clock.now(),
            round_fkb=overviews.get_round_fkb(request.actor, round_id, number),
        )
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("coordination:overview", round_id, number)
    messages.success(request, _("Aftalen er lavet, og skolernes ledere er bedt om at underskrive."))
    return redirect("coordination:agreement", made.pk)


@requires(LOGIN)
@require_GET
def show(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """An agreement: its text, who has signed, who lacks."""
    agreement = agreements.get_agreement(request.actor, agreement_id)
    rows = agreements.signatures_of(agreement)
    signed = [row for row in rows if row.status == "signed"]
    seal = seals.seal_of(agreement)
    return render(
        request,
        "coordination/agreements/agreement.html",
        {
            "agreement": agreement,
            "content": agreement.content,
            "place": agreement.round_fkb,
            "round": agreement.round_fkb.round,
            "fkb": agreement.round_fkb.fkb,
            "signatures": [(row, method_words(row), basis_words(row.basis)) for row in rows],
            "papers": [
                (row, paper.paper_of(row))
                for row in rows
                if row.status != "signed" and paper.may_submit_paper(request.actor, row)
            ]
            if agreement.status in ("collecting", "declined")
            and agreement.round_fkb.status == "frozen"
            else [],
            "own_papers": {
                row.pk
                for row in rows
                if row.method == "paper" and paper.may_submit_paper(request.actor, row)
            },
            "signed": len(signed),
            "total": len(rows),
            "progress_label": ngettext(
                "%(signed)s af %(total)s skole har underskrevet",
                "%(signed)s af %(total)s skoler har underskrevet",
                len(rows),
            )
            % {"signed": len(signed), "total": len(rows)},
            "mine": agreements.places_to_sign(request.actor, rows, on=clock.today()),
            "open_for_signing": agreement.status in ("collecting", "declined")
            and agreement.round_fkb.status == "frozen",
            "seal": seal,
            "upkeep": seals.upkeep_of(seal) if seal else None,
            "is_sealing": sealing.is_on(),
            "runs_it": agreements.may_run_agreement(request.actor, agreement),
        },
    )


@requires(LOGIN)
@require_GET
def compare(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """An addendum beside what it changes; ``alle`` shows what is the same, too."""
    agreement = agreements.get_agreement(request.actor, agreement_id)
    found = comparison.comparison_of(agreement)
    if found is None:
        return redirect("coordination:agreement", agreement_id)
    shows_all = request.GET.get("alle") == "1"
    return render(
        request,
        "coordination/agreements/compare.html",
        {
            "agreement": agreement,
            "round": agreement.round_fkb.round,
            "fkb": agreement.round_fkb.fkb,
            "comparison": found,
            "courses": found.courses if shows_all else found.changed,
            "shows_all": shows_all,
            "changes": agreement.content["sections"][0]["points"],
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def sign(request: ActorRequest, agreement_id: int, organisation_id: int) -> HttpResponse:
    """Read what the school says yes to, and sign. Needs a second factor given just now."""
    signature = agreements.get_signature(request.actor, agreement_id, organisation_id)
    agreement = signature.agreement
    now = clock.now()
    here = reverse("coordination:sign", args=[agreement_id, organisation_id])
    factor = signing.fresh_factor(request, now)
    if request.method == "POST":
        try:
            agreements.sign(
                actor=request.actor,
                now=now,
                signature=signature,
                content_hash=request.POST.get("content_hash", ""),
                factor=factor or signing.example_factor(request, now),
            )
        except (Conflict, Forbidden) as error:
            messages.error(request, error.message)
            return redirect(here)
        messages.success(
            request,
            _("Du har underskrevet for %(school)s.") % {"school": signature.organisation.name},
        )
        return redirect("coordination:agreement", agreement_id)
    if signature.status == "signed":
        return redirect("coordination:agreement", agreement_id)
    has_factor = signing.has_factor(request)
    beside = comparison.comparison_of(agreement)
    basis = rules.sign_basis(request.actor, signature, on=clock.today())
    ways = signing.ways_on()
    return render(
        request,
        "coordination/agreements/sign.html",
        {
            "signature": signature,
            "agreement": agreement,
            "content": agreement.content,
            "round": agreement.round_fkb.round,
            "fkb": agreement.round_fkb.fkb,
            "rows": [
                (row, overviews.cell_words(row["cell"]))
                for row in agreements.rows_of_school(agreement, signature.organisation.key)
            ],
            "open_for_signing": agreement.status in ("collecting", "declined")
            and agreement.round_fkb.status == "frozen",
            "is_fresh": factor is not None,
            "is_example": signing.is_example() and factor is None,
            "has_factor": has_factor,
            "comparison": beside,
            "courses": beside.changed if beside else (),
            "basis": basis_words(basis.plain()) if basis else "",
            "by_factor": "second_factor" in ways,
            "elsewhere": settings.SAMSPIL_SIGN_OIDC_NAME if "openid" in ways else "",
            "factor_url": signing.ask_url(request, here) if has_factor else "",
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def decline(request: ActorRequest, agreement_id: int, organisation_id: int) -> HttpResponse:
    """Say no, with a reason that the secretariat gets."""
    signature = agreements.get_signature(request.actor, agreement_id, organisation_id)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            agreements.decline(
                actor=request.actor,
                now=clock.now(),
                signature=signature,
                reason=form.cleaned_data["reason"],
            )
        except Conflict as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("Sekretariatet har fået besked med din grund."))
        return redirect("coordination:agreement", agreement_id)
    agreement = signature.agreement
    return render(
        request,
        "coordination/agreements/decline.html",
        {
            "signature": signature,
            "agreement": agreement,
            "round": agreement.round_fkb.round,
            "fkb": agreement.round_fkb.fkb,
            "form": form,
            "cancel_url": reverse("coordination:agreement", args=[agreement_id]),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_POST
def remind(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """Remind the leaders who have not signed."""
    mails = agreements.remind_signers(
        actor=request.actor,
        now=clock.now(),
        agreement=agreements.get_agreement(request.actor, agreement_id),
    )
    if mails:
        messages.success(
            request,
            ngettext("%(count)s leder er mindet.", "%(count)s ledere er mindet.", mails)
            % {"count": mails},
        )
    else:
        messages.info(
            request,
            _("Ingen at minde: alle er mindet det seneste døgn, eller skolen har ingen leder."),
        )
    return redirect("coordination:agreement", agreement_id)


@requires(LOGIN)
@require_GET
def agreement_pdf(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """The agreement as PDF."""
    return stored(agreements.get_agreement(request.actor, agreement_id).pdf)


@requires(LOGIN)
@require_GET
def signed_pdf(request: ActorRequest, agreement_id: int) -> HttpResponse:
    """The agreement as PDF with the page of signatures."""
    return stored(agreements.get_agreement(request.actor, agreement_id).signed_pdf)
