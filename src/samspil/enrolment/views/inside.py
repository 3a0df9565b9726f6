"""The school's own pages: runs with sign-ups, who is on them, and what the school asks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from samspil.enrolment import rules
from samspil.enrolment.domain import exports, people, queries, sign_ups, terms
from samspil.enrolment.domain.terms import Choices
from samspil.enrolment.enums import LIVE
from samspil.enrolment.interfaces import shown
from samspil.enrolment.interfaces.exports import CSV, XLSX, certificates_csv, people_xlsx
from samspil.enrolment.interfaces.forms import (
    EnterForm,
    PeopleForm,
    ReasonForm,
    RunNeedsForm,
    TermsForm,
    WithdrawForm,
)
from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.runs.models import CourseRun
from samspil.ui.components import Figure, Segment
from samspil.ui.pages import form_page
from samspil.ui.templatetags.ui import period


def _home() -> tuple[str, str]:
    return (_("Tilmelding"), reverse("enrolment:index"))


def _crumb(run: CourseRun) -> tuple[str, str]:
    """The way back to a run's people, by its dates as the other pages have it."""
    return period(run.starts_on, run.ends_on), reverse("enrolment:run", args=[run.pk])


@requires(LOGIN)
@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """Runs of one's school that take sign-ups, with how many sit, wait and are asked."""
    when = request.GET.get("vis", "coming")
    wanted = queries.RunWanted(request.GET.get("q", "")[:100], when)
    page, lines = queries.runs(
        request.actor, wanted, today=clock.today(), page=request.GET.get("side", 1)
    )
    kept = {"q": wanted.text} if wanted.text else {}
    return render(
        request,
        "enrolment/index.html",
        {
            "page": page,
            "lines": lines,
            "wanted": wanted,
            "schools": queries.my_schools(request.actor),
            "states": [
                Segment(label, f"?{urlencode({**kept, 'vis': key})}", current=key == when)
                for key, label in (
                    ("coming", _("Kommende")),
                    ("past", _("Tidligere")),
                    ("all", _("Alle")),
                )
            ],
        },
    )


STATES = ("live", "seated", "waiting", "ended", "all")


def _state(request: ActorRequest) -> str:
    wanted = request.GET.get("vis", "live")
    return wanted if wanted in STATES else "live"


@requires(LOGIN)
@require_safe
def run(request: ActorRequest, run_id: int) -> HttpResponse:
    """Who is on a run: those with a seat, then the queue in its order."""
    found = queries.get_run(request.actor, run_id)
    text, state = request.GET.get("q", "")[:100], _state(request)
    people_on = queries.roster(request.actor, found, text=text, state=state)
    (line,) = queries.lines([found])
    kept = {"q": text} if text else {}
    labels = (_("Med i spil"), _("Med plads"), _("Venter"), _("Ikke længere med"), _("Alle"))
    return render(
        request,
        "enrolment/run.html",
        {
            "run": found,
            "course": found.course,
            "people": [shown.staff_line(person) for person in people_on],
            "text": text,
            "state": state,
            "figures": [
                Figure(line.run.used, _("pladser er i brug"), of=found.capacity),
                Figure(line.seated, _("med plads i Samspil")),
                Figure(line.waiting, _("på venteliste")),
                Figure(line.offered, _("er tilbudt en plads og har ikke svaret")),
            ],
            "states": [
                Segment(label, f"?{urlencode({**kept, 'vis': key})}", current=key == state)
                for key, label in zip(STATES, labels, strict=True)
            ],
            "is_own": rules.may_run(request.actor, found),
            "has_begun": found.starts_on <= clock.today(),
            "closed": sign_ups.why_closed(found, today=clock.today(), by_staff=True),
        },
    )


