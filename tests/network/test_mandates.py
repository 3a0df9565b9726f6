"""Only those whom a school names sign for it, from–to (R31, R140)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from samspil.coordination.domain import agreements
from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.kernel.signing import SecondFactor
from samspil.kernel.tasks import tasks_for
from samspil.network.domain import mandates
from samspil.network.domain.actors import actor_for
from samspil.network.models import Mandate, RoleAssignment
from tests.factories.agreements import make_agreement_case
from tests.factories.board import make_person, make_round

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


@pytest.fixture
def kit():
    return make_agreement_case()


@pytest.fixture
def deputy(kit):
    return make_person("Vicky Vikar", roles.SCHOOL_COORDINATOR, organisation=kit.case.schools[0])


def _actor(person) -> Actor:
    return actor_for(person, today=clock.today())


def _give(kit, person, **values) -> Mandate:
    return mandates.give_mandate(
        **{
            "actor": _actor(kit.leaders[0]),
            "now": clock.now(),
            "organisation": kit.case.schools[0],
            "person": person,
            "valid_from": clock.today(),
            "reason": "Uddannelseschef",
            **values,
        }
    )


def _agreement(kit):
    kit.freeze()
    return kit.make()


def _sign(kit, agreement, person, index=0, **values):
    now = clock.now()
    return kit.sign(
        agreement, index, actor=_actor(person), now=now, factor=SecondFactor("totp", now), **values
    )


def test_who_has_a_mandate_signs_and_the_signature_says_by_what(kit, deputy):
    agreement = _agreement(kit)
    with pytest.raises(Forbidden):
        _sign(kit, agreement, deputy)
    given = _give(kit, deputy, content=PDF, file_name="fuldmagt.pdf")
    row = _sign(kit, agreement, deputy)
    assert (row.status, row.person_name) == ("signed", "Vicky Vikar")
    assert row.basis == {
        "kind": "mandate",
        "given_by": "Leder 0",
        "valid_from": clock.today().isoformat(),
        "valid_to": None,
        "reason": "Uddannelseschef",
        "document_sha256": given.document.sha256,
    }


def test_the_leader_needs_none(kit):
    assert _sign(kit, _agreement(kit), kit.leaders[0]).basis == {"kind": "leader"}


@pytest.mark.parametrize(
    "wrong",
    [
        "expired",
        "coming",
        "other school",
        "other network",
        "other fkb",
        "ended",
        "left",
        "inactive",
    ],
)
def test_a_mandate_that_does_not_hold_signs_nothing(kit, deputy, wrong):
    agreement = _agreement(kit)
    given = _give(kit, deputy)
    today = clock.today()
    index = 0
    if wrong == "expired":
        Mandate.objects.update(valid_from=today - timedelta(9), valid_to=today - timedelta(1))
    elif wrong == "coming":
        Mandate.objects.update(valid_from=today + timedelta(1))
    elif wrong == "other school":
        index = 1
    elif wrong == "other network":
        Mandate.objects.update(network=make_round(fkb="9333").network)
    elif wrong == "other fkb":
        Mandate.objects.update(fkb_numbers=["9999"])
    elif wrong == "ended":
        mandates.end_mandate(
            actor=_actor(kit.leaders[0]), now=clock.now(), mandate=given, reason="Ny opgave"
        )
    elif wrong == "left":
        RoleAssignment.objects.filter(person=deputy).update(valid_to=today - timedelta(1))
    else:
        deputy.is_active = False
        deputy.save()
    with pytest.raises(Forbidden):
        _sign(kit, agreement, deputy, index)
    assert kit.place(agreement, index).status == "waiting"
    asked = [t.url for t in tasks_for(_actor(deputy), today) if "/underskriv/" in t.url]
    assert len(asked) == (wrong == "other school")


def test_a_mandate_for_this_network_and_fkb_is_enough(kit, deputy):
    _give(kit, deputy, network=kit.case.network, fkb_numbers=["9222"])
    assert _sign(kit, _agreement(kit), deputy).status == "signed"


def test_ended_between_opening_and_signing_it_signs_nothing(kit, deputy):
    agreement = _agreement(kit)
    given = _give(kit, deputy)
    actor = _actor(deputy)  # the page was opened
    assert agreements.get_signature(actor, agreement.pk, kit.case.schools[0].pk)
    Mandate.objects.filter(pk=given.pk).update(ended_at=clock.now())
    now = clock.now()
    with pytest.raises(Forbidden):
        kit.sign(agreement, 0, actor=actor, now=now, factor=SecondFactor("totp", now))


def test_only_the_school_s_own_leader_gives_one(kit, deputy):
    admin = make_person("Admin", roles.PLATFORM_ADMIN)
    for actor in (
        kit.case.secretariat,
        _actor(kit.leaders[1]),
        _actor(deputy),
        _actor(admin),
        Actor.system("x"),
    ):
        with pytest.raises(Forbidden):
            _give(kit, deputy, actor=actor)
    assert not Mandate.objects.exists()


def test_only_to_somebody_at_the_school_and_only_in_its_networks(kit, deputy):
    outsider = make_person("Udefra", roles.READER, organisation=kit.case.schools[1])
    for values in (
        {"person": outsider},
        {"person": kit.leaders[0]},  # signs anyway
        {"network": make_round(fkb="9333").network},
        {"reason": "  "},
        {"valid_to": clock.today() - timedelta(1)},
        {"content": b"MZ" + bytes(99), "file_name": "x.pdf"},
    ):
        with pytest.raises(Invalid):
            _give(kit, **{"person": deputy, **values})
    _give(kit, deputy)
    with pytest.raises(Conflict):
        _give(kit, deputy)


def test_given_and_ended_stand_in_the_trail_and_are_mailed(kit, deputy):
    second = make_person("Leder To", roles.SCHOOL_LEADER, organisation=kit.case.schools[0])
    given = _give(kit, deputy)
    told = set(MailMessage.objects.values_list("to", flat=True))
    assert told == {deputy.email, second.email}  # not the one who did it
    with pytest.raises(Forbidden):
        mandates.end_mandate(actor=kit.case.secretariat, now=clock.now(), mandate=given, reason="x")
    mandates.end_mandate(actor=_actor(deputy), now=clock.now(), mandate=given, reason="Rejser")
    assert set(AuditEvent.objects.values_list("verb", flat=True)) >= {
        "network.give_mandate",
        "network.end_mandate",
    }
    with pytest.raises(Conflict):
        mandates.end_mandate(actor=_actor(deputy), now=clock.now(), mandate=given, reason="Igen")


def test_mails_and_tasks_go_to_those_with_a_mandate_too(kit, deputy):
    _give(kit, deputy)
    MailMessage.objects.all().delete()
    kit.freeze()
    now = clock.now()
    agreement = agreements.make_agreement(
        actor=kit.case.secretariat, now=now, round_fkb=kit.case.fkb
    )
    ready = MailMessage.objects.filter(category="coordination.agreement_ready")
    assert deputy.email in set(ready.values_list("to", flat=True))
    [task] = [t for t in tasks_for(_actor(deputy), clock.today()) if "/underskriv/" in t.url]
    assert task.url.endswith(f"/aftale/{agreement.pk}/underskriv/{kit.case.schools[0].pk}/")
    agreements.remind_signers(actor=kit.case.secretariat, now=now, agreement=agreement)
    reminded = MailMessage.objects.filter(category="coordination.agreement_reminder")
    assert deputy.email in set(reminded.values_list("to", flat=True))


def _client(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_page_is_for_the_school_and_its_secretariats(kit, deputy):
    _give(kit, deputy)
    url = f"/netvaerk/organisation/{kit.case.schools[0].pk}/mandater/"
    for person in (kit.leaders[0], deputy, kit.case.secretariat_person):
        page = _client(person).get(url)
        assert "Vicky Vikar" in page.content.decode()
    assert _client(kit.leaders[1]).get(url).status_code == 403
    assert _client(make_round(fkb="9333").secretariat_person).get(url).status_code == 404


def test_a_leader_gives_and_ends_one_on_the_page(kit, deputy):
    client = _client(kit.leaders[0])
    home = f"/netvaerk/organisation/{kit.case.schools[0].pk}/mandater/"
    bad = client.post(f"{home}giv/", {"person": deputy.pk, "fkb_numbers": "12", "reason": ""})
    text = bad.content.decode()
    assert "Et FKB-nummer har fire cifre" in text
    assert "Skriv, hvad mandatet bygger på." in text
    done = client.post(
        f"{home}giv/",
        {
            "person": deputy.pk,
            "fkb_numbers": "9222",
            "valid_from": clock.today().isoformat(),
            "reason": "Uddannelseschef",
            "document": SimpleUploadedFile("fuldmagt.pdf", PDF),
        },
    )
    assert done.url == home
    given = Mandate.objects.get()
    assert given.fkb_numbers == ["9222"]
    assert client.get(f"/netvaerk/mandat/{given.pk}/dokument.pdf").content == PDF
    assert (
        _client(kit.leaders[1]).get(f"/netvaerk/mandat/{given.pk}/dokument.pdf").status_code == 403
    )
    client.post(f"/netvaerk/mandat/{given.pk}/afslut/", {"reason": "Ny opgave"})
    assert "Ny opgave" in client.get(home).content.decode()
    given.refresh_from_db()
    assert given.ended_by_name == "Leder 0"


def test_the_signing_page_says_on_which_mandate(kit, deputy):
    agreement = _agreement(kit)
    url = f"/runder/aftale/{agreement.pk}/underskriv/{kit.case.schools[0].pk}/"
    assert _client(deputy).get(url).status_code == 404
    _give(kit, deputy)
    page = _client(deputy).get(url).content.decode()
    assert "mandat fra Leder 0" in page
    assert "Uddannelseschef" in page
    assert "skolens leder" in _client(kit.leaders[0]).get(url).content.decode()
