"""A fetch that somebody brings along as a file: the search's JSON, or a list as a spreadsheet."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from samspil.kernel import uploads
from samspil.kernel.errors import Invalid, UploadRefused
from samspil.kernel.imports import values
from samspil.kernel.imports.actions import spec_of
from samspil.kernel.imports.tables import find_tables
from samspil.kernel.spreadsheets.reader import CellValue, read_workbook
from samspil.runs.domain.harvest import SPEC, Answer, Trouble
from samspil.runs.interfaces.harvest_records import read_page
from samspil.runs.interfaces.harvest_words import trouble_words
from samspil.runs.interfaces.imports import course_in_link

_KINDS: Final = ("xlsx", "ods", "csv")


def read_answer(
    content: bytes, name: str, *, course: str, looked_on: date, is_whole: bool
) -> Answer:
    """What a file tells. ``course``: the number of the course, when the file itself doesn't say.

    Raises ``UploadRefused`` or ``Invalid`` with a sentence.
    """
    rows = _json(content) if content.lstrip()[:1] in (b"{", b"[") else _list(content, name)
    courses: set[str] = set()
    for row in rows:
        number = _number(row.get("course")) or course_in_link(row.get("link")) or course
        row["course"] = number
        if number:
            courses.add(str(number))
    if any(not row["course"] for row in rows):
        raise Invalid(
            _("Filen siger ikke, hvilket mål holdene er på. Skriv fagnummeret."), field="course"
        )
    if not rows and not course:
        raise Invalid(_("Filen har ingen hold."), field="file")
    if course:
        courses.add(course)
    return Answer(looked_on, tuple(sorted(courses)), rows, is_whole=is_whole)


def _number(value: CellValue) -> str | None:
    try:
        return values.course_number(value)
    except values.ValueProblem:
        return None


def _json(content: bytes) -> list[dict[str, CellValue]]:
    if len(content) > uploads.MAX_BYTES:
        raise UploadRefused(
            _("Filen er større end %(mb)s MB.") % {"mb": uploads.MAX_BYTES // 1024**2}
        )
    try:
        return read_page(content, page=1)
    except Trouble as trouble:
        raise Invalid(trouble_words(trouble), field="file") from None


def _list(content: bytes, name: str) -> list[dict[str, CellValue]]:
    """The rows of a list by column, as ``runs.course_runs`` finds them."""
    info = uploads.inspect(content, name, kinds=_KINDS)
    sheets = read_workbook(content, info.kind)
    spec = spec_of(SPEC)
    tables = [table for table in find_tables(sheets, spec.columns, {}) if table.is_read]
    needed = [column for column in spec.columns if column.required]
    for table in tables:
        missing = [c for c in needed if c.key not in table.columns.values()]
        if missing:
            raise Invalid(
                _("Filen har ingen kolonne, der er læst som »%(label)s«.")
                % {"label": missing[0].label},
                field="file",
            )
    if not tables:
        raise Invalid(_("Vi kan ikke finde en liste over hold i filen."), field="file")
    return [
        {key: sheets[table.sheet].cell(at, place) for place, key in table.columns.items()}
        for table in tables
        for at in range(
            table.heading_row + 1, min(table.last_row + 1, len(sheets[table.sheet].rows))
        )
        if any(cell is not None for cell in sheets[table.sheet].rows[at])
    ]
