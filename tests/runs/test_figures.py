"""The figures about runs: what counts as what, by which group, and what was rescued."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from samspil.catalogue.models import BranchGroup, CourseRelation
from samspil.kernel import clock
from samspil.kernel.spreadsheets.reader import read_workbook
from samspil.runs.domain import figures, following, keeping
from samspil.runs.domain.figures import Moved, Sums
from samspil.runs.interfaces import figures_shown
from samspil.runs.models import CourseRun
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import keep_run

pytestmark = pytest.mark.django_db
TODAY = date(2027, 11, 1)


@pytest.fixture
def case() -> RoundCase:
    case = make_round(fkb="9222")
    group = BranchGroup.objects.create(key="prøvens", name="Prøvens branche")
    case.fkb.fkb.branch_group = group
    case.fkb.fkb.save(update_fields=["branch_group"])
    CourseRelation.objects.get_or_create(fkb=case.fkb.fkb, course=case.rows[0].course)
    return case


def make(
    case: RoundCase, school: int = 0, *, row: int = 0, month: int = 2, **values: Any
) -> CourseRun:
    starts = date(2027, month, 10)
    return CourseRun.objects.create(
        **{
            "course": case.rows[row].course,
            "organisation": case.schools[school],
            "kviknummer": f"tal-{CourseRun.objects.count()}",
            "starts_on": starts,
            "ends_on": starts + timedelta(days=1),
            "capacity": 20,
            "minimum": 10,
            "seen_on": starts,
            **values,
        }
    )


def counted(case: RoundCase, **given: Any) -> figures.Figures:
    return figures.figures(2027, network=case.network.pk, today=TODAY, **given)


def short(sums: Sums) -> tuple[int, ...]:
    return (sums.announced, sums.held, sums.cancelled, sums.unknown, sums.coming)


def test_every_run_counts_once_and_as_what_is_known(case: RoundCase) -> None:
    make(case, status="held", taught=12, enrolled=14)
    make(case, status="held", enrolled=9)
    make(case, status="cancelled", enrolled=4)
    make(case, status="announced", enrolled=7)  # over, and nobody said how it went
    make(case, status="confirmed", month=12)
    make(case, status="planned", month=12)
    make(case, status="held", starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 2))
    total = counted(case).total
    assert short(total) == (5, 2, 1, 1, 1)
    assert (total.taught, total.turned_away, total.percent_cancelled) == (21, 4, 33)


def test_the_groups_add_up(case: RoundCase) -> None:
    make(case, status="held", month=2)
    make(case, 1, status="cancelled", month=5)
    make(case, 1, row=1, status="cancelled", month=5)  # a course in no FKB
    found = counted(case)
    assert {name: [(k, short(s)) for k, s in rows] for name, rows in found.groups.items()} == {
        "skole": [
            (case.schools[1].name, (2, 0, 2, 0, 0)),
            (case.schools[0].name, (1, 1, 0, 0, 0)),
        ]
        if case.schools[1].name < case.schools[0].name
        else [
            (case.schools[0].name, (1, 1, 0, 0, 0)),
            (case.schools[1].name, (2, 0, 2, 0, 0)),
        ],
        "branche": [("Uden branche", (1, 0, 1, 0, 0)), ("Prøvens branche", (2, 1, 1, 0, 0))],
        "kvartal": [("1. kvartal", (1, 1, 0, 0, 0)), ("2. kvartal", (2, 0, 2, 0, 0))],
    }
    for rows in found.groups.values():
        assert sum(sums.announced for _name, sums in rows) == found.total.announced


def test_a_plan_that_nobody_saw_is_no_cancelled_run(case: RoundCase) -> None:
    actor, now = case.coordinator(), clock.now()
    course = case.rows[0].course
    year = (clock.today() + timedelta(days=40)).year
    for announced in (False, True):
        run = keep_run(actor, case.schools[0], course, announced=announced)
        keeping.cancel_run(actor=actor, now=now, run=run, version=run.version, reason="For få")
    total = figures.figures(year, network=case.network.pk, today=clock.today()).total
    assert short(total) == (1, 0, 1, 0, 0)


def test_a_run_counts_where_it_is_held_not_where_it_is_announced_too(case: RoundCase) -> None:
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    following.follow_run(
        actor=case.coordinator(1), now=clock.now(), school=case.schools[1], run=run
    )
    CourseRun.objects.filter(follows=run).update(status="announced")
    total = figures.figures(run.starts_on.year, network=case.network.pk, today=clock.today()).total
    assert total.announced == 1


def test_what_was_rescued(case: RoundCase, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = make(case, status="cancelled", enrolled=0)
    stayed = make(case, 1, status="held", enrolled=11)  # six of its own, five came
    strong = make(case, 2, status="held", enrolled=15)  # twelve of its own, three came
    alive = make(case, 2, status="held", enrolled=12)

    def moved(runs: QuerySet[CourseRun]) -> Iterator[Moved]:
        yield Moved(given_up.pk, stayed.pk, 5, 40_000, hours=10)
        yield Moved(given_up.pk, strong.pk, 2, 20_000, hours=20)
        yield Moved(alive.pk, strong.pk, 1, 0)

    monkeypatch.setattr(figures, "_MOVED", [moved])
    total = counted(case).total
    # All eleven of the run that would have been cancelled, and two who found another.
    assert (total.rescued, total.rescued_runs, total.moved) == (13, 1, 8)
    assert (total.km, total.answer_hours) == (30, 15)
    assert any("lagt sammen" in str(item.label) for item in figures_shown.figures(total))


def test_those_who_keep_enrolments_tell_of_moves() -> None:
    from samspil.enrolment.domain import rescued

    assert rescued.moved in figures._MOVED
    assert list(rescued.moved(CourseRun.objects.order_by("pk"))) == []


def test_the_page_and_its_workbook(case: RoundCase) -> None:
    client = Client()
    client.force_login(case.secretariat_person)
    assert "Ingen hold endnu" in client.get("/hold/tal/").content.decode()
    make(case, status="held", taught=12)
    make(case, 1, status="cancelled", enrolled=4)
    for by in ("skole", "branche", "kvartal", "x"):
        page = client.get(f"/hold/tal/?aar=2027&efter={by}").content.decode()
        assert "50 %" in page
        assert "Aflyste hold ud af de afgjorte" in page
    book = read_workbook(client.get("/hold/tal/tal.xlsx?aar=2027").content, "xlsx")
    assert [sheet.name for sheet in book] == ["Skole", "Branche", "Kvartal"]
    assert book[0].rows[-1][:4] == ["I alt", 2, 1, 1]


def test_queries_do_not_grow_with_the_runs(case: RoundCase) -> None:
    client = Client()
    client.force_login(case.secretariat_person)
    counted_queries = []
    for number in (1, 6):
        for _ in range(number):
            make(case, status="held")
        client.get("/hold/tal/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/hold/tal/").status_code == 200
        counted_queries.append(len(queries))
    assert counted_queries[0] == counted_queries[1]


def reckoned(runs: list[CourseRun], moves: list[Moved]) -> dict[str, dict[str, Sums]]:
    """The same figures one run after the other, without a database: by school, branch group and quarter."""
    found: dict[str, dict[str, Sums]] = {name: defaultdict(Sums) for name in figures.GROUPINGS}
    cancelled = {run.pk for run in runs if run.status == "cancelled"}
    in_a_branch = set(CourseRelation.objects.values_list("course_id", flat=True))
    for run in runs:
        if run.status == "planned" or run.starts_on.year != 2027 or run.follows_id:
            continue
        own = Sums(announced=1)
        into = [move for move in moves if move.target_id == run.pk]
        came = sum(move.heads for move in into)
        if run.status == "held":
            own.held, own.taught = 1, run.used if run.taught is None else run.taught
            if came and not run.is_guaranteed and own.taught - came < run.minimum:
                own.rescued_runs, own.rescued = 1, own.taught
            else:
                given_up = sum(move.heads for move in into if move.source_id in cancelled)
                own.rescued = min(given_up, own.taught)
        elif run.status == "cancelled":
            own.cancelled, own.turned_away = 1, run.used
        elif run.ends_on < TODAY:
            own.unknown = 1
        else:
            own.coming = 1
        for move in into:
            own.moved += move.heads
            own.metres += move.heads * move.metres
            own.hours += move.hours or 0
            own.answers += move.hours is not None
        branch = "Prøvens branche" if run.course_id in in_a_branch else "Uden branche"
        found["skole"][run.organisation.name].add(own)
        found["branche"][branch].add(own)
        found["kvartal"][f"{(run.starts_on.month + 2) // 3}. kvartal"].add(own)
    return found


def test_the_database_sums_as_one_would_by_hand(
    case: RoundCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(135)
    runs = [
        make(
            case,
            rng.randrange(len(case.schools)),
            row=rng.randrange(2),
            starts_on=date(rng.choice((2026, 2027, 2027, 2027)), month, day),
            ends_on=date(2028, 1, 5) if rng.random() < 0.2 else date(2027, 12, 31),
            status=rng.choice(("held", "held", "cancelled", "announced", "confirmed", "planned")),
            enrolled=rng.randrange(14),
            signed_up_here=rng.randrange(3),
            taught=rng.choice((None, None, 0, 9, 11)),
            is_guaranteed=rng.random() < 0.1,
        )
        for month in range(1, 13)
        for day in (1, 15, 28)
        for _ in range(3)
    ]
    moves = [
        Moved(
            source.pk,
            target.pk,
            rng.randrange(1, 6),
            rng.randrange(60_000),
            hours=rng.choice((None, rng.randrange(1, 90))),
        )
        for source, target in (rng.sample(runs, 2) for _ in range(60))
    ]

    def moved(rows: QuerySet[CourseRun]) -> Iterator[Moved]:
        wanted = set(rows.values_list("pk", flat=True))
        return (move for move in moves if move.target_id in wanted)

    monkeypatch.setattr(figures, "_MOVED", [moved])
    every = CourseRun.objects.select_related("organisation").order_by("pk")
    by_hand = reckoned(list(every), moves)
    found = figures.figures(2027, network=None, today=TODAY)
    assert {name: dict(rows) for name, rows in found.groups.items()} == by_hand
    assert found.total.rescued and found.total.rescued_runs and found.total.answers
    for by in figures.GROUPINGS:  # asked for one by one, as the page does
        alone = figures.figures(2027, network=None, today=TODAY, by=[by])
        assert (dict(alone.groups[by]), alone.total) == (by_hand[by], found.total)


def test_a_year_without_runs_may_be_chosen_between_years_with_some(case: RoundCase) -> None:
    assert figures.years() == []
    make(case, status="planned", starts_on=date(2030, 1, 1), ends_on=date(2030, 1, 2))
    make(case, starts_on=date(2025, 1, 1), ends_on=date(2025, 1, 2))
    make(case)
    assert figures.years() == [2027, 2026, 2025]
