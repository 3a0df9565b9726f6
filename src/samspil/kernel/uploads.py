"""Judge a file that somebody hands in, before anything in it is used (house rule 9).

A file is judged by its content, never by its name. What passes is small enough to be read in
memory, holds no macro, asks for no password, and will not grow beyond the limits when it is
unpacked or laid out as a grid. What does not pass raises ``UploadRefused`` with one Danish
sentence that says what is wrong and what to do about it.

Everything here streams with a limit: a hostile file costs a bounded amount of time and memory.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from xml.parsers import expat

from django.utils.translation import gettext as _

from samspil.kernel.errors import UploadRefused

Kind = Literal["xlsx", "ods", "csv", "pdf"]

MAX_BYTES: Final = 20 * 1024 * 1024
"""The largest file taken, in bytes."""
MAX_ENTRIES: Final = 2_000
"""The largest number of parts in a spreadsheet file (a workbook has one per sheet and a few)."""
MAX_UNPACKED: Final = 150 * 1024 * 1024
"""The largest total size of a spreadsheet's parts after unpacking, in bytes."""
MAX_ELEMENTS: Final = 6_000_000
"""How many XML elements the parts of a spreadsheet may hold together: three million filled cells.
Every one costs time, also in a part that is no sheet; this many are read in some seconds."""
MAX_RATIO: Final = 400
"""How many times a part above ``RATIO_FROM`` bytes may grow when it is unpacked."""
RATIO_FROM: Final = 4 * 1024 * 1024
MAX_ROWS: Final = 50_000
"""The largest number of rows with content in one sheet."""
MAX_AREA: Final = 4_000_000
"""The largest grid (last row x last column with content) of one sheet, in cells."""
MAX_ROW_ELEMENTS: Final = 1_200_000
"""Rows counted, empty ones too, before we stop reading. Excel itself stops at 1,048,576."""
MAX_NAME: Final = 150

_CELL: Final = re.compile(r"([A-Za-z]{1,4})([0-9]{1,9})")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK: Final = 256 * 1024
_KIND_NAMES: Final = {
    "xlsx": "Excel (.xlsx)",
    "ods": "OpenDocument (.ods)",
    "csv": "CSV",
    "pdf": "PDF",
}


@dataclass(frozen=True, slots=True)
class UploadInfo:
    """What an accepted file is: its kind by content, a harmless name, size in bytes, SHA-256."""

    kind: Kind
    name: str
    size: int
    sha256: str

    @property
    def content_type(self) -> str:
        return {
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "ods": "application/vnd.oasis.opendocument.spreadsheet",
            "csv": "text/csv",
            "pdf": "application/pdf",
        }[self.kind]


def inspect(
    content: bytes,
    name: str,
    *,
    kinds: Collection[str] = ("xlsx", "ods", "csv", "pdf"),
    max_bytes: int = MAX_BYTES,
) -> UploadInfo:
    """Accept ``content`` as one of ``kinds`` or raise ``UploadRefused``.

    ``name`` is what the sender called the file; it decides nothing and comes back without
    folders, control characters and excess length. Costs at most one pass over the unpacked
    content, which is bounded by ``MAX_UNPACKED``.
    """
    shown = safe_name(name)
    if not content or not content.strip(b"\x00 \t\r\n"):
        raise UploadRefused(_("Filen er tom. Vælg den rigtige fil, og prøv igen."))
    if len(content) > max_bytes:
        raise UploadRefused(
            _("Filen fylder %(size)s MB. Den må højst fylde %(max)s MB.")
            % {"size": _megabytes(len(content)), "max": _megabytes(max_bytes)}
        )
    kind = _kind_of(content, kinds)
    if kind not in kinds:
        raise UploadRefused(
            _("Filen er i formatet %(found)s. Her kan du aflevere %(wanted)s.")
            % {"found": _KIND_NAMES[kind], "wanted": _wanted(kinds)}
        )
    return UploadInfo(
        kind=kind, name=shown, size=len(content), sha256=hashlib.sha256(content).hexdigest()
    )


