"""A change after signing: an addendum in words, for those it concerns, beside what it changes (R31)."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pypdf
import pytest

from samspil.coordination.domain import board, comparison
from samspil.coordination.domain.comparison import Mark
from samspil.coordination.enums import AgreementKind, FkbStatus
from samspil.coordination.models import Commitment
from samspil.kernel import clock, outbox
from samspil.kernel.actor import Actor
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit():
    return make_agreement_case()


@pytest.fixture
def agreement(kit):
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    return agreement


def _cell(kit, row: int, school: int) -> Commitment:
    return Commitment.objects.get(
        round_course=kit.case.rows[row], organisation=kit.case.schools[school]
    )


def _addendum(kit):
    kit.freeze()
    return kit.make()


def _signers(addendum) -> set[str]:
    return set(addendum.signatures.values_list("organisation__name", flat=True))


def _names(kit, *indices: int) -> set[str]:
    return {kit.case.schools[index].name for index in indices}


def _gives_back(kit) -> None:
    """School 0 gives a course back, and school 3 takes it."""
    kit.reopen("Læreren er rejst")
    _cell(kit, 0, 0).delete()
    kit.case.commit(kit.case.rows[0], 3, "own", runs=1, when_text="uge 45")


def test_a_course_given_back_is_signed_by_who_gives_and_who_takes(kit, agreement):
    _gives_back(kit)
    addendum = _addendum(kit)
    assert addendum.kind == AgreementKind.ADDENDUM
    assert _signers(addendum) == _names(kit, 0, 3)
    first, last = (kit.case.schools[index].label for index in (0, 3))
    number = kit.case.rows[0].course.number
    assert addendum.content["sections"][0]["points"] == [
        f"{number}: {last} har nu eget udbud, 1 hold, uge 45 (før: intet udbud)",
        f"{number}: {first} udbyder ikke længere målet (før: eget udbud, 2 hold, uge 37)",
    ]
    found = comparison.comparison_of(addendum)
    [course] = found.changed
    assert course.number == number
    assert {(p.who, p.before, p.after, p.mark) for p in course.pairs} == {
        (first, "eget udbud, 2 hold, uge 37", "", Mark.GONE),
        (last, "", "eget udbud, 1 hold, uge 45", Mark.NEW),
    }
    assert len(found.courses) == len(kit.case.rows)
    kit.sign(addendum, 0)
    kit.sign(addendum, 3)
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.AGREED


def test_a_date_that_moves_is_signed_by_holder_and_followers(kit, agreement):
    kit.reopen("Lokalet er optaget")
    cell = _cell(kit, 3, 1)
    cell.when_text, cell.starts_on = "5.-7. oktober", date(2027, 10, 5)
    cell.save()
    addendum = _addendum(kit)
    assert _signers(addendum) == _names(kit, 1, 2)
    [course] = comparison.comparison_of(addendum).changed
    moved = next(pair for pair in course.pairs if pair.mark == Mark.CHANGED)
    assert moved.before == "udbyder for de andre, 1 hold, 14.-16. september, garanti"
    assert moved.after == "udbyder for de andre, 1 hold, 5.-7. oktober, garanti"


def test_a_school_that_closes_leaves_the_agreement_and_the_others_sign(kit, agreement):
    board.school_leaves(
        actor=Actor.system("tests"),
        now=NOW,
        round=kit.case.round,
        organisation=kit.case.schools[1],
        on=NOW.date() - timedelta(days=1),
    )
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.OPEN
    kit.case.commit(kit.case.rows[3], 3, "holder", runs=1, when_text="uge 40")
    kit.case.commit(kit.case.rows[3], 0, "follower")
    addendum = _addendum(kit)
    gone = kit.case.schools[1].label
    assert any(
        f"{gone} er ikke længere med" in text for text in addendum.content["sections"][0]["points"]
    )
    signers = _signers(addendum)
    assert kit.case.schools[1].name not in signers
    assert _names(kit, 0, 3) <= signers
    found = comparison.comparison_of(addendum)
    assert [(pair.who, pair.mark) for pair in found.parties] == [(gone, Mark.GONE)]
    assert agreement.signatures.filter(status="signed").count() == 4  # what was signed stands


def test_a_second_addendum_is_compared_with_the_first(kit, agreement):
    _gives_back(kit)
    first = _addendum(kit)
    kit.sign(first, 0)
    kit.reopen("Endnu en gang")
    cell = _cell(kit, 0, 3)
    cell.runs = 2
    cell.save()
    second = _addendum(kit)
    assert comparison.replaced_by(second) == first
    [course] = comparison.comparison_of(second).changed
    assert [(p.before, p.after) for p in course.pairs] == [
        ("eget udbud, 1 hold, uge 45", "eget udbud, 2 hold, uge 45")
    ]


def test_the_page_shows_the_changed_ones_and_all_when_asked(kit, agreement, client):
    _gives_back(kit)
    addendum = _addendum(kit)
    client.force_login(kit.leaders[2])  # not asked to sign, but a party
    url = f"/runder/aftale/{addendum.pk}/aendringer/"
    page = client.get(url).content.decode()
    same = kit.case.rows[1].course.number
    assert kit.case.rows[0].course.number in page
    assert same not in page
    assert "Ny" in page
    assert "Udgået" in page
    assert same in client.get(f"{url}?alle=1").content.decode()
    assert client.get(f"/runder/aftale/{agreement.pk}/aendringer/").status_code == 302
    assert "side om side" in client.get(f"/runder/aftale/{addendum.pk}/").content.decode()
    client.force_login(kit.leaders[3])
    sign = client.get(f"/runder/aftale/{addendum.pk}/underskriv/{kit.case.schools[3].pk}/")
    assert "Det ændrer tillægget" in sign.content.decode()


def test_the_pdf_has_the_two_versions_side_by_side(kit, agreement):
    _gives_back(kit)
    addendum = _addendum(kit)
    outbox.run_due(clock.now() + timedelta(minutes=1))
    addendum.refresh_from_db()
    pages = pypdf.PdfReader(io.BytesIO(addendum.pdf.read())).pages
    text = " ".join("".join(page.extract_text() for page in pages).split())
    assert "Versionerne side om side" in text
    assert "Udgået" in text
    assert "eget udbud, 1 hold, uge 45" in text
    agreement.refresh_from_db()
    first = pypdf.PdfReader(io.BytesIO(agreement.pdf.read())).pages
    assert "side om side" not in "".join(page.extract_text() for page in first)
