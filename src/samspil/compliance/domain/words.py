"""Why a commitment stands as it does, in one sentence with its numbers and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.compliance.enums import GuaranteeStanding
from samspil.compliance.models import FollowUp
from samspil.ui.templatetags.ui import da_date, period

Values = Mapping[str, Any]


def _day(values: Values, name: str) -> str:
    text = values.get(name)
    return da_date(date.fromisoformat(text)) if text else ""


def _days(values: Values, first: str, last: str) -> str:
    start, end = values.get(first), values.get(last)
    if not start:
        return ""
    return period(date.fromisoformat(start), date.fromisoformat(end) if end else None)


def _runs(count: int) -> str:
    return ngettext("%(count)s hold er annonceret", "%(count)s hold er annonceret", count) % {
        "count": count
    }


def _kept(v: Values) -> str:
    return _("%(runs)s, det første til %(day)s.") % {
        "runs": _runs(v["announced"]),
        "day": _day(v, "starts_on"),
    }


def _kept_fewer(v: Values) -> str:
    return _("%(runs)s af de %(promised)s, der er aftalt. Det første er %(day)s.") % {
        "runs": _runs(v["announced"]),
        "promised": v["promised"],
        "day": _day(v, "starts_on"),
    }


def _late(v: Values) -> str:
    if v.get("absent_on") and v.get("first_seen_on"):
        return _(
            "Holdet %(start)s var ikke annonceret %(absent)s, men var det %(seen)s. "
            "Det skulle have været annonceret senest %(due)s."
        ) % {
            "start": _day(v, "starts_on"),
            "absent": _day(v, "absent_on"),
            "seen": _day(v, "first_seen_on"),
            "due": _day(v, "due_on"),
        }
    return _("Holdet er annonceret efter %(due)s.") % {"due": _day(v, "due_on")}


def _missing(v: Values) -> str:
    return ngettext(
        "Intet hold er annonceret. Det skulle være sket senest %(due)s, for %(days)s dag siden. "
        "Sidst undersøgt %(looked)s.",
        "Intet hold er annonceret. Det skulle være sket senest %(due)s, for %(days)s dage siden. "
        "Sidst undersøgt %(looked)s.",
        v["days"],
    ) % {"due": _day(v, "due_on"), "days": v["days"], "looked": _day(v, "looked_on")}


def _cancelled(v: Values) -> str:
    return ngettext(
        "Holdet %(start)s er aflyst, og intet andet er annonceret.",
        "Alle %(count)s hold er aflyst, det seneste %(start)s. Intet andet er annonceret.",
        v["count"],
    ) % {"count": v["count"], "start": _day(v, "starts_on")}


_WORDS: Final[Mapping[str, Callable[[Values], str]]] = {
    "kept": _kept,
    "kept_fewer": _kept_fewer,
    "kept_elsewhere": lambda v: (
        _("%(runs)s, det første til %(day)s. Det er på en anden tid, end der er aftalt.")
        % {"runs": _runs(v["announced"]), "day": _day(v, "starts_on")}
    ),
    "followed": lambda v: (
        _("Annonceret på samme dage og adresse som hos den udbydende skole, det første %(day)s.")
        % {"day": _day(v, "starts_on")}
    ),
    "late": _late,
    "missing": _missing,
    "not_due": lambda v: _("Skal være annonceret senest %(due)s.") % {"due": _day(v, "due_on")},
    "never_looked": lambda v: (
        _("Skulle være annonceret senest %(due)s. Målets hold er ikke hentet endnu.")
        % {"due": _day(v, "due_on")}
    ),
    "not_looked_since": lambda v: (
        _("Skulle være annonceret senest %(due)s. Målets hold er ikke hentet siden %(looked)s.")
        % {"due": _day(v, "due_on"), "looked": _day(v, "looked_on")}
    ),
    "school_unknown": lambda v: _(
        "Vi kan ikke se, hvilken skole aftalen er med. Sekretariatet skal vælge den i registret."
    ),
    "school_several": lambda v: (
        _(
            "%(count)s skoler kan hedde det, der står i aftalen. Sekretariatet skal vælge den rigtige."
        )
        % {"count": v["count"]}
    ),
    "school_nowhere": lambda v: _(
        "Skolen står ikke i registret, så dens hold kan ikke hentes. Spørg den selv."
    ),
    "cancelled": _cancelled,
    "withdrawn": lambda v: (
        ngettext(
            "Holdet er taget ud af den landsdækkende søgning (%(gone)s), og intet andet er annonceret.",
            "Alle %(count)s hold er taget ud af den landsdækkende søgning, det seneste %(gone)s. "
            "Intet andet er annonceret.",
            v["count"],
        )
        % {"count": v["count"], "gone": _day(v, "gone_on")}
    ),
    "agreed_dates": lambda v: (
        _("Fælles hold: annonceret til %(days)s, som ligger uden for den tid, der er aftalt.")
        % {"days": _days(v, "starts_on", "ends_on")}
    ),
    "holder_absent": lambda v: (
        _("Annonceret til %(day)s, men den udbydende skole har intet hold annonceret.")
        % {"day": _day(v, "starts_on")}
    ),
    "dates": lambda v: (
        _("Annonceret til %(own)s. Den udbydende skole har annonceret %(theirs)s.")
        % {
            "own": _days(v, "starts_on", "ends_on"),
            "theirs": _days(v, "holder_starts_on", "holder_ends_on"),
        }
    ),
    "address": lambda v: (
        _("Holdet %(day)s er annonceret på en anden adresse end den udbydende skoles.")
        % {"day": _day(v, "starts_on")}
    ),
    "some_dates": lambda v: (
        _("Kun %(followed)s af de %(wanted)s fælles hold er annonceret.")
        % {"followed": v["followed"], "wanted": v["wanted"]}
    ),
}


def reason_words(reason: Values) -> str:
    """The sentence of a reason as it is stored; empty for none, and for one of a later version."""
    words = _WORDS.get(str(reason.get("code", "")))
    return words(reason) if words else ""


def guarantee_words(follow_up: FollowUp) -> str:
    """What became of the guarantee, in one sentence; empty when there is none."""
    status = follow_up.guarantee_status
    if status == GuaranteeStanding.BROKEN:
        return ngettext(
            "%(count)s garantihold er aflyst eller taget af søgningen.",
            "%(count)s garantihold er aflyst eller taget af søgningen.",
            follow_up.guaranteed_broken,
        ) % {"count": follow_up.guaranteed_broken}
    if status == GuaranteeStanding.KEPT:
        return ngettext(
            "%(count)s garantihold er begyndt som lovet.",
            "%(count)s garantihold er begyndt som lovet.",
            follow_up.guaranteed_held,
        ) % {"count": follow_up.guaranteed_held}
    if status == GuaranteeStanding.NOT_GIVEN:
        return _("Der er aftalt garanti, men ingen hold er annonceret som garantihold.")
    if status == GuaranteeStanding.OPEN:
        return _("Der er lovet garanti. Intet garantihold er begyndt endnu.")
    return ""
