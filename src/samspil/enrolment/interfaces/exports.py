"""Lists as files: people of a run as Excel, data for certificates as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from django.utils.translation import gettext as _

from samspil.enrolment.domain.exports import Certificate
from samspil.enrolment.domain.queries import Person
from samspil.enrolment.interfaces import shown
from samspil.enrolment.models import SignUp
from samspil.kernel import clock
from samspil.kernel.spreadsheets.writer import SafeWorkbook, Writable
from samspil.runs.models import CourseRun
from samspil.ui.templatetags.ui import period

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


def _orderer(sign_up: SignUp) -> str:
    return {
        "private": _("privat"),
        "company": _("virksomhed"),
        "self_employed": _("selvstændig"),
        "municipality": _("kommune"),
    }[sign_up.orderer]


def people_xlsx(run: CourseRun, people: Sequence[Person]) -> bytes:
    """The people of a run, a row each. A hidden name says that it is hidden. No CPR numbers."""
    book = SafeWorkbook(title=run.course.title)
    sheet = book.add_sheet(_("Tilmeldte"))
    sheet.write(0, 0, f"{run.course.number} {run.course.title}", "title")
    sheet.write(1, 0, f"{period(run.starts_on, run.ends_on)}, {run.organisation.name}", "subtitle")
    labels = [
        _("Tilmelding"), _("Navn"), _("Mail"), _("Status"), _("Nr. i køen"), _("Tilmeldt den"),
        _("Tilmelder"), _("Virksomhed"), _("CVR"), _("Kontakt"), _("Kontaktens mail"), _("Gebyr, kr."),
    ]  # fmt: skip
    sheet.table(3, labels, [_row(person) for person in people])
    sheet.widths((11, 26, 28, 16, 10, 14, 12, 24, 11, 24, 28, 11))
    return book.close()


def _row(person: Person) -> list[Writable]:
    line = shown.staff_line(person)
    sign_up = person.sign_up
    return [
        sign_up.pk,
        line.name,
        person.email,
        line.state,
        person.place or None,
        clock.local_date(sign_up.created_at),
        _orderer(sign_up),
        sign_up.company_name,
        sign_up.cvr,
        person.contact,
        person.contact_email,
        person.enrolment.fee_ore / 100 if person.enrolment.fee_ore else None,
    ]


def certificates_csv(rows: Sequence[Certificate]) -> bytes:
    """Data for certificates with semicolons and a BOM, as Danish Excel and student systems read it.

    A text that begins like a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            "cpr",
            "navn",
            "maal",
            "titel",
            "kviknummer",
            "start",
            "slut",
            "dage_til_stede",
            "dage_noteret",
        ]
    )
    for row in rows:
        writer.writerow(
            [
                row.cpr,
                _plain(row.name),
                row.course_number,
                _plain(row.course_title),
                _plain(row.kviknummer),
                f"{row.starts_on:%d-%m-%Y}",
                f"{row.ends_on:%d-%m-%Y}",
                row.days_present,
                row.days_noted,
            ]
        )
    return ("\ufeff" + out.getvalue()).encode()


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text
