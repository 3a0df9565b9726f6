"""A statement as Excel and as CSV for finance systems: the format stands in the guide (afregning.md)."""

from __future__ import annotations

import csv
import io
from typing import Any

from samspil.kernel.spreadsheets.writer import SafeWorkbook
from samspil.settlement.domain.statements import content_of
from samspil.settlement.enums import DUE, Account, EntryKind
from samspil.settlement.interfaces.shown import verdict
from samspil.settlement.models import Statement

FORMAT = "samspil-afregning"
VERSION = 1
COLUMNS = (
    "format", "version", "opgoerelse", "aar", "kvartal", "bilag", "dato", "art", "konto", "skyldes",
    "fra_skole", "fra_nummer", "til_skole", "til_nummer", "beloeb_oere", "maal", "hold", "start",
    "slut", "deltagere", "dage_tiendedele", "reference", "tekst",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

ACCOUNT_WORDS = {
    Account.SUBSIDY: "Taxameter, til orientering",
    Account.FEE_DUE: "Deltagerbetaling",
    Account.SUBSIDY_DUE: "Taxameter udbetalt til oprindelsesskolen",
}
KIND_WORDS = {
    EntryKind.TRANSFER: "Overførsel",
    EntryKind.RECEIVED: "Modtaget af oprindelsesskolen",
    EntryKind.PARTICIPATION: "Ændret deltagelse",
    EntryKind.RATE: "Takst",
    EntryKind.UNDONE: "Overførsel fortrudt",
}


def content(statement: Statement) -> dict[str, Any]:
    """The frozen content, or the one of an open quarter as it stands."""
    return statement.content or content_of(statement)


def rows(content: dict[str, Any]) -> list[list[Any]]:
    """One row per posting; an entry without postings gives one row with the amount 0."""
    schools = {content[key]["id"]: content[key] for key in ("first", "second")}
    made: list[list[Any]] = []
    for line in content["lines"]:
        postings = line["postings"] or [
            {"account": "", "giver": line["origin"], "receiver": line["holder"], "oere": 0}
        ]
        for posting in postings:
            giver, receiver = schools[posting["giver"]], schools[posting["receiver"]]
            made.append(
                [
                    FORMAT, VERSION, content["statement"], content["year"], content["quarter"],
                    line["entry"], line["at"], line["kind"], posting["account"],
                    "ja" if posting["account"] in DUE else "nej",
                    giver["name"], giver["number"], receiver["name"], receiver["number"],
                    posting["oere"], line["course"], line["run"], line["starts_on"], line["ends_on"],
                    line["heads"], line["days_tenths"], line["reference"], line["reason"],
                ]
            )  # fmt: skip
    return made


def statement_csv(statement: Statement) -> bytes:
    """CSV: semicolons, UTF-8 with byte order mark, no text that a spreadsheet runs as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows(content(statement)):
        writer.writerow(
            f"'{v}" if isinstance(v, str) and v.startswith(_FORMULA) else v for v in row
        )
    return out.getvalue().encode("utf-8-sig")


def statement_xlsx(statement: Statement) -> bytes:
    """A workbook: the sums first, then every posting."""
    data = content(statement)
    book = SafeWorkbook(title=f"Afregning {data['year']}-{data['quarter']}")
    book.add_style("money", num_format="#,##0.00", valign="top", align="right")
    sheet = book.add_sheet("Opgørelse")
    sheet.write(0, 0, f"{data['quarter']}. kvartal {data['year']}", "title")
    mark = " · konstrueret eksempel" if data["constructed"] else ""
    sheet.write(1, 0, f"{data['first']['name']} og {data['second']['name']}{mark}", "muted")
    sheet.write(3, 0, verdict(data), "text")
    sheet.headings(
        5, ["Konto", f"Fra {data['first']['name']} til {data['second']['name']}, kr.", "Skyldes"]
    )
    for at, (account, words) in enumerate(ACCOUNT_WORDS.items(), start=6):
        sheet.write(at, 0, words, "text")
        sheet.write(at, 1, data["sums"][account] / 100, "money")
        sheet.write(at, 2, "ja" if account in DUE else "nej", "cell")
    sheet.write(9, 0, "Skyldes i alt", "key")
    sheet.write(9, 1, data["sums"]["due"] / 100, "money")
    sheet.widths([44, 30, 10])
    lines = book.add_sheet("Posteringer")
    lines.headings(
        0,
        [
            "Bilag",
            "Dato",
            "Art",
            "Konto",
            "Fra",
            "Til",
            "Beløb, kr.",
            "Skyldes",
            "Mål",
            "Hold",
            "Start",
            "Slut",
            "Deltagere",
            "Dage",
            "Reference",
            "Tekst",
        ],
    )
    for at, row in enumerate(rows(data), start=1):
        named = dict(zip(COLUMNS, row, strict=True))
        lines.write_row(
            at,
            [
                named["bilag"], named["dato"], KIND_WORDS[named["art"]],
                ACCOUNT_WORDS.get(named["konto"], "Takst mangler" if named["art"] == "transfer" else ""),
                named["fra_skole"], named["til_skole"],
            ],
        )  # fmt: skip
        lines.write(at, 6, named["beloeb_oere"] / 100, "money")
        lines.write_row(
            at,
            [
                named["skyldes"], named["maal"], named["hold"], named["start"], named["slut"],
                named["deltagere"], named["dage_tiendedele"] / 10, named["reference"], named["tekst"],
            ],
            column=7,
        )  # fmt: skip
    lines.freeze(1)
    lines.widths([8, 11, 26, 30, 34, 34, 14, 9, 8, 16, 11, 11, 10, 7, 22, 50])
    return book.close()
