"""Pages about runs: those at risk, a course's runs, and a pooling."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.kernel import calculations, clock
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.runs import rules
from samspil.runs.domain import planning, poolings, queries
from samspil.runs.enums import PoolingStatus
from samspil.runs.interfaces import shown
from samspil.runs.interfaces.forms import ConditionsForm
from samspil.runs.interfaces.run_page import pooling_for, sections
from samspil.ui.components import Figure, Segment


@requires(LOGIN)
def runs(request: ActorRequest) -> HttpResponse:
    """Announced runs, those at risk first, and the courses that lose most people by it."""
    wanted = queries.RunFilter(
        text=request.GET.get("q", "").strip()[:100],
        school=request.GET.get("skole", "")[:60],
        state=request.GET.get("vis", "risk"),
    )
    kept = {key: value for key, value in request.GET.items() if key not in ("vis", "side")}
    states = (("risk", _("I risiko")), ("held", _("Har nok")), ("all", _("Alle")))
    totals = queries.totals(wanted)
    is_narrowed = bool(wanted.text or wanted.school)
    return render(
        request,
        "runs/runs.html",
        {
            "page": queries.runs(request.actor, wanted, page=request.GET.get("side", 1)),
            "wanted": wanted,
            "totals": totals,
            "figures": _figures(totals),
            "schools": queries.schools_with_runs(),
            "courses": [] if is_narrowed else queries.courses_at_risk(),
            "states": [
                Segment(label, f"?{urlencode({**kept, 'vis': key})}", current=key == wanted.state)
                for key, label in states
            ],
            "may_read_in": rules.may_read_runs_in(request.actor),
            "sections": sections("runs"),
        },
    )


def _figures(totals: queries.Totals) -> list[Figure]:
    return [
        Figure(totals.runs, _("annoncerede hold")),
        Figure(
            totals.at_risk,
            _("er under deres minimum uden garanti"),
            tone="bad" if totals.at_risk else "good",
        ),
        Figure(
            totals.people_at_risk,
            _("tilmeldte står på de hold"),
            of=totals.people,
            tone="bad" if totals.people_at_risk else "good",
        ),
    ]


@requires(LOGIN)
def course(request: ActorRequest, course_number: str) -> HttpResponse:
    """A course's announced runs on a time line, and what the planner was asked about them."""
    found = queries.get_course(course_number)
    rows = queries.runs_of(found)
    networks = queries.networks_of(request.actor)
    may_ask = any(rules.may_ask(request.actor, network) for network in networks)
    totals = queries.totals_of(found)
    return render(
        request,
        "runs/course.html",
        {
            "course": found,
            "runs": rows,
            "totals": totals,
            "figures": _figures(totals),
            "line": shown.before(rows),
            "poolings": [
                (item, shown.tenths(item.statistics.get("expected", 0)))
                for item in queries.poolings_of(request.actor, found)
            ],
            "may_ask": may_ask and totals.people > 0,
            "plan_url": asking.of_course(found.number)
            if (asking := pooling_for(request.actor)) and totals.people
            else "",
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def ask(request: ActorRequest, course_number: str) -> HttpResponse:
    """Say under which conditions runs may be put together, and ask."""
    found = queries.get_course(course_number)
    networks = [n for n in queries.networks_of(request.actor) if rules.may_ask(request.actor, n)]
    insist(bool(networks))
    form = ConditionsForm(request.POST or None, networks=networks, initial=_earlier(request))
    rows = queries.runs_of(found)
    pins = {run.pk: request.POST.get(f"hold-{run.pk}", "") for run in rows}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = poolings.request_pooling(
                actor=request.actor,
                now=clock.now(),
                network=data["network"],
                course=found,
                conditions=planning.Conditions(
                    km=data["km"],
                    days=data["days"],
                    yes=data["yes"],
                    held=tuple(pk for pk, pin in pins.items() if pin == "held"),
                    cancelled=tuple(pk for pk, pin in pins.items() if pin == "cancelled"),
                ),
                only_network=data["scope"] == "network",
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            return redirect("runs:pooling", made.pk)
    if request.method == "GET":
        pins |= _earlier_pins(request)
    return render(
        request,
        "runs/ask.html",
        {
            "course": found,
            "form": form,
            "lines": [(run, pins.get(run.pk, "")) for run in rows],
            "cancel_url": reverse("runs:course", args=[found.number]),
        },
    )


def _from(request: ActorRequest) -> dict[str, Any]:
    """The conditions of the pooling that one comes from, when it may be seen."""
    number = whole_number(request.GET.get("fra"))
    if not number:
        return {}
    try:
        return dict(queries.get_pooling(request.actor, number).conditions)
    except NotFound:
        return {}


def _earlier(request: ActorRequest) -> dict[str, Any]:
    return {
        key: value for key, value in _from(request).items() if key in ("km", "days", "yes", "scope")
    }


def _earlier_pins(request: ActorRequest) -> dict[int, str]:
    found = _from(request)
    return {pk: pin for pin in ("held", "cancelled") for pk in found.get(pin, ())}


@requires(LOGIN)
def pooling(request: ActorRequest, pooling_id: int) -> HttpResponse:
    """A pooling: how far it is, or what it answers, drawn and in lines."""
    found = queries.get_pooling(request.actor, pooling_id)
    rows = queries.runs_of(found.course)
    context: dict[str, Any] = {
        "pooling": found,
        "course": found.course,
        "is_uncertain": False,
        "is_waiting": found.status == PoolingStatus.QUEUED,
        "is_failed": found.status == PoolingStatus.FAILED,
        "may_ask": rules.may_ask(request.actor, found.network),
        "totals": queries.totals_of(found.course),
        "pins": [
            (run, run.pk in found.conditions["held"])
            for run in rows
            if run.pk in found.conditions["held"] or run.pk in found.conditions["cancelled"]
        ],
    }
    if found.status == PoolingStatus.QUEUED:
        calculation = calculations.of(found).first()
        context["progress"] = calculation.progress if calculation else {}
        context["is_stopping"] = bool(calculation and calculation.asked_to_stop_at)
    elif found.status == PoolingStatus.ANSWERED:
        is_uncertain = planning.is_uncertain(found.problem or {})
        context |= _uncertain(found, rows) if is_uncertain else _answered(found, rows)
        context["is_older"] = {run.pk for run in rows} != planning.runs_in(found.problem or {})
    if request.headers.get("HX-Request"):
        return render(request, "runs/pooling_body.html", context)
    return render(request, "runs/pooling.html", context)


def _answered(found: Any, rows: list[Any]) -> dict[str, Any]:
    answer = planning.read(found.problem, found.solution)
    numbers = found.statistics
    taught = next(bound for bound in numbers["bounds"] if bound["term"] == "taught")
    is_best = taught.get("best_possible") == taught["value"]
    people = numbers["people"]
    km, days = round(numbers["longest_metres"] / 1000), numbers["longest_days"]
    return {
        "answer": answer,
        "numbers": numbers,
        "is_best": is_best,
        "best_possible": taught.get("best_possible"),
        "gain": numbers["taught"] - answer.alone,
        "figures": [
            Figure(answer.alone, _("bliver undervist, hvis hver skole afgør alene"), of=people),
            Figure(
                numbers["taught"], _("bliver undervist efter forslaget"), of=people, tone="good"
            ),
            Figure(numbers["asked"], _("bliver spurgt, om de vil flytte")),
            Figure(
                _("%(km)s km · %(days)s")
                % {
                    "km": km,
                    "days": ngettext("%(n)s dag", "%(n)s dage", days) % {"n": days},
                },
                _("er det længste, nogen bliver spurgt om"),
            ),
        ],
        "line": shown.after(rows, answer),
        "moves": shown.moves(rows, answer),
        "fates": shown.fates(rows, answer),
    }


def _uncertain(found: Any, rows: list[Any]) -> dict[str, Any]:
    answer = planning.read_uncertain(found.problem, found.solution)
    numbers = found.statistics
    bound = numbers["bounds"][0]
    return {
        "is_uncertain": True,
        "numbers": numbers,
        "best_possible": shown.tenths(bound["best_possible"]),
        "figures": [
            Figure(
                answer.alone,
                _("bliver undervist, hvis hver skole afgør alene"),
                of=answer.people,
            ),
            Figure(
                shown.tenths(numbers["expected"]),
                _("kan ventes at blive undervist efter forslaget"),
                of=answer.people,
                tone="good",
            ),
            Figure(shown.tenths(numbers["asked"]), _("kan ventes at blive spurgt")),
            Figure(
                numbers["waves"],
                _("gange går spørgsmål ud: de næste, når nogle har sagt nej"),
            ),
        ],
        "line": shown.likely(rows, answer),
        "asks": shown.asks(rows, answer),
        "chances": shown.chances(rows, answer),
    }


@requires(LOGIN)
@require_POST
def stop(request: ActorRequest, pooling_id: int) -> HttpResponse:
    """Be content with the best answer so far."""
    found = queries.get_pooling(request.actor, pooling_id)
    poolings.stop_pooling(actor=request.actor, now=clock.now(), pooling=found)
    return redirect("runs:pooling", found.pk)


@requires(LOGIN)
def problem_file(request: ActorRequest, pooling_id: int) -> HttpResponse:
    """The facts as the planner got them, to repeat the answer with ``python -m planning solve``."""
    found = queries.get_pooling(request.actor, pooling_id)
    if not found.problem:
        raise NotFound(_("Forslaget er ikke regnet endnu."))
    text = json.dumps(found.problem, ensure_ascii=False, indent=1)
    name = f"hold-{found.course.number}-{found.pk}.json"
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
