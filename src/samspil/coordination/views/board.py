"""The board: one FKB, several FKBs, one cell, one course."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspil.catalogue.enums import RelationKind
from samspil.coordination.domain import board, board_queries
from samspil.coordination.domain.answers import decimal_text
from samspil.coordination.domain.board import CellConflict, StaleCell
from samspil.coordination.domain.board_queries import (
    SHOW,
    SORT,
    Board,
    CellDetail,
    CourseDetail,
    LastChange,
    Row,
)
from samspil.coordination.enums import FkbStatus
from samspil.coordination.interfaces.board_forms import CellForm, CommentForm, ExternalForm, WhyForm
from samspil.coordination.models import Round
from samspil.coordination.views.rounds import phases_of
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, Invalid, SamspilError
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.ui.components import Entry, Segment

# ---------------------------------------------------------------- addresses


def _base(round_id: int) -> str:
    """Start of the addresses of a round: cells and rows add their part, without a lookup each."""
    return reverse("coordination:across", args=[round_id]).removesuffix("tavle/")


def _from_script(request: ActorRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _onwards(request: ActorRequest, fallback: str) -> HttpResponse:
    """Back to where the reader came from, when that is a page of ours."""
    return HttpResponseRedirect(_next(request) or fallback)


def _next(request: ActorRequest) -> str:
    """Where the reader came from; empty for what is no page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


# ---------------------------------------------------------------- the board


@requires(LOGIN)
@require_GET
def fkb_board(request: ActorRequest, round_id: int, number: str) -> HttpResponse:
    """The board of one FKB."""
    shown = board_queries.board(request.actor, round_id, number)
    return render(request, "coordination/board/board.html", _board_context(request, shown))


def _board_context(request: ActorRequest, whole: Board) -> dict[str, Any]:
    show = request.GET.get("visning", "")
    show = show if show in SHOW else SHOW[0]
    sort = request.GET.get("orden", "")
    sort = sort if sort in SORT else SORT[0]
    round = whole.round
    counts = whole.counts
    return {
        "board": whole.shown(show, sort),
        "round": round,
        "base": _base(round.pk),
        "columns": ",".join(str(column.organisation_id) for column in whole.columns),
        "learners": _("kursister"),
        "fkb_label": _("FKB %(number)s") % {"number": whole.fkb_number},
        "lede": _lede(whole),
        "phases": phases_of(round, whole.returned, whole.schools, counts.gaps),
        "segments": _segments(whole, show, {"orden": sort} if sort != SORT[0] else {}),
        "sorts": [
            Segment(label, _query(visning=show, orden=key), current=sort == key)
            for key, label in (
                ("huller", _("Huller først")),
                ("nummer", _("Nummer")),
                ("aktivitet", _("Mindst aktivitet")),
            )
        ],
        "show": show,
        "frozen": board_queries.frozen_words(whole),
        "xlsx_url": reverse("coordination:overview_xlsx", args=[round.pk, whole.fkb_number]),
        "overview_page_url": reverse("coordination:overview", args=[round.pk, whole.fkb_number]),
        "not_yet": _not_yet(whole),
        "is_frozen": whole.fkb_status != FkbStatus.OPEN,
        "strip": whole.strip,
        "group_url": f"{_base(round.pk)}tavle/{_query(gruppe=whole.branch_key, visning='alle')}",
    }


def _query(**values: str) -> str:
    return "?" + urlencode({name: value for name, value in values.items() if value})


def _segments(whole: Board, show: str, more: dict[str, str]) -> list[Segment]:
    counts = whole.counts
    return [
        Segment(label, _query(visning=key, **more), count, show == key)
        for key, label, count in (
            ("alle", _("Alle"), counts.rows),
            ("huller", _("Huller"), counts.gaps),
            ("lav", _("Lav aktivitet"), counts.low),
            ("udendato", _("Uden dato"), counts.undated),
        )
    ]


def _lede(whole: Board) -> dict[str, str]:
    counts = whole.counts
    kind = _("kernemål") if whole.only_core else _("mål")
    return {
        "approved": ngettext(
            "%(count)s skole er godkendt.", "%(count)s skoler er godkendt.", whole.approved
        )
        % {"count": whole.approved},
        "covered": _("%(done)s af %(all)s %(kind)s har en udbyder.")
        % {"done": counts.covered, "all": counts.duty, "kind": kind},
        "missing": ngettext("%(count)s mål mangler.", "%(count)s mål mangler.", counts.gaps)
        % {"count": counts.gaps}
        if counts.gaps
        else "",
    }


def _not_yet(whole: Board) -> str:
    if whole.counts.gaps:
        return _("Kan først dannes, når alle mål har en udbyder.")
    if not whole.is_secretariat:
        return _("Sekretariatet danner aftalen.")
    return ""


