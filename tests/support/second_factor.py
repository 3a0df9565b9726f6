"""What a person holds at sign-in: the app's codes, and a passkey of the browser's own."""

from __future__ import annotations

from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from playwright.sync_api import Page


def totp_code(secret: str, *, ahead: int = 0) -> str:
    """The six digits that the app shows now, or ``ahead`` half minutes from now.

    A code is taken once only; the next one is taken half a minute early, as from a fast clock.
    """
    _before, counter, *_after = yield_hotp_counters_from_time()
    return str(format_hotp_value(hotp_value(secret, counter + ahead)))


def give_passkey(page: Page) -> None:
    """Give the page's browser an authenticator that says yes at once."""
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    chromium.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
