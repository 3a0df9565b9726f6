"""Write Excel workbooks: the one door through which spreadsheets leave (house rule 9).

``SafeWorkbook`` wraps xlsxwriter so that text is only ever text: no string becomes a formula, a
link, a number or a date, whatever it begins with. The same content gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

Writable = str | int | float | bool | Decimal | date | datetime | None

_FIXED: Final = datetime(2000, 1, 1)  # noqa: DTZ001  (a workbook's creation time has no zone)
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
MAX_CELL: Final = 32_767

STYLES: Final[dict[str, dict[str, Any]]] = {
    "text": {"valign": "top", "text_wrap": True, "num_format": "@"},
    "cell": {"valign": "top"},
    "number": {"valign": "top", "align": "right", "num_format": "0.##"},
    "date": {"valign": "top", "align": "left", "num_format": "dd-mm-yyyy"},
    "heading": {
        "bold": True,
        "bg_color": "#1D3B53",
        "font_color": "#FFFFFF",
        "text_wrap": True,
        "valign": "vcenter",
        "border": 1,
        "border_color": "#FFFFFF",
    },
    "title": {"bold": True, "font_size": 16, "font_color": "#1D3B53"},
    "subtitle": {"font_color": "#454545", "text_wrap": True, "valign": "top"},
    "input": {
        "bg_color": "#FFF9E0",
        "border": 1,
        "border_color": "#BFBFBF",
        "valign": "top",
        "locked": False,
    },
    "input_text": {
        "bg_color": "#FFF9E0",
        "border": 1,
        "border_color": "#BFBFBF",
        "valign": "top",
        "locked": False,
        "text_wrap": True,
        "num_format": "@",
    },
    "key": {"valign": "top", "font_color": "#1D3B53", "bold": True, "num_format": "@"},
    "gap": {"bg_color": "#FBE3E3", "font_color": "#8B1A1A", "valign": "top", "text_wrap": True},
    "warning": {"bg_color": "#FFF4D6", "valign": "top", "text_wrap": True},
    "muted": {"font_color": "#6B6B6B", "valign": "top", "text_wrap": True},
}
"""The looks a cell can have; ``add_style`` adds one of your own."""


class SafeSheet:
    """One sheet of a ``SafeWorkbook``. Rows and columns are 0-based."""

    def __init__(self, book: SafeWorkbook, sheet: Worksheet) -> None:
        self._book = book
        self.raw = sheet
        """xlsxwriter's own sheet, for what has no method here. Never write values through it."""

    @property
    def name(self) -> str:
        return str(self.raw.get_name())

    def write(self, row: int, column: int, value: Writable, style: str | None = None) -> None:
        """Write one value. Without ``style`` the type decides: number, date or text.

        Text is cut at Excel's 32,767 characters, and characters that XML cannot hold go.
        """
        if value is None or value == "":
            self.raw.write_blank(row, column, None, self._book.style(style or "cell"))
        elif isinstance(value, bool):
            self.raw.write_boolean(row, column, value, self._book.style(style or "cell"))
        elif isinstance(value, (int, float, Decimal)):
            self.raw.write_number(
                row,
                column,
                float(value) if isinstance(value, Decimal) else value,
                self._book.style(style or "number"),
            )
        elif isinstance(value, (date, datetime)):
            naive = value.replace(tzinfo=None) if isinstance(value, datetime) else value
            self.raw.write_datetime(row, column, naive, self._book.style(style or "date"))
        else:
            # write_string, never write: it takes '=1+1', '@x' and 'https://…' as the text they are.
            self.raw.write_string(
                row, column, clean_text(str(value)), self._book.style(style or "cell")
            )

    def write_row(
        self, row: int, values: Sequence[Writable], style: str | None = None, *, column: int = 0
    ) -> None:
        """Write ``values`` side by side from ``column`` on."""
        for offset, value in enumerate(values):
            self.write(row, column + offset, value, style)

    def headings(
        self, row: int, labels: Sequence[str], *, column: int = 0, height: float | None = None
    ) -> None:
        """A row of column headings in the house's look."""
        self.write_row(row, [str(label) for label in labels], "heading", column=column)
        if height:
            self.raw.set_row(row, height)

    def table(
        self,
        row: int,
        labels: Sequence[str],
        rows: Iterable[Sequence[Writable]],
        *,
        filters: bool = True,
    ) -> int:
        """Headings at ``row``, the rows below, panes frozen under the headings.

        Returns the first free row.
        """
        self.headings(row, labels)
        at = row
        for at, values in enumerate(rows, start=row + 1):
            self.write_row(at, values)
        self.freeze(row + 1)
        if filters and labels:
            self.raw.autofilter(row, 0, max(at, row), len(labels) - 1)
        return at + 1

    def widths(self, widths: Sequence[float]) -> None:
        """Column widths from column A on, in characters."""
        for column, width in enumerate(widths):
            self.raw.set_column(column, column, width)

    def hide_column(self, column: int) -> None:
        """Hide a column (its cells stay locked, so that a hidden key survives sorting)."""
        self.raw.set_column(column, column, 0, None, {"hidden": True})

    def freeze(self, row: int, column: int = 0) -> None:
        """Keep the rows above ``row`` and the columns left of ``column`` in sight."""
        self.raw.freeze_panes(row, column)

    def drop_down(
        self,
        first_row: int,
        last_row: int,
        column: int,
        choices: Sequence[str],
        *,
        strict: bool = False,
        title: str = "",
        message: str = "",
    ) -> None:
        """A drop-down list. With ``strict`` Excel refuses anything else; without, it only helps.

        Excel allows 255 characters for the list as a whole; ``ValueError`` above that.
        """
        listed = [clean_text(str(choice)) for choice in choices]
        if len(",".join(listed)) > 255:
            raise ValueError("a drop-down list holds at most 255 characters")
        rule: dict[str, Any] = {
            "validate": "list",
            "source": listed,
            "ignore_blank": True,
            "show_error": strict,
        }
        if title or message:
            rule["input_title"] = title[:32]
            rule["input_message"] = message[:255]
        self.raw.data_validation(first_row, column, last_row, column, rule)

    def number_rule(
        self,
        first_row: int,
        last_row: int,
        column: int,
        *,
        low: float,
        high: float,
        title: str = "",
        message: str = "",
    ) -> None:
        """Help, not refusal: Excel warns outside ``low``–``high`` and lets people go on."""
        self.raw.data_validation(
            first_row,
            column,
            last_row,
            column,
            {
                "validate": "decimal",
                "criteria": "between",
                "minimum": low,
                "maximum": high,
                "ignore_blank": True,
                "error_type": "warning",
                "input_title": title[:32],
                "input_message": message[:255],
            },
        )

    def comment(self, row: int, column: int, text: str) -> None:
        self.raw.write_comment(row, column, clean_text(text), {"author": "Samspil"})

    def merge(
        self,
        first_row: int,
        first_column: int,
        last_row: int,
        last_column: int,
        text: str,
        style: str,
    ) -> None:
        """One text across several cells."""
        self.raw.merge_range(
            first_row, first_column, last_row, last_column, "", self._book.style(style)
        )
        self.raw.write_string(first_row, first_column, clean_text(text), self._book.style(style))

    def protect(self, *, sort: bool = True) -> None:
        """Lock every cell that has no 'input' look. No password: it guards against slips only.

        Filtering, column widths, and with ``sort`` sorting stay allowed.
        """
        self.raw.protect(
            "",
            {
                "sort": sort,
                "autofilter": True,
                "format_columns": True,
                "format_rows": True,
                "select_locked_cells": True,
                "select_unlocked_cells": True,
            },
        )

    def print_setup(
        self, *, landscape: bool = True, repeat_rows: tuple[int, int] | None = None
    ) -> None:
        """A4, one page wide, headings repeated, page number in the foot."""
        if landscape:
            self.raw.set_landscape()
        self.raw.set_paper(9)
        self.raw.fit_to_pages(1, 0)
        if repeat_rows:
            self.raw.repeat_rows(*repeat_rows)
        self.raw.set_footer("&L&A&R&P / &N")


