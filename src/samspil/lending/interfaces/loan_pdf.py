"""A loan as tagged PDF: what both schools signed, and who did."""

from __future__ import annotations

from datetime import date

from django.utils import timezone, translation
from django.utils.formats import date_format

from samspil.kernel.audit import canonical
from samspil.kernel.documents import Attached, render_pdf
from samspil.lending.domain.queries import signatures_of
from samspil.lending.interfaces.shown import method_words
from samspil.lending.models import Loan
from samspil.network.interfaces.signed import basis_words


def _day(iso: str) -> str:
    with translation.override("da"):
        return date_format(date.fromisoformat(iso), "j. F Y")


def loan_pdf(loan: Loan) -> bytes:
    """The PDF of a loan that both have signed, with the signed content and the document in it."""
    rows = signatures_of(loan)
    last = max(row.acted_at for row in rows if row.acted_at is not None)
    with translation.override("da"):
        places = [
            {
                "name": row.organisation.name,
                "person": row.person_name,
                "at": date_format(timezone.localtime(row.acted_at), r"j. F Y \k\l. H.i"),
                "method": method_words(row),
                "basis": basis_words(row.basis),
            }
            for row in rows
            if row.acted_at is not None
        ]
    files = [
        Attached(
            "aftale.json",
            canonical(loan.content).encode(),
            "application/json",
            "Det, der er underskrevet: kontrolsummen er SHA-256 af denne fil",
        )
    ]
    if loan.document is not None:
        files.append(
            Attached("bilag.pdf", loan.document.read(), "application/pdf", "Vedlagt dokument")
        )
    return render_pdf(
        "lending/documents/loan.typ",
        {
            "content": loan.content,
            "first": _day(loan.content["starts_on"]),
            "last": _day(loan.content["ends_on"]),
            "content_hash": loan.content_hash,
            "places": places,
            "has_document": loan.document is not None,
        },
        at=last,
        files=files,
    )
