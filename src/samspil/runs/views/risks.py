"""The page of runs at risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from samspil.kernel import clock
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.network.models import Network
from samspil.runs.domain import risks as at_risk
from samspil.runs.interfaces import curve
from samspil.runs.interfaces.run_page import pooling_for, sections


@dataclass(frozen=True, slots=True)
class _Week:
    number: int
    monday: date
    lines: list[curve.Shown]
    pool_url: str = ""

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


@requires(LOGIN)
@require_GET
def risks(request: ActorRequest) -> HttpResponse:
    """Runs below their minimum by the week in which they are decided, with what may be expected."""
    networks, schools = at_risk.scopes(request.actor, today=clock.today())
    network = _network(request, networks)
    wanted = at_risk.RiskFilter(school=request.GET.get("skole", "")[:60], network=network)
    page, lines, sums = at_risk.at_risk(
        wanted, today=clock.today(), page=request.GET.get("side", 1)
    )
    pooling = pooling_for(request.actor)
    today = clock.today()
    weeks = [
        _Week(
            key[1],
            group[0].monday,
            [curve.shown(line) for line in group],
            # what was decided in an earlier week cannot be pooled any more
            pooling.of_week(group[0].monday)
            if pooling and group[0].monday + timedelta(days=6) >= today
            else "",
        )
        for key, group in (
            (key, list(found)) for key, found in groupby(lines, key=lambda x: x.week)
        )
    ]
    return render(
        request,
        "runs/risks.html",
        {
            "page": page,
            "weeks": weeks,
            "sums": sums,
            "wanted": wanted,
            "networks": networks,
            "schools": schools,
            "sections": sections("risks"),
        },
    )


def _network(request: ActorRequest, networks: list[Network]) -> int | None:
    """The network that was chosen; else the first in which the actor takes part; ``None`` for all schools."""
    if "samarbejde" in request.GET:
        given = whole_number(request.GET["samarbejde"])
        return next((item.pk for item in networks if item.pk == given), None)
    if request.actor.is_platform_admin or not networks:
        return None
    own = request.actor.network_ids()
    return next((item.pk for item in networks if item.pk in own), networks[0].pk)
