"""Signatures in words: by what somebody signed for a school, and what the signature is secured with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

METHODS = {
    "totp": gettext_lazy("Engangskode"),
    "webauthn": gettext_lazy("Adgangsnøgle"),
    "recovery_codes": gettext_lazy("Reservekode"),
    "example": gettext_lazy("Prøveunderskrift uden sikkerhed"),
    "paper": gettext_lazy("Underskrevet på papir"),
}


def _day(text: object) -> str:
    try:
        return date_format(date.fromisoformat(str(text)), "j. F Y")
    except ValueError:
        return ""


def basis_words(basis: Mapping[str, Any]) -> str:
    """By what somebody signed for a school: ``skolens leder``, or the mandate and who gave it."""
    if basis.get("kind") == "leader":
        return _("skolens leder")
    if basis.get("kind") != "mandate":
        return ""
    given = {"name": basis.get("given_by") or "–", "from": _day(basis.get("valid_from"))}
    words = (
        _("mandat fra %(name)s, gælder %(from)s – %(to)s")
        % {**given, "to": _day(basis.get("valid_to"))}
        if basis.get("valid_to")
        else _("mandat fra %(name)s, gælder fra %(from)s") % given
    )
    return f"{words}: {basis['reason']}" if basis.get("reason") else words


def proof_words(provider: str, loa: str) -> str:
    """An outside provider and the level of assurance: the last word of the level's address."""
    level = loa.rstrip("/").rsplit("/", 1)[-1]
    return f"{provider} ({level})" if level else provider
