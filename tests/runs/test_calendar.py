"""The calendar: which days show which runs, to whom, and what clashes."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from samspil.kernel import clock
from samspil.network.models import Organisation
from samspil.runs.domain import calendar, keeping
from samspil.runs.domain.calendar import Slot, Wanted
from samspil.runs.domain.days import Plan
from samspil.runs.models import CourseRun
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import keep_run
from tests.factories.runs import SEEN, make_runs

DAY = date(2027, 3, 1)


@pytest.fixture
def case(db: object) -> RoundCase:
    return make_round(fkb="9222")


def span(case: RoundCase, days: int = 120) -> Wanted:
    today = clock.today()
    return Wanted(today, today + timedelta(days=days), network=case.network.pk)


def test_plans_are_seen_from_inside_and_announcements_by_all(case: RoundCase) -> None:
    course = case.rows[0].course
    planned = keep_run(case.coordinator(), case.schools[0], course, announced=False)
    public = keep_run(case.coordinator(1), case.schools[1], course, days=50)
    gone = keep_run(case.coordinator(1), case.schools[1], course, days=60)
    keeping.cancel_run(
        actor=case.coordinator(1),
        now=clock.now(),
        run=gone,
        version=gone.version,
        reason="For få",
    )

    def seen(actor: object) -> list[int]:
        return [r.pk for r in calendar.calendar(actor, span(case), today=clock.today()).runs]  # type: ignore[arg-type]

    assert seen(case.coordinator()) == [planned.pk, public.pk]
    assert seen(case.secretariat) == [planned.pk, public.pk]
    assert seen(case.coordinator(2)) == [public.pk]
    assert seen(make_round(fkb="9333").coordinator()) == [public.pk]


def test_the_days_are_those_that_are_taught(case: RoundCase) -> None:
    run = keep_run(
        case.coordinator(),
        case.schools[0],
        case.rows[0].course,
        periods=(
            Plan(kind="dates", dates=(clock.today() + timedelta(days=40),)),
            Plan(kind="dates", dates=(clock.today() + timedelta(days=54),)),
        ),
    )
    found = calendar.calendar(case.coordinator(), span(case), today=clock.today())
    assert sorted(found.days) == [run.starts_on, run.ends_on]


def test_a_run_that_was_read_in_is_on_from_first_to_last_weekday(case: RoundCase) -> None:
    run = make_runs(case.rows[0].course, case.schools, [5])[0]  # a Friday and a Saturday
    CourseRun.objects.filter(pk=run.pk).update(ends_on=SEEN + timedelta(days=13))
    wanted = Wanted(SEEN, SEEN + timedelta(days=30))
    found = calendar.calendar(case.secretariat, wanted, today=SEEN)
    assert [day.isoformat() for day in sorted(found.days)] == [
        "2026-08-14",
        "2026-08-17",
    ]


def at(
    pk: int, school: int, start: int | None, end: int | None, room: str = "", teacher: str = ""
) -> Slot:
    return Slot(
        CourseRun(pk=pk, organisation=Organisation(pk=school)),
        DAY,
        time(start) if start is not None else None,
        time(end) if end is not None else None,
        room,
        teacher,
    )


def test_what_clashes_and_what_does_not() -> None:
    def names(*slots: Slot) -> list[tuple[str, str, int, int]]:
        return [(c.what, c.name, c.first.run.pk, c.second.run.pk) for c in calendar.clashes(slots)]

    first = at(1, 1, 8, 12, "A1", "Tove Test")
    assert names(first, at(2, 1, 11, 15, "a1")) == [("room", "A1", 1, 2)]
    assert names(first, at(2, 1, 9, 10, "B", "tove  test")) == [("teacher", "Tove Test", 1, 2)]
    assert names(first, at(2, 1, None, None, "A1")) == [("room", "A1", 2, 1)]
    assert not names(first, at(2, 1, 12, 15, "A1"))  # one goes as the other comes
    assert not names(first, at(2, 2, 8, 12, "A1"))  # another school's A1
    assert not names(first, at(1, 1, 8, 12, "A1"))  # the run itself
    assert not names(at(1, 1, 8, 12), at(2, 1, 8, 12))  # nobody said where


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 20), st.integers(1, 3), st.sampled_from("AB")),
        max_size=12,
    )
)
def test_every_overlap_is_found_once(found: list[tuple[int, int, int, str]]) -> None:
    slots = [at(pk, 1, start, start + length, room) for pk, start, length, room in found]
    wanted = sum(
        a.run.pk != b.run.pk
        and a.room == b.room
        and a.starts_at < b.ends_at  # type: ignore[operator]
        and b.starts_at < a.ends_at  # type: ignore[operator]
        for i, a in enumerate(slots)
        for b in slots[i + 1 :]
    )
    assert len(calendar.clashes(slots)) == wanted


def test_clashes_are_told_to_those_inside(case: RoundCase) -> None:
    course = case.rows[0].course
    for _ in range(2):
        keep_run(case.coordinator(), case.schools[0], course)
    today = clock.today()
    inside = calendar.calendar(case.coordinator(), span(case), today=today)
    assert {c.what for c in inside.clashes} == {"room", "teacher"}
    assert not calendar.calendar(case.coordinator(1), span(case), today=today).clashes


@pytest.mark.parametrize("view", ["maaned", "uge", "skoler", "maal"])
def test_every_view_shows_the_run(case: RoundCase, view: str) -> None:
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    keep_run(case.coordinator(), case.schools[0], case.rows[1].course)
    client = Client()
    client.force_login(case.people[0])
    page = client.get(f"/hold/kalender/?vis={view}&fra={run.starts_on.isoformat()}")
    text = page.content.decode()
    assert f'href="/hold/{run.pk}/"' in text
    assert "Tove Test" in text  # in the list of what clashes
    if view in ("maaned", "uge"):
        assert "sammenfald" in text
    empty = client.get(f"/hold/kalender/?vis={view}&fra=2031-01-01").content.decode()
    assert "Ingen hold i perioden" in empty
    assert client.get("/hold/kalender/?fra=i+morgen&vis=x&samarbejde=y").status_code == 200


def test_the_filters_narrow(case: RoundCase) -> None:
    first = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    second = keep_run(case.coordinator(1), case.schools[1], case.rows[1].course)
    client = Client()
    client.force_login(case.secretariat_person)
    url = f"/hold/kalender/?fra={first.starts_on.isoformat()}"
    for narrowed in (f"&skole={case.schools[1].key}", f"&fag={case.rows[1].course.number}"):
        text = client.get(url + narrowed).content.decode()
        assert f'href="/hold/{second.pk}/"' in text
        assert f'href="/hold/{first.pk}/"' not in text


def test_queries_do_not_grow_with_the_runs(case: RoundCase) -> None:
    client = Client()
    client.force_login(case.people[0])
    url = f"/hold/kalender/?fra={(clock.today() + timedelta(days=40)).isoformat()}"
    client.get(url)
    counted = []
    for number in (1, 5):
        for _ in range(number):
            keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_a_month_begins_on_a_monday_and_ends_on_a_sunday() -> None:
    assert calendar.month_of(date(2027, 2, 17)) == (date(2027, 2, 1), date(2027, 2, 28))
    assert calendar.month_of(date(2026, 12, 31)) == (date(2026, 11, 30), date(2027, 1, 3))
