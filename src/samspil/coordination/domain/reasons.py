"""The planner's reasons in words, in the language of whoever reads.

The codes and their facts are those of ``planning.coverage.explain``; the facts arrive here with the
names of schools and branch groups instead of keys. Days come as tenths of a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Facts = Mapping[str, Any]


def days_words(days: int) -> str:
    """Tenths of a day as ``1 dag``, ``2,5 dage``."""
    number = number_format(days / 10, 0 if days % 10 == 0 else 1)
    return ngettext("%(days)s dag", "%(days)s dage", 1 if days == 10 else 2) % {"days": number}


def listed(names: Iterable[str]) -> str:
    """``A``, ``A og B``, ``A, B og C``."""
    items = list(names)
    if len(items) < 2:
        return "".join(items)
    return _("%(first)s og %(last)s") % {"first": ", ".join(items[:-1]), "last": items[-1]}


def sentences(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence per message, reason or fact. A code from a later planner is passed over."""
    found = []
    for told in messages:
        if told["code"] in _WORDS:
            found.append(_WORDS[told["code"]](told))
        elif told["code"] in _FACTS:
            words = _FACTS[told["code"]](told)
            found.append(f"{words[0].upper()}{words[1:]}.")
    return found


def contradiction(messages: Iterable[Mapping[str, Any]]) -> str:
    """Facts that can't all hold, as one sentence: ``90231 skal udbydes; kun A og B er godkendt; …``."""
    words = [_FACTS[m["code"]](m) for m in messages if m["code"] in _FACTS]
    return "; ".join(words) + "." if words else ""


def course_number(key: str) -> str:
    """The number in a course's key, FKB and number."""
    return key.rsplit("/", 1)[-1]


def _nearest(facts: Facts) -> str:
    return _("Kortest at køre: %(km)s km i snit mod %(other_km)s km til %(other)s.") % facts


def _uses_days(facts: Facts) -> str:
    return _("Bruger %(days)s; %(left)s er tilbage i %(group)s.") % {
        "days": days_words(facts["days"]),
        "left": days_words(facts["left"]),
        "group": facts["group"],
    }


def _follows(facts: Facts) -> str:
    if "km" not in facts:
        return _("Vil følge %(holder)s på samme datoer.") % facts
    return _("Vil følge %(holder)s på samme datoer, %(km)s km væk.") % facts


def _help_days(facts: Facts) -> str:
    values = {"school": facts["school"], "missing": days_words(facts["missing"])}
    if facts["limit"] == "line":
        return (
            _("%(school)s kan, men har skrevet for få dage ved målet: der mangler %(missing)s.")
            % values
        )
    if facts["limit"] == "group":
        return (
            _("%(school)s kan, hvis skolen får %(missing)s mere til andre i branchegruppen.")
            % values
        )
    return _("%(school)s kan, hvis skolen får %(missing)s mere til andre i alt.") % values


def _plain(words: Callable[[], str]) -> Callable[[Facts], str]:
    return lambda facts: words()


