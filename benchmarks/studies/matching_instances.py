"""Constructed matching problems of any size: real postcodes and municipalities, everything else from a seed."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from pathlib import Path

from planning.matching import jobs, visits

DATA = Path(__file__).resolve().parents[2] / "data"
DEGREE = 10_000


def _postcodes() -> list[dict[str, str]]:
    """Postcodes of eastern and northern Jutland."""
    with (DATA / "postcodes.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "geographic" and row["lat"]]
    return [row for row in rows if "7000" <= row["postcode"] < "9000"]


def jobs_problem(
    candidates: int, openings: int, *, seed: int = 1, points_step: int = 10, km_step: int = 10
) -> jobs.Problem:
    """Constructed: 20 competences in three groups, needs on about half of the openings, up to five wishes each."""
    rng = random.Random(seed)
    places = tuple(
        jobs.Place(
            row["postcode"], round(float(row["lat"]) * DEGREE), round(float(row["lon"]) * DEGREE)
        )
        for row in _postcodes()
    )
    groups = (*(jobs.Group.PROFESSIONAL,) * 10, *(jobs.Group.PERSONAL,) * 5)
    groups += (jobs.Group.SOCIAL,) * 5
    competences = tuple(jobs.Competence(f"k{i:02}", group) for i, group in enumerate(groups))
    certificates = ("truck", "epoxy", "hygiejne", "svejs")
    shifts = ("aften", "nat", "weekend")
    jobs_open = []
    for i in range(openings):
        wanted = rng.sample(competences, 6)
        jobs_open.append(
            jobs.Opening(
                f"o{i:04}",
                rng.choice(places).key,
                rng.choice((1, 1, 2, 2, 3, 5)),
                tuple(jobs.Wanted(c.key, rng.randint(2, 4), rng.randint(1, 5)) for c in wanted),
                certificates=(rng.choice(certificates),) if rng.random() < 0.3 else (),
                licences=("B",) if rng.random() < 0.3 else (),
                language=rng.choice((0, 1, 2, 2, 3)),
                shifts=("dag",) if rng.random() < 0.7 else (rng.choice(shifts),),
            )
        )
    people = tuple(
        jobs.Candidate(
            f"c{i:05}",
            rng.choice(places).key,
            tuple((c.key, rng.randint(0, 5)) for c in competences),
            certificates=tuple(c for c in certificates if rng.random() < 0.35),
            licences=("B",) if rng.random() < 0.6 else (),
            language=rng.randint(1, 5),
            shifts=("dag", *(s for s in shifts if rng.random() < 0.4)),
            max_km=rng.choice((20, 30, 40, 60)),
            arrived=i,
        )
        for i in range(candidates)
    )
    used = {c.place for c in people} | {o.place for o in jobs_open}
    problem = jobs.Problem(
        tuple(place for place in places if place.key in used),
        people,
        tuple(jobs_open),
        competences,
        points_step=points_step,
        km_step=km_step,
    )
    return _with_wishes(problem, rng)


def _with_wishes(problem: jobs.Problem, rng: random.Random) -> jobs.Problem:
    """Each side wishes for some of what fits: candidates up to five in order, openings up to three, two and two equal."""
    fitting: dict[str, list[str]] = {o.key: [] for o in problem.openings}
    for candidate, opening in problem.fits:
        fitting[opening].append(candidate)
    people = []
    for c in problem.candidates:
        own = sorted(opening for opening, _ in problem.choices[c.key])
        chosen = rng.sample(own, min(len(own), rng.randint(0, 5)))
        wishes = tuple(jobs.Wish(key, i) for i, key in enumerate(chosen, 1))
        people.append(replace(c, wishes=wishes))
    openings = []
    for o in problem.openings:
        chosen = rng.sample(fitting[o.key], min(len(fitting[o.key]), rng.randint(0, 3)))
        wishes = tuple(jobs.Wish(key, 1 + i // 2) for i, key in enumerate(chosen))
        openings.append(replace(o, wishes=wishes))
    return replace(problem, candidates=tuple(people), openings=tuple(openings))


AREAS = ("industri", "transport", "sosu", "service", "bygge", "fvu", "realkompetence", "ledelse")


def visits_problem(
    consultants: int, companies: int, *, weeks: int = 8, seed: int = 1
) -> visits.Problem:
    """Constructed: each consultant has eight municipalities round home and two to four areas; a fifth of them are new.

    One company in twenty stands twice. Three free days a week, one in four of them half.
    """
    rng = random.Random(seed)
    rows = [row for row in _postcodes() if row["municipality"]]
    centre: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        centre.setdefault(row["municipality"], []).append((float(row["lat"]), float(row["lon"])))
    homes = rng.sample(rows, consultants)
    people, learning = [], []
    for i, home in enumerate(homes):
        lat, lon = float(home["lat"]), float(home["lon"])
        near = sorted(
            centre,
            key=lambda m: min((lat - a) ** 2 + (lon - b) ** 2 / 3 for a, b in centre[m]),
        )
        days = [w * visits.DAYS + d for w in range(weeks) for d in sorted(rng.sample(range(5), 3))]
        is_new = i % 5 == 4
        people.append(
            visits.Consultant(
                f"k{i:02}",
                home["postcode"],
                tuple(rng.sample(AREAS, rng.randint(2, 4))),
                tuple(sorted(near[:8])),
                tuple((day, rng.choice((2, 2, 2, 1))) for day in days),
                weekly_cap=rng.choice((3, 4, 5)),
                alone=not is_new,
            )
        )
        if is_new:
            learning.append(visits.Learning(f"k{i - 1:02}", f"k{i:02}", 4))
    keys = [c.key for c in people if c.alone]
    wanted = []
    for i in range(companies):
        at = rng.choice(rows)
        earliest = rng.randrange(weeks)
        latest = min(weeks - 1, earliest + rng.randint(1, 5))
        wished = rng.randint(earliest, latest)
        wanted.append(
            visits.Visit(
                f"v{i:04}",
                f"cvr{i - 1 if i % 20 == 19 else i:04}",
                at["postcode"],
                at["municipality"],
                earliest,
                latest,
                priority=rng.randint(1, 5),
                halves=rng.choice((1, 1, 1, 2)),
                needs=tuple(rng.sample(AREAS, rng.randint(1, 2))),
                wished_from=wished if rng.random() < 0.6 else None,
                wished_to=wished + 1 if rng.random() < 0.6 else None,
                not_on=(rng.randrange(5),) if rng.random() < 0.2 else (),
                last_consultant=rng.choice(keys) if rng.random() < 0.3 else None,
                requested=rng.random() < 0.1,
            )
        )
    used = {c.place for c in people} | {v.place for v in wanted}
    places = tuple(
        visits.Place(
            row["postcode"], round(float(row["lat"]) * DEGREE), round(float(row["lon"]) * DEGREE)
        )
        for row in rows
        if row["postcode"] in used
    )
    return visits.Problem(weeks, places, tuple(people), tuple(wanted), tuple(learning))
