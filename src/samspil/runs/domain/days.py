"""The days of a run: from single dates or a pattern to days, without Danish holidays. Pure, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Final

import holidays
from django.utils.translation import get_language

from samspil.runs.enums import PeriodKind

MOST_DAYS: Final = 400
"""More days than this in one period is a slip of the hand."""
WORKWEEK: Final = (1, 2, 3, 4, 5)
_SCHOOLS_OPEN: Final = {(5, 1)}  # Labour Day is no holiday by law, and schools teach on it


@dataclass(frozen=True, slots=True)
class Plan:
    """A period as a person says it. ``weekdays``: 1 Monday – 7 Sunday.

    ``dates``: of kind ``dates`` the days themselves; of a ``pattern`` days that are left out.
    """

    kind: str = PeriodKind.PATTERN
    first_on: date | None = None
    last_on: date | None = None
    weekdays: tuple[int, ...] = WORKWEEK
    dates: tuple[date, ...] = ()
    skips_holidays: bool = True
    starts_at: time | None = None
    ends_at: time | None = None
    room: str = ""
    teacher: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is taught. ``holiday``: its name, where somebody chose a holiday on purpose."""

    on: date
    starts_at: time | None = None
    ends_at: time | None = None
    room: str = ""
    teacher: str = ""
    holiday: str = ""

    @property
    def week(self) -> int:
        """ISO week number, as Danes count weeks."""
        return self.on.isocalendar().week


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day of the pattern that falls on a holiday and is not taught."""

    on: date
    holiday: str


@lru_cache(maxsize=40)
def _holidays(year: int, language: str) -> dict[date, str]:
    found = holidays.country_holidays(
        "DK", years=year, language=language, categories=("public", "optional")
    )
    return {day: name for day, name in found.items() if (day.month, day.day) not in _SCHOOLS_OPEN}


def holiday(day: date) -> str:
    """The name of the Danish holiday; empty on other days.

    Public holidays, and Constitution Day, Christmas Eve and New Year's Eve, when schools are closed.
    """
    language = "da" if (get_language() or "da").startswith("da") else "en_US"
    return _holidays(day.year, language).get(day, "")


def days_of(plan: Plan) -> tuple[list[Day], list[Skipped]]:
    """The days of a period in order, and the holidays that a pattern passes over."""
    taught: list[Day] = []
    skipped: list[Skipped] = []
    for on in _said(plan):
        name = holiday(on)
        if name and plan.kind == PeriodKind.PATTERN and plan.skips_holidays:
            skipped.append(Skipped(on, name))
            continue
        taught.append(Day(on, plan.starts_at, plan.ends_at, plan.room, plan.teacher, name))
    return taught, skipped


def _said(plan: Plan) -> list[date]:
    if plan.kind == PeriodKind.DATES:
        return sorted(set(plan.dates))
    if plan.first_on is None or plan.last_on is None:
        return []
    count = min((plan.last_on - plan.first_on).days + 1, MOST_DAYS)
    span = (plan.first_on + timedelta(days=i) for i in range(count))
    return [on for on in span if on.isoweekday() in plan.weekdays and on not in plan.dates]


def all_days(plans: Sequence[Plan]) -> tuple[list[Day], list[Skipped]]:
    """The days of several periods together, in order."""
    taught: list[Day] = []
    skipped: list[Skipped] = []
    for plan in plans:
        more, passed = days_of(plan)
        taught += more
        skipped += passed
    taught.sort(key=lambda day: (day.on, day.starts_at or time.min))
    return taught, sorted(skipped, key=lambda item: item.on)


def length(days: Sequence[Day]) -> int:
    """How many different days are taught."""
    return len({day.on for day in days})


def moved(plans: Sequence[Plan], first_on: date) -> list[Plan]:
    """The periods, so that the first day taught is ``first_on`` and as many days are taught as before.

    Single dates and the start of later periods move by the same number of days. A pattern keeps its
    weekdays and runs on until it has its number of days, so holidays cost none; where ``first_on`` is a
    weekday that the pattern lacks, the weekdays turn with it. Days left out by hand are not taken along.
    """
    taught, _skipped = all_days(plans)
    if not taught:
        return list(plans)
    shift = first_on - taught[0].on
    return [_moved(plan, shift) for plan in plans]


def _moved(plan: Plan, shift: timedelta) -> Plan:
    if plan.kind == PeriodKind.DATES:
        return replace(plan, dates=tuple(sorted(day + shift for day in plan.dates)))
    taught, _skipped = days_of(plan)
    if not taught:
        return plan
    start = taught[0].on + shift
    weekdays = plan.weekdays
    if start.isoweekday() not in weekdays:
        turned = (start.isoweekday() - taught[0].on.isoweekday()) % 7
        weekdays = tuple(sorted((day - 1 + turned) % 7 + 1 for day in weekdays))
    end = start
    trial = replace(plan, first_on=start, last_on=end, weekdays=weekdays, dates=())
    while len(days_of(trial)[0]) < len(taught) and (end - start).days < MOST_DAYS:
        end += timedelta(days=1)
        trial = replace(trial, last_on=end)
    return trial
