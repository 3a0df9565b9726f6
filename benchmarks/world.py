"""Data of the size the limits speak of, made by the seeded generator and real actions."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from samspil.kernel.actor import Actor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SYSTEM = Actor.system("benchmarks")


def country() -> Any:
    """A round over the whole country with answers on its board. Returns the round."""
    from samspil.coordination.domain.form_cycle import send_forms
    from samspil.web.example.generator import COUNTRY

    round = _round("land", COUNTRY)
    send_forms(
        actor=SYSTEM, now=NOW, round=round, workbook_of=lambda form: ("skema.xlsx", b"skema")
    )
    # One course in eight is a gap.
    _fill(gaps=0.125)
    return round


def long_agreement() -> Any:
    """The agreement of one FKB with 15 schools and so many courses that it fills 20 pages."""
    from samspil.coordination.domain.agreements import make_agreement
    from samspil.coordination.domain.overviews import freeze_overview
    from samspil.coordination.enums import RoundStatus
    from samspil.coordination.models import Round, RoundFkb
    from samspil.web.example.generator import Size

    size = Size(fkbs=1, courses=246, schools=15, approvals=15, runs=300, largest_fkb=(246, 15))
    round = _round("aftale", size)
    Round.objects.filter(pk=round.pk).update(status=RoundStatus.SIGNING)
    _fill(gaps=0)
    fkb = RoundFkb.objects.get()
    freeze_overview(actor=SYSTEM, now=NOW, round_fkb=fkb)
    fkb.refresh_from_db()
    return make_agreement(actor=SYSTEM, now=NOW, round_fkb=fkb)


def _fill(*, gaps: float) -> None:
    """Answers on the board: a share of gaps, the others offered by a third of the schools."""
    from samspil.catalogue.models import Approval
    from samspil.coordination.models import Commitment, RoundCourse

    rng = random.Random(7)
    schools: dict[int, list[int]] = {}
    for fkb, school in Approval.objects.order_by("pk").values_list("fkb_id", "organisation_id"):
        schools.setdefault(fkb, []).append(school)
    cells = []
    for row in RoundCourse.objects.select_related("round_fkb").order_by("pk"):
        able = schools[row.round_fkb.fkb_id]
        if row.archived_reason or rng.random() < gaps:
            continue
        for school in rng.sample(able, max(1, len(able) // 3)):
            cells.append(
                Commitment(
                    round_course=row,
                    organisation_id=school,
                    role="own",
                    runs=rng.randint(1, 4),
                    when_text=f"uge {rng.randint(3, 50)}",
                    guarantee=rng.random() < 0.3,
                    origin="form",
                    updated_at=NOW,
                )
            )
    Commitment.objects.bulk_create(cells, batch_size=1000)


def thirteen_workbooks() -> list[tuple[int, bytes, int]]:
    """Form id, filled-in workbook and number of rows for each of 13 schools, 3,000 rows in all."""
    from samspil.coordination.domain.form_cycle import send_forms
    from samspil.coordination.domain.forms import form_snapshot
    from samspil.coordination.interfaces.form_files import workbook_of
    from samspil.kernel.files import read
    from samspil.web.example.answers import fill_in, plan_answers
    from samspil.web.example.generator import Size
    from samspil.web.example.play import lines_of

    size = Size(fkbs=25, courses=500, schools=13, approvals=142, runs=2000, largest_fkb=(40, 13))
    round = _round("tretten", size)
    forms = send_forms(actor=SYSTEM, now=NOW, round=round, workbook_of=workbook_of)
    plan = plan_answers({form.organisation.key: lines_of(form) for form in forms})
    return [
        (
            form.pk,
            fill_in(read(form.file), form.organisation.key, plan),
            len(form_snapshot(form).lines),
        )
        for form in forms
        if form.file is not None
    ]


def course_list(rows: int, *, known: int) -> bytes:
    """A list of courses as CSV, windows-1252 with semicolons; `known` of them stand already."""
    from samspil.catalogue.models import Course
    from samspil.web.example.generator import COUNTRY, generate
    from samspil.web.example.seed import load_catalogue

    catalogue = generate(1, COUNTRY)
    load_catalogue(
        actor=SYSTEM, now=NOW, catalogue=catalogue, network_key="liste", network_name="Måling"
    )
    numbers = [str(10_000 + n) for n in range(rows)]
    Course.objects.bulk_create(
        [
            Course(number=n, title=f"Konstrueret mål {n}", is_constructed=True)
            for n in numbers[:known]
        ],
        batch_size=1000,
    )
    lines = ["Fagnr;Titel;FKB;Varighed;Niveau;Gyldig fra"]
    fkbs = [fkb.number for fkb in catalogue.fkbs]
    for at, number in enumerate(numbers):
        days = ("1,5", "2,0", "5 dage", "1 uge")[at % 4]
        day = ("2025-01-01", "01-01-2026", "1/7 2025")[at % 3]
        lines.append(f'{number};"Konstrueret mål {number}";{fkbs[at % len(fkbs)]};{days};3;{day}')
    return "\r\n".join(lines).encode("windows-1252")


def announced_runs(count: int) -> None:
    """Runs of the courses there are, over the next two years, at postcodes all over the country."""
    from datetime import timedelta

    from samspil.catalogue.models import Course
    from samspil.kernel import clock
    from samspil.network.models import Organisation, Postcode
    from samspil.runs.models import CourseRun
    from samspil.web.example.seed import _places

    _places()
    rng = random.Random(11)
    today = clock.today()
    courses = list(Course.objects.order_by("pk").values_list("pk", "title"))
    schools = list(Organisation.objects.order_by("pk").values_list("pk", flat=True))
    places = list(
        Postcode.objects.filter(municipality__isnull=False)
        .order_by("pk")
        .values_list("code", "city")[:400]
    )
    rows = []
    for number in range(count):
        course, title = courses[number % len(courses)]
        start = today + timedelta(days=rng.randint(-200, 500))
        postcode, city = rng.choice(places)
        rows.append(
            CourseRun(
                course_id=course,
                organisation_id=rng.choice(schools),
                kviknummer=f"k{number}",
                title=title,
                starts_on=start,
                ends_on=start + timedelta(days=2),
                postcode=postcode,
                city=city,
                capacity=20,
                minimum=8,
                enrolled=rng.randint(0, 20),
                is_guaranteed=rng.random() < 0.3,
                seen_on=today - timedelta(days=1),
            )
        )
    CourseRun.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)


def counted_runs() -> None:
    """Counts of the runs as they filled over the weeks before they were decided."""
    from datetime import timedelta

    from samspil.kernel import clock
    from samspil.runs.models import CourseRun, RunCount

    rng = random.Random(12)
    today = clock.today()
    rows = []
    decided = []
    for pk, starts_on, enrolled in CourseRun.objects.order_by("pk").values_list(
        "pk", "starts_on", "enrolled"
    ):
        if starts_on > today + timedelta(days=60):
            continue
        if starts_on <= today:
            decided.append(pk)
        number = 0
        for before in (56, 35, 21, 10, 3):
            day = starts_on - timedelta(days=before)
            number = min(enrolled, number + rng.randint(0, 5))
            if day < today:
                rows.append(RunCount(run_id=pk, day=day, enrolled=number))
    RunCount.objects.bulk_create(rows, batch_size=5000)
    # They were watched until they began.
    CourseRun.objects.filter(pk__in=decided).update(seen_on=today)


def secretary(network: Any) -> Any:
    """A person who is the network's secretariat."""
    from samspil.kernel import roles
    from samspil.network.models import Person, RoleAssignment

    person = Person.objects.create_user(f"sekretariat@{network.key}.example", name="Bænk Måler")
    RoleAssignment.objects.create(person=person, role=roles.SECRETARIAT, network=network)
    return person


def _round(key: str, size: Any) -> Any:
    from samspil.catalogue.models import Fkb
    from samspil.coordination.domain.rounds import default_dates, open_round
    from samspil.network.models import Membership, Network
    from samspil.web.example.generator import generate
    from samspil.web.example.seed import load_catalogue

    load_catalogue(
        actor=SYSTEM, now=NOW, catalogue=generate(1, size),
        network_key=key, network_name=f"Måling {key}",
    )  # fmt: skip
    network = Network.objects.get(key=key)
    return open_round(
        actor=SYSTEM,
        now=NOW,
        network=network,
        year=2027,
        dates=default_dates(2027),
        fkb_ids=list(Fkb.objects.values_list("pk", flat=True)),
        organisation_ids=list(
            Membership.objects.filter(network=network).values_list("organisation_id", flat=True)
        ),
    )
