"""Puts the actor on the request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.network.domain.actors import actor_for

ACTING_FOR = "acting_for"
"""Session key of the organisation that the person chose to act for."""


AS_VISITOR = "samspil_as_visitor"
"""Attribute of a request whose person has not shown enough to be anybody here."""


def _actor_of(request: HttpRequest) -> Actor:
    if not request.user.is_authenticated or getattr(request, AS_VISITOR, False):
        return Actor.anonymous()
    person = request.user
    return actor_for(person, today=clock.today(), organisation_id=request.session.get(ACTING_FOR))


class ActorMiddleware:
    """Sets ``request.actor``, looked up when it is first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: _actor_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)
