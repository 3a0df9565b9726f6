"""The real snapshot of AMU 22906 (data/runs_22906.csv, 4 August 2026) as a pooling problem.

Runs, seats, minimums and numbers of people are real. Homes and what people would accept are assumptions, the
same for everybody, given as arguments.
"""

from __future__ import annotations

import csv
import random
from datetime import date
from math import cos, pi, radians
from pathlib import Path

from planning.pooling.data import DEGREE, Party, Place, Problem, Run, School

DATA = Path(__file__).resolve().parents[2] / "data"
KM_PER_DEGREE = 111.195


def snapshot(
    *,
    most_km: int = 75,
    days_before: int = 28,
    days_after: int = 28,
    home_km: float = 0.0,
    seed: int = 0,
) -> Problem:
    """The snapshot with every person a party of one, willing to go `most_km` and to move so many days.

    Homes are at the run's postcode centre, or (`home_km` above 0) spread around it: distance by road with that
    mean, direction even, from `seed`. `order` is the order of the file, people of a run one after the other.
    """
    with (DATA / "runs_22906.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["startDate"], row["id"]))
    with (DATA / "postcodes.csv").open(encoding="utf-8", newline="") as file:
        centre = {
            r["postcode"]: (float(r["lat"]), float(r["lon"]))
            for r in csv.DictReader(file)
            if r["lat"]
        }
    places = {
        code: Place(code, round(centre[code][0] * DEGREE), round(centre[code][1] * DEGREE))
        for code in sorted({row["lokationPostNr"] for row in rows})
    }
    schools = sorted({row["institution"] for row in rows})
    runs = []
    parties = []
    draw = random.Random(seed)
    for row in rows:
        starts, ends = date.fromisoformat(row["startDate"]), date.fromisoformat(row["endDate"])
        runs.append(
            Run(
                key=row["id"],
                course="22906",
                school=row["institution"],
                place=row["lokationPostNr"],
                starts_on=starts.toordinal(),
                ends_on=max(starts, ends).toordinal(),
                capacity=int(row["participantCapacity"]),
                minimum=int(row["minimumParticipants"]),
                is_guaranteed=row["garantiKursus"] == "True",
                variant=f"{row['duration']} {row['undervisningsform']}",
                decides_on=date.fromisoformat(row["tilmeldingsFrist"]).toordinal(),
                income=int(row["duration"]) * 218_00,
            )
        )
        for number in range(int(row["currentParticipantAmount"])):
            key = f"{row['id']}-{number + 1}"
            home = row["lokationPostNr"]
            if home_km > 0:
                home = key
                places[key] = _near(draw, key, centre[row["lokationPostNr"]], home_km)
            parties.append(
                Party(
                    key=key,
                    course="22906",
                    home=home,
                    order=len(parties),
                    first_day=starts.toordinal() - days_before,
                    last_day=starts.toordinal() + days_after,
                    most_metres=most_km * 1000,
                    run=row["id"],
                )
            )
    return Problem(
        schools=tuple(School(name, name) for name in schools),
        places=tuple(places.values()),
        runs=tuple(runs),
        parties=tuple(parties),
    )


def _near(draw: random.Random, key: str, centre: tuple[float, float], mean_km: float) -> Place:
    """A point around the centre; the distance by road has a Rayleigh distribution with this mean."""
    straight = mean_km / 1.3
    spread = straight / (pi / 2) ** 0.5
    east, north = draw.gauss(0, spread), draw.gauss(0, spread)
    lat = centre[0] + north / KM_PER_DEGREE
    lon = centre[1] + east / (KM_PER_DEGREE * cos(radians(centre[0])))
    return Place(key, round(lat * DEGREE), round(lon * DEGREE))