_WORDS: Final[dict[str, Callable[[Facts], str]]] = {
    # Why a school holds a course.
    "stays": _plain(lambda: _("Som i det forslag, der lå før.")),
    "only_school": _plain(lambda: _("Den eneste godkendte skole, der har sagt, at den kan.")),
    "others_no": lambda f: (
        _("Det er besluttet, at %(schools)s ikke skal tage målet.")
        % {"schools": listed(f["others"])}
    ),
    "others_full": lambda f: (
        _("%(schools)s kan også, men har for få dage til andre.") % {"schools": listed(f["others"])}
    ),
    "fairest": lambda f: (
        _("Deler pligten jævnt: %(schools)s ville ellers få mest i forhold til skolens størrelse.")
        % {"schools": listed(f["others"])}
    ),
    "nearest": _nearest,
    "keeps_holder": _plain(
        lambda: _("Holdt målet sidste år, og ingen anden skole er et bedre valg.")
    ),
    "guaranteed": _plain(lambda: _("Garanterer holdet; ellers er valget lige.")),
    "equal": lambda f: (
        _("Lige så godt et valg som %(schools)s.") % {"schools": listed(f["others"])}
    ),
    "moved_from": lambda f: _("I det forslag, der lå før, havde %(other)s målet.") % f,
    "on_loan": lambda f: _("Låner målet; %(other)s er godkendt og har pligten.") % f,
    "in_quarter": lambda f: _("Lægges i %(quarter)s. kvartal.") % f,
    "uses_days": _uses_days,
    "was_holder": _plain(lambda: _("Holdt også målet sidste år.")),
    "guarantee": _plain(lambda: _("Holdet garanteres.")),
    "days_assumed": lambda f: (
        _("Målets varighed er ukendt; der er regnet med %(days)s.")
        % {"days": days_words(f["days"])}
    ),
    # Why a school offers what is held already.
    "extra_offer": lambda f: (
        ngettext(
            "Et ekstra udbud: %(learners)s kursist får højst %(km)s km.",
            "Et ekstra udbud: %(learners)s kursister får højst %(km)s km.",
            f["learners"],
        )
        % f
    ),
    # Why a school follows.
    "follows": _follows,
    # Why a course stays uncovered.
    "nobody_approved": _plain(lambda: _("Ingen skole i runden er godkendt.")),
    "nobody_can": _plain(lambda: _("Ingen godkendt skole har sagt, at den kan tage målet.")),
    "decided_no": lambda f: (
        _("Det er besluttet, at %(schools)s ikke skal tage målet.")
        % {"schools": listed(f["schools"])}
    ),
    "too_few_days": _plain(lambda: _("De skoler, der kan, har for få dage til andre.")),
    "no_quarter": _plain(
        lambda: _("De skoler, der kan, har ikke dage nok i de kvartaler, hvor de kan.")
    ),
    "not_found": _plain(
        lambda: _("Der er ikke fundet en plads i tide. Der kan være en; prøv igen.")
    ),
    # What would help.
    "help_days": _help_days,
    "help_decision": lambda f: _("Lav beslutningen om, så %(school)s kan tage målet.") % f,
    "help_ask": lambda f: (
        _("Spørg %(schools)s: godkendt, men har ikke sagt til.") % {"schools": listed(f["schools"])}
    ),
    "help_outside": lambda f: (
        _("Lav en bindende aftale uden for runden: %(schools)s er godkendt.")
        % {"schools": listed(f["schools"])}
    ),
    "help_no_outside": _plain(lambda: _("Vi kender ingen godkendt skole uden for runden.")),
}
"""Every code that the planner may send; a test compares the two lists."""


def _only_approved(facts: Facts) -> str:
    if not facts["schools"]:
        return _("ingen skole i runden er godkendt")
    return ngettext(
        "kun %(schools)s er godkendt", "kun %(schools)s er godkendt", len(facts["schools"])
    ) % {"schools": listed(facts["schools"])}


def _competes(facts: Facts) -> str:
    return ngettext(
        "%(number)s andet mål bruger de samme dage og skal også udbydes",
        "%(number)s andre mål bruger de samme dage og skal også udbydes",
        facts["number"],
    ) % {"number": facts["number"]}


_FACTS: Final[dict[str, Callable[[Facts], str]]] = {
    "must_offer": lambda f: _("%(number)s skal udbydes") % {"number": course_number(f["course"])},
    "only_approved": _only_approved,
    "pinned_no": lambda f: _("%(school)s er fastlåst til nej") % f,
    "said_no": lambda f: _("%(school)s har ikke sagt, at den kan") % f,
    "line_short": lambda f: (
        _("%(school)s har skrevet %(days)s ved målet, og det varer %(needed)s")
        % {
            "school": f["school"],
            "days": days_words(f["days"]),
            "needed": days_words(f["needed"]),
        }
    ),
    "quarters_said": lambda f: (
        _("%(school)s kan kun i %(quarters)s. kvartal")
        % {"school": f["school"], "quarters": listed(f["quarters"])}
    ),
    "quarters_full": lambda f: (
        _("%(school)s har intet kvartal med %(needed)s tilbage")
        % {"school": f["school"], "needed": days_words(f["needed"])}
    ),
    "days_left": lambda f: (
        _("%(school)s har %(days)s tilbage i %(group)s")
        % {"school": f["school"], "days": days_words(f["days"]), "group": f["group"]}
    ),
    "competes": _competes,
}
"""Every fact of a contradiction; a test compares the list with the planner's."""