def safe_name(name: str) -> str:
    """The last part of ``name`` without control characters, at most ``MAX_NAME`` characters.

    Never empty, never ``.`` or ``..``, never begins with a dot.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    # Cc, Cf: control and direction characters, which can make 'exe.slx' look like 'xlsx'.
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    text = re.split(r"[/\\]", text)[-1]
    text = re.sub(r'[<>:"|?*]', "_", text).strip(" .")
    if len(text) > MAX_NAME:
        stem, dot, ending = text.rpartition(".")
        text = (
            stem[: MAX_NAME - len(ending) - 1] + dot + ending
            if dot and len(ending) <= 5
            else text[:MAX_NAME]
        )
    return text or "fil"


# ---------------------------------------------------------------- what kind is it


def _kind_of(content: bytes, kinds: Collection[str]) -> Kind:
    head = content[:4096]
    if head.startswith(_OLE):
        _refuse_ole(content)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(content, kinds)
    if b"%PDF-" in head[:1024]:
        _check_pdf(content)
        return "pdf"
    if head.startswith((b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        raise UploadRefused(
            _("Filen er pakket (zip, rar eller lignende). Pak den ud, og aflever selve regnearket.")
        )
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")):
        raise UploadRefused(
            _("Filen er et billede. Her kan du aflevere %(wanted)s.") % {"wanted": _wanted(kinds)}
        )
    if head.startswith((b"MZ", b"\x7fELF", b"#!")):
        raise UploadRefused(_("Filen er et program og bliver ikke åbnet."))
    if head.lstrip().startswith(b"{\\rtf"):
        raise UploadRefused(
            _("Filen er et tekstdokument (RTF). Her kan du aflevere %(wanted)s.")
            % {"wanted": _wanted(kinds)}
        )
    _check_text(content, kinds)
    return "csv"


def _refuse_ole(content: bytes) -> None:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if has("EncryptedPackage") or has("EncryptionInfo"):
        raise UploadRefused(
            _(
                "Filen er beskyttet med adgangskode. Fjern koden i Excel (Filer, Oplysninger, Beskyt projektmappe), og aflever den igen."
            )
        )
    if has("Workbook") or has("Book"):
        raise UploadRefused(
            _(
                "Filen er i det gamle Excel-format (.xls). Åbn den i Excel, vælg Gem som, og gem den som .xlsx."
            )
        )
    raise UploadRefused(
        _(
            "Filen er et gammelt Office-dokument og ikke et regneark, vi kan læse. Gem den som .xlsx."
        )
    )


def _check_text(content: bytes, kinds: Collection[str]) -> None:
    """A CSV file is text: few control characters, and no other well-known text format."""
    if "csv" not in kinds:
        raise UploadRefused(
            _("Filen er ikke af en slags, vi kan læse her. Her kan du aflevere %(wanted)s.")
            % {"wanted": _wanted(kinds)}
        )
    sample = content[: 1024 * 1024]
    utf16 = sample[:2] in (b"\xff\xfe", b"\xfe\xff") or _looks_utf16(sample)
    if not utf16:
        controls = sum(sample.count(bytes([code])) for code in (*range(9), 11, *range(14, 32), 127))
        if b"\x00" in sample or controls > len(sample) // 200:
            raise UploadRefused(
                _(
                    "Filen kan ikke læses som regneark. Måske er den beskadiget, eller også er den af en anden slags. Her kan du aflevere %(wanted)s."
                )
                % {"wanted": _wanted(kinds)}
            )
    start = sample[:4096].replace(b"\x00", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<svg", b"<head")):
        raise UploadRefused(
            _(
                "Filen er en hjemmeside eller XML, selv om den kan hedde noget med .xls eller .csv. Åbn den i Excel, og gem den som .xlsx."
            )
        )
    if start.startswith((b"{", b"[{")):
        raise UploadRefused(
            _("Filen er JSON. Her kan du aflevere %(wanted)s.") % {"wanted": _wanted(kinds)}
        )
    if max(content.count(b"\n"), content.count(b"\r")) > 2 * MAX_ROWS:
        raise _too_many_rows()


def _looks_utf16(sample: bytes) -> bool:
    """Western text as UTF-16 without a mark has a zero at (nearly) every second byte."""
    part = sample[:2000]
    if len(part) < 8:
        return False
    even, odd = part[0::2].count(0), part[1::2].count(0)
    half = len(part) // 2
    return (odd > half * 0.8 and even < half * 0.1) or (even > half * 0.8 and odd < half * 0.1)


def _check_pdf(content: bytes) -> None:
    if b"%%EOF" not in content[-4096:] and b"startxref" not in content[-4096:]:
        raise UploadRefused(
            _("PDF-filen er ikke hel. Hent eller gem den igen, og aflever den hele fil.")
        )
    if re.search(rb"/Encrypt\b", content):
        raise UploadRefused(
            _(
                "PDF-filen er beskyttet med adgangskode. Gem den uden beskyttelse, og aflever den igen."
            )
        )
    # /JS, /JavaScript and /Launch run things at the reader's; they can also hide in packed objects.
    # /JS counts with what it must be followed by: packed bytes hold those three letters now and then.
    active = re.compile(rb"/(JavaScript|Launch)\b|/JS\s*(\(|<|\d{1,10}\s+\d{1,5}\s+R\b)")
    for part in (content, *_object_streams(content)):
        if active.search(part):
            raise UploadRefused(
                _(
                    "PDF-filen indeholder et program (script). Udskriv den til en ny PDF, og aflever den."
                )
            )


def _object_streams(content: bytes) -> Iterator[bytes]:
    """The unpacked object streams of a PDF, each at most 2 MB of it, at most 200 streams."""
    for count, match in enumerate(
        re.finditer(rb"/ObjStm\b.{0,400}?stream\r?\n", content, re.DOTALL)
    ):
        if count >= 200:
            return
        try:
            yield zlib.decompressobj().decompress(content[match.end() :], 2 * 1024 * 1024)
        except zlib.error:
            continue


# ---------------------------------------------------------------- spreadsheets are zip files


def _zip_kind(content: bytes, kinds: Collection[str]) -> Kind:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,
        OSError,
        UnicodeDecodeError,
    ) as error:
        raise _damaged() from error
    _check_entries(entries, len(content))
    names = {entry.filename for entry in entries}
    lower = {name.lower() for name in names}
    if "meta-inf/manifest.xml" in lower and "mimetype" in names:
        kind: Kind = "ods"
    elif "[content_types].xml" in lower:
        kind = "xlsx"
    else:
        raise UploadRefused(
            _("Filen er en zip-fil og ikke et regneark. Pak den ud, og aflever selve regnearket.")
        )
    package = _Package(content, entries)
    if kind == "ods":
        _check_ods(package, lower, kinds)
    else:
        _check_xlsx(package, lower, kinds)
    return kind


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _bomb()
    seen: set[str] = set()
    total = 0
    for entry in entries:
        name = entry.orig_filename or entry.filename
        parts = re.split(r"[/\\]", name)
        if (
            ".." in parts
            or name.startswith(("/", "\\"))
            or re.match(r"[A-Za-z]:", name)
            or "\x00" in name
            or (entry.external_attr >> 16) & 0o170000 == 0o120000
        ):
            raise UploadRefused(
                _(
                    "Filen prøver at lægge noget uden for sig selv og bliver ikke åbnet. Gem regnearket igen fra Excel."
                )
            )
        if name in seen:
            raise _damaged()
        seen.add(name)
        if entry.flag_bits & 0x1:
            raise UploadRefused(_("Filen er pakket med adgangskode. Aflever den uden adgangskode."))
        total += entry.file_size
        if total > MAX_UNPACKED:
            raise _bomb()
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(
            entry.compress_size, 1
        ):
            raise _bomb()
        if entry.compress_size > size:
            raise _damaged()


class _Package:
    """The parts of a zip file, unpacked by ourselves so that no declared size is believed."""

    def __init__(self, content: bytes, entries: list[zipfile.ZipInfo]) -> None:
        self.content = content
        self.entries = {entry.filename: entry for entry in entries}
        self.unpacked = self.elements = 0

    def chunks(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes of one part. Raises ``UploadRefused`` if they are not as declared."""
        entry = self.entries[name]
        head = self.content[entry.header_offset : entry.header_offset + 30]
        if len(head) < 30 or head[:4] != b"PK\x03\x04":
            raise _damaged()
        start = (
            entry.header_offset
            + 30
            + int.from_bytes(head[26:28], "little")
            + int.from_bytes(head[28:30], "little")
        )
        packed = memoryview(self.content)[start : start + entry.compress_size]
        if len(packed) != entry.compress_size:
            raise _damaged()
        length = 0
        crc = 0
        for chunk in self._inflate(packed, entry.compress_type):
            length += len(chunk)
            self.unpacked += len(chunk)
            self.elements += chunk.count(b"<") - chunk.count(b"</")
            # A reader that trusts the stream would unpack all of it: stop at the declared size.
            if length > entry.file_size or self.unpacked > MAX_UNPACKED:
                raise _bomb()
            if self.elements > MAX_ELEMENTS:
                raise _bomb()
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if length != entry.file_size or crc != entry.CRC:
            raise _damaged()

    @staticmethod
    def _inflate(packed: memoryview, method: int) -> Iterator[bytes]:
        if method == zipfile.ZIP_STORED:
            for at in range(0, len(packed), _CHUNK):
                yield bytes(packed[at : at + _CHUNK])
            return
        if method != zipfile.ZIP_DEFLATED:
            raise _damaged()
        unpacker = zlib.decompressobj(-15)
        try:
            for at in range(0, len(packed), _CHUNK):
                data = bytes(packed[at : at + _CHUNK])
                while data:
                    yield unpacker.decompress(data, _CHUNK)
                    data = unpacker.unconsumed_tail
                if unpacker.eof:
                    return
            rest = unpacker.flush()
        except zlib.error as error:
            raise _damaged() from error
        if rest:
            yield rest
        if not unpacker.eof:
            raise _damaged()

    def read(self, name: str, limit: int = 2 * 1024 * 1024) -> bytes:
        data = bytearray()
        for chunk in self.chunks(name):
            data += chunk
            if len(data) > limit:
                raise _bomb()
        return bytes(data)


