"""Pages about rounds: the list, a new one, one round with its FKBs and forms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import form_cycle, proposal_queries, round_queries, rounds
from samspil.coordination.enums import FormStatus, RoundStatus
from samspil.coordination.interfaces.form_files import workbook_of
from samspil.coordination.interfaces.forms import DatesForm, MoreForm, OpenRoundForm, ReasonForm
from samspil.coordination.models import Round
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.ui.components import Figure, Phase

ORDER = [
    RoundStatus.DRAFT,
    RoundStatus.COLLECTING,
    RoundStatus.MEETING,
    RoundStatus.SIGNING,
    RoundStatus.CLOSED,
]


def phases_of(round: Round, returned: int, schools: int, gaps: int) -> list[Phase]:
    """The round's steps as the phase strip shows them."""
    at = ORDER.index(RoundStatus(round.status))

    def day(value: Any) -> str:
        return date_format(value, "j. F")

    def state(done_from: int, now: int) -> str:
        return "done" if at >= done_from else "now" if at == now else ""

    back = _("%(back)s af %(all)s skoler") % {"back": returned, "all": schools}
    missing = ngettext("%(count)s hul", "%(count)s huller", gaps) % {"count": gaps}
    return [
        Phase(
            _("Skemaer sendt"),
            day(round.forms_sent_on) if round.forms_sent_on else _("ikke sendt"),
            state(1, 0),
        ),
        Phase(_("Skemaer retur"), f"{back} · {day(round.forms_due_on)}", state(2, 1)),
        Phase(_("Møde"), f"{day(round.meeting_on)} · {missing}", state(3, 2)),
        Phase(
            _("Underskrift"),
            _("senest %(day)s") % {"day": day(round.signed_by_on)},
            state(4, 3),
        ),
        Phase(_("Annonceret"), _("hele %(year)s") % {"year": round.year}, state(5, 4)),
    ]


