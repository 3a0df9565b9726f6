"""Sign-in: password, lock-out, second factor, sessions that end, closed doors."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from samspil.kernel import clock
from samspil.network.models import Person

PASSWORD = "en lang adgangskode 7"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_from_other_tests() -> None:
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def person() -> Person:
    return Person.objects.create_user("inge@example.test", PASSWORD, name="Inge Prøve")


def sign_in(client: Client, password: str = PASSWORD, email: str = "inge@example.test") -> Any:
    return client.post("/konto/login/", {"login": email, "password": password})


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def test_password_opens_and_a_wrong_one_does_not(client: Client, person: Person) -> None:
    assert sign_in(client, "forkert adgangskode").status_code == 200
    assert not signed_in(client)
    assert sign_in(client).status_code == 302
    assert signed_in(client)


def test_five_wrong_passwords_lock_the_address_out(client: Client, person: Person) -> None:
    for _ in range(5):
        sign_in(client, "forkert adgangskode")
    sign_in(client)
    assert not signed_in(client)
    # from another machine too: it is the address that is locked
    elsewhere = Client(REMOTE_ADDR="10.1.1.1")
    sign_in(elsewhere)
    assert not signed_in(elsewhere)


def test_attempts_are_counted_for_all_processes() -> None:
    from django.conf import settings

    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")


def test_an_inactive_person_stays_out(client: Client, person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=False)
    sign_in(client)
    assert not signed_in(client)


def test_with_a_second_factor_the_password_alone_is_not_enough(
    client: Client, person: Person
) -> None:
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    response = sign_in(client)
    assert response["Location"].endswith("/konto/2fa/authenticate/")
    assert not signed_in(client)
    client.post("/konto/2fa/authenticate/", {"code": "000000"})
    assert not signed_in(client)
    client.post("/konto/2fa/authenticate/", {"code": code(secret)})
    assert signed_in(client)


def test_a_code_opens_once(person: Person) -> None:
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    once = code(secret)
    for expected in (True, False):
        client = Client()
        sign_in(client)
        client.post("/konto/2fa/authenticate/", {"code": once})
        assert signed_in(client) is expected


def test_without_a_second_factor_one_gets_no_further_than_setting_it_up(
    client: Client, person: Person, settings: Any
) -> None:
    settings.SAMSPIL_REQUIRE_SECOND_FACTOR = True
    client.force_login(person)
    for path in ("/", "/runder/", "/katalog/"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, "/konto/2fa/")
    Authenticator.objects.create(
        user=person, type=Authenticator.Type.TOTP, data={"secret": generate_totp_secret()}
    )
    assert client.get("/runder/").status_code != 302


def test_without_a_second_factor_one_reads_public_pages_as_a_visitor(
    client: Client, person: Person, settings: Any
) -> None:
    settings.SAMSPIL_REQUIRE_SECOND_FACTOR = True
    client.force_login(person)
    for path in ("/kontrol/", "/tilgaengelighed/"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "Log af" not in page.content.decode()
        assert person.name not in page.content.decode()
    assert client.post("/kontrol/", {"x": "1"}).status_code == 400  # it can be used, too
    for path in ("/", "/runder/", "/netvaerk/"):
        assert client.get(path)["Location"] == "/konto/2fa/"
    assert client.post("/runder/1/flyt/", {"verb": "start_meeting"}).status_code in (302, 404)


def test_a_session_ends_when_not_used(
    client: Client, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(person)
    client.get("/konto/2fa/")
    start = timezone.now()
    for minutes, stays in ((4, True), (50, True), (105, True), (170, False)):
        moment = start + timezone.timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        client.get("/konto/2fa/")
        assert signed_in(client) is stays, minutes


def test_a_session_ends_after_twelve_hours_used_or_not(
    client: Client, person: Person, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    client.force_login(person)
    start = timezone.now()
    client.get("/konto/2fa/")
    minutes = 0
    while minutes < 12 * 60 + 30:
        minutes += 30
        moment = start + timezone.timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        client.get("/konto/2fa/")
    assert not signed_in(client)


def test_reading_pages_writes_the_session_rarely(
    client: Client, person: Person, django_assert_max_num_queries: Any
) -> None:
    client.force_login(person)
    client.get("/konto/2fa/")
    before = Session.objects.values_list("expire_date", "session_data")[0]
    for _ in range(3):
        client.get("/konto/2fa/")
    assert Session.objects.values_list("expire_date", "session_data")[0] == before


def test_signing_out_ends_the_session_on_the_server(client: Client, person: Person) -> None:
    client.force_login(person)
    key = client.session.session_key
    client.post("/konto/logout/")
    assert not Session.objects.filter(pk=key).exists()


@pytest.mark.parametrize("path", ["/konto/signup/", "/konto/email/", "/konto/signup/passkey/"])
def test_doors_that_are_not_ours_are_shut(client: Client, person: Person, path: str) -> None:
    assert client.get(path).status_code == 404
    client.force_login(person)
    assert client.post(path, {"email": "ny@example.test"}).status_code == 404


def test_a_reset_mail_waits_in_the_outbox(client: Client, person: Person, mailoutbox: Any) -> None:
    from samspil.kernel.models import MailMessage

    client.post("/konto/password/reset/", {"email": person.email})
    assert mailoutbox == []
    message = MailMessage.objects.get()
    assert message.to == person.email
    assert "/konto/password/reset/key/" in message.text


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client) -> None:
    from samspil.kernel.models import MailMessage

    response = client.post("/konto/password/reset/", {"email": "ukendt@example.test"})
    assert response.status_code == 302
    assert not MailMessage.objects.exists()


def test_a_request_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    response = client.generic("POST", "/konto/login/", b"", CONTENT_LENGTH=str(200 * 1024 * 1024))
    assert response.status_code == 413


def test_security_headers(client: Client, person: Person) -> None:
    response = client.get("/konto/login/")
    policy = response["Content-Security-Policy"]
    for part in (
        "default-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    sign_in(client)
    cookie = client.cookies["samspil"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_form_without_its_token_is_refused(person: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
