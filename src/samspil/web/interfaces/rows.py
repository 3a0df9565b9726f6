"""The rows of public lists as markup. Made here and not in a template, which takes four times as long:
the pages are answered freshly whenever anything has changed.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from decimal import Decimal

from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from samspil.ui.templatetags.ui import constructed, period, tag
from samspil.web.domain.courses import Line
from samspil.web.interfaces.shown import ShownRun


def escape(text: object) -> str:
    """The text for HTML. Django's own asks of every text whether it is a lazy one: 300 times a page."""
    return html.escape(str(text))


def days(number: Decimal) -> str:
    """How long a course lasts, in words."""
    if number == 1:
        return _("1 dag")
    shown = formats.number_format(number.normalize() if number % 1 else int(number))
    return _("%(days)s dage") % {"days": shown}


def course_rows(lines: Iterable[tuple[Line, str]]) -> SafeString:
    """Courses with the addresses of their pages, as items of a list."""
    guarantee = tag(_("Garanti"), "ok")
    invented = constructed()
    held = _("Holdet gennemføres hos %(school)s")
    none_yet, none = _("Ingen hold annonceret endnu"), _("Ingen hold annonceret")
    agreed = _("Aftalt for %(year)s: %(schools)s")
    in_towns = _("i %(towns)s byer")
    parts: list[str] = []
    for line, url in lines:
        course = line.course
        about = course.number
        if course.duration_days is not None:
            about += f" · {escape(days(course.duration_days))}"
        if course.fkbs:
            about += f" · FKB {', '.join(course.fkbs)}"
        if course.is_constructed:
            about += f" {invented}"
        parts.append(
            f'\n<li>\n  <div><h3 lang="da"><a href="{escape(url)}">{escape(course.title)}</a></h3>'
            f'\n  <p class="about">{about}</p></div>\n  '
        )
        first = line.first
        if first is not None:
            row = first.row
            school, place = escape(row.organisation.label), escape(first.place)
            parts.append(
                f'<div class="next"><p><b>{escape(period(row.starts_on, row.ends_on))}</b>'
                f"{f' {guarantee}' if row.is_guaranteed else ''}</p>"
                f"\n  <p>{school}{f', {place}' if place else ''}</p>"
            )
            if first.held_by:
                parts.append(f"\n  <p>{escape(held % {'school': first.held_by})}</p>")
            runs = ngettext("%(runs)s hold", "%(runs)s hold", line.count) % {"runs": line.count}
            towns = len(line.towns)
            where = f" {escape(in_towns % {'towns': towns})}" if towns > 1 else ""
            parts.append(f'\n  <p class="more">{escape(runs)}{where}</p></div>')
        elif line.offers:
            said = agreed % {"year": line.offers[0].year, "schools": ", ".join(line.offered_by)}
            parts.append(
                f'<div class="next"><p>{none_yet}</p><p class="more">{escape(said)}</p></div>'
            )
        else:
            parts.append(f'<div class="next none"><p>{none}</p></div>')
        parts.append("\n</li>")
    return mark_safe("".join(parts))  # every text in it is escaped


def run_rows(items: Iterable[ShownRun]) -> SafeString:
    """A course's runs as items of a list."""
    late, sign_up, calendar = _("Fristen er overskredet"), _("Tilmelding"), _("Kalender")
    guarantee, full = tag(_("Garanti"), "ok"), tag(_("Fuldt"), "plain")
    sign_up_here, queue_here = _("Tilmeld dig"), _("Skriv dig på venteliste")
    english = (get_language() or "da").startswith("en")
    here = reverse("enrolment:en_sign_up" if english else "enrolment:sign_up", args=[0])
    parts: list[str] = []
    for item in items:
        row = item.run.row
        said = escape(item.said)
        parts.append(f'\n<li>\n  <div class="when"><b>{escape(item.when)}</b>')
        if row.hours:
            parts.append(f"<span>{escape(row.hours)}</span>")
        parts.append(f'</div>\n  <div class="where"><p><b>{escape(row.organisation.name)}</b></p>')
        if item.held:
            parts.append(f'<p class="held">{escape(item.held)}</p>')
        parts.append(f"<p>{escape(item.where)}</p>")
        if row.teaching_form and row.teaching_form != "Dagundervisning":
            parts.append(f"<p>{escape(row.teaching_form)}</p>")
        parts.append(
            f'</div>\n  <div class="seats"><p>{f"{guarantee} " if row.is_guaranteed else ""}'
            f"{escape(item.free) if item.free else full}</p>"
        )
        if item.price:
            parts.append(f"<p>{escape(item.price)}</p>")
        if item.run.is_late:
            parts.append(f'<p><span class="over">{late}</span></p>')
        elif item.deadline:
            parts.append(f"<p>{escape(item.deadline)}</p>")
        parts.append('</div>\n  <div class="do">')
        if row.takes_sign_up and not item.run.is_late:
            parts.append(
                f'<a href="{here.replace("/0/", f"/{row.pk}/")}">{sign_up_here if item.free else queue_here}'
                f'<span class="sr-only">{said}</span></a>'
            )
        elif row.link:
            parts.append(
                f'<a href="{escape(row.link)}" rel="noopener">{sign_up}'
                f'<span class="sr-only">{said}</span></a>'
            )
        parts.append(
            f'<a href="{escape(item.file_url)}" download>{calendar}'
            f'<span class="sr-only">{said}</span></a></div>\n</li>'
        )
    return mark_safe("".join(parts))  # every text in it is escaped
