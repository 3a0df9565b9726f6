"""A constructed national instance for pooling: as large as the whole country, from a seed.

Real: where postcodes lie and how many people live in each municipality (data/postcodes.csv,
data/municipalities.csv). Constructed: schools, courses, runs, people, what they accept, and what runs share.
Nobody in it exists, and no school's numbers are shown. People live where people live, sign up at a run near
home, and a few courses draw most of them.
"""

from __future__ import annotations

import csv
import random
from bisect import bisect
from itertools import accumulate
from math import exp
from pathlib import Path

from planning.geo import road_metres
from planning.pooling.data import DEGREE, Party, Place, Problem, Run, School, Shared, Use

DATA = Path(__file__).resolve().parents[2] / "data"
FIRST_DAY = 739_500
"""A Monday (8 September 2025); all runs start in the weeks from it."""
WEEKS = 10
AREAS = 60
MINIMUMS = (4, 5, 6, 6, 7, 8, 8, 10)
"""Participants it takes to hold a run."""


def national(
    *,
    seed: int = 1,
    courses: int = 3_000,
    runs: int = 17_000,
    people: int = 100_000,
    schools: int = 90,
    with_shared: bool = False,
) -> Problem:
    """A country's courses, runs and people; with teachers, rooms and staff that runs share on demand.

    The same runs and people with and without what is shared.
    """
    draw = random.Random(seed)
    homes, weights = _homes()
    places = _school_places(draw, homes, weights, schools)
    near = {code: [road_metres(lat, lon, p[1], p[2]) for p in places] for code, lat, lon in homes}
    made = _runs(draw, courses, runs, len(places), places)
    by_course: dict[str, list[Run]] = {}
    for run in made:
        by_course.setdefault(run.course, []).append(run)
    school_of = {f"s{i}": i for i in range(len(places))}
    popular = list(accumulate(len(some) ** 1.05 for some in by_course.values()))
    names = list(by_course)
    liked = {run.key: draw.lognormvariate(0, 1.0) for run in made}
    many = list(accumulate(weights))
    parties: list[Party] = []
    heads = 0
    while heads < people:
        home = homes[bisect(many, draw.random() * many[-1])][0]
        some = by_course[names[bisect(popular, draw.random() * popular[-1])]]
        pull = [
            liked[run.key]
            * (0.05 if run.is_remote else exp(-near[home][school_of[run.school]] / 25_000) + 1e-6)
            for run in some
        ]
        run = draw.choices(some, pull)[0]
        kind = draw.random()
        size = min(draw.choice((2, 2, 3, 4, 6)), people - heads) if kind < 0.05 else 1
        key = f"p{len(parties)}"
        parties.append(
            Party(
                key=key,
                course=run.course,
                home=home,
                order=len(parties),
                first_day=run.starts_on - draw.choice((0, 7, 14, 28)),
                last_day=run.starts_on + draw.choice((14, 21, 28, 42, 56)),
                most_metres=draw.choice((30, 40, 60, 80, 110)) * 1000,
                run="" if draw.random() < 0.01 else run.key,
                size=size,
                is_together=size > 1 and draw.random() < 0.5,
                accepts_remote=draw.random() < 0.2,
            )
        )
        heads += size
    shared, uses = _shared(draw, made) if with_shared else ((), ())
    return Problem(
        schools=tuple(School(f"s{i}") for i in range(len(places))),
        places=(
            *(Place(code, round(lat * DEGREE), round(lon * DEGREE)) for code, lat, lon in homes),
            *(
                Place(f"at{i}", round(lat * DEGREE), round(lon * DEGREE))
                for i, (_, lat, lon) in enumerate(places)
            ),
        ),
        runs=tuple(made),
        parties=tuple(parties),
        shared=shared,
        uses=uses,
    )


def _homes() -> tuple[list[tuple[str, float, float]], list[float]]:
    """Postcodes with a centre, and how many people live in each: the municipality's, shared out evenly."""
    with (DATA / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        population = {row["code"]: int(row["population"] or 0) for row in csv.DictReader(file)}
    with (DATA / "postcodes.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["lat"] and row["kind"] != "special" and row["municipality_code"] in population
        ]
    number: dict[str, int] = {}
    for row in rows:
        number[row["municipality_code"]] = number.get(row["municipality_code"], 0) + 1
    homes = [(row["postcode"], float(row["lat"]), float(row["lon"])) for row in rows]
    return homes, [
        population[r["municipality_code"]] / number[r["municipality_code"]] for r in rows
    ]


def _school_places(
    draw: random.Random, homes: list[tuple[str, float, float]], weights: list[float], number: int
) -> list[tuple[str, float, float]]:
    """So many different postcodes, drawn by how many live there."""
    chosen: dict[str, tuple[str, float, float]] = {}
    while len(chosen) < number:
        home = draw.choices(homes, weights)[0]
        chosen[home[0]] = home
    return list(chosen.values())


def _runs(
    draw: random.Random,
    courses: int,
    runs: int,
    schools: int,
    places: list[tuple[str, float, float]],
) -> list[Run]:
    """Runs of courses: a few courses have many, most have a few; a school holds a course more than once."""
    number = [1] * courses
    popular = list(accumulate(1 / (i + 12) ** 0.72 for i in range(courses)))
    for _ in range(runs - courses):
        number[bisect(popular, draw.random() * popular[-1])] += 1
    made: list[Run] = []
    for course, some in enumerate(number):
        days = draw.choice((1, 2, 2, 3, 3, 5, 5, 5))
        minimum = draw.choice(MINIMUMS)
        holders = draw.sample(range(schools), min(schools, 1 + some // 2))
        for _ in range(some):
            school = draw.choice(holders)
            starts = FIRST_DAY + 7 * draw.randrange(WEEKS) + draw.randrange(6 - days)
            made.append(
                Run(
                    key=f"r{len(made)}",
                    course=f"c{course}",
                    school=f"s{school}",
                    place=f"at{school}",
                    starts_on=starts,
                    ends_on=starts + days - 1,
                    capacity=minimum + draw.choice((4, 6, 8, 10)),
                    minimum=minimum,
                    is_guaranteed=draw.random() < 0.04,
                    is_remote=draw.random() < 0.02,
                    income=days * draw.choice((218_00, 218_00, 345_00)),
                )
            )
    return made


def _shared(draw: random.Random, runs: list[Run]) -> tuple[tuple[Shared, ...], tuple[Use, ...]]:
    """Teachers of an area, special rooms and staff per school and week, short of what is announced.

    There is always enough for what is guaranteed.
    """
    users: dict[str, list[Run]] = {}
    for run in runs:
        week = (run.starts_on - FIRST_DAY) // 7
        area = int(run.course[1:]) % AREAS
        users.setdefault(f"teacher {run.school} {area} {week}", []).append(run)
        users.setdefault(f"staff {run.school} {week}", []).append(run)
        if not run.is_remote and int(run.course[1:]) % 3 == 0:
            users.setdefault(f"room {run.school} {area % 6} {week}", []).append(run)
    share = {"teacher": 0.5, "staff": 0.62, "room": 0.5}
    shared: list[Shared] = []
    uses: list[Use] = []
    for key, some in users.items():
        if len(some) < 2:
            continue
        promised = sum(run.is_guaranteed for run in some)
        wanted = share[key.split()[0]] * len(some) + draw.random()
        shared.append(Shared(key, max(promised, 1, int(wanted))))
        uses += [Use(run.key, key) for run in some]
    return tuple(shared), tuple(uses)
