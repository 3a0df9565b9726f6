"""What an intruder tries with accounts and sessions: around the second factor, before it, after it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from samspil.kernel import clock
from samspil.network.models import Person, RoleAssignment
from tests.factories.board import make_round
from tests.support import walk

PASSWORD = "en lang adgangskode 7"
ADDRESS = "inge@example.test"
CODE = "/konto/2fa/authenticate/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_from_other_tests(settings: Any) -> None:
    cache.clear()
    settings.SAMSPIL_REQUIRE_SECOND_FACTOR = True


@pytest.fixture
def person() -> Person:
    return Person.objects.create_user(ADDRESS, PASSWORD, name="Inge Prøve")


@pytest.fixture
def secret(person: Person) -> str:
    made = generate_totp_secret()
    TOTP.activate(person, made)
    return str(made)


def code(secret: str) -> str:
    _before, counter, *_after = yield_hotp_counters_from_time()
    return str(format_hotp_value(hotp_value(secret, counter)))


def give_password(client: Client, password: str = PASSWORD, path: str = "/konto/login/") -> Any:
    return client.post(path, {"login": ADDRESS, "password": password})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def fully_signed_in(secret: str) -> Client:
    client = Client()
    give_password(client)
    client.post(CODE, {"code": code(secret)})
    assert signed_in(client)
    return client


# ---------------------------------------------------------------- between password and code


def test_between_password_and_code_no_page_opens(secret: str) -> None:
    """Every address of ours, and those of the sign-in library, asked for directly."""
    client = Client(raise_request_exception=False)
    give_password(client)
    case = make_round(schools=1, courses=1)
    opened = []
    for address in walk.addresses():
        if address.parameters and not set(address.parameters) <= {"round_id", "network_id"}:
            continue
        numbers = {"round_id": case.round.pk, "network_id": case.network.pk}
        url = "/" + address.route
        for name, number in numbers.items():
            url = url.replace(f"<int:{name}>", str(number))
        answer = client.get(url, follow=False)
        assert not signed_in(client), url
        if answer.status_code == 200 and not (address.is_for_everybody and address.is_for_machines):
            opened.append(url)
    assert set(opened) <= {
        "/konto/login/",
        "/konto/2fa/authenticate/",
        "/konto/2fa/webauthn/login/",  # the challenge of a passkey
        "/konto/logout/",
        "/konto/password/reset/",
        "/konto/password/reset/done/",
        "/konto/password/reset/key/done/",
        "/konto/inactive/",
        "/konto/confirm-email/",
        "/tilgaengelighed/",
        "/api/",
        "/kurser/",
        "/kurser/om/tilgaengelighed/",
        "/udbud/",
        "/en/offers/",
        "/en/courses/",
        "/en/courses/about/accessibility/",
        "/indlejr/",
        "/indlejr/farver.css",
        "/en/embed/",
        "/kontrol/",
        "/_ui/",
        "/_ui/tavle/",
        "/_ui/bekraeft/",
    }


def test_a_code_of_somebody_else_does_not_open(secret: str) -> None:
    other = Person.objects.create_user("anden@example.test", PASSWORD, name="Anden Prøve")
    others = generate_totp_secret()
    TOTP.activate(other, others)
    client = Client()
    give_password(client)
    client.post(CODE, {"code": code(str(others))})
    assert not signed_in(client)


def test_wrong_codes_lock_the_second_step_too(secret: str) -> None:
    client = Client()
    give_password(client)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    client.post(CODE, {"code": code(secret)})
    assert not signed_in(client)
    # neither a fresh start nor another machine gives new attempts
    other = Client(REMOTE_ADDR="10.1.1.1")
    give_password(other)
    other.post(CODE, {"code": code(secret)})
    assert not signed_in(other)


def test_a_made_up_address_in_a_header_gives_no_new_attempts(person: Person) -> None:
    for number in range(5):
        client = Client(headers={"X-Forwarded-For": f"10.0.0.{number}"})
        give_password(client, "forkert adgangskode")
    client = Client(headers={"X-Forwarded-For": "10.9.9.9"})
    give_password(client)
    assert not signed_in(client)


def test_capitals_in_the_address_give_no_new_attempts(person: Person) -> None:
    client = Client()
    for typed in (ADDRESS, ADDRESS.upper(), f" {ADDRESS}", ADDRESS.title(), f"{ADDRESS} "):
        client.post("/konto/login/", {"login": typed, "password": "forkert adgangskode"})
    give_password(client)
    assert not signed_in(client)


def test_a_spare_code_works_once(person: Person, secret: str) -> None:
    spare = RecoveryCodes.activate(person).get_unused_codes()[0]
    for opens in (True, False):
        client = Client()
        give_password(client)
        client.post(CODE, {"code": spare})
        assert signed_in(client) is opens


# ---------------------------------------------------------------- an open session in wrong hands


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    """What stands in the session about signing in is now ``minutes`` old."""
    import time

    real_now, real_time = clock.now, time.time
    monkeypatch.setattr(clock, "now", lambda: real_now() + timedelta(minutes=minutes))
    monkeypatch.setattr(time, "time", lambda: real_time() + 60 * minutes)


CHANGES = (
    "/konto/2fa/totp/deactivate/",
    "/konto/2fa/webauthn/add/",
    "/konto/2fa/recovery-codes/generate/",
    "/konto/2fa/recovery-codes/",
    "/konto/2fa/recovery-codes/download/",
)


@pytest.mark.parametrize("path", CHANGES)
def test_the_password_alone_changes_no_second_factor(
    person: Person, secret: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open machine and a known password: still no factor of one's own, so no signature."""
    RecoveryCodes.activate(person)
    client = fully_signed_in(secret)
    later(monkeypatch, 10)
    before = list(Authenticator.objects.order_by("pk").values_list("pk", "data"))
    answer = client.get(path, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/konto/2fa/reauthenticate/")
    answer = client.post("/konto/reauthenticate/", {"password": PASSWORD})
    assert answer["Location"].startswith("/konto/2fa/reauthenticate/")
    assert "reauthenticate" in client.get(path)["Location"]
    client.post(path)
    assert list(Authenticator.objects.order_by("pk").values_list("pk", "data")) == before


def test_giving_the_factor_again_is_locked_too(
    person: Person, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fully_signed_in(secret)
    later(monkeypatch, 10)
    for _ in range(5):
        client.post("/konto/2fa/reauthenticate/", {"code": "000000"})
    Authenticator.objects.filter(user=person).update(last_used_at=None)
    client.post("/konto/2fa/reauthenticate/", {"code": code(secret)})
    assert "reauthenticate" in client.get(CHANGES[0])["Location"]


def test_a_reset_password_leaves_the_second_factor(person: Person, secret: str) -> None:
    from samspil.kernel.models import MailMessage

    client = Client()
    client.post("/konto/password/reset/", {"email": ADDRESS})
    link = next(w for w in MailMessage.objects.get().text.split() if "/reset/key/" in w)
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    new = "en helt anden adgangskode 9"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    person.refresh_from_db()
    assert person.check_password(new)
    assert not signed_in(client)
    assert Authenticator.objects.filter(user=person).exists()
    assert give_password(client, new)["Location"].endswith(CODE)
    assert not signed_in(client)


def test_a_new_password_ends_every_other_session(person: Person, secret: str) -> None:
    here = fully_signed_in(secret)
    Authenticator.objects.filter(user=person).delete()
    secret = str(generate_totp_secret())
    TOTP.activate(person, secret)
    there = fully_signed_in(secret)
    new = "en helt anden adgangskode 9"
    here.post(
        "/konto/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert here.get("/min-konto/").status_code == 200
    assert there.get("/min-konto/")["Location"].startswith("/konto/login/")


def test_a_closed_account_is_out_at_once(person: Person, secret: str) -> None:
    client = fully_signed_in(secret)
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get("/min-konto/")["Location"].startswith("/konto/login/")


def test_a_role_that_ended_opens_nothing_from_the_next_page_on() -> None:
    case = make_round(schools=2, courses=1)
    person = case.people[0]
    TOTP.activate(person, generate_totp_secret())
    client = Client()
    client.force_login(person)
    session = client.session
    session["acting_for"] = case.schools[0].pk
    session.save()
    board = reverse("coordination:board", args=[case.round.pk, case.fkb.fkb.number])
    assert client.get(board).status_code == 200
    RoleAssignment.objects.filter(person=person).update(valid_to=clock.today() - timedelta(days=1))
    assert client.get(board).status_code == 404


def test_signing_in_gives_a_new_session(person: Person, secret: str) -> None:
    client = Client()
    session = client.session
    session["planted"] = "af en anden"
    session.save()
    planted = session.session_key
    client.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    give_password(client)
    client.post(CODE, {"code": code(secret)})
    assert signed_in(client)
    assert client.session.session_key != planted
    other = Client()
    other.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    assert other.get("/min-konto/")["Location"].startswith("/konto/login/")


# ---------------------------------------------------------------- ways out of the site


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "https://testserver@evil.example/",
        "\thttps://evil.example/",
    ],
)
def test_nobody_is_led_elsewhere(person: Person, secret: str, elsewhere: str) -> None:
    client = Client()
    answer = client.post(
        "/konto/login/", {"login": ADDRESS, "password": PASSWORD, "next": elsewhere}
    )
    assert "evil" not in answer["Location"].split("?")[0]
    answer = client.post(CODE, {"code": code(secret), "next": elsewhere})
    places = [answer["Location"]]
    for path, data in (
        ("/sprog/", {"language": "en"}),
        ("/skift/", {}),
        ("/konto/logout/", {}),
    ):
        answer = client.post(path, {**data, "next": elsewhere})
        places.append(answer["Location"])
        places.append(client.get(path, {"next": elsewhere}).get("Location", "/"))
    assert [p for p in places if not p.startswith("/") or p.startswith(("//", "/\\"))] == []
