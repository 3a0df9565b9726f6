"""Min konto: who I am here, how I sign in, and where I am signed in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from samspil.kernel.http import LOGIN, ActorRequest, requires
from samspil.web.domain import header
from samspil.web.domain.second_factor import summary_of


@requires(LOGIN)
def account(request: ActorRequest) -> HttpResponse:
    """One's own account."""
    return render(
        request,
        "web/account.html",
        {
            "organisations": header.organisations_of(request.actor),
            "factors": summary_of(request.actor),
            "languages": settings.LANGUAGES,
        },
    )
