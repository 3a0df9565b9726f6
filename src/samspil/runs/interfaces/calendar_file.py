"""Runs as a calendar file (iCalendar, RFC 5545).

A run is an event of whole days: its hours are free text, and a calendar that shows a wrong hour is
worse than one that shows the day. So no time zones are needed, and no library.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _

from samspil.runs.domain.told import Run

CONTENT_TYPE = "text/calendar; charset=utf-8"
_LINE = 75  # octets, section 3.1


def calendar(runs: Iterable[tuple[Run, str, str]], *, host: str) -> str:
    """A calendar of ``(run, title, address of its page)``. ``host`` makes the ids unique."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Samspil//Samspil//DA",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for run, title, url in runs:
        lines += _event(run, title, url, host)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _event(run: Run, title: str, url: str, host: str) -> list[str]:
    row = run.row
    told = [
        row.organisation.name,
        _("Holdet gennemføres hos %(school)s.") % {"school": run.held_by} if run.held_by else "",
        row.hours,
        _("Tilmelding senest %(day)s.") % {"day": _shown(row.deadline_on)}
        if row.deadline_on
        else "",
        _("Garanteret at blive gennemført.") if row.is_guaranteed else "",
        f"{_('Kviknummer')}: {row.kviknummer}" if row.kviknummer else "",
    ]
    where = ", ".join(part for part in (row.street, f"{row.postcode} {row.city}".strip()) if part)
    stamp = datetime.combine(row.seen_on, time(), tzinfo=UTC)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_escaped(row.kviknummer or f'hold-{row.pk}')}@{host}",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{row.starts_on:%Y%m%d}",
        # the end is the first day that is no longer part of it (section 3.6.1)
        f"DTEND;VALUE=DATE:{row.ends_on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(title)}",
        f"DESCRIPTION:{_escaped(chr(10).join(line for line in told if line))}",
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]
    if where:
        lines.insert(6, f"LOCATION:{_escaped(where)}")
    return lines


def _shown(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def _escaped(text: str) -> str:
    """Text as section 3.3.11 wants it; control characters go."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(c for c in text if c >= " " and c != "\x7f")


def _folded(line: str) -> str:
    """A line of at most 75 octets, continued on lines that begin with a space."""
    parts, size = [""], 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _LINE:
            parts.append(" ")
            size = 1
        parts[-1] += letter
        size += octets
    return "\r\n".join(parts)