@requires(LOGIN)
@require_POST
def run_xlsx(request: ActorRequest, run_id: int) -> HttpResponse:
    """The list as Excel. It stands in the history who took it."""
    found = queries.get_run(request.actor, run_id)
    rows = exports.export_run(
        actor=request.actor,
        now=clock.now(),
        run=found,
        text=request.POST.get("q", "")[:100],
        state=request.POST.get("vis", "live"),
    )
    name = f"tilmeldte-{found.course.number}-{found.starts_on:%Y-%m-%d}.xlsx"
    return download(people_xlsx(found, rows), name, XLSX)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def certificates(request: ActorRequest, run_id: int) -> HttpResponse:
    """Data for certificates as CSV, with CPR numbers: a reason first."""
    found = queries.get_own_run(request.actor, run_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rows = exports.certificate_data(
                actor=request.actor, now=clock.now(), run=found, **form.cleaned_data
            )
        except Invalid as error:
            form.add_error("reason", error.message)
        else:
            name = f"bevisdata-{found.course.number}-{found.starts_on:%Y-%m-%d}.csv"
            return download(certificates_csv(rows), name, CSV)
    return render(
        request,
        "ui/form_page.html",
        {
            "form": form,
            "heading": _("Data til beviser"),
            "crumb_list": [_home(), _crumb(found)],
            "submit": _("Hent CSV"),
            "lede": _(
                "Filen har en linje for hver, der har deltaget, med CPR-nummer. Det kommer til at stå i historikken, hvem der har hentet den."
            ),
            "cancel_url": reverse("enrolment:run", args=[found.pk]),
            "kind": "primary",
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def enter(request: ActorRequest, run_id: int) -> HttpResponse:
    """Sign up for somebody who rings or writes."""
    found = queries.get_run_to_enter(request.actor, run_id)
    schools = queries.my_schools(request.actor)
    form = EnterForm(request.POST or None, schools=schools)
    target = sign_ups.held_run(found)
    if request.method == "POST" and form.is_valid():
        try:
            made = sign_ups.enter(
                actor=request.actor,
                now=clock.now(),
                run=found,
                school=form.cleaned_data["school"],
                order=form.order(),
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Tilmeldingen er skrevet ind."))
            return redirect("enrolment:sign_up_page", made.pk)
    return render(
        request,
        "enrolment/enter.html",
        {
            "run": found,
            "held": target,
            "course": found.course,
            "form": form,
            "closed": sign_ups.why_closed(target, today=clock.today(), by_staff=True),
        },
        status=400 if form.errors else 200,
    )


def _sign_up_page(
    request: ActorRequest, sign_up_id: int, names: PeopleForm | None = None
) -> HttpResponse:
    found = queries.get_sign_up(request.actor, sign_up_id)
    on_it = queries.people_shown(request.actor, found)
    live = [p.enrolment for p in on_it if p.enrolment.status in LIVE and not p.is_hidden]
    names = names or PeopleForm(people=live)
    fields = {row.pk: names.row(row) for row in names.people}
    hides = queries.is_contact_hidden(request.actor, found)
    flexibility = sign_ups.flexibility_of(found)
    return render(
        request,
        "enrolment/sign_up_page.html",
        {
            "sign_up": found,
            "run": found.run,
            "course": found.run.course,
            "lines": [
                (shown.staff_line(person), fields.get(person.enrolment.pk)) for person in on_it
            ],
            "names": names,
            "is_open": bool(live) or any(p.enrolment.status in LIVE for p in on_it),
            "contact_hidden": hides,
            "flexibility": flexibility,
            "entries": shown.entries(queries.history(found)),
        },
        status=400 if names.is_bound and names.errors else 200,
    )


@requires(LOGIN)
@require_safe
def sign_up_page(request: ActorRequest, sign_up_id: int) -> HttpResponse:
    """One order: who ordered, who comes, where they stand, what happened."""
    return _sign_up_page(request, sign_up_id)


@requires(LOGIN)
@require_POST
def sign_up_names(request: ActorRequest, sign_up_id: int) -> HttpResponse:
    """Write who comes, for them."""
    found = queries.get_sign_up(request.actor, sign_up_id)
    live = [
        p.enrolment
        for p in queries.people_shown(request.actor, found)
        if p.enrolment.status in LIVE and not p.is_hidden
    ]
    form = PeopleForm(request.POST, people=live)
    if not form.is_valid():
        return _sign_up_page(request, sign_up_id, names=form)
    changed = sign_ups.name_people(
        actor=request.actor, now=clock.now(), sign_up=found, people=form.named()
    )
    if changed:
        messages.success(request, _("Navnene er gemt."))
    return redirect("enrolment:sign_up_page", found.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def sign_up_withdraw(request: ActorRequest, sign_up_id: int) -> HttpResponse:
    """Take people off who ring; with a reason that stands in their mail."""
    found = queries.get_sign_up(request.actor, sign_up_id)
    rows = [p for p in queries.people_shown(request.actor, found) if p.enrolment.status in LIVE]
    back = reverse("enrolment:sign_up_page", args=[found.pk])
    if not rows:
        return redirect(back)
    cost = sign_ups.cost_of(found, [p.enrolment.pk for p in rows], on=clock.today())
    labels = [
        (
            p.enrolment.pk,
            f"{shown.staff_line(p).name}. {shown.fee_words(cost.fees[p.enrolment.pk])}",
        )
        for p in rows
    ]

    def save(data: dict[str, Any]) -> str:
        sign_ups.withdraw(
            actor=request.actor,
            now=clock.now(),
            sign_up=found,
            people=data["people"],
            reason=data["reason"],
        )
        return back

    return form_page(
        request,
        WithdrawForm(request.POST or None, people=labels, asks_reason=True),
        heading=_("Frameld"),
        crumbs=[_home(), (str(found), back)],
        submit=_("Frameld"),
        cancel_url=back,
        save=save,
        said=_("De er frameldt, og ventelisten er rykket op."),
        danger=True,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def person(request: ActorRequest, enrolment_id: int) -> HttpResponse:
    """One person: what the school has asked and got. The CPR number is shown for a reason that is kept."""
    found = queries.get_enrolment(request.actor, enrolment_id)
    is_own = rules.may_note(request.actor, found)
    form = ReasonForm(request.POST or None)
    cpr = ""
    if request.method == "POST":
        insist(is_own)
        if form.is_valid():
            try:
                cpr = people.show_cpr(
                    actor=request.actor, now=clock.now(), enrolment=found, **form.cleaned_data
                )
            except (Invalid, Conflict) as error:
                form.add_error("reason", error.message)
    (one,) = [
        p for p in queries.people_shown(request.actor, found.sign_up) if p.enrolment.pk == found.pk
    ]
    return render(
        request,
        "enrolment/person.html",
        {
            "line": shown.staff_line(one),
            "person": one,
            "row": found,
            "sign_up": found.sign_up,
            "run": found.run,
            "form": form,
            "cpr": f"{cpr[:6]}-{cpr[6:]}" if cpr else "",
            "has_cpr": queries.has_cpr(found),
            "is_own": is_own,
            "needs": terms.needs_of(found.run, found.sign_up.orderer),
            "fee": shown.kroner(found.fee_ore) if found.fee_ore else "",
            "steps": shown.steps(queries.steps_of(found)),
        },
        status=400 if form.is_bound and form.errors else 200,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def school(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """What the school asks, charges and keeps, and who may see protected names."""
    found = queries.get_school(request.actor, organisation_id)
    insist(rules.may_set_terms(request.actor, found))
    kept = terms.terms_of(found.pk)
    names = list(Choices.__dataclass_fields__)
    form = TermsForm(request.POST or None, initial={name: getattr(kept, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            terms.set_terms(
                actor=request.actor,
                now=clock.now(),
                organisation=found,
                choices=Choices(**form.cleaned_data),
                expected_version=whole_number(request.POST.get("version")),
            )
        except Invalid as error:
            form.add_error(error.field, error.message)
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Skolens valg er gemt."))
            return redirect("enrolment:school", found.pk)
    return render(
        request,
        "enrolment/school.html",
        {
            "school": found,
            "form": form,
            "version": kept.version if kept.pk else 0,
            "may_give": rules.may_give_access(request.actor, found),
            "people": people.people_with_access(found),
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_POST
def access(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Give or take the right to see protected names and addresses."""
    found = queries.get_school(request.actor, organisation_id)
    whom = queries.get_colleague(found, whole_number(request.POST.get("person")))
    do = people.give_access if request.POST.get("ret") == "giv" else people.take_access
    do(actor=request.actor, now=clock.now(), organisation=found, person=whom)
    messages.success(request, _("Det er gemt."))
    return redirect("enrolment:school", found.pk)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def run_needs(request: ActorRequest, run_id: int) -> HttpResponse:
    """What this run asks, where it differs from the school's other runs."""
    found = queries.get_own_run(request.actor, run_id)
    own = terms.run_terms_of(found)
    back = reverse("enrolment:run", args=[found.pk])

    def save(_data: dict[str, Any]) -> str:
        terms.set_run_terms(actor=request.actor, now=clock.now(), run=found, wanted=form.wanted())
        return back

    form = RunNeedsForm(
        request.POST or None,
        initial={
            name: {True: "1", False: "0", None: ""}[getattr(own, name)]
            for name in RunNeedsForm.base_fields
        },
    )
    return form_page(
        request,
        form,
        heading=_("Det spørger holdet om"),
        crumbs=[_home(), _crumb(found)],
        submit=_("Gem"),
        cancel_url=back,
        save=save,
        said=_("Det er gemt."),
        lede=_("Spørg kun om det, en regel kræver."),
    )
