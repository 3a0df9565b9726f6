"""Pages about how agreements are kept: the round, a school, its courses, one commitment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.compliance import rules
from samspil.compliance.domain import checking, naming, queries
from samspil.compliance.enums import Standing
from samspil.compliance.interfaces import shown
from samspil.compliance.interfaces.export import write_follow_ups
from samspil.compliance.interfaces.forms import NOWHERE, OutsideForm
from samspil.coordination.domain.round_queries import get_round
from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.ui.components import Tab

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _asked(request: ActorRequest) -> tuple[str, str]:
    """The filter and the words of the address."""
    return request.GET.get("vis", "")[:20], request.GET.get("q", "").strip()[:100]


@requires(LOGIN)
def index(request: ActorRequest) -> HttpResponse:
    """This year's round; nothing to follow up says so."""
    rounds = queries.rounds_of(request.actor)
    first = queries.first_round(rounds, clock.today())
    if first is None:
        return render(request, "compliance/empty.html")
    return _round_page(request, first.pk, rounds)


@requires(LOGIN)
def round_page(request: ActorRequest, round_id: int) -> HttpResponse:
    """How a round's agreements stand, school by school."""
    return _round_page(request, round_id, queries.rounds_of(request.actor))


def _round_page(request: ActorRequest, round_id: int, rounds: list[Any]) -> HttpResponse:
    picture = queries.picture(request.actor, round_id)
    return render(
        request,
        "compliance/round.html",
        {
            "picture": picture,
            "round": picture.round,
            "tabs": _tabs(picture.round, "round"),
            "figures": shown.figures(picture.tally),
            "bars": shown.bars(picture.tally, picture.before if picture.sees_all else None),
            "schools": [
                (
                    line.school,
                    line.tally,
                    shown.cells(line.tally),
                    shown.percent_words(line.tally.rate),
                )
                for line in picture.schools
            ],
            "outside": [
                (
                    line.outside,
                    line.is_unnamed,
                    line.tally,
                    shown.cells(line.tally),
                )
                for line in picture.outside
            ],
            "statuses": [str(status.label) for status in Standing],
            "others": [round for round in rounds if round.pk != round_id],
            "may_check": rules.may_check(request.actor, picture.round),
        },
    )


def _tabs(round: Any, current: str) -> list[Tab]:
    return [
        Tab(_("Skoler"), reverse("compliance:round", args=[round.pk]), current=current == "round"),
        Tab(_("Mål"), reverse("compliance:courses", args=[round.pk]), current=current == "courses"),
    ]


@requires("compliance.check_round")
@require_POST
def check(request: ActorRequest, round_id: int) -> HttpResponse:
    """Check the round at once."""
    round = get_round(request.actor, round_id)
    try:
        made = checking.check_round(actor=request.actor, now=clock.now(), round=round)
    except Conflict as error:
        messages.warning(request, error.message)
        return redirect("compliance:index")
    messages.success(
        request,
        ngettext(
            "Kontrolleret. %(count)s aftale er ændret.",
            "Kontrolleret. %(count)s aftaler er ændret.",
            made.changed,
        )
        % {"count": made.changed},
    )
    return redirect("compliance:round", round_id)


@requires(LOGIN)
def school(request: ActorRequest, round_id: int, organisation_id: int) -> HttpResponse:
    """A school's commitments, each with its reason."""
    round, found = queries.get_school(request.actor, round_id, organisation_id)
    state, text = _asked(request)
    tally = queries.tally_of_school(request.actor, round, found)
    page = queries.lines_of_school(
        request.actor, round, found, state=state, text=text, page=request.GET.get("side", 1)
    )
    return render(
        request,
        "compliance/school.html",
        {
            "round": round,
            "school": found,
            "figures": shown.figures(tally),
            "states": shown.states(tally, text, state),
            "page": page,
            "lines": [shown.line_of(row) for row in page],
            "state": state,
            "text": text,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def outside(request: ActorRequest, round_id: int, outside_id: int) -> HttpResponse:
    """A school outside the circle: its agreements, and which school of the register it is (R27)."""
    found = queries.outside_school(request.actor, round_id, outside_id)
    row = found.outside
    form = OutsideForm(
        request.POST if request.method == "POST" else None,
        schools=found.schools,
        initial={"organisation": row.organisation_id or (NOWHERE if row.is_said else "")},
    )
    if request.method == "POST":
        insist(rules.may_check(request.actor, found.round))
        if form.is_valid():
            try:
                naming.name_outside_school(
                    actor=request.actor,
                    now=clock.now(),
                    round=found.round,
                    outside=row,
                    organisation=form.cleaned_data["organisation"],
                )
            except (Invalid, Conflict) as error:
                form.add_error("organisation", error.message)
            else:
                messages.success(request, _("Gemt. Aftalerne er kontrolleret igen."))
                return redirect("compliance:outside", round_id, outside_id)
    return render(
        request,
        "compliance/outside.html",
        {
            "round": found.round,
            "outside": row,
            "lines": [shown.line_of(item) for item in found.follow_ups],
            "form": form,
            "may_name": rules.may_check(request.actor, found.round),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
def courses(request: ActorRequest, round_id: int) -> HttpResponse:
    """The round's courses, each with how its commitments stand."""
    state, text = _asked(request)
    found = queries.courses(
        request.actor, round_id, state=state, text=text, page=request.GET.get("side", 1)
    )
    return render(
        request,
        "compliance/courses.html",
        {
            "round": found.round,
            "tabs": _tabs(found.round, "courses"),
            "states": shown.course_states(found.counts, text, state),
            "page": found.page,
            "statuses": [str(status.label) for status in Standing],
            "lines": [
                (
                    line.row,
                    shown.cells(line.tally),
                    shown.percent_words(line.tally.rate),
                    line.tally.to_act_on,
                )
                for line in found.lines
            ],
            "state": state,
            "text": text,
        },
    )


@requires(LOGIN)
def course(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """One course: its commitments and its announced runs."""
    found = queries.course(request.actor, round_id, row_id)
    return render(
        request,
        "compliance/course.html",
        {
            "round": found.round,
            "row": found.row,
            "lines": [shown.line_of(row) for row in found.follow_ups],
            "runs": shown.run_lines(found.runs),
            "looked_on": found.looked_on,
        },
    )


@requires(LOGIN)
def follow_up(request: ActorRequest, follow_up_id: int) -> HttpResponse:
    """One commitment: what was agreed, how it stands and why, its runs, what happened."""
    story = queries.story(request.actor, follow_up_id)
    row = story.follow_up
    return render(
        request,
        "compliance/follow_up.html",
        {
            "row": row,
            "line": shown.line_of(row),
            "story": story,
            "runs": shown.run_lines(story.runs),
            "joint": shown.run_lines(story.joint),
            "entries": shown.entries(story),
        },
    )


@requires(LOGIN)
def export(request: ActorRequest, round_id: int) -> HttpResponse:
    """The round's commitments as Excel, as far as the reader sees them."""
    round, rows = queries.export_rows(request.actor, round_id)
    content = write_follow_ups(round, rows, checked_at=queries.checked_at(round))
    return download(content, f"opfoelgning-{round.year}.xlsx", XLSX)
