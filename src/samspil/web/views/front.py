"""Mine opgaver, the choice of whom one acts for, and what everybody may read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspil.kernel import clock
from samspil.kernel.errors import Invalid
from samspil.kernel.http import LOGIN, PUBLIC, ActorRequest, requires
from samspil.network.middleware import ACTING_FOR
from samspil.web.context import NETWORK
from samspil.web.domain import header


@requires(PUBLIC)
def front(request: ActorRequest) -> HttpResponseBase:
    """What waits for the person; a visitor is shown the way in."""
    if request.actor.kind == "anonymous":
        return redirect("example:door" if settings.EXAMPLE_DOOR else "account_login")
    today = clock.today()
    return render(
        request,
        "web/front.html",
        {"tasks": header.waiting(request.actor, today), "today": today},
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def switch(request: ActorRequest) -> HttpResponseBase:
    """Choose the organisation one acts for, and the network whose name stands in the header."""
    organisations = header.organisations_of(request.actor)
    networks = header.networks_of(request.actor, request.session.get(NETWORK))
    if request.method == "POST":
        for name, key, choices in (
            ("organisation", ACTING_FOR, organisations),
            ("network", NETWORK, networks),
        ):
            if name not in request.POST:
                continue
            chosen = next((c.pk for c in choices if str(c.pk) == request.POST[name]), None)
            if chosen is None:
                raise Invalid(_("Det kan du ikke vælge. Hent siden igen, og vælg fra listen."))
            request.session[key] = chosen
        return redirect(next_address(request))
    return render(
        request, "web/switch.html", {"organisations": organisations, "networks": networks}
    )


def next_address(request: HttpRequest) -> str:
    """Where to go on: an address of our own, or the front page."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return target
    return "/"


@requires(PUBLIC)
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement that the law on web accessibility asks for."""
    return render(request, "web/accessibility.html")
