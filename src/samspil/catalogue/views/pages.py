"""Pages of the catalogue: FKBs, courses, approvals."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from samspil.catalogue import rules
from samspil.catalogue.domain import actions, queries
from samspil.catalogue.enums import RelationKind
from samspil.catalogue.interfaces.forms import (
    ApprovalForm,
    ArchiveForm,
    CourseForm,
    EndForm,
    FkbForm,
    NewCourseForm,
    NewFkbForm,
    RelationForm,
)
from samspil.kernel import clock
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires
from samspil.ui.components import Bar, Segment, Tab
from samspil.ui.pages import entries, form_page


def tabs(actor: Any, current: str) -> list[Tab]:
    """The pages of the catalogue that the actor can open."""
    found = [
        Tab(_("FKB'er"), reverse("catalogue:fkbs"), current=current == "fkbs"),
        Tab(_("Mål"), reverse("catalogue:courses"), current=current == "courses"),
    ]
    if rules.may_keep_catalogue(actor):
        found.append(Tab(_("Import"), reverse("catalogue:imports"), current=current == "imports"))
    return found


def _segments(
    request: ActorRequest, name: str, choices: list[tuple[str, str]], current: str
) -> list[Segment]:
    kept = {key: value for key, value in request.GET.items() if key not in (name, "side")}
    return [
        Segment(label, f"?{urlencode({**kept, name: value})}", current=value == current)
        for value, label in choices
    ]


@requires(LOGIN)
def fkbs(request: ActorRequest) -> HttpResponse:
    """FKBs by branch group, with how many courses and schools they have."""
    text, group = request.GET.get("q", "").strip()[:100], request.GET.get("gruppe", "")
    state = request.GET.get("vis", "active")
    rows = queries.fkbs(request.actor, text=text, group=group, state=state, today=clock.today())
    return render(
        request,
        "catalogue/fkbs.html",
        {
            "rows": rows,
            "text": text,
            "group": group,
            "groups": queries.branch_groups(),
            "state": state,
            "states": _segments(
                request,
                "vis",
                [("active", _("Gældende")), ("closed", _("Ophørte")), ("all", _("Alle"))],
                state,
            ),
            "may_keep": rules.may_keep_catalogue(request.actor),
            "tabs": tabs(request.actor, "fkbs"),
        },
    )


@requires(LOGIN)
def courses(request: ActorRequest) -> HttpResponse:
    """Courses, looked for by number, title, FKB, group and kind."""
    wanted = queries.CourseFilter(
        text=request.GET.get("q", "").strip()[:100],
        fkb=request.GET.get("fkb", "")[:4],
        group=request.GET.get("gruppe", "")[:40],
        kind=request.GET.get("slags", "")[:10],
        state=request.GET.get("vis", "active"),
    )
    page = queries.courses(request.actor, wanted, page=request.GET.get("side", 1))
    return render(
        request,
        "catalogue/courses.html",
        {
            "page": page,
            "wanted": wanted,
            "groups": queries.branch_groups(),
            "kinds": RelationKind.choices,
            "states": _segments(
                request,
                "vis",
                [("active", _("I brug")), ("archived", _("Arkiverede")), ("all", _("Alle"))],
                wanted.state,
            ),
            "may_keep": rules.may_keep_catalogue(request.actor),
            "tabs": tabs(request.actor, "courses"),
        },
    )


@requires(LOGIN)
def fkb(request: ActorRequest, fkb_number: str) -> HttpResponse:
    """One FKB: its courses, who is approved, what it follows."""
    found = queries.get_fkb(request.actor, fkb_number)
    today = clock.today()
    relations = queries.relations_of_fkb(found)
    return render(
        request,
        "catalogue/fkb.html",
        {
            "fkb": found,
            "facts": [
                (term, value)
                for term, value in (
                    (_("Branchegruppe"), found.branch_group.name if found.branch_group else ""),
                    (_("Efteruddannelsesudvalg"), found.committee),
                    (_("Kilde"), found.source),
                )
                if value
            ],
            "relations": relations,
            "core_count": sum(
                row.kind == RelationKind.CORE and not row.course.is_archived for row in relations
            ),
            "approvals": queries.approvals_of_fkb(found),
            "predecessors": found.predecessors.order_by("number", "pk"),
            "successors": found.successors.order_by("number", "pk"),
            "today": today,
            "history": entries(queries.history(found)),
            "may_keep": rules.may_keep_catalogue(request.actor),
        },
    )


@requires(LOGIN)
def course(request: ActorRequest, course_number: str) -> HttpResponse:
    """One course: the FKBs it belongs to, who may offer it, how many took it."""
    found = queries.get_course(request.actor, course_number)
    activity = queries.activity_of_course(request.actor, found)
    years: dict[int, int] = {}
    for row in activity:
        years[row.year] = years.get(row.year, 0) + row.learners
    return render(
        request,
        "catalogue/course.html",
        {
            "course": found,
            "relations": queries.relations_of_course(found),
            "schools": queries.schools_approved_for(found, today=clock.today()),
            "activity": activity,
            "bars": [Bar(str(year), learners) for year, learners in sorted(years.items())],
            "predecessors": found.predecessors.order_by("number", "pk"),
            "history": entries(queries.history(found)),
            "may_keep": rules.may_keep_catalogue(request.actor),
        },
    )


@requires(LOGIN)
def school(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """What a school is and was approved for."""
    found = queries.get_school(request.actor, organisation_id)
    return render(
        request,
        "catalogue/school.html",
        {
            "school": found,
            "approvals": queries.approvals_of_school(found),
            "has_page": queries.is_in_sight(request.actor, found),
            "may_state": rules.may_state_offer(request.actor, found),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def fkb_new(request: ActorRequest) -> HttpResponse:
    """Add an FKB."""
    insist(rules.may_keep_catalogue(request.actor))
    form = NewFkbForm(request.POST or None)
    home = reverse("catalogue:fkbs")

    def save(data: dict[str, Any]) -> str:
        made = actions.create_fkb(
            actor=request.actor,
            now=clock.now(),
            number=data["number"],
            title=data["title"],
            predecessors=data["predecessors"],
            values={name: value for name, value in form.values.items() if name != "title"},
        )
        return reverse("catalogue:fkb", args=[made.number])

    return form_page(
        request,
        form,
        heading=_("Ny FKB"),
        crumbs=[(_("Katalog"), home)],
        submit=_("Opret"),
        cancel_url=home,
        save=save,
        said=_("FKB'en er oprettet."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def fkb_edit(request: ActorRequest, fkb_number: str) -> HttpResponse:
    """Change an FKB."""
    insist(rules.may_keep_catalogue(request.actor))
    found = queries.get_fkb(request.actor, fkb_number)
    home = reverse("catalogue:fkb", args=[found.number])
    form = FkbForm(request.POST) if request.method == "POST" else FkbForm.of(found)

    def save(data: dict[str, Any]) -> str:
        actions.change_fkb(
            actor=request.actor,
            now=clock.now(),
            fkb=found,
            version=data["version"] or 0,
            values=form.values,
            predecessors=data["predecessors"],
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Ret FKB %(number)s") % {"number": found.number},
        crumbs=[(_("Katalog"), reverse("catalogue:fkbs")), (found.number, home)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("FKB'en er rettet."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def course_new(request: ActorRequest) -> HttpResponse:
    """Add a course."""
    insist(rules.may_keep_catalogue(request.actor))
    form = NewCourseForm(request.POST or None)
    home = reverse("catalogue:courses")

    def save(data: dict[str, Any]) -> str:
        made = actions.create_course(
            actor=request.actor,
            now=clock.now(),
            number=data["number"],
            title=data["title"],
            duration_days=data["duration_days"],
            values={
                name: value
                for name, value in form.values.items()
                if name not in ("title", "duration_days")
            },
        )
        return reverse("catalogue:course", args=[made.number])

    return form_page(
        request,
        form,
        heading=_("Nyt mål"),
        crumbs=[(_("Mål"), home)],
        submit=_("Opret"),
        cancel_url=home,
        save=save,
        said=_("Målet er oprettet."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def course_edit(request: ActorRequest, course_number: str) -> HttpResponse:
    """Change a course."""
    insist(rules.may_keep_catalogue(request.actor))
    found = queries.get_course(request.actor, course_number)
    home = reverse("catalogue:course", args=[found.number])
    form = CourseForm(request.POST) if request.method == "POST" else CourseForm.of(found)

    def save(data: dict[str, Any]) -> str:
        actions.change_course(
            actor=request.actor,
            now=clock.now(),
            course=found,
            version=data["version"] or 0,
            values=form.values,
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Ret mål %(number)s") % {"number": found.number},
        crumbs=[(_("Mål"), reverse("catalogue:courses")), (found.number, home)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Målet er rettet."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def course_archive(request: ActorRequest, course_number: str) -> HttpResponse:
    """Take a course out of use."""
    insist(rules.may_keep_catalogue(request.actor))
    found = queries.get_course(request.actor, course_number)
    home = reverse("catalogue:course", args=[found.number])
    form = ArchiveForm(request.POST or None)

    def save(data: dict[str, Any]) -> str:
        actions.archive_course(actor=request.actor, now=clock.now(), course=found, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Arkivér mål %(number)s") % {"number": found.number},
        crumbs=[(_("Mål"), reverse("catalogue:courses")), (found.number, home)],
        submit=_("Arkivér"),
        danger=True,
        lede=_(
            "Et arkiveret mål er ikke omfattet af udbudspligten og kommer ikke med i nye runder."
        ),
        cancel_url=home,
        save=save,
        said=_("Målet er arkiveret."),
    )


@requires(LOGIN)
@require_POST
def course_restore(request: ActorRequest, course_number: str) -> HttpResponse:
    """Take an archived course into use again."""
    found = queries.get_course(request.actor, course_number)
    actions.restore_course(actor=request.actor, now=clock.now(), course=found)
    messages.success(request, _("Målet er i brug igen."))
    return redirect("catalogue:course", found.number)


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def relation(request: ActorRequest, course_number: str) -> HttpResponse:
    """Say how a course belongs to an FKB."""
    insist(rules.may_keep_catalogue(request.actor))
    found = queries.get_course(request.actor, course_number)
    home = reverse("catalogue:course", args=[found.number])
    form = RelationForm(request.POST or None)

    def save(data: dict[str, Any]) -> str:
        actions.set_relation(
            actor=request.actor,
            now=clock.now(),
            course=found,
            fkb=data["fkb"],
            kind=data["kind"] or None,
        )
        return home

    return form_page(
        request,
        form,
        heading=_("FKB for mål %(number)s") % {"number": found.number},
        crumbs=[(_("Mål"), reverse("catalogue:courses")), (found.number, home)],
        submit=_("Gem"),
        lede=_(
            "Kernemål hører til FKB'en selv. Tilkoblede mål kommer fra andre FKB'er. Fælleskatalogets mål må skolerne udbyde, men skal ikke."
        ),
        cancel_url=home,
        save=save,
        said=_("Forbindelsen er gemt."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def approval_new(request: ActorRequest, fkb_number: str) -> HttpResponse:
    """Note an approval."""
    insist(rules.may_keep_catalogue(request.actor))
    found = queries.get_fkb(request.actor, fkb_number)
    home = reverse("catalogue:fkb", args=[found.number])
    form = ApprovalForm(request.POST or None)

    def save(data: dict[str, Any]) -> str:
        actions.grant_approval(actor=request.actor, now=clock.now(), fkb=found, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Ny godkendelse til FKB %(number)s") % {"number": found.number},
        crumbs=[(_("Katalog"), reverse("catalogue:fkbs")), (found.number, home)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Godkendelsen er gemt."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def approval_end(request: ActorRequest, approval_id: int) -> HttpResponse:
    """End an approval."""
    insist(rules.may_keep_catalogue(request.actor))
    found = queries.get_approval(request.actor, approval_id)
    home = reverse("catalogue:fkb", args=[found.fkb.number])
    form = EndForm(request.POST or None, initial={"on": clock.today()})

    def save(data: dict[str, Any]) -> str:
        actions.end_approval(actor=request.actor, now=clock.now(), approval=found, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Godkendelsen ophører"),
        crumbs=[(_("Katalog"), reverse("catalogue:fkbs")), (found.fkb.number, home)],
        submit=_("Lad godkendelsen ophøre"),
        danger=True,
        cancel_url=home,
        save=save,
        said=_("Godkendelsen er afsluttet."),
        lede=_("%(school)s til FKB %(number)s.")
        % {"school": found.organisation.name, "number": found.fkb.number},
    )
