"""Open data in other formats, each judged by its own reader or by a schema made from its specification."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import icalendar
import jsonschema
import pytest

from samspil.api.interfaces import ooapi
from samspil.runs.interfaces import schema_org
from tests.factories.agreements import AgreementCase
from tests.factories.api import Api
from tests.factories.public import make_open_run

SCHEMAS = Path(__file__).with_name("schemas")


def fits(data: Any, name: str) -> None:
    """Whether ``data`` is what the schema ``name`` says. Formats such as dates are checked too."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(
        data,
        schema,
        cls=jsonschema.Draft202012Validator,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def whole(response: Any) -> str:
    assert response.status_code == 200
    return (
        b"".join(response.streaming_content) if response.streaming else response.content
    ).decode()


@pytest.fixture
def rows(kit: AgreementCase) -> AgreementCase:
    """Runs with everything that a run can say, and text that is dangerous in one format or other."""
    kit.freeze()
    course = kit.case.rows[0].course
    course.title = 'Svejsning; "æøå", <b>&</b> \\ =1+1'
    course.save(update_fields=["title"])
    make_open_run(
        course,
        kit.case.schools[0],
        title="=HYPERLINK(1)",
        street="Gade 1, 2. sal; baghuset",
        hours="8-15\nlørdag",
        price="1234.50",
        deadline_on=date.today() + timedelta(days=5),
        link="https://skole.example/hold?a=1&b=2",
        is_guaranteed=True,
        enrolled=20,
        duration_days="2.5",
    )
    return kit


def test_csv_is_read_back_as_it_was(rows: AgreementCase, api: Api) -> None:
    text = whole(api.get("files/runs.csv"))
    assert text.startswith("\ufeff")
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    told = api.json("runs", limit=200)["items"]
    assert [int(line["id"]) for line in lines] == [run["id"] for run in told]
    for line, run in zip(lines, told, strict=True):
        assert line["title"] == run["course"]["title"]
        assert line["starts_on"] == run["starts_on"]
        assert line["free"] == str(run["free"])
        assert line["street"] == run["street"]
    courses = whole(api.get("files/courses.csv")).removeprefix("\ufeff")
    assert len(list(csv.reader(io.StringIO(courses, newline="")))) == 6
    agreed = whole(api.get("files/commitments.csv")).removeprefix("\ufeff")
    told = api.json("commitments", limit=200)["items"]
    assert [row["school"] for row in csv.DictReader(io.StringIO(agreed, newline=""))] == [
        row["school"] for row in told
    ]


@pytest.mark.parametrize("text", ["=1+1", "+45", "-2", "@x", "\tx"])
def test_no_text_is_a_formula(rows: AgreementCase, api: Api, text: str) -> None:
    course = rows.case.rows[1].course
    course.title = text
    course.save(update_fields=["title"])
    body = whole(api.get("files/courses.csv"))
    cells = [c for line in csv.reader(io.StringIO(body, newline="")) for c in line]
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@", "\t"))]
    assert f"'{text}" in cells


def test_json_files_are_the_lists_in_one(rows: AgreementCase, api: Api) -> None:
    for name in ("courses", "runs", "commitments"):
        file = json.loads(whole(api.get(f"files/{name}.json")))
        assert file["items"] == api.json(name, limit=200)["items"]


