"""Runs as lists: a school reads its own in, what goes out comes back unchanged, nobody reads another's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, NotFound
from samspil.kernel.imports import actions as imports
from samspil.kernel.imports.models import ColumnMapping, ImportBatch
from samspil.kernel.spreadsheets.reader import read_workbook
from samspil.runs.domain import keeping, kept
from samspil.runs.interfaces import exports
from samspil.runs.models import CourseRun
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import full, keep_run
from tests.factories.runs import make_runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


def read_in(case: RoundCase, now: datetime, content: bytes, school: int = 0) -> ImportBatch:
    return imports.upload(
        actor=case.coordinator(school),
        now=now,
        spec="runs.school_runs",
        content=content,
        name="hold.csv",
        source="Skolesystemet",
    )


def told(batch: ImportBatch) -> str:
    return " ".join(m["text"] for row in batch.rows.all() for m in row.messages)


STUDENT_SYSTEM = (
    "Aktivitet;Skolefag;Første dag;Sidste dag;Maks;Min;Antal;Lokation\n"
    "A1;{course};14-09-2027;16-09-2027;20;10;4;Randers C\n"
    "A2;{course};21-09-2027;23-09-2027;16;8;0;Randers C\n"
)


def test_a_student_systems_list_with_columns_of_its_own(case: RoundCase, now: datetime) -> None:
    content = STUDENT_SYSTEM.format(course=case.rows[0].course.number).encode("cp1252")
    batch = read_in(case, now, content)
    assert batch.status == "uploaded"  # the kviknummer's column is not recognised
    keys = "kviknummer course starts_on ends_on capacity minimum enrolled city".split()
    batch = imports.choose_columns(
        actor=case.coordinator(),
        now=now,
        batch=batch,
        columns=[dict(enumerate(keys))],
        is_read=[True],
        source="Skolesystemet",
        options={},
    )
    assert batch.counted["new"] == 2
    imports.apply(actor=case.coordinator(), now=now, batch=batch)
    runs = list(CourseRun.objects.order_by("kviknummer"))
    assert [(run.kviknummer, run.organisation, run.enrolled) for run in runs] == [
        ("A1", case.schools[0], 4),
        ("A2", case.schools[0], 0),
    ]
    # Next time the columns are known, and the same list doubles nothing.
    assert ColumnMapping.objects.get().source == "Skolesystemet"
    again = read_in(case, now, content)
    assert again.status == "previewed"
    assert again.counted["unchanged"] == 2


def test_another_schools_runs_are_left_alone(case: RoundCase, now: datetime) -> None:
    course = case.rows[0].course
    theirs = make_runs(course, [case.schools[1]], [5])[0]
    head = "kviknummer;fagnummer;skole;start;slut;pladser;tilmeldte\n"
    batch = read_in(
        case,
        now,
        (
            head + f"X1;{course.number};{case.schools[1].name};14-09-2027;;20;3\n"
            f"{theirs.kviknummer};{course.number};;14-09-2027;;20;19\n"
        ).encode(),
    )
    assert batch.counted["error"] == 2
    assert "er ikke jeres skole" in told(batch)
    assert "hører til en anden skoles hold" in told(batch)


def test_what_a_school_hands_in_nobody_else_sees(case: RoundCase, now: datetime) -> None:
    content = STUDENT_SYSTEM.format(course=case.rows[0].course.number).encode()
    batch = read_in(case, now, content)
    assert imports.get_batch(case.coordinator(), batch.pk) == batch
    with pytest.raises(NotFound):
        imports.get_batch(case.coordinator(1), batch.pk)
    with pytest.raises(Forbidden):
        imports.discard(actor=case.coordinator(1), now=now, batch=batch)
    with pytest.raises(Forbidden):
        imports.upload(
            actor=case.secretariat, now=now, spec="runs.school_runs", content=content, name="x.csv"
        )


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_goes_out_comes_back_unchanged(case: RoundCase, now: datetime, kind: str) -> None:
    runs = make_runs(case.rows[0].course, [case.schools[0]], [6, 5])
    CourseRun.objects.filter(pk=runs[0].pk).update(
        price="436.50", is_guaranteed=True, minimum=4, street="Vej 1", teaching_form="Aftenhold",
        is_evening=True, hours="08:00-15:24", deadline_on=runs[0].starts_on,
    )  # fmt: skip
    client = Client()
    client.force_login(case.people[0])
    url = f"/hold/hold.{kind}?hvad=skolens&skole={case.schools[0].key}"
    answer = client.get(url)
    assert "hold." + kind in answer["Content-Disposition"]
    batch = imports.upload(
        actor=case.coordinator(),
        now=now,
        spec="runs.school_runs",
        content=answer.content,
        name=f"hold.{kind}",
    )
    assert told(batch) == ""
    assert batch.counted["unchanged"] == 2


def test_text_stays_text(case: RoundCase) -> None:
    run = make_runs(case.rows[0].course, [case.schools[0]], [6])[0]
    run.title = "=1+1"
    line = exports.runs_csv([run]).decode("utf-8-sig").splitlines()[1]
    assert ";'=1+1;" in line
    cell = read_workbook(exports.runs_xlsx([run]), "xlsx")[0].rows[1][2]
    assert cell == "=1+1"


def test_plans_of_others_are_not_handed_out(case: RoundCase) -> None:
    keep_run(case.coordinator(1), case.schools[1], case.rows[0].course, announced=False)
    client = Client()
    client.force_login(case.people[0])
    everything = client.get("/hold/hold.csv").content.decode("utf-8-sig")
    assert len(everything.splitlines()) == 1
    other = client.get(f"/hold/hold.csv?hvad=skolens&skole={case.schools[1].key}")
    assert len(other.content.decode("utf-8-sig").splitlines()) == 1  # one's own school, no runs
    assert client.get("/hold/hold.pdf").status_code == 404


def test_a_list_counts_people_of_a_run_that_is_kept_here_and_changes_nothing_else(
    case: RoundCase, now: datetime
) -> None:
    course = case.rows[0].course
    run = keep_run(case.coordinator(), case.schools[0], course, kviknummer="K1")
    other = run.starts_on + timedelta(days=7)
    batch = read_in(
        case,
        now,
        (
            "kviknummer;fagnummer;start;pladser;tilmeldte\n"
            f"K1;{course.number};{other:%d-%m-%Y};30;7\n"
        ).encode(),
    )
    assert "Holdet passes i Samspil, hvor startdatoen er" in told(batch)
    imports.apply(actor=case.coordinator(), now=now, batch=batch)
    fresh = CourseRun.objects.get(pk=run.pk)
    assert (fresh.enrolled, fresh.capacity, fresh.starts_on) == (7, 20, run.starts_on)


def test_a_run_that_was_read_in_can_be_kept_here(case: RoundCase) -> None:
    actor, now = case.coordinator(), clock.now()
    run = make_runs(case.rows[0].course, [case.schools[0]], [6])[0]
    CourseRun.objects.filter(pk=run.pk).update(price="436.50")
    run.refresh_from_db()
    with pytest.raises(Forbidden):
        keeping.adopt_run(actor=case.coordinator(1), now=now, run=run, version=run.version)
    mine = keeping.adopt_run(actor=actor, now=now, run=run, version=run.version)
    assert mine.is_own
    assert len(kept.days_of_run(mine)) == 2
    assert keeping.facts_from(mine).prices[0].ore == 43_650
    with pytest.raises(Conflict, match="allerede"):
        keeping.adopt_run(actor=actor, now=now, run=mine, version=mine.version)
    done = keeping.cancel_run(
        actor=actor, now=now, run=full(mine, 6), version=mine.version, reason="For få"
    )
    assert done.is_cancelled