@requires(LOGIN)
@require_GET
def across(request: ActorRequest, round_id: int) -> HttpResponse:
    """The board over a branch group, or over the whole round."""
    show = request.GET.get("visning", "huller")
    show = show if show in SHOW else "huller"
    group = request.GET.get("gruppe", "")
    found = board_queries.across(
        request.actor,
        round_id,
        group_key=group,
        show=show,
        page=whole_number(request.GET.get("side"), 1),
    )
    whole = found.board
    more = {"gruppe": group} if group else {}
    return render(
        request,
        "coordination/board/across.html",
        {
            "board": whole,
            "round": whole.round,
            "base": _base(round_id),
            "columns": ",".join(str(column.organisation_id) for column in whole.columns),
            "lede": _lede(whole),
            "learners": _("kursister"),
            "segments": _segments(whole, show, more),
            "groups": [Segment(_("Alle brancher"), _query(visning=show), current=not group)]
            + [
                Segment(name, _query(gruppe=key, visning=show), current=group == key)
                for key, name in found.groups
            ],
            "page": found.page,
            "show": show,
            "frozen": "",
        },
    )


# ---------------------------------------------------------------- one cell


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def cell(request: ActorRequest, round_id: int, row_id: int, organisation_id: int) -> HttpResponse:
    """One cell: its form, alone on a page or in the panel beside the board; saved by POST.

    From a script a POST is answered with JSON: the row again, what happened in words, and how
    to undo it. 409 says that somebody else was there first, with both values.
    """
    detail = board_queries.cell_detail(request.actor, round_id, row_id, organisation_id)
    if request.method != "POST":
        return _cell_page(request, detail, CellForm(detail=detail))
    form = CellForm(None if "quick" in request.POST else request.POST, detail=detail)
    if form.is_bound and not form.is_valid():
        return _cell_page(request, detail, form, status=400 if detail.can_change else 403)
    try:
        if form.is_bound:
            change = form.change()
        else:
            change = board.quick_change(
                detail.as_change(whole_number(request.POST.get("version"), -1)),
                request.POST["quick"],
            )
        made = board.set_cell(
            actor=request.actor, now=clock.now(), round=detail.round, change=change
        )
    except CellConflict as error:
        return _told_first(request, detail, form, error)
    except (Conflict, Forbidden, Invalid) as error:
        return _cell_refused(request, detail, form, error)
    number, school = detail.row.course.number, detail.school
    if made is None:
        said = _("%(number)s, %(school)s er uændret.") % {"number": number, "school": school}
    else:
        said = _("Gemt. %(summary)s") % {"summary": made.summary}
    if not _from_script(request):
        messages.success(request, said)
        return _onwards(request, _board_of(detail))
    return JsonResponse(
        {
            "message": said,
            **_row_again(request, detail),
        }
    )


def _board_of(detail: CellDetail) -> str:
    return reverse("coordination:board", args=[detail.round.pk, detail.row.round_fkb.fkb.number])


def _cell_context(
    request: ActorRequest, detail: CellDetail, form: CellForm, stale: StaleCell | None = None
) -> dict[str, Any]:
    return {
        "detail": detail,
        "round": detail.round,
        "form": form,
        "stale": stale,
        "mine": _typed(form) if stale else "",
        "action": f"{_base(detail.round.pk)}felt/{detail.row.pk}/{detail.organisation_id}/",
        "board_url": _board_of(detail),
        "next": _next(request),
    }


def _typed(form: CellForm) -> str:
    if not (form.is_bound and form.is_valid()):
        return ""
    change = form.change()
    return board.cell_words(
        role=change.role,
        runs=change.runs,
        when_text=change.when_text,
        guarantee=change.guarantee,
    )


def _cell_page(
    request: ActorRequest,
    detail: CellDetail,
    form: CellForm,
    *,
    status: int = 200,
    stale: StaleCell | None = None,
) -> HttpResponse:
    context = _cell_context(request, detail, form, stale)
    template = "_cell_form.html" if _from_script(request) else "cell.html"
    return render(request, f"coordination/board/{template}", context, status=status)


def _told_first(
    request: ActorRequest, detail: CellDetail, form: CellForm, error: CellConflict
) -> HttpResponse:
    """Somebody else was first: show both values; saving again is a choice of its own."""
    fresh = board_queries.cell_detail(
        request.actor, detail.round.pk, detail.row.pk, detail.organisation_id
    )
    data = request.POST.copy()
    data["version"] = str(fresh.version)
    again = CellForm(data, detail=fresh) if form.is_bound else CellForm(detail=fresh)
    if not _from_script(request):
        return _cell_page(request, fresh, again, status=409, stale=error.cells[0])
    context = _cell_context(request, fresh, again, error.cells[0])
    return JsonResponse(
        {
            "message": error.message,
            "form": render_to_string("coordination/board/_cell_form.html", context, request),
            **_row_again(request, fresh),
        },
        status=409,
    )


