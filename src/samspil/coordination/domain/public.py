"""What a round has agreed on that anybody may know: who offers which course.

Only overviews that are frozen or signed count, and of them only the frozen content: never the board
as it stands, never a note, a comment or a person. What schools wrote about time is shown when it
is nothing but time.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery

from samspil.coordination.enums import FkbStatus
from samspil.coordination.models import Overview, RoundCourse
from samspil.kernel import kept

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

    Three queries at most, however many courses. A course that an overview says is archived has none.
    """
    places, frozen = kept.remembered(("coordination.published", today.year), lambda: _places(today))
    rows = [(course, *place) for course in courses for place in places.get(course, ())]
    if not rows:
        return {}
    contents = _contents({frozen[fkb][0] for _course, _number, fkb in rows if fkb in frozen})
    found: dict[int, list[Offer]] = defaultdict(list)
    for course, number, fkb in rows:
        if fkb not in frozen:
            continue
        key, is_signed = frozen[fkb]
        offer = contents[key].offer(number, is_signed=is_signed)
        if offer is not None:
            found[course].append(offer)
    for offers in found.values():
        offers.sort(key=lambda offer: (offer.year, offer.network, offer.fkb))
    return dict(found)


_Places = dict[int, list[tuple[str, int]]]
_Kept = dict[int, tuple[tuple[int, str], bool]]


def _places(today: date) -> tuple[_Places, _Kept]:
    """Per course its numbers and places in overviews that are published, and per place the newest
    overview's id and hash, and whether it is signed. Two queries."""
    places: _Places = defaultdict(list)
    for course, number, place in (
        RoundCourse.objects.filter(
            round_fkb__status__in=PUBLISHED, round_fkb__round__year__gte=today.year
        )
        .order_by("pk")
        .values_list("course_id", "course__number", "round_fkb_id")
    ):
        places[course].append((number, place))
    if not places:
        return {}, {}
    newest = (
        Overview.objects.filter(round_fkb=OuterRef("round_fkb"))
        .order_by("-version")
        .values("version")[:1]
    )
    frozen = {
        place: ((pk, sha256), status == FkbStatus.AGREED)
        for pk, sha256, place, status in Overview.objects.filter(
            round_fkb__in={place for found in places.values() for _number, place in found},
            version=Subquery(newest),
        )
        .order_by("pk")
        .values_list("pk", "sha256", "round_fkb_id", "round_fkb__status")
    }
    return dict(places), frozen


class _Frozen:
    """The content of a frozen overview, its rows by course number, its offers as they are asked for."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._rows = {row["number"]: row for row in content["rows"]}
        self._offers: dict[tuple[str, bool], Offer | None] = {}

    def offer(self, number: str, *, is_signed: bool) -> Offer | None:
        key = (number, is_signed)
        if key not in self._offers:
            row = self._rows.get(number)
            self._offers[key] = _offer(self._content, row, is_signed) if row else None
        return self._offers[key]


_REMEMBERED: OrderedDict[tuple[int, str], _Frozen] = OrderedDict()
"""What is frozen never changes: contents by id and hash, so that a page need not read them again."""
_MOST_REMEMBERED = 60


def _contents(wanted: set[tuple[int, str]]) -> dict[tuple[int, str], _Frozen]:
    """The contents of some overviews. One query when any of them is not remembered, else none."""
    found = {key: known for key in wanted if (known := _REMEMBERED.get(key)) is not None}
    missing = {pk: (pk, sha256) for pk, sha256 in wanted if (pk, sha256) not in found}
    if missing:
        rows = Overview.objects.filter(pk__in=missing).order_by("pk").values_list("pk", "content")
        for pk, content in rows:
            found[missing[pk]] = _Frozen(content)
        with _lock:
            _REMEMBERED.update((key, found[key]) for key in missing.values())
            while len(_REMEMBERED) > _MOST_REMEMBERED:
                _REMEMBERED.popitem(last=False)
    return found


_lock = threading.Lock()


def _offer(content: dict[str, Any], row: dict[str, Any], is_signed: bool) -> Offer | None:
    if row["archived"]:
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
        is_signed=is_signed,
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
