"""What a school writes in free text in its form is read by the school and the secretariat only."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from samspil.coordination.domain import archive, mergers, overviews
from samspil.coordination.enums import FkbStatus, RoundStatus
from samspil.coordination.models import CourseComment, Form, Intent, Round, RoundArchive, RoundFkb
from samspil.kernel import outbox, roles
from samspil.kernel.actor import Actor
from tests.factories.board import NOW, make_person, make_round
from tests.support.walk import World

pytestmark = pytest.mark.django_db

SECRET = "Vores underviser er sygemeldt til påske"


def written(world: World) -> None:
    """The first school wrote a note on every course, before anything is made."""
    for row in world.inside.rows:
        world.inside.intend(
            row, 0, offers=True, runs=2, when_text="uge 37", take_on_days=4, note=SECRET
        )


@pytest.fixture
def world() -> World:
    world = World()
    written(world)
    return world


def client_of(person: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def texts_in(content: bytes) -> Iterator[str]:
    """A body as text, and when it is a zip (a workbook, an archive) all that is in it."""
    yield content.decode("utf-8", errors="replace")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            for name in bundle.namelist():
                yield from texts_in(bundle.read(name))


def says_it(response: Any) -> bool:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return any(SECRET in text for text in texts_in(body))


def test_the_board_pages_show_it_to_the_school_and_the_secretariat(world: World) -> None:
    """So that test_notes_everywhere.py does not pass because nobody sees anything."""
    case = world.inside
    row = case.rows[0]
    for name, args in (
        ("course", [case.round.pk, row.pk]),
        ("cell", [case.round.pk, row.pk, case.schools[0].pk]),
        ("form", [case.round.pk, case.schools[0].pk]),
        ("form_workbook", [case.round.pk, case.schools[0].pk]),
    ):
        url = reverse(f"coordination:{name}", args=args)
        for who in ("secretariat", "coordinator", "leader", "administrator"):
            assert says_it(client_of(world.people[who]).get(url)), f"{who} at {url}"
    colleague = client_of(world.people["other coordinator"])
    page = colleague.get(reverse("coordination:course", args=[case.round.pk, row.pk]))
    assert "udbyder, 2 hold, uge 37, plads til 4 dage for andre" in page.content.decode()


def test_nor_in_what_is_frozen_signed_and_archived(world: World) -> None:
    """The files of a finished FKB, and the archive that only the secretariat fetches."""
    case = world.inside
    for row in case.rows:
        case.commit(row, 0, "own", runs=1)
    frozen = overviews.freeze_overview(actor=case.secretariat, now=NOW, round_fkb=case.fkb)
    outbox.run_due(NOW)
    number = case.fkb.fkb.number
    colleague = client_of(world.people["other coordinator"])
    got = 0
    for name, args in (
        ("overview", [case.round.pk, number]),
        ("overview_xlsx", [case.round.pk, number]),
        ("overview_pdf", [case.round.pk, number, frozen.version]),
        ("version_xlsx", [case.round.pk, number, frozen.version]),
    ):
        response = colleague.get(reverse(f"coordination:{name}", args=args))
        got += response.status_code == 200
        assert not says_it(response)
    assert got == 4
    RoundFkb.objects.filter(round=case.round).update(status=FkbStatus.AGREED)
    Round.objects.filter(pk=case.round.pk).update(status=RoundStatus.SIGNING)
    archive.close_round(actor=case.secretariat, now=NOW, round=Round.objects.get(pk=case.round.pk))
    outbox.run_due(NOW)
    assert RoundArchive.objects.filter(round=case.round).exists()
    url = reverse("coordination:archive", args=[case.round.pk])
    assert says_it(client_of(world.people["secretariat"]).get(url))
    for who in ("other coordinator", "coordinator", "reader"):
        assert client_of(world.people[who]).get(url).status_code == 404


def test_the_planners_problem_is_the_secretariats(world: World) -> None:
    url = reverse("coordination:proposal_problem", args=[world.proposal.pk])
    got = {who: client_of(person).get(url).status_code for who, person in world.people.items()}
    assert {who for who, status in got.items() if status == 200} == {"secretariat", "administrator"}
    assert got["coordinator"] == got["reader"] == 403


def test_a_merger_takes_the_note_over_and_tells_nobody() -> None:
    """It used to be quoted in a comment on the course, where every school reads it."""
    case = make_round(schools=3)
    first, second = case.rows[:2]
    case.intend(first, 0, offers=True, note=SECRET)
    case.intend(first, 1, offers=False, note="Vores egen")
    case.intend(second, 0, offers=True, note=SECRET)
    mergers.merge_schools(
        actor=Actor.system("tests"),
        now=NOW,
        round=case.round,
        organisation=case.schools[0],
        successor=case.schools[1],
        on=date(2026, 8, 1),
    )
    assert not [said for said in CourseComment.objects.all() if SECRET in said.text]
    form = Form.objects.get(round=case.round, organisation=case.schools[1])
    notes = dict(Intent.objects.filter(form=form).values_list("round_course_id", "note"))
    assert notes[first.pk] == f"Vores egen – {case.schools[0].label}: {SECRET}"
    assert notes[second.pk] == SECRET


def test_the_old_schools_note_stays_in_its_form_when_there_is_no_room() -> None:
    case = make_round(schools=2)
    row = case.rows[0]
    case.intend(row, 0, offers=True, note=SECRET)
    case.intend(row, 1, offers=True, note="x" * 490)
    mergers.merge_schools(
        actor=Actor.system("tests"),
        now=NOW,
        round=case.round,
        organisation=case.schools[0],
        successor=case.schools[1],
        on=date(2026, 8, 1),
    )
    new = Form.objects.get(round=case.round, organisation=case.schools[1])
    old = Form.objects.get(round=case.round, organisation=case.schools[0])
    assert Intent.objects.get(form=new, round_course=row).note == "x" * 490
    assert Intent.objects.get(form=old, round_course=row).note == SECRET


def test_a_reader_of_the_school_reads_its_form() -> None:
    case = make_round(schools=2)
    case.intend(case.rows[0], 0, offers=True, note=SECRET)
    person = make_person("Læser", roles.READER, organisation=case.schools[0])
    url = reverse("coordination:form", args=[case.round.pk, case.schools[0].pk])
    assert re.search(SECRET, client_of(person).get(url).content.decode())
