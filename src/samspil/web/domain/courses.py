"""What the public site shows of a course: its announced runs, and who has agreed to offer it.

Public knowledge alone: courses in use, runs that are announced, overviews that are frozen. Nothing
here takes an actor, because everybody sees the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from samspil.catalogue.domain import search
from samspil.catalogue.domain.search import Title
from samspil.catalogue.models import Course, CourseRelation, Fkb
from samspil.coordination.domain import public as agreed
from samspil.coordination.domain.public import Offer
from samspil.kernel import kept
from samspil.kernel.errors import NotFound
from samspil.kernel.kept import Moment, moment
from samspil.network.enums import OrganisationKind
from samspil.network.models import Municipality, Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.domain import public as announced
from samspil.runs.domain.public import RunWish
from samspil.runs.domain.told import Run, told

PAGE_SIZE = 20
EMBED_SIZE = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for: words or a number, an FKB, and what a run must be."""

    text: str = ""
    fkb: str = ""
    run: RunWish = field(default_factory=RunWish)


@dataclass(frozen=True, slots=True)
class Line:
    """A course among others: its first run that fits, how many there are and in which towns, and
    who offers it."""

    course: Title
    first: Run | None
    count: int
    towns: tuple[str, ...]
    offers: tuple[Offer, ...]

    @property
    def offered_by(self) -> list[str]:
        """The schools that have agreed to offer it, each once."""
        return list(
            dict.fromkeys(
                name
                for offer in self.offers
                for name in (
                    *(part.label for part in offer.schools),
                    *((offer.external,) if offer.external else ()),
                )
            )
        )


@dataclass(frozen=True, slots=True)
class Result:
    """A page of courses. ``meant``: the spelling that found them, or would find more."""

    page: Page[int]
    lines: tuple[Line, ...]
    meant: str
    corrected: bool


@dataclass(frozen=True, slots=True)
class CoursePage:
    """Everything the page of one course shows. ``fkbs``: number and title. ``points`` by postcode and ``school_points`` (those
    where it is held by agreement) are latitude and longitude; ``municipalities`` are codes."""

    course: Course
    fkbs: tuple[tuple[str, str], ...]
    runs: tuple[Run, ...]
    offers: tuple[Offer, ...]
    points: dict[str, tuple[float, float]]
    school_points: tuple[tuple[float, float], ...]
    municipalities: frozenset[str]
    seen_on: date | None


def find_courses(wanted: Wish, *, today: date, page: str | int = 1) -> Result:
    """Courses in use that fit: with a text the best match first, else the next to begin first.

    The same number of queries however many courses there are.
    """
    found = search.find(wanted.text)
    known = _remembered(today)
    usable: Collection[int] = known.usable
    if wanted.fkb:
        usable = known.usable & frozenset(
            CourseRelation.objects.filter(fkb__number=wanted.fkb).values_list(
                "course_id", flat=True
            )
        )
    if wanted.text.strip():
        pks = [pk for pk in found.ids if pk in usable]
        if not wanted.run.is_empty:
            first = announced.first_days(wanted.run, today=today, courses=pks)
            pks = [pk for pk in pks if pk in first]
    elif wanted.run.is_empty:
        pks = [pk for pk in known.order if pk in usable] if wanted.fkb else list(known.order)
    else:
        # of places there are few; of dates a visitor can think of any number
        is_common = wanted.run.since is None and wanted.run.until is None
        first = (
            kept.remembered(
                ("web.first_days", wanted.run, today),
                lambda: announced.first_days(wanted.run, today=today),
            )
            if is_common
            else announced.first_days(wanted.run, today=today)
        )
        pks = [pk for pk in found.ids if pk in usable and pk in first]
        pks.sort(key=lambda pk: first[pk])  # stable: by number within a day
    shown = Paginator(pks, PAGE_SIZE).get_page(page)
    return Result(
        page=shown,
        lines=tuple(_lines(list(shown.object_list), wanted.run, today)),
        meant=found.meant,
        corrected=found.corrected,
    )


def course_of(kviknummer: str, *, today: date) -> str:
    """The number of the course of the run that has this kviknummer; empty where no run has it (R19)."""
    return announced.course_of(kviknummer, today=today)


def _lines(pks: list[int], wanted: RunWish, today: date) -> Iterable[Line]:
    titles = search.index().by_pk
    briefs = announced.briefs(pks, wanted, today=today)
    offers = agreed.published(pks, today=today)
    for pk in pks:
        own, brief, course = tuple(offers.get(pk, ())), briefs.get(pk), titles.get(pk)
        if course is None:
            continue  # came into the catalogue a moment ago
        if brief is None:
            yield Line(course, None, 0, (), own)
        else:
            first = next(iter(told([brief.first], own, today)))
            yield Line(course, first, brief.count, brief.towns, own)


