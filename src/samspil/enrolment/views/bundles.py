"""Pages about plans for many courses at once: of an FKB, a branch group or a week."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.enrolment.domain import moves_bundles, moves_queries, planning
from samspil.enrolment.enums import BundleStatus, MovePlanStatus, MoveState
from samspil.enrolment.interfaces import moves_shown
from samspil.enrolment.interfaces.moves_forms import BundleForm, ReasonForm
from samspil.enrolment.models import MoveBundle
from samspil.enrolment.views.moves import KEPT
from samspil.kernel import audit, calculations, clock
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.runs.domain import scopes
from samspil.ui.components import Figure
from samspil.ui.pages import entries, form_page

_PINS = ("held", "cancelled")


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Flytninger"), reverse("enrolment:plans"))]


def _earlier(request: ActorRequest) -> MoveBundle | None:
    number = whole_number(request.GET.get("fra"))
    if not number:
        return None
    try:
        return moves_bundles.get_bundle(request.actor, number)
    except NotFound:
        return None


def _pins(request: ActorRequest, begin: dict[str, Any]) -> dict[str, Any]:
    """Decisions about runs: those that were there, as far as the form does not say otherwise."""
    said = {pk: pin for pin in _PINS for pk in begin.get(pin, ())}
    for name, value in request.POST.items():
        number = whole_number(name.removeprefix("hold-")) if name.startswith("hold-") else 0
        if number:
            said.pop(number, None)
            if value in _PINS:
                said[number] = value
    return {pin: tuple(sorted(pk for pk, v in said.items() if v == pin)) for pin in _PINS}


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def propose_many(request: ActorRequest) -> HttpResponse:
    """Choose what is looked at together, and ask."""
    networks = moves_queries.networks_to_propose_in(request.actor)
    insist(bool(networks))
    earlier = _earlier(request)
    begin = dict(earlier.conditions) if earlier else {}
    initial: dict[str, Any] = {k: begin[k] for k in KEPT if k in begin}
    if request.GET.get("hvad"):
        initial["what"] = request.GET["hvad"][:60]
    if earlier:
        what = f"{earlier.scope}:{earlier.value}"
        initial |= {"what": what, "network": earlier.network_id}
    form = BundleForm(
        request.POST or None,
        networks=networks,
        choices=scopes.choices(networks, now=clock.now()),
        initial=initial,
    )
    pins = _pins(request, begin)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if data["course"]:
            return redirect("enrolment:propose", data["course"])
        try:
            made = moves_bundles.propose_bundle(
                actor=request.actor,
                now=clock.now(),
                network=data["network"],
                scope=scopes.find(data["scope"], data["value"], today=clock.today()),
                limits=planning.Limits(**{k: data[k] for k in KEPT}, **pins),
            )
        except Invalid as error:
            field = "what" if error.field in ("scope", "value") else error.field
            form.add_error(field if field in form.fields else None, error.message)
        else:
            return redirect("enrolment:bundle", made.pk)
    return render(
        request,
        "enrolment/moves/propose_many.html",
        {
            "form": form,
            "lines": moves_queries.pinned_runs({k: list(v) for k, v in pins.items()}),
            "cancel_url": reverse("enrolment:plans"),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_GET
def bundle(request: ActorRequest, bundle_id: int) -> HttpResponse:
    """How far it is, or what is proposed: sums over all, then course by course."""
    found = moves_bundles.get_bundle(request.actor, bundle_id)
    context: dict[str, Any] = {
        "bundle": found,
        "is_waiting": found.status == BundleStatus.QUEUED,
        "may_propose": moves_bundles.may_stop(request.actor, found),
        "may_drop": moves_bundles.may_drop(request.actor, found)
        and found.status in (BundleStatus.QUEUED, BundleStatus.ANSWERED),
        "progress": {},
    }
    if found.status == BundleStatus.QUEUED:
        calculation = calculations.of(found).first()
        context["progress"] = calculation.progress if calculation else {}
        context["is_stopping"] = bool(calculation and calculation.asked_to_stop_at)
    elif "plans" in found.statistics:
        context |= _answered(request, found)
    name = "bundle_body.html" if request.headers.get("HX-Request") else "bundle.html"
    return render(request, f"enrolment/moves/{name}", context)


def _answered(request: ActorRequest, found: MoveBundle) -> dict[str, Any]:
    view = moves_queries.bundle_view(request.actor, found, page=request.GET.get("side", 1))
    mine = set(moves_bundles.parties_of(request.actor, found))
    numbers, answers = found.statistics, view.answers
    labels = {key: school.label for key, school in view.schools.items()}
    open_now = sum(view.states[state] for state in moves_bundles.OPEN)
    return {
        "view": view,
        "parts": [
            {
                "plan": plan,
                "flows": moves_shown.flows(view.views[plan.pk]),
                "runs": moves_shown.runs(view.views[plan.pk]),
                "after": moves_shown.after(view.views[plan.pk]),
                "to_decide": [
                    row
                    for row in view.views[plan.pk].approvals
                    if row.organisation_id in mine
                    and row.is_approved is None
                    and plan.status == MovePlanStatus.PROPOSED
                ],
            }
            for plan in view.plans
        ],
        "figures": [
            Figure(
                numbers["alone"],
                _("bliver undervist, hvis hver skole afgør alene"),
                of=numbers["people"],
            ),
            Figure(
                numbers["taught"],
                _("bliver undervist efter forslaget"),
                of=numbers["people"],
                tone="good",
            ),
            Figure(numbers["asked"], _("bliver spurgt, om de vil flytte")),
        ],
        "costs": moves_shown.costs(numbers),
        "money": moves_shown.money(numbers, labels),
        "answers": [
            Figure(
                answers[MoveState.YES] + answers[MoveState.MOVED], _("har sagt ja"), tone="good"
            ),
            Figure(
                answers[MoveState.NO] + answers[MoveState.OTHERS] + answers[MoveState.SILENT],
                _("har sagt nej eller ikke svaret"),
            ),
            Figure(answers[MoveState.ASKED], _("er spurgt og mangler at svare")),
            Figure(answers[MoveState.MOVED], _("er flyttet")),
        ]
        if any(answers[s] for s in MoveState.values if s not in ("waits", "obsolete"))
        else [],
        "to_decide": [
            (says, moves_bundles.hash_for(found, says.school.pk))
            for says in view.says
            if says.school.pk in mine and says.missing
        ],
        "open_now": open_now,
        "rest": numbers.get("rest", []),
        "is_best": numbers.get("status") in ("proven", "bounded"),
        "history": entries(audit.history(found)),
    }


@requires(LOGIN)
@require_POST
def bundle_stop(request: ActorRequest, bundle_id: int) -> HttpResponse:
    """Take the best answer so far."""
    found = moves_bundles.get_bundle(request.actor, bundle_id)
    insist(moves_bundles.may_stop(request.actor, found))
    moves_bundles.stop_bundle(actor=request.actor, now=clock.now(), bundle=found)
    return redirect("enrolment:bundle", found.pk)


@requires(LOGIN)
@require_POST
def bundle_again(request: ActorRequest, bundle_id: int) -> HttpResponse:
    """Ask again with the decisions about runs that stand in the form, on top of the earlier ones."""
    found = moves_bundles.get_bundle(request.actor, bundle_id)
    insist(moves_bundles.may_stop(request.actor, found))
    kept = {k: found.conditions[k] for k in KEPT}
    try:
        made = moves_bundles.propose_bundle(
            actor=request.actor,
            now=clock.now(),
            network=found.network,
            scope=scopes.find(found.scope, found.value, today=clock.today()),
            limits=planning.Limits(**kept, **_pins(request, found.conditions)),
        )
    except Invalid as error:
        messages.error(request, error.message)
        return redirect("enrolment:bundle", found.pk)
    return redirect("enrolment:bundle", made.pk)


@requires(LOGIN)
@require_POST
def bundle_approve(request: ActorRequest, bundle_id: int) -> HttpResponse:
    """Approve all parts of one's school that wait for it."""
    found = moves_bundles.get_bundle(request.actor, bundle_id)
    insist(moves_bundles.may_decide(request.actor, found))
    try:
        count = moves_bundles.approve_bundle(
            actor=request.actor,
            now=clock.now(),
            bundle=found,
            organisation_id=whole_number(request.POST.get("organisation")),
            sha256=request.POST.get("sha256", ""),
        )
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            ngettext(
                "Du har godkendt %(count)s mål. Folk bliver spurgt, når de andre skoler også har.",
                "Du har godkendt %(count)s mål. Folk bliver spurgt, når de andre skoler også har.",
                count,
            )
            % {"count": count}
            if count
            else _("Jeres dele er allerede godkendt eller afvist."),
        )
    return redirect("enrolment:bundle", found.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def bundle_drop(request: ActorRequest, bundle_id: int) -> HttpResponse:
    """Give up all that is still open."""
    found = moves_bundles.get_bundle(request.actor, bundle_id)
    insist(moves_bundles.may_drop(request.actor, found))
    back = reverse("enrolment:bundle", args=[found.pk])

    def save(data: dict[str, Any]) -> str:
        moves_bundles.drop_bundle(
            actor=request.actor, now=clock.now(), bundle=found, reason=data["reason"]
        )
        return back

    return form_page(
        request,
        ReasonForm(request.POST or None),
        heading=_("Opgiv planerne"),
        crumbs=[*_crumbs(), (found.label, back)],
        submit=_("Opgiv planerne"),
        cancel_url=back,
        save=save,
        said=_("Planerne er opgivet. Alle beholder den plads, de har."),
        lede=_("De, der er spurgt, får besked om, at der ikke bliver noget af det."),
        danger=True,
    )
