"""Runs as the national search shows them. Constructed."""

from __future__ import annotations

from typing import Any


def record(number: str = "A1", **values: Any) -> dict[str, Any]:
    """A run of the search with all of its 32 fields."""
    return {
        "antalUndervisningsdage": None,
        "beskrivelse": "Prøvens mål",
        "duration": 2,
        "endDate": "2026-09-15",
        "forudsaetninger": "",
        "holdTitle": "Prøvens hold",
        "id": 1,
        "institution": "Prøveskolen",
        "kontaktMail": "",
        "kontaktPerson": "",
        "kontaktPersonTlfNummer": "",
        "lokationGade": "Skolevej 1",
        "lokationPostNr": "8000",
        "lokationSted": "Aarhus C",
        "startDate": "2026-09-14",
        "tilmeldingsFrist": "2026-09-07",
        "undervisningsform": "Dagundervisning",
        "undervisningstidspunkt": "08:00 - 15:24",
        "aabent": False,
        "aflyst": False,
        "aktiGuid": f"GUID-{number}",
        "currentParticipantAmount": 4,
        "flereKurser": False,
        "garantiKursus": False,
        "hjemmeside": "https://example.test",
        "kviknummer": number,
        "minimumParticipants": 10,
        "normpris": 436,
        "participantCapacity": 20,
        "tillaegspris": None,
        "tillaegsprisAarsag": None,
        "tillaegsprisBegrundelse": None,
        **values,
    }
