"""REST v1 as a program meets it: lists, pages, what has not changed, and errors in two languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from samspil.api.domain.open_data import Place
from samspil.api.interfaces import paging
from samspil.api.middleware import LIMIT
from samspil.catalogue.models import Course
from samspil.kernel.errors import NotFound
from samspil.kernel.http import PUBLIC, TOKEN
from samspil.network.models import Organisation
from samspil.runs.enums import RunStatus
from tests.factories.agreements import AgreementCase
from tests.factories.api import Api, key_for
from tests.factories.board import make_round
from tests.factories.public import make_open_run


def test_courses_are_found_as_on_the_page(kit: AgreementCase, api: Api) -> None:
    everything = api.json("courses")
    assert [c["number"] for c in everything["items"]] == sorted(
        row.course.number for row in kit.case.rows
    )
    found = api.json("courses", q="demens")
    assert found["items"][0]["title"] == "Omsorg for personer med demens"
    assert api.json("courses", q="demns")["searched_for"] == "demens"
    assert api.json("courses", place="0751")["items"]
    assert api.json("courses", place="0101")["items"] == []
    first = everything["items"][0]
    assert first["fkbs"] == [{"number": "9222", "kind": "core"}]
    assert api.json(f"courses/{first['number']}") == first


def test_pages_hang_together_and_say_so_in_the_link(kit: AgreementCase, api: Api) -> None:
    for path, key in (("courses", "number"), ("runs", "id"), ("schools", "key")):
        whole = [item[key] for item in api.json(path)["items"]]
        seen: list[Any] = []
        url = f"/api/v1/{path}?limit=2"
        while url:
            response = api.get(url.removeprefix("http://testserver"))
            body = response.json()
            seen += [item[key] for item in body["items"]]
            assert len(body["items"]) <= 2
            if body["next"]:
                assert response["Link"] == f'<{body["next"]}>; rel="next"'
            else:
                assert "Link" not in response
            url = body["next"]
        assert seen == whole


def test_a_run_announced_meanwhile_moves_no_page(kit: AgreementCase, api: Api) -> None:
    first = api.json("runs", limit=2)
    make_open_run(kit.case.rows[0].course, kit.case.schools[0], days=1)
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert len(ids) == len(set(ids)) == 4


@pytest.mark.parametrize("text", ["x", "ZDIwMjY", "czEx", "c-1", "vrøvl"])
def test_a_place_in_a_list_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NotFound):
        paging.read(text + "A")


def test_a_place_in_a_list_is_read_as_it_was_written() -> None:
    for place in (Place(skip=40), Place(day=date(2027, 9, 14), pk=7)):
        assert paging.read(paging.written(place)) == place
    assert paging.read("") == Place()


def test_runs_are_narrowed(kit: AgreementCase, api: Api) -> None:
    course = kit.case.rows[0].course
    assert {r["course"]["number"] for r in api.json("runs", course=course.number)["items"]} == {
        course.number
    }
    school = kit.case.schools[1]
    (run,) = api.json("runs", school=school.key)["items"]
    assert run["school"] == {
        "key": school.key,
        "name": school.name,
        "url": f"http://testserver/api/v1/schools/{school.key}",
    }
    assert run["free"] == 15
    assert api.json("runs", guaranteed="true")["items"] == []
    assert len(api.json("runs", fkb="9222", free="true", place="1082")["items"]) == 4
    assert api.json(f"runs/{run['id']}") == run


def test_what_is_not_public_is_not_there(kit: AgreementCase, api: Api) -> None:
    planned = make_open_run(
        kit.case.rows[0].course, kit.case.schools[0], status=RunStatus.PLANNED, is_own=True
    )
    cancelled = make_open_run(
        kit.case.rows[0].course, kit.case.schools[0], status=RunStatus.CANCELLED
    )
    ids = {run["id"] for run in api.json("runs")["items"]}
    assert ids.isdisjoint({planned.pk, cancelled.pk})
    assert api.get(f"runs/{planned.pk}").status_code == 404
    kit.case.rows[0].course.is_archived = True
    kit.case.rows[0].course.save(update_fields=["is_archived"])
    number = kit.case.rows[0].course.number
    assert api.get(f"courses/{number}").status_code == 404
    assert not api.json("runs", course=number)["items"]
    told = api.get("runs").content.decode()
    for secret in ("minimum", "enrolled", "note", "company"):
        assert f'"{secret}"' not in told


def test_a_draft_is_not_shown_and_a_frozen_overview_is(kit: AgreementCase, api: Api) -> None:
    assert api.json("commitments")["items"] == []
    kit.freeze()
    rows = api.json("commitments")["items"]
    assert {row["role"] for row in rows} == {"own", "holder", "follower"}
    holder = next(row for row in rows if row["role"] == "holder")
    mine = api.json("commitments", school=holder["school_key"], course=holder["course"])
    assert mine["items"] == [holder]
    assert api.json("commitments", fkb="9999")["items"] == []


def test_a_followers_run_says_where_it_is_held(kit: AgreementCase, api: Api) -> None:
    kit.freeze()
    rows = api.json("commitments")["items"]
    follower = next(row for row in rows if row["role"] == "follower")
    holder = next(
        row for row in rows if row["role"] == "holder" and row["course"] == follower["course"]
    )
    run = make_open_run(
        Course.objects.get(number=follower["course"]),
        Organisation.objects.get(key=follower["school_key"]),
        starts_on=date(follower["year"], 5, 3),
        ends_on=date(follower["year"], 5, 4),
    )
    assert api.json(f"runs/{run.pk}")["held_by"] == holder["school"]


def test_lists_ask_the_same_questions_however_long(kit: AgreementCase, api: Api) -> None:
    kit.freeze()
    paths = ("courses?limit=200", "runs?limit=200", "commitments?limit=200", "schools?limit=200")

    def asked() -> list[int]:
        counts = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert api.get(f"/api/v1/{path}").status_code == 200
            counts.append(len(queries))
        return counts

    asked()  # what is frozen is read once
    few = asked()
    for i in range(60):
        make_open_run(kit.case.rows[i % 5].course, kit.case.schools[i % 4], days=20 + i)
    Course.objects.bulk_create(
        Course(number=str(95000 + i), title=f"Nummer {i}", is_constructed=True) for i in range(60)
    )
    assert asked() == few


# ---------------------------------------------------------------- what has not changed


def test_what_has_not_changed_is_304_until_somebody_changes_something(
    kit: AgreementCase, api: Api
) -> None:
    for path in ("courses", "runs", "fkbs/9222", "openapi.json", "files/runs.csv"):
        first = api.get(path)
        assert first["Cache-Control"] == "public, max-age=60"
        again = api.get(path, {"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert api.get(path, {"If-None-Match": f"W/{first['ETag']}"}).status_code == 304
        since = {"If-Modified-Since": first["Last-Modified"]}
        assert api.get(path, since).status_code == 304
    etag = api.get("commitments")["ETag"]
    kit.freeze()
    changed = api.get("commitments", {"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed["ETag"] != etag


def test_another_question_has_another_stamp(kit: AgreementCase, api: Api) -> None:
    etags = {api.get("courses", q=q)["ETag"] for q in ("", "demens", "omsorg")}
    assert len(etags) == 3


def test_an_answer_is_made_once_and_given_to_all(
    kit: AgreementCase, api: Api, settings: Any
) -> None:
    from samspil.kernel import kept

    settings.SAMSPIL_REMEMBER_COUNTS = True
    kept._ANSWERS.clear()
    try:
        first = api.get("runs")
        with CaptureQueriesContext(connection) as queries:
            again = api.get("runs")
            same = api.get("runs", {"If-None-Match": first["ETag"]})
        assert (again.content, again["ETag"]) == (first.content, first["ETag"])
        assert again["Access-Control-Allow-Origin"] == "*"
        assert same.status_code == 304
        assert len(queries) == 2
        kit.freeze()
        assert api.get("runs")["ETag"] != first["ETag"]
    finally:
        kept._ANSWERS.clear()


def test_head_is_get_without_the_body(kit: AgreementCase, api: Api) -> None:
    whole = api.get("courses")
    head = api.send("HEAD", "courses")
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == whole["ETag"]
    assert head["Content-Length"] == str(len(whole.content))


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "findes-ikke", 404),
        ("GET", "courses/12345", 404),
        ("GET", "courses/abc", 422),
        ("GET", "runs/999999999999999999999999", 404),
        ("GET", "runs?limit=0", 422),
        ("GET", "runs?limit=201", 422),
        ("GET", "runs?since=14-09-2027", 422),
        ("GET", "runs?cursor=vrøvl", 404),
        ("GET", "courses?q=a%00b", 400),
        ("GET", "me", 401),
        ("GET", "rounds", 401),
        ("POST", "courses", 405),
        ("DELETE", "rounds", 405),
    ],
)
def test_every_error_is_a_problem_in_danish_and_english(
    api: Api, method: str, path: str, status: int
) -> None:
    response = api.send(method, path)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    assert told["type"] == f"/api/#fejl-{status}"
    for part in ("title", "title_en", "detail", "detail_en"):
        assert len(told[part]) > 5
    if status == 405:
        assert "GET" in response["Allow"]
    if status == 401:
        assert response["WWW-Authenticate"].startswith("Bearer")
    if status == 422:
        (fault,) = told["errors"]
        assert fault["where"].split(".")[-1] in path or "number" in fault["where"]
        assert fault["da"]
        assert fault["en"]


def test_a_fault_of_ours_is_a_problem_and_says_nothing_of_itself(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samspil.api.domain import open_data

    def broken(**_: Any) -> Any:
        raise RuntimeError("hemmelig sti /srv/samspil")

    monkeypatch.setattr(open_data, "schools", broken)
    response = api.get("schools")
    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert "hemmelig" not in response.content.decode()


def test_what_is_too_large_is_a_problem(api: Api, settings: Any) -> None:
    settings.SAMSPIL_REQUEST_MAX_BYTES = 10
    response = api.send("POST", "courses", {"a": "long enough"})
    assert (response.status_code, response["Content-Type"]) == (413, "application/problem+json")


def test_a_message_of_the_system_is_told_in_english_too(api: Api) -> None:
    told = api.get("courses/12345").json()
    assert told["detail"].startswith("Uddannelsen findes ikke")
    assert told["detail_en"] != told["detail"]


# ---------------------------------------------------------------- limit and other sites


def test_who_asks_too_often_waits(api: Api, settings: Any) -> None:
    settings.SAMSPIL_API_PER_MINUTE = 3
    left = [api.get("fkbs")["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = api.get("fkbs")
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert 1 <= int(refused["Retry-After"]) <= 20
    other = Api()
    assert other.client.get("/api/v1/fkbs", REMOTE_ADDR="198.51.100.7").status_code == 200


def test_the_limit_is_let_go_of_as_time_goes() -> None:
    LIMIT.forget()
    assert LIMIT.take("a", 60, 0.0) == (59, 0.0)
    for _ in range(59):
        LIMIT.take("a", 60, 0.0)
    left, wait = LIMIT.take("a", 60, 0.0)
    assert (left, round(wait, 3)) == (0, 1.0)
    assert LIMIT.take("a", 60, 2.0)[1] == 0.0
    assert LIMIT.take("b", 60, 2.0) == (59, 0.0)


def test_scripts_of_other_sites_read_and_nothing_else(kit: AgreementCase, api: Api) -> None:
    response = api.get("courses", {"Origin": "https://skole.example"})
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert "ETag" in response["Access-Control-Expose-Headers"]
    asked = api.client.options("/api/v1/courses", headers={"Origin": "https://skole.example"})
    assert asked.status_code == 204
    assert "Authorization" not in asked["Access-Control-Allow-Headers"]
    assert asked["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    mine = key_for(kit, "rounds:read").get("rounds", {"Origin": "https://skole.example"})
    assert "Access-Control-Allow-Origin" not in mine


def test_cookies_count_for_nothing(kit: AgreementCase) -> None:
    api = Api()
    api.client.force_login(kit.case.secretariat_person)
    assert api.get("rounds").status_code == 401
    response = api.get("courses")
    assert response["Cache-Control"] == "public, max-age=60"
    assert not response.cookies
    assert "Cookie" not in response["Vary"]


def test_no_answer_leaves_a_cookie_or_asks_for_a_session(kit: AgreementCase, api: Api) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = api.get("courses")
    assert not response.cookies
    assert not [q for q in queries if "django_session" in q["sql"]]


# ---------------------------------------------------------------- what a key may


def test_a_key_reads_its_own_rounds_and_no_others(kit: AgreementCase) -> None:
    other = make_round(fkb="9333")
    for api in (key_for(kit, "rounds:read"), key_for(kit, "rounds:read", school=None)):
        (round,) = api.json("rounds")["items"]
        assert round["id"] == kit.case.round.pk
        assert api.json(f"rounds/{round['id']}") == round
        cells = api.json(f"rounds/{round['id']}/cells", limit=200)["items"]
        assert {cell["role"] for cell in cells} >= {"own", "holder", "follower"}
        assert api.get(f"rounds/{other.round.pk}").status_code == 404
        assert api.get(f"rounds/{other.round.pk}/cells").status_code == 404


def test_cells_show_gaps_and_no_notes(kit: AgreementCase) -> None:
    from samspil.coordination.models import Commitment

    row = kit.case.rows[0]
    Commitment.objects.filter(round_course=row).update(role="none")
    api = key_for(kit, "rounds:read")
    (gap,) = api.json(f"rounds/{kit.case.round.pk}/cells", gaps="true")["items"]
    assert (gap["course"], gap["is_gap"], gap["school"]) == (row.course.number, True, None)
    assert set(gap).isdisjoint({"note", "comment", "updated_by_label"})


def test_a_scope_opens_its_own_addresses_alone(kit: AgreementCase) -> None:
    without = key_for(kit)
    for path in ("rounds", f"rounds/{kit.case.round.pk}", "own/runs"):
        response = without.get(path)
        assert response.status_code == 403, path
        assert response.json()["detail"].startswith("Lav en nøgle")
    assert without.json("me")["scopes"] == []
    assert key_for(kit, "runs:read").get("rounds").status_code == 403


def test_answers_for_a_key_are_kept_nowhere_else(kit: AgreementCase) -> None:
    api = key_for(kit, "rounds:read")
    first = api.get("rounds")
    assert first["Cache-Control"] == "private, no-cache"
    assert api.get("rounds", {"If-None-Match": first["ETag"]}).status_code == 304


def test_every_operation_says_who_may() -> None:
    from samspil.api.urls import urlpatterns

    (included,) = [p for p in urlpatterns if not isinstance(p, URLPattern)]
    needs = {p.name: p.callback.samspil_requires for p in included.url_patterns}
    assert needs["courses"] == PUBLIC
    assert needs["rounds"] == needs["me"] == TOKEN
    assert set(needs.values()) == {PUBLIC, TOKEN}


def test_an_operation_without_a_rule_is_not_served() -> None:
    from django.core.exceptions import ImproperlyConfigured

    from samspil.api.views.machinery import SamspilApi

    bare = SamspilApi(urls_namespace="bare", docs_url=None, openapi_url=None)
    bare.get("open")(lambda request: None)
    with pytest.raises(ImproperlyConfigured):
        bare.served()
