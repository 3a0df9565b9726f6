"""How a signer proved to be the one: read from what django-allauth wrote in the session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.urls import reverse

from samspil.coordination.domain.agreements import EXAMPLE_METHOD, FRESH, SecondFactor
from samspil.kernel.http import ActorRequest


def fresh_factor(request: ActorRequest, now: datetime) -> SecondFactor | None:
    """The newest second factor of this session, if it is young enough to sign with."""
    records: list[dict[str, Any]] = [
        row
        for row in get_authentication_records(request, request.user)
        if row.get("method") == "mfa"
    ]
    if not records:
        return None
    newest = max(records, key=lambda row: float(row["at"]))
    at = datetime.fromtimestamp(float(newest["at"]), tz=UTC)
    return SecondFactor(str(newest.get("type", "")), at) if now - at <= FRESH else None


def example_factor(request: ActorRequest, now: datetime) -> SecondFactor | None:
    """The plain confirmation that stands in for a second factor in the example settings."""
    if settings.EXAMPLE_DOOR and request.POST.get("example") == "1":
        return SecondFactor(EXAMPLE_METHOD, now)
    return None


def is_example() -> bool:
    """Whether signing is a trial: the example settings, and nowhere else."""
    return bool(settings.EXAMPLE_DOOR)


def has_factor(request: ActorRequest) -> bool:
    """Whether the person has set up a second factor."""
    return bool(is_mfa_enabled(request.user))


def ask_url(request: ActorRequest, back_to: str) -> str:
    """Where the person gives the second factor again, on the way back to ``back_to``."""
    kinds = set(
        Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True)
    )
    name = (
        "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
    )
    return f"{reverse(name)}?{urlencode({'next': back_to})}"
