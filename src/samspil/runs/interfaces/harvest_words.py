"""Why announced runs could not be fetched, in one sentence; the fields of a run by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _

from samspil.kernel.imports.actions import spec_of
from samspil.kernel.imports.values import shown
from samspil.runs.domain.harvest import SPEC, Trouble
from samspil.runs.enums import RunStatus
from samspil.ui.templatetags.ui import da_date

_SENTENCES: Final[Mapping[str, Callable[[], str]]] = {
    "status": lambda: _("Søgningen svarede med fejl %(status)s."),
    "slow": lambda: _("Søgningen svarede ikke i tide."),
    "no_contact": lambda: _("Der kunne ikke opnås forbindelse til søgningen."),
    "address": lambda: _("Adressen for søgningen er ikke en webadresse."),
    "unreadable": lambda: _("Søgningens svar kunne ikke pakkes ud."),
    "too_large": lambda: _("Søgningens svar er større end %(megabytes)s MB."),
    "too_many_pages": lambda: _("Søgningens svar har mere end %(pages)s sider."),
    "broken": lambda: _("Side %(page)s af svaret er ikke gyldig JSON."),
    "no_list": lambda: _("Side %(page)s af svaret mangler listen »%(field)s«."),
    "no_record": lambda: _("Hold nr. %(place)s på side %(page)s er ikke et hold."),
    "no_field": lambda: _("Hold nr. %(place)s på side %(page)s mangler feltet »%(field)s«."),
    "empty_field": lambda: _("I hold nr. %(place)s på side %(page)s er feltet »%(field)s« tomt."),
    "wrong_field": lambda: _(
        "I hold nr. %(place)s på side %(page)s står der »%(value)s« i feltet »%(field)s«."
    ),
    "fewer": lambda: _(
        "Svaret mangler %(gone)s af de %(was)s hold, der var annonceret sidst. Er det rigtigt, "
        "så hent igen, og sæt flueben ved, at det er rigtigt."
    ),
    "lost": lambda: _("Hentningen blev afbrudt."),
    "fault": lambda: _("Der skete en fejl i Samspil under hentningen."),
}


def problem_words(problem: Mapping[str, Any]) -> str:
    """What went wrong, and that nothing was changed by it; empty when nothing did."""
    if not problem:
        return ""
    sentence = _SENTENCES.get(str(problem.get("code")), _SENTENCES["fault"])
    return _("%(problem)s Intet er ændret.") % {"problem": sentence() % problem}


def trouble_words(trouble: Trouble) -> str:
    """The same of what was raised."""
    return problem_words(trouble.problem)


def field_words(name: str) -> str:
    """What a field of a run is called on the screen."""
    if name == "organisation":
        name = "school"
    if name == "status":
        return _("Status")
    try:
        return str(spec_of(SPEC).column(name).label)
    except StopIteration:
        return name


def value_words(name: str, value: Any) -> str:
    """A value of a field as people read it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if name == "status":
        return str(RunStatus(value).label) if value in RunStatus.values else str(value)
    if name.endswith("_on") and isinstance(value, str):
        try:
            return da_date(date.fromisoformat(value))
        except ValueError:
            return value
    return shown(value)
