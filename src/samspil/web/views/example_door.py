"""One click signs in as a role. Reached in the example settings alone (``config/urls.py``)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from samspil.kernel import clock
from samspil.kernel.http import PUBLIC, ActorRequest, requires
from samspil.web.domain.door import door_person, door_roles


def _refuse_elsewhere() -> None:
    """A second lock: the addresses are not even there elsewhere."""
    if not settings.EXAMPLE_DOOR:
        raise Http404


@requires(PUBLIC)
@require_safe
def door(request: ActorRequest) -> HttpResponse:
    """The roles of the example, each a button."""
    _refuse_elsewhere()
    people = door_roles(today=clock.today())
    return render(
        request,
        "web/door.html",
        {
            "featured": [person for person in people if person.featured],
            "others": [person for person in people if not person.featured],
        },
    )


@requires(PUBLIC)
@require_POST
def enter(request: ActorRequest, person_id: int) -> HttpResponseBase:
    """Sign in as one of them."""
    _refuse_elsewhere()
    person = door_person(person_id)
    if person is None:
        raise Http404
    request.session.flush()
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("web:front")
