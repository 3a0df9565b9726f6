"""The calendar over schools: a month day by day, or weeks by school or by course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from samspil.kernel import clock
from samspil.kernel.http import LOGIN, ActorRequest, requires, whole_number
from samspil.runs.domain import calendar as calendars
from samspil.runs.domain import days
from samspil.runs.domain.calendar import Slot, Wanted
from samspil.runs.interfaces.run_page import sections
from samspil.ui.components import Segment

SHOWN: Final = 5
WEEKS: Final = 6


@dataclass(frozen=True, slots=True)
class _Day:
    on: date
    slots: list[tuple[Slot, bool]]
    more: int
    holiday: str
    is_other: bool
    is_today: bool


@requires(LOGIN)
@require_GET
def calendar(request: ActorRequest) -> HttpResponse:
    """Runs day by day or week by week, over the schools that were chosen, with what clashes."""
    today = clock.today()
    view = request.GET.get("vis", "maaned")
    view = view if view in ("maaned", "uge", "skoler", "maal") else "maaned"
    day = _day(request.GET.get("fra", ""), today)
    networks, schools = calendars.scopes(request.actor)
    given = whole_number(request.GET.get("samarbejde"))
    own = request.actor.network_ids()
    network = next((item.pk for item in networks if item.pk == given), None)
    if "samarbejde" not in request.GET:
        network = next((item.pk for item in networks if item.pk in own or not own), None)
    monday = day - timedelta(days=day.weekday())
    if view == "maaned":
        first, last = calendars.month_of(day)
        earlier = day.replace(day=1) - timedelta(days=1)
        before, after = earlier, (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        length = 1 if view == "uge" else WEEKS
        first, last = monday, monday + timedelta(days=7 * length - 1)
        before, after = monday - timedelta(weeks=length), monday + timedelta(weeks=length)
    wanted = Wanted(
        first,
        last,
        school=request.GET.get("skole", "")[:60],
        network=network,
        course=request.GET.get("fag", "").strip()[:5],
    )
    found = calendars.calendar(request.actor, wanted, today=today)
    kept = {
        "skole": wanted.school,
        "fag": wanted.course,
        "samarbejde": network or 0,
    }
    mondays = [first + timedelta(weeks=i) for i in range(((last - first).days + 1) // 7)]
    context: dict[str, Any] = {
        "view": view,
        "day": day,
        "first": first,
        "last": last,
        "wanted": wanted,
        "networks": networks,
        "schools": schools,
        "found": found,
        "sections": sections("calendar"),
        "mondays": [(item, item.isocalendar().week) for item in mondays],
        "weekdays": [first + timedelta(days=i) for i in range(7)],
        "before": f"?{urlencode({**kept, 'vis': view, 'fra': before.isoformat()})}",
        "after": f"?{urlencode({**kept, 'vis': view, 'fra': after.isoformat()})}",
        "now": f"?{urlencode({**kept, 'vis': view})}",
        "week_url": f"?{urlencode({**kept, 'vis': 'uge'})}",
        "lanes": None,
        "views": [
            Segment(
                label,
                f"?{urlencode({**kept, 'vis': key, 'fra': day.isoformat()})}",
                current=key == view,
            )
            for key, label in (
                ("maaned", _("Måned")),
                ("uge", _("Uge")),
                ("skoler", _("Uger pr. skole")),
                ("maal", _("Uger pr. mål")),
            )
        ],
    }
    if view in ("skoler", "maal"):
        context["lanes"] = calendars.lanes(found.runs, mondays, by_course=view == "maal")
    else:
        most = SHOWN if view == "maaned" else 200
        context["weeks"] = [
            (
                item,
                item.isocalendar().week,
                [
                    _cell(found, item + timedelta(days=i), day, today, most, view == "maaned")
                    for i in range(7)
                ],
            )
            for item in mondays
        ]
    return render(request, "runs/calendar.html", context)


def _cell(
    found: calendars.Calendar, on: date, month: date, today: date, most: int, is_month: bool
) -> _Day:
    slots = found.days.get(on, [])
    clashing = found.clashing if found.clashes else set()
    # Those that clash are shown in any case.
    marked = sorted(
        ((slot, (slot.run.pk, on) in clashing) for slot in slots), key=lambda item: not item[1]
    )
    return _Day(
        on=on,
        slots=marked[:most],
        more=max(0, len(marked) - most),
        holiday=days.holiday(on),
        is_other=is_month and on.month != month.month,
        is_today=on == today,
    )


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if 2000 <= found.year <= 2100 else today
