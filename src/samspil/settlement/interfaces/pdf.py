"""A statement as tagged PDF."""

from __future__ import annotations

from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format

from samspil.kernel.documents import render_pdf
from samspil.settlement.interfaces.exports import ACCOUNT_WORDS, KIND_WORDS, content
from samspil.settlement.interfaces.shown import kroner, lines, tenths, told, verdict
from samspil.settlement.models import Statement

CLOCK = r"j. F Y \k\l. H.i"


def _danish(value: Any, form: str = "j. F Y") -> str:
    return date_format(timezone.localtime(value) if hasattr(value, "hour") else value, form)


def statement_pdf(statement: Statement) -> bytes:
    """The PDF of a statement: the sums, every line, who has approved. Open quarters have no date of their own."""
    data = content(statement)
    at = statement.closed_at or statement.drawn_up_at
    if at is None:
        raise ValueError("a quarter that goes on has no paper")
    with translation.override("da"):
        return render_pdf(
            "settlement/documents/statement.typ",
            {
                "title": f"Afregning, {data['quarter']}. kvartal {data['year']}",
                "network": data["network"],
                "constructed": data["constructed"],
                "first": data["first"]["name"],
                "second": data["second"]["name"],
                "verdict": verdict(data),
                "told": told(data),
                "sums": [
                    [words, kroner(data["sums"][account])]
                    for account, words in ACCOUNT_WORDS.items()
                ],
                "lines": [
                    {
                        "entry": line.raw["entry"],
                        "kind": KIND_WORDS[line.raw["kind"]],
                        "course": line.raw["course"],
                        "run": line.raw["run"],
                        "when": f"{_danish(line.starts_on, 'j/n Y')} – {_danish(line.ends_on, 'j/n Y')}",
                        "origin": line.origin,
                        "holder": line.holder,
                        "heads": line.raw["heads"],
                        "days": tenths(line.raw["days_tenths"]),
                        "subsidy": kroner(line.subsidy),
                        "due": kroner(line.fee_due + line.subsidy_due),
                        "reason": line.raw["reason"],
                    }
                    for line in lines(data)
                ],
                "approvals": [
                    f"{row.organisation.name}: {row.person_name}, {_danish(row.at, CLOCK)}"
                    for row in statement.approvals.select_related("organisation").order_by(
                        "at", "pk"
                    )
                ],
                "sha256": statement.sha256,
                "drawn_up_on": _danish(statement.drawn_up_at),
            },
            at=at,
        )
