"""Agreements: who signs, what a signature binds to, and what a later change does (R31, R140)."""

from __future__ import annotations

import io
from datetime import timedelta

import pypdf
import pytest

from samspil.coordination.domain import agreements
from samspil.coordination.enums import AgreementKind, AgreementStatus, FkbStatus
from samspil.coordination.models import Agreement, Commitment, RoundSchool
from samspil.kernel import clock, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.kernel.signing import SecondFactor
from samspil.kernel.tasks import tasks_for
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit():
    return make_agreement_case()


@pytest.fixture
def agreement(kit):
    kit.freeze()
    return kit.make()


def test_all_coordinating_schools_sign_but_not_one_that_left(kit):
    RoundSchool.objects.filter(organisation=kit.case.schools[2]).update(left_on=NOW.date())
    kit.freeze()
    made = kit.make()
    assert made.kind == AgreementKind.ORIGINAL
    assert set(made.signatures.values_list("organisation_id", flat=True)) == {
        school.pk for i, school in enumerate(kit.case.schools) if i != 2
    }
    assert MailMessage.objects.filter(category="coordination.agreement_ready").count() == 3


def test_no_agreement_of_an_open_overview(kit):
    with pytest.raises(Conflict):
        kit.make()


def test_making_it_twice_gives_one(kit, agreement):
    assert kit.make().pk == agreement.pk


def test_only_the_schools_own_leader_signs(kit, agreement):
    for actor in (kit.leader(1), kit.case.coordinator(0), kit.case.secretariat, Actor.system("x")):
        with pytest.raises(Forbidden):
            kit.sign(agreement, 0, actor=actor)


@pytest.mark.parametrize(
    "factor",
    [
        None,
        SecondFactor("totp", NOW - timedelta(minutes=12)),
        SecondFactor("password", NOW),
        SecondFactor("example", NOW),
    ],
)
def test_a_fresh_second_factor_is_needed(kit, agreement, factor, settings):
    settings.EXAMPLE_DOOR = False
    with pytest.raises(Forbidden):
        kit.sign(agreement, 0, factor=factor)


def test_another_hash_than_the_one_read_is_refused(kit, agreement):
    with pytest.raises(Conflict):
        kit.sign(agreement, 0, content_hash="0" * 64)


def test_content_changed_behind_the_hash_is_refused(kit, agreement):
    content = {**agreement.content, "title": "Noget andet"}
    Agreement.objects.filter(pk=agreement.pk).update(content=content)
    with pytest.raises(Conflict):
        kit.sign(agreement, 0)


def test_signing_twice_changes_nothing(kit, agreement):
    first = kit.sign(agreement, 0)
    events = AuditEvent.objects.count()
    again = kit.sign(agreement, 0, now=NOW + timedelta(minutes=1))
    assert again.acted_at == first.acted_at
    assert AuditEvent.objects.count() == events


def test_the_last_signature_completes_and_the_pdf_says_who(kit, agreement):
    for index in range(4):
        kit.sign(agreement, index)
    agreement.refresh_from_db()
    kit.case.fkb.refresh_from_db()
    assert agreement.status == AgreementStatus.SIGNED
    assert kit.case.fkb.status == FkbStatus.AGREED
    outbox.run_due(NOW)
    agreement.refresh_from_db()
    pdf = pypdf.PdfReader(io.BytesIO(agreement.signed_pdf.read()))
    text = " ".join("".join(page.extract_text() for page in pdf.pages).split())
    for index, school in enumerate(kit.case.schools):
        assert school.name in text
        assert f"Leder {index}" in text
    assert "Engangskode" in text
    assert agreement.content_hash[:16] in text
    assert "hele taxametret" in text
    told = MailMessage.objects.filter(category="coordination.agreement_signed")
    assert told.count() == 5
    assert [f.pk for f in told.first().attachments.all()] == [agreement.signed_pdf_id]


def test_declining_tells_the_secretariat_and_can_be_thought_over(kit, agreement):
    with pytest.raises(Invalid):
        agreements.decline(
            actor=kit.leader(0), now=NOW, signature=kit.place(agreement, 0), reason=" "
        )
    agreements.decline(
        actor=kit.leader(0), now=NOW, signature=kit.place(agreement, 0), reason="For mange hold"
    )
    agreement.refresh_from_db()
    assert agreement.status == AgreementStatus.DECLINED
    mail = MailMessage.objects.get(category="coordination.agreement_declined")
    assert "For mange hold" in mail.text
    assert mail.to == kit.case.secretariat_person.email
    kit.sign(agreement, 0)
    agreement.refresh_from_db()
    assert agreement.status == AgreementStatus.COLLECTING


def test_a_signed_school_cannot_decline(kit, agreement):
    kit.sign(agreement, 0)
    with pytest.raises(Conflict):
        agreements.decline(
            actor=kit.leader(0), now=NOW, signature=kit.place(agreement, 0), reason="Fortrudt"
        )


def test_reminders_go_to_those_who_lack_and_once_a_day(kit, agreement):
    kit.sign(agreement, 0)
    remind = {"actor": kit.case.secretariat, "agreement": agreement}
    assert agreements.remind_signers(now=NOW, **remind) == 3
    assert agreements.remind_signers(now=NOW + timedelta(hours=1), **remind) == 0
    assert agreements.remind_signers(now=NOW + timedelta(days=1), **remind) == 3


