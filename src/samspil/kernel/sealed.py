"""Short secrets at rest: a copy of the database alone reads none of them.

Keys come from ``SECRET_KEY``, one a purpose; with ``OLD_SECRET_KEYS`` what older keys sealed is still read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def _digest(secret: str, purpose: str) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=purpose.encode()).digest()


def keys(purpose: str) -> MultiFernet:
    """The keys of a purpose (at most 16 bytes), the one in use first."""
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(_digest(secret, purpose))) for secret in _secrets()]
    )


def seal(text: str, purpose: str) -> str:
    """``text`` as it may be stored."""
    return keys(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """The text as it was. Raises ``ValueError`` when no key of the purpose sealed it."""
    try:
        return keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise ValueError("sealed with a key that is not known here") from None


def derived(nonce: str, purpose: str) -> list[str]:
    """Tokens that only this installation can make from ``nonce``: with the key in use, then older ones."""
    return [
        base64.urlsafe_b64encode(hmac.digest(_digest(secret, purpose), nonce.encode(), "sha256"))
        .decode()
        .rstrip("=")
        for secret in _secrets()
    ]