def get_course(number: str, *, today: date) -> CoursePage:
    """The page of a course in use. Raises ``NotFound``."""
    course = Course.objects.filter(valid_on(today), number=number, is_archived=False).first()
    if course is None:
        raise NotFound(_("Uddannelsen findes ikke, eller den bliver ikke udbudt længere."))
    rows = announced.runs_of_course(course.pk, today=today)
    offers = tuple(agreed.published([course.pk], today=today).get(course.pk, ()))
    keys = {part.key for offer in offers for part in (*offer.own, offer.holder) if part}
    schools = Organisation.objects.filter(key__in=keys).order_by("name", "pk")
    places = list(schools.values_list("lat", "lon", "municipality__code")) if keys else []
    spots = announced.spots(rows)
    known = search.index().by_pk.get(course.pk)
    titles = kept.remembered("web.fkb_titles", _fkb_titles)
    return CoursePage(
        course=course,
        fkbs=tuple((number, titles.get(number, "")) for number in (known.fkbs if known else ())),
        runs=tuple(told(rows, offers, today)),
        offers=offers,
        points={
            code: (spot.lat, spot.lon)
            for code, spot in spots.items()
            if spot.lat is not None and spot.lon is not None
        },
        school_points=tuple((lat, lon) for lat, lon, _code in places if lat and lon),
        municipalities=frozenset(spot.municipality for spot in spots.values() if spot.municipality)
        | {code for _lat, _lon, code in places if code},
        seen_on=announced.seen_on(rows),
    )


def _fkb_titles() -> dict[str, str]:
    return dict(Fkb.objects.order_by("pk").values_list("number", "title"))


def get_run(number: str, run_id: int, *, today: date) -> Run:
    """One announced run of a course in use. Raises ``NotFound``."""
    for run in get_course(number, today=today).runs:
        if run.row.pk == run_id:
            return run
    raise NotFound(_("Holdet findes ikke, eller det er begyndt."))


def get_school(key: str) -> Organisation:
    """An open school by its key. Raises ``NotFound``."""
    found = Organisation.objects.filter(key=key, valid_to=None).first()
    if found is None:
        raise NotFound(_("Skolen findes ikke."))
    return found


def schools() -> list[Organisation]:
    """Open schools, by name."""
    return list(
        Organisation.objects.filter(valid_to=None, kind=OrganisationKind.SCHOOL).order_by(
            "name", "pk"
        )
    )


def runs_of_school(school: Organisation, *, today: date) -> list[Run]:
    """A school's next runs, at most ``EMBED_SIZE``, each with where it is held."""
    rows = announced.runs_of_school(school, today=today, limit=EMBED_SIZE)
    offers = agreed.published({row.course_id for row in rows}, today=today)
    return [run for row in rows for run in told([row], offers.get(row.course_id, ()), today)]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What changes seldom and is dear to ask for with 100,000 runs: the choices of the search, and
    in which order courses stand without words. Holds until an audit event says that something
    changed."""

    usable: frozenset[int]
    order: tuple[int, ...]
    fkbs: tuple[Fkb, ...]
    municipalities: tuple[Municipality, ...]


_KEPT: dict[Moment, Remembered] = {}


def _remembered(today: date) -> Remembered:
    key = replace(moment(), on=today)
    known = _KEPT.get(key)
    if known and settings.SAMSPIL_REMEMBER_COUNTS:
        return known
    used = CourseRelation.objects.filter(course__is_archived=False).values("fkb")
    numbers = dict(
        Course.objects.filter(valid_on(today), is_archived=False).values_list("pk", "number")
    )
    first = announced.first_days(RunWish(), today=today)
    fresh = Remembered(
        usable=frozenset(numbers),
        order=tuple(sorted(numbers, key=lambda pk: (first.get(pk, date.max), numbers[pk], pk))),
        fkbs=tuple(Fkb.objects.filter(valid_on(today), pk__in=used).order_by("number", "pk")),
        municipalities=tuple(announced.municipalities(today=today)),
    )
    _KEPT.clear()
    _KEPT[key] = fresh
    return fresh


def fkbs(*, today: date) -> tuple[Fkb, ...]:
    """FKBs with courses in use, by number."""
    return _remembered(today).fkbs


def municipalities(*, today: date) -> tuple[Municipality, ...]:
    """Where one can look for runs, by region and name."""
    return _remembered(today).municipalities
