"""The tests' own strictness: that what should fail does fail."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import send_mail
from django.db import connection
from django.template import Context, Engine, Origin, Template

from tests.support.network import NetworkForbidden
from tests.support.smtp import SmtpServer
from tests.support.templates import Strict, UndefinedTemplateVariable

ROOT = Path(__file__).resolve().parents[2]


def test_an_undefined_variable_in_our_template_fails() -> None:
    engine = Engine(string_if_invalid=Strict("%s"))
    ours = Template("{{ missing }}", Origin(str(ROOT / "src" / "x.html")), engine=engine)
    with pytest.raises(UndefinedTemplateVariable, match="missing"):
        ours.render(Context({}))
    theirs = Template("{{ missing }}", Origin("/elsewhere/x.html"), engine=engine)
    assert theirs.render(Context({})) == ""
    asked = Template(
        "{% if missing %}x{% endif %}", Origin(str(ROOT / "src" / "x.html")), engine=engine
    )
    assert asked.render(Context({})) == ""


def test_the_configured_engine_is_strict() -> None:
    from django.template import engines

    assert isinstance(engines["django"].engine.string_if_invalid, Strict)  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.org", 443)])
def test_another_machine_is_out_of_reach(address: tuple[str, int]) -> None:
    with pytest.raises(NetworkForbidden):
        socket.create_connection(address, timeout=1)


def test_the_mail_server_of_the_tests_is_real(smtp_server: SmtpServer) -> None:
    send_mail("Emne æøå", "Hej", "fra@example.test", ["til@example.test"])
    (mail,) = smtp_server.inbox.received
    assert mail.message["Subject"] == "Emne æøå"
    assert mail.recipients == ["til@example.test"]


@pytest.mark.django_db
def test_the_database_is_the_one_that_was_asked_for(settings: Any) -> None:
    wanted = {"sqlite": "sqlite", "postgres": "postgresql"}[settings.TEST_DB]
    assert connection.vendor == wanted


@pytest.mark.django_db
def test_sqlite_takes_its_lock_at_once_and_readers_do_not_wait() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite alone")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.transaction_mode == "IMMEDIATE"  # type: ignore[attr-defined]
