"""The coordination meeting: the leader's page, what everybody sees, the end, the minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.coordination import rules
from samspil.coordination.domain import board_queries, meeting_queries, meetings
from samspil.coordination.domain.meeting_queries import Sitting
from samspil.coordination.domain.round_queries import get_round
from samspil.coordination.enums import RoundStatus
from samspil.coordination.interfaces import meeting_live
from samspil.coordination.interfaces.meeting_forms import (
    EndForm,
    LaterForm,
    LeaveOutForm,
    OutsideForm,
    ShareForm,
    TakeForm,
    TaskForm,
)
from samspil.coordination.models import Meeting, Round
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.ui.pages import saved

DUE_IN = timedelta(days=14)
"""The deadline that is proposed for a task."""


def _language() -> str:
    return get_language() or "da"


def _pass_for(request: ActorRequest, round: Round) -> str:
    return meeting_live.make_pass(
        round, _language(), request.session.session_key or "", at=clock.now().timestamp()
    )


def _live(request: ActorRequest, round: Round) -> dict[str, Any]:
    """What a page needs to follow the meeting by itself."""
    kept = meeting_live.latest(round, _language(), surely=True)
    return {
        "kept": kept,
        "live_url": reverse("coordination:meeting_now", args=[round.pk]),
        "live_pass": _pass_for(request, round),
        "live_every": meeting_live.ASK_EVERY_MS,
    }


# ---------------------------------------------------------------- the pages


@requires(LOGIN)
@require_GET
def meeting(request: ActorRequest, round_id: int) -> HttpResponse:
    """The meeting: its leader's page for the secretariat, what everybody sees for the others."""
    round = get_round(request.actor, round_id)
    if rules.may_run_round(request.actor, round):
        return _leader_page(request, round)
    return _viewer_page(request, round)


@requires(LOGIN)
@require_GET
def watch(request: ActorRequest, round_id: int) -> HttpResponse:
    """What everybody sees, also for the secretariat: for a second screen."""
    return _viewer_page(request, get_round(request.actor, round_id))


def _viewer_page(request: ActorRequest, round: Round) -> HttpResponse:
    return render(
        request,
        "coordination/meetings/watch.html",
        {
            "round": round,
            "earlier": meeting_queries.ended_meetings(round),
            **_live(request, round),
        },
    )


def _leader_page(
    request: ActorRequest, round: Round, *, bound: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    live = _live(request, round)
    now = meeting_queries.sitting(round)
    if not now.is_open:
        return render(
            request,
            "coordination/meetings/begin.html",
            {
                "round": round,
                "now": now,
                "can_begin": round.status == RoundStatus.MEETING,
                "earlier": meeting_queries.ended_meetings(round),
                **live,
            },
            status=status,
        )
    return render(
        request,
        "coordination/meetings/lead.html",
        {
            "round": round,
            "now": now,
            "last": now.decided[0] if now.decided else None,
            "open_form": next(iter(bound), "") if bound else "",
            **_forms(request, now),
            **(bound or {}),
            **live,
        },
        status=status,
    )


def _forms(request: ActorRequest, now: Sitting) -> dict[str, Any]:
    due = clock.today() + DUE_IN
    forms: dict[str, Any] = {
        "task_form": TaskForm(
            prefix="opgave",
            schools=meeting_queries.schools_of(now.round),
            initial={"due_on": due},
        )
    }
    if now.current is None:
        return forms
    year = now.round.year
    row = board_queries.get_row(request.actor, now.round.pk, now.current.row_id)
    return forms | {
        "take_form": TakeForm(prefix="eget", year=year, schools=now.schools),
        "share_form": ShareForm(prefix="faelles", year=year, schools=now.schools),
        "outside_form": OutsideForm(
            prefix="udenfor", schools=board_queries.outside_schools(request.actor, row)
        ),
        "leave_form": LeaveOutForm(prefix="udtag"),
        "later_form": LaterForm(
            prefix="senere",
            schools=meeting_queries.schools_of(now.round),
            initial={"due_on": due},
        ),
    }


@requires(LOGIN)
@require_GET
def meeting_now(request: ActorRequest, round_id: int) -> HttpResponse:
    """The meeting as it stands, for a page that follows it, with a new pass for the next times.

    With a pass that holds the same is answered earlier (``config.live``).
    """
    round = get_round(request.actor, round_id)
    status, headers, body = meeting_live.answer(
        meeting_live.latest(round, _language()), {**request.META, "HTTP_ACCEPT_ENCODING": ""}
    )
    response = HttpResponse(body, status=int(status[:3]), headers=dict(headers))
    response[meeting_live.PASS_HEADER] = _pass_for(request, round)
    return response


# ---------------------------------------------------------------- begin, go, decide


def _onwards(round_id: int) -> HttpResponse:
    return redirect("coordination:meeting", round_id)


@requires(LOGIN)
@require_POST
def begin(request: ActorRequest, round_id: int) -> HttpResponse:
    """Begin the meeting."""
    round = meeting_queries.round_to_lead(request.actor, round_id)
    try:
        meetings.begin_meeting(actor=request.actor, now=clock.now(), round=round)
    except Conflict as error:
        messages.error(request, error.message)
    return _onwards(round_id)


@requires(LOGIN)
@require_POST
def show(request: ActorRequest, round_id: int) -> HttpResponse:
    """Let everybody look at another gap."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    try:
        meetings.show_gap(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            row_id=whole_number(request.POST.get("row")),
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    return _onwards(round_id)


def _decided(
    request: ActorRequest, meeting: Meeting, row_id: int, name: str, form: Any, decide: Any
) -> HttpResponse:
    """Decide by a form: back to the meeting, or the page again with what is wrong."""
    try:
        made = saved(form, decide, conflicts=False)
    except Conflict as error:
        messages.warning(request, error.message)
        return _onwards(meeting.round_id)
    if made is not None:
        messages.success(request, _("Gemt. %(words)s") % {"words": made.words})
        return _onwards(meeting.round_id)
    now = meeting_queries.sitting(meeting.round)
    if now.current is None or now.current.row_id != row_id:
        messages.warning(request, _("Mødet er gået videre til et andet hul. Intet er gemt."))
        return _onwards(meeting.round_id)
    return _leader_page(request, meeting.round, bound={name: form}, status=400)


def _schools_for(meeting: Meeting, actor: Any, row_id: int) -> list[meeting_queries.Able]:
    board_queries.get_row(actor, meeting.round_id, row_id)
    return meeting_queries.able_schools(meeting.round, row_id)


@requires(LOGIN)
@require_POST
def take(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """A school takes the gap itself."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    form = TakeForm(
        request.POST,
        prefix="eget",
        year=meeting.round.year,
        schools=_schools_for(meeting, request.actor, row_id),
    )
    return _decided(
        request,
        meeting,
        row_id,
        "take_form",
        form,
        lambda said: meetings.take_gap(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            row_id=row_id,
            organisation_id=said["school"],
            runs=said["runs"],
            when=form.when,
            guarantee=said["guarantee"],
            why=said["why"],
        ),
    )


