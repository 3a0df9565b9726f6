"""The history of a network in words, and its export."""

from __future__ import annotations

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from samspil.kernel.http import LOGIN, ActorRequest, requires
from samspil.network.domain import audit_trail
from samspil.ui.components import Entry
from samspil.ui.forms import DateField

PAGE = 50


class TrailForm(forms.Form):
    """What to show of the history."""

    ord = forms.CharField(label=gettext_lazy("Søg i historikken"), required=False, max_length=100)
    skole = forms.ChoiceField(label=gettext_lazy("Skole"), required=False)
    fra = DateField(label=gettext_lazy("Fra"), required=False)
    til = DateField(label=gettext_lazy("Til"), required=False)


@requires(LOGIN)
@require_GET
def trail(request: ActorRequest, network_id: int) -> HttpResponse:
    """Who did what when; fifty to a page, with a filter."""
    form = TrailForm(request.GET or None)
    form.fields["skole"].choices = [  # type: ignore[attr-defined]
        ("", _("Alle")),
        *(
            (school.key, school.name)
            for school in audit_trail.trail(request.actor, network_id).schools
        ),
    ]
    wanted = form.cleaned_data if form.is_valid() else {}
    found = audit_trail.trail(
        request.actor,
        network_id,
        words=wanted.get("ord", ""),
        school=wanted.get("skole", ""),
        first=wanted.get("fra"),
        last=wanted.get("til"),
    )
    page = Paginator(found.events, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "network/audit.html",
        {
            "network": found.network,
            "form": form,
            "page": page,
            "entries": [
                Entry(
                    at=event.at,
                    who="Samspil"
                    if event.actor_kind == "system"
                    else event.actor_label.split(" <")[0],
                    text=event.summary or event.subject_label,
                    detail=event.subject_label if event.summary else "",
                )
                for event in page
            ],
        },
    )


@requires(LOGIN)
@require_GET
def export(request: ActorRequest, network_id: int) -> HttpResponseBase:
    """The chain as JSON Lines."""
    network, lines = audit_trail.export(request.actor, network_id)
    response = StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="historik-{network.key}.jsonl"'
    return response
