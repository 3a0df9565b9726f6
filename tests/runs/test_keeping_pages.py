"""The pages of runs that are kept here, by plain form posts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from samspil.kernel import clock
from samspil.network.models import Postcode
from samspil.runs.models import CourseRun
from tests.factories.board import RoundCase, make_round
from tests.factories.kept_runs import full, keep_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


@pytest.fixture
def client(case: RoundCase) -> Client:
    client = Client()
    client.force_login(case.people[0])
    return client


def written(day: date) -> str:
    return f"{day.day}-{day.month}-{day.year}"


def form(case: RoundCase, **changed: Any) -> dict[str, Any]:
    """What the browser sends of a new run: a week of days, and one price line."""
    Postcode.objects.get_or_create(code="8000", defaults={"city": "Aarhus C"})
    monday = clock.today() + timedelta(days=70 - clock.today().weekday())
    return {
        "school": case.schools[0].pk,
        "course": case.rows[0].course.number,
        "capacity": "20",
        "minimum": "10",
        "street": "Prøvevej 1",
        "postcode": "8000",
        "city": "",
        "deadline_on": written(monday - timedelta(days=14)),
        "form_key": "nøgle",
        "periode-TOTAL_FORMS": "1",
        "periode-INITIAL_FORMS": "1",
        "periode-0-kind": "pattern",
        "periode-0-first_on": written(monday),
        "periode-0-last_on": written(monday + timedelta(days=4)),
        "periode-0-weekdays": ["1", "2", "3", "4", "5"],
        "periode-0-skips_holidays": "on",
        "periode-0-starts_at": "8",
        "periode-0-ends_at": "15.24",
        "pris-TOTAL_FORMS": "1",
        "pris-INITIAL_FORMS": "0",
        "pris-0-label": "Deltagerbetaling",
        "pris-0-amount": "1.090,50".replace(".", ""),
        **changed,
    }


def text(response: Any) -> str:
    return str(response.content.decode())


def test_from_plan_to_announced(case: RoundCase, client: Client) -> None:
    assert "Skolen har ingen hold endnu" in text(client.get("/hold/skolens/"))
    sent = client.post("/hold/nyt/", form(case))
    run = CourseRun.objects.get()
    assert sent.url == f"/hold/{run.pk}/"
    assert (run.city, run.hours, str(run.price)) == ("Aarhus C", "08:00-15:24", "1090.50")
    assert run.days.count() == 5
    client.post("/hold/nyt/", form(case))  # the same form again
    assert CourseRun.objects.count() == 1
    page = text(client.get(sent.url))
    assert "Annoncér holdet" in page
    assert "1.090,50 kr." in page
    answer = client.post(f"/hold/{run.pk}/annoncer/", {"version": run.version}, follow=True)
    assert "Holdet har intet kviknummer endnu" in text(answer)
    run.refresh_from_db()
    assert run.status == "announced"
    stale = client.post(f"/hold/{run.pk}/gennemfoer/", {"version": 1}, follow=True)
    assert "rettet holdet imens" in text(stale)
    run.refresh_from_db()
    assert run.status == "announced"


def test_the_days_are_shown_before_anything_is_saved(case: RoundCase, client: Client) -> None:
    page = text(
        client.post(
            "/hold/nyt/",
            form(
                case,
                press="days",
                **{"periode-0-first_on": "22-3-2027", "periode-0-last_on": "2-4-2027"},
            ),
        )
    )
    assert "Holdet får 7 dage" in page
    assert "uge 12" in page
    assert "Langfredag" in page
    assert not CourseRun.objects.exists()


def test_one_more_period_keeps_what_was_written(case: RoundCase, client: Client) -> None:
    page = text(client.post("/hold/nyt/", form(case, press="period", title="Mit hold")))
    assert 'name="periode-1-kind"' in page
    assert 'value="Mit hold"' in page
    assert "error_summary" not in page
    again = form(
        case,
        **{
            "periode-TOTAL_FORMS": "2",
            "periode-1-kind": "dates",
            "periode-1-dates": written(clock.today() + timedelta(days=100)),
            "pris-0-DELETE": "on",
        },
    )
    client.post("/hold/nyt/", again)
    run = CourseRun.objects.get()
    assert run.days.count() == 6
    assert not run.prices.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"course": "99999"}, "Målet 99999 findes ikke i kataloget."),
        ({"is_guaranteed": "on"}, "Et garantihold må højst have et minimum på 5."),
        ({"periode-0-last_on": "1-1-2026"}, "Slutdatoen ligger før startdatoen."),
        ({"periode-0-weekdays": []}, "Vælg mindst én ugedag."),
        ({"periode-0-kind": "dates"}, "Skriv dagene."),
        ({"periode-0-starts_at": "16"}, "Sluttidspunktet ligger før starttidspunktet."),
        ({"pris-0-amount": "mange"}, "Skriv et tal"),
        ({"postcode": "80"}, "Et postnummer er fire cifre."),
        ({"capacity": ""}, "Udfyld »Pladser«."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(
    case: RoundCase, client: Client, changed: dict[str, Any], sentence: str
) -> None:
    page = text(client.post("/hold/nyt/", form(case, note="Husk nøglen", **changed)))
    assert sentence in page
    assert "Husk nøglen" in page
    assert not CourseRun.objects.exists()


def test_another_school_cannot_be_planned_for(case: RoundCase, client: Client) -> None:
    client.post("/hold/nyt/", form(case, school=case.schools[1].pk))
    assert not CourseRun.objects.exists()


def test_a_form_that_somebody_overtook(case: RoundCase, client: Client) -> None:
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    page = text(client.post(f"/hold/{run.pk}/ret/", form(case, version="1", note="Mit")))
    assert "rettet holdet imens" in page
    assert "Mit" in page


def test_a_cancellation_says_what_it_means_first(case: RoundCase, client: Client) -> None:
    run = full(keep_run(case.coordinator(), case.schools[0], case.rows[0].course), 6)
    url = f"/hold/{run.pk}/aflys/"
    page = text(client.get(url))
    assert "6 tilmeldte i skolens eget system" in page
    assert "lægges sammen" in page
    assert "Udfyld »Hvorfor aflyses holdet?«." in text(client.post(url, {"version": run.version}))
    client.post(url, {"version": run.version, "reason": "For få"})
    run.refresh_from_db()
    assert (run.status, run.reason) == ("cancelled", "For få")


def test_move_and_series_show_before_they_do(case: RoundCase, client: Client) -> None:
    run = keep_run(case.coordinator(), case.schools[0], case.rows[0].course)
    to = run.starts_on + timedelta(days=28)
    data = {"version": run.version, "first_on": written(to)}
    assert "Holdet får 2 dage" in text(
        client.post(f"/hold/{run.pk}/flyt/", {**data, "press": "days"})
    )
    run.refresh_from_db()
    assert run.starts_on != to
    client.post(f"/hold/{run.pk}/flyt/", data)
    run.refresh_from_db()
    assert run.starts_on == to
    page = text(client.get(f"/hold/{run.pk}/serie/?weeks=2&times=3"))
    assert page.count('name="hold"') == 3
    sent = client.post(
        f"/hold/{run.pk}/serie/",
        {"weeks": "2", "times": "3", "hold": ["1", "2"], "form_key": "s"},
    )
    assert "vis=planned" in sent.url
    assert CourseRun.objects.count() == 3
    none = text(client.post(f"/hold/{run.pk}/serie/", {"weeks": "2", "times": "3"}))
    assert "Vælg mindst ét hold." in none


def test_following_by_a_button(case: RoundCase, client: Client) -> None:
    run = keep_run(case.coordinator(1), case.schools[1], case.rows[0].course)
    page = text(client.get(f"/hold/{run.pk}/"))
    assert f"Annoncér holdet hos {case.schools[0].label}" in page
    assert "Tove Test" not in page  # another school's teachers
    sent = client.post(f"/hold/{run.pk}/foelg/", {"skole": case.schools[0].pk})
    own = CourseRun.objects.get(follows=run)
    assert sent.url == f"/hold/{own.pk}/"
    assert "Alle, der melder sig her, overføres dertil" in text(client.get(sent.url))


@pytest.mark.parametrize("url", ["/hold/skolens/?vis=coming", "/hold/tilsagn/"])
def test_queries_do_not_grow_with_the_runs(case: RoundCase, client: Client, url: str) -> None:
    client.get(url)
    counted = []
    for number in (1, 4):
        for i in range(number):
            keep_run(
                case.coordinator(), case.schools[0], case.rows[0].course, days=40 + 3 * i + number
            )
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]