@requires(LOGIN)
def round_list(request: ActorRequest) -> HttpResponse:
    """The rounds of the actor's networks."""
    return render(
        request,
        "coordination/rounds/list.html",
        {
            "lines": round_queries.rounds_of(request.actor),
            "networks": round_queries.networks_to_open(request.actor),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def open_round(request: ActorRequest, network_id: int) -> HttpResponse:
    """Prepare a new round; next year's is proposed."""
    asked = request.GET.get("aar")
    choices = round_queries.opening(request.actor, network_id, asked, clock.today())
    there = next((round for round in choices.earlier if str(round.year) == asked), None)
    if request.method == "POST" and there is not None:
        # Pressed twice: the year that stood on the page, not the next one that is free.
        messages.info(
            request,
            _("%(network)s har allerede en runde for %(year)s.")
            % {"network": choices.network.short_name, "year": there.year},
        )
        return redirect("coordination:round", there.pk)
    form = OpenRoundForm(
        request.POST or None,
        initial=choices.initial,
        earlier=choices.earlier,
        fkbs=choices.fkbs,
        schools=choices.schools,
    )
    if request.method == "POST" and form.is_valid():
        try:
            round = rounds.open_round(
                actor=request.actor,
                now=clock.now(),
                network=choices.network,
                year=choices.year,
                dates=form.dates(),
                fkb_ids=[fkb.pk for fkb in form.cleaned_data["fkbs"]],
                organisation_ids=[school.pk for school in form.cleaned_data["schools"]],
                low_activity_below=form.cleaned_data["low_activity_below"],
                copy_from=form.cleaned_data["copy_from"],
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Runden er oprettet. Se den igennem, og send skemaerne."))
            return redirect("coordination:round", round.pk)
    return render(
        request,
        "coordination/rounds/open.html",
        {"form": form, "choices": choices},
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
def round_page(request: ActorRequest, round_id: int) -> HttpResponse:
    """One round: where it stands, what is missing, and the next step."""
    overview = round_queries.round_overview(request.actor, round_id)
    round = overview.round
    runs_it = rules.may_run_round(request.actor, round)
    own = round_queries.own_form(request.actor, round)
    return render(
        request,
        "coordination/rounds/round.html",
        {
            "round": round,
            "overview": overview,
            "phases": phases_of(round, overview.returned, len(overview.taking_part), overview.gaps),
            "figures": [
                Figure(overview.returned, _("skoler har svaret"), of=len(overview.taking_part)),
                Figure(
                    overview.courses - overview.gaps,
                    _("mål har en udbyder"),
                    of=overview.courses,
                    tone="" if overview.gaps else "good",
                ),
                Figure(
                    overview.gaps,
                    _("mål mangler en udbyder"),
                    tone="bad" if overview.gaps else "good",
                    url=reverse("coordination:across", args=[round.pk]),
                ),
                Figure(overview.low, _("mål med lav aktivitet")),
                Figure(overview.agreed, _("aftaler er underskrevet"), of=len(overview.fkbs)),
            ],
            "progress_label": _("%(back)s af %(all)s skoler har svaret")
            % {"back": overview.returned, "all": len(overview.taking_part)},
            "strip": proposal_queries.strip(request.actor, round, gaps=overview.gaps)
            if round.status in (RoundStatus.MEETING, RoundStatus.SIGNING)
            else None,
            "runs_it": runs_it,
            "takes_answers": round.status in rules.OPEN_FOR_SCHOOLS,
            "own_form": own,
            "owns_open_form": own is not None and own.status == FormStatus.SENT,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def change_round(request: ActorRequest, round_id: int) -> HttpResponse:
    """Change dates and the line for low activity."""
    round = round_queries.get_round(request.actor, round_id)
    if not rules.may_run_round(request.actor, round):
        raise Forbidden(_("Kun sekretariatet ændrer rundens datoer."))
    form = DatesForm(
        request.POST or None,
        initial={
            "forms_due_on": round.forms_due_on,
            "meeting_on": round.meeting_on,
            "signed_by_on": round.signed_by_on,
            "low_activity_below": round.low_activity_below,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            rounds.change_round(
                actor=request.actor,
                now=clock.now(),
                round=round,
                dates=form.dates(),
                low_activity_below=form.cleaned_data["low_activity_below"],
                expected_version=whole_number(request.POST.get("version")),
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Datoerne er gemt."))
            return redirect("coordination:round", round.pk)
    return render(
        request,
        "coordination/rounds/change.html",
        {"form": form, "round": round},
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def add_to_round(request: ActorRequest, round_id: int) -> HttpResponse:
    """Take more FKBs or schools into the round, or an FKB out of one that is not sent."""
    round = round_queries.get_round(request.actor, round_id)
    if not rules.may_run_round(request.actor, round):
        raise Forbidden(_("Kun sekretariatet ændrer rundens FKB'er og skoler."))
    fkbs, schools = round_queries.more_for(round)
    form = MoreForm(request.POST or None, fkbs=fkbs, schools=schools)
    if request.method == "POST" and form.is_valid():
        rounds.add_to_round(
            actor=request.actor,
            now=clock.now(),
            round=round,
            fkb_ids=[fkb.pk for fkb in form.cleaned_data["fkbs"]],
            organisation_ids=[school.pk for school in form.cleaned_data["schools"]],
        )
        messages.success(
            request, _("Runden er ændret. Nye skoler får deres skema, når det sendes.")
        )
        return redirect("coordination:round", round.pk)
    return render(
        request,
        "coordination/rounds/more.html",
        {
            "form": form,
            "round": round,
            "fkbs": fkbs,
            "schools": schools,
            "taken": round_queries.round_overview(request.actor, round.pk).fkbs,
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_POST
def remove_fkb(request: ActorRequest, round_id: int) -> HttpResponse:
    """Take an FKB out of a round whose forms have not been sent."""
    round = round_queries.get_round(request.actor, round_id)
    rounds.remove_fkb(
        actor=request.actor,
        now=clock.now(),
        round=round,
        number=request.POST.get("fkb", ""),
    )
    return redirect("coordination:add_to_round", round_id)


@requires(LOGIN)
@require_POST
def send_forms(request: ActorRequest, round_id: int) -> HttpResponse:
    """Send the forms that have not been sent."""
    sent = form_cycle.send_forms(
        actor=request.actor,
        now=clock.now(),
        round=round_queries.get_round(request.actor, round_id),
        workbook_of=workbook_of,
    )
    if sent:
        messages.success(
            request,
            ngettext("%(count)s skema er sendt.", "%(count)s skemaer er sendt.", len(sent))
            % {"count": len(sent)},
        )
    else:
        messages.info(request, _("Alle skemaer er allerede sendt."))
    return redirect("coordination:round", round_id)


@requires(LOGIN)
@require_POST
def move_round(request: ActorRequest, round_id: int) -> HttpResponse:
    """Lead the round to its next step, or back."""
    rounds.move_round(
        actor=request.actor,
        now=clock.now(),
        round=round_queries.get_round(request.actor, round_id),
        verb=request.POST.get("verb", ""),
    )
    return redirect("coordination:round", round_id)


@requires(LOGIN)
@require_POST
def remind(request: ActorRequest, round_id: int) -> HttpResponse:
    """Remind one school, or all that owe their form."""
    round = round_queries.get_round(request.actor, round_id)
    wanted = request.POST.get("school", "")
    owing = [
        form
        for form in form_cycle.owing(round)
        if not wanted or str(form.organisation_id) == wanted
    ]
    if wanted and not owing:
        raise NotFound(_("Skolen skylder ikke noget skema."))
    told = 0
    for form in owing:
        try:
            form_cycle.remind_form(actor=request.actor, now=clock.now(), form=form)
            told += 1
        except Conflict as error:
            messages.info(request, error.message)
    if told:
        messages.success(
            request,
            ngettext(
                "%(count)s skole er mindet om skemaet.",
                "%(count)s skoler er mindet om skemaet.",
                told,
            )
            % {"count": told},
        )
    return redirect("coordination:round", round_id)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def reopen_form(request: ActorRequest, round_id: int, organisation_id: int) -> HttpResponse:
    """Give a handed-in form back to its school."""
    target = round_queries.get_form(request.actor, round_id, organisation_id)
    if not rules.may_reopen_form(request.actor, target):
        raise Forbidden(_("Kun sekretariatet åbner et skema igen."))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form_cycle.reopen_form(
            actor=request.actor,
            now=clock.now(),
            form=target,
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, _("Skemaet er åbnet igen, og skolen har fået besked."))
        return redirect("coordination:round", round_id)
    return render(request, "coordination/forms/reopen.html", {"form": form, "target": target})
