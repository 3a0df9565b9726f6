"""Signatures on paper: handed in by one, confirmed by another, part of the sealed file (R31)."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pypdf
import pytest
from django.db import IntegrityError, transaction

from samspil.coordination.domain import paper as papers
from samspil.coordination.domain import seals
from samspil.coordination.domain.sealed_record import verdict
from samspil.coordination.enums import AgreementStatus
from samspil.coordination.models import PaperSignature
from samspil.kernel import clock, outbox, roles, sealing
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.kernel.tasks import tasks_for
from samspil.network.domain.actors import actor_for
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW, make_person
from tests.support.sealing import use_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit():
    return make_agreement_case()


@pytest.fixture
def agreement(kit):
    kit.freeze()
    return kit.make()


@pytest.fixture
def second(kit):
    """Another coordinator of the same secretariat."""
    person = make_person("Nummer To", roles.SECRETARIAT, network=kit.case.network)
    return actor_for(person, today=NOW.date())


def _scan() -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _submit(kit, agreement, index=0, **values):
    return papers.submit_paper(
        **{
            "actor": kit.case.secretariat,
            "now": NOW,
            "signature": kit.place(agreement, index),
            "person_name": "Leder På Papir",
            "signed_on": NOW.date(),
            "content": _scan(),
            "file_name": "scan.pdf",
            **values,
        }
    )


def _confirm(actor, agreement, paper, **values):
    return papers.confirm_paper(
        **{
            "actor": actor,
            "now": NOW,
            "paper": paper,
            "checksum": agreement.content_hash[:8],
            **values,
        }
    )


def test_the_one_who_hands_it_in_does_not_confirm_it(kit, agreement):
    paper = _submit(kit, agreement)
    for actor in (kit.case.secretariat, kit.leader(0), Actor.system("x")):
        with pytest.raises(Forbidden):
            _confirm(actor, agreement, paper)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperSignature.objects.filter(pk=paper.pk).update(
            confirmed_by_id=kit.case.secretariat.person_id
        )


def test_confirmed_it_signs_for_the_school_and_the_trail_says_who_did_what(kit, agreement, second):
    row = _confirm(second, agreement, _submit(kit, agreement))
    assert (row.status, row.method, row.person_name) == ("signed", "paper", "Leder På Papir")
    assert row.person_id is None
    event = AuditEvent.objects.get(verb="coordination.confirm_paper")
    assert event.after["confirmed_by"] == "Nummer To"
    assert event.after["submitted_by"] == kit.case.secretariat_person.name


def test_the_checksum_on_the_paper_must_be_that_of_the_agreement(kit, agreement, second):
    paper = _submit(kit, agreement)
    with pytest.raises(Invalid):
        _confirm(second, agreement, paper, checksum="00000000")
    assert kit.place(agreement, 0).status == "waiting"
    _confirm(second, agreement, paper, checksum=f" {agreement.content_hash[:8].upper()} ")
    assert kit.place(agreement, 0).status == "signed"


def test_it_waits_among_the_tasks_of_the_others_in_the_secretariat(kit, agreement, second):
    def asked(actor) -> list[str]:
        return [t.url for t in tasks_for(actor, NOW.date()) if "/papir/" in t.url]

    paper = _submit(kit, agreement)
    assert asked(second) == [
        f"/runder/aftale/{agreement.pk}/papir/{paper.signature.organisation_id}/"
    ]
    assert asked(kit.case.secretariat) == []
    assert asked(kit.leader(0)) == []
    _confirm(second, agreement, paper)
    assert asked(second) == []


def test_who_may_hand_in(kit, agreement):
    for actor in (kit.leader(1), kit.case.coordinator(1), Actor.system("x")):
        with pytest.raises(Forbidden):
            _submit(kit, agreement, actor=actor)
    assert _submit(kit, agreement, actor=kit.case.coordinator(0)).pk


@pytest.mark.parametrize(
    "values",
    [
        {"content": b"MZ" + bytes(99)},
        {"content": b"%PDF-1.7\n" + bytes(6 * 1024 * 1024) + b"%%EOF"},
        {"signed_on": NOW.date() + timedelta(days=1)},
    ],
)
def test_only_a_small_pdf_of_a_day_that_has_been(kit, agreement, values):
    with pytest.raises(Invalid):
        _submit(kit, agreement, **values)


def test_one_paper_at_a_time_and_a_refused_one_can_be_replaced(kit, agreement, second):
    paper = _submit(kit, agreement)
    with pytest.raises(Conflict):
        _submit(kit, agreement)
    with pytest.raises(Invalid):
        papers.refuse_paper(actor=second, now=NOW, paper=paper, reason=" ")
    papers.refuse_paper(actor=second, now=NOW, paper=paper, reason="Kan ikke læses")
    with pytest.raises(Conflict):
        _confirm(second, agreement, paper)
    assert _submit(kit, agreement).pk != paper.pk


def test_who_has_signed_needs_no_paper(kit, agreement, second):
    paper = _submit(kit, agreement)
    kit.sign(agreement, 0)
    with pytest.raises(Conflict):
        _confirm(second, agreement, paper)
    with pytest.raises(Conflict):
        _submit(kit, agreement)


def test_the_last_signature_on_paper_completes_and_lies_in_the_sealed_file(
    kit, agreement, second, settings, tmp_path
):
    use_key(settings, tmp_path / "segl")
    for index in range(1, 4):
        kit.sign(agreement, index)
    _confirm(second, agreement, _submit(kit, agreement))
    outbox.run_due(clock.now() + timedelta(minutes=1))
    agreement.refresh_from_db()
    assert agreement.status == AgreementStatus.SIGNED
    content = seals.seal_of(agreement).file.read()
    found = verdict(sealing.check(content).findings)
    assert [act.person for act in found.acts if act.method == "paper"] == ["Leder På Papir"]
    files = pypdf.PdfReader(io.BytesIO(content)).attachments
    assert files[f"papir-{kit.case.schools[0].key}.pdf"] == [_scan()]
    [record] = files["underskrifter.json"]
    [facts] = [row["paper"] for row in json.loads(record)["signatures"] if "paper" in row]
    assert facts["confirmed_by"] == "Nummer To"


def test_in_the_browser_without_script(kit, agreement, second, client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    school = kit.case.schools[0]
    address = f"/runder/aftale/{agreement.pk}/papir/{school.pk}/"
    client.force_login(kit.case.secretariat_person)
    assert "Læg papiret ind" in client.get(address).content.decode()
    sent = {
        "document": SimpleUploadedFile("scan.pdf", _scan()),
        "person_name": "Leder På Papir",
        "signed_on": "2026-03-01",
    }
    assert client.post(address, sent).status_code == 302
    assert "venter på, at en anden" in client.get(address).content.decode()
    assert client.get(address + "papir.pdf").headers["Content-Type"] == "application/pdf"
    client.force_login(kit.leaders[1])
    assert client.get(address).status_code == 403
    assert client.get(address + "papir.pdf").status_code == 403
    client.force_login(type(kit.leaders[0]).objects.get(name="Nummer To"))
    wrong = client.post(address, {"checksum": "00000000"})
    assert wrong.status_code == 400
    assert client.post(address, {"checksum": agreement.content_hash[:8]}).status_code == 302
    assert kit.place(agreement, 0).status == "signed"


def _mails(category: str) -> dict[str, str]:
    return {m.to: m.text for m in MailMessage.objects.filter(category=f"coordination.{category}")}


def test_the_others_in_the_secretariat_are_told_that_a_paper_waits(kit, agreement, second):
    _submit(kit, agreement, actor=kit.case.coordinator(0))
    told = _mails("paper_waiting")
    assert kit.case.secretariat_person.email in told
    assert len(told) == 2
    school = kit.case.schools[0]
    assert all(f"/aftale/{agreement.pk}/papir/{school.pk}/" in text for text in told.values())
    MailMessage.objects.all().delete()
    papers.refuse_paper(
        actor=kit.case.secretariat,
        now=NOW,
        paper=papers.paper_of(kit.place(agreement, 0)),
        reason="Kan ikke læses",
    )
    _submit(kit, agreement)  # by the secretariat itself: the other one is told, not who did it
    assert kit.case.secretariat_person.email not in _mails("paper_waiting")
    assert len(_mails("paper_waiting")) == 1


def test_the_school_is_told_when_its_paper_is_confirmed_or_refused(kit, agreement, second):
    paper = _submit(kit, agreement, actor=kit.case.coordinator(0))
    papers.refuse_paper(actor=second, now=NOW, paper=paper, reason="Kan ikke læses")
    told = _mails("paper_settled")
    assert set(told) == {kit.leaders[0].email, kit.case.people[0].email}
    assert all("Grund: Kan ikke læses" in text for text in told.values())
    MailMessage.objects.all().delete()
    _confirm(second, agreement, _submit(kit, agreement))
    told = _mails("paper_settled")
    assert set(told) == {
        kit.leaders[0].email,
        kit.case.people[0].email,
        kit.case.secretariat_person.email,  # handed it in
    }
    assert all("har bekræftet papiret" in text for text in told.values())


def test_the_paper_s_signer_is_held_up_against_those_who_may_sign(kit, agreement, second, client):
    school = kit.case.schools[0]
    address = f"/runder/aftale/{agreement.pk}/papir/{school.pk}/"
    client.force_login(second_person := type(kit.leaders[0]).objects.get(name="Nummer To"))
    assert second_person.pk == second.person_id
    stranger = _submit(kit, agreement)
    page = client.get(address).content.decode()
    assert "Leder 0" in page  # may sign
    assert "Navnet på papiret er ikke blandt dem" in page
    papers.refuse_paper(actor=second, now=NOW, paper=stranger, reason="Ingen leder af det navn")
    known = _submit(kit, agreement, person_name=" leder  0 ")
    assert "ikke blandt dem" not in client.get(address).content.decode()
    row = _confirm(second, agreement, known)
    assert row.basis == {"kind": "leader"}


def test_a_leader_without_an_account_can_sign_on_paper(kit, agreement, second):
    assert _confirm(second, agreement, _submit(kit, agreement)).basis == {}
