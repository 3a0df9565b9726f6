"""``among`` finds what ``in`` finds, and sends one value however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from samspil.catalogue.models import Course, CourseRelation, Fkb

pytestmark = pytest.mark.django_db


@pytest.fixture
def courses():
    fkb = Fkb.objects.create(number="2101", title="Gulv")
    made = [Course.objects.create(number=str(n), title=f"Kursus {n}") for n in range(40001, 40006)]
    for course in made:
        CourseRelation.objects.create(course=course, fkb=fkb, kind="main")
    return made


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_it_finds_what_in_finds(courses, kind):
    numbers = kind(["40002", "40004", "49999", 'it\'s {odd}, "quoted"\\'])
    found = Course.objects.filter(number__among=numbers)
    assert {c.number for c in found} == {"40002", "40004"}
    assert set(found) == set(Course.objects.filter(number__in=numbers))


def test_ids_and_what_is_related_by_them(courses):
    pks = [courses[0].pk, courses[3].pk]
    assert set(Course.objects.filter(pk__among=pks).values_list("pk", flat=True)) == set(pks)
    related = CourseRelation.objects.filter(course_id__among=pks)
    assert set(related.values_list("course_id", flat=True)) == set(pks)


def test_nothing_is_among_nothing(courses):
    assert not Course.objects.filter(pk__among=[]).exists()
    assert Course.objects.exclude(pk__among=[]).count() == len(courses)


def test_many_are_one_value(courses):
    few, many = (
        _sql(Course.objects.filter(number__among=[str(n) for n in range(size)]))
        for size in (2, 3000)
    )
    assert few.count("%s") == many.count("%s") == 1


def _sql(rows):
    with CaptureQueriesContext(connection) as asked:
        list(rows)
    assert len(asked) == 1
    return rows.query.sql_with_params()[0]
