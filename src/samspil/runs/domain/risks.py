"""Runs at risk by the week in which they are decided: for a school, for a network, or for all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from samspil.kernel.actor import Actor
from samspil.network.models import Membership, Network, Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.domain import outlook
from samspil.runs.domain.outlook import Outlook
from samspil.runs.models import CourseRun


@dataclass(frozen=True, slots=True)
class RiskFilter:
    """Whose runs: of a school (its key), of a network's schools, or everybody's where both are empty."""

    school: str = ""
    network: int | None = None


@dataclass(frozen=True)
class Line:
    """A run at risk, what may be expected of it, and its counts so far."""

    run: CourseRun
    outlook: Outlook
    counts: list[tuple[date, int]]

    @property
    def week(self) -> tuple[int, int]:
        """ISO year and week of the decision."""
        found = self.outlook.decides_on.isocalendar()
        return found.year, found.week

    @property
    def monday(self) -> date:
        """The first day of that week."""
        return self.outlook.decides_on - timedelta(days=self.outlook.decides_on.weekday())


@dataclass(frozen=True, slots=True)
class Sums:
    """Runs at risk and the people in them."""

    runs: int
    people: int


def at_risk(
    wanted: RiskFilter, *, today: date, page: str | int = 1, size: int = 40
) -> tuple[Page[CourseRun], list[Line], Sums]:
    """A page of runs at risk, those decided first first, each with its outlook. Announced runs are public."""
    rows = _rows(wanted, today)
    sums = rows.aggregate(people=Sum(F("enrolled") + F("signed_up_here")))
    ordered = (
        rows.annotate(decides=Coalesce("decision_on", "deadline_on", "starts_on"))
        .select_related("course", "organisation")
        .order_by("decides", "starts_on", "pk")
    )
    found: Page[CourseRun] = Paginator(cast("QuerySet[CourseRun]", ordered), size).get_page(page)
    runs = list(found)
    told = outlook.outlooks(runs)
    counts = outlook.watched(runs)
    return (
        found,
        [Line(run, told[run.pk], counts[run.pk]) for run in runs],
        Sums(found.paginator.count, sums["people"] or 0),
    )


def _rows(wanted: RiskFilter, today: date) -> QuerySet[CourseRun]:
    # What has begun is past helping, also where the list that a run was read from is old.
    rows = CourseRun.objects.at_risk().filter(starts_on__gt=today)
    if wanted.school:
        return rows.filter(organisation__key=wanted.school)
    if wanted.network is not None:
        return rows.filter(
            organisation__in=Membership.objects.filter(
                valid_on(today), network_id=wanted.network
            ).values("organisation")
        )
    return rows


def of_run(run: CourseRun) -> Line:
    """One run, whether at risk or not, with its outlook."""
    return Line(run, outlook.outlooks([run])[run.pk], outlook.watched([run])[run.pk])


def scopes(actor: Actor, *, today: date) -> tuple[list[Network], list[Organisation]]:
    """The networks the actor sees, and the schools that have runs at risk; both by name."""
    return (
        list(Network.objects.visible_to(actor).order_by("name", "pk")),
        list(
            Organisation.objects.filter(
                pk__in=CourseRun.objects.at_risk()
                .filter(starts_on__gt=today)
                .values("organisation")
            ).order_by("name", "pk")
        ),
    )
