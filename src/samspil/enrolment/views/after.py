"""During and after the course: attendance, fees excused, the evaluation, and a person's data."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from samspil.enrolment import rules
from samspil.enrolment.domain import after, personal, queries
from samspil.enrolment.interfaces import shown
from samspil.enrolment.interfaces.forms import FindPersonForm, ReasonForm
from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.errors import Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.ui.components import Bar, Segment
from samspil.ui.pages import form_page
from samspil.ui.templatetags.ui import da_date


def _day(text: str | None, days: list[date], today: date) -> date:
    """The day that was chosen, or the last one that has come."""
    for day in days:
        if text == day.isoformat():
            return day
    return max((day for day in days if day <= today), default=days[0])


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def attendance(request: ActorRequest, run_id: int) -> HttpResponse:
    """Tick who was there, a day at a time."""
    found = queries.get_own_run(request.actor, run_id)
    today = clock.today()
    sheet = after.sheet_of(found)
    day = _day(request.POST.get("dag") or request.GET.get("dag"), sheet.days, today)
    people = queries.roster(request.actor, found, state="seated")
    if request.method == "POST":
        ticked = set(request.POST.getlist("her"))
        present = {p.enrolment.pk: str(p.enrolment.pk) in ticked for p in people}
        try:
            changed = after.note_attendance(
                actor=request.actor, now=clock.now(), run=found, day=day, present=present
            )
        except Invalid as error:
            messages.error(request, error.message)
        else:
            messages.success(
                request,
                ngettext("%(n)s ændring er gemt.", "%(n)s ændringer er gemt.", changed)
                % {"n": changed},
            )
        return redirect(f"{reverse('enrolment:attendance', args=[found.pk])}?dag={day}")
    return render(
        request,
        "enrolment/attendance.html",
        {
            "run": found,
            "course": found.course,
            "day": day,
            "is_here": day <= today,
            "is_noted": any(on == day for _pk, on in sheet.marks),
            "days": [
                Segment(da_date(one), f"?dag={one}", current=one == day) for one in sheet.days
            ],
            "people": [
                (
                    shown.staff_line(person),
                    sheet.marks.get((person.enrolment.pk, day), False),
                    sum(sheet.marks.get((person.enrolment.pk, one), False) for one in sheet.days),
                )
                for person in people
            ],
            "total": len(sheet.days),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def excuse(request: ActorRequest, enrolment_id: int) -> HttpResponse:
    """Take a fee away, with the reason (R76)."""
    found = queries.get_enrolment(request.actor, enrolment_id)
    insist(rules.may_note(request.actor, found))
    back = reverse("enrolment:person", args=[found.pk])

    def save(data: dict[str, Any]) -> str:
        after.excuse(actor=request.actor, now=clock.now(), enrolment=found, reason=data["reason"])
        return back

    form = ReasonForm(request.POST or None)
    form.fields["reason"].label = _("Grund")
    form.fields["reason"].help_text = _("for eksempel lovligt forfald eller en anden på pladsen")
    return form_page(
        request,
        form,
        heading=_("Fjern gebyret"),
        crumbs=[(_("Tilmelding"), reverse("enrolment:index")), (str(found.sign_up), back)],
        submit=_("Fjern gebyret"),
        cancel_url=back,
        save=save,
        said=_("Gebyret er fjernet."),
        lede=shown.kroner(found.fee_ore),
    )


@requires(LOGIN)
@require_safe
def evaluation(request: ActorRequest, run_id: int) -> HttpResponse:
    """What people thought, when enough of them have answered."""
    found = queries.get_own_run(request.actor, run_id)
    verdict = after.verdict_of(found)
    labels = {
        "content": _("Det, de havde brug for"),
        "teaching": _("Undervisningen"),
        "usable": _("Kan bruges på arbejdet"),
        "place": _("Lokaler og praktiske ting"),
    }
    return render(
        request,
        "enrolment/evaluation.html",
        {
            "run": found,
            "course": found.course,
            "verdict": verdict,
            "fewest": after.FEWEST_ANSWERS,
            "bars": [Bar(labels[name], round(value, 1)) for name, value in verdict.averages],
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def personal_data(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Find what the school has about one person; hand it out, or erase it."""
    school = queries.get_school(request.actor, organisation_id)
    insist(rules.may_set_terms(request.actor, school))
    form = FindPersonForm(request.POST or None)
    found: list[tuple[str, int]] | None = None
    kept: list[str] = []
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        do = request.POST.get("gør", "")
        if do == "udlever":
            data = personal.hand_out(
                actor=request.actor, now=clock.now(), organisation=school, email=email
            )
            text = json.dumps(data, ensure_ascii=False, indent=1)
            return download(text.encode(), "persondata.json", "application/json; charset=utf-8")
        if do == "slet":
            count, kept = personal.erase_person(
                actor=request.actor, now=clock.now(), organisation=school, email=email
            )
            messages.success(
                request,
                ngettext("%(n)s række er slettet.", "%(n)s rækker er slettet.", count)
                % {"n": count},
            )
            for sentence in kept:
                messages.warning(request, sentence)
            return redirect("enrolment:personal_data", school.pk)
        found, kept = personal.what_there_is(school, email)
    return render(
        request,
        "enrolment/personal_data.html",
        {
            "school": school,
            "form": form,
            "found": None
            if found is None
            else [(shown.source_name(source), count) for source, count in found],
            "kept": kept,
        },
        status=400 if form.errors else 200,
    )
