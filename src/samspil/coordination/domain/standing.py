"""How far a calculation is, how good its answer is, and why there is none: in words.

What is told comes from the planner's status and bounds (``planning.standing``), in the order of the
objectives. No number is claimed that isn't proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination.domain import planning
from samspil.kernel.calculations import LEASE
from samspil.kernel.models import Calculation, CalculationStatus

SOON: Final = timedelta(minutes=1)
"""After so long in the queue something may be wrong, and the page says what to do."""

QUICK: Final = 10.0
"""Seconds during which a page asks every second how far it is; then every third."""

_TERMS: Final = {
    "covered": lambda: _("antal lukkede huller"),
    "changed": lambda: _("mål, der skifter skole"),
    "burden": lambda: _("jævn deling af pligten"),
    "burden_2": lambda: _("jævn deling af pligten"),
    "burden_3": lambda: _("jævn deling af pligten"),
    "far": lambda: _("kursister langt fra et hold"),
    "travel": lambda: _("korte afstande"),
    "farthest": lambda: _("den længste afstand"),
    "spread": lambda: _("fordeling over året"),
    "kept": lambda: _("samme udbyder som sidste år"),
    "joint": lambda: _("fælles hold"),
    "guarantees": lambda: _("garantihold"),
}


@dataclass(frozen=True, slots=True)
class Running:
    """A calculation that is under way. ``lines`` are whole sentences; ``every``: seconds between two looks.

    ``has_best``: there is an answer to stop with; ``is_stopping``: somebody has asked for it.
    """

    lines: tuple[str, ...]
    every: int
    has_best: bool
    is_stopping: bool


def running(calculation: Calculation | None, now: datetime, gaps: int) -> Running:
    """How far it is: the best so far of ``gaps``, how much is proven, for how long it has calculated."""
    if calculation is None:  # asked for by an earlier version
        lost = _("Beregningen er gået tabt. Forkast forslaget, og bed om et nyt.")
        return Running(lines=(lost,), every=30, has_best=False, is_stopping=False)
    progress = calculation.progress
    is_stopping = calculation.asked_to_stop_at is not None
    seconds = float(progress.get("seconds", 0.0))
    numbers = planning.standing(progress)
    lines = list(_so_far(numbers, gaps))
    if is_stopping:
        lines = [_("Stopper. Det bedste forslag indtil nu er klar om et øjeblik."), *lines]
    elif calculation.status == CalculationStatus.QUEUED:
        lines = [_waits(calculation, now), *lines]
    elif calculation.heartbeat_at is not None and now - calculation.heartbeat_at > LEASE:
        lines.append(_("Beregningen er afbrudt. Den fortsætter af sig selv, hvor den slap."))
    elif seconds >= 1:
        lines.append(_("Har regnet i %(time)s.") % {"time": time_words(seconds)})
    return Running(
        lines=tuple(lines),
        every=1 if seconds < QUICK else 3,
        has_best=bool(numbers["bounds"]),
        is_stopping=is_stopping,
    )


def _waits(calculation: Calculation, now: datetime) -> str:
    if now - calculation.created_at < SOON:
        return _("Beregningen begynder om et øjeblik.")
    return _(
        "Beregningen er ikke begyndt endnu. Begynder den ikke inden for et par minutter, "
        "så sig det til den, der driver Samspil."
    )


def _so_far(numbers: Mapping[str, Any], gaps: int) -> list[str]:
    """The best so far, from its first objective on."""
    covered = next((b for b in numbers["bounds"] if b["term"] == "covered"), None)
    if covered is None:
        return []
    value, most = covered["value"], covered["best_possible"]
    best = _("Det bedste forslag indtil nu lukker %(closed)s af %(gaps)s huller.") % {
        "closed": value,
        "gaps": gaps,
    }
    if most is None:
        return [best]
    if value < most:
        return [best, _("Det er bevist, at højst %(most)s kan lukkes.") % {"most": most}]
    told = [best]
    if value < gaps:
        told.append(_("Det er bevist, at flere ikke kan lukkes."))
    if numbers["off_term"]:
        what = term_words(numbers["off_term"])
        told.append(_("Nu regnes på resten: %(what)s.") % {"what": what})
    return told


def term_words(term: str) -> str:
    """What an objective is called; an objective of a later planner by its own name."""
    words = _TERMS.get(term)
    return words() if words else term


def time_words(seconds: float) -> str:
    """``12 sekunder``, ``3 minutter``."""
    if seconds < 120:
        count = max(1, int(seconds))
        return ngettext("%(count)s sekund", "%(count)s sekunder", count) % {"count": count}
    count = int(seconds // 60)
    return ngettext("%(count)s minut", "%(count)s minutter", count) % {"count": count}


def standing_words(numbers: Mapping[str, Any]) -> str:
    """How good an answer is known to be; empty for answers of before it was kept."""
    status, off = numbers.get("status"), numbers.get("percent_off")
    if status is None:
        return ""
    if status == "proven":
        return _("Bevist bedst: intet andet forslag er bedre.")
    what = term_words(numbers.get("off_term", "")) or _("det hele")
    most = (
        _("Højst %(percent)s %% fra det bedste (%(what)s).")
        % {"percent": percent_words(off), "what": what}
        if off is not None
        else _("Det er ikke bevist, hvor langt der er til det bedste (%(what)s).") % {"what": what}
    )
    if status == "stopped":
        return _("Stoppet, før alt var regnet igennem.") + " " + most
    return most


def percent_words(percent: float) -> str:
    """Never less than it is: ``0,1`` for anything above 0; whole from 10."""
    if percent >= 10:
        return number_format(int(-(-percent // 1)), 0)
    return number_format(-(-percent * 10 // 1) / 10, 1)


def went_wrong_words(numbers: Mapping[str, Any]) -> str:
    """Why the best there was is the answer though the calculation did not end well; mostly empty."""
    if numbers.get("failure") and numbers.get("status") != "impossible":
        return _("Beregningen gik i stå undervejs; det her er det bedste, den nåede at finde.")
    return ""


def failure_words(numbers: Mapping[str, Any]) -> str:
    """Why there is no answer, and what one can do."""
    if numbers.get("status") == "impossible":
        return _(
            "Det, I har bestemt, modsiger sig selv. Lav en af beslutningerne om, "
            "og bed om et nyt forslag."
        )
    return {
        "memory": _(
            "Opgaven er for stor til at blive regnet på én gang. Bed om et forslag for én FKB ad gangen."
        ),
        "clock": _(
            "Der blev ikke fundet et forslag i tide. Prøv igen, eller bed om et forslag for én FKB ad gangen."
        ),
        "broke_rules": _(
            "Det, der blev regnet ud, brød en regel og er kasseret. Sig det til den, der driver Samspil."
        ),
    }.get(
        str(numbers.get("failure")),
        _("Prøv igen. Sker det igen, så sig det til den, der driver Samspil."),
    )
