"""The public site: what everybody may know and nothing else, without cookies, in two languages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from samspil.catalogue.models import Course, CourseRelation
from samspil.coordination.domain.public import time_only
from samspil.coordination.models import CourseComment, RoundFkb
from samspil.kernel import clock, kept
from samspil.network.models import Municipality, Postcode
from samspil.runs.interfaces import calendar_file
from samspil.web.domain import courses as domain
from samspil.web.domain.courses import Wish
from samspil.web.interfaces import colours, course_map, projection, public_forms
from tests.factories.agreements import AgreementCase, make_agreement_case
from tests.factories.board import NOW
from tests.factories.public import make_open_run

SEARCH, ENGLISH = "/kurser/", "/en/courses/"


@pytest.fixture
def kit(db: Any) -> AgreementCase:
    """A round of next year that is ready to be frozen, and a place for runs."""
    kit = make_agreement_case()
    kit.case.round.year = clock.today().year + 1
    kit.case.round.save(update_fields=["year"])
    for row in kit.case.rows:
        CourseRelation.objects.create(course=row.course, fkb=kit.case.fkb.fkb)
    aarhus = Municipality.objects.create(
        code="0751",
        name="Aarhus",
        region_code="1082",
        region="Region Midtjylland",
        lat=56.1,
        lon=10.2,
    )
    Postcode.objects.create(code="8000", city="Aarhus C", lat=56.15, lon=10.2, municipality=aarhus)
    return kit


def read(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 200, url
    return response.content.decode()


# ---------------------------------------------------------------- what everybody may know


def test_a_draft_is_not_shown_and_a_frozen_overview_is(kit: AgreementCase, client: Client) -> None:
    joint = kit.case.rows[-2].course
    url = f"{SEARCH}{joint.number}/"
    before = read(client, url)
    assert "Hvem udbyder" not in before
    assert kit.case.schools[1].name not in before
    assert kit.case.schools[1].label not in read(client, SEARCH)
    kit.freeze()
    after = read(client, url)
    assert "Holdet gennemføres hos <strong>Vestby Social- og Sundhedsskole</strong>" in after
    assert kit.case.schools[2].name in after
    assert "14.-16. september" in after
    assert "til underskrift" in after
    assert kit.case.schools[1].label in read(client, SEARCH)


def test_what_is_opened_again_is_no_longer_shown(kit: AgreementCase, client: Client) -> None:
    kit.freeze()
    kit.reopen()
    assert "Hvem udbyder" not in read(client, f"{SEARCH}{kit.case.rows[0].course.number}/")


def test_a_signed_agreement_is_no_longer_for_signature(kit: AgreementCase, client: Client) -> None:
    kit.freeze()
    RoundFkb.objects.filter(pk=kit.case.fkb.pk).update(status="agreed")
    page = read(client, f"{SEARCH}{kit.case.rows[0].course.number}/")
    assert "Hvem udbyder" in page
    assert "til underskrift" not in page


def test_no_note_comment_or_person_is_shown(kit: AgreementCase, client: Client) -> None:
    row = kit.case.rows[0]
    row.commitments.update(when_text="Ring til Hanne på 86 12 34 56", updated_by_label="Hanne Holm")
    kit.case.intend(row, 0, note="Kun hvis Hanne kan")
    CourseComment.objects.create(
        round_course=row, author_label="Hanne Holm", text="Hanne er syg", at=NOW
    )
    kit.freeze()
    make_open_run(row.course, kit.case.schools[0], source="indtastet af Hanne")
    school = kit.case.schools[0].key
    for url in (
        SEARCH,
        f"{SEARCH}{row.course.number}/",
        f"{SEARCH}{row.course.number}/kalender.ics",
        f"/indlejr/{school}/",
    ):
        page = read(client, url)
        assert "Hanne" not in page, url
        assert "86 12" not in page, url
        assert not [person for person in kit.case.people if person.name in page]


def test_archived_and_ended_courses_are_gone(kit: AgreementCase, client: Client) -> None:
    gone, ended, stays = (row.course for row in kit.case.rows[:3])
    Course.objects.filter(pk=gone.pk).update(is_archived=True)
    Course.objects.filter(pk=ended.pk).update(valid_to=clock.today() - timedelta(days=1))
    make_open_run(gone, kit.case.schools[0])
    listed = read(client, SEARCH)
    for course in (gone, ended):
        assert course.number not in listed
        response = client.get(f"{SEARCH}{course.number}/")
        assert response.status_code == 404
        assert not response.cookies
    assert stays.number in listed
    assert gone.number not in read(client, f"/indlejr/{kit.case.schools[0].key}/")


def test_begun_and_cancelled_runs_are_not_shown(kit: AgreementCase, client: Client) -> None:
    course, school = kit.case.rows[0].course, kit.case.schools[0]
    make_open_run(
        course, school, days=-1, city="Begyndt", seen_on=clock.today() - timedelta(days=30)
    )
    make_open_run(course, school, city="Aflyst", status="cancelled")
    make_open_run(course, school, city="Åben", deadline_on=clock.today() - timedelta(days=1))
    page = read(client, f"{SEARCH}{course.number}/")
    assert "Begyndt" not in page
    assert "Aflyst" not in page
    assert "Åben" in page
    assert "Fristen er overskredet" in page


def test_a_followers_run_says_where_it_is_held(kit: AgreementCase, client: Client) -> None:
    joint = kit.case.rows[-2].course
    start = date(kit.case.round.year, 9, 14)
    for school in kit.case.schools[1:3]:
        make_open_run(joint, school, starts_on=start, ends_on=start + timedelta(days=2))
    kit.freeze()
    shown = domain.get_course(joint.number, today=clock.today())
    assert [run.held_by for run in shown.runs] == ["", "Vestby Social- og Sundhedsskole"]
    assert "Holdet gennemføres hos Vestby" in read(client, f"/indlejr/{kit.case.schools[2].key}/")
    assert "Holdet gennemføres hos Vestby" in read(
        client, f"{SEARCH}{joint.number}/kalender.ics"
    ).replace("\r\n ", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("uge 37", "uge 37"),
        ("14.-16. september", "14.-16. september"),
        ("1. og 3. kvartal", "1. og 3. kvartal"),
        ("Efterår, uge 40-44", "Efterår, uge 40-44"),
        ("tlf. 86 12 34 56", ""),
        ("86 12 34 56", ""),
        ("8612 3456", ""),
        ("86123456", ""),
        ("hvis Hanne kan", ""),
        ("", ""),
    ],
)
def test_a_time_is_shown_when_it_is_nothing_else(text: str, shown: str) -> None:
    assert time_only(text) == shown


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {0, 1, 2, 3, 4}),
        ({"q": "demens"}, {1}),
        ({"q": "demns"}, {1}),
        ({"sted": "0751"}, {0, 1, 2}),
        ({"sted": "1082"}, {0, 1, 2}),
        ({"sted": "9999"}, set()),
        ({"garanti": "1"}, {1}),
        ({"ledige": "1"}, {0, 1, 3}),
        ({"fkb": "9222"}, {0, 1, 2, 3, 4}),
        ({"fkb": "9999"}, set()),
        ({"fra": "FIRST+5"}, {1, 2, 3}),
        ({"fra": "FIRST", "til": "FIRST+5"}, {0}),
        ({"sted": "0751", "ledige": "1", "garanti": "1"}, {1}),
        ({"fra": "i morgen", "sted": "x' OR 1", "fkb": "²²²²"}, {0, 1, 2, 3, 4}),
    ],
)
def test_every_condition_narrows(
    kit: AgreementCase, query: dict[str, str], found: set[int]
) -> None:
    courses = [row.course for row in kit.case.rows]
    first = clock.today() + timedelta(days=10)
    make_open_run(courses[0], kit.case.schools[0])
    make_open_run(courses[1], kit.case.schools[0], days=20, is_guaranteed=True)
    make_open_run(courses[2], kit.case.schools[0], days=30, enrolled=20)
    make_open_run(courses[3], kit.case.schools[0], days=40, postcode="3700")
    from django.http import QueryDict

    given = QueryDict(mutable=True)
    for key, value in query.items():
        days = int(value[5:] or 0) if value.startswith("FIRST") else 0
        given[key] = str(first + timedelta(days=days)) if value.startswith("FIRST") else value
    result = domain.find_courses(public_forms.wish(given), today=clock.today())
    assert {line.course.pk for line in result.lines} == {courses[i].pk for i in found}


def test_without_words_the_next_to_begin_comes_first(kit: AgreementCase) -> None:
    courses = [row.course for row in kit.case.rows]
    make_open_run(courses[3], kit.case.schools[0], days=5)
    make_open_run(courses[1], kit.case.schools[0], days=9)
    result = domain.find_courses(Wish(), today=clock.today())
    assert [line.course.pk for line in result.lines] == [courses[i].pk for i in (3, 1, 0, 2, 4)]


def test_a_misspelt_word_is_told(kit: AgreementCase, client: Client) -> None:
    assert "har søgt på <strong>demens</strong>" in read(client, SEARCH, q="demns")
    assert "searched for <strong>demens</strong>" in read(client, ENGLISH, q="demns")
    assert "Ingen uddannelser passer" in read(client, SEARCH, q="xqzw")


def test_lists_ask_the_same_questions_however_long(kit: AgreementCase, client: Client) -> None:
    first = kit.case.rows[0].course
    kit.freeze()
    for row in kit.case.rows:
        make_open_run(row.course, kit.case.schools[0])
    urls = (
        SEARCH,
        f"{SEARCH}?q=omsorg",
        f"{SEARCH}{first.number}/",
        f"/indlejr/{kit.case.schools[0].key}/",
    )

    def asked() -> list[int]:
        counts = []
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    asked()  # what is frozen is read once
    few = asked()
    for course in Course.objects.order_by("pk"):
        for days in range(11, 61):
            make_open_run(course, kit.case.schools[days % 4], days=days)
    Course.objects.bulk_create(
        Course(
            number=str(95000 + i),
            title=f"Omsorg i en længere titel end de andres, nummer {i}",
            is_constructed=True,
        )
        for i in range(1000)
    )
    assert asked() == few
    assert max(few) <= 26  # nothing is remembered here: the choices are asked for three times


# ---------------------------------------------------------------- cookies, caches, languages


def test_a_visitor_gets_no_cookie_and_no_session(kit: AgreementCase, client: Client) -> None:
    from django.contrib.sessions.models import Session

    course, school = kit.case.rows[0].course, kit.case.schools[0]
    run = make_open_run(course, school)
    for url in (
        SEARCH,
        f"{SEARCH}?q=demens",
        f"{SEARCH}{course.number}/",
        f"{SEARCH}{course.number}/kalender.ics",
        f"{SEARCH}{course.number}/hold/{run.pk}.ics",
        f"{SEARCH}om/tilgaengelighed/",
        ENGLISH,
        f"/indlejr/{school.key}/",
        f"/indlejr/{school.key}.js",
        "/indlejr/farver.css?farve=1f6b3a",
        f"/indlejr/?skole={school.key}&farve=1f6b3a",
    ):
        response = client.get(url)
        assert response.status_code == 200, url
        assert not response.cookies, url
        assert response["Cache-Control"] == "public, max-age=60"
        again = client.get(url, headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b""), url
        assert client.post(url).status_code in {403, 405}
    assert not Session.objects.exists()


def test_a_page_is_new_when_anything_has_changed(kit: AgreementCase, client: Client) -> None:
    first = client.get(SEARCH)["ETag"]
    kit.freeze()  # an action leaves an audit event
    assert client.get(SEARCH)["ETag"] != first
    assert client.get(SEARCH, {"q": "demens"})["ETag"] != client.get(SEARCH)["ETag"]


def test_the_address_alone_decides_the_language(kit: AgreementCase, client: Client) -> None:
    course = kit.case.rows[0].course
    client.cookies["django_language"] = "en"
    assert "Find en AMU-uddannelse" in read(client, SEARCH)
    page = read(client, f"{ENGLISH}{course.number}/")
    assert '<html lang="en">' in page
    assert f'href="{SEARCH}{course.number}/"' in page
    assert "Announced classes" in page
    assert client.get(f"{ENGLISH}99999/").status_code == 404
    assert "The course does not exist" in client.get(f"{ENGLISH}99999/").content.decode()


def test_everybody_finds_the_accessibility_statement(kit: AgreementCase, client: Client) -> None:
    assert 'href="/kurser/om/tilgaengelighed/"' in read(client, SEARCH)
    assert 'href="/en/courses/about/accessibility/"' in read(client, ENGLISH)


@pytest.mark.parametrize("number", ["99999", "abc", "22906'--", "0" * 300])
def test_what_does_not_exist_is_404(db: Any, client: Client, number: str) -> None:
    assert client.get(f"{SEARCH}{number}/").status_code == 404
    assert client.get(f"{SEARCH}{number}/kalender.ics").status_code == 404


# ---------------------------------------------------------------- calendar


def test_the_calendar_file_is_what_calendars_read(kit: AgreementCase, client: Client) -> None:
    course, school = kit.case.rows[0].course, kit.case.schools[0]
    Course.objects.filter(pk=course.pk).update(title="Løft; bær, og \\ flyt " + "æ" * 80)
    run = make_open_run(course, school, street="Vej 1,\r\nEND:VCALENDAR", is_guaranteed=True)
    raw = client.get(f"{SEARCH}{course.number}/hold/{run.pk}.ics")
    assert raw["Content-Type"] == "text/calendar; charset=utf-8"
    lines = raw.content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert lines[-1] == b""
    text = raw.content.decode().replace("\r\n ", "")
    assert text.count("BEGIN:VEVENT") == text.count("END:VEVENT") == 1
    assert text.count("END:VCALENDAR\r\n") == 1
    assert "SUMMARY:Løft\\; bær\\, og \\\\ flyt æ" in text
    assert f"DTSTART;VALUE=DATE:{run.starts_on:%Y%m%d}" in text
    assert f"DTEND;VALUE=DATE:{run.ends_on + timedelta(days=1):%Y%m%d}" in text
    assert "LOCATION:Vej 1\\,\\nEND:VCALENDAR\\, 8000 Aarhus C" in text


def test_a_calendar_of_a_course_has_all_its_runs(kit: AgreementCase, client: Client) -> None:
    course = kit.case.rows[0].course
    for days in (10, 20, 30):
        make_open_run(course, kit.case.schools[0], days=days)
    text = read(client, f"{SEARCH}{course.number}/kalender.ics")
    assert text.count("BEGIN:VEVENT") == 3
    assert len({part.split("\r\n")[0] for part in text.split("UID:")[1:]}) == 3


def test_a_run_of_another_course_is_not_there(kit: AgreementCase, client: Client) -> None:
    run = make_open_run(kit.case.rows[1].course, kit.case.schools[0])
    other = kit.case.rows[0].course.number
    assert client.get(f"{SEARCH}{other}/hold/{run.pk}.ics").status_code == 404


@given(st.text(max_size=300))
def test_a_folded_line_unfolds_to_itself(text: str) -> None:
    line = calendar_file._escaped(text)
    folded = calendar_file._folded(line)
    assert folded.replace("\r\n ", "") == line
    assert all(len(part.encode()) <= 75 for part in folded.split("\r\n"))


# ---------------------------------------------------------------- the map


def test_the_map_is_small_and_whole() -> None:
    shapes = course_map.shapes()
    assert len(shapes) == 98
    assert sum(map(len, shapes.values())) < 60_000
    assert all(path.startswith("M") and path.endswith("z") for path in shapes.values())


def test_places_stand_where_they_are() -> None:
    skagen, gedser = projection.place(57.72, 10.58), projection.place(54.57, 11.93)
    assert skagen[1] < gedser[1]
    left, top, width, height = projection.INSET
    x, y = projection.place(55.1, 14.7)
    assert left < x < left + width and top < y < top + height
    assert all(
        0 <= x <= projection.WIDTH and 0 <= y <= projection.HEIGHT for x, y in (skagen, gedser)
    )


def test_a_course_is_drawn_where_its_runs_are(kit: AgreementCase, client: Client) -> None:
    course = kit.case.rows[0].course
    assert "<svg viewBox" not in read(client, f"{SEARCH}{course.number}/")
    make_open_run(course, kit.case.schools[0])
    make_open_run(course, kit.case.schools[0], days=20)
    drawn = course_map.draw(domain.get_course(course.number, today=clock.today()))
    assert drawn is not None
    assert [dot.count for dot in drawn.dots] == [2]
    assert drawn.here == course_map.shapes()["0751"]
    page = read(client, f"{SEARCH}{course.number}/")
    assert "<svg viewBox" in page
    assert f'cx="{drawn.dots[0].x}"' in page


# ---------------------------------------------------------------- the list on a school's own site


def test_only_the_list_may_stand_in_a_frame(kit: AgreementCase, client: Client) -> None:
    key = kit.case.schools[0].key
    framed = client.get(f"/indlejr/{key}/")
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    for url in (SEARCH, f"/indlejr/{key}.js", f"{SEARCH}om/tilgaengelighed/"):
        response = client.get(url)
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
        assert response["X-Frame-Options"] == "DENY"


def test_a_list_for_a_school_that_is_not_there_is_404(kit: AgreementCase, client: Client) -> None:
    assert client.get("/indlejr/findes-ikke/").status_code == 404
    assert client.get("/indlejr/findes-ikke.js").status_code == 404


def test_the_list_shows_the_schools_own_runs(kit: AgreementCase, client: Client) -> None:
    mine, other = kit.case.schools[:2]
    make_open_run(kit.case.rows[0].course, mine, city="Mariager")
    make_open_run(kit.case.rows[0].course, other, city="Ebeltoft")
    page = read(client, f"/indlejr/{mine.key}/", farve='1f6b3a"><script>', sprog="en")
    assert "Mariager" in page
    assert "Ebeltoft" not in page
    assert "Courses at" in page
    assert "<script>" not in page


_HEX = st.text(alphabet="0123456789abcdef", min_size=6, max_size=6)


@given(_HEX, _HEX)
def test_every_choice_of_colours_can_be_read(accent: str, paper: str) -> None:
    sheet = colours.stylesheet(accent, paper)
    shown = dict(part.split(":") for part in sheet.strip()[6:-1].split(";"))
    back = colours.colour(shown["--paper"], "000000")
    assert shown["--paper"] == f"#{paper}"
    for name in ("--ink", "--muted", "--accent"):
        assert colours.contrast(colours.colour(shown[name], "000000"), back) >= 4.5


@given(st.text(max_size=40))
def test_no_text_gets_into_the_style_sheet(text: str) -> None:
    sheet = colours.stylesheet(text, text)
    assert len(sheet) == len(colours.stylesheet("", ""))
    assert sheet.count("{") == sheet.count("}") == 1


def test_a_readable_colour_is_left_as_it_is() -> None:
    assert "--accent:#1f6b3a" in colours.stylesheet("#1f6b3a", "")
    assert "--accent:#ffff00" not in colours.stylesheet("#ff0", "")


def test_the_search_form_keeps_what_was_asked(kit: AgreementCase, client: Client) -> None:
    make_open_run(kit.case.rows[0].course, kit.case.schools[0])
    kit.case.fkb.fkb.title = "Pleje <b>& omsorg"
    kit.case.fkb.fkb.save(update_fields=["title"])
    page = read(
        client, SEARCH, sted="1082", fkb="9222", q='"><script>', ledige="1", fra="2030-01-02"
    )
    assert '<option value="1082" selected>Hele Region Midtjylland</option>' in page
    assert '<option value="0751">Aarhus</option>' in page
    assert '<option value="9222" selected>9222 Pleje &lt;b&gt;&amp; omsorg</option>' in page
    assert 'value="2030-01-02"' in page
    assert "<script>" not in page


def test_a_page_is_written_once_until_something_changes(
    kit: AgreementCase, client: Client, settings: Any
) -> None:
    settings.SAMSPIL_REMEMBER_COUNTS = True
    kept._ANSWERS.clear()
    course = kit.case.rows[0].course
    url = f"{SEARCH}{course.number}/"
    first = client.get(url)
    with CaptureQueriesContext(connection) as queries:
        again = client.get(url)
    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    assert again["Content-Security-Policy"] == first["Content-Security-Policy"]
    assert again["Cache-Control"] == first["Cache-Control"]
    assert len(queries) <= 1
    kit.freeze()
    assert "Hvem udbyder" in read(client, url)
    assert "Hvem udbyder" not in first.content.decode()
    framed = f"/indlejr/{kit.case.schools[0].key}/"
    for _ in range(2):
        response = client.get(framed, {"sprog": "en"})
        assert "frame-ancestors *" in response["Content-Security-Policy"]
        assert response["Content-Language"] == "en"
    for _ in range(2):
        assert "Who offers it" in read(client, f"{ENGLISH}{course.number}/")
    kept._ANSWERS.clear()
    domain._KEPT.clear()


def test_the_line_for_a_school_is_written(kit: AgreementCase, client: Client) -> None:
    key = kit.case.schools[0].key
    page = read(client, "/indlejr/", skole=key, farve='"><b>', sprog="en")
    assert (
        f"/indlejr/{key}.js&quot; data-farve=&quot;#004d99&quot; data-sprog=&quot;en&quot; async&gt;"
        in page
    )
    assert f'<script src="/indlejr/{key}.js" data-farve="#004d99" data-sprog="en"' in page
    assert "Vis linjen" in read(client, "/indlejr/", skole="findes-ikke")
