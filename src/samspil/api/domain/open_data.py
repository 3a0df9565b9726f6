"""What everybody may read by machine: the same courses, runs and agreements as the public site.

Nothing here takes an actor, because everybody sees the same. Lists are pages: ``limit`` rows after a
``Place``, and the place where the next page begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import NamedTuple, TypeVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from samspil.catalogue.domain import search
from samspil.catalogue.models import Approval, Course, CourseRelation, Fkb
from samspil.coordination.domain import public as agreed
from samspil.coordination.domain.public import Offer
from samspil.coordination.models import RoundCourse
from samspil.kernel import kept
from samspil.kernel.errors import NotFound
from samspil.network.enums import OrganisationKind
from samspil.network.models import Organisation
from samspil.network.models.organisations import valid_on
from samspil.runs.domain import public as announced
from samspil.runs.domain.public import RunWish
from samspil.runs.domain.told import Run, holders, told
from samspil.runs.models.runs import CourseRunQuerySet

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after ``skip`` rows, or after the row with that day and id."""

    skip: int = 0
    day: date | None = None
    pk: int = 0


# ---------------------------------------------------------------- courses


class CourseRow(NamedTuple):
    """A course in use, as it is told. ``fkbs``: number and kind of relation."""

    pk: int
    number: str
    title: str
    duration_days: Decimal | None
    level: str
    valid_from: date | None
    valid_to: date | None
    is_constructed: bool
    fkbs: tuple[tuple[str, str], ...] = ()


_COURSE = CourseRow._fields[:-1]


@dataclass(frozen=True, slots=True)
class CourseWish:
    """Which courses: words or a number, an FKB, and whether a run that fits is announced."""

    text: str = ""
    fkb: str = ""
    run: RunWish = field(default_factory=RunWish)


@dataclass(frozen=True, slots=True)
class CoursePage:
    """Courses, where the next page begins, and the spelling that was searched for instead."""

    rows: list[CourseRow]
    next: Place | None
    meant: str = ""


def in_use(today: date) -> Q:
    """Condition on courses: valid today and not archived."""
    return valid_on(today) & Q(is_archived=False)


def courses(wanted: CourseWish, *, today: date, place: Place, limit: int) -> CoursePage:
    """Courses in use: with a text the best match first, else by number. Three queries at most."""
    found = search.find(wanted.text)
    usable = kept.remembered(("api.courses", wanted.fkb, today), lambda: _usable(wanted.fkb, today))
    if not wanted.run.is_empty:
        usable &= frozenset(announced.first_days(wanted.run, today=today, courses=usable))
    pks = [pk for pk in found.ids if pk in usable]
    shown = pks[place.skip : place.skip + limit]
    more = place.skip + limit < len(pks)
    return CoursePage(
        course_rows(shown),
        Place(skip=place.skip + limit) if more else None,
        found.meant if found.corrected else "",
    )


def _usable(fkb: str, today: date) -> frozenset[int]:
    """The courses in use, or those of an FKB."""
    rows = Course.objects.filter(in_use(today))
    if fkb:
        rows = rows.filter(
            pk__in=CourseRelation.objects.filter(fkb__number=fkb).values("course_id")
        )
    return frozenset(rows.values_list("pk", flat=True))


def course_rows(pks: Collection[int]) -> list[CourseRow]:
    """Courses by id, in that order, with their FKBs. Two queries."""
    fkbs = defaultdict(list)
    for course, number, kind in (
        CourseRelation.objects.filter(course_id__among=pks)
        .order_by("fkb__number", "pk")
        .values_list("course_id", "fkb__number", "kind")
    ):
        fkbs[course].append((number, kind))
    by_pk = {
        row[0]: CourseRow._make((*row, tuple(fkbs[row[0]])))
        for row in Course.objects.filter(pk__among=pks).order_by().values_list(*_COURSE)
    }
    return [by_pk[pk] for pk in pks if pk in by_pk]


def course(number: str, *, today: date) -> CourseRow:
    """A course in use. Raises ``NotFound``."""
    pk = Course.objects.filter(in_use(today), number=number).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound(_("Uddannelsen findes ikke, eller den bliver ikke udbudt længere."))
    return course_rows([pk])[0]


def all_courses(today: date) -> Iterator[CourseRow]:
    """Every course in use by number, for a whole file."""
    pks = list(Course.objects.filter(in_use(today)).order_by("number").values_list("pk", flat=True))
    for start in range(0, len(pks), 500):
        yield from course_rows(pks[start : start + 500])


def course_objects(today: date) -> Iterable[Course]:
    """Every course in use by number, as its model."""
    return Course.objects.filter(in_use(today)).order_by("number").iterator(chunk_size=500)


def course_object(number: str, *, today: date) -> Course:
    """A course in use, as its model. Raises ``NotFound``."""
    found = Course.objects.filter(in_use(today), number=number).first()
    if found is None:
        raise NotFound(_("Uddannelsen findes ikke, eller den bliver ikke udbudt længere."))
    return found


# ---------------------------------------------------------------- FKBs, schools, approvals


