"""Pages about fetching announced runs: what changed, fetch now, a file."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, ActorRequest, insist, requires, whole_number
from samspil.kernel.uploads import MAX_BYTES
from samspil.runs import rules
from samspil.runs.domain import harvest, harvest_queries
from samspil.runs.enums import RunChangeKind
from samspil.runs.interfaces.changes_shown import by_day
from samspil.runs.interfaces.harvest_files import read_answer
from samspil.runs.interfaces.harvest_forms import FetchedFileForm, FetchForm
from samspil.runs.interfaces.harvest_words import problem_words, trouble_words
from samspil.ui.components import Segment

_DAYS = (2, 14, 90)


@requires(LOGIN)
def changes(request: ActorRequest) -> HttpResponse:
    """What is new, gone and changed among the announced runs, day by day."""
    days = whole_number(request.GET.get("dage"), 14)
    kind = request.GET.get("vis", "")
    wanted = harvest_queries.ChangeFilter(
        text=request.GET.get("q", "").strip()[:100],
        school=request.GET.get("skole", "")[:60],
        kind=kind if kind in RunChangeKind.values else "",
        days=max(2, min(days, settings.SAMSPIL_HARVEST_KEEP_DAYS)),
    )
    today = clock.today()
    page = harvest_queries.changes(
        request.actor, wanted, today=today, page=request.GET.get("side", 1)
    )
    counted = harvest_queries.counts(wanted, today=today)
    standing = harvest_queries.standing()
    problem = standing.failed.problem if standing.failed else {}
    may_fetch = rules.may_read_runs_in(request.actor)
    return render(
        request,
        "runs/changes.html",
        {
            "page": page,
            "days": by_day(page.object_list),
            "wanted": wanted,
            "kinds": _kinds(request, wanted, counted),
            "periods": _periods(request, wanted),
            "schools": harvest_queries.schools_with_changes(),
            "standing": standing,
            "problem": problem_words(problem),
            "is_doubtful": problem.get("code") == "fewer",
            "fetch_form": FetchForm(),
            "may_fetch": may_fetch,
            "is_set_up": bool(settings.SAMSPIL_HARVEST_URL),
            "recent": [(row, problem_words(row.problem)) for row in harvest_queries.recent()]
            if may_fetch
            else [],
        },
    )


def _link(request: ActorRequest, **values: str | int) -> str:
    kept = {
        key: value
        for key, value in request.GET.items()
        if key in ("q", "skole", "vis", "dage") and key not in values and value
    }
    return f"?{urlencode({**kept, **{k: v for k, v in values.items() if v != ''}})}"


def _kinds(
    request: ActorRequest, wanted: harvest_queries.ChangeFilter, counted: dict[str, int]
) -> list[Segment]:
    worth = sum(counted[kind] for kind in harvest_queries.WORTH_TELLING)
    labels = [("", _("Alt"), worth)] + [
        (kind.value, str(kind.label), counted[kind.value])
        for kind in RunChangeKind
        if kind != RunChangeKind.BACK or counted[kind.value]
    ]
    return [
        Segment(label, _link(request, vis=value), count=count, current=value == wanted.kind)
        for value, label, count in labels
    ]


def _periods(request: ActorRequest, wanted: harvest_queries.ChangeFilter) -> list[Segment]:
    return [
        Segment(
            ngettext("%(count)s dag", "%(count)s dage", days) % {"count": days},
            _link(request, dage=days),
            current=days == wanted.days,
        )
        for days in _DAYS
    ]


@requires("runs.request_harvest")
@require_POST
def fetch_now(request: ActorRequest) -> HttpResponse:
    """Have the announced runs fetched by the worker."""
    form = FetchForm(request.POST)
    form.full_clean()
    try:
        harvest.request_harvest(
            actor=request.actor,
            now=clock.now(),
            accepts_fewer=bool(form.cleaned_data.get("accepts_fewer")),
        )
    except (Invalid, Conflict) as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, _("Holdene bliver hentet nu. Det kan tage nogle minutter."))
    return redirect("runs:changes")


@requires("runs.take_in_file")
@require_http_methods(["GET", "POST"])
def fetched_file(request: ActorRequest) -> HttpResponse:
    """Take a fetch in from a file."""
    insist(rules.may_read_runs_in(request.actor))
    form = FetchedFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        now = clock.now()
        try:
            answer = read_answer(
                data["file"].read(MAX_BYTES + 1),
                data["file"].name or "",
                course=data["course"].strip(),
                looked_on=clock.local_date(now),
                is_whole=data["is_whole"],
            )
            made = harvest.take_in_file(
                actor=request.actor,
                now=now,
                answer=answer,
                accepts_fewer=data["accepts_fewer"],
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else "file", error.message)
        except Conflict as error:
            form.add_error(None, error.message)
        except harvest.Trouble as trouble:
            form.add_error(None, trouble_words(trouble))
        else:
            messages.success(
                request,
                _("%(runs)s hold læst: %(new)s nye, %(gone)s væk, %(changed)s ændret.")
                % {
                    "runs": made.runs,
                    "new": made.new,
                    "gone": made.gone,
                    "changed": made.changed,
                },
            )
            for note in made.notes[:5]:
                messages.warning(request, note)
            return redirect("runs:changes")
    return render(
        request,
        "runs/fetched_file.html",
        {"form": form, "cancel_url": reverse("runs:changes")},
    )
