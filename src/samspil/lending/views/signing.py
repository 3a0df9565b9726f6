"""Signing a loan: with the account's second factor, or at an outside provider and back (R140)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspil.kernel import clock, elsewhere, identity, signing
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.lending import rules
from samspil.lending.domain import loans, queries
from samspil.lending.domain.terms import earlier
from samspil.network.interfaces.signed import basis_words

KIND: Final = "loan"


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def sign(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Read what the school says yes to, and sign."""
    found = queries.get_loan(request.actor, loan_id)
    insist(rules.may_sign(request.actor, found))
    place = queries.place_to_sign(request.actor, found, on=clock.today())
    if place is None:
        return redirect("lending:loan", loan_id)
    school = place.signature.organisation
    now = clock.now()
    here = reverse("lending:sign", args=[loan_id])
    factor = signing.fresh_factor(request, now)
    if request.method == "POST":
        try:
            loans.sign_loan(
                actor=request.actor,
                now=now,
                loan=found,
                organisation=school,
                content_hash=request.POST.get("content_hash", ""),
                factor=factor or signing.example_factor(request, now),
            )
        except (Conflict, Forbidden) as error:
            messages.error(request, error.message)
            return redirect(here)
        messages.success(
            request, _("Du har underskrevet for %(school)s.") % {"school": school.name}
        )
        return redirect("lending:loan", loan_id)
    has_factor = signing.has_factor(request)
    ways = signing.ways_on()
    return render(
        request,
        "lending/sign.html",
        {
            "loan": found,
            "content": found.content,
            "place": place.signature,
            "may_change": rules.is_party(request.actor, found),
            "basis": basis_words(place.basis.plain()),
            "follows": earlier(found),
            "is_fresh": factor is not None,
            "is_example": signing.is_example() and factor is None,
            "has_factor": has_factor,
            "by_factor": "second_factor" in ways,
            "elsewhere": settings.SAMSPIL_SIGN_OIDC_NAME if "openid" in ways else "",
            "factor_url": signing.ask_url(request, here) if has_factor else "",
        },
    )


@requires(LOGIN)
@require_POST
def begin(request: ActorRequest, loan_id: int) -> HttpResponse:
    """Begin signing at the outside provider, and show the way there."""
    found = queries.get_loan(request.actor, loan_id)
    insist(rules.may_sign(request.actor, found))
    place = queries.place_to_sign(request.actor, found, on=clock.today())
    if place is None:
        return redirect("lending:loan", loan_id)
    school = place.signature.organisation
    if request.POST.get("content_hash") != found.content_hash:
        messages.error(
            request,
            _("Aftalen er ikke den, du så. Hent siden igen, og læs den, før du underskriver."),
        )
        return redirect("lending:sign", loan_id)
    try:
        address = elsewhere.begin(
            request,
            KIND,
            now=clock.now(),
            bound=loans.bound_to(found, school, request.actor.person_id),
            redirect_uri=settings.BASE_URL + reverse("lending:signed_elsewhere"),
            about={"loan": loan_id, "organisation": school.pk},
        )
    except identity.IdentityRefused as refused:
        messages.error(request, refused.message)
        return redirect("lending:sign", loan_id)
    return render(
        request,
        "lending/go.html",
        {
            "address": address,
            "provider": settings.SAMSPIL_SIGN_OIDC_NAME,
            "loan": found,
            "school": school,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def come_back(request: ActorRequest) -> HttpResponse:
    """What the provider sent the person back with: shown by GET, signed with by POST."""
    came = elsewhere.back(request, KIND)
    now = clock.now()
    home = redirect("lending:sign", came.about["loan"]) if came.about else redirect("/")
    try:
        code = came.code(now=now)
        found = queries.get_loan(request.actor, came.about["loan"])
        insist(rules.may_sign(request.actor, found))
        place = queries.place_to_sign(
            request.actor,
            found,
            on=clock.today(),
            organisation_id=came.about["organisation"],
        )
        if place is None:
            return redirect("lending:loan", found.pk)
        school = place.signature.organisation
        if request.method != "POST":
            return render(
                request,
                "lending/back.html",
                {
                    "answer": came.answer,
                    "provider": settings.SAMSPIL_SIGN_OIDC_NAME,
                    "loan": found,
                    "school": school,
                },
            )
        pending = elsewhere.use(request, came)
        loans.sign_loan(
            actor=request.actor,
            now=now,
            loan=found,
            organisation=school,
            content_hash=pending.bound[0],
            factor=identity.finish(code, pending, now=now),
        )
    except identity.IdentityRefused as refused:
        tell = messages.info if refused.reason == "cancelled" else messages.error
        tell(request, refused.message)
        return home
    except (Conflict, Forbidden) as error:
        messages.error(request, error.message)
        return home
    messages.success(request, _("Du har underskrevet for %(school)s.") % {"school": school.name})
    return redirect("lending:loan", found.pk)