def _cell_refused(
    request: ActorRequest, detail: CellDetail, form: CellForm, error: SamspilError
) -> HttpResponse:
    status = 403 if isinstance(error, Forbidden) else 409 if isinstance(error, Conflict) else 400
    if form.is_bound:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, error.message)
        return _cell_page(request, detail, form, status=status)
    if _from_script(request):
        return JsonResponse({"message": error.message}, status=status)
    messages.error(request, error.message)
    return _onwards(request, _board_of(detail))


def _row_again(request: ActorRequest, detail: CellDetail) -> dict[str, Any]:
    """The row as it now is, and on the board of one FKB the figures above it."""
    number = "" if request.POST.get("across") else detail.row.round_fkb.fkb.number
    answer = _rows_again(request, detail.round.pk, number, [detail.row.pk])
    return {**answer, "row": answer["rows"][0]}


def _rows_again(
    request: ActorRequest, round_id: int, number: str, row_ids: list[int]
) -> dict[str, Any]:
    """Rows in markup, to take the place of the old ones on the board that the script shows.

    ``number``: of the FKB whose board it is; empty on the board over several, which shows the
    columns that it names itself.
    """
    base = _base(round_id)
    columns = request.POST.get("columns", "")
    if not number:
        rows = [
            board_queries.single_row(
                request.actor, round_id, row_id, board_queries.column_ids(columns)
            )
            for row_id in row_ids[: board_queries.PAGE_SIZE]
        ]
        round = board_queries.get_row(request.actor, round_id, row_ids[0]).round_fkb.round
        return {
            "rows": [_row_markup(row, base, across=True) for row in rows],
            "undo": _undo_address(base, board_queries.last_change(request.actor, round)),
        }
    whole = board_queries.board(request.actor, round_id, number)
    shown = ",".join(str(column.organisation_id) for column in whole.columns)
    return {
        "rows": [
            _row_markup(row, base, across=False) for row in whole.rows if int(row.pk) in row_ids
        ],
        "lede": render_to_string("coordination/board/_lede.html", {"lede": _lede(whole)}),
        "counts": [segment.count for segment in _segments(whole, SHOW[0], {})],
        "reload": bool(columns) and shown != columns,
        "undo": _undo_address(base, whole.last_change),
    }


def _undo_address(base: str, change: LastChange | None) -> str:
    return f"{base}fortryd/{change.pk}/" if change else ""


def _row_markup(row: Row, base: str, *, across: bool) -> str:
    return render_to_string(
        "coordination/board/_row.html",
        {"rows": [row], "base": base, "across": across, "learners": _("kursister")},
    )


@requires(LOGIN)
@require_POST
def undo(request: ActorRequest, round_id: int, change_set_id: int) -> HttpResponse:
    """'Fortryd': one change of the board, as one step."""
    change_set = board_queries.get_change_set(request.actor, round_id, change_set_id)
    try:
        board.undo_change(actor=request.actor, now=clock.now(), change_set=change_set)
    except (Conflict, Forbidden, Invalid) as error:
        said = _("Ændringen kan ikke fortrydes. %(why)s") % {"why": error.message}
        if _from_script(request):
            return JsonResponse({"message": said}, status=409)
        messages.error(request, said)
        return _onwards(request, f"{_base(round_id)}tavle/")
    said = _("Fortrudt: %(what)s") % {"what": change_set.summary}
    if not _from_script(request):
        messages.success(request, said)
        return _onwards(request, f"{_base(round_id)}tavle/")
    number = request.POST.get("fkb", "")
    touched = board_queries.rows_of(change_set)
    return JsonResponse({"message": said, **_rows_again(request, round_id, number, touched)})


# ---------------------------------------------------------------- one course


