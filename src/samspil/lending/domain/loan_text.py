"""What both schools sign, in Danish: the content of a loan (R48–R57, R66). Not translated: it must read
the same for everybody who signs."""

from __future__ import annotations

from typing import Any

from samspil.lending.enums import Ground
from samspil.lending.models import Loan

TEXT_VERSION = "2026-1"
_GROUNDS: dict[str, str] = {
    Ground.CAPACITY: "Den godkendte skole kan ikke opfylde sin udbudspligt, fordi den mangler kapacitet.",
    Ground.GEOGRAPHY: "Særlige geografiske forhold.",
    Ground.LOCAL_NEED: "Et konkret eller akut behov for lokal dækning på tværs af FKB'er.",
    Ground.COHERENT: "Ét sammenhængende forløb på tværs af FKB'er, hvor en del ligger uden for de FKB'er, "
    "den udførende skole er godkendt til.",
    Ground.OTHER: "Det femte grundlag i § 16, stk. 5, som det er beskrevet i begrundelsen.",
}


def content_of(loan: Loan) -> dict[str, Any]:
    """The content of a loan as plain data; its canonical form is what is hashed and signed."""
    assert loan.borrower is not None
    courses = [
        {"number": course.number, "title": course.title}
        for course in loan.courses.order_by("number", "pk")
    ]
    what = (
        f"målene {', '.join(course['number'] for course in courses)} i FKB {loan.fkb.number}"
        if courses
        else f"alle mål i FKB {loan.fkb.number}"
    )
    lender, borrower = loan.lender.name, loan.borrower.name
    sections: list[dict[str, Any]] = [
        {
            "heading": "1. Hvad aftalen går ud på",
            "paragraphs": [
                f"{lender} er godkendt til FKB {loan.fkb.number} {loan.fkb.title}".strip()
                + f". {borrower} holder på {lender}s vegne {what} i perioden.",
            ],
            "points": [],
        },
        {
            "heading": "2. Grundlag",
            "paragraphs": [
                "Aftalen bygger på AMU-lovens § 16, stk. 4 og 5:",
                f"Begrundelse: {loan.reason}",
            ],
            "points": [_GROUNDS[ground] for ground in loan.grounds],
        },
        {
            "heading": "3. Ansvar",
            "paragraphs": [],
            "points": [
                f"Undervisningen sker på {lender}s vegne. {lender} har ansvaret for den.",
                f"{lender} registrerer aftalen digitalt og indberetter aktiviteten som den godkendte skole.",
                "Står en af skolerne over for at skifte studieadministrativt system, aftaler skolerne, hvordan "
                "igangværende og kommende hold føres videre.",
            ],
        },
    ]
    if loan.place:
        sections[0]["paragraphs"].append(f"Sted: {loan.place}.")
    if loan.exception_note:
        sections.append(
            {
                "heading": f"{len(sections) + 1}. Periode over seks måneder",
                "paragraphs": [
                    f"Udlånet er en del af en godkendelse: {loan.exception_note} Dokumentet er vedlagt."
                ],
                "points": [],
            }
        )
    if loan.terms:
        sections.append(
            {
                "heading": f"{len(sections) + 1}. Skolernes egne vilkår",
                "paragraphs": [text for text in loan.terms.splitlines() if text.strip()],
                "points": [],
            }
        )
    return {
        "schema": "samspil.loan/1",
        "text_version": TEXT_VERSION,
        "title": f"Aftale om udlån, FKB {loan.fkb.number}",
        "lender": {"key": loan.lender.key, "name": lender},
        "borrower": {"key": loan.borrower.key, "name": borrower},
        "fkb": {"number": loan.fkb.number, "title": loan.fkb.title},
        "courses": courses,
        "starts_on": loan.starts_on.isoformat(),
        "ends_on": loan.ends_on.isoformat(),
        "grounds": loan.grounds,
        "document_sha256": loan.document.sha256 if loan.document is not None else None,
        "constructed": loan.lender.is_constructed
        or loan.borrower.is_constructed
        or loan.fkb.is_constructed,
        "sections": sections,
    }
