"""Coverage problems of any size, seeded: real municipalities, towns and distances, everything else constructed.

A school stands in a town drawn by the population of its municipality (ESØ: where its schools are). Each FKB has a
few approved schools, most of them near each other. Learners come from the municipalities around the approved
schools, a few from far away, very unevenly from course to course (R6).
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planning.coverage import (
    Approval,
    Course,
    Demand,
    Distance,
    FormLine,
    Municipality,
    Offer,
    Problem,
    School,
    Way,
)
from planning.geo import road_km

DATA = Path(__file__).resolve().parents[2] / "data"
GROUPS = ("transport", "byg", "industri", "hakl", "levnedsmiddel", "service", "landbrug", "sosu")
DAYS = (10, 15, 20, 20, 30, 30, 50, 50, 100)


@dataclass(frozen=True)
class Size:
    """`gaps`: share of the courses that nobody offers. `slack`: days offered for others, relative to the need."""

    name: str
    schools: int
    fkbs: int
    courses: int
    approvals: int
    gaps: float = 1.0
    slack: float = 1.3
    is_eso: bool = False
    plans_quarters: bool = True


ESO = Size("esoe", 13, 60, 800, 260, is_eso=True)
ESO_ROUND = Size("esoe-runde", 13, 60, 800, 260, gaps=0.125, is_eso=True)
COUNTRY = Size("land", 100, 134, 2800, 800)
COUNTRY_ROUND = Size("land-runde", 100, 134, 2800, 800, gaps=0.125)
COUNTRY_TIGHT = Size("land-trang", 100, 134, 2800, 800, slack=0.85)


def world(size: Size, seed: int = 1) -> Problem:
    """A problem of the size. The same size and seed give the same problem."""
    rng = random.Random(seed)  # constructed data, no secrets
    places = _municipalities()
    towns = _towns(rng, size, places)
    schools = [f"s{i:03d}" for i in range(len(towns))]
    at = dict(zip(schools, towns, strict=True))
    fkbs = [f"{8001 + i}" for i in range(size.fkbs)]
    group_of = {fkb: GROUPS[i % len(GROUPS)] for i, fkb in enumerate(fkbs)}
    approved = _approvals(rng, schools, at, fkbs, size.approvals)
    courses: list[Course] = []
    lines: list[FormLine] = []
    offers: list[Offer] = []
    demands: list[Demand] = []
    need: dict[tuple[str, str], float] = defaultdict(float)
    for i in range(size.courses):
        fkb = fkbs[i % len(fkbs)] if i < len(fkbs) else rng.choice(fkbs)
        key, able = f"{fkb}/{90_000 + i}", approved[fkb]
        activity = 0 if rng.random() < 0.2 else min(400, int(4 * rng.paretovariate(0.9)))
        days = rng.choice(DAYS)
        last = rng.choice(able) if rng.random() < 0.6 else None
        courses.append(Course(key, fkb, group_of[fkb], days, activity=activity, last_holder=last))
        if activity and rng.random() < 0.7:
            demands += _demand(rng, key, activity, able, at, places)
        can = [s for s in able if rng.random() < 0.75] or [rng.choice(able)]
        if rng.random() < size.gaps:
            for school in can:
                need[school, group_of[fkb]] += days / len(can)
        else:
            own = rng.sample(able, max(1, len(able) // 3))
            offers += [Offer(key, school, quarter=rng.randint(0, 4)) for school in own]
            can = [school for school in can if school not in own]
        for school in able:
            if (key, school) in {(o.course, o.school) for o in offers[-8:]}:
                continue
            follows = rng.random() < 0.4
            if school in can or follows:
                some = tuple(sorted(rng.sample((1, 2, 3, 4), rng.randint(1, 3))))
                lines.append(
                    FormLine(
                        key,
                        school,
                        can_take_on=100 if school in can else 0,
                        will_follow=follows,
                        guarantee=rng.random() < 0.3,
                        quarters=some if rng.random() < 0.15 else (),
                    )
                )
    return Problem(
        schools=tuple(_schools(rng, schools, approved, courses, need, size)),
        courses=tuple(courses),
        approvals=tuple(Approval(s, fkb) for fkb in fkbs for s in approved[fkb]),
        lines=tuple(lines),
        offers=tuple(offers),
        distances=tuple(
            Distance(a, b, road_km(*at[a], *at[b]))
            for i, a in enumerate(schools)
            for b in schools[i + 1 :]
        ),
        low_activity_below=5,
        municipalities=tuple(Municipality(code, people) for code, (people, _) in places.items()),
        demands=tuple(demands),
        ways=tuple(
            Way(code, school, road_km(*where, *at[school]))
            for code, (_, where) in places.items()
            for school in schools
        ),
        far_km=75,
        extra_for=10,
        plans_quarters=size.plans_quarters,
    )


Point = tuple[float, float]


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _municipalities() -> dict[str, tuple[int, Point]]:
    return {
        row["code"]: (int(row["population"] or 0), (float(row["lat"]), float(row["lon"])))
        for row in _rows("municipalities.csv")
    }


def _towns(rng: random.Random, size: Size, places: dict[str, tuple[int, Point]]) -> list[Point]:
    if size.is_eso:
        eso = [row for row in _rows("schools.csv") if "ESO" in row["networks"]]
        return [(float(row["lat"]), float(row["lon"])) for row in eso][: size.schools]
    towns = [
        row
        for row in _rows("postcodes.csv")
        if row["kind"] == "geographic" and row["lat"] and row["municipality_code"] in places
    ]
    number: dict[str, int] = defaultdict(int)
    for row in towns:
        number[row["municipality_code"]] += 1
    weights = [
        places[row["municipality_code"]][0] / number[row["municipality_code"]] for row in towns
    ]
    chosen: dict[str, Point] = {}
    while len(chosen) < size.schools:
        row = rng.choices(towns, weights)[0]
        chosen[row["postcode"]] = (float(row["lat"]), float(row["lon"]))
    return list(chosen.values())


def _approvals(
    rng: random.Random, schools: list[str], at: dict[str, Point], fkbs: list[str], number: int
) -> dict[str, list[str]]:
    weight = {school: rng.uniform(0.3, 2.0) for school in schools}
    approved = {fkb: {rng.choices(schools, list(weight.values()))[0]} for fkb in fkbs}
    while sum(len(able) for able in approved.values()) < number:
        fkb = rng.choice(fkbs)
        approved[fkb].add(rng.choices(schools, list(weight.values()))[0])
    return {fkb: sorted(able) for fkb, able in approved.items()}


def _demand(
    rng: random.Random,
    course: str,
    activity: int,
    able: list[str],
    at: dict[str, Point],
    places: dict[str, tuple[int, Point]],
) -> list[Demand]:
    codes = list(places)
    near = {
        code: min(road_km(*where, *at[school]) for school in able)
        for code, (_, where) in places.items()
    }
    weights = [places[code][0] / (20 + near[code]) ** 2 for code in codes]
    told: dict[str, int] = defaultdict(int)
    for code in rng.choices(codes, weights, k=min(activity, 60)):
        told[code] += max(1, activity // 60)
    return [Demand(course, code, learners) for code, learners in sorted(told.items())]


def _schools(
    rng: random.Random,
    schools: list[str],
    approved: dict[str, list[str]],
    courses: list[Course],
    need: dict[tuple[str, str], float],
    size: Size,
) -> list[School]:
    in_fkb: dict[str, int] = defaultdict(int)
    for course in courses:
        in_fkb[course.fkb] += 1
    rows: list[Any] = []
    for school in schools:
        capacity = []
        for group in GROUPS:
            if need[school, group]:
                share = rng.uniform(0.6, 1.4) * size.slack
                capacity.append((group, max(30, 5 * round(need[school, group] * share / 5))))
        quarters = (
            tuple(
                (group, q, max(30, days * 7 // 20))
                for group, days in capacity
                for q in (1, 2, 3, 4)
            )
            if size.plans_quarters and rng.random() < 0.3
            else ()
        )
        duty = sum(in_fkb[fkb] for fkb, able in approved.items() if school in able)
        rows.append(
            School(
                school,
                size=max(1, duty),
                capacity=tuple(capacity),
                capacity_total=int(sum(d for _, d in capacity) * 0.9)
                if rng.random() < 0.2
                else None,
                capacity_quarters=quarters,
            )
        )
    return rows
