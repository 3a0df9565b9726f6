"""Files as they should not be: each is really built, and refused with its own sentence."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from samspil.kernel.errors import UploadRefused
from samspil.kernel.spreadsheets.writer import SafeWorkbook
from samspil.kernel.uploads import MAX_NAME, column_index, column_letter, inspect, safe_name

CONTENT_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""


def good_xlsx() -> bytes:
    book = SafeWorkbook(title="Prøve")
    sheet = book.add_sheet("Ark")
    sheet.table(0, ["Fagnr", "Titel"], [["90101", "Omsorg"], ["90102", "Pleje"]])
    return book.close()


def changed(content: bytes, *, drop: str = "", add: dict[str, bytes] | None = None) -> bytes:
    """``content`` with some parts replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename != drop and entry.filename not in (add or {}):
                new.writestr(entry.filename, old.read(entry))
        for name, data in (add or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def sheet_xml(body: bytes, before: bytes = b"") -> bytes:
    return (
        b'<?xml version="1.0"?>'
        + before
        + b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + body
        + b"</sheetData></worksheet>"
    )


SHEET = "xl/worksheets/sheet1.xml"


def ole(*streams: str) -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(500)
        + b"".join(name.encode("utf-16-le") + bytes(64) for name in streams)
    )


def with_lying_size(content: bytes, name: str, declared: int) -> bytes:
    """The same zip file, whose directory claims that ``name`` unpacks to ``declared`` bytes, with
    the checksum of that beginning, so that a trusting reader notices nothing."""
    data = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        crc = zlib.crc32(archive.read(name)[:declared])
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        length = struct.unpack_from("<H", data, at + 28)[0]
        if data[at + 46 : at + 46 + length] == name.encode():
            struct.pack_into("<I", data, at + 16, crc)
            struct.pack_into("<I", data, at + 24, declared)
        at += 4
    return bytes(data)


def rows_xml(count: int) -> bytes:
    return b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, count + 1)
    )


