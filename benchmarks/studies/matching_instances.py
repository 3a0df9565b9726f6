"""Constructed matching problems of any size: real postcodes and municipalities, everything else from a seed."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from pathlib import Path

from planning.matching import jobs

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
