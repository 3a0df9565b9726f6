"""The search form of the public site: what an address says, made safe."""

from __future__ import annotations

from datetime import date

from django.http import QueryDict

from samspil.kernel.imports.values import ValueProblem, danish_date
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
