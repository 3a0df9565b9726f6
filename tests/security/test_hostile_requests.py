"""Requests that no browser makes: odd encodings, cookies and file names never end as our error.

Runs on SQLite and on PostgreSQL, which takes neither NUL nor half a surrogate pair in a text.
"""

from __future__ import annotations

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.board import RoundCase, make_round

pytestmark = pytest.mark.django_db

# Each decodes to something that no database takes, or is no encoding of text at all.
ENCODINGS = ("utf-7", "unicode_escape", "raw_unicode_escape", "zlib", "rot13", "idna", "punycode")
BOUNDARY = "grænse".encode("ascii", "replace").decode().replace("?", "x")


@pytest.fixture
def case() -> RoundCase:
    return make_round(schools=2, courses=2)


def visitor(case: RoundCase | None = None, *, cookie: str = "") -> Client:
    client = Client(raise_request_exception=False)
    if case is not None:
        client.force_login(case.secretariat_person)
    if cookie:
        client.cookies.load(cookie)
    return client


def multipart(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    edge = BOUNDARY.encode()
    return (
        b"--" + edge + b'\r\nContent-Disposition: form-data; name="' + name + b'"' + more
        + b"\r\n\r\n" + value + b"\r\n--" + edge + b"--\r\n"
    )  # fmt: skip


@pytest.mark.parametrize("name", ["samspil", "csrftoken", "django_language", "messages"])
@pytest.mark.parametrize(
    "value", [r'"abcdefgh\000ijkl"', r'"\355\240\200abcdefgh"', '"' + "x" * 3000 + '"']
)
def test_a_cookie_may_hold_anything(case: RoundCase, name: str, value: str) -> None:
    for path in ("/konto/login/", "/", "/runder/"):
        answer = Client(raise_request_exception=False).get(path, HTTP_COOKIE=f"{name}={value}")
        assert answer.status_code < 500, path
    answer = Client(raise_request_exception=False).post(
        "/konto/login/", {"login": "a@b.dk", "password": "x"}, HTTP_COOKIE=f"{name}={value}"
    )
    assert answer.status_code < 500


def served(path: str, kind: str, body: bytes = b"") -> str:
    """The status that the site itself gives, entered as gunicorn enters it."""
    from samspil.config.wsgi import application

    environ: dict[str, Any] = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body))}
    environ["PATH_INFO"], _mark, environ["QUERY_STRING"] = path.partition("?")
    environ["REQUEST_METHOD"] = "POST" if body else "GET"
    environ["wsgi.input"] = io.BytesIO(body)
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "testserver"
    got: list[str] = []
    b"".join(application(environ, lambda status, headers: got.append(status)))
    return got[0]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_sender_does_not_choose_the_encoding(encoding: str) -> None:
    for query in ("q=%2B2AA-", "q=%5Cud800", "q=demens"):
        assert served(f"/konto/login/?{query}", f"text/plain; charset={encoding}")[:3] == "415"
    form = f"multipart/form-data; boundary={BOUNDARY}; charset={encoding}"
    assert served("/konto/login/", form, multipart(b"login", b"+2AA-"))[:3] == "415"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "text/plain; charset=UTF-8", 'x; charset="utf-8"']
)
def test_what_browsers_send_is_let_in(kind: str) -> None:
    assert served("/konto/login/?next=/runder/", kind)[:3] == "200"


@pytest.mark.parametrize("encoding", [*ENCODINGS, "no-such", "utf-8", "utf-16"])
@pytest.mark.parametrize("field", [b"filename", b"name"])
def test_a_file_name_in_an_odd_encoding(case: RoundCase, encoding: str, field: bytes) -> None:
    client = visitor(case)
    more = b"; " + field + b"*=" + encoding.encode() + b"''%5Cud800%00%ED%A0%80.xlsx"
    answer = client.post(
        reverse("coordination:matrix_upload", args=[case.round.pk]),
        multipart(b"file", b"ikke et regneark", more),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )
    assert answer.status_code < 500


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_ORIGIN": "http://["},
        {"HTTP_REFERER": "https://[::1"},
        {"HTTP_ACCEPT_LANGUAGE": "da;q=" + "9" * 5000},
        {"HTTP_X_FORWARDED_FOR": "\0, x"},
        {"CONTENT_LENGTH": "²"},
        {"HTTP_HX_REQUEST": "true", "HTTP_X_REQUESTED_WITH": "fetch"},
        {"HTTP_ACCEPT_ENCODING": "gzip;q=a, \0"},
        {"HTTP_IF_MODIFIED_SINCE": "\0"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_odd_headers(case: RoundCase, headers: dict[str, Any]) -> None:
    for client in (visitor(), visitor(case)):
        for path in ("/konto/login/", f"/runder/{case.round.pk}/", "/katalog/maal/?q=x"):
            assert client.get(path, **headers).status_code < 500
        assert (
            client.post(
                "/konto/login/", {"login": "a@b.dk", "password": "x"}, **headers
            ).status_code
            < 500
        )


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "a\0b", ""]
)
def test_a_foreign_host_is_refused(host: str) -> None:
    client = visitor()
    assert client.get("/konto/login/", HTTP_HOST=host or " ").status_code == 400
    answer = client.get("/konto/login/", HTTP_X_FORWARDED_HOST=host)
    assert "evil" not in answer.text
