"""The search form of the public site: what an address says, made safe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from samspil.catalogue.models import Fkb
from samspil.kernel.imports.values import ValueProblem, danish_date
from samspil.network.models import Municipality
from samspil.runs.domain.public import RunWish
from samspil.web.domain.courses import Wish


def day(text: str) -> date | None:
    """A date as a browser or a person writes it; ``None`` for anything else."""
    try:
        return danish_date(text or None)
    except ValueProblem:
        return None


def wish(given: QueryDict) -> Wish:
    """What is looked for. What cannot be read is left out: a search has no errors."""
    fkb, place = given.get("fkb", ""), given.get("sted", "")
    return Wish(
        text=given.get("q", "").strip()[:100],
        fkb=fkb if fkb.isascii() and fkb.isdigit() and len(fkb) == 4 else "",
        run=RunWish(
            place=place if place.isascii() and place.isdigit() and len(place) == 4 else "",
            since=day(given.get("fra", "")[:40]),
            until=day(given.get("til", "")[:40]),
            guaranteed=given.get("garanti") == "1",
            free=given.get("ledige") == "1",
        ),
    )


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    """Options of a select. Joined here: a template takes ten times as long for 230 of them."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, _SELECTED if value == chosen else "", label) for value, label in choices),
    )


_SELECTED = format_html(" selected{}", "")


def place_options(municipalities: Iterable[Municipality], chosen: str) -> SafeString:
    """Where one can look: each region as a whole, then its municipalities."""
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (
                region,
                _options(
                    [
                        (code, _("Hele %(region)s") % {"region": region}),
                        *((place.code, place.name) for place in places),
                    ],
                    chosen,
                ),
            )
            for (region, code), places in groupby(
                municipalities, key=lambda place: (place.region, place.region_code)
            )
        ),
    )


def fkb_options(fkbs: Iterable[Fkb], chosen: str) -> SafeString:
    """The FKBs by number and title."""
    return _options(((fkb.number, f"{fkb.number} {fkb.title}".strip()) for fkb in fkbs), chosen)
