"""Read spreadsheets as plain values: Excel and OpenDocument through calamine, CSV by ourselves.

Call ``samspil.kernel.uploads.inspect`` first; it judges the file and names its kind. Here the
content is taken to be within its limits. Rows and columns keep their places: ``rows[0][0]`` is
cell A1, so a message can name a cell as the sender sees it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from samspil.kernel.errors import UploadRefused
from samspil.kernel.uploads import MAX_ROWS, column_letter

CellValue = str | int | float | bool | date | datetime | time | timedelta | None

MAX_CELL: Final = 32_767
"""Characters kept of one cell; Excel's own limit."""
MAX_COLUMNS: Final = 1_000
_DELIMITERS: Final = (";", ",", "\t", "|")


@dataclass(slots=True)
class Sheet:
    """One sheet. ``rows`` are as long as needed, cells without content are ``None``.

    ``notes`` are Danish sentences about what was mended while reading, with 0-based row.
    """

    name: str
    rows: list[list[CellValue]]
    is_hidden: bool = False
    notes: list[tuple[int, str]] = field(default_factory=list)

    def cell(self, row: int, column: int) -> CellValue:
        """The value at 0-based ``row`` and ``column``; ``None`` outside the grid."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return None


def read_workbook(content: bytes, kind: str) -> list[Sheet]:
    """All sheets of a file of ``kind`` xlsx, ods or csv, in their order, hidden ones too.

    Numbers without a fraction come as ``int``, dates as ``date`` or ``datetime``, empty text as
    ``None``, text without surrounding blanks. Raises ``UploadRefused`` when it cannot be read.
    """
    if kind == "csv":
        return [read_csv(content)]
    if kind not in ("xlsx", "ods"):
        raise UploadRefused(_("Filen er ikke et regneark."))
    try:
        return _calamine(content)
    except (CalamineError, OSError, ValueError, LookupError, OverflowError) as error:
        raise _unreadable() from error
    except BaseException as error:
        # A panic in the Rust reader comes as a BaseException of its own; nothing else is stopped.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable() from error


def _unreadable() -> UploadRefused:
    return UploadRefused(
        _(
            "Filen er beskadiget og kan ikke åbnes. Åbn den i Excel, gem den igen, og aflever den nye fil."
        )
    )


def _calamine(content: bytes) -> list[Sheet]:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [
        Sheet(
            name=meta.name,
            rows=_tidy(workbook.get_sheet_by_name(meta.name).to_python(skip_empty_area=False)),
            is_hidden=meta.visible != SheetVisibleEnum.Visible,
        )
        for meta in workbook.sheets_metadata
        if meta.typ == SheetTypeEnum.WorkSheet
    ]


def cell_name(row: int, column: int) -> str:
    """``B7`` for 0-based row 6, column 1."""
    return f"{column_letter(column + 1)}{row + 1}"


def _tidy(rows: Sequence[Sequence[CellValue]]) -> list[list[CellValue]]:
    tidy = [[_value(cell) for cell in row[:MAX_COLUMNS]] for row in rows]
    for row in tidy:
        while row and row[-1] is None:
            row.pop()
    while tidy and not tidy[-1]:
        tidy.pop()
    return tidy


def _value(cell: CellValue) -> CellValue:
    if isinstance(cell, str):
        return _text(cell)
    if isinstance(cell, float):
        if cell != cell or cell in (float("inf"), float("-inf")):
            return None
        # Excel stores 2,1 as 2.1000000000000001; whole numbers are course numbers and counts.
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else round(cell, 9)
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date()
    return cell


_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]"
)
_BLANKS: Final = re.compile("[\u00a0\u2007\u202f\t]")


def _text(text: str) -> str | None:
    if not text.isascii() or not text.isprintable():
        text = _BLANKS.sub(" ", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return text.strip()[:MAX_CELL] or None


# ---------------------------------------------------------------- CSV


def read_csv(content: bytes, name: str = "CSV") -> Sheet:
    """One sheet from CSV text of unknown encoding and separator.

    Records that an unquoted line break has cut in two are joined again; the note says so, and
    an empty row stands where the second half stood, so that row numbers stay as in the file.
    """
    text, notes = decode(content)
    delimiter, text = sniff_delimiter(text)
    rows = _parse(text, delimiter)
    mended = _join_broken(rows)
    sheet = Sheet(name=name, rows=_tidy(rows), notes=[(0, note) for note in notes])
    sheet.notes += [
        (row, _("Linjen var knækket over i to. De to halvdele er sat sammen igen."))
        for row in mended
    ]
    return sheet


def decode(content: bytes) -> tuple[str, list[str]]:
    """Text from bytes and notes on what was guessed. Never fails: unknown bytes become U+FFFD.

    Tried in turn: the byte order mark, UTF-16 by its zeros, strict UTF-8; then the most Danish
    reading of windows-1252, the DOS code page 865 and the old Mac one.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        return _mend_twice_encoded(content[3:].decode("utf-8", "replace"))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace"), []
    zeros = content[:2000]
    if b"\x00" in zeros:
        little = zeros[1::2].count(0) >= zeros[0::2].count(0)
        return content.decode("utf-16-le" if little else "utf-16-be", "replace").replace(
            "\x00", ""
        ), []
    try:
        return _mend_twice_encoded(content.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    best = max(("cp1252", "cp865", "mac_roman"), key=lambda codec: _danishness(content, codec))
    return content.decode(best, "replace"), []


def _danishness(content: bytes, codec: str) -> int:
    """How much the text looks Danish; the first of equals wins, so windows-1252 by default."""
    text = content[:200_000].decode(codec, "replace")
    letters = Counter(char for char in text if not char.isascii())
    good = sum(letters[char] for char in "æøåÆØÅéÉ–’”§")
    neutral = sum(letters[char] for char in "äöüÄÖÜèáóêíúñç“‘…•½ °´")
    return 3 * good - 2 * (sum(letters.values()) - good - neutral)


def _mend_twice_encoded(text: str) -> tuple[str, list[str]]:
    if not re.search("Ã[¦¸¥†˜…]|Ã\u0098|Ã\u0085", text):
        return text, []
    try:
        return text.encode("cp1252").decode("utf-8"), [
            _("Filens æ, ø og å var gemt forkert (»Ã¦«). De er rettet.")
        ]
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text, []


def sniff_delimiter(text: str) -> tuple[str, str]:
    """The separator and the text without Excel's ``sep=`` line (left as an empty line)."""
    first, newline, rest = text.partition("\n")
    told = re.fullmatch(r'"?sep=(.)"?\s*', first)
    if told:
        return told.group(1), newline + rest
    sample = "\n".join(text.splitlines()[:200])
    best, best_score = ";", 0.0
    for delimiter in _DELIMITERS:
        widths = Counter(
            len(row) for row in _parse(sample, delimiter) if any(cell.strip() for cell in row)
        )
        total = sum(widths.values())
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide or not total:
            continue
        width, count = max(wide.items(), key=lambda item: (item[1] * item[0], item[0]))
        # Rows that agree count most; a semicolon wins over decimal commas by its steadiness.
        score = count / total * 10 + min(width, 20) / 20
        if score > best_score:
            best, best_score = delimiter, score
    return best, text


def _parse(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(4 * 1024 * 1024)
    rows: list[list[str]] = []
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quotechar='"', doublequote=True
    )
    try:
        for row in reader:
            rows.append(row)
            if len(rows) > MAX_ROWS:
                raise UploadRefused(
                    _("Filen har flere end %(max)s rækker. Del den i flere filer.")
                    % {"max": f"{MAX_ROWS:,}".replace(",", ".")}
                )
    except csv.Error as error:
        raise UploadRefused(
            _("Filen kan ikke læses fra linje %(line)s. Måske mangler der et anførselstegn.")
            % {"line": reader.line_num}
        ) from error
    return rows


def _join_broken(rows: list[list[str]]) -> list[int]:
    """Join halves in place; return the 0-based rows that were mended.

    Two neighbours are halves of one record when each is narrower than the table and together
    they are exactly as wide. A single cell (a title above the table) is never a half.
    """
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return []
    width = widths.most_common(1)[0][0]
    mended = []
    for at in range(len(rows) - 1):
        first, second = rows[at], rows[at + 1]
        if (
            1 < len(first) < width
            and 1 < len(second) < width
            and len(first) + len(second) - 1 == width
        ):
            rows[at] = [
                *first[:-1],
                f"{first[-1].strip()} {second[0].strip()}".strip(),
                *second[1:],
            ]
            rows[at + 1] = []
            mended.append(at)
    return mended
