"""How a signer proved to be the one: a second factor given just now (R140).

Read from what django-allauth wrote in the session; judged by ``check_factor``, which every action
that signs calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel.errors import Forbidden
from samspil.kernel.http import ActorRequest

FRESH: Final = timedelta(minutes=10)
"""How old a second factor may be when it signs."""
EXAMPLE_METHOD: Final = "example"
METHODS: Final = frozenset({"totp", "webauthn", "recovery_codes"})


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """How and when the signer proved to be the one: ``totp``, ``webauthn``, ``recovery_codes``."""

    method: str
    at: datetime


def check_factor(factor: SecondFactor | None, now: datetime) -> SecondFactor:
    """``factor``, when one may sign with it at ``now``. Raises ``Forbidden`` otherwise."""
    if factor is None or not (timedelta(0) <= now - factor.at + timedelta(minutes=1) <= FRESH):
        raise Forbidden(_("Bekræft med din anden faktor lige før, du underskriver."))
    if factor.method not in METHODS and not (
        factor.method == EXAMPLE_METHOD and settings.EXAMPLE_DOOR
    ):
        raise Forbidden(_("Der skal en anden faktor til for at underskrive."))
    return factor


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
