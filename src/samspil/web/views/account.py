"""Min konto: who I am here, how I sign in, and where I am signed in."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from samspil.kernel import clock
from samspil.kernel.errors import Invalid
from samspil.kernel.http import LOGIN, PUBLIC, ActorRequest, requires
from samspil.network.domain.languages import choose_language
from samspil.network.models import Person
from samspil.web.context import LANGUAGE
from samspil.web.domain import header
from samspil.web.domain.second_factor import summary_of
from samspil.web.views.front import next_address


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


@requires(PUBLIC)
@require_POST
def language(request: ActorRequest) -> HttpResponseBase:
    """Choose the language; a signed-in person keeps it for the next time and for mails."""
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES):
        raise Invalid(_("Det sprog findes ikke her."))
    if request.actor.kind == "person":
        choose_language(
            actor=request.actor,
            now=clock.now(),
            person=cast(Person, request.user),
            language=wanted,
        )
        request.session[LANGUAGE] = wanted
    response = redirect(next_address(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
