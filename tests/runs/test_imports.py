"""Announced runs read in: the real list of the national search, and lists as schools keep them."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from samspil.catalogue.models import Course
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden
from samspil.kernel.imports import actions as imports
from samspil.kernel.imports.models import ImportBatch
from samspil.network.models import Organisation
from samspil.runs.domain import queries
from samspil.runs.models import CourseRun
from tests.factories.board import make_round

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[2] / "data"
SYSTEM = Actor.system("tests")
HEAD = "kviknummer;fagnummer;skole;start;slut;pladser;mindst;tilmeldte;garanti\n"


@pytest.fixture
def school() -> Organisation:
    Course.objects.create(number="22906", title="Asbest", duration_days=2)
    return Organisation.objects.create(key="a", name="Prøveskolen", lat=56.1, lon=10.2)


def upload(now: datetime, content: bytes) -> ImportBatch:
    return imports.upload(
        actor=SYSTEM, now=now, spec="runs.course_runs", content=content, name="hold.csv"
    )


def told(batch: ImportBatch) -> str:
    return " ".join(m["text"] for row in batch.rows.all() for m in row.messages)


def test_the_real_list_of_the_national_search(now: datetime) -> None:
    Course.objects.create(number="22906", title="Asbest", duration_days=2)
    with (DATA / "schools.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            Organisation.objects.create(
                key=row["key"], name=row["name"], aliases=row["alias"].split(";")
            )
    content = (DATA / "runs_22906.csv").read_bytes()
    batch = imports.apply(actor=SYSTEM, now=now, batch=upload(now, content))
    assert {k: v for k, v in batch.counted.items() if v} == {"new": 87, "warning": 41} or (
        batch.counted.get("error", 0) == 0
    )
    assert CourseRun.objects.count() == 128
    assert sum(CourseRun.objects.values_list("enrolled", flat=True)) == 216
    assert CourseRun.objects.filter(is_guaranteed=True).count() == 41
    run = CourseRun.objects.get(kviknummer="461420b02290612604")
    assert (run.starts_on, run.ends_on, run.minimum, run.capacity, run.enrolled) == (
        date(2026, 8, 10),
        date(2026, 8, 11),
        10,
        20,
        5,
    )
    assert (run.postcode, run.city, run.organisation.key) == ("5000", "Odense C", "amu-fyn")
    # Read in twice, nothing is changed and nothing doubled.
    again = upload(now, content)
    assert again.counted.get("new", 0) == again.counted.get("changed", 0) == 0
    imports.undo(actor=SYSTEM, now=now, batch=batch)
    assert not CourseRun.objects.exists()


def test_a_schools_own_list(now: datetime, school: Organisation) -> None:
    line = "A1;22.906;Prøveskolen;14-09-2026;;20;10;4;nej\n"
    imports.apply(actor=SYSTEM, now=now, batch=upload(now, (HEAD + line).encode("cp1252")))
    run = CourseRun.objects.get()
    assert (run.course.number, run.organisation, run.enrolled) == ("22906", school, 4)
    assert run.ends_on == date(2026, 9, 14)
    changed = "A1;22906;Prøveskolen;14-09-2026;;20;10;11;nej\n"
    imports.apply(actor=SYSTEM, now=now, batch=upload(now, (HEAD + changed).encode()))
    assert CourseRun.objects.get().enrolled == 11


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("A1;99999;Prøveskolen;14-09-2026;;20;10;4;nej", "Målet 99999 findes ikke i kataloget."),
        (";22906;Prøveskolen;14-09-2026;;20;10;4;nej", "Kviknummer"),
        ("A1;;Prøveskolen;14-09-2026;;20;10;4;nej", "hvilket mål holdet er på"),
        ("A1;22906;Ukendt skole;14-09-2026;;20;10;4;nej", "Ukendt skole"),
        ("A1;22906;Prøveskolen;14-09-2026;13-09-2026;20;10;4;nej", "før startdatoen"),
        ("A1;22906;Prøveskolen;31-02-2026;;20;10;4;nej", "dato"),
        ("A1;22906;Prøveskolen;14-09-2026;;mange;10;4;nej", "mange"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_read(
    now: datetime, school: Organisation, line: str, sentence: str
) -> None:
    batch = upload(now, (HEAD + line + "\n").encode())
    assert batch.counted["error"] == 1
    assert sentence in told(batch)
    assert not CourseRun.objects.exists()


def test_odd_numbers_are_read_and_pointed_out(now: datetime, school: Organisation) -> None:
    lines = (
        "A1;22906;Prøveskolen;14-09-2026;;20;10;4;ja\n"  # R18
        "A2;22906;Prøveskolen;14-09-2026;;20;10;24;nej\n"
        "A3;22906;Prøveskolen;14-09-2026;;8;10;4;nej\n"
        "A3;22906;Prøveskolen;14-09-2026;;8;10;4;nej\n"
    )
    batch = upload(now, (HEAD + lines).encode())
    assert (batch.counted["warning"], batch.counted["error"]) == (3, 1)
    for word in ("garantihold", "flere tilmeldte", "kun 8 pladser", "også i række"):
        assert word in told(batch)


def test_a_school_cannot_read_runs_in(now: datetime, school: Organisation) -> None:
    with pytest.raises(Forbidden):
        imports.upload(
            actor=make_round(fkb="9222").coordinator(),
            now=now,
            spec="runs.course_runs",
            content=HEAD.encode(),
            name="hold.csv",
        )


def test_at_risk_is_below_the_minimum_without_guarantee(
    now: datetime, school: Organisation
) -> None:
    lines = (
        "A1;22906;Prøveskolen;14-09-2027;;20;10;4;nej\n"
        "A2;22906;Prøveskolen;15-09-2027;;20;10;10;nej\n"
        "A3;22906;Prøveskolen;16-09-2027;;20;5;1;ja\n"
    )
    imports.apply(actor=SYSTEM, now=now, batch=upload(now, (HEAD + lines).encode()))
    totals = queries.totals(queries.RunFilter())
    assert (totals.runs, totals.at_risk, totals.people, totals.people_at_risk) == (3, 1, 15, 4)
    page = queries.runs(SYSTEM, queries.RunFilter(state="risk"))
    assert [run.kviknummer for run in page] == ["A1"]