def test_a_week_before_the_deadline_the_worker_reminds(kit, agreement):
    outbox.run_due(NOW)
    outbox.run_due(NOW + timedelta(days=200))
    assert MailMessage.objects.filter(category="coordination.agreement_reminder").count() == 4


def test_unsigned_agreement_is_withdrawn_when_the_overview_opens(kit, agreement):
    kit.reopen()
    agreement.refresh_from_db()
    assert agreement.status == AgreementStatus.WITHDRAWN
    with pytest.raises(Conflict):
        kit.sign(agreement, 0)
    Commitment.objects.filter(round_course=kit.case.rows[0]).update(runs=5)
    kit.freeze()
    assert kit.make().kind == AgreementKind.ORIGINAL


def test_a_change_after_signing_becomes_an_addendum_for_those_it_concerns(kit, agreement):
    for index in range(4):
        kit.sign(agreement, index)
    before = list(agreement.signatures.order_by("pk").values())
    kit.reopen()
    Commitment.objects.filter(
        round_course=kit.case.rows[3], organisation=kit.case.schools[1]
    ).update(when_text="uge 40")
    overview = kit.freeze()
    addendum = kit.make()
    assert addendum.kind == AgreementKind.ADDENDUM
    assert addendum.content["changes"] == agreement.content_hash
    assert set(addendum.signatures.values_list("organisation__key", flat=True)) == {
        kit.case.schools[1].key,
        kit.case.schools[2].key,
    }
    assert addendum.content["sections"][0]["points"] == overview.difference
    assert list(agreement.signatures.order_by("pk").values()) == before
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.FROZEN
    kit.sign(addendum, 1)
    kit.sign(addendum, 2)
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.AGREED


def test_a_half_signed_agreement_stays_and_waits_while_the_overview_is_open(kit, agreement):
    kit.sign(agreement, 0)
    kit.reopen()
    agreement.refresh_from_db()
    assert agreement.status == AgreementStatus.COLLECTING
    with pytest.raises(Conflict):
        kit.sign(agreement, 1)
    kit.freeze()
    assert kit.make().pk == agreement.pk
    for index in range(1, 4):
        kit.sign(agreement, index)
    kit.case.fkb.refresh_from_db()
    assert kit.case.fkb.status == FkbStatus.AGREED


def test_tasks_of_leaders_and_secretariat(kit, agreement):
    number = kit.case.fkb.fkb.number
    titles = [task.title for task in tasks_for(kit.leader(0), NOW.date())]
    assert f"Underskriv aftalen for FKB {number}" in titles
    kit.sign(agreement, 0)
    assert not [t for t in tasks_for(kit.leader(0), NOW.date()) if "Underskriv" in t.title]
    titles = [task.title for task in tasks_for(kit.case.secretariat, NOW.date())]
    assert f"3 skoler mangler at underskrive FKB {number}" in titles


def test_pages_of_a_leader(client, kit, agreement, settings):
    settings.EXAMPLE_DOOR = False
    client.force_login(kit.leaders[0])
    url = f"/runder/aftale/{agreement.pk}/"
    place = kit.case.schools[0].pk
    assert "0 af 4 skoler har underskrevet" in client.get(url).content.decode()
    page = client.get(f"{url}underskriv/{place}/").content.decode()
    assert "anden faktor" in page
    data = {"content_hash": agreement.content_hash, "example": "1"}
    client.post(f"{url}underskriv/{place}/", data)
    assert kit.place(agreement, 0).status == "waiting"
    session = client.session
    session["account_authentication_methods_user"] = str(kit.leaders[0].pk)
    session["account_authentication_methods"] = [
        {"method": "mfa", "type": "totp", "at": clock.now().timestamp()}
    ]
    session.save()
    page = client.get(f"{url}underskriv/{place}/").content.decode()
    assert "content_hash" in page, page[page.find("<h2") :]
    assert client.post(f"{url}underskriv/{place}/", data).status_code == 302
    assert kit.place(agreement, 0).status == "signed"
    assert kit.place(agreement, 0).method == "totp"
    other = kit.case.schools[1].pk
    assert client.get(f"{url}underskriv/{other}/").status_code == 404
    assert client.get(f"{url}afvis/{other}/").status_code == 404
    assert client.post(f"{url}mind/").status_code == 403


def test_decline_page_and_the_strangers_404(client, kit, agreement):
    client.force_login(kit.leaders[0])
    url = f"/runder/aftale/{agreement.pk}/"
    place = kit.case.schools[0].pk
    assert client.get(f"{url}afvis/{place}/").status_code == 200
    assert client.post(f"{url}afvis/{place}/", {"reason": "Nej"}).status_code == 302
    assert kit.place(agreement, 0).reason == "Nej"
    client.force_login(kit.case.secretariat_person)
    assert "Nej" in client.get(url).content.decode()
    stranger = make_agreement_case(fkb="9333")
    client.force_login(stranger.leaders[0])
    for tail in ("", "aftale.pdf", "underskrevet.pdf", f"underskriv/{place}/"):
        assert client.get(f"{url}{tail}").status_code == 404


def test_the_example_signs_without_a_factor_and_says_so(client, kit, agreement, settings):
    settings.EXAMPLE_DOOR = True
    client.force_login(kit.leaders[0])
    url = f"/runder/aftale/{agreement.pk}/underskriv/{kit.case.schools[0].pk}/"
    assert "Prøveunderskrift" in client.get(url).content.decode()
    client.post(url, {"content_hash": agreement.content_hash, "example": "1"})
    assert kit.place(agreement, 0).method == "example"
