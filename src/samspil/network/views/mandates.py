"""Who may sign for a school: its page, giving a mandate, taking it back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspil.kernel import clock
from samspil.kernel.errors import NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.network import rules
from samspil.network.domain import mandates, queries
from samspil.network.domain.recipients import school_people
from samspil.network.interfaces.forms import EndMandateForm, MandateForm
from samspil.ui.pages import form_page


def _home(organisation_id: int) -> str:
    return reverse("network:mandates", args=[organisation_id])


@requires(LOGIN)
@require_GET
def mandate_list(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """The school's leaders and everybody with a mandate, now and earlier."""
    school = queries.get_organisation(request.actor, organisation_id)
    found = mandates.mandates_of(request.actor, school)
    today = clock.today()
    return render(
        request,
        "network/mandates.html",
        {
            "organisation": school,
            "leaders": school_people(school, on=today, leaders=True),
            "rows": [
                (
                    row,
                    mandates.state_of(row, on=today),
                    rules.may_end_mandate(request.actor, row),
                )
                for row in found
            ],
            "may_give": school.valid_to is None and rules.may_give_mandate(request.actor, school),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def give_mandate(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Let somebody at the school sign for it."""
    school = queries.get_organisation(request.actor, organisation_id)
    insist(rules.may_give_mandate(request.actor, school))
    home = _home(school.pk)
    form = MandateForm(
        request.POST or None,
        request.FILES or None,
        organisation=school,
        initial={"valid_from": clock.today()},
    )

    def save(data: dict[str, Any]) -> str:
        document = data.pop("document")
        mandates.give_mandate(
            actor=request.actor,
            now=clock.now(),
            organisation=school,
            content=document.read() if document else None,
            file_name=document.name if document else "",
            **data,
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Giv mandat til at underskrive"),
        crumbs=[
            (school.name, reverse("network:organisation", args=[school.pk])),
            (_("Mandater"), home),
        ],
        submit=_("Giv mandat"),
        cancel_url=home,
        save=save,
        said=_("Mandatet er givet. Personen har fået en mail."),
        lede=_(
            "Personen kan underskrive aftaler for skolen i perioden. Skolens ledere kan det altid."
        ),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def end_mandate(request: ActorRequest, mandate_id: int) -> HttpResponse:
    """Take a mandate back."""
    found = mandates.get_mandate(request.actor, mandate_id)
    insist(rules.may_end_mandate(request.actor, found))
    home = _home(found.organisation_id)

    def save(data: dict[str, Any]) -> str:
        mandates.end_mandate(actor=request.actor, now=clock.now(), mandate=found, **data)
        return home

    return form_page(
        request,
        EndMandateForm(request.POST or None),
        heading=_("Afslut mandatet for %(name)s") % {"name": found.person.name},
        crumbs=[
            (
                found.organisation.name,
                reverse("network:organisation", args=[found.organisation_id]),
            ),
            (_("Mandater"), home),
        ],
        submit=_("Afslut mandatet"),
        cancel_url=home,
        save=save,
        said=_("Mandatet er afsluttet."),
        danger=True,
        lede=_("Det ophører med det samme. Det, der er underskrevet, bliver stående."),
    )


@requires(LOGIN)
@require_GET
def mandate_document(request: ActorRequest, mandate_id: int) -> HttpResponse:
    """The document that a mandate rests on."""
    found = mandates.get_mandate(request.actor, mandate_id)
    if found.document is None:
        raise NotFound("")
    response = HttpResponse(found.document.read(), content_type="application/pdf")
    name = quote(found.document.name)
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{name}"
    return response
