"""Which settings of an outside OpenID provider are safe to sign by. Knows nothing of Django."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_local(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in LOCAL


def is_safe(url: str, *, like: str) -> bool:
    """https; plain http only on this machine, when ``like`` (the issuer) is there too."""
    parts = urlsplit(url)
    if parts.username or parts.password or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_local(url) and is_local(like))


def faults(values: Mapping[str, Any]) -> list[str]:
    """Why one must not sign by these settings; empty when they are safe, or nobody is asked."""
    issuer = str(values.get("SAMSPIL_SIGN_OIDC_ISSUER") or "")
    found: list[str] = []

    def need(good: object, sentence: str) -> None:
        if not good:
            found.append(sentence)

    if not issuer:
        need(
            values.get("SAMSPIL_SIGN_BUILT_IN", True),
            "SAMSPIL_SIGN_BUILT_IN is 0 and SAMSPIL_SIGN_OIDC_ISSUER is missing: nobody could sign.",
        )
        return found
    parts = urlsplit(issuer)
    need(
        is_safe(issuer, like=issuer)
        and not parts.query
        and not parts.fragment
        and not (values.get("SECURE_SSL_REDIRECT") and parts.scheme != "https"),
        "SAMSPIL_SIGN_OIDC_ISSUER must be an https address.",
    )
    need(values.get("SAMSPIL_SIGN_OIDC_CLIENT"), "SAMSPIL_SIGN_OIDC_CLIENT is missing.")
    secret = str(values.get("SAMSPIL_SIGN_OIDC_SECRET") or "")
    key = str(values.get("SAMSPIL_SIGN_OIDC_KEY") or "")
    need(
        bool(secret) != bool(key),
        "Give one of SAMSPIL_SIGN_OIDC_SECRET and SAMSPIL_SIGN_OIDC_KEY.",
    )
    need(
        not secret or len(secret) >= 20,
        "SAMSPIL_SIGN_OIDC_SECRET is weak: it must be at least 20 characters.",
    )
    need(not key or Path(key).is_file(), "SAMSPIL_SIGN_OIDC_KEY names no file that can be read.")
    need(
        values.get("SAMSPIL_SIGN_OIDC_LOA"),
        "SAMSPIL_SIGN_OIDC_LOA is missing: name the levels of assurance that are enough.",
    )
    need(
        "openid" in (values.get("SAMSPIL_SIGN_OIDC_SCOPE") or []),
        "SAMSPIL_SIGN_OIDC_SCOPE must have openid in it.",
    )
    need(
        all("=" in pair for pair in values.get("SAMSPIL_SIGN_OIDC_EXTRA") or []),
        "SAMSPIL_SIGN_OIDC_EXTRA must be name=value pairs.",
    )
    need(
        str(values.get("BASE_URL") or "").startswith("https://") or is_local(issuer),
        "SAMSPIL_BASE_URL must be https: the provider sends people back to it.",
    )
    return found
