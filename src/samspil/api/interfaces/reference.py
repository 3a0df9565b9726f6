"""The OpenAPI document as a page: what there is, in groups, with parameters and an example address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


@dataclass(frozen=True, slots=True)
class Parameter:
    """What one may ask with."""

    name: str
    about: str
    limits: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One operation."""

    method: str
    path: str
    about: str
    scope: str
    parameters: tuple[Parameter, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Operations under one heading."""

    key: str
    name: str
    operations: tuple[Shown, ...]


_GROUPS: dict[str, Promise] = {
    "Åbne data": gettext_lazy("Åbne data, uden nøgle"),
    "OOAPI": gettext_lazy("Open Education API (OOAPI 5)"),
    "Med nøgle": gettext_lazy("Med nøgle"),
}
_ABOUT: dict[str, Promise] = {
    "index": gettext_lazy("Hvor tingene er."),
    "courses": gettext_lazy("AMU-mål, der bliver udbudt. Med q findes de efter ord, dele af ord og nummer, også når der er stavet forkert."),
    "course": gettext_lazy("Et mål."),
    "fkbs": gettext_lazy("FKB'er, der gælder."),
    "fkb": gettext_lazy("En FKB med sine mål."),
    "schools": gettext_lazy("Skoler."),
    "school": gettext_lazy("En skole."),
    "approvals": gettext_lazy("Hvilke skoler der er godkendt til hvilke FKB'er."),
    "runs": gettext_lazy("Annoncerede hold, der ikke er begyndt."),
    "run": gettext_lazy("Et hold."),
    "commitments": gettext_lazy("Hvem der har aftalt at udbyde hvad, efter de fastlåste oversigter."),
    "changes": gettext_lazy("Hvad der er nyt, ændret eller væk siden sidst."),
    "courses_csv": gettext_lazy("Alle mål som CSV."),
    "courses_json": gettext_lazy("Alle mål som JSON."),
    "courses_jsonld": gettext_lazy("Alle mål som schema.org Course."),
    "course_jsonld": gettext_lazy("Et mål med alle sine hold som schema.org Course og CourseInstance."),
    "runs_csv": gettext_lazy("Alle hold som CSV."),
    "runs_json": gettext_lazy("Alle hold som JSON."),
    "runs_jsonld": gettext_lazy("Alle hold som schema.org CourseInstance."),
    "runs_ics": gettext_lazy("De næste 1.000 hold som kalender."),
    "commitments_csv": gettext_lazy("Aftalt udbud som CSV."),
    "commitments_json": gettext_lazy("Aftalt udbud som JSON."),
    "openapi": gettext_lazy("Denne beskrivelse som OpenAPI 3.1."),
    "me": gettext_lazy("Hvad nøglen må."),
    "rounds": gettext_lazy("De runder, skolen eller samarbejdet er med i."),
    "round": gettext_lazy("En runde."),
    "cells": gettext_lazy("Rundens oversigt, som den står nu: hvem gør hvad for hvert mål."),
    "own_runs": gettext_lazy("Skolens egne hold, også planlagte og aflyste."),
    "own_run": gettext_lazy("Et af skolens egne hold."),
    "plan_run": gettext_lazy("Planlæg et hold. Send linjen Idempotency-Key, så det samme hold ikke bliver lavet to gange."),
    "change_run": gettext_lazy("Ret et hold. Send den version, I har set."),
    "announce_run": gettext_lazy("Annoncér et planlagt hold."),
    "cancel_run": gettext_lazy("Aflys et hold med en grund."),
    "ooapi_service": gettext_lazy("Om tjenesten."),
    "ooapi_organizations": gettext_lazy("Skoler."),
    "ooapi_organization": gettext_lazy("En skole."),
    "ooapi_courses": gettext_lazy("Mål."),
    "ooapi_course": gettext_lazy("Et mål."),
    "ooapi_course_offerings": gettext_lazy("Et måls annoncerede hold."),
    "ooapi_organization_offerings": gettext_lazy("En skoles annoncerede hold."),
    "ooapi_offering": gettext_lazy("Et hold."),
}  # fmt: skip


def groups(document: dict[str, Any]) -> list[Group]:
    """The operations of the document under their headings, in the language that is active."""
    found: dict[str, list[Shown]] = {key: [] for key in _GROUPS}
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found[operation["tags"][0]].append(_shown(method, path, operation, schemas))
    return [
        Group(f"gruppe-{number}", str(_GROUPS[key]), tuple(operations))
        for number, (key, operations) in enumerate(found.items())
        if operations
    ]


def _shown(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Shown:
    about = _ABOUT.get(operation["operationId"])
    return Shown(
        method=method.upper(),
        path=path,
        about=str(about) if about is not None else operation["description"],
        scope=operation.get("x-scope", ""),
        parameters=tuple(_parameter(p) for p in operation["parameters"]),
        fields=_fields(operation, schemas),
    )


def _parameter(parameter: dict[str, Any]) -> Parameter:
    schema = parameter["schema"]
    options = schema.get("anyOf", [schema])
    kind = next((o for o in options if o.get("type") != "null"), schema)
    words = [str(kind.get("format") or kind.get("type", ""))]
    if "minimum" in kind:
        words.append(f"{kind['minimum']}–{kind['maximum']}")
    if "maxLength" in kind:
        words.append(_("højst %(count)s tegn") % {"count": kind["maxLength"]})
    if parameter.get("required"):
        words.append(_("skal med"))
    return Parameter(parameter["name"], str(parameter.get("description", "")), ", ".join(words))


def _fields(operation: dict[str, Any], schemas: dict[str, Any]) -> tuple[str, ...]:
    """The names of what comes back: of a list those of its rows."""
    content = operation["responses"].get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    for _step in range(4):
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
        elif "items" in schema.get("properties", {}):
            schema = schema["properties"]["items"]
        elif schema.get("type") == "array":
            schema = schema["items"]
    return tuple(schema.get("properties", {}))
