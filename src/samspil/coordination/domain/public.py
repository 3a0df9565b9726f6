"""What a round has agreed on that anybody may know: who offers which course.

Only overviews that are frozen or signed count, and of them only the frozen content: never the board
as it stands, never a note, a comment or a person. What schools wrote about time is shown when it
is nothing but time.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery

from samspil.coordination.enums import FkbStatus
from samspil.coordination.models import Overview, RoundCourse

PUBLISHED = (FkbStatus.FROZEN, FkbStatus.AGREED)

_TIME_WORDS = (
    r"uge|ugen|uger|kvartal|kvt|dag|dage|dagen|start|slut|forår|foråret|sommer|sommeren|efterår|"
    r"efteråret|vinter|vinteren|januar|februar|marts|april|maj|juni|juli|august|september|oktober|november|"
    r"december|jan|feb|mar|apr|jun|jul|aug|sep|sept|okt|nov|dec|mandag|tirsdag|onsdag|torsdag|fredag|"
    r"primo|medio|ultimo|i|og|eller|til|fra|den|hele|året|q[1-4]"
)
_ONLY_TIME = re.compile(rf"(?:(?:{_TIME_WORDS})\b|\d{{1,4}}(?!\d)|[\s.,:;/+&()–-])+", re.IGNORECASE)
_PHONE = re.compile(r"\d{2}(?:[\s.-]\d{2}){3}|\d{4}[\s.-]\d{4}")


@dataclass(frozen=True, slots=True)
class SchoolPart:
    """What one school does: its key and names, how many runs, when, and whether guaranteed."""

    key: str
    name: str
    label: str
    runs: int | None = None
    when: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    guarantee: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A course in one frozen overview (R26–R28). ``external``: the school outside the circle."""

    network: str
    year: int
    fkb: str
    is_signed: bool
    own: tuple[SchoolPart, ...] = ()
    holder: SchoolPart | None = None
    followers: tuple[SchoolPart, ...] = ()
    external: str = ""

    @property
    def schools(self) -> tuple[SchoolPart, ...]:
        """Everybody who offers it, the school where a joint run is held before those who follow."""
        return (*self.own, *((self.holder,) if self.holder else ()), *self.followers)


def time_only(text: str) -> str:
    """``text`` when it is weeks, quarters, months and dates and nothing else; else empty."""
    text = text.strip()
    is_time = bool(text) and _ONLY_TIME.fullmatch(text) and not _PHONE.search(text)
    return text if is_time else ""


def published(courses: Collection[int], *, today: date) -> dict[int, list[Offer]]:
    """The offers of some courses in this year's overviews and later ones, nearest year first.

    Two queries at most, however many courses. A course that an overview says is archived has none.
    """
    rows = list(
        RoundCourse.objects.filter(
            course__in=courses,
            round_fkb__status__in=PUBLISHED,
            round_fkb__round__year__gte=today.year,
        ).values_list("course_id", "course__number", "round_fkb_id")
    )
    if not rows:
        return {}
    newest = (
        Overview.objects.filter(round_fkb=OuterRef("round_fkb"))
        .order_by("-version")
        .values("version")[:1]
    )
    overviews = {
        overview.round_fkb_id: overview
        for overview in Overview.objects.filter(
            round_fkb__in={fkb for _course, _number, fkb in rows}, version=Subquery(newest)
        ).select_related("round_fkb")
    }
    found: dict[int, list[Offer]] = defaultdict(list)
    for course, number, fkb in rows:
        overview = overviews.get(fkb)
        offer = _offer(overview, number) if overview is not None else None
        if offer is not None:
            found[course].append(offer)
    for offers in found.values():
        offers.sort(key=lambda offer: (offer.year, offer.network, offer.fkb))
    return dict(found)


def _offer(overview: Overview, number: str) -> Offer | None:
    content = overview.content
    row = next((row for row in content["rows"] if row["number"] == number), None)
    if row is None or row["archived"]:
        return None
    schools = {school["key"]: school for school in content["schools"]}
    parts: dict[str, list[SchoolPart]] = defaultdict(list)
    for key, cell in row["cells"].items():
        if key in schools:
            parts[cell["role"]].append(_part(schools[key], cell))
    for same in parts.values():
        same.sort(key=lambda part: part.name)
    offer = Offer(
        network=content["network"]["name"],
        year=content["year"],
        fkb=content["fkb"]["number"],
        is_signed=overview.round_fkb.status == FkbStatus.AGREED,
        own=tuple(parts["own"]),
        holder=next(iter(parts["holder"]), None),
        followers=tuple(parts["follower"]),
        external=row["external"]["school"] if row["external"] else "",
    )
    return offer if offer.schools or offer.external else None


def _part(school: dict[str, Any], cell: dict[str, Any]) -> SchoolPart:
    return SchoolPart(
        key=school["key"],
        name=school["name"],
        label=school["label"],
        runs=cell["runs"],
        when=time_only(cell["when"] or ""),
        starts_on=_day(cell["starts_on"]),
        ends_on=_day(cell["ends_on"]),
        guarantee=bool(cell["guarantee"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