def fkbs(*, today: date, place: Place, limit: int) -> tuple[list[Fkb], Place | None]:
    """FKBs that are valid, by number."""
    rows = Fkb.objects.filter(valid_on(today)).order_by("number", "pk")
    return _cut(list(rows[place.skip : place.skip + limit + 1]), place, limit)


def fkb(number: str, *, today: date) -> tuple[Fkb, list[tuple[str, str, str]]]:
    """A valid FKB, and its courses in use: number, title, kind of relation. Raises ``NotFound``."""
    found = Fkb.objects.filter(valid_on(today), number=number).first()
    if found is None:
        raise NotFound(_("FKB'en findes ikke, eller den gælder ikke længere."))
    usable = Course.objects.filter(in_use(today)).values("pk")
    relations = (
        CourseRelation.objects.filter(fkb=found, course__in=usable)
        .order_by("course__number", "pk")
        .values_list("course__number", "course__title", "kind")
    )
    return found, list(relations)


def schools(*, place: Place, limit: int) -> tuple[list[Organisation], Place | None]:
    """Open schools, by name."""
    rows = _open_schools().order_by("name", "pk")
    return _cut(list(rows[place.skip : place.skip + limit + 1]), place, limit)


def school(key: str) -> Organisation:
    """An open school. Raises ``NotFound``."""
    found = _open_schools().filter(key=key).first()
    if found is None:
        raise NotFound(_("Skolen findes ikke."))
    return found


def school_by_id(pk: int) -> Organisation:
    """An open school by its id. Raises ``NotFound``."""
    found = _open_schools().filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Skolen findes ikke."))
    return found


def school_ids(keys: Collection[str]) -> dict[str, int]:
    """Ids of organisations by their keys. One query."""
    return dict(Organisation.objects.filter(key__in=keys).order_by().values_list("key", "pk"))


def _open_schools() -> QuerySet[Organisation]:
    return Organisation.objects.filter(valid_to=None, kind=OrganisationKind.SCHOOL)


def approvals(
    *, today: date, fkb: str, school: str, place: Place, limit: int
) -> tuple[list[Approval], Place | None]:
    """Who is approved for which FKB today (public, R44): by number and name."""
    rows = Approval.objects.filter(valid_on(today)).select_related("organisation", "fkb")
    if fkb:
        rows = rows.filter(fkb__number=fkb)
    if school:
        rows = rows.filter(organisation__key=school)
    rows = rows.order_by("fkb__number", "organisation__name", "pk")
    return _cut(list(rows[place.skip : place.skip + limit + 1]), place, limit)


def _cut(rows: list[T], place: Place, limit: int) -> tuple[list[T], Place | None]:
    more = len(rows) > limit
    return rows[:limit], Place(skip=place.skip + limit) if more else None


# ---------------------------------------------------------------- runs


class RunRow(NamedTuple):
    """An announced run, as it is told: nothing of people, and no minimum."""

    pk: int
    kviknummer: str
    title: str
    starts_on: date
    ends_on: date
    deadline_on: date | None
    duration_days: Decimal | None
    hours: str
    teaching_form: str
    street: str
    postcode: str
    city: str
    capacity: int
    enrolled: int
    signed_up_here: int
    is_guaranteed: bool
    status: str
    takes_sign_up: bool
    price: Decimal | None
    link: str
    seen_on: date
    course_id: int
    course__number: str
    course__title: str
    organisation__key: str
    organisation__name: str
    held_by: str = ""

    @property
    def free(self) -> int:
        """Free seats; never below 0."""
        return max(0, self.capacity - self.enrolled - self.signed_up_here)