class SafeWorkbook:
    """A workbook in memory. ``close`` gives its bytes, the same bytes for the same content."""

    def __init__(self, *, title: str = "", created: datetime | None = None) -> None:
        self._buffer = io.BytesIO()
        self._book = xlsxwriter.Workbook(
            self._buffer,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
                "remove_timezone": True,
                "default_date_format": "dd-mm-yyyy",
            },
        )
        self._book.set_properties(
            {
                "title": clean_text(title),
                "author": "Samspil",
                "created": (created or _FIXED).replace(tzinfo=None),
            }
        )
        self._styles: dict[str, Format] = {}
        self._extra: dict[str, Mapping[str, Any]] = {}
        self._names: set[str] = set()

    def style(self, name: str) -> Format:
        """The format called ``name``. ``KeyError`` when neither ``STYLES`` nor ``add_style`` has it."""
        if name not in self._styles:
            self._styles[name] = self._book.add_format(dict(self._extra.get(name) or STYLES[name]))
        return self._styles[name]

    def add_style(self, name: str, **properties: object) -> None:
        """Add a look of your own in xlsxwriter's words, before its first use."""
        self._extra[name] = properties

    def add_sheet(self, name: str) -> SafeSheet:
        """A new sheet. ``name`` is made one that Excel takes: 31 characters, none of ``[]:*?/\\``, unique."""
        return SafeSheet(self, self._book.add_worksheet(self._sheet_name(name)))

    def _sheet_name(self, name: str) -> str:
        base = (
            re.sub(r"[\[\]:*?/\\]", " ", clean_text(name))
            .replace("\n", " ")
            .strip()
            .strip("'")
            .strip()[:31]
            or "Ark"
        )
        shown, count = base, 2
        while shown.lower() in self._names or shown.lower() == "history":
            ending = f" ({count})"
            shown, count = base[: 31 - len(ending)] + ending, count + 1
        self._names.add(shown.lower())
        return shown

    def close(self) -> bytes:
        """Finish and return the file's bytes. The workbook can not be used afterwards."""
        self._book.close()
        return self._buffer.getvalue()


def clean_text(text: str) -> str:
    """``text`` without characters that XML cannot hold, at most as long as a cell may be."""
    return _NOT_IN_XML.sub("", text)[:MAX_CELL]
