"""A seeded generator: a catalogue of any size, plainly constructed, for load tests.

The country in 2019 had 134 FKBs, about 3,000 AMU courses, 86 providers and 699 approvals (ministry,
September 2019); `COUNTRY` rounds that up. Every row is marked as constructed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from samspil.web.example.catalogue import (
    ACTIVITY_YEARS,
    BRANCH_GROUPS,
    COMMON,
    CONSTRUCTED,
    CORE,
    LINKED,
    REAL_DATA,
    VALID_FROM,
    ActivityRow,
    ApprovalRow,
    Catalogue,
    CourseRow,
    FkbRow,
    RelationRow,
    RunRow,
    SchoolRow,
    read_csv,
)


@dataclass(frozen=True)
class Size:
    """How much to make. `runs` is per year; `largest_fkb` is courses and schools of the first FKB."""

    fkbs: int
    courses: int
    schools: int
    approvals: int
    runs: int
    largest_fkb: tuple[int, int] = (40, 15)


SMALL = Size(fkbs=8, courses=120, schools=15, approvals=40, runs=600)
NETWORK = Size(fkbs=33, courses=350, schools=16, approvals=150, runs=8_000)
COUNTRY = Size(fkbs=134, courses=3_000, schools=90, approvals=700, runs=100_000)
SIZES = {"small": SMALL, "network": NETWORK, "country": COUNTRY}

FIRST_FKB = 8001
FIRST_COURSE = 90_000

_SUBJECTS: dict[str, tuple[str, ...]] = {
    "transport": ("Godskørsel", "Terminalarbejde", "Buskørsel", "Truck og stabler", "Kran"),
    "byg": ("Betonarbejde", "Murværk", "Tagarbejde", "Kloakarbejde", "Belægning"),
    "industri": ("Svejsning", "Drejning", "Fræsning", "Styringsteknik", "Vedligehold"),
    "hakl": ("Bogføring", "Butikssalg", "Kundeservice", "Regneark", "Lønarbejde"),
    "levnedsmiddel": ("Storkøkken", "Bagværk", "Udskæring", "Mejeriarbejde", "Egenkontrol"),
    "service": ("Rengøring", "Ejendomsdrift", "Vagtarbejde", "Gulvpleje", "Hospitalsservice"),
    "landbrug": ("Dyrehold", "Markdrift", "Træpleje", "Skovarbejde", "Anlægsarbejde"),
    "sosu": ("Ældrepleje", "Demensomsorg", "Børn i dagtilbud", "Socialpsykiatri", "Sårpleje"),
}
_ANGLES = (
    "grundlag", "opfriskning", "metode og værktøj", "kvalitet og kontrol", "dokumentation",
    "sikkerhed", "nye materialer", "fejl og afhjælpning", "planlægning", "samarbejde og roller",
    "lovkrav", "grøn omstilling",
)  # fmt: skip


def generate(seed: int, size: Size) -> Catalogue:
    """Make a catalogue of the given size. The same seed and size give the same rows.

    Raises ValueError when the numbers cannot fit: more than 10,000 courses, or more approvals than
    schools times FKBs.
    """
    _check(size)
    rng = random.Random(seed)  # noqa: S311  (load-test data, no secrets)
    schools = _schools(rng, size.schools)
    fkbs = _fkbs(size.fkbs)
    courses, relations = _courses(rng, fkbs, size)
    approvals = _approvals(rng, schools, fkbs, size)
    activity = _activity(rng, relations, approvals, size.runs)
    return Catalogue(
        schools=tuple(schools),
        fkbs=tuple(fkbs),
        courses=tuple(courses),
        relations=tuple(relations),
        approvals=tuple(approvals),
        activity=tuple(activity),
        runs=tuple(_runs(rng, courses, activity)),
    )


def _check(size: Size) -> None:
    if size.courses > 10_000:
        raise ValueError("At most 10,000 courses: constructed numbers are 90000-99999.")
    if not size.fkbs + size.largest_fkb[1] - 1 <= size.approvals <= size.schools * size.fkbs:
        raise ValueError("Approvals must cover every FKB and fit schools times FKBs.")
    if size.schools < size.largest_fkb[1] or size.courses < size.largest_fkb[0] + size.fkbs - 1:
        raise ValueError("The largest FKB does not fit the number of schools or courses.")


def _schools(rng: random.Random, count: int) -> list[SchoolRow]:
    towns = [
        row
        for row in read_csv(REAL_DATA / "postcodes.csv")
        if row["kind"] == "geographic" and row["lat"] and row["municipality_code"]
    ]
    rows = []
    for index, town in enumerate(rng.sample(towns, count), start=1):
        rows.append(
            SchoolRow(
                key=f"konstrueret-{index:03d}",
                name=f"Konstrueret skole {index:03d}, {town['city']}",
                short_name=f"Skole {index:03d}",
                aliases=(),
                kind="school",
                municipality_code=town["municipality_code"],
                street="",
                postcode=town["postcode"],
                city=town["city"],
                lat=float(town["lat"]),
                lon=float(town["lon"]),
                institution_number="",
                website="",
                constructed=True,
            )
        )
    return rows


def _fkbs(count: int) -> list[FkbRow]:
    rows = []
    for index in range(count):
        key, name = BRANCH_GROUPS[index % len(BRANCH_GROUPS)]
        subject = _SUBJECTS[key][index // len(BRANCH_GROUPS) % len(_SUBJECTS[key])]
        rows.append(
            FkbRow(
                number=str(FIRST_FKB + index),
                title=f"{subject}, jobområde {index + 1} (konstrueret)",
                branch_group=key,
                committee=f"Konstrueret udvalg for {name}",
                valid_from=VALID_FROM,
                valid_to=None,
                predecessors=(),
                constructed=True,
            )
        )
    return rows


def _courses(
    rng: random.Random, fkbs: list[FkbRow], size: Size
) -> tuple[list[CourseRow], list[RelationRow]]:
    # The first FKB gets its full size, every other at least one course, the rest fall unevenly:
    # some FKBs are three times as long as others.
    homes = [0] * size.largest_fkb[0] + list(range(1, len(fkbs)))
    cap = max(size.largest_fkb[0], -(-size.courses // len(fkbs)))
    weights = [0.0] + [rng.uniform(0.5, 1.5) for _ in fkbs[1:]]
    counts = [homes.count(index) for index in range(len(fkbs))]
    while len(homes) < size.courses:
        index = rng.choices(range(len(fkbs)), weights)[0]
        if counts[index] < cap:
            counts[index] += 1
            homes.append(index)
    homes.sort()
    courses, relations = [], []
    for offset, home in enumerate(homes):
        fkb = fkbs[home]
        number = str(FIRST_COURSE + offset)
        subject = rng.choice(_SUBJECTS[fkb.branch_group])
        archived = rng.random() < 0.04
        courses.append(
            CourseRow(
                number=number,
                title=f"{subject}: {rng.choice(_ANGLES)} {offset + 1}",
                days=Decimal(rng.choice(("1", "1.5", "2", "2", "3", "3", "5", "5", "10"))),
                level=rng.choice(("2", "3", "3", "4")),
                valid_from=VALID_FROM,
                valid_to=None,
                archived_reason="Undtaget fra udbudspligten (konstrueret)" if archived else "",
                successor="",
                constructed=True,
            )
        )
        relations.append(RelationRow(fkb.number, number, CORE))
        if len(fkbs) > 1 and rng.random() < 0.25:
            other = rng.choice([f for f in fkbs if f is not fkb])
            kind = COMMON if rng.random() < 0.3 else LINKED
            relations.append(RelationRow(other.number, number, kind))
    return courses, relations


def _approvals(
    rng: random.Random, schools: list[SchoolRow], fkbs: list[FkbRow], size: Size
) -> list[ApprovalRow]:
    pairs = {(school.key, fkbs[0].number) for school in schools[: size.largest_fkb[1]]}
    pairs |= {(rng.choice(schools).key, fkb.number) for fkb in fkbs[1:]}
    weights = [rng.uniform(0.3, 2.0) for _ in schools]
    others = fkbs[1:] or fkbs
    while len(pairs) < size.approvals:
        school = rng.choices(schools, weights)[0]
        pairs.add((school.key, rng.choice(others).number))
    return [
        ApprovalRow(school, fkb, VALID_FROM, CONSTRUCTED, "konstrueret til belastningsprøve")
        for school, fkb in sorted(pairs)
    ]


def _activity(
    rng: random.Random, relations: list[RelationRow], approvals: list[ApprovalRow], runs: int
) -> list[ActivityRow]:
    """Share the runs of a year among the pairs of course and approved school, very unevenly."""
    schools_of: dict[str, list[str]] = {}
    for approval in approvals:
        schools_of.setdefault(approval.fkb, []).append(approval.school)
    pairs = [
        (relation.course, school)
        for relation in relations
        if relation.kind == CORE
        for school in schools_of[relation.fkb]
    ]
    rows = []
    for year in ACTIVITY_YEARS:
        # A heavy tail, as in the country: most courses draw few, some draw hundreds (R6).
        weights = [rng.paretovariate(0.9) if rng.random() < 0.7 else 0.0 for _ in pairs]
        weights = [min(weight, 60.0) for weight in weights]
        total = sum(weights) or 1.0
        exact = [weight / total * runs for weight in weights]
        counts = [int(value) for value in exact]
        rest = sorted(range(len(pairs)), key=lambda i: counts[i] - exact[i])
        for index in rest[: runs - sum(counts)]:
            counts[index] += 1
        for (course, school), count in zip(pairs, counts, strict=True):
            if count:
                rows.append(ActivityRow(course, school, year, count * rng.randint(6, 16), count))
    return rows


def _runs(
    rng: random.Random, courses: list[CourseRow], activity: list[ActivityRow]
) -> list[RunRow]:
    """The runs of the last year, one row each, on week days."""
    days_of = {course.number: int(course.days or 1) for course in courses}
    last = ACTIVITY_YEARS[-1]
    monday = date.fromisocalendar(last, 2, 1)
    rows = []
    for row in activity:
        if row.year != last:
            continue
        for _ in range(row.runs):
            start = monday + timedelta(days=7 * rng.randrange(50) + rng.randrange(3))
            length = days_of[row.course]
            end = start + timedelta(days=length - 1 + 2 * ((start.weekday() + length - 1) // 5))
            rows.append(
                RunRow(
                    course=row.course,
                    school=row.school,
                    starts_on=start,
                    ends_on=end,
                    seats=20,
                    enrolled=min(20, max(1, row.learners // row.runs)),
                    guarantee=rng.random() < 0.3,
                )
            )
    return rows
