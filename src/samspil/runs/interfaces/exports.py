"""Runs as lists, under the headings of the national search, so that what goes out can be read in."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from samspil.kernel.spreadsheets.writer import SafeWorkbook, Writable
from samspil.runs.models import CourseRun

COLUMNS: Final = (
    "kviknummer",
    "subject_code",
    "holdTitel",
    "institution",
    "startDate",
    "endDate",
    "tilmeldingsFrist",
    "duration",
    "undervisningstidspunkt",
    "undervisningsform",
    "lokationGade",
    "lokationPostNr",
    "lokationSted",
    "participantCapacity",
    "minimumParticipants",
    "currentParticipantAmount",
    "garantiKursus",
    "aflyst",
    "normpris",
    "link",
    "opgjort",
    "status",
    "ledigePladser",
)
"""The search's own names; ``subject_code``, ``opgjort`` and ``status`` are Samspil's."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def rows(runs: Sequence[CourseRun]) -> list[list[Writable]]:
    """One row per run, in the order of ``COLUMNS``."""
    return [
        [
            run.kviknummer,
            run.course.number,
            run.title,
            run.organisation.name,
            run.starts_on,
            run.ends_on,
            run.deadline_on,
            run.duration_days,
            run.hours,
            run.teaching_form,
            run.street,
            run.postcode,
            run.city,
            run.capacity,
            run.minimum,
            run.enrolled,
            "ja" if run.is_guaranteed else "nej",
            "ja" if run.is_cancelled else "nej",
            run.price,
            run.link,
            run.seen_on,
            run.get_status_display(),
            run.free,
        ]
        for run in runs
    ]


def _plain(value: Writable) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", ",")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def runs_csv(runs: Sequence[CourseRun]) -> bytes:
    """Semicolons, UTF-8 with byte order mark; no text that a spreadsheet runs as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_plain(value) for value in row] for row in rows(runs))
    return out.getvalue().encode("utf-8-sig")


def runs_xlsx(runs: Sequence[CourseRun]) -> bytes:
    """A workbook with one sheet."""
    book = SafeWorkbook(title="Hold")
    sheet = book.add_sheet("Hold")
    sheet.table(0, COLUMNS, rows(runs))
    sheet.widths([20, 10, 34, 30, *[12] * (len(COLUMNS) - 4)])
    return book.close()
