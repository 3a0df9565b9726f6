"""The planner's reasons about runs in words, in the language of whoever reads.

The codes and their facts are those of ``planning.pooling.explain``. Runs and parties arrive with the
names that people know them by; distances come in metres.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Facts = Mapping[str, Any]


def sentences(messages: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """One sentence per message, with ``names`` of runs by key. A later planner's code is passed over."""
    return [_WORDS[m["code"]](_named(m, names)) for m in messages if m["code"] in _WORDS]


def _named(facts: Facts, names: Mapping[str, str]) -> dict[str, Any]:
    found = dict(facts)
    for key in ("run", "into", "needed", "by"):
        if isinstance(found.get(key), str):
            found[key] = names.get(found[key], found[key])
    if isinstance(found.get("runs"), list | tuple):
        found["runs"] = ", ".join(names.get(run, run) for run in found["runs"])
    for key in ("metres", "more"):
        if key in found:
            found["km" if key == "metres" else "more_km"] = round(found[key] / 1000)
    if "days" in found:
        found["off"] = _off(found["days"])
    return found


def _off(days: int) -> str:
    if not days:
        return _("samme dag")
    return ngettext("%(n)s dag fra", "%(n)s dage fra", abs(days)) % {"n": abs(days)}


def _plain(text: Callable[[], str]) -> Callable[[Facts], str]:
    return lambda facts: text()


def _people(number: int) -> str:
    return ngettext("%(n)s kursist", "%(n)s kursister", number) % {"n": number}


_WORDS: Final[dict[str, Callable[[Facts], str]]] = {
    # Why somebody is asked to move.
    "own_not_held": lambda f: (
        _("Deres eget hold gennemføres ikke: %(heads)s af mindst %(minimum)s.") % f
    ),
    "own_cancelled": _plain(lambda: _("Deres eget hold er aflyst.")),
    "own_full": lambda f: _("Deres eget hold er fuldt med %(capacity)s pladser.") % f,
    "gives": lambda f: _("Deres eget hold gennemføres også uden dem, med %(heads)s.") % f,
    "waited": _plain(lambda: _("De venter på et hold.")),
    "decided": _plain(lambda: _("I har selv placeret dem her.")),
    "only_one": _plain(lambda: _("Det eneste hold, der gennemføres inden for betingelserne.")),
    "nearest": lambda f: _("Det, der er nærmest i tid og afstand, af %(runs)s mulige hold.") % f,
    "other": lambda f: (
        _("Ikke det nærmeste i tid og afstand af %(runs)s mulige hold, men bedst for helheden.") % f
    ),
    "makes_minimum": lambda f: (
        _("Holdet går fra %(before)s til %(after)s og når sit minimum på %(minimum)s.") % f
    ),
    "nearer_cancelled": lambda f: _("%(run)s er nærmere, men aflyst.") % f,
    "nearer_not_held": lambda f: (
        _("%(run)s er nærmere, men kan højst få %(reach)s og skal have %(minimum)s.") % f
    ),
    "nearer_not_held_better": lambda f: (
        _("%(run)s er nærmere, men flere bliver undervist, når det hold ikke gennemføres.") % f
    ),
    "nearer_full": lambda f: _("%(run)s er nærmere, men fuldt.") % f,
    "nearer_too_large": lambda f: (
        _("%(run)s er nærmere, men har kun %(room)s pladser til de %(size)s, der følges ad.") % f
    ),
    "nearer_minimum": lambda f: (
        _("%(run)s er nærmere, men så ville %(needed)s komme under sit minimum på %(minimum)s.") % f
    ),
    "nearer_free": lambda f: _("%(run)s er nærmere og har plads; prøv igen.") % f,
    # Why a run is held.
    "held_enough": lambda f: _("Har selv nok: %(heads)s af mindst %(minimum)s.") % f,
    "held_by_moving": lambda f: (
        _("%(own)s bliver, %(coming)s kommer til, %(leaving)s flytter: %(heads)s i alt.") % f
    ),
    "held_guaranteed": lambda f: _("Garanteret: gennemføres med %(heads)s.") % f,
    "held_decided": lambda f: _("I har bestemt, at holdet gennemføres med %(heads)s.") % f,
    # Why a run isn't held.
    "cancelled_decided": _plain(lambda: _("I har bestemt, at holdet aflyses.")),
    "cancelled_empty": _plain(lambda: _("Ingen er tilmeldt.")),
    "merged": lambda f: _("Alle %(heads)s bliver spurgt om %(into)s.") % f,
    "cancelled": lambda f: _("Har %(heads)s af mindst %(minimum)s og mangler %(lacks)s.") % f,
    "cancelled_shared": lambda f: (
        _("%(shared)s er brugt af andre hold: der er %(left)s og skal bruges %(needed)s.") % f
    ),
    "moved_elsewhere": lambda f: (
        _("%(taught)s kan få et andet hold; %(untaught)s kan ikke.")
        % {"taught": _people(f["heads"]), "untaught": _people(f["untaught"])}
    ),
    "help_out_of_reach": lambda f: (
        _("Der er højst %(reach)s inden for betingelserne, og der skal %(minimum)s til.") % f
    ),
    "help_missing": lambda f: (
        _(
            "Med %(lacks)s til kan holdet gennemføres; %(bound)s af dem, der kunne komme, er på andre hold."
        )
        % f
    ),
    "help_nearest": lambda f: (
        _("Nærmeste hold, der gennemføres: %(run)s, %(km)s km væk og %(off)s.") % f
    ),
    # People left without a seat.
    "left": lambda f: _("%(heads)s af %(size)s får ingen plads.") % f,
    "left_no_run": _plain(lambda: _("Intet hold inden for betingelserne gennemføres.")),
    "left_full": lambda f: _("Holdene inden for betingelserne er fulde: %(runs)s.") % f,
    "left_too_large": lambda f: (
        _("De er %(size)s og vil følges ad; der er højst %(room)s pladser samlet.") % f
    ),
    "left_free": lambda f: _("Der er plads på %(runs)s; prøv igen.") % f,
    "help_metres": lambda f: (
        _("%(run)s gennemføres, men ligger %(more_km)s km længere væk, end de bliver spurgt om.")
        % f
    ),
    "help_days": lambda f: (
        _("%(run)s gennemføres, men ligger uden for de dage, de bliver spurgt om.") % f
    ),
    "help_school": lambda f: _("%(run)s gennemføres, men på en skole, de ikke har valgt.") % f,
    "help_remote": lambda f: _("%(run)s gennemføres som fjernundervisning.") % f,
    # Why somebody was passed over in the queue.
    "passed_over": lambda f: (
        _("Nogen, der kom senere (%(by)s), har fået en plads, som de kunne have haft.") % f
    ),
    "passed_too_large": lambda f: _("De er %(size)s, og der er kun plads til %(room)s.") % f,
    "passed_costs_taught": lambda f: (
        _("Bytter de plads, bliver %(people)s færre undervist.") % {"people": _people(f["heads"])}
    ),
    "passed_moves_more": _plain(
        lambda: _("Bytter de plads, skal de flytte længere end den, der fik den.")
    ),
    "passed_same": _plain(lambda: _("Et bytte ville være lige så godt.")),
}
"""Every code that the planner may send; a test compares the two lists."""