@requires(LOGIN)
@require_POST
def share(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """One school holds it for the others."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    form = ShareForm(
        request.POST,
        prefix="faelles",
        year=meeting.round.year,
        schools=_schools_for(meeting, request.actor, row_id),
    )
    return _decided(
        request,
        meeting,
        row_id,
        "share_form",
        form,
        lambda said: meetings.share_gap(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            row_id=row_id,
            holder_id=said["holder"],
            follower_ids=said["followers"],
            runs=said["runs"],
            when=form.when,
            guarantee=said["guarantee"],
            why=said["why"],
        ),
    )


@requires(LOGIN)
@require_POST
def outside(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """A school outside the circle takes it, with its document."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    row = board_queries.get_row(request.actor, round_id, row_id)
    form = OutsideForm(
        request.POST,
        request.FILES,
        prefix="udenfor",
        schools=board_queries.outside_schools(request.actor, row),
    )
    return _decided(
        request,
        meeting,
        row_id,
        "outside_form",
        form,
        lambda said: meetings.place_gap_outside(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            row_id=row_id,
            school_name=said["school_name"],
            organisation=said["organisation"],
            content=said["document"].read(),
            file_name=said["document"].name,
            when_text=said["when_text"],
            why=said["note"],
        ),
    )


@requires(LOGIN)
@require_POST
def leave_out(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """Take the course out of the duty."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    board_queries.get_row(request.actor, round_id, row_id)
    return _decided(
        request,
        meeting,
        row_id,
        "leave_form",
        LeaveOutForm(request.POST, prefix="udtag"),
        lambda said: meetings.archive_gap(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            row_id=row_id,
            reason=said["reason"],
        ),
    )


@requires(LOGIN)
@require_POST
def later(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """Put the gap off with a task."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    board_queries.get_row(request.actor, round_id, row_id)
    return _decided(
        request,
        meeting,
        row_id,
        "later_form",
        LaterForm(request.POST, prefix="senere", schools=meeting_queries.schools_of(meeting.round)),
        lambda said: meetings.put_off_gap(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            row_id=row_id,
            text=said["text"],
            organisation_id=said["school"],
            due_on=said["due_on"],
            why=said["why"],
        ),
    )


@requires(LOGIN)
@require_POST
def undo(request: ActorRequest, round_id: int, decision_id: int) -> HttpResponse:
    """Take a decision back."""
    decision = meeting_queries.get_decision(request.actor, round_id, decision_id)
    try:
        meetings.undo_decision(actor=request.actor, now=clock.now(), decision=decision)
    except (Conflict, Invalid) as error:
        messages.error(
            request, _("Beslutningen kan ikke fortrydes. %(why)s") % {"why": error.message}
        )
    else:
        messages.success(request, _("Fortrudt: %(what)s") % {"what": decision.words})
    return _onwards(round_id)


@requires(LOGIN)
@require_POST
def add_task(request: ActorRequest, round_id: int) -> HttpResponse:
    """Write down a task that is about no gap."""
    meeting = meeting_queries.meeting_to_lead(request.actor, round_id)
    form = TaskForm(
        request.POST, prefix="opgave", schools=meeting_queries.schools_of(meeting.round)
    )
    made = saved(
        form,
        lambda said: meetings.add_meeting_task(
            actor=request.actor,
            now=clock.now(),
            meeting=meeting,
            text=said["text"],
            organisation_id=said["school"],
            due_on=said["due_on"],
        ),
    )
    if made is not None:
        messages.success(request, _("Opgaven er gemt."))
        return _onwards(round_id)
    return _leader_page(request, meeting.round, bound={"task_form": form}, status=400)


# ---------------------------------------------------------------- the end


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def end(request: ActorRequest, round_id: int) -> HttpResponse:
    """End the meeting: who took part, and what the minutes will say."""
    round = meeting_queries.round_to_lead(request.actor, round_id)
    newest = meeting_queries.newest_meeting(round)
    if newest is None:
        raise NotFound(_("Mødet er ikke i gang."))
    if newest.ended_at is not None:
        # pressed twice, or in a second tab
        messages.info(request, _("Mødet er afsluttet."))
        return redirect("coordination:minutes", round_id, newest.number)
    form = EndForm(
        request.POST or None,
        initial={
            "participants": "\n".join(meeting_queries.likely_participants(round, on=clock.today())),
            "version": newest.version,
        },
    )
    try:
        ended = saved(
            form,
            lambda said: meetings.end_meeting(
                actor=request.actor,
                now=clock.now(),
                meeting=newest,
                participants=said["participants"].splitlines(),
                expected_version=said["version"],
            ),
            conflicts=False,
        )
    except Conflict as error:
        messages.warning(request, error.message)
        return redirect("coordination:end_meeting", round_id)
    if ended is not None:
        messages.success(
            request, _("Mødet er afsluttet. Referatet er på vej til skolerne i en mail.")
        )
        return redirect("coordination:minutes", round_id, newest.number)
    now = meeting_queries.sitting(round)
    return render(
        request,
        "coordination/meetings/end.html",
        {
            "round": round,
            "now": now,
            "form": form,
            "cancel_url": reverse("coordination:meeting", args=[round_id]),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_GET
def minutes(request: ActorRequest, round_id: int, meeting_number: int) -> HttpResponse:
    """The minutes of a meeting that is over, and its tasks with what is done."""
    meeting = meeting_queries.ended_meeting(request.actor, round_id, meeting_number)
    return render(
        request,
        "coordination/meetings/minutes.html",
        {
            "round": meeting.round,
            "meeting": meeting,
            "content": meeting.content,
            "tasks": [
                (task, rules.may_finish_task(request.actor, task))
                for task in meeting_queries.tasks_of(meeting)
            ],
            "today": clock.today(),
        },
    )


@requires(LOGIN)
@require_GET
def minutes_pdf(request: ActorRequest, round_id: int, meeting_number: int) -> HttpResponse:
    """The minutes as PDF."""
    stored = meeting_queries.protocol_of(request.actor, round_id, meeting_number)
    response = HttpResponse(stored.read(), content_type=stored.content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(stored.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@requires(LOGIN)
@require_POST
def finish_task(request: ActorRequest, round_id: int, task_id: int) -> HttpResponse:
    """Say that a task is done."""
    task = meeting_queries.get_task(request.actor, round_id, task_id)
    meetings.finish_meeting_task(actor=request.actor, now=clock.now(), task=task)
    messages.success(request, _("Klaret: %(text)s") % {"text": task.text})
    if task.meeting.ended_at is None:
        return _onwards(round_id)
    return redirect("coordination:minutes", round_id, task.meeting.number)


@requires(LOGIN)
@require_POST
def reopen_task(request: ActorRequest, round_id: int, task_id: int) -> HttpResponse:
    """Say that a task is not done after all."""
    task = meeting_queries.get_task(request.actor, round_id, task_id)
    meetings.reopen_meeting_task(actor=request.actor, now=clock.now(), task=task)
    messages.success(request, _("Åbnet igen: %(text)s") % {"text": task.text})
    if task.meeting.ended_at is None:
        return _onwards(round_id)
    return redirect("coordination:minutes", round_id, task.meeting.number)
