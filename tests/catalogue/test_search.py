"""Finding courses: compounds, endings, misspelt words, numbers, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspil.catalogue.domain import search, words
from samspil.catalogue.domain.queries import CourseFilter, courses
from samspil.catalogue.domain.search import Index, Title
from samspil.catalogue.models import Course, CourseRelation, Fkb
from samspil.kernel.actor import Actor

TITLES = (
    "Gaffeltruckcertifikat B",
    "Gasmetalsvejsning af kantsømme",
    "Svejsning af rustfri rør",
    "Rullestillads, opstilling og brug",
    "Skranken i sundhedscentret",
    "Læssekran op til 25 tonmeter",
    "Malkerobotter, daglig drift",
    "Hygiejne på slagteri",
    "Ejendomsservice med maskiner",
    "Kloakrørlægning, det første trin",
    "Arbejde på vej under trafik",
    "Omsorg for personer med demens",
    "Vejen til arbejde",
)


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(
        Title(pk, str(90000 + pk), title, ("9222",) if pk < 3 else ())
        for pk, title in enumerate(TITLES)
    )


def titles(index: Index, text: str) -> list[str]:
    return [TITLES[pk] for pk in index.find(text).ids]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("truck", "Gaffeltruckcertifikat B"),
        ("trucks", "Gaffeltruckcertifikat B"),
        ("metal", "Gasmetalsvejsning af kantsømme"),
        ("stillads", "Rullestillads, opstilling og brug"),
        ("robot", "Malkerobotter, daglig drift"),
        ("maskine", "Ejendomsservice med maskiner"),
        ("kloak", "Kloakrørlægning, det første trin"),
        ("laessekran", "Læssekran op til 25 tonmeter"),
        ("LÆSSEKRAN", "Læssekran op til 25 tonmeter"),
        ("rustfri rør", "Svejsning af rustfri rør"),
        ("90.003", "Rullestillads, opstilling og brug"),
    ],
)
def test_what_people_write_is_found(index: Index, text: str, first: str) -> None:
    assert titles(index, text)[0] == first


def test_a_word_of_its_own_stands_before_a_part_of_one(index: Index) -> None:
    assert titles(index, "svejs") == [
        "Svejsning af rustfri rør",
        "Gasmetalsvejsning af kantsømme",
    ]


def test_chance_inside_a_word_is_no_hit(index: Index) -> None:
    assert titles(index, "kran") == ["Læssekran op til 25 tonmeter"]


@pytest.mark.parametrize(
    ("text", "meant", "first"),
    [
        ("trukc", "truck", "Gaffeltruckcertifikat B"),
        ("hygejne", "hygiejne", "Hygiejne på slagteri"),
        ("stilads", "stillads", "Rullestillads, opstilling og brug"),
        ("dimens", "demens", "Omsorg for personer med demens"),
        ("omsorg demnes", "omsorg demens", "Omsorg for personer med demens"),
    ],
)
def test_spelling_is_forgiven_and_said(index: Index, text: str, meant: str, first: str) -> None:
    found = index.find(text)
    assert (found.meant, found.corrected) == (meant, True)
    assert TITLES[found.ids[0]] == first


def test_every_word_must_be_found(index: Index) -> None:
    assert titles(index, "svejsning demens") == []
    assert titles(index, "arbejde vej")[0] == "Arbejde på vej under trafik"
    assert set(titles(index, "arbejde på vej")) == {
        "Arbejde på vej under trafik",
        "Vejen til arbejde",
    }


def test_an_fkb_finds_its_courses(index: Index) -> None:
    assert set(index.find("9222").ids) == {0, 1, 2}


def test_nothing_is_found_for_nonsense_and_everything_for_nothing(index: Index) -> None:
    assert index.find("xqzzyw").ids == ()
    assert len(index.find(" .,- ").ids) == len(TITLES)


def test_compounds_are_split() -> None:
    known = words.vocabulary([])
    assert words.split("gasmetalsvejsning", known) == ("gas", "metal", "svejsning")
    assert words.split("gaffeltruckcertifikat", known | {"truck"}) == (
        "gaffel", "truck", "certifikat",
    )  # fmt: skip
    assert words.split("sikkerhedsudstyr", known) == ("sikkerhed", "udstyr")
    assert words.split("omsorg", known) == ()


@given(st.text(alphabet="abcdeghkmnrstuæøå", min_size=1, max_size=12), st.data())
def test_one_slip_is_a_distance_of_one(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    assert words.distance(word, word[:at] + word[at + 1 :], 2) == 1
    assert words.distance(word, word[:at] + "q" + word[at:], 2) == 1
    assert words.distance(word, word, 2) == 0


@given(st.text(max_size=200))
def test_no_text_breaks_the_search(text: str) -> None:
    found = Index([Title(1, "90001", "Svejsning")]).find(text)
    assert set(found.ids) <= {1}
    assert words.fold(text).isascii()


@pytest.mark.django_db
def test_the_index_follows_the_catalogue(settings: Any) -> None:
    settings.SAMSPIL_REMEMBER_COUNTS = True
    search._MADE.clear()
    course = Course.objects.create(number="90801", title="Gulvpleje", is_constructed=True)
    fkb = Fkb.objects.create(number="9801", title="Service", is_constructed=True)
    assert search.find("gulv").ids == (course.pk,)
    assert search.find("9801").ids == ()
    CourseRelation.objects.create(fkb=fkb, course=course)
    assert search.find("9801").ids == (course.pk,)
    Course.objects.filter(pk=course.pk).update(title="Vinduespolering", version=2)
    assert search.find("gulv").ids == ()
    assert search.find("vindue").ids == (course.pk,)
    search._MADE.clear()


@pytest.mark.django_db
def test_an_unchanged_catalogue_costs_a_question_or_two(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.SAMSPIL_REMEMBER_COUNTS = True
    search._MADE.clear()
    Course.objects.create(number="90802", title="Gulvpleje", is_constructed=True)
    search.find("gulv")
    with django_assert_num_queries(2):
        search.find("pleje")
    search._MADE.clear()


@pytest.mark.django_db
def test_signed_in_people_find_by_the_same_search() -> None:
    Course.objects.create(number="90803", title="Gasmetalsvejsning", is_constructed=True)
    Course.objects.create(number="90804", title="Svejsning i rustfrit", is_constructed=True)
    Course.objects.create(
        number="90805", title="Svejsning før i tiden", is_archived=True, is_constructed=True
    )
    page = courses(Actor.system("tests"), CourseFilter(text="svejs"))
    assert [course.number for course in page] == ["90804", "90803"]
    everything = courses(Actor.system("tests"), CourseFilter(text="svejs", state="all"), size=2)
    assert (len(everything), everything.paginator.count) == (2, 3)
