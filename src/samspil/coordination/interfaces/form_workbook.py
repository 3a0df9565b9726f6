"""A school's form as an Excel workbook: guide, a sheet per branch group, hidden base.

Rows carry a hidden key (``form_keys``) and columns a hidden code, so that the form can be read
again after sorting, filtering, moved columns and renamed headings. The very hidden sheet
``_samspil`` says which form it is and what every field held when it was sent: the base of the
three-way merge.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from samspil.coordination.domain.answers import EMPTY, FIELDS, cell_text
from samspil.coordination.domain.forms import FormLine, FormSnapshot
from samspil.coordination.interfaces.form_columns import column_names
from samspil.coordination.interfaces.form_keys import RowKey
from samspil.kernel.spreadsheets.writer import SafeSheet, SafeWorkbook

META_SHEET: Final = "_samspil"
META_MARK: Final = "samspil-skema"
FORMAT: Final = 1
CODE_PREFIX: Final = "#"
CODE_ROW: Final = 2
HEAD_ROW: Final = 3
FIRST_ROW: Final = 4
JSON_CHUNK: Final = 30_000
"""Characters of JSON in one cell of the hidden sheet; Excel takes 32,767."""

LOCKED: Final = ("key", "fkb", "number", "title", "days", "activity")
COLUMNS: Final = (*LOCKED, *FIELDS)
_WIDTHS: Final = (4, 7, 9, 46, 7, 11, 8, 8, 26, 9, 13, 9, 40)


def guide(form: FormSnapshot) -> list[tuple[str, str]]:
    """The first sheet as (style, text), one cell a line."""
    names = column_names(form.activity_year)
    return [
        ("title", _("Koordineringsskema %(year)s") % {"year": form.year}),
        ("key", form.organisation_name),
        (
            "subtitle",
            _("Udfyld de gule felter, og send filen tilbage senest %(date)s.")
            % {"date": date_format(form.due_on, "j. F Y")},
        ),
        ("form_part", _("Sådan gør I")),
        (
            "subtitle",
            _(
                "Der er et ark for hver branchegruppe. I ser kun mål i de FKB'er, I er godkendt til."
            ),
        ),
        (
            "subtitle",
            f"{names['offers']}: " + _("ja eller nej. Et tomt felt betyder, at I ikke har svaret."),
        ),
        ("subtitle", f"{names['runs']}: " + _("hvor mange hold I regner med at udbyde.")),
        (
            "subtitle",
            f"{names['when']}: "
            + _(
                "datoer, uger, måneder eller kvartaler, fx 14.-16. september, uge 37, oktober eller 3. kvartal."
            ),
        ),
        (
            "subtitle",
            f"{names['guarantee']}: "
            + _("ja, hvis I gennemfører målet, uanset hvor mange der melder sig."),
        ),
        (
            "subtitle",
            f"{names['take_on_days']}: "
            + _(
                "hvor mange kursusdage I i alt har plads til at holde for andre i branchegruppen. Skriv det samme tal ved alle de mål, I kan holde."
            ),
        ),
        (
            "subtitle",
            f"{names['will_follow']}: "
            + _("ja, hvis I udbyder målet sammen med en skole, der holder det."),
        ),
        (
            "subtitle",
            f"{names['note']}: "
            + _("alt det, der ikke passer i de andre felter. Kun I og sekretariatet ser den."),
        ),
        ("form_part", _("Godt at vide")),
        (
            "subtitle",
            _(
                "I kan filtrere, skjule kolonner og gemme filen i Excel, LibreOffice eller Google Sheets."
            ),
        ),
        (
            "subtitle",
            _(
                "Nummer, titel og dage er låst. Vil I sortere, så fjern arkets beskyttelse først; den er uden kode."
            ),
        ),
        (
            "subtitle",
            _("Er I i tvivl, så skriv det i feltet, fx »evt.« eller »?«. Så spørger vi jer."),
        ),
        (
            "subtitle",
            _(
                "I kan også udfylde skemaet på skærmen. Har I rettet begge steder, viser vi jer forskellen."
            ),
        ),
    ]


def groups_of(form: FormSnapshot) -> list[tuple[str, list[FormLine]]]:
    """The form's branch groups in their order, each a sheet."""
    groups: dict[tuple[int, str], list[FormLine]] = {}
    for line in form.lines:
        groups.setdefault((line.branch_position, line.branch_group), []).append(line)
    return [(group, groups[position, group]) for position, group in sorted(groups)]


