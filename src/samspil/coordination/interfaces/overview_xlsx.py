"""An overview as an Excel workbook: the matrix, the lines for filtering, the difference."""

from __future__ import annotations

from typing import Any

from samspil.coordination.domain.overviews import offered_words, presented
from samspil.coordination.models import Overview
from samspil.kernel.spreadsheets.writer import SafeWorkbook

ROLES = {"own": "Eget udbud", "holder": "Udbydende skole", "follower": "Følger"}


def write_overview(overview: Overview) -> bytes:
    """The workbook of a frozen version. The same version gives the same bytes."""
    content = presented(overview.content)
    fkb = content["fkb"]
    title = f"Oversigt {content['year']} FKB {fkb['number']}"
    book = SafeWorkbook(title=title)
    book.add_style("own", bg_color="#E3F1E6", align="center", valign="top", text_wrap=True)
    book.add_style(
        "holder",
        bg_color="#1E6B3A",
        font_color="#FFFFFF",
        align="center",
        valign="top",
        text_wrap=True,
    )
    book.add_style("follower", bg_color="#E3ECF8", align="center", valign="top", text_wrap=True)
    _matrix(book, overview, content, title)
    _lines(book, content)
    if overview.difference:
        sheet = book.add_sheet("Ændringer")
        sheet.write(0, 0, f"Ændret siden version {overview.version - 1}", "title")
        for row, text in enumerate(overview.difference, start=2):
            sheet.write(row, 0, text, "text")
        sheet.widths([110])
    return book.close()


def _matrix(book: SafeWorkbook, overview: Overview, content: dict[str, Any], title: str) -> None:
    schools = content["schools"]
    sheet = book.add_sheet("Oversigt")
    sheet.write(0, 0, f"{title} {content['fkb']['title']}".strip(), "title")
    stand = (
        f"version {overview.version} · {overview.sha256}" if overview.version else "ikke låst endnu"
    )
    mark = " · konstrueret eksempel" if content["constructed"] else ""
    sheet.write(1, 0, f"{content['network']['name']} · {stand}{mark}", "muted")
    sheet.headings(
        3, ["Mål", "Titel", "Dage", *(s["label"] for s in schools), "Udbydes"], height=32
    )
    for at, row in enumerate(content["rows"], start=4):
        sheet.write(at, 0, row["number"], "key")
        sheet.write(at, 1, row["title"], "text")
        sheet.write(at, 2, row["days_text"], "cell")
        for column, school in enumerate(schools, start=3):
            cell = row["cells"].get(school["key"])
            sheet.write(at, column, cell["words"] if cell else None, cell["role"] if cell else None)
        sheet.write(at, 3 + len(schools), row["offered"], "text")
    sheet.widths([8, 48, 6, *([16] * len(schools)), 26])
    sheet.freeze(4, 2)
    sheet.print_setup(repeat_rows=(3, 3))


def _lines(book: SafeWorkbook, content: dict[str, Any]) -> None:
    names = {school["key"]: school["name"] for school in content["schools"]}
    labels = {school["key"]: school["label"] for school in content["schools"]}
    lines: list[list[Any]] = []
    for row in content["rows"]:
        base = [row["number"], row["title"]]
        for key, cell in sorted(row["cells"].items()):
            lines.append(
                [*base, names.get(key, key), ROLES[cell["role"]], cell["runs"], cell["when"],
                 "ja" if cell["guarantee"] else "", ""]
            )  # fmt: skip
        if row["external"]:
            outside = row["external"]
            lines.append(
                [*base, outside["school"], "Aftale uden for kredsen", None, outside["when"], "",
                 outside["document"]["sha256"]]
            )  # fmt: skip
        elif not row["cells"]:
            lines.append([*base, "", offered_words(row, labels), None, "", "", row["archived"]])
    sheet = book.add_sheet("Linjer")
    sheet.table(
        0,
        ["Mål", "Titel", "Skole", "Rolle", "Hold", "Tid", "Garanti", "Dokument eller grund"],
        lines,
    )
    sheet.widths([8, 48, 34, 22, 7, 24, 9, 30])