def _check_xlsx(package: _Package, lower: set[str], kinds: Collection[str]) -> None:
    if any(name.startswith(("word/", "ppt/", "visio/")) for name in lower):
        raise UploadRefused(
            _("Filen er et Word- eller PowerPoint-dokument. Her kan du aflevere %(wanted)s.")
            % {"wanted": _wanted(kinds)}
        )
    content_types = package.read(
        next(n for n in package.entries if n.lower() == "[content_types].xml")
    )
    if (
        any(
            "vbaproject" in name or name.startswith(("xl/macrosheets/", "xl/activex/"))
            for name in lower
        )
        or b"macroEnabled" in content_types
        or b"vbaProject" in content_types
    ):
        raise UploadRefused(
            _(
                "Filen indeholder en makro. Gem den som almindelig Excel-projektmappe (.xlsx), og aflever den igen."
            )
        )
    if "xl/workbook.bin" in lower:
        raise UploadRefused(
            _(
                "Filen er i Excels binære format (.xlsb). Åbn den i Excel, vælg Gem som, og gem den som .xlsx."
            )
        )
    if "xl/workbook.xml" not in lower and b"spreadsheetml.sheet.main+xml" not in content_types:
        raise _damaged()
    sheets = 0
    for name in package.entries:
        grid = _XlsxGrid()
        # A workbook may name any part as a sheet, so every part is counted as if it were one.
        _scan(package, name, grid)
        sheets += grid.is_sheet
    if not sheets:
        raise _damaged()


