"""Overviews and agreements as tagged PDF: the frozen content and what goes round it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from samspil.coordination.domain.comparison import Mark, comparison_of
from samspil.coordination.domain.overviews import presented
from samspil.coordination.domain.paper import METHOD, paper_of
from samspil.coordination.domain.sealed_record import CONTENT, RECORD, SCHEMA
from samspil.coordination.enums import SignatureStatus
from samspil.coordination.interfaces.seal_words import method_words
from samspil.coordination.models import Agreement, Overview, PaperSignature, Signature
from samspil.kernel import sealing
from samspil.kernel.audit import canonical
from samspil.kernel.documents import Attached, render_pdf
from samspil.network.interfaces.signed import basis_words

MARKS = {Mark.NEW: "Ny", Mark.GONE: "Udgået", Mark.CHANGED: "Ændret", Mark.SAME: ""}


def danish(value: Any, form: str = "j. F Y") -> str:
    """A date or an instant in Danish, whatever language is active."""
    with translation.override("da"):
        return date_format(timezone.localtime(value) if hasattr(value, "hour") else value, form)


def _danish_words(words: Callable[[Any], str], about: Any) -> str:
    with translation.override("da"):
        return words(about)


def overview_pdf(overview: Overview) -> bytes:
    """The PDF of a frozen version."""
    content = overview.content
    return render_pdf(
        "coordination/documents/overview.typ",
        {
            "title": f"Koordineringsoversigt {content['year']}, FKB {content['fkb']['number']}",
            "content": presented(content),
            "version": overview.version,
            "sha256": overview.sha256,
            "frozen_on": danish(overview.frozen_at),
            "difference": overview.difference,
        },
        at=overview.frozen_at,
    )


def agreement_pdf(agreement: Agreement, *, signed: bool) -> bytes:
    """The PDF of an agreement; with ``signed`` the signature page says who signed and when."""
    content = agreement.content
    signatures = {
        row.organisation.key: row
        for row in agreement.signatures.select_related("organisation", "proof").order_by("pk")
    }
    places = []
    for school in content["signers"]:
        row = signatures.get(school["key"])
        done = signed and row is not None and row.acted_at is not None
        places.append(
            {
                "name": school["name"],
                "signed": done,
                "person": row.person_name if done and row else "",
                "basis": _danish_words(basis_words, row.basis) if done and row else "",
                "at": danish(row.acted_at, r"j. F Y \k\l. H.i") if done and row else "",
                "method": _danish_words(method_words, row) if done and row else "",
            }
        )
    rows = [row for row in signatures.values() if row.status == SignatureStatus.SIGNED]
    last = max((row.acted_at for row in signatures.values() if row.acted_at), default=None)
    return render_pdf(
        "coordination/documents/agreement.typ",
        {
            "title": content["title"],
            "content": {**content, "overview": presented(content["overview"])},
            "content_hash": agreement.content_hash,
            "created_on": danish(agreement.created_at),
            "due_on": danish(agreement.due_on),
            "signed": signed,
            "places": places,
            "comparison": _side_by_side(agreement),
            "check_at": settings.BASE_URL + reverse("check:page")
            if signed and sealing.is_on()
            else "",
        },
        at=last if signed and last else agreement.created_at,
        files=_files(agreement, rows) if signed else (),
    )


def _side_by_side(agreement: Agreement) -> dict[str, Any] | None:
    """What an addendum changes, a line each, for the PDF; ``None`` in a first agreement."""
    found = comparison_of(agreement)
    if found is None:
        return None
    lines = [
        {
            "of": of,
            "who": pair.who,
            "mark": MARKS[pair.mark],
            "before": pair.before,
            "after": pair.after,
        }
        for of, pairs in (
            *((f"{course.number} {course.title}", course.pairs) for course in found.changed),
            ("Parter", found.parties),
        )
        for pair in pairs
        if pair.mark != Mark.SAME
    ]
    return {"old": found.old_version, "new": found.new_version, "lines": lines}


def _files(agreement: Agreement, rows: list[Signature]) -> list[Attached]:
    """The signed content, byte for byte as it was hashed, and each signer's act."""
    return [
        Attached(
            CONTENT,
            canonical(agreement.content).encode(),
            "application/json",
            "Det, der er underskrevet: kontrolsummen er SHA-256 af denne fil",
        ),
        Attached(
            RECORD,
            json.dumps(signature_record(agreement, rows), ensure_ascii=False, indent=1).encode(),
            "application/json",
            "Hvem der har underskrevet for hvilken skole, hvornår og hvordan",
        ),
        *(
            Attached(
                f"papir-{row.organisation.key}.pdf",
                paper.document.read(),
                "application/pdf",
                f"Underskriften på papir, {row.organisation.name}",
            )
            for row in rows
            if (paper := _paper(row)) is not None
        ),
    ]


def _paper(row: Signature) -> PaperSignature | None:
    return paper_of(row) if row.method == METHOD else None


def _paper_facts(row: Signature) -> dict[str, Any]:
    paper = _paper(row)
    if paper is None:
        return {}
    return {
        "paper": {
            "signed_on": paper.signed_on.isoformat(),
            "document_sha256": paper.document.sha256,
            "submitted_by": paper.submitted_by_name,
            "confirmed_by": paper.confirmed_by_name,
        }
    }


def _proof_facts(row: Signature) -> dict[str, Any]:
    """What an outside provider vouched for. Its token stays with us: it can hold more of the person
    than the other parties need; its checksum, and what the nonce is made of, tie it to this."""
    proof = getattr(row, "proof", None)
    if proof is None:
        return {}
    return {
        "proof": {
            "provider": proof.provider,
            "issuer": proof.issuer,
            "name": proof.name,
            "cvr": proof.cvr,
            "loa": proof.loa,
            "authenticated_at": proof.authenticated_at.astimezone(UTC).isoformat(
                timespec="seconds"
            ),
            "nonce": proof.nonce,
            "salt": proof.salt,
            "token_sha256": hashlib.sha256(proof.token.encode()).hexdigest(),
        }
    }


def signature_record(agreement: Agreement, rows: list[Signature]) -> dict[str, Any]:
    """The acts of the signers as data, for who reads the sealed file in many years."""
    content = agreement.content
    return {
        "schema": SCHEMA,
        "title": content["title"],
        "network": content["overview"]["network"],
        "fkb": content["overview"]["fkb"]["number"],
        "year": content["overview"]["year"],
        "kind": agreement.kind,
        "number": agreement.number,
        "constructed": bool(content["overview"]["constructed"]),
        "content_sha256": agreement.content_hash,
        "signatures": [
            {
                "school": {"key": row.organisation.key, "name": row.organisation.name},
                "person": row.person_name,
                "at": row.acted_at.astimezone(UTC).isoformat(timespec="seconds")
                if row.acted_at
                else None,
                "method": row.method,
                "content_sha256": row.content_hash,
                "basis": row.basis,
                **_proof_facts(row),
                **_paper_facts(row),
            }
            for row in sorted(rows, key=lambda row: row.organisation.key)
        ],
    }