def sheet_head(form: FormSnapshot, group: str, lines: Sequence[FormLine]) -> tuple[str, str]:
    """Title and hint above the table of a sheet."""
    hint = _("Udfyld de gule felter. Skriv »?« eller »evt.«, hvor I er i tvivl.")
    if any(line.is_constructed for line in lines):
        hint += " " + _("Mål med numre fra 90000 er konstruerede eksempler.")
    return f"{group}: {form.organisation_name}, {form.year}", hint


@translation.override("da")
def own_texts(form: FormSnapshot) -> frozenset[str]:
    """Fingerprints of every text that we write around the answers."""
    texts = [text for _style, text in guide(form)]
    texts += column_names(form.activity_year).values()
    for group, lines in groups_of(form):
        texts += sheet_head(form, group, lines)
    return frozenset(text_hash(" ".join(text.split())) for text in texts)


def base_json(form: FormSnapshot) -> str:
    """The answers of the form as canonical JSON, empty ones left out: the base of the merge."""
    base = {
        str(line.round_course_id): line.answer.to_json()
        for line in form.lines
        if line.answer != EMPTY
    }
    return json.dumps(base, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def text_hash(text: str) -> str:
    """A short fingerprint of a text that we wrote ourselves."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(slots=True)
class _Writer:
    book: SafeWorkbook
    texts: set[str]

    def text(self, sheet: SafeSheet, row: int, column: int, text: str, style: str) -> None:
        """Write a text of ours and remember it, so that it isn't taken for an answer."""
        sheet.write(row, column, text, style)
        self.texts.add(text_hash(" ".join(text.split())))


def write_form(form: FormSnapshot) -> bytes:
    """The workbook of one school, prefilled with what the form knows now (xlsx).

    Always in Danish, whatever the screen speaks. The same snapshot gives the same bytes.
    """
    with translation.override("da"):
        return _write_form(form)


def _write_form(form: FormSnapshot) -> bytes:
    title = _("Koordineringsskema %(year)s: %(school)s") % {
        "year": form.year,
        "school": form.organisation_name,
    }
    writer = _Writer(SafeWorkbook(title=title), set())
    for name, properties in _styles().items():
        writer.book.add_style(name, **properties)
    _write_guide(writer, form)
    for group, lines in groups_of(form):
        _write_group(writer, form, group, lines)
    _write_meta(writer, form)
    return writer.book.close()


def _styles() -> dict[str, dict[str, Any]]:
    edge = {"border": 1, "border_color": "#D9D9D9", "valign": "top"}
    answer = {"border": 1, "border_color": "#BFBFBF", "bg_color": "#FFF9E0", "valign": "top"}
    return {
        "form_part": {"bold": True, "font_color": "#1D3B53", "valign": "bottom"},
        "form_text": {**edge, "text_wrap": True, "num_format": "@"},
        "form_number": {**edge, "bold": True, "num_format": "@"},
        "form_days": {**edge, "align": "right", "num_format": "0.#"},
        "form_activity": {**edge, "align": "right", "num_format": "0"},
        "form_choice": {**answer, "locked": False, "align": "center", "num_format": "@"},
        "form_count": {**answer, "locked": False, "align": "right", "num_format": "0.##"},
        "form_free": {**answer, "locked": False, "text_wrap": True, "num_format": "@"},
    }


def _write_guide(writer: _Writer, form: FormSnapshot) -> None:
    sheet = writer.book.add_sheet(_("Vejledning"))
    sheet.widths([76])
    for row, (style, text) in enumerate(guide(form)):
        writer.text(sheet, row, 0, text, style)
        # Wrapped text needs its height said: LibreOffice doesn't work it out by itself.
        lines = -(-len(text) // 72)
        sheet.raw.set_row(row, {"title": 26, "form_part": 28}.get(style, 16 * lines))
    sheet.print_setup(landscape=False)
    sheet.protect()


def _write_group(writer: _Writer, form: FormSnapshot, group: str, lines: list[FormLine]) -> None:
    sheet = writer.book.add_sheet(group)
    sheet.widths(_WIDTHS)
    sheet.hide_column(0)
    title, hint = sheet_head(form, group, lines)
    writer.text(sheet, 0, 1, title, "title")
    writer.text(sheet, 1, 1, hint, "cell")
    names = column_names(form.activity_year)
    for column, code in enumerate(COLUMNS):
        sheet.write(CODE_ROW, column, CODE_PREFIX + code, "muted")
        writer.text(sheet, HEAD_ROW, column, names[code], "heading")
    sheet.raw.set_row(CODE_ROW, None, None, {"hidden": True})
    sheet.raw.set_row(HEAD_ROW, 32)
    for row, line in enumerate(lines, start=FIRST_ROW):
        _write_line(sheet, row, form, line)
    last = FIRST_ROW + len(lines) - 1
    _add_help(sheet, last)
    sheet.raw.autofilter(HEAD_ROW, 0, last, len(COLUMNS) - 1)
    sheet.freeze(FIRST_ROW, COLUMNS.index("days"))
    sheet.print_setup(repeat_rows=(HEAD_ROW, HEAD_ROW))
    sheet.protect()


def _write_line(sheet: SafeSheet, row: int, form: FormSnapshot, line: FormLine) -> None:
    key = RowKey(form.round_id, form.organisation_id, line.round_course_id)
    sheet.write(row, 0, str(key), "form_text")
    sheet.write(row, 1, line.fkb_number, "form_text")
    sheet.write(row, 2, line.number, "form_number")
    sheet.write(row, 3, line.title, "form_text")
    sheet.write(row, 4, line.days, "form_days")
    sheet.write(row, 5, line.activity, "form_activity")
    looks = {
        "runs": "form_count",
        "take_on_days": "form_count",
        "when": "form_free",
        "note": "form_free",
    }
    for column, name in enumerate(FIELDS, start=len(LOCKED)):
        value = getattr(line.answer, name)
        written: str | int | Decimal = (
            value
            if isinstance(value, Decimal) or (name == "runs" and value is not None)
            else cell_text(name, value)
        )
        sheet.write(row, column, written, looks.get(name, "form_choice"))


def _add_help(sheet: SafeSheet, last: int) -> None:
    at = COLUMNS.index
    yes_no = [_("ja"), _("nej")]
    sheet.drop_down(FIRST_ROW, last, at("offers"), yes_no)
    sheet.drop_down(FIRST_ROW, last, at("guarantee"), yes_no)
    sheet.drop_down(FIRST_ROW, last, at("will_follow"), yes_no)
    sheet.number_rule(FIRST_ROW, last, at("runs"), low=0, high=200)
    sheet.number_rule(FIRST_ROW, last, at("take_on_days"), low=0, high=366)


def _write_meta(writer: _Writer, form: FormSnapshot) -> None:
    base = base_json(form)
    texts = "".join(sorted(writer.texts))
    pairs: list[tuple[str, str]] = [
        (META_MARK, str(FORMAT)),
        ("network", form.network_key),
        ("year", str(form.year)),
        ("round", str(form.round_id)),
        ("school", str(form.organisation_id)),
        ("school_key", form.organisation_key),
        ("school_name", form.organisation_name),
        ("form", str(form.form_id)),
        ("form_version", str(form.form_version)),
        ("base_hash", hashlib.sha256(base.encode()).hexdigest()),
    ]
    # Base 64, because a cell's text loses blanks at its ends on the way through a spreadsheet.
    packed = base64.b64encode(base.encode()).decode()
    for name, content in (("base", packed), ("texts", texts)):
        for start in range(0, max(len(content), 1), JSON_CHUNK):
            pairs.append((name, content[start : start + JSON_CHUNK]))
    sheet = writer.book.add_sheet(META_SHEET)
    for row, (name, value) in enumerate(pairs):
        sheet.write(row, 0, name)
        sheet.write(row, 1, value)
    sheet.protect()
    sheet.raw.very_hidden()
