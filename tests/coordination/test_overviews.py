"""Frozen overviews: only without gaps, hashed, and the difference in words."""

from __future__ import annotations

import io
import subprocess

import openpyxl
import pypdf
import pytest

from samspil.coordination.domain import overviews
from samspil.coordination.enums import FkbStatus
from samspil.coordination.models import Commitment, Overview
from samspil.kernel import outbox
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW

pytestmark = pytest.mark.django_db


def _set(case, row, school, **values):
    Commitment.objects.filter(round_course=row, organisation=case.schools[school]).update(**values)


def test_a_gap_is_named_and_nothing_is_frozen():
    kit = make_agreement_case()
    row = kit.case.rows[0]
    Commitment.objects.filter(round_course=row).delete()
    with pytest.raises(Invalid, match=row.course.number):
        kit.freeze()
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.OPEN
    assert not Overview.objects.exists()


def test_content_is_hashed_and_the_same_state_gives_the_same_hash():
    kit = make_agreement_case()
    first = kit.freeze()
    assert first.sha256 == overviews.sha256_of(first.content)
    assert kit.freeze().pk == first.pk
    kit.reopen()
    again = kit.freeze()
    assert (again.pk, again.version) == (first.pk, 1)
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.FROZEN


def test_schools_may_not_freeze_and_a_collecting_round_is_too_early():
    kit = make_agreement_case()
    with pytest.raises(Forbidden):
        overviews.freeze_overview(actor=kit.leader(0), now=NOW, round_fkb=kit.case.fkb)
    early = make_agreement_case(status="collecting", fkb="9333")
    with pytest.raises(Conflict):
        early.freeze()


def test_difference_in_danish_words():
    kit = make_agreement_case()
    case = kit.case
    first = kit.freeze()
    kit.reopen()
    labels = [school.label for school in case.schools]
    number = [row.course.number for row in case.rows]
    case.commit(case.rows[0], 1, "follower")
    _set(case, case.rows[0], 0, role="holder")
    _set(case, case.rows[1], 0, runs=3)
    _set(case, case.rows[3], 2, role="none")
    second = kit.freeze()
    assert second.version == first.version + 1
    assert second.difference == [
        *sorted(
            [
                f"{number[0]}: {labels[1]} følger nu {labels[0]} (før: intet udbud)",
                f"{number[0]}: {labels[0]} udbyder nu for de andre, 2 hold, uge 37"
                " (før: eget udbud, 2 hold, uge 37)",
            ],
            key=lambda text: text[7:],
        ),
        f"{number[1]}: {labels[0]} har nu 3 hold, uge 37 (før: 2 hold, uge 37)",
        f"{number[3]}: {labels[2]} udbyder ikke længere målet (før: fulgte {labels[1]})",
    ]


def test_a_moved_joint_run_concerns_holder_and_followers():
    kit = make_agreement_case()
    case = kit.case
    before = overviews.content_of(case.fkb)
    _set(case, case.rows[3], 1, when_text="uge 40")
    (change,) = overviews.changes_between(before, overviews.content_of(case.fkb))
    assert change.schools == {case.schools[1].key, case.schools[2].key}
    assert "har nu 1 hold, uge 40, garanti" in change.text


def test_files_are_tagged_and_say_what_they_are(tmp_path):
    kit = make_agreement_case()
    overview = kit.freeze()
    outbox.run_due(NOW)
    overview.refresh_from_db()
    pdf = pypdf.PdfReader(io.BytesIO(overview.pdf.read()))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("da")
    assert pdf.metadata.title == "Koordineringsoversigt 2027, FKB 9222"
    for page in pdf.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
    path = tmp_path / "o.pdf"
    path.write_bytes(overview.pdf.read())
    text = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "konstrueret eksempel" in text
    assert overview.sha256 in text
    assert "Fælles hold: Vestby" in text
    book = openpyxl.load_workbook(io.BytesIO(overview.xlsx.read()))
    assert book.sheetnames == ["Oversigt", "Linjer"]
    assert book["Oversigt"]["A5"].value == kit.case.rows[0].course.number


def test_what_people_write_is_never_markup():
    kit = make_agreement_case()
    course = kit.case.rows[0].course
    course.title = '#eval("1") *x* $a$ <b> @ref \\ ] = "'
    course.save()
    overview = kit.freeze()
    outbox.run_due(NOW)
    overview.refresh_from_db()
    text = pypdf.PdfReader(io.BytesIO(overview.pdf.read())).pages[0].extract_text()
    assert "#eval" in text
    assert "*x*" in text


def test_pages(client):
    kit = make_agreement_case()
    case = kit.case
    client.force_login(case.secretariat_person)
    url = f"/runder/{case.round.pk}/fkb/{case.fkb.fkb.number}/oversigt"
    assert "Lås oversigten" in client.get(f"{url}/").content.decode()
    assert client.post(f"{url}/laas/", follow=True).status_code == 200
    assert client.get(f"{url}/1.pdf").status_code == 404
    outbox.run_due(NOW)
    from samspil.kernel import clock

    outbox.run_due(clock.now())
    assert client.get(f"{url}/1.pdf").content.startswith(b"%PDF")
    assert client.get(f"{url}/1.xlsx").content.startswith(b"PK")
    assert client.get(f"{url}.xlsx").content.startswith(b"PK")
    assert "Åbn oversigten igen" in client.get(f"{url}/").content.decode()
    assert client.post(f"{url}/aabn/", {"reason": ""}).status_code == 400
    assert client.post(f"{url}/aabn/", {"reason": "Nyt hold"}).status_code == 302
    stranger = make_agreement_case(fkb="9333")
    client.force_login(stranger.leaders[0])
    for tail in ("/", "/1.pdf", "/1.xlsx", ".xlsx"):
        assert client.get(f"{url}{tail}").status_code == 404
