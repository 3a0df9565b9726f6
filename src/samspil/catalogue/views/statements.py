"""Where a school writes what the law wants on its site."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspil.catalogue import rules
from samspil.catalogue.domain import queries, statements
from samspil.catalogue.interfaces.statement_form import StatementForm
from samspil.kernel import clock
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.ui.pages import form_page


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def statement(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """A school's own words about its offer."""
    school = queries.get_school(request.actor, organisation_id)
    insist(rules.may_state_offer(request.actor, school))
    found = statements.statement_of(school)
    form = StatementForm(request.POST or None, initial=StatementForm.initial_of(found))
    back = reverse("catalogue:school", args=[school.pk])

    def save(data: dict[str, Any]) -> str:
        statements.state_offer(
            actor=request.actor,
            now=clock.now(),
            organisation=school,
            version=data["version"] or 0,
            values=form.values,
        )
        return back

    missing = [section.heading for section in statements.sections(found) if not section.text]
    return form_page(
        request,
        form,
        heading=_("Skolens udbudsside"),
        crumbs=[(_("Katalog"), reverse("catalogue:fkbs")), (school.name, back)],
        submit=_("Gem"),
        cancel_url=back,
        save=save,
        said=_("Teksterne er gemt og står på skolens udbudsside."),
        lede=_("Siden viser selv godkendelser, hold og udlån. I mangler at skrive: %(missing)s.")
        % {"missing": ", ".join(missing).lower()}
        if missing
        else _("Siden viser selv godkendelser, hold og udlån. Alt det andet er skrevet."),
    )
