"""What is written comes back as it was; what people send is read whatever it was saved with."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspil.kernel.errors import UploadRefused
from samspil.kernel.spreadsheets.reader import decode, read_csv, read_workbook, sniff_delimiter
from samspil.kernel.spreadsheets.writer import SafeWorkbook, clean_text
from samspil.kernel.uploads import inspect

DATA = Path(__file__).resolve().parents[2] / "data"


def written(*rows: list[object]) -> bytes:
    book = SafeWorkbook(title="Prøve")
    sheet = book.add_sheet("Ark")
    for at, row in enumerate(rows):
        sheet.write_row(at, row)  # type: ignore[arg-type]
    return book.close()


EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "https://x.dk",
    "mailto:a@b.dk",
    "file:///etc/passwd",
    "internal:Ark!A1",
    "{=1}",
    "=cmd|' /C calc'!A0",
    "\t=1",
    "'=1",
    "1",
    "2026-01-01",
]


@pytest.mark.parametrize("text", EVIL)
def test_text_is_never_anything_but_text(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written([text])))
    cell = book["Ark"]["A1"]
    assert (cell.data_type, cell.value) == ("s", text)
    assert cell.hyperlink is None


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_text_survives(texts: list[str]) -> None:
    sheet = read_workbook(written(list(texts)), "xlsx")
    cells = sheet[0].rows[0] if sheet[0].rows else []
    for at, text in enumerate(texts):
        want = " ".join(clean_text(text).split()) or None
        found = cells[at] if at < len(cells) else None
        assert (" ".join(str(found).split()) if found is not None else None) == want or any(
            not char.isprintable() or char in "\u00a0\u2007\u202f" for char in text
        )


def test_types_survive() -> None:
    rows = read_workbook(
        written([90101, Decimal("2.5"), date(2026, 3, 18), True, None, "x"]), "xlsx"
    )[0].rows
    assert rows == [[90101, 2.5, date(2026, 3, 18), True, None, "x"]]
    assert isinstance(rows[0][0], int)


def test_same_content_same_bytes() -> None:
    assert written(["a", 1], ["b", 2]) == written(["a", 1], ["b", 2])


def test_locked_hidden_dropdown_and_names() -> None:
    book = SafeWorkbook()
    book.add_sheet("Bygge/anlæg")
    sheet = book.add_sheet("bygge/anlæg")
    sheet.table(0, ["Nøgle", "Vores udbud"], [["k1", ""]])
    sheet.write(1, 1, "", "input")
    sheet.hide_column(0)
    sheet.drop_down(1, 20, 1, ["ja", "nej"], title="Udbyder vi?", message="Vælg ja eller nej")
    sheet.protect()
    found = openpyxl.load_workbook(io.BytesIO(book.close()))
    assert found.sheetnames == ["Bygge anlæg", "bygge anlæg (2)"]
    ark = found.worksheets[1]
    assert ark.protection.sheet
    assert ark.column_dimensions["A"].hidden
    assert ark["A2"].protection.locked
    assert not ark["B2"].protection.locked
    assert ark.freeze_panes == "A2"
    assert ark.data_validations.dataValidation[0].formula1 == '"ja,nej"'


def test_cells_keep_their_places() -> None:
    book = SafeWorkbook()
    sheet = book.add_sheet("A")
    sheet.write(4, 2, "her")
    found = read_workbook(book.close(), "xlsx")[0]
    assert found.cell(4, 2) == "her"
    assert found.cell(99, 99) is None


def test_every_file_we_write_is_one_we_take() -> None:
    assert inspect(written(["a"]), "a.xlsx").kind == "xlsx"


@pytest.mark.slow
def test_libreoffice_files_are_taken(tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if not soffice:
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "a.xlsx").write_bytes(written(["Fagnr", "Titel"], [90101, "Ældre og pårørende"]))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for ending in ("ods", "csv", "pdf", "xls"):
        subprocess.run(
            [
                soffice,
                profile,
                "--headless",
                "--convert-to",
                ending,
                "--outdir",
                str(tmp_path / "out"),
                str(tmp_path / "a.xlsx"),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
    for ending in ("ods", "csv"):
        content = (tmp_path / "out" / f"a.{ending}").read_bytes()
        kind = inspect(content, "a").kind
        assert kind == ending
        sheet = read_workbook(content, kind)[0]
        assert [str(cell) for cell in sheet.rows[1]] == ["90101", "Ældre og pårørende"]
    assert inspect((tmp_path / "out" / "a.pdf").read_bytes(), "a").kind == "pdf"
    with pytest.raises(Exception, match=r"\.xls"):
        inspect((tmp_path / "out" / "a.xls").read_bytes(), "a")


# ---------------------------------------------------------------- CSV

TEXT = "Fagnr;Titel;Dage\n90101;Ældre, pårørende og å;2,5\n90102;Sår;3\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "cp865", "mac_roman"],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, newline: str) -> None:
    content = TEXT.replace("\n", newline).encode(encoding)
    assert inspect(content, "x").kind == "csv"
    assert read_csv(content).rows[1] == ["90101", "Ældre, pårørende og å", "2,5"]


def test_twice_encoded_text_is_mended_and_said() -> None:
    sheet = read_csv(TEXT.encode().decode("cp1252").encode())
    assert sheet.rows[1][1] == "Ældre, pårørende og å"
    assert "Ã¦" in sheet.notes[0][1]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_separators(delimiter: str) -> None:
    rows = [
        ["Fagnr", "Titel", "Dage"],
        ["90101", 'Siger "hej"; ja, | og\tnej', "2,5"],
        ["90102", "b", "3"],
    ]
    quoted = [
        "\n".join(
            delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
        )
    ]
    found = read_csv(quoted[0].encode())
    assert found.rows[1][0] == "90101"
    assert found.rows[1][2] == "2,5"


def test_told_separator() -> None:
    assert sniff_delimiter("sep=|\na|b,c\n")[0] == "|"
    assert read_csv(b"sep=|\na|b,c\n").rows == [[], ["a", "b,c"]]


def test_one_column_is_one_column() -> None:
    assert read_csv(b"Fagnr\n90101\n90102\n").rows == [["Fagnr"], ["90101"], ["90102"]]


def test_broken_line_is_joined_and_rows_keep_their_numbers() -> None:
    sheet = read_csv(
        b"Liste\nFagnr;Titel;Dage\n90101;Omsorg for\nborgere;3\n90102;Pleje;2\n90103;A;1\n"
    )
    assert sheet.rows[2] == ["90101", "Omsorg for borgere", "3"]
    assert sheet.rows[3] == []
    assert sheet.rows[4] == ["90102", "Pleje", "2"]
    assert [row for row, _note in sheet.notes] == [2]


def test_quoted_line_break_stays() -> None:
    assert read_csv(b'a;b\n1;"x\ny"\n').rows[1] == ["1", "x\ny"]


@given(st.binary(max_size=400))
def test_decoding_never_fails(content: bytes) -> None:
    text, _notes = decode(content)
    assert isinstance(text, str)


@given(
    st.lists(
        st.lists(st.text(alphabet='abcæøå 123,;"', max_size=8), min_size=3, max_size=3),
        min_size=2,
        max_size=8,
    )
)
def test_what_csv_writes_is_read(rows: list[list[str]]) -> None:
    import csv

    out = io.StringIO()
    out.write("sep=;\n")
    csv.writer(out, delimiter=";").writerows(rows)
    found = read_csv(out.getvalue().encode("utf-8-sig"))
    for at, row in enumerate(rows, start=1):
        assert [found.cell(at, place) for place in range(3)] == [
            cell.strip() or None for cell in row
        ]


def test_the_messy_list_is_read() -> None:
    content = (DATA / "messy" / "fagliste.csv").read_bytes()
    rows = read_csv(content).rows
    assert rows[1] == ["90101", "Omsorg for ældre borgere", "2222", "1,5", "2", "2025-01-01"]
    assert rows[9] == []
    assert rows[17] == ["Udgåede fag:"]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]),
    st.integers(0, 5000), st.binary(min_size=1, max_size=6), st.integers(0, 20),
)  # fmt: skip
def test_a_damaged_part_is_read_or_refused(part: str, at: int, new: bytes, cut: int) -> None:
    good = written(["Fagnr", "Titel"], [90101, date(2026, 1, 1)], ["x", 2.5])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as archive:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == part:
                place = at % len(data)
                data = data[:place] + new + data[place + cut :]
            archive.writestr(entry.filename, data)
    try:
        info = inspect(out.getvalue(), "a.xlsx")
        read_workbook(out.getvalue(), info.kind)
    except UploadRefused as refused:
        assert refused.message