def test_calendars_are_what_calendars_read(rows: AgreementCase, api: Api) -> None:
    response = api.get("files/runs.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(whole(response))
    assert not calendar.errors
    told = {run["id"]: run for run in api.json("runs", limit=200)["items"]}
    events = list(calendar.walk("VEVENT"))
    assert len(events) == len(told)
    assert len({str(event["UID"]) for event in events}) == len(events)
    for event in events:
        assert not event.errors
        assert event.decoded("DTEND") > event.decoded("DTSTART")
    mine = next(e for e in events if "baghuset" in str(e.get("LOCATION", "")))
    assert str(mine["SUMMARY"]) == 'Svejsning; "æøå", <b>&</b> \\ =1+1'
    school = rows.case.schools[1]
    some = icalendar.Calendar.from_ical(whole(api.get("files/runs.ics", school=school.key)))
    assert len(list(some.walk("VEVENT"))) == 1


def test_courses_are_schema_org_courses(rows: AgreementCase, api: Api) -> None:
    number = rows.case.rows[0].course.number
    response = api.get(f"files/courses/{number}.jsonld")
    assert response["Content-Type"] == "application/ld+json; charset=utf-8"
    told = json.loads(whole(response))
    fits(told, "schema_org_course")
    assert len(told["hasCourseInstance"]) == 3
    full = next(i for i in told["hasCourseInstance"] if i["name"] == "=HYPERLINK(1)")
    assert full["courseWorkload"] == "P2DT4H"
    assert full["offers"]["price"] == "1234.50"
    assert full["offers"]["availability"] == "https://schema.org/SoldOut"
    for name in ("courses", "runs"):
        graph = json.loads(whole(api.get(f"files/{name}.jsonld")))
        assert graph["@context"] == "https://schema.org"
        for item in graph["@graph"]:
            if name == "courses":
                fits(item, "schema_org_course")
            else:
                fits({**told, "hasCourseInstance": [item]}, "schema_org_course")


def test_the_page_of_a_course_carries_the_same(rows: AgreementCase, api: Api) -> None:
    number = rows.case.rows[0].course.number
    response = api.client.get(f"/kurser/{number}/")
    page = response.content.decode()
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert "<" not in block
    fits(json.loads(block), "schema_org_course")
    assert json.loads(block)["name"] == rows.case.rows[0].course.title
    # a block of data is no script: the policy stays as strict as it was
    assert "script-src 'self';" in response["Content-Security-Policy"] + ";"
    assert f'href="/api/v1/files/courses/{number}.jsonld"' in page


@pytest.mark.parametrize(
    ("days", "text"), [(1, "P1D"), (2.5, "P2DT4H"), (0.5, "P0DT4H"), (10, "P10D")]
)
def test_days_as_a_duration(days: float, text: str) -> None:
    assert schema_org.duration(days) == text


# ---------------------------------------------------------------- OOAPI


def test_ooapi_is_in_its_shape(rows: AgreementCase, api: Api) -> None:
    at = "/api/ooapi/v5/"
    fits(api.json(at), "ooapi_service")
    courses = api.json(f"{at}courses", pageSize=3)
    fits(courses, "ooapi_courses")
    assert (courses["pageNumber"], courses["hasNextPage"]) == (1, True)
    last = api.json(f"{at}courses", pageSize=3, pageNumber=2)
    assert (len(last["items"]), last["hasNextPage"], last["hasPreviousPage"]) == (2, False, True)
    first = courses["items"][0]
    assert api.json(f"{at}courses/{first['courseId']}") == first
    offerings = api.json(f"{at}courses/{first['courseId']}/offerings")
    fits(offerings, "ooapi_offerings")
    assert len(offerings["items"]) == 3
    for offering in offerings["items"]:
        assert offering["course"] == first["courseId"]
        assert api.json(f"{at}offerings/{offering['offeringId']}") == offering
        school = api.json(f"{at}organizations/{offering['organization']}")
        fits(school, "ooapi_organization")
        own = api.json(f"{at}organizations/{offering['organization']}/offerings", pageSize=250)
        assert offering in own["items"]
    fits(api.json(f"{at}organizations"), "ooapi_organizations")


def test_an_id_carries_what_it_names() -> None:
    for kind, number in (("course", 1), ("course", 99999), ("run", 2**40), ("school", 7)):
        made = UUID(ooapi.uuid_of(kind, number))
        assert (made.version, made.variant) == (8, "specified in RFC 4122")
        assert ooapi.number_of(kind, made) == number
    assert ooapi.number_of("run", UUID(ooapi.uuid_of("course", 1))) is None
    assert ooapi.number_of("run", UUID("123e4567-e89b-42d3-a456-426614174000")) is None


def test_an_id_from_elsewhere_is_404(rows: AgreementCase, api: Api) -> None:
    for path in ("courses", "offerings", "organizations"):
        response = api.get(f"/api/ooapi/v5/{path}/123e4567-e89b-42d3-a456-426614174000")
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"