@requires(LOGIN)
@require_GET
def course(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """One course: what the schools said, comments, history, agreement, in and out of the duty."""
    return _course_page(request, round_id, row_id, CommentForm())


def _course_page(
    request: ActorRequest, round_id: int, row_id: int, form: CommentForm, *, status: int = 200
) -> HttpResponse:
    detail = board_queries.course_detail(request.actor, round_id, row_id)
    return render(
        request,
        "coordination/board/course.html",
        {
            "detail": detail,
            "round": detail.round,
            "fkb": detail.row.round_fkb.fkb,
            "base": _base(round_id),
            "form": form,
            "history": [Entry(event.at, event.who, event.text) for event in detail.history],
            "comments": [Entry(event.at, event.who, event.text) for event in detail.comments],
            "here": request.path,
            "facts": _facts(detail),
        },
        status=status,
    )


def _facts(detail: CourseDetail) -> list[tuple[str, Any]]:
    row = detail.row
    days = row.course.duration_days
    facts: list[tuple[str, Any]] = [
        (_("Forhold til FKB"), str(RelationKind(row.relation).label)),
    ]
    if days is not None:
        facts.append(
            (
                _("Varighed"),
                ngettext("%(days)s dag", "%(days)s dage", 1 if days == 1 else 2)
                % {"days": decimal_text(days)},
            )
        )
    if row.activity is not None and row.activity_year:
        facts.append((_("Kursister %(year)s") % {"year": row.activity_year}, str(row.activity)))
    return facts


@requires(LOGIN)
@require_POST
def comment(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """A remark on a course."""
    row = board_queries.get_row(request.actor, round_id, row_id)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _course_page(request, round_id, row_id, form, status=400)
    board.comment(
        actor=request.actor, now=clock.now(), round_course=row, text=form.cleaned_data["text"]
    )
    return redirect(reverse("coordination:course", args=[round_id, row_id]) + "#kommentarer")


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def external(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """An agreement with a school outside the circle: school, document, time (R27)."""
    row = board_queries.row_to_run(request.actor, round_id, row_id)
    form = ExternalForm(
        request.POST or None,
        request.FILES or None,
        schools=board_queries.outside_schools(request.actor, row),
    )
    if request.method == "POST" and form.is_valid():
        document = form.cleaned_data["document"]
        try:
            board.register_external_agreement(
                actor=request.actor,
                now=clock.now(),
                round_course=row,
                organisation=form.cleaned_data["organisation"],
                school_name=form.cleaned_data["school_name"],
                content=document.read(),
                file_name=document.name,
                when_text=form.cleaned_data["when_text"],
                note=form.cleaned_data["note"],
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else "document", error.message)
        else:
            messages.success(request, _("Aftalen er registreret."))
            return redirect("coordination:course", round_id, row_id)
    return _small_form(
        request,
        row,
        form,
        heading=_("Registrér aftale med skole uden for kredsen"),
        text=_(
            "Bruges, når ingen af de koordinerende skoler kan udbyde målet. Aftalen skal være bindende."
        ),
        label=_("Registrér aftalen"),
        is_upload=True,
    )


def _small_form(
    request: ActorRequest,
    row: Any,
    form: Any,
    *,
    heading: str,
    text: str,
    label: str,
    is_upload: bool = False,
) -> HttpResponse:
    round: Round = row.round_fkb.round
    return render(
        request,
        "coordination/board/small_form.html",
        {
            "row": row,
            "round": round,
            "form": form,
            "heading": heading,
            "text": text,
            "label": label,
            "is_upload": is_upload,
            "course_url": reverse("coordination:course", args=[round.pk, row.pk]),
            "fkb": row.round_fkb.fkb,
        },
        status=400 if form.errors else 200,
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def remove_external(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """Take an agreement outside the circle away, with a reason."""
    row = board_queries.row_to_run(request.actor, round_id, row_id)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        board.remove_external_agreement(
            actor=request.actor,
            now=clock.now(),
            round_course=row,
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, _("Aftalen er fjernet. Dokumentet er stadig i historikken."))
        return redirect("coordination:course", round_id, row_id)
    return _small_form(
        request,
        row,
        form,
        heading=_("Fjern aftalen"),
        text=_("Har ingen anden skole målet, bliver det et hul igen."),
        label=_("Fjern aftalen"),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def archive(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """Take a course out of the round's duty, with a reason (R24)."""
    row = board_queries.row_to_run(request.actor, round_id, row_id)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        board.archive_course(
            actor=request.actor,
            now=clock.now(),
            round_course=row,
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, _("Målet er taget ud af pligten."))
        return redirect("coordination:course", round_id, row_id)
    return _small_form(
        request,
        row,
        form,
        heading=_("Tag målet ud af pligten"),
        text=_("Målet tæller ikke længere som et hul. Skolerne kan stadig udbyde det."),
        label=_("Tag målet ud"),
    )


@requires(LOGIN)
@require_POST
def bring_back(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """Put an archived course under the duty again."""
    row = board_queries.row_to_run(request.actor, round_id, row_id)
    board.bring_back_course(actor=request.actor, now=clock.now(), round_course=row)
    messages.success(request, _("Målet er under pligten igen."))
    return redirect("coordination:course", round_id, row_id)


@requires(LOGIN)
@require_GET
def external_document(request: ActorRequest, round_id: int, row_id: int) -> HttpResponse:
    """The agreement's document as a download."""
    stored = board_queries.external_document(request.actor, round_id, row_id)
    response = HttpResponse(stored.read(), content_type=stored.content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(stored.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
