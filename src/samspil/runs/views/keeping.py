"""Pages of runs that a school keeps here: its list, one run, the form, and what is decided about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.errors import Conflict, Invalid, NotFound
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.network.models import Organisation
from samspil.runs import rules
from samspil.runs.domain import (
    beside,
    calendar,
    commitments,
    days,
    following,
    keeping,
    kept,
    risks,
)
from samspil.runs.enums import PeriodKind, RunStatus
from samspil.runs.interfaces import curve, exports, run_forms
from samspil.runs.interfaces.run_page import figures_of, phases_of, sections
from samspil.runs.models import CourseRun
from samspil.ui.components import Segment
from samspil.ui.pages import entries, form_page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(LOGIN)
@require_GET
def own(request: ActorRequest) -> HttpResponse:
    """A school's runs, whatever has become of them."""
    schools = kept.schools_seen_inside(request.actor)
    school = kept.school_by_key(request.actor, request.GET.get("skole", "")[:60])
    context: dict[str, Any] = {
        "schools": schools,
        "school": school,
        "sections": sections("own"),
        "any": False,
        "may_keep": False,
    }
    if school is not None:
        state = request.GET.get("vis", "coming")
        text = request.GET.get("q", "").strip()[:100]
        page, counts = kept.own_runs(
            request.actor,
            school,
            state=state,
            text=text,
            today=clock.today(),
            page=request.GET.get("side", 1),
        )
        given = {"skole": school.key, "q": text}
        names = (
            ("coming", _("Kommende")),
            ("planned", _("Planlagte")),
            ("past", _("Tidligere")),
            ("cancelled", _("Aflyste")),
        )
        context |= {
            "page": page,
            "text": text,
            "state": state,
            "states": [
                Segment(
                    label,
                    f"?{urlencode({**given, 'vis': key})}",
                    count=counts[key],
                    current=key == state,
                )
                for key, label in names
            ],
            "any": any(counts.values()) or bool(text),
            "may_keep": rules.may_keep(request.actor, school),
        }
    return render(request, "runs/own.html", context)


