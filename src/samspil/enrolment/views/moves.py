"""Pages about plans that put runs together, transfers between schools, and the pooled waiting list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.enrolment.domain import (
    moves,
    moves_asking,
    moves_demand,
    moves_elsewhere,
    moves_queries,
    moves_transfers,
    planning,
)
from samspil.enrolment.enums import MovePlanStatus, MoveState
from samspil.enrolment.interfaces import moves_shown
from samspil.enrolment.interfaces.moves_forms import AnswerForm, LimitsForm, NoteForm, ReasonForm
from samspil.enrolment.models import MovePlan, SignUp
from samspil.enrolment.rules import is_staff_of, schools_of
from samspil.enrolment.views.mine import _frame, _personal
from samspil.kernel import audit, calculations, clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.runs.domain import queries as run_queries
from samspil.runs.interfaces.shown import when
from samspil.ui.components import Figure
from samspil.ui.pages import entries, form_page

KEPT = ("km", "days", "yes", "answer_days", "elsewhere")
"""Conditions that a form begins with when it comes from an earlier plan."""


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Flytninger"), reverse("enrolment:plans"))]


@requires(LOGIN)
@require_GET
def plans(request: ActorRequest) -> HttpResponse:
    """The plans of one's networks, and the courses that a plan could help."""
    return render(
        request,
        "enrolment/moves/plans.html",
        {
            "plans": moves_queries.plans(request.actor),
            "bundles": moves_queries.bundles(request.actor),
            "at_risk": moves_queries.courses_at_risk(request.actor),
            "may_propose": bool(moves_queries.networks_to_propose_in(request.actor)),
            "has_transfers": bool(schools_of(request.actor)),
        },
    )


