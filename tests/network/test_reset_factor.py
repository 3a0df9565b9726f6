"""A lost second factor is taken away by an administrator who gives the own one first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client

from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden, Invalid
from samspil.kernel.models import AuditEvent, MailMessage
from samspil.kernel.signing import SecondFactor
from samspil.network.domain import people
from samspil.network.domain.actors import actor_for
from samspil.network.models import PersonIdentity
from tests.factories.board import make_person, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return make_round()


@pytest.fixture
def admin():
    return make_person("Admin", roles.PLATFORM_ADMIN)


@pytest.fixture
def lost(case):
    person = case.people[0]
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=person, type=kind, data={"secret": "x"})
    PersonIdentity.objects.create(
        person=person, issuer="https://id.test", subject="s", name="x", linked_at=clock.now()
    )
    return person


def _reset(admin, lost, **values):
    now = clock.now()
    return people.reset_second_factor(
        **{
            "actor": actor_for(admin, today=clock.today()),
            "now": now,
            "person": lost,
            "reason": "Ringede tilbage på hovednummeret",
            "factor": SecondFactor("totp", now),
            **values,
        }
    )


def test_everything_of_it_goes_and_the_person_is_told(admin, lost, client):
    UserSession.objects.create(user=lost, session_key="k", ip="127.0.0.1", user_agent="x", data={})
    _reset(admin, lost)
    assert not Authenticator.objects.filter(user=lost).exists()
    assert not PersonIdentity.objects.exists()
    assert not UserSession.objects.filter(user=lost).exists()
    event = AuditEvent.objects.get(verb="network.reset_second_factor")
    assert event.after == {
        "factors": 2,
        "identities": 1,
        "reason": "Ringede tilbage på hovednummeret",
    }
    [mail] = MailMessage.objects.filter(category="network.factor_reset")
    assert mail.to == lost.email
    assert "Admin har nulstillet" in mail.text


def test_only_an_administrator_with_a_factor_given_just_now(case, admin, lost):
    now = clock.now()
    for values in (
        {"actor": case.secretariat},
        {"actor": Actor.system("x")},
        {"person": admin},  # one's own
        {"factor": None},
        {"factor": SecondFactor("totp", now - timedelta(hours=1))},
        {"factor": SecondFactor("password", now)},
    ):
        with pytest.raises(Forbidden):
            _reset(admin, lost, **values)
    with pytest.raises(Invalid):
        _reset(admin, lost, reason=" ")
    assert Authenticator.objects.filter(user=lost).count() == 2


def _client(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_page_asks_for_one_s_own_first(case, admin, lost):
    address = f"/netvaerk/person/{lost.pk}/anden-faktor/"
    client = _client(admin)
    assert "Du har selv ingen anden faktor" in client.get(address).content.decode()
    Authenticator.objects.create(user=admin, type=Authenticator.Type.TOTP, data={"secret": "x"})
    page = client.get(address).content.decode()
    assert "Bekræft med anden faktor" in page
    assert client.post(address, {"reason": "x"}).status_code == 200  # nothing without it
    assert Authenticator.objects.filter(user=lost).count() == 2
    session = client.session
    session["account_authentication_methods_user"] = str(admin.pk)
    session["account_authentication_methods"] = [
        {"method": "mfa", "type": "totp", "at": clock.now().timestamp()}
    ]
    session.save()
    assert "hvordan du ved det" in client.post(address, {"reason": ""}).content.decode()
    assert client.post(address, {"reason": "Mødte op med pas"}).status_code == 302
    assert not Authenticator.objects.filter(user=lost).exists()


def test_others_do_not_reach_it(case, admin, lost):
    address = f"/netvaerk/person/{lost.pk}/anden-faktor/"
    assert _client(case.secretariat_person).get(address).status_code == 403
    assert _client(make_round(fkb="9333").secretariat_person).get(address).status_code == 404
    people_page = f"/netvaerk/{case.network.pk}/personer/"
    assert address not in _client(case.secretariat_person).get(people_page).content.decode()
    assert address in _client(admin).get(people_page).content.decode()
