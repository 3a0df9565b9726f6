"""Pages about rates."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from samspil.kernel import clock
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.settlement import rules
from samspil.settlement.domain import rates as domain
from samspil.settlement.interfaces.forms import CourseRateForm, RateForm, oere
from samspil.ui.pages import form_page


def _crumbs() -> list[tuple[str, str]]:
    return [
        (_("Afregning"), reverse("settlement:index")),
        (_("Takster"), reverse("settlement:rates")),
    ]


@requires(LOGIN)
@require_GET
def rates(request: ActorRequest) -> HttpResponse:
    """The rates, which course is in which group, and what lacks one."""
    return render(
        request,
        "settlement/rates.html",
        {
            "rates": domain.rates(),
            "course_rates": domain.course_rates(),
            "missing": domain.missing_rates() if rules.may_keep_rates(request.actor) else [],
            "may_keep": rules.may_keep_rates(request.actor),
            "has_groups": bool(domain.groups()),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def add(request: ActorRequest) -> HttpResponse:
    """Add a rate from a day on."""
    insist(rules.may_keep_rates(request.actor))
    form = RateForm(request.POST or None)

    def save(data: dict[str, object]) -> str:
        values = {**data, "oere": oere(form.cleaned_data["oere"])}
        domain.add_rate(actor=request.actor, now=clock.now(), **values)  # type: ignore[arg-type]
        return reverse("settlement:rates")

    return form_page(
        request,
        form,
        heading=_("Ny takst"),
        crumbs=_crumbs(),
        submit=_("Tilføj takst"),
        cancel_url=reverse("settlement:rates"),
        save=save,
        said=_("Taksten er tilføjet. Overførsler, den gælder for, bliver regnet med den om lidt."),
        lede=_("En takst rettes ikke. Er den forkert, så tilføj en, der gælder fra en anden dag."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def course(request: ActorRequest) -> HttpResponse:
    """Say which rate group a course is in."""
    insist(rules.may_keep_rates(request.actor))
    form = CourseRateForm(request.POST or None, initial={"course": request.GET.get("maal", "")[:5]})

    def save(data: dict[str, object]) -> str:
        domain.set_course_rate(actor=request.actor, now=clock.now(), **data)  # type: ignore[arg-type]
        return reverse("settlement:rates")

    return form_page(
        request,
        form,
        heading=_("Takstgruppe for et mål"),
        crumbs=_crumbs(),
        submit=_("Gem"),
        cancel_url=reverse("settlement:rates"),
        save=save,
        said=_("Målet har fået en takstgruppe."),
    )
