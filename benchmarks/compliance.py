"""How agreements are kept, over the whole country: the check of a night, and the pages."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks import measure
from benchmarks.measure import Figure

CHECKED: Final = datetime(2027, 9, 15, 3, tzinfo=UTC)
"""A night in the round's year: some is announced, some is late, some is missing."""


def followed() -> Any:
    """A frozen round over the whole country beside 100,000 announced runs. Returns the round."""
    from django.db import connection

    from benchmarks import world
    from samspil.catalogue.models import Course
    from samspil.coordination.domain.overviews import freeze_overview
    from samspil.coordination.enums import RoundStatus
    from samspil.coordination.models import Round
    from samspil.runs.models import CourseLook, CourseRun, RunTrace
    from samspil.web.example.generator import COUNTRY

    round = world._round("opfoelgning", COUNTRY)
    Round.objects.filter(pk=round.pk).update(status=RoundStatus.SIGNING)
    world._fill(gaps=0)
    for place in round.fkbs.order_by("pk"):
        freeze_overview(actor=world.SYSTEM, now=world.NOW, round_fkb=place)
    world.announced_runs(100_000)
    today = CHECKED.date()
    rng = random.Random(5)
    runs = CourseRun.objects.order_by("pk").values_list("pk", flat=True)
    RunTrace.objects.bulk_create(
        [
            RunTrace(
                run_id=pk,
                first_seen_on=today - timedelta(days=rng.randint(0, 200)),
                last_seen_on=today,
                absent_on=today - timedelta(days=rng.randint(1, 300))
                if rng.random() < 0.3
                else None,
            )
            for pk in runs
        ],
        batch_size=5_000,
    )
    CourseLook.objects.bulk_create(
        [
            CourseLook(course_id=pk, first_on=today, looked_on=today)
            for pk in Course.objects.order_by("pk").values_list("pk", flat=True)
        ],
        batch_size=1_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return round


def measured() -> list[Figure]:
    """CPU of the nightly check and of the pages, with every school seen."""
    from django.test import Client
    from django.urls import reverse

    from benchmarks import world
    from samspil.compliance.domain.checking import check_round
    from samspil.compliance.models import FollowUp

    round = followed()
    check: list[Any] = []

    def night() -> None:
        check.append(check_round(actor=world.SYSTEM, now=CHECKED, round=round))

    first = measure.cpu_ms(night, 1)
    again = measure.cpu_ms(night, 1)
    commitments = FollowUp.objects.count()
    how = (
        f"{commitments:,} commitments, 3,000 courses, 100,000 runs; CPU of application and database"
    )
    client = Client(headers={"host": "localhost"})
    client.cookies.load(measure.session_cookie(world.secretary(round.network)))
    largest = FollowUp.objects.order_by("pk")[0].organisation_id
    figures = [
        Figure("Follow-up of the country, first check", first / 1000, 60, "s", how),
        Figure("Follow-up of the country, a night later", again / 1000, 30, "s", how),
    ]
    for what, path in (
        ("Follow-up, overview of the country", reverse("compliance:round", args=[round.pk])),
        ("Follow-up, list of courses", reverse("compliance:courses", args=[round.pk])),
        ("Follow-up, list of a school", reverse("compliance:school", args=[round.pk, largest])),
    ):

        def asked(path: str = path) -> None:
            response = client.get(path)
            if response.status_code != 200:
                raise RuntimeError(f"{path} answered {response.status_code}")

        measure.cpu_ms(asked, 5)
        figures.append(Figure(what, measure.cpu_ms(asked, 20), 100, "ms", f"{how}, mean of 20"))
    return figures
