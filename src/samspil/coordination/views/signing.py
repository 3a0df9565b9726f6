"""Signing an agreement at an outside provider: sent there with the text bound to the transaction, and back."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspil.coordination.domain import agreements
from samspil.kernel import clock, elsewhere, identity
from samspil.kernel.errors import Conflict, Forbidden
from samspil.kernel.http import LOGIN, ActorRequest, requires

KIND: Final = "agreement"


@requires(LOGIN)
@require_POST
def begin(request: ActorRequest, agreement_id: int, organisation_id: int) -> HttpResponse:
    """Begin signing at the outside provider, and show the way there.

    The way is a link that a script follows: a form that is answered by a redirect to another
    server would need that server in ``form-action`` of our policy, and every one behind it.
    """
    signature = agreements.get_signature(request.actor, agreement_id, organisation_id)
    agreement = signature.agreement
    back = redirect("coordination:sign", agreement_id, organisation_id)
    if request.POST.get("content_hash") != agreement.content_hash:
        messages.error(
            request,
            _("Aftalen er ikke den, du så. Hent siden igen, og læs den, før du underskriver."),
        )
        return back
    try:
        address = elsewhere.begin(
            request,
            KIND,
            now=clock.now(),
            bound=agreements.bound_to(signature, request.actor.person_id),
            redirect_uri=settings.BASE_URL + reverse("coordination:signed_elsewhere"),
            about={"agreement": agreement_id, "organisation": organisation_id},
        )
    except identity.IdentityRefused as refused:
        messages.error(request, refused.message)
        return back
    return render(
        request,
        "coordination/agreements/go.html",
        {
            "address": address,
            "provider": settings.SAMSPIL_SIGN_OIDC_NAME,
            "signature": signature,
            "agreement": agreement,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def come_back(request: ActorRequest) -> HttpResponse:
    """What the provider sent the person back with: shown by GET, signed with by POST."""
    found = elsewhere.back(request, KIND)
    about = found.about
    now = clock.now()
    home = (
        redirect("coordination:sign", about["agreement"], about["organisation"])
        if about
        else redirect("/")
    )
    try:
        code = found.code(now=now)
        signature = agreements.get_signature(
            request.actor, about["agreement"], about["organisation"]
        )
        if request.method != "POST":
            return render(
                request,
                "coordination/agreements/back.html",
                {
                    "answer": found.answer,
                    "provider": settings.SAMSPIL_SIGN_OIDC_NAME,
                    "signature": signature,
                    "agreement": signature.agreement,
                },
            )
        pending = elsewhere.use(request, found)
        agreements.sign(
            actor=request.actor,
            now=now,
            signature=signature,
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
    messages.success(
        request, _("Du har underskrevet for %(school)s.") % {"school": signature.organisation.name}
    )
    return redirect("coordination:agreement", about["agreement"])