@requires(LOGIN)
@require_GET
def run(request: ActorRequest, run_id: int) -> HttpResponse:
    """One run: what it is, how full, who announces it too, and what can be done."""
    found = kept.get_run(request.actor, run_id)
    may_keep = rules.may_keep_run(request.actor, found)
    today = clock.today()
    sees_inside = found.organisation_id in rules.seen_inside(request.actor)
    can_follow = [
        school
        for school in kept.keepable_schools(request.actor)
        if school.pk != found.organisation_id
    ]
    return render(
        request,
        "runs/run.html",
        {
            "run": found,
            "may_keep": may_keep,
            "may_change": may_keep and found.is_own and found.status not in keeping.CLOSED,
            "sees_inside": sees_inside,
            "phases": phases_of(found) if found.is_own else [],
            "figures": figures_of(found),
            "risk": curve.shown(risks.of_run(found))
            if found.status in following.OUT and found.follows_id is None
            else None,
            "days": [
                (day, days.Day(day.on).week, days.holiday(day.on))
                for day in kept.days_of_run(found)
            ],
            "prices": [(line.label, line.ore / 100) for line in found.prices.order_by("position")],
            "followers": kept.followers_of(found),
            "drift": following.drift(found, found.follows) if found.follows else [],
            "can_follow": can_follow
            if found.follows_id is None
            and found.status in following.OUT
            and found.starts_on > today
            else [],
            "could_announce": kept.could_announce(found)
            if may_keep and not found.is_own and found.status in following.OUT
            else [],
            "history": entries(kept.history(found)) if sees_inside else [],
            "clashes": calendar.clashes_of(request.actor, found, today=today)
            if sees_inside and found.status in (RunStatus.PLANNED, *following.OUT)
            else [],
            "lacks": keeping.lacks(found)
            if may_keep
            and found.is_own
            and found.status == RunStatus.PLANNED
            and not found.follows_id
            else [],
            "beside": beside.beside(request.actor, found, today=today),
            "is_over": found.ends_on < today,
            "has_begun": found.starts_on <= today,
            "today": today,
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """Plan a run, from nothing or from another run."""
    schools = kept.keepable_schools(request.actor)
    insist(bool(schools))
    source: CourseRun | None = None
    if number := whole_number(request.GET.get("kopi")):
        try:
            source = kept.get_run(request.actor, number)
        except NotFound:
            source = None
    run_initial: dict[str, Any] = {"form_key": uuid.uuid4().hex}
    periods_initial: list[dict[str, Any]] = [{}]
    prices_initial: list[dict[str, Any]] = []
    if source is not None:
        facts = keeping.facts_from(source)
        run_initial, periods_initial, prices_initial = run_forms.initial_of(facts)
        run_initial |= {"kviknummer": "", "form_key": uuid.uuid4().hex}
        if source.organisation_id in {school.pk for school in schools}:
            run_initial["school"] = source.organisation_id
        else:
            for period in periods_initial:
                period |= {"room": "", "teacher": ""}
    elif course := request.GET.get("fag", "")[:7]:
        run_initial["course"] = course
        known = kept.course_by_number(course)
        if known is not None and known.duration_days:
            run_initial["duration_days"] = known.duration_days
    if source is None:
        home = schools[0]
        run_initial |= {"street": home.street, "postcode": home.postcode, "city": home.city}

    def save(school: Organisation, facts: keeping.RunFacts, form: run_forms.RunForm) -> CourseRun:
        return keeping.plan_run(
            actor=request.actor,
            now=clock.now(),
            school=school,
            facts=facts,
            form_key=form.cleaned_data["form_key"],
        )

    return _edit(
        request,
        schools=schools,
        initial=(run_initial, periods_initial, prices_initial),
        save=save,
        heading=_("Planlæg hold"),
        cancel_url=reverse("runs:own"),
        said=_("Holdet er planlagt. Det er først at finde for andre, når I annoncerer det."),
        submit=_("Planlæg holdet"),
        lede=_("Vælg nye dage. Resten er kopieret fra %(run)s.") % {"run": source}
        if source
        else "",
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def edit(request: ActorRequest, run_id: int) -> HttpResponse:
    """Change a run that is kept here."""
    found = _keepable(request, run_id)
    home = reverse("runs:run", args=[found.pk])
    if found.follows is not None:
        return _edit_announcement(request, found, home)
    facts = keeping.facts_from(found)
    run_initial, periods_initial, prices_initial = run_forms.initial_of(facts)
    run_initial |= {"version": found.version, "school": found.organisation_id}

    def save(school: Organisation, facts: keeping.RunFacts, form: run_forms.RunForm) -> CourseRun:
        return keeping.change_run(
            actor=request.actor,
            now=clock.now(),
            run=found,
            facts=facts,
            version=form.cleaned_data["version"] or 0,
        )

    followers = [row.organisation.label for row, _drift in kept.followers_of(found)]
    return _edit(
        request,
        schools=[found.organisation],
        initial=(run_initial, periods_initial, prices_initial),
        save=save,
        heading=_("Ret holdet"),
        cancel_url=home,
        said=_("Holdet er rettet."),
        submit=_("Gem"),
        lede=_("%(schools)s annoncerer også holdet og får besked, når dage eller sted ændres.")
        % {"schools": ", ".join(followers)}
        if followers
        else "",
        run=found,
    )


def _edit_announcement(request: ActorRequest, found: CourseRun, home: str) -> HttpResponse:
    form = run_forms.AnnouncementForm(
        request.POST or None,
        initial={
            "kviknummer": found.kviknummer,
            "deadline_on": found.deadline_on,
            "note": found.note,
            "version": found.version,
        },
    )

    def save(data: dict[str, Any]) -> str:
        following.change_announcement(actor=request.actor, now=clock.now(), run=found, **data)
        return home

    assert found.follows is not None
    return form_page(
        request,
        form,
        heading=_("Ret annonceringen"),
        crumbs=[*_crumbs(found)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Annonceringen er rettet."),
        lede=_("Dage, sted og pladser bestemmer %(holder)s, som afholder holdet.")
        % {"holder": found.follows.organisation.name},
    )


def _edit(
    request: ActorRequest,
    *,
    schools: list[Organisation],
    initial: tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]],
    save: Any,
    heading: str,
    cancel_url: str,
    said: str,
    submit: str,
    lede: str = "",
    run: CourseRun | None = None,
) -> HttpResponse:
    """The form of a run: add a period or a price line, look at the days, or save."""
    pressed = request.POST.get("press", "")
    data = _with_another(request.POST, pressed) if request.method == "POST" else None
    form = run_forms.RunForm(data, initial=initial[0], schools=schools)
    periods: Any = run_forms.Periods(data, prefix="periode", initial=initial[1])
    prices: Any = run_forms.Prices(data, prefix="pris", initial=initial[2])
    shown: list[tuple[days.Day, int]] = []
    skipped: list[days.Skipped] = []
    if pressed == "days" and periods.is_valid():
        taught, skipped = days.all_days([part.plan() for part in periods.filled()])
        shown = [(day, day.week) for day in taught]
    is_sent = request.method == "POST" and not pressed
    if is_sent and all([form.is_valid(), periods.is_valid(), prices.is_valid()]):
        try:
            made = save(form.cleaned_data["school"], form.facts(periods, prices), form)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, said)
            return redirect("runs:run", made.pk)
    return render(
        request,
        "runs/edit.html",
        {
            "form": form,
            "periods": periods,
            "prices": prices,
            "parts": [*periods.forms, *prices.forms] if is_sent else [],
            "heading": heading,
            "lede": lede,
            "submit": submit,
            "cancel_url": cancel_url,
            "shown": shown,
            "skipped": skipped,
            "is_shown": pressed == "days",
            "courses": kept.courses_for(schools, clock.today()),
            "run": run,
            "is_sent": is_sent,
        },
    )


def _with_another(data: QueryDict, pressed: str) -> QueryDict:
    """The data as sent, with one more empty part where that button was pressed."""
    prefix = {"period": "periode", "price": "pris"}.get(pressed)
    if prefix is None:
        return data
    more = data.copy()
    count = whole_number(data.get(f"{prefix}-TOTAL_FORMS")) or 0
    more[f"{prefix}-TOTAL_FORMS"] = str(min(count + 1, 20))
    if prefix == "periode":
        more[f"{prefix}-{count}-kind"] = PeriodKind.PATTERN
        more.setlist(f"{prefix}-{count}-weekdays", [str(day) for day in days.WORKWEEK])
        more[f"{prefix}-{count}-skips_holidays"] = "on"
    return more


def _keepable(request: ActorRequest, run_id: int) -> CourseRun:
    """A run that is kept here by the actor's school. 404 out of sight, 403 otherwise."""
    found = kept.get_run(request.actor, run_id)
    insist(rules.may_keep_run(request.actor, found))
    return found


def _step(
    request: ActorRequest, found: CourseRun, act: Callable[..., object], *, said: str
) -> bool:
    """Take a run one step on, as the page with its version asked for; say how it went."""
    version = whole_number(request.POST.get("version")) or 0
    try:
        act(actor=request.actor, now=clock.now(), run=found, version=version)
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
        return False
    messages.success(request, said)
    return True


def _crumbs(found: CourseRun) -> list[tuple[str, str]]:
    return [
        (_("Hold"), reverse("runs:runs")),
        (str(found), reverse("runs:run", args=[found.pk])),
    ]


@requires(LOGIN)
@require_POST
def announce(request: ActorRequest, run_id: int) -> HttpResponse:
    """Make a planned run public."""
    found = _keepable(request, run_id)
    if _step(request, found, keeping.announce_run, said=_("Holdet er annonceret.")):
        if not found.kviknummer:
            messages.warning(
                request,
                _("Holdet har intet kviknummer endnu. Skriv det, når I har oprettet holdet."),
            )
        if (found.starts_on - clock.today()).days < 8:  # R41
            messages.warning(
                request, _("Holdet begynder om mindre end 8 dage. Det er sent at annoncere det.")
            )
    return redirect("runs:run", found.pk)


@requires(LOGIN)
@require_POST
def confirm(request: ActorRequest, run_id: int) -> HttpResponse:
    """Decide that a run is held."""
    found = _keepable(request, run_id)
    _step(request, found, keeping.confirm_run, said=_("Det er besluttet, at holdet gennemføres."))
    return redirect("runs:run", found.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def cancel(request: ActorRequest, run_id: int) -> HttpResponse:
    """Cancel a run: what it means, and why."""
    found = _keepable(request, run_id)
    form = run_forms.CancelForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        try:
            keeping.cancel_run(
                actor=request.actor,
                now=clock.now(),
                run=found,
                version=form.cleaned_data["version"],
                reason=form.cleaned_data["reason"],
            )
        except (Invalid, Conflict) as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Holdet er aflyst."))
            return redirect("runs:run", found.pk)
    return render(
        request,
        "runs/cancel.html",
        {
            "run": found,
            "form": form,
            "means": kept.consequences(found),
            "cancel_url": reverse("runs:run", args=[found.pk]),
        },
    )


@requires(LOGIN)
@require_POST
def reopen(request: ActorRequest, run_id: int) -> HttpResponse:
    """Take a cancelled run back to the plan."""
    found = _keepable(request, run_id)
    _step(
        request,
        found,
        keeping.reopen_run,
        said=_("Holdet er planlagt igen. Annoncér det, når det er klar."),
    )
    return redirect("runs:run", found.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def hold(request: ActorRequest, run_id: int) -> HttpResponse:
    """Say that a run was held."""
    found = _keepable(request, run_id)
    home = reverse("runs:run", args=[found.pk])
    noted = beside.beside(request.actor, found, today=clock.today()).attended
    form = run_forms.HoldForm(
        request.POST or None,
        initial={
            "taught": found.used if noted is None else noted + found.enrolled,
            "version": found.version,
        },
    )

    def save(data: dict[str, Any]) -> str:
        keeping.hold_run(actor=request.actor, now=clock.now(), run=found, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Holdet er afholdt"),
        crumbs=_crumbs(found),
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Holdet står som afholdt."),
        lede=_("%(count)s var tilmeldt.") % {"count": found.used}
        if noted is None
        else _("%(count)s var tilmeldt. Efter fremmødet i Samspil deltog %(noted)s af %(here)s.")
        % {"count": found.used, "noted": noted, "here": found.signed_up_here},
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def move(request: ActorRequest, run_id: int) -> HttpResponse:
    """Move a run to another first day, with the new days shown before it happens."""
    found = _keepable(request, run_id)
    form = run_forms.MoveForm(request.POST or None, initial={"version": found.version})
    shown: list[days.Day] = []
    skipped: list[days.Skipped] = []
    if request.method == "POST" and form.is_valid():
        first_on = form.cleaned_data["first_on"]
        if request.POST.get("press") == "days":
            shown, skipped = days.all_days(days.moved(keeping.facts_from(found).periods, first_on))
        else:
            try:
                keeping.move_run(
                    actor=request.actor,
                    now=clock.now(),
                    run=found,
                    version=form.cleaned_data["version"],
                    first_on=first_on,
                )
            except Invalid as error:
                form.add_error("first_on", error.message)
            except Conflict as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, _("Holdet er flyttet."))
                return redirect("runs:run", found.pk)
    return render(
        request,
        "runs/move.html",
        {
            "run": found,
            "form": form,
            "shown": [(day, day.week) for day in shown],
            "skipped": skipped,
            "cancel_url": reverse("runs:run", args=[found.pk]),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def series(request: ActorRequest, run_id: int) -> HttpResponse:
    """Plan a series after a run: the list first, then those that were ticked."""
    found = _keepable(request, run_id)
    form = run_forms.SeriesForm(request.POST or request.GET or None)
    lines: list[keeping.Planned] = []
    if form.is_bound and form.is_valid():
        weeks, times = form.cleaned_data["weeks"], form.cleaned_data["times"]
        try:
            if request.method == "POST":
                made = keeping.plan_series(
                    actor=request.actor,
                    now=clock.now(),
                    run=found,
                    weeks=weeks,
                    times=times,
                    wanted=frozenset(
                        n for n in (whole_number(v) for v in request.POST.getlist("hold")) if n
                    ),
                    form_key=request.POST.get("form_key", "")[:50] or uuid.uuid4().hex,
                )
                messages.success(request, _("%(count)s hold er planlagt.") % {"count": len(made)})
                return redirect(
                    f"{reverse('runs:own')}?{urlencode({'skole': found.organisation.key, 'vis': 'planned'})}"
                )
            lines = keeping.series_of(found, weeks=weeks, times=times)
        except (Invalid, Conflict) as error:
            form.add_error(None, error.message)
            if request.method == "POST":
                lines = keeping.series_of(found, weeks=weeks, times=times)
    return render(
        request,
        "runs/series.html",
        {
            "run": found,
            "form": form,
            "lines": lines,
            "form_key": uuid.uuid4().hex,
            "cancel_url": reverse("runs:run", args=[found.pk]),
        },
    )


@requires(LOGIN)
@require_POST
def follow(request: ActorRequest, run_id: int) -> HttpResponse:
    """Announce another school's run at one's own."""
    found = kept.get_run(request.actor, run_id)
    schools = {school.pk: school for school in kept.keepable_schools(request.actor)}
    school = schools.get(whole_number(request.POST.get("skole")) or 0)
    insist(school is not None)
    assert school is not None
    try:
        made = following.follow_run(actor=request.actor, now=clock.now(), school=school, run=found)
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
        return redirect("runs:run", found.pk)
    messages.success(
        request,
        _("Holdet er planlagt hos jer med samme dage og sted. Annoncér det, når I er klar."),
    )
    return redirect("runs:run", made.pk)


@requires(LOGIN)
@require_POST
def link(request: ActorRequest, run_id: int) -> HttpResponse:
    """Say that a run which was read in announces another school's, or take it back."""
    found = _keepable(request, run_id)
    number = whole_number(request.POST.get("hold"))
    try:
        following.link_run(
            actor=request.actor,
            now=clock.now(),
            run=found,
            holder=kept.get_run(request.actor, number) if number else None,
        )
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Det er gemt."))
    return redirect("runs:run", found.pk)


@requires(LOGIN)
@require_POST
def adopt(request: ActorRequest, run_id: int) -> HttpResponse:
    """Keep a run here that was read in."""
    found = _keepable(request, run_id)
    try:
        keeping.adopt_run(
            actor=request.actor,
            now=clock.now(),
            run=found,
            version=whole_number(request.POST.get("version")),
        )
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, _("Holdet passes nu i Samspil. Se, om dagene passer, og ret dem ellers.")
        )
    return redirect("runs:run", found.pk)


@requires(LOGIN)
@require_GET
def export(request: ActorRequest, kind: str) -> HttpResponse:
    """A school's runs, or all that are announced, as the national search lists them: CSV or Excel."""
    key = request.GET.get("skole", "")[:60]
    if request.GET.get("hvad") == "skolens":
        school = kept.school_by_key(request.actor, key)
        insist(school is not None)
        rows = kept.all_runs_of(request.actor, school) if school else []
    else:
        rows = kept.announced_runs(text=request.GET.get("q", "").strip()[:100], school=key)
    if kind == "csv":
        return download(exports.runs_csv(rows), "hold.csv", "text/csv; charset=utf-8")
    if kind == "xlsx":
        return download(exports.runs_xlsx(rows), "hold.xlsx", XLSX)
    raise NotFound(_("Den slags fil findes ikke."))


@requires(LOGIN)
@require_POST
def take_over(request: ActorRequest, run_id: int) -> HttpResponse:
    """Confirm that one's announcement now says what the holder says."""
    found = _keepable(request, run_id)
    try:
        following.take_over_changes(
            actor=request.actor,
            now=clock.now(),
            run=found,
            version=whole_number(request.POST.get("version")) or 0,
            holder_version=whole_number(request.POST.get("holder")) or 0,
        )
    except (Invalid, Conflict) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Annonceringen siger nu det samme som holdet."))
    return redirect("runs:run", found.pk)


@requires(LOGIN)
@require_GET
def promised(request: ActorRequest) -> HttpResponse:
    """What a school has promised in the year's round, and the runs that keep it."""
    schools = kept.schools_seen_inside(request.actor)
    school = kept.school_by_key(request.actor, request.GET.get("skole", "")[:60])
    years = commitments.years(school) if school else []
    wanted = whole_number(request.GET.get("aar"))
    year = wanted if wanted in years else (years[0] if years else clock.today().year)
    lines = commitments.promises(school, year) if school else []
    return render(
        request,
        "runs/promised.html",
        {
            "schools": schools,
            "school": school,
            "years": years,
            "year": year,
            "lines": lines,
            "announced": sum(line.is_announced for line in lines),
            "may_keep": school is not None and rules.may_keep(request.actor, school),
            "sections": sections("promised"),
            "planned_status": RunStatus.PLANNED,
        },
    )
