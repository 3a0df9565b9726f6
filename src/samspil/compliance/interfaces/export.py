"""How a round's agreements stand, as an Excel workbook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from samspil.compliance.domain.words import guarantee_words, reason_words
from samspil.compliance.interfaces.shown import is_made_up, role_words
from samspil.compliance.models import FollowUp
from samspil.coordination.models import Round
from samspil.kernel import clock
from samspil.kernel.spreadsheets.writer import SafeWorkbook, Writable


def write_follow_ups(
    round: Round, rows: Sequence[FollowUp], *, checked_at: datetime | None
) -> bytes:
    """One line a commitment. The same rows give the same bytes."""
    title = _("Opfølgning %(network)s %(year)s") % {
        "network": round.network.short_name,
        "year": round.year,
    }
    book = SafeWorkbook(title=title)
    sheet = book.add_sheet(_("Aftaler"))
    sheet.write(0, 0, title, "title")
    note = _("Kontrolleret %(day)s") % {"day": _day(checked_at)} if checked_at else ""
    if any(is_made_up(row.round_course) for row in rows):
        note = " · ".join(part for part in (note, _("konstrueret eksempel")) if part)
    sheet.write(1, 0, note, "muted")
    sheet.table(
        3,
        [
            "FKB", _("Mål"), _("Titel"), _("Skole"), _("Rolle"), _("Aftalt tid"), _("Hold aftalt"),
            _("Hold annonceret"), _("Garanti"), _("Annonceres senest"), _("Status"), _("Siden"),
            _("Hvorfor"), _("Garantien"),
        ],
        [_line(row) for row in rows],
    )  # fmt: skip
    sheet.widths([7, 8, 44, 34, 18, 22, 8, 10, 9, 13, 16, 13, 70, 50])
    sheet.print_setup(repeat_rows=(3, 3))
    return book.close()


def _day(at: datetime) -> str:
    return clock.local_date(at).strftime("%d-%m-%Y")


def _line(row: FollowUp) -> list[Writable]:
    line = row.round_course
    return [
        line.round_fkb.fkb.number,
        line.course.number,
        line.course.title,
        row.school_name,
        role_words(row),
        row.when_text,
        row.runs,
        row.announced,
        _("ja") if row.guarantee else "",
        _date(row.due_on),
        str(row.get_status_display()),
        _date(row.since),
        reason_words(row.reason),
        guarantee_words(row),
    ]


def _date(day: date) -> date:
    return day
