"""Service refuses to start when it would be unsafe, with one sentence per fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from samspil.config.safety import faults, refuse_unsafe

ROOT = Path(__file__).resolve().parents[2]
GOOD_KEY = "f3Jq9vRzK1mXwT7bLp0sYcNuHd5eGaVo2iBtZk8WxQrM6jPy4nUhEl"

SAFE: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": GOOD_KEY,
    "ALLOWED_HOSTS": ["samspil.example.dk"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 63072000,
    "BASE_URL": "https://samspil.example.dk",
    "CSRF_TRUSTED_ORIGINS": [],
    "EXAMPLE_DOOR": False,
    "SAMSPIL_REQUIRE_SECOND_FACTOR": True,
    "CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"default-src": ["'self'"]}},
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.dk",
}

REFUSED = [
    ({"DEBUG": True}, "DEBUG is on"),
    ({"SECRET_KEY": ""}, "SAMSPIL_SECRET_KEY is missing"),
    ({"SECRET_KEY": "short"}, "SAMSPIL_SECRET_KEY is weak"),
    ({"SECRET_KEY": "ab" * 40}, "SAMSPIL_SECRET_KEY is weak"),
    ({"SECRET_KEY": "django-insecure-" + GOOD_KEY}, "SAMSPIL_SECRET_KEY is weak"),
    ({"ALLOWED_HOSTS": []}, "SAMSPIL_ALLOWED_HOSTS is empty"),
    ({"ALLOWED_HOSTS": ["*"]}, "SAMSPIL_ALLOWED_HOSTS is *"),
    (
        {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}},
        "The database is SQLite",
    ),
    ({"SECURE_SSL_REDIRECT": False}, "SECURE_SSL_REDIRECT is off"),
    ({"SESSION_COOKIE_SECURE": False}, "SESSION_COOKIE_SECURE is off"),
    ({"CSRF_COOKIE_SECURE": False}, "CSRF_COOKIE_SECURE is off"),
    ({"SECURE_HSTS_SECONDS": 3600}, "SECURE_HSTS_SECONDS is less than a year"),
    ({"BASE_URL": "http://samspil.example.dk"}, "SAMSPIL_BASE_URL must be"),
    ({"CSRF_TRUSTED_ORIGINS": ["http://a.dk"]}, "SAMSPIL_TRUSTED_ORIGINS must be"),
    ({"EXAMPLE_DOOR": True}, "The one-click door"),
    ({"SAMSPIL_HARVEST_URL": "http://soeg.dk/{course}"}, "SAMSPIL_HARVEST_URL must be"),
    ({"SAMSPIL_REQUIRE_SECOND_FACTOR": False}, "The second factor is not required"),
    ({"MFA_TOTP_INSECURE_BYPASS_CODE": "123456"}, "MFA_TOTP_INSECURE_BYPASS_CODE is set"),
    ({"MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": True}, "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN is on"),
    (
        {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}},
        "The content security policy",
    ),
    ({"CONTENT_SECURITY_POLICY": {}}, "The content security policy"),
    ({"EMAIL_HOST": ""}, "SAMSPIL_SMTP_HOST is missing"),
]


def test_safe_settings_are_let_through() -> None:
    assert faults(SAFE) == []


@pytest.mark.parametrize(("change", "sentence"), REFUSED, ids=[s for _, s in REFUSED])
def test_each_fault_is_refused_alone_with_its_sentence(
    change: dict[str, Any], sentence: str
) -> None:
    found = faults({**SAFE, **change})
    assert len(found) == 1
    assert found[0].startswith(sentence)


def test_sqlite_is_let_through_when_said_so() -> None:
    sqlite = {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}
    assert faults({**SAFE, **sqlite, "SAMSPIL_ALLOW_SQLITE": True}) == []


def test_all_faults_stand_in_one_message() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        refuse_unsafe({})
    assert str(refused.value).count("\n- ") > 8


SERVICE = {
    "DJANGO_SETTINGS_MODULE": "samspil.config.settings.production",
    "SAMSPIL_SECRET_KEY": GOOD_KEY,
    "SAMSPIL_ALLOWED_HOSTS": "samspil.example.dk",
    "SAMSPIL_DATABASE": "postgres://samspil@db.example.dk/samspil",
    "SAMSPIL_BASE_URL": "https://samspil.example.dk",
    "SAMSPIL_SMTP_HOST": "mail.example.dk",
}


def start(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process of its own with nothing but this environment."""
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def test_service_starts_when_safe_and_has_no_example_door() -> None:
    done = start(
        "from django.urls import get_resolver as r\n"
        "print(any(str(p.pattern).startswith('proev') for p in r().url_patterns))",
        **SERVICE,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False"


def test_service_passes_djangos_own_deployment_check() -> None:
    done = start(
        "from django.core.management import call_command as c\n"
        "c('check', deploy=True, fail_level='WARNING')",
        **SERVICE,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SAMSPIL_DEBUG": "1"}, "DEBUG is on"),
        ({"SAMSPIL_TLS": "0"}, "SECURE_SSL_REDIRECT is off"),
        ({"SAMSPIL_DATABASE": "sqlite:///var/x.sqlite3"}, "The database is SQLite"),
        ({"SAMSPIL_ALLOWED_HOSTS": "*"}, "SAMSPIL_ALLOWED_HOSTS is *"),
    ],
)
def test_service_refuses_in_a_real_process(change: dict[str, str], sentence: str) -> None:
    done = start("", **{**SERVICE, **change})
    assert done.returncode != 0
    assert sentence in done.stderr


def test_the_example_door_exists_in_the_example_settings_alone(tmp_path: Path) -> None:
    done = start(
        "from django.urls import get_resolver as r\n"
        "print(any(str(p.pattern).startswith('proev') for p in r().url_patterns))",
        DJANGO_SETTINGS_MODULE="samspil.config.settings.example",
        SAMSPIL_VAR=str(tmp_path),
    )
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.django_db
def test_the_example_door_is_shut_in_the_test_settings(client: Any, settings: Any) -> None:
    assert settings.EXAMPLE_DOOR is False
    assert client.get("/proev/").status_code == 404
    assert client.post("/proev/").status_code == 404