RUN = RunRow._fields[:-1]


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs: of a course, a school, an FKB, and what a run must be."""

    course: str = ""
    school: str = ""
    fkb: str = ""
    run: RunWish = field(default_factory=RunWish)


def _fitting(wanted: RunFilter, today: date) -> CourseRunQuerySet:
    rows = announced.open_runs(wanted.run, today=today).filter(course__is_archived=False)
    if wanted.course:
        rows = rows.filter(course__number=wanted.course)
    if wanted.school:
        rows = rows.filter(organisation__key=wanted.school)
    if wanted.fkb:
        rows = rows.filter(
            course__in=CourseRelation.objects.filter(fkb__number=wanted.fkb).values("course_id")
        )
    return rows


def runs(
    wanted: RunFilter, *, today: date, place: Place, limit: int
) -> tuple[list[RunRow], Place | None]:
    """Announced runs that have not begun, the first to begin first. Pages go on after a run and not
    after a number of runs, so that what is announced meanwhile moves nothing."""
    rows = _fitting(wanted, today).order_by("starts_on", "pk")
    if place.day is not None:
        # The first condition lets the index be used, the second is what is meant.
        rows = rows.filter(starts_on__gte=place.day).exclude(starts_on=place.day, pk__lte=place.pk)
    found = [RunRow._make((*row, "")) for row in rows.values_list(*RUN)[: limit + 1]]
    more = len(found) > limit
    shown = with_holders(found[:limit], today)
    after = Place(day=shown[-1].starts_on, pk=shown[-1].pk) if more else None
    return shown, after


def runs_at(wanted: RunFilter, *, today: date, skip: int, limit: int) -> list[RunRow]:
    """``limit`` announced runs and one more after ``skip`` of them, the first to begin first."""
    rows = _fitting(wanted, today).order_by("starts_on", "pk").values_list(*RUN)
    return with_holders([RunRow._make((*row, "")) for row in rows[skip : skip + limit + 1]], today)


def run(pk: int, *, today: date) -> RunRow:
    """One announced run. Raises ``NotFound``."""
    row = _fitting(RunFilter(), today).filter(pk=pk).values_list(*RUN).first()
    if row is None:
        raise NotFound(_("Holdet findes ikke, eller det er begyndt."))
    return with_holders([RunRow._make((*row, ""))], today)[0]


def all_runs(wanted: RunFilter, *, today: date, limit: int | None = None) -> Iterator[RunRow]:
    """Every run that fits, for a whole file."""
    rows = _fitting(wanted, today).order_by("starts_on", "pk").values_list(*RUN)
    batch: list[RunRow] = []
    for row in rows[:limit].iterator(chunk_size=2000):
        batch.append(RunRow._make((*row, "")))
        if len(batch) == 2000:
            yield from with_holders(batch, today)
            batch = []
    yield from with_holders(batch, today)


def told_runs(wanted: RunFilter, *, today: date, limit: int | None = None) -> Iterator[Run]:
    """The runs that fit as models, each with where it is held."""
    rows = (
        _fitting(wanted, today).select_related("course", "organisation").order_by("starts_on", "pk")
    )
    found = rows[:limit].iterator(chunk_size=1000)
    while batch := list(islice(found, 1000)):
        offers = agreed.published({row.course_id for row in batch}, today=today)
        for row in batch:
            yield from told([row], offers.get(row.course_id, ()), today)


def with_holders(rows: list[RunRow], today: date) -> list[RunRow]:
    """The runs, each with the school where a joint one is held (R28)."""
    if not rows:
        return rows
    offers = agreed.published({row.course_id for row in rows}, today=today)
    if not offers:
        return rows
    held = {course: holders(own) for course, own in offers.items()}
    return [
        row._replace(held_by=name)
        if (name := held.get(row.course_id, {}).get((row.starts_on.year, row.organisation__key)))
        else row
        for row in rows
    ]


# ---------------------------------------------------------------- what is agreed


class Agreed(NamedTuple):
    """A school's part in a course of a frozen overview: what the public page of the course says."""

    course: str
    fkb: str
    network: str
    year: int
    role: str
    school: str
    school_key: str
    runs: int | None
    when: str
    starts_on: date | None
    ends_on: date | None
    guarantee: bool
    is_signed: bool


def commitments(
    *, today: date, course: str, fkb: str, school: str, place: Place, limit: int
) -> tuple[list[Agreed], Place | None]:
    """Who has agreed to offer what, from overviews that are frozen or signed, by course."""
    rows = RoundCourse.objects.filter(
        round_fkb__status__in=agreed.PUBLISHED,
        round_fkb__round__year__gte=today.year,
        course__is_archived=False,
    )
    if course:
        rows = rows.filter(course__number=course)
    if fkb:
        rows = rows.filter(round_fkb__fkb__number=fkb)
    numbers = dict(rows.order_by().values_list("course_id", "course__number"))
    parts = list(_parts(numbers, today, fkb, school))
    parts.sort(key=lambda part: (part.course, part.year, part.fkb, part.role, part.school))
    return _cut(parts[place.skip : place.skip + limit + 1], place, limit)


def all_commitments(today: date) -> Iterable[Agreed]:
    """Every public commitment."""
    rows, _next = commitments(
        today=today, course="", fkb="", school="", place=Place(), limit=1_000_000
    )
    return rows


def _parts(numbers: dict[int, str], today: date, fkb: str, school: str) -> Iterator[Agreed]:
    for course, offers in agreed.published(numbers, today=today).items():
        for offer in offers:
            if fkb and offer.fkb != fkb:
                continue
            for part in _of_offer(numbers[course], offer):
                if not school or part.school_key == school:
                    yield part


def _of_offer(number: str, offer: Offer) -> Iterator[Agreed]:
    roles = (
        ("own", offer.own),
        ("holder", (offer.holder,) if offer.holder else ()),
        ("follower", offer.followers),
    )
    for role, schools in roles:
        for part in schools:
            yield Agreed(
                course=number,
                fkb=offer.fkb,
                network=offer.network,
                year=offer.year,
                role=role,
                school=part.name,
                school_key=part.key,
                runs=part.runs,
                when=part.when,
                starts_on=part.starts_on,
                ends_on=part.ends_on,
                guarantee=part.guarantee,
                is_signed=offer.is_signed,
            )
    if offer.external:
        yield Agreed(
            number, offer.fkb, offer.network, offer.year, "external", offer.external, "",
            None, "", None, None, False, offer.is_signed,
        )  # fmt: skip