def _check_ods(package: _Package, lower: set[str], kinds: Collection[str]) -> None:
    mimetype = package.read("mimetype", 200).strip()
    if not mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        raise UploadRefused(
            _("Filen er et OpenDocument, men ikke et regneark. Her kan du aflevere %(wanted)s.")
            % {"wanted": _wanted(kinds)}
        )
    manifest = next(name for name in package.entries if name.lower() == "meta-inf/manifest.xml")
    if b"encryption-data" in package.read(manifest):
        raise UploadRefused(
            _("Filen er beskyttet med adgangskode. Gem den uden adgangskode, og aflever den igen.")
        )
    if any(name.startswith(("basic/", "scripts/")) and not name.endswith("/") for name in lower):
        raise UploadRefused(_("Filen indeholder en makro. Fjern makroen, og aflever filen igen."))
    if "content.xml" not in package.entries:
        raise _damaged()
    for name in package.entries:
        _scan(package, name, _OdsGrid())


class _XlsxGrid:
    """Counts what a worksheet part would become as a grid. Cells without a value do not count."""

    def __init__(self) -> None:
        self.is_sheet = self.row_filled = False
        self.rows = self.filled = self.row = self.column = 0
        self.last_row = self.last_column = self.cell_row = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "c":
            self.column += 1
            self.cell_row = self.row
            match = _CELL.fullmatch(attributes.get("r", ""))
            if match:
                self.column, self.cell_row = column_index(match[1]), int(match[2])
        elif local in ("v", "is") and self.rows:
            if not self.row_filled:
                self.row_filled = True
                self.filled += 1
            self.last_row = max(self.last_row, self.row, self.cell_row)
            self.last_column = max(self.last_column, self.column)
            _check_grid(self.filled, self.last_row, self.last_column)
        elif local == "row":
            self.rows += 1
            self.row = _number(attributes.get("r"), self.row + 1)
            self.column = 0
            self.row_filled = False
            if self.rows > MAX_ROW_ELEMENTS:
                raise _too_many_rows()
        elif local == "worksheet":
            self.is_sheet = True

    def end(self, tag: str) -> None:
        """Nothing to do: a worksheet's cells are counted when they open."""


