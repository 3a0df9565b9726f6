"""The example network, the generator and the commands that write them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from samspil.catalogue.models import Approval, Course, CourseActivity, Fkb
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden
from samspil.network.models import Membership, Network, Person, Postcode, RoleAssignment
from samspil.web.example.catalogue import CONSTRUCTED, CORE, REAL_DATA, example_catalogue
from samspil.web.example.generator import COUNTRY, SMALL, generate
from samspil.web.example.seed import seed_example
from samspil.web.example.sources import source_words

EXAMPLE = example_catalogue()


def test_the_catalogue_has_the_size_the_issue_asks_for():
    constructed = [course for course in EXAMPLE.courses if course.constructed]
    in_force = [fkb for fkb in EXAMPLE.fkbs if fkb.valid_to is None]
    assert 25 <= len(in_force) <= 35
    assert 330 <= len(constructed) <= 370
    assert len({fkb.branch_group for fkb in in_force}) == 8


def test_constructed_numbers_stand_apart_from_real_ones():
    for course in EXAMPLE.courses:
        assert course.constructed == ("90000" <= course.number <= "99999"), course
    for fkb in EXAMPLE.fkbs:
        assert fkb.constructed == fkb.number.startswith("9"), fkb


def test_titles_are_written_once_and_cleanly():
    titles = Counter(course.title for course in EXAMPLE.courses if course.constructed)
    assert [title for title, count in titles.items() if count > 1] == []
    for title in titles:
        assert title == title.strip()
        assert not title[0].islower(), title
        assert not re.search(r"  |[.;]$", title), title


def test_2222_has_34_core_courses_and_nine_with_low_activity():
    core = {r.course for r in EXAMPLE.relations if r.fkb == "2222" and r.kind == CORE}
    learners: Counter[str] = Counter()
    for row in EXAMPLE.activity:
        if row.year == 2025:
            learners[row.course] += row.learners
    assert len(core) == 34
    assert len([number for number in core if learners[number] < 12]) == 9


def test_the_catalogue_agrees_with_the_untidy_lists():
    """The imports are tried on `data/messy`, so numbers and titles must be the same."""
    text = (REAL_DATA / "messy" / "fagliste.csv").read_bytes().decode("windows-1252")
    titles = {course.number: course.title for course in EXAMPLE.courses}
    core = {(r.course, r.fkb) for r in EXAMPLE.relations if r.kind == CORE}
    seen = set()
    for row in csv.reader(text.splitlines(), delimiter=";"):
        if len(row) > 2 and re.fullmatch(r"90\d{3}", row[0]) and row[0] not in seen:
            seen.add(row[0])
            assert titles[row[0]] == row[1]
            assert (row[0], row[2]) in core
    assert len(seen) == 30


def test_every_relation_and_approval_points_to_something():
    fkbs = {fkb.number for fkb in EXAMPLE.fkbs}
    courses = {course.number for course in EXAMPLE.courses}
    schools = {school.key for school in EXAMPLE.schools}
    assert {r.fkb for r in EXAMPLE.relations} <= fkbs
    assert {r.course for r in EXAMPLE.relations} <= courses
    assert {a.fkb for a in EXAMPLE.approvals} <= fkbs
    assert {a.school for a in EXAMPLE.approvals} <= schools
    assert {a.evidence for a in EXAMPLE.approvals} == {CONSTRUCTED, "granted", "stated", "implied"}


@pytest.mark.django_db
def test_seeding_twice_changes_nothing(now):
    actor = Actor.system("test")
    first = seed_example(actor=actor, now=now)
    Fkb.objects.filter(number="2222").update(title="Rettet af en bruger")
    counts = [model.objects.count() for model in (Fkb, Course, Approval, Person, RoleAssignment)]
    second = seed_example(actor=actor, now=now)
    assert (first.was_there, second.was_there) == (False, True)
    assert counts == [
        model.objects.count() for model in (Fkb, Course, Approval, Person, RoleAssignment)
    ]
    assert Fkb.objects.get(number="2222").title == "Rettet af en bruger"


@pytest.mark.django_db
def test_the_seeded_network(now):
    seed_example(actor=Actor.system("test"), now=now)
    eso = Network.objects.get(key="eso")
    kinds = Counter(Membership.objects.filter(network=eso).values_list("kind", flat=True))
    assert kinds == {"member": 13, "invited": 3}
    assert Membership.objects.filter(network__key="sosu").count() == 6
    assert Postcode.objects.count() == 1159
    assert Fkb.objects.get(number="2222").predecessors.get().number == "2692"
    assert not Person.objects.exclude(email__endswith=".example").exists()
    assert not Person.objects.filter(is_constructed=False).exists()
    assert not any(person.has_usable_password() for person in Person.objects.all())
    for membership in Membership.objects.filter(network=eso):
        roles = {
            assignment.role
            for assignment in RoleAssignment.objects.filter(organisation=membership.organisation)
        }
        assert roles >= {"school_coordinator", "school_leader"}, membership


@pytest.mark.django_db
def test_nobody_but_the_platform_seeds(now, actor_with):
    with pytest.raises(Forbidden):
        seed_example(actor=actor_with("secretariat_coordinator"), now=now)


def test_the_same_seed_gives_the_same_catalogue():
    assert generate(5, SMALL) == generate(5, SMALL)
    assert generate(5, SMALL) != generate(6, SMALL)


def test_the_generator_reaches_the_whole_country():
    country = generate(1, COUNTRY)
    assert len(country.fkbs) == 134
    assert len(country.courses) == 3_000
    assert len(country.schools) == 90
    assert len(country.approvals) == 700
    assert len(country.runs) == 100_000
    assert sum(row.runs for row in country.activity if row.year == 2024) == 100_000
    core = Counter(r.fkb for r in country.relations if r.kind == CORE)
    assert core["8001"] == max(core.values()) == 40
    assert len([a for a in country.approvals if a.fkb == "8001"]) == 15
    assert {a.fkb for a in country.approvals} == {fkb.number for fkb in country.fkbs}
    rows = (*country.schools, *country.fkbs, *country.courses)
    assert all(row.constructed for row in rows)
    assert all(run.starts_on.weekday() < 5 and run.ends_on.weekday() < 5 for run in country.runs)


def test_a_size_that_cannot_fit_is_refused():
    with pytest.raises(ValueError, match="10,000"):
        generate(1, replace(SMALL, courses=10_001))
    with pytest.raises(ValueError, match="Approvals"):
        generate(1, replace(SMALL, approvals=3))


@pytest.mark.django_db
def test_generate_loads_and_writes_files(tmp_path: Path):
    out = StringIO()
    call_command("generate", size="small", folder=tmp_path, load=True, stdout=out)
    assert CourseActivity.objects.exists()
    assert Network.objects.get(key="konstrueret").is_constructed
    assert Membership.objects.filter(network__key="konstrueret").count() == SMALL.schools
    with (tmp_path / "runs.csv").open(encoding="utf-8") as handle:
        assert len(list(csv.DictReader(handle))) == SMALL.runs
    assert "Lagt i databasen" in out.getvalue()


def test_generate_wants_to_know_where_to():
    with pytest.raises(CommandError):
        call_command("generate")


def test_every_source_has_words_for_those_who_read_it():
    """What stands under 'Kilde' is a source and its year, not a file of ours."""
    for name in ("fkb", "amu", "approvals"):
        with (REAL_DATA / f"{name}.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                assert source_words(row["source"], row["year"])
    shown = {row.source for row in (*EXAMPLE.fkbs, *EXAMPLE.courses, *EXAMPLE.approvals)}
    assert not [words for words in shown if re.search(r"README|data/|course pages|\bc\. ", words)]
    real = {row.source for row in (*EXAMPLE.fkbs, *EXAMPLE.courses) if not row.constructed}
    undated = [words for words in real if not re.search(r"\b20\d\d", words)]
    assert not undated
    assert "konstrueret eksempel" not in real
    assert "UddannelsesGuiden, ug.dk, omkring 2021–2024" in real
