"""The page of figures, and its Excel file."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from samspil.kernel import clock
from samspil.kernel.downloads import download
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.network.models import Network
from samspil.runs.domain import figures as counted
from samspil.runs.interfaces import figures_shown
from samspil.runs.interfaces.run_page import sections
from samspil.ui.components import Segment

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _asked(request: ActorRequest) -> tuple[list[Network], int | None, list[int], int]:
    networks = counted.networks(request.actor)
    given = whole_number(request.GET.get("samarbejde"))
    network = next((item.pk for item in networks if item.pk == given), None)
    if "samarbejde" not in request.GET:
        own = request.actor.network_ids()
        network = next((item.pk for item in networks if item.pk in own or not own), None)
    years = counted.years()
    wanted = whole_number(request.GET.get("aar"))
    today = clock.today().year
    year = today if today in years else next(iter(years), 0)
    return networks, network, years, wanted if wanted in years else year


@requires(LOGIN)
@require_GET
def figures(request: ActorRequest) -> HttpResponse:
    """Announced, held, cancelled and rescued runs of a year, by school, branch group or quarter."""
    networks, network, years, year = _asked(request)
    by = request.GET.get("efter", counted.SCHOOL)
    by = by if by in counted.GROUPINGS else counted.SCHOOL
    found = counted.figures(year, network=network, today=clock.today(), by=[by]) if year else None
    given = {"aar": year, "samarbejde": network or 0}
    return render(
        request,
        "runs/figures.html",
        {
            "found": found,
            "rows": found.groups[by] if found else [],
            "by": by,
            "by_label": figures_shown.labels()[by],
            "year": year,
            "years": years,
            "network": network,
            "networks": networks,
            "figures": figures_shown.figures(found.total) if found else [],
            "charts": figures_shown.charts(found.groups[by]) if found else [],
            "groupings": [
                Segment(label, f"?{urlencode({**given, 'efter': key})}", current=key == by)
                for key, label in figures_shown.labels().items()
            ],
            "file_query": urlencode(given),
            "sections": sections("figures"),
        },
    )


@requires(LOGIN)
@require_GET
def figures_file(request: ActorRequest) -> HttpResponse:
    """The figures as a workbook: a sheet per grouping."""
    _networks, network, _years, year = _asked(request)
    found = counted.figures(year or clock.today().year, network=network, today=clock.today())
    name = _("tal om hold %(year)s.xlsx") % {"year": found.year}
    return download(figures_shown.workbook(found), name, XLSX)