class _OdsGrid:
    """The same for OpenDocument, where one element may stand for many equal rows or cells."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.filled = self.row = self.last_column = self.column = self.repeat = 0
        self.row_filled = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local in ("table-cell", "covered-table-cell"):
            self.column += _number(_local(attributes, "number-columns-repeated"), 1)
            if any(name.endswith(":value-type") for name in attributes):
                self._fill()
        elif local == "p" and self.column:
            self._fill()
        elif local == "table-row":
            self.repeat = _number(_local(attributes, "number-rows-repeated"), 1)
            self.row_filled = False
            self.column = 0
        elif local == "table":
            self.reset()

    def _fill(self) -> None:
        self.last_column = max(self.last_column, self.column)
        if not self.row_filled:
            self.row_filled = True
            self.filled += self.repeat
        _check_grid(self.filled, self.row + self.repeat, self.last_column)

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "table-row":
            self.row += self.repeat
            self.column = 0


def _local(attributes: dict[str, str], name: str) -> str | None:
    """An attribute by its local name, whatever prefix the file uses."""
    return next(
        (value for key, value in attributes.items() if key.rpartition(":")[2] == name), None
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


def _check_grid(filled: int, last_row: int, last_column: int) -> None:
    if filled > MAX_ROWS:
        raise _too_many_rows()
    if last_row * last_column > MAX_AREA:
        raise UploadRefused(
            _(
                "Regnearket strækker sig til række %(row)s og kolonne %(column)s. Det er for stort. Slet det, der står langt nede eller langt til højre, og aflever filen igen."
            )
            % {"row": last_row, "column": column_letter(last_column)}
        )


def _scan(package: _Package, name: str, grid: _XlsxGrid | _OdsGrid) -> None:
    """Unpack one part and, when it is XML, parse it and count its grid.

    No document type is allowed: with it come entities that multiply.
    """
    chunks = package.chunks(name)
    first = next(chunks, b"")
    if not first.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        # A picture or the like: unpacked only to check its size. A table in disguise is refused,
        # since a lenient reader might find it where a strict parser sees no XML.
        tail = b""
        for chunk in (first, *chunks):
            if any(word in tail + chunk for word in (b"sheetData", b"table-row")):
                raise _damaged()
            tail = chunk[-16:]
        return
    # Always UTF-8, whatever the part declares: an odd encoding could show us another document
    # than the one that is read afterwards.
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True

    def refuse(*_unused: object) -> None:
        raise UploadRefused(
            _(
                "Filen indeholder XML, som den ikke skal have, og bliver ikke åbnet. Gem regnearket igen fra Excel."
            )
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = grid.start
    parser.EndElementHandler = grid.end
    try:
        parser.Parse(first, False)
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if name.lower().endswith(".vml"):  # Excel's own drawings are often not well-formed
            return
        raise _damaged() from error


def column_letter(number: int) -> str:
    """Column 1 is A, 27 is AA. Raises ``ValueError`` below 1."""
    if number < 1:
        raise ValueError(number)
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The reverse of ``column_letter``; case does not matter. ``ValueError`` when not letters."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError(letters)
        number = number * 26 + ord(letter) - 64
        if number > 10_000_000:
            raise ValueError(letters)
    return number


# ---------------------------------------------------------------- sentences


def _wanted(kinds: Collection[str]) -> str:
    names = [_KIND_NAMES[kind] for kind in ("xlsx", "ods", "csv", "pdf") if kind in kinds]
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s eller %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}".rstrip("0").rstrip(".").replace(".", ",")


def _damaged() -> UploadRefused:
    return UploadRefused(
        _(
            "Filen er beskadiget og kan ikke åbnes. Åbn den i Excel, gem den igen, og aflever den nye fil."
        )
    )


def _bomb() -> UploadRefused:
    return UploadRefused(
        _(
            "Filen vokser til mere, end vi kan tage imod, når den pakkes ud. Del den i flere, eller gem den igen fra Excel."
        )
    )


def _too_many_rows() -> UploadRefused:
    return UploadRefused(
        _("Filen har flere end %(max)s rækker. Del den i flere filer.")
        % {"max": f"{MAX_ROWS:,}".replace(",", ".")}
    )
