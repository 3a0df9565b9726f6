"""What makes a production start unsafe, one sentence per fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from samspil.kernel.identity_settings import faults as identity_faults

ONE_YEAR = 365 * 24 * 3600
_WEAK_WORDS = ("insecure", "changeme", "change-me", "secret", "example", "password", "samspil")


def faults(values: Mapping[str, Any]) -> list[str]:
    """Every reason not to start with these settings. Empty when there is none."""
    found: list[str] = []

    def need(good: object, sentence: str) -> None:
        if not good:
            found.append(sentence)

    key = str(values.get("SECRET_KEY") or "")
    need(not values.get("DEBUG"), "DEBUG is on: it shows settings and code to visitors.")
    need(key, "SAMSPIL_SECRET_KEY is missing.")
    if key:
        weak = (
            len(key) < 50 or len(set(key)) < 10 or any(word in key.lower() for word in _WEAK_WORDS)
        )
        need(
            not weak,
            "SAMSPIL_SECRET_KEY is weak: it must be at least 50 random characters.",
        )
    hosts = list(values.get("ALLOWED_HOSTS") or [])
    need(hosts, "SAMSPIL_ALLOWED_HOSTS is empty: name the hosts of the site.")
    need("*" not in hosts, "SAMSPIL_ALLOWED_HOSTS is *: name the hosts of the site.")
    engine = values.get("DATABASES", {}).get("default", {}).get("ENGINE", "")
    need(
        not engine.endswith("sqlite3") or values.get("SAMSPIL_ALLOW_SQLITE"),
        "The database is SQLite: use PostgreSQL, or say SAMSPIL_ALLOW_SQLITE=1 for a small site.",
    )
    need(
        values.get("SECURE_SSL_REDIRECT"),
        "SECURE_SSL_REDIRECT is off: plain HTTP would be answered.",
    )
    need(
        values.get("SESSION_COOKIE_SECURE"),
        "SESSION_COOKIE_SECURE is off: sessions would travel in the clear.",
    )
    need(
        values.get("CSRF_COOKIE_SECURE"),
        "CSRF_COOKIE_SECURE is off: the CSRF token would travel in the clear.",
    )
    need(
        int(values.get("SECURE_HSTS_SECONDS") or 0) >= ONE_YEAR,
        "SECURE_HSTS_SECONDS is less than a year.",
    )
    need(
        str(values.get("BASE_URL", "")).startswith("https://"),
        "SAMSPIL_BASE_URL must be the https address of the site: it stands in every mail.",
    )
    need(
        all(str(o).startswith("https://") for o in values.get("CSRF_TRUSTED_ORIGINS") or []),
        "SAMSPIL_TRUSTED_ORIGINS must be https addresses.",
    )
    need(
        not values.get("EXAMPLE_DOOR"),
        "The one-click door of the example data is open.",
    )
    need(
        values.get("SAMSPIL_REQUIRE_SECOND_FACTOR"),
        "The second factor is not required.",
    )
    need(
        not values.get("MFA_TOTP_INSECURE_BYPASS_CODE"),
        "MFA_TOTP_INSECURE_BYPASS_CODE is set: one code would open every account.",
    )
    need(
        not values.get("MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"),
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN is on: passkeys would work without TLS.",
    )
    policy = values.get("CONTENT_SECURITY_POLICY", {}).get("DIRECTIVES", {})
    need(
        policy
        and not any("unsafe" in str(source) for value in policy.values() for source in value),
        "The content security policy is missing or allows inline or evaluated code.",
    )
    need(
        str(values.get("EMAIL_BACKEND", "")).endswith("smtp.EmailBackend")
        and values.get("EMAIL_HOST"),
        "SAMSPIL_SMTP_HOST is missing: forms and agreements go out by mail.",
    )
    harvest = str(values.get("SAMSPIL_HARVEST_URL") or "")
    need(
        not harvest or harvest.startswith("https://"),
        "SAMSPIL_HARVEST_URL must be an https address: what comes from it is told to schools.",
    )
    return [*found, *identity_faults(values)]


def refuse_unsafe(values: Mapping[str, Any]) -> None:
    """Raise ``ImproperlyConfigured`` with every fault on a line of its own."""
    if found := faults(values):
        raise ImproperlyConfigured(
            "Samspil does not start, because:\n" + "\n".join(f"- {fault}" for fault in found)
        )