def _earlier(request: ActorRequest) -> dict[str, Any]:
    number = whole_number(request.GET.get("fra"))
    if not number:
        return {}
    try:
        return dict(moves.get_plan(request.actor, number).conditions)
    except NotFound:
        return {}


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def propose(request: ActorRequest, course_number: str) -> HttpResponse:
    """Say what people are asked about at most and which runs are decided, and let the plan be made."""
    course = run_queries.get_course(course_number)
    networks = moves_queries.networks_to_propose_in(request.actor)
    insist(bool(networks))
    earlier = _earlier(request)
    form = LimitsForm(
        request.POST or None,
        networks=networks,
        initial={k: earlier[k] for k in KEPT if k in earlier},
    )
    rows = run_queries.runs_of(course)
    pins = {run.pk: request.POST.get(f"hold-{run.pk}", "") for run in rows}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = moves.propose_moves(
                actor=request.actor,
                now=clock.now(),
                network=data["network"],
                course=course,
                limits=planning.Limits(
                    km=data["km"],
                    days=data["days"],
                    yes=data["yes"],
                    answer_days=data["answer_days"],
                    elsewhere=data["elsewhere"],
                    held=tuple(pk for pk, pin in pins.items() if pin == "held"),
                    cancelled=tuple(pk for pk, pin in pins.items() if pin == "cancelled"),
                ),
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            return redirect("enrolment:plan", made.pk)
    if request.method == "GET":
        pins |= {pk: pin for pin in ("held", "cancelled") for pk in earlier.get(pin, ())}
    return render(
        request,
        "enrolment/moves/propose.html",
        {
            "course": course,
            "form": form,
            "lines": [(run, pins.get(run.pk, "")) for run in rows],
            "cancel_url": reverse("enrolment:plans"),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_GET
def plan(request: ActorRequest, plan_id: int) -> HttpResponse:
    """A plan: how far it is, before and after, who is asked about what, and what the schools say."""
    found = moves.get_plan(request.actor, plan_id)
    context: dict[str, Any] = {
        "plan": found,
        "course": found.course,
        "is_waiting": found.status == MovePlanStatus.QUEUED,
        "may_drop": moves.may_drop(request.actor, found)
        and found.status in (MovePlanStatus.QUEUED, MovePlanStatus.PROPOSED, MovePlanStatus.ASKING),
        "may_propose": moves.may_propose(request.actor, found.network),
        "progress": {},
    }
    if found.status == MovePlanStatus.QUEUED:
        calculation = calculations.of(found).first()
        context["progress"] = calculation.progress if calculation else {}
    elif found.status != MovePlanStatus.FAILED:
        context |= _planned(request, found)
    if request.headers.get("HX-Request"):
        return render(request, "enrolment/moves/plan_body.html", context)
    return render(request, "enrolment/moves/plan.html", context)


def _planned(request: ActorRequest, found: MovePlan) -> dict[str, Any]:
    view = moves_queries.view_of(request.actor, found)
    mine = set(moves.parties_of(request.actor, found))
    numbers = found.statistics
    asked = view.answers
    people = numbers.get("people", 0)
    return {
        "view": view,
        "costs": moves_shown.costs(numbers) if "metres" in numbers else [],
        "money": moves_shown.money(
            numbers, {r.run.organisation.key: r.run.organisation.label for r in view.runs}
        ),
        "flows": moves_shown.flows(view),
        "runs": moves_shown.runs(view),
        "before": moves_shown.before(view),
        "after": moves_shown.after(view),
        "figures": [
            Figure(
                numbers.get("alone", 0),
                _("bliver undervist, hvis hver skole afgør alene"),
                of=people,
            ),
            Figure(
                numbers.get("taught", 0),
                _("bliver undervist efter planen"),
                of=people,
                tone="good",
            ),
            Figure(numbers.get("asked", 0), _("bliver spurgt, om de vil flytte")),
        ],
        "answers": [
            Figure(asked[MoveState.YES] + asked[MoveState.MOVED], _("har sagt ja"), tone="good"),
            Figure(
                asked[MoveState.NO] + asked[MoveState.OTHERS] + asked[MoveState.SILENT],
                _("har sagt nej eller ikke svaret"),
            ),
            Figure(asked[MoveState.ASKED], _("er spurgt og mangler at svare")),
            Figure(asked[MoveState.MOVED], _("er flyttet")),
        ]
        if found.wave
        else [],
        "changed": [row.changed_why for row in view.runs if row.changed_at],
        "to_ask": moves_elsewhere.streams(request.actor, found) if found.wave else [],
        "all_said_yes": found.status == MovePlanStatus.PROPOSED
        and bool(view.approvals)
        and all(row.is_approved for row in view.approvals),
        "to_decide": [
            row
            for row in view.approvals
            if row.organisation_id in mine
            and row.is_approved is None
            and found.status == MovePlanStatus.PROPOSED
        ],
        "history": entries(audit.history(found)),
    }


@requires(LOGIN)
@require_POST
def approve(request: ActorRequest, plan_id: int) -> HttpResponse:
    """Approve one's school's part."""
    found = moves.get_plan(request.actor, plan_id)
    insist(moves.may_decide(request.actor, found))
    try:
        done = moves.approve_moves(
            actor=request.actor,
            now=clock.now(),
            plan=found,
            organisation_id=whole_number(request.POST.get("organisation")),
            sha256=request.POST.get("sha256", ""),
        )
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("Alle skoler har godkendt. Nu bliver folk spurgt.")
            if done.status == MovePlanStatus.ASKING
            else _("Du har godkendt. Folk bliver spurgt, når de andre skoler også har."),
        )
    if found.bundle_id is not None and request.POST.get("tilbage") == "samlet":
        return redirect("enrolment:bundle", found.bundle_id)
    return redirect("enrolment:plan", found.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def reject(request: ActorRequest, plan_id: int) -> HttpResponse:
    """Say no for one's school, with a reason."""
    found = moves.get_plan(request.actor, plan_id)
    mine = moves.parties_of(request.actor, found)
    insist(bool(mine))
    back = reverse("enrolment:plan", args=[found.pk])

    def save(data: dict[str, Any]) -> str:
        moves.reject_moves(
            actor=request.actor,
            now=clock.now(),
            plan=found,
            organisation_id=whole_number(request.GET.get("skole"), mine[0]),
            sha256=found.sha256,
            reason=data["reason"],
        )
        return back

    return form_page(
        request,
        ReasonForm(request.POST or None),
        heading=_("Afvis planen"),
        crumbs=[*_crumbs(), (found.course.number, back)],
        submit=_("Afvis"),
        cancel_url=back,
        save=save,
        said=_("Planen er afvist, og de andre skoler har fået besked."),
        lede=_("Så bliver ingen spurgt. I kan lave en ny plan, hvor et hold er låst."),
        danger=True,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def drop(request: ActorRequest, plan_id: int) -> HttpResponse:
    """Give a plan up."""
    found = moves.get_plan(request.actor, plan_id)
    insist(moves.may_drop(request.actor, found))
    back = reverse("enrolment:plan", args=[found.pk])

    def save(data: dict[str, Any]) -> str:
        moves.drop_moves(actor=request.actor, now=clock.now(), plan=found, reason=data["reason"])
        return back

    return form_page(
        request,
        ReasonForm(request.POST or None),
        heading=_("Opgiv planen"),
        crumbs=[*_crumbs(), (found.course.number, back)],
        submit=_("Opgiv planen"),
        cancel_url=back,
        save=save,
        said=_("Planen er opgivet. Alle beholder den plads, de har."),
        lede=_("De, der er spurgt, får besked om, at der ikke bliver noget af det."),
        danger=True,
    )


# ---------------------------------------------------------------- transfers


@requires(LOGIN)
@require_GET
def transfers(request: ActorRequest) -> HttpResponse:
    """The transfers of one's own school, the most urgent first."""
    is_all = request.GET.get("vis") == "alle"
    rows = moves_transfers.transfers(request.actor, only_open=not is_all)
    return render(
        request,
        "enrolment/moves/transfers.html",
        {
            "transfers": rows,
            "batches": moves_transfers.batches(request.actor, rows),
            "is_all": is_all,
            "today": clock.today(),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def transfer(request: ActorRequest, transfer_id: int) -> HttpResponse:
    """A transfer: what both schools do about it, and what they write to each other."""
    found = moves_transfers.get_transfer(request.actor, transfer_id)
    mine = [
        school for school in (found.origin, found.holder) if is_staff_of(request.actor, school.pk)
    ]
    form = NoteForm(
        request.POST or None,
        request.FILES or None,
        initial={"organisation": mine[0].pk if mine else 0},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        sent = data.get("file")
        try:
            moves_transfers.write_about_transfer(
                actor=request.actor,
                now=clock.now(),
                transfer=found,
                organisation_id=data["organisation"],
                text=data["text"],
                upload=moves_transfers.Upload(sent.name, sent.read()) if sent else None,
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Beskeden er sendt til den anden skole."))
            return redirect("enrolment:transfer", found.pk)
    return render(
        request,
        "enrolment/moves/transfer.html",
        {
            "transfer": found,
            "people": moves_transfers.people_of(request.actor, found),
            "form": form,
            "notes": moves_transfers.notes_of(found),
            "sides": [
                (
                    school,
                    done_at,
                    school in mine and found.undone_at is None,
                    steps,
                )
                for school, done_at, steps in (
                    (found.origin, found.origin_done_at, "origin"),
                    (found.holder, found.holder_done_at, "holder"),
                )
            ],
            "today": clock.today(),
            "history": entries(audit.history(found)),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_POST
def transfer_step(request: ActorRequest, transfer_id: int) -> HttpResponse:
    """Say that one's school has done its part, or has not after all."""
    found = moves_transfers.get_transfer(request.actor, transfer_id)
    try:
        moves_transfers.do_transfer_step(
            actor=request.actor,
            now=clock.now(),
            transfer=found,
            organisation_id=whole_number(request.POST.get("organisation")),
            done=request.POST.get("klaret") == "ja",
        )
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Det er noteret."))
    return redirect("enrolment:transfer", found.pk)


@requires(LOGIN)
@require_POST
def transfer_steps(request: ActorRequest) -> HttpResponse:
    """Tick off one's school's part for everybody who went from one run to another."""
    insist(bool(schools_of(request.actor)))
    school = moves_transfers.own_school(
        request.actor, whole_number(request.POST.get("organisation"))
    )
    count = moves_transfers.do_transfer_steps(
        actor=request.actor,
        now=clock.now(),
        organisation=school,
        source_id=whole_number(request.POST.get("fra")),
        target_id=whole_number(request.POST.get("til")),
    )
    messages.success(
        request,
        ngettext("%(count)s overførsel er klaret.", "%(count)s overførsler er klaret.", count)
        % {"count": count}
        if count
        else _("Der manglede ikke noget."),
    )
    return redirect("enrolment:transfers")


@requires(LOGIN)
@require_GET
def transfer_file(request: ActorRequest, transfer_id: int, note_id: int) -> HttpResponse:
    """A file that one school sent the other."""
    note = moves_transfers.get_note(request.actor, transfer_id, note_id)
    assert note.file is not None
    return HttpResponse(
        note.file.read(),
        content_type=note.file.content_type,
        headers={"Content-Disposition": f'attachment; filename="overfoersel-{note.pk}.pdf"'},
    )


# ---------------------------------------------------------------- the pooled waiting list


@requires(LOGIN)
@require_GET
def waiting(request: ActorRequest) -> HttpResponse:
    """Courses that people wait for, over all schools."""
    return render(
        request,
        "enrolment/moves/waiting.html",
        {"courses": moves_queries.demanded(request.actor)},
    )


@requires(LOGIN)
@require_GET
def waiting_course(request: ActorRequest, course_number: str) -> HttpResponse:
    """The pooled waiting list of a course, and the run that it is enough for."""
    course = run_queries.get_course(course_number)
    demand = moves_queries.demand_of(request.actor, course)
    return render(
        request,
        "enrolment/moves/waiting_course.html",
        {
            "course": course,
            "demand": demand,
            "proposals": moves_demand.proposals(request.actor, course, today=clock.today()),
            "may_propose": bool(moves_queries.networks_to_propose_in(request.actor)),
            "figures": [
                Figure(demand.waiting, _("venter på et hold")),
                Figure(demand.too_small, _("står på et hold, der er for lille")),
                Figure(len({row.run.organisation_id for row in demand.rows}), _("skoler")),
            ],
        },
    )


# ---------------------------------------------------------------- the personal page


@_personal
@require_http_methods(["GET", "POST"])
def answer(
    request: ActorRequest, token: str, actor: Actor, sign_up: SignUp, offer_id: int
) -> HttpResponse:
    """Say yes, no, or 'ask me about others' to another run, which stands beside one's own."""
    line = moves_queries.offer_line(sign_up, offer_id)
    assert line.offer is not None
    form = AnswerForm(
        request.POST or None,
        initial={"special_needs": line.special_needs, "has_consent": line.has_consent},
    )
    verb = {"ja": "accept", "nej": "decline", "andre": "others"}.get(request.POST.get("svar", ""))
    if request.method == "POST" and verb and (verb != "accept" or form.is_valid()):
        data = form.cleaned_data if verb == "accept" else {}
        done = moves_asking.answer_move(
            actor=actor,
            now=clock.now(),
            offer=line.offer,
            verb=verb,
            special_needs=data.get("special_needs", ""),
            has_consent=data.get("has_consent", False),
        )
        said = {
            MoveState.YES: _(
                "Tak. Pladsen er holdt til dig, og du hører fra os, når flytningen sker. Indtil da beholder du din plads."
            ),
            MoveState.MOVED: _("Tak. Du er flyttet."),
            MoveState.NO: _("Tak for svaret. Du beholder den plads, du har."),
            MoveState.OTHERS: _(
                "Du beholder din plads. Sig herunder, hvad der ellers vil passe, så spørger vi om andre hold."
            ),
        }
        messages.success(request, said[MoveState(done.state)])
        return redirect("enrolment:mine", token)
    is_open = line.offer.state == "pending" and line.plan.status in (
        MovePlanStatus.ASKING,
        MovePlanStatus.CARRIED_OUT,
    )
    return render(
        request,
        "enrolment/moves/answer.html",
        {
            **_frame(token, sign_up.language),
            "sign_up": sign_up,
            "line": line,
            "offer": line.offer,
            "form": form,
            "is_open": is_open,
            "cause": moves_asking.cause_of(line),
            "has_said_yes": line.state == MoveState.YES,
            "has_moved": line.state == MoveState.MOVED,
            "when": when(line.days),
            "km": round(line.metres / 1000),
            "knows_home": bool(sign_up.postcode),
            "heads": ngettext("%(n)s person", "%(n)s personer", line.heads) % {"n": line.heads},
        },
        status=400 if form.errors else 200,
    )
