"""One person's data, from the page of their seat: handed out or erased."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspil.enrolment.domain import one_person, queries
from samspil.enrolment.interfaces import shown
from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.errors import Conflict
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def person_data(request: ActorRequest, enrolment_id: int) -> HttpResponse:
    """What the school has about one person; hand it out, or erase it. Needs no mail address."""
    found = queries.get_enrolment(request.actor, enrolment_id)
    insist(one_person.may_keep(request.actor, found))
    do = request.POST.get("gør", "")
    if do == "udlever":
        data = one_person.hand_out_one(actor=request.actor, now=clock.now(), enrolment=found)
        text = json.dumps(data, ensure_ascii=False, indent=1)
        return download(text.encode(), "persondata.json", "application/json; charset=utf-8")
    if do == "slet":
        try:
            one_person.erase_one(actor=request.actor, now=clock.now(), enrolment=found)
        except Conflict as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, _("Personens data er slettet."))
        return redirect("enrolment:person_data", found.pk)
    (one,) = [
        p for p in queries.people_shown(request.actor, found.sign_up) if p.enrolment.pk == found.pk
    ]
    return render(
        request,
        "enrolment/one_person.html",
        {
            "row": found,
            "name": shown.staff_line(one).name,
            "is_own": found.sign_up.orderer in ("private", "self_employed"),
            "found": [
                (shown.source_name(source), count)
                for source, count in one_person.what_there_is(request.actor, found).items()
            ],
            "kept": one_person.why_kept(found),
        },
    )
