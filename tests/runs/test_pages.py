"""The pages about runs: what they say, what they ask the database, and the drawing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from samspil.kernel import clock, solving
from samspil.kernel.outbox import run_due
from samspil.runs.interfaces import timeline
from samspil.runs.models import Pooling
from tests.factories.board import RoundCase, make_round
from tests.factories.runs import make_runs


@pytest.fixture
def case(db: Any) -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def client(case: RoundCase) -> Client:
    client = Client()
    client.force_login(case.secretariat_person)
    return client


def test_from_the_list_to_the_answer_by_plain_posts(
    case: RoundCase, client: Client, now: datetime
) -> None:
    course = case.rows[0].course
    runs = make_runs(course, case.schools, (6, 5, 2))
    assert "Mangler 4" in client.get("/hold/").content.decode()
    ask = f"/hold/maal/{course.number}/laeg-sammen/"
    data = {"km": "75", "days": "28", "yes": "all", "scope": "all", "network": str(case.network.pk)}
    sent = client.post(ask, {**data, f"hold-{runs[2].pk}": "cancelled"})
    made = Pooling.objects.get()
    assert sent.status_code == 302
    assert made.conditions["cancelled"] == [runs[2].pk]
    assert "Regner" in client.get(sent.url).content.decode()
    assert solving.run_next()
    run_due(clock.now())
    page = client.get(sent.url).content.decode()
    assert "Bevist bedst" in page
    assert "13" in page
    again = client.get(f"{ask}?fra={made.pk}").content.decode()
    assert '<option value="cancelled" selected>' in again
    file = client.get(f"/hold/forslag/{made.pk}/opgave.json")
    assert file["Content-Disposition"].startswith("attachment")


def test_an_answer_that_reckons_with_no(case: RoundCase, client: Client) -> None:
    course = case.rows[0].course
    make_runs(course, case.schools, (8, 5, 4))
    data = {"km": "75", "days": "28", "yes": "prior", "scope": "all"}
    ask = f"/hold/maal/{course.number}/laeg-sammen/"
    sent = client.post(ask, {**data, "network": str(case.network.pk)})
    assert solving.run_next()
    run_due(clock.now())
    page = client.get(sent.url).content.decode()
    for words in ("kan ventes at blive undervist", "er en antagelse", "Hvor sikre holdene er"):
        assert words in page
    assert "kan ventes undervist" in client.get(f"/hold/maal/{course.number}/").content.decode()


def test_wrong_conditions_come_back_with_a_sentence(case: RoundCase, client: Client) -> None:
    course = case.rows[0].course
    make_runs(course, case.schools)
    for wrong in ({"km": "9999"}, {"km": ""}, {"network": "0"}, {"scope": "x"}):
        data = {
            "km": "75",
            "days": "28",
            "yes": "all",
            "scope": "all",
            "network": str(case.network.pk),
        } | wrong
        page = client.post(f"/hold/maal/{course.number}/laeg-sammen/", data)
        assert page.status_code == 200
        assert "error" in page.content.decode()
    assert not Pooling.objects.exists()


def test_nothing_read_in_says_so(client: Client, case: RoundCase) -> None:
    assert "Ingen hold er læst ind" in client.get("/hold/").content.decode()
    page = client.get(f"/hold/maal/{case.rows[0].course.number}/").content.decode()
    assert "Ingen annoncerede hold" in page
    assert client.get("/hold/maal/00000/").status_code == 404


@pytest.mark.parametrize("url", ["/hold/?vis=all", "/hold/maal/{number}/"])
def test_queries_do_not_grow_with_the_runs(case: RoundCase, client: Client, url: str) -> None:
    course = case.rows[0].course
    client.get("/hold/")  # the first visit notes the session
    counted = []
    for number in (1, 30):
        make_runs(course, case.schools, [3] * number)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url.format(number=course.number)).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


spots = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 1200), st.booleans()), min_size=1, max_size=25
)


@given(spots)
def test_no_two_circles_of_the_drawing_touch(found: list[tuple[str, int, bool]]) -> None:
    drawn = timeline.draw(
        [
            timeline.Spot(i, lane, date(2026, 8, 1) + timedelta(days=day), 3, is_held)
            for i, (lane, day, is_held) in enumerate(found)
        ],
        [timeline.Arrow(0, len(found) - 1, 4)] if len(found) > 1 else [],
    )
    assert drawn is not None
    circles = drawn.circles
    assert len(circles) == len(found)
    for i, a in enumerate(circles):
        assert timeline.LEFT <= a.x <= timeline.WIDTH - timeline.RADIUS
        assert a.y <= drawn.height - timeline.RADIUS
        for b in circles[i + 1 :]:
            assert (a.x - b.x) ** 2 + (a.y - b.y) ** 2 >= (2 * timeline.RADIUS) ** 2


def test_nothing_to_draw() -> None:
    assert timeline.draw([], []) is None