def ods(content_xml: bytes, extra: dict[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        new.writestr("META-INF/manifest.xml", "<manifest/>")
        new.writestr("content.xml", content_xml)
        for name, data in (extra or {}).items():
            new.writestr(name, data)
    return out.getvalue()


def ods_table(rows: bytes) -> bytes:
    return (
        b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        b'<table:table table:name="Ark">'
        + rows
        + b"</table:table></office:spreadsheet></office:body></office:document-content>"
    )


CELL = b'<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "tom"),
    "blanks": (lambda: b" \n\n\t", "tom"),
    "zeros": (lambda: bytes(4000), "tom"),
    "too big": (lambda: b"a;b\n" * 10_000_000, "højst fylde"),
    "word": (
        lambda: changed(good_xlsx(), drop="xl/workbook.xml", add={"word/document.xml": b"<w/>"}),
        "Word",
    ),
    "zip": (lambda: changed(good_xlsx(), drop="[Content_Types].xml"), "zip-fil"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "billede"),
    "program": (lambda: b"MZ\x90\x00" + bytes(range(256)), "program"),
    "rar": (lambda: b"Rar!\x1a\x07" + bytes(range(256)), "pakket"),
    "noise": (lambda: bytes(range(256)) * 20, "kan ikke læses"),
    "html as xls": (lambda: b"<html><table><tr><td>1</td></tr></table></html>", "hjemmeside"),
    "json": (lambda: b'{"a": 1}', "JSON"),
    "password": (lambda: ole("EncryptedPackage", "EncryptionInfo"), "adgangskode"),
    "old excel": (lambda: ole("Workbook"), ".xls)"),
    "old word": (lambda: ole("WordDocument"), "gammelt Office-dokument"),
    "cut off": (lambda: good_xlsx()[:-400], "beskadiget"),
    "byte changed": (lambda: _flip(good_xlsx()), "beskadiget"),
    "no sheets": (lambda: changed(good_xlsx(), drop=SHEET), "beskadiget"),
    "broken xml": (
        lambda: changed(good_xlsx(), add={SHEET: b"<worksheet><sheetData>"}),
        "beskadiget",
    ),
    "macro": (lambda: changed(good_xlsx(), add={"xl/vbaProject.bin": b"\xcc\x61"}), "makro"),
    "macro elsewhere": (
        lambda: changed(good_xlsx(), add={"xl/custom/VbaProject.bin": b"\xcc\x61"}),
        "makro",
    ),
    "macro by type": (
        lambda: changed(
            good_xlsx(),
            add={
                "[Content_Types].xml": CONTENT_TYPES.replace(
                    b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
                )
            },
        ),
        "makro",
    ),
    "excel 4 macro": (
        lambda: changed(good_xlsx(), add={"xl/macrosheets/sheet1.xml": b"<x/>"}),
        "makro",
    ),
    "binary excel": (lambda: changed(good_xlsx(), add={"xl/workbook.bin": b"\x01"}), ".xlsb"),
    "zip bomb": (
        lambda: changed(good_xlsx(), add={"xl/media/a.xml": b"<a>" + b" " * 40_000_000 + b"</a>"}),
        "vokser",
    ),
    "many parts": (
        lambda: changed(good_xlsx(), add={f"xl/media/{n}.png": b"x" for n in range(2_500)}),
        "vokser",
    ),
    "too much": (
        lambda: changed(good_xlsx(), add={f"xl/m{n}.bin": bytes(4_000_000) for n in range(45)}),
        "vokser",
    ),
    "lying size": (
        lambda: with_lying_size(
            changed(good_xlsx(), add={SHEET: sheet_xml(b" " * 3_000_000)}), SHEET, 200
        ),
        "vokser",
    ),
    "ten million rows": (lambda: _ten_million_rows(), "vokser"),
    "rows enough": (
        lambda: changed(
            good_xlsx(),
            add={SHEET: sheet_xml(b"".join(b'<row r="%d"/>' % n for n in range(1_250_000)))},
        ),
        "rækker",
    ),
    "many rows": (
        lambda: changed(good_xlsx(), add={SHEET: sheet_xml(rows_xml(50_001))}),
        "50.000 rækker",
    ),
    "row far down": (
        lambda: changed(
            good_xlsx(),
            add={
                SHEET: sheet_xml(
                    b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
                )
            },
        ),
        "XFD",
    ),
    "row lies": (
        lambda: changed(
            good_xlsx(), add={SHEET: sheet_xml(b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>')}
        ),
        "XFD",
    ),
    "sheet hidden elsewhere": (
        lambda: changed(
            good_xlsx(),
            add={
                "docProps/other.dat": sheet_xml(b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>')
            },
        ),
        "XFD",
    ),
    "sheet behind a letter": (
        lambda: changed(
            good_xlsx(),
            add={
                "xl/media/a.png": b"x"
                + sheet_xml(b'<row r="1"><c r="XFD1048576"><v>1</v></c></row>')
            },
        ),
        "beskadiget",
    ),
    "other encoding": (
        lambda: changed(
            good_xlsx(),
            add={
                SHEET: sheet_xml(b"")
                .decode()
                .replace('1.0"', '1.0" encoding="cp037"')
                .encode("cp037")
            },
        ),
        "beskadiget",
    ),
    "unknown encoding": (
        lambda: changed(
            good_xlsx(),
            add={
                SHEET: sheet_xml(b"<row><c><v>\xe6</v></c></row>").replace(
                    b'1.0"', b'1.0" encoding="utf88"'
                )
            },
        ),
        "beskadiget",
    ),
    "csv rows": (lambda: b"1;2\n" * 120_000, "50.000 rækker"),
    "entity bomb": (
        lambda: changed(
            good_xlsx(),
            add={
                SHEET: sheet_xml(
                    b"<row><c><v>&c;</v></c></row>",
                    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
                )
            },
        ),
        "XML",
    ),
    "outside entity": (
        lambda: changed(
            good_xlsx(),
            add={
                "xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst>&a;</sst>'
            },
        ),
        "XML",
    ),
    "path": (lambda: changed(good_xlsx(), add={"../../evil.xml": b"<x/>"}), "uden for sig selv"),
    "absolute path": (
        lambda: changed(good_xlsx(), add={"/etc/evil.xml": b"<x/>"}),
        "uden for sig selv",
    ),
    "windows path": (
        lambda: changed(good_xlsx(), add={"C:\\evil.xml": b"<x/>"}),
        "uden for sig selv",
    ),
    "ods rows": (
        lambda: ods(
            ods_table(
                b'<table:table-row table:number-rows-repeated="9000000">'
                + CELL
                + b"</table:table-row>"
            )
        ),
        "50.000 rækker",
    ),
    "ods columns": (
        lambda: ods(
            ods_table(
                b'<table:table-row table:number-rows-repeated="40000">'
                + CELL.replace(
                    b"<table:table-cell", b'<table:table-cell table:number-columns-repeated="16384"'
                )
                + b"</table:table-row>"
            )
        ),
        "for stort",
    ),
    "many elements": (lambda: _elements_that_are_no_sheet(), "vokser"),
    "ods macro": (lambda: ods(ods_table(b""), {"Basic/Standard/Module1.xml": b"<x/>"}), "makro"),
    "ods password": (
        lambda: changed(
            ods(ods_table(b"")), add={"META-INF/manifest.xml": b"<m><encryption-data/></m>"}
        ),
        "adgangskode",
    ),
    "ods text": (lambda: _odt(), "ikke et regneark"),
    "pdf cut off": (lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", "ikke hel"),
    "pdf password": (
        lambda: b"%PDF-1.7\ntrailer<</Encrypt 5 0 R>>\nstartxref\n0\n%%EOF",
        "adgangskode",
    ),
    "pdf script": (
        lambda: b"%PDF-1.7\n<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>\nstartxref\n0\n%%EOF",
        "program",
    ),
    "pdf packed script": (
        lambda: (
            b"%PDF-1.7\n1 0 obj\n<</Type /ObjStm /Filter /FlateDecode>>\nstream\n"
            + zlib.compress(b"<</S /JavaScript /JS (x)>>")
            + b"\nendstream\nstartxref\n0\n%%EOF"
        ),
        "program",
    ),
}


def _elements_that_are_no_sheet() -> bytes:
    """Seven million elements beside the sheets: small to send, half a minute to read through."""
    return changed(
        good_xlsx(),
        add={"xl/x.xml": b"<a>" + (b"<b/>" * 20 + bytes(range(97, 122))) * 350_000 + b"</a>"},
    )


def _flip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(SHEET)
    at = entry.header_offset + 30 + len(SHEET) + entry.compress_size // 2
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


def _odt() -> bytes:
    return changed(
        ods(ods_table(b"")), add={"mimetype": b"application/vnd.oasis.opendocument.text"}
    )


def _ten_million_rows() -> bytes:
    """Ten million rows without a value, which pack into a few hundred kB."""
    return changed(good_xlsx(), add={SHEET: sheet_xml(b"<row/>" * 10_000_000)})


@pytest.mark.parametrize("case", HOSTILE)
def test_refused_with_its_own_sentence(case: str) -> None:
    build, words = HOSTILE[case]
    with pytest.raises(UploadRefused) as refused:
        inspect(build(), "liste.xlsx")
    assert words in refused.value.message
    assert refused.value.message.endswith(".")


def test_accepted_by_content_whatever_the_name() -> None:
    assert inspect(good_xlsx(), "liste.pdf").kind == "xlsx"
    assert inspect("Fagnr;Titel\n90101;Ældre".encode("cp1252"), "liste.xlsx").kind == "csv"
    assert inspect("Fagnr;Titel\n90101;Ældre".encode("utf-16"), "x").kind == "csv"
    assert (
        inspect(ods(ods_table(b"<table:table-row>" + CELL + b"</table:table-row>")), "x").kind
        == "ods"
    )
    assert inspect(b"%PDF-1.7\n%\xe2\xe3\nstartxref\n0\n%%EOF\n", "aftale").kind == "pdf"


def test_the_kind_that_is_not_wanted_is_named() -> None:
    with pytest.raises(
        UploadRefused, match=r"Filen er i formatet Excel \(.xlsx\). Her kan du aflevere PDF\."
    ):
        inspect(good_xlsx(), "a", kinds=["pdf"])


@given(st.text(max_size=400))
def test_a_name_is_always_harmless(name: str) -> None:
    found = safe_name(name)
    assert 0 < len(found) <= MAX_NAME
    assert "/" not in found
    assert "\\" not in found
    assert "\x00" not in found
    assert not found.startswith(".")


def test_names_people_try() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\Users\\x\\liste.xlsx") == "liste.xlsx"
    assert safe_name("a\u202excod.exe") == "axcod.exe"
    assert safe_name("") == "fil"
    assert safe_name("x" * 500 + ".xlsx").endswith("x.xlsx")


@given(st.integers(1, 20_000))
def test_column_letters_and_back(number: int) -> None:
    assert column_index(column_letter(number)) == number


@given(st.binary(max_size=3000))
def test_any_bytes_are_taken_or_refused(content: bytes) -> None:
    try:
        inspect(content, "x")
    except UploadRefused as refused:
        assert refused.message


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=400, deadline=None)
@example(1980, 14)
def test_any_changed_byte_is_taken_or_refused(at: int, value: int) -> None:
    content = bytearray(good_xlsx())
    content[at % len(content)] = value
    try:
        inspect(bytes(content), "x")
    except UploadRefused as refused:
        assert refused.message


@pytest.mark.parametrize(
    "body",
    [b"/JS (app.alert(1))", b"/JS\n<3031>", b"/JS 12 0 R", b"/S /JavaScript", b"/S/Launch /F (x)"],
)
def test_a_pdf_that_runs_something_is_refused(body: bytes) -> None:
    content = b"%PDF-1.7\n1 0 obj\n<< " + body + b" >>\nendobj\nstartxref\n0\n%%EOF\n"
    with pytest.raises(UploadRefused, match="program"):
        inspect(content, "a.pdf", kinds={"pdf"})


def test_three_letters_in_packed_bytes_are_no_program() -> None:
    content = b"%PDF-1.7\nstream\n\x9c\xf1/JS\x00\x12\xffendstream\nstartxref\n0\n%%EOF\n"
    assert inspect(content, "a.pdf", kinds={"pdf"}).kind == "pdf"
