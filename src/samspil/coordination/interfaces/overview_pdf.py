"""Overviews and agreements as tagged PDF: the frozen content and what goes round it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format

from samspil.coordination.domain.overviews import presented
from samspil.coordination.models import Agreement, Overview
from samspil.kernel.documents import render_pdf

METHODS = {
    "totp": "Engangskode",
    "webauthn": "Adgangsnøgle",
    "recovery_codes": "Reservekode",
    "example": "Prøveunderskrift uden sikkerhed",
}


def danish(value: Any, form: str = "j. F Y") -> str:
    """A date or an instant in Danish, whatever language is active."""
    with translation.override("da"):
        return date_format(timezone.localtime(value) if hasattr(value, "hour") else value, form)


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
        for row in agreement.signatures.select_related("organisation").order_by("pk")
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
                "at": danish(row.acted_at, r"j. F Y \k\l. H.i") if done and row else "",
                "method": METHODS.get(row.method, row.method) if done and row else "",
            }
        )
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
        },
        at=last if signed and last else agreement.created_at,
    )
