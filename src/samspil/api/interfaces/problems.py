"""Errors as machines and people read them: problem details (RFC 9457) in Danish and English.

``title`` and ``detail`` are Danish, ``title_en`` and ``detail_en`` English. ``errors`` says for each
faulty value where it stands.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.utils import translation

CONTENT_TYPE = "application/problem+json"

# Kept here and not in the catalogue of messages, because both languages are sent at once.
_WORDS: dict[int, tuple[str, str, str, str]] = {
    400: (
        "Forespørgslen kan ikke læses",
        "Der er en fejl i adressen eller i det, der er sendt.",
        "The request cannot be read",
        "There is a fault in the address or in what was sent.",
    ),
    401: (
        "Nøglen mangler eller gælder ikke",
        "Send en nøgle, der gælder, i linjen »Authorization: Bearer …«. En nøgle laves på siden API-nøgler.",
        "The key is missing or does not hold",
        "Send a key that holds in the line 'Authorization: Bearer …'. Keys are made on the page API keys.",
    ),
    403: (
        "Nøglen har ikke den rettighed",
        "Lav en nøgle med den rettighed, som adressen kræver, eller spørg den, der har lavet nøglen.",
        "The key does not have that right",
        "Make a key with the scope that the address asks for, or ask whoever made the key.",
    ),
    404: (
        "Det findes ikke",
        "Adressen findes ikke, eller det, den peger på, er ikke offentligt eller ikke jeres.",
        "It does not exist",
        "The address does not exist, or what it points to is neither public nor yours.",
    ),
    405: (
        "Det kan adressen ikke",
        "Brug en af de metoder, der står i linjen »Allow«.",
        "The address cannot do that",
        "Use one of the methods in the line 'Allow'.",
    ),
    406: (
        "Den form findes ikke",
        "Hent siden i en af de former, der står i dokumentationen.",
        "That format does not exist",
        "Fetch it in one of the formats in the documentation.",
    ),
    409: (
        "Nogen er kommet først",
        "Det er ændret, siden I hentede det. Hent det igen, og prøv så.",
        "Somebody came first",
        "It was changed since you fetched it. Fetch it again and then retry.",
    ),
    413: (
        "For stort",
        "Det, der er sendt, er større, end vi tager imod.",
        "Too large",
        "What was sent is larger than what we take.",
    ),
    415: (
        "Formen kendes ikke",
        "Send JSON med linjen »Content-Type: application/json«.",
        "The format is not known",
        "Send JSON with the line 'Content-Type: application/json'.",
    ),
    422: (
        "Noget er ikke udfyldt rigtigt",
        "Ret det, der står under »errors«, og send igen.",
        "Some values are not right",
        "Correct what stands under 'errors' and send it again.",
    ),
    429: (
        "For mange forespørgsler",
        "Vent det antal sekunder, der står i linjen »Retry-After«.",
        "Too many requests",
        "Wait for the number of seconds in the line 'Retry-After'.",
    ),
    500: (
        "Det gik galt hos os",
        "Fejlen er skrevet ned. Prøv igen om lidt.",
        "Something went wrong here",
        "The fault has been written down. Try again in a while.",
    ),
}
_REFUSED_EN = "The request breaks a rule of Samspil. 'detail' says which one, in Danish."


def problem(
    status: int,
    *,
    detail: str = "",
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """A response that says what is wrong. ``detail`` is a Danish sentence of the system, which says
    more than the usual one."""
    title, usual, title_en, usual_en = _WORDS.get(status, _WORDS[400 if status < 500 else 500])
    body: dict[str, Any] = {
        "type": f"/api/#fejl-{status}" if status in _WORDS else "about:blank",
        "title": title,
        "title_en": title_en,
        "status": status,
        "detail": detail or usual,
        "detail_en": _english(detail) if detail else usual_en,
    }
    if errors:
        body["errors"] = errors
    return HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status=status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "private, no-store", **(headers or {})},
    )


def known() -> list[tuple[int, str, str]]:
    """Status, title and sentence of every error, in the language of the page that lists them."""
    english = (translation.get_language() or "da").startswith("en")
    return [
        (status, words[2] if english else words[0], words[3] if english else words[1])
        for status, words in _WORDS.items()
    ]


def _english(detail: str) -> str:
    """The same sentence in English, where it is in the catalogue of messages as it stands."""
    with translation.override("en"):
        english = translation.gettext(detail)
    return english if english != detail else _REFUSED_EN


_DANISH = {
    "missing": "Værdien mangler.",
    "int_parsing": "Skriv et helt tal.",
    "int_type": "Skriv et helt tal.",
    "int_from_float": "Skriv et helt tal.",
    "greater_than_equal": "Tallet er for lille.",
    "greater_than": "Tallet er for lille.",
    "less_than_equal": "Tallet er for stort.",
    "less_than": "Tallet er for stort.",
    "bool_parsing": "Skriv true eller false.",
    "bool_type": "Skriv true eller false.",
    "date_from_datetime_parsing": "Skriv en dato som 2027-09-14.",
    "date_from_datetime_inexact": "Skriv en dato uden klokkeslæt, som 2027-09-14.",
    "date_parsing": "Skriv en dato som 2027-09-14.",
    "date_type": "Skriv en dato som 2027-09-14.",
    "string_too_long": "Teksten er for lang.",
    "string_too_short": "Teksten er for kort.",
    "string_pattern_mismatch": "Teksten har ikke den rette form.",
    "string_type": "Skriv en tekst.",
    "literal_error": "Vælg en af de værdier, der står i dokumentationen.",
    "enum": "Vælg en af de værdier, der står i dokumentationen.",
    "decimal_parsing": "Skriv et tal, som 2.5.",
    "decimal_type": "Skriv et tal, som 2.5.",
    "json_invalid": "Det er ikke JSON.",
    "extra_forbidden": "Den værdi kender vi ikke.",
}


def invalid(faults: list[dict[str, Any]]) -> HttpResponse:
    """What the checker of values found, as a problem (422)."""
    return problem(
        422,
        errors=[
            {
                "where": ".".join(str(part) for part in fault.get("loc", ())),
                "da": _DANISH.get(str(fault.get("type", "")), "Værdien kan ikke læses."),
                "en": str(fault.get("msg", "The value cannot be read.")),
            }
            for fault in faults
        ],
    )
