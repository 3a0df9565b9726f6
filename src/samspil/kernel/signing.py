"""How a signer proved to be the one: a second factor given just now (R140).

Read from what django-allauth wrote in the session; judged by ``check_factor``, which every action
that signs calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel.errors import Forbidden
from samspil.kernel.http import ActorRequest
from samspil.kernel.identity import LONGEST, Identity, nonce_of
from samspil.kernel.identity import METHOD as OPENID
from samspil.kernel.identity import is_on as identity_is_on

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


Proof = SecondFactor | Identity
"""How a signer proves to be the one: the account's own second factor, or an outside provider."""


class Way(Protocol):
    """A provider of proof: whether it is on, and whether what it gave is good enough to sign with.

    ``bound`` is what the proof must have been given for: the checksum of the text, the school and
    the person.
    """

    key: str

    def is_on(self) -> bool:
        """Whether one can sign this way here."""

    def check(self, proof: Proof, *, bound: Sequence[str], now: datetime) -> None:
        """Raise ``Forbidden`` unless ``proof`` is good."""


class BuiltIn:
    """The second factor of the account, given just now. It proves the person; what is signed the
    action itself checks."""

    key = "second_factor"

    def is_on(self) -> bool:
        """Unless the settings say that it is not enough."""
        return bool(settings.SAMSPIL_SIGN_BUILT_IN)

    def check(self, proof: Proof, *, bound: Sequence[str], now: datetime) -> None:
        """Young enough, and a factor that we know."""
        check_factor(proof if isinstance(proof, SecondFactor) else None, now)


class OpenId:
    """An outside provider, such as a broker of MitID Erhverv. Its answer is for one text alone."""

    key = OPENID

    def is_on(self) -> bool:
        """When the settings name one."""
        return identity_is_on()

    def check(self, proof: Proof, *, bound: Sequence[str], now: datetime) -> None:
        """Given just now, and for this very text, school and person."""
        good = (
            isinstance(proof, Identity)
            and tuple(proof.bound) == tuple(bound)
            and proof.nonce == nonce_of(proof.salt, bound)
            and timedelta(0) <= now - proof.at + timedelta(minutes=1) <= 2 * LONGEST
        )
        if not good:
            raise Forbidden(
                _("Svaret gælder ikke denne aftale. Intet er underskrevet. Prøv forfra.")
            )


WAYS: Final[tuple[Way, ...]] = (BuiltIn(), OpenId())


def ways_on() -> frozenset[str]:
    """Keys of the ways that one can sign by here."""
    return frozenset(way.key for way in WAYS if way.is_on())


def check_proof(proof: Proof | None, *, bound: Sequence[str], now: datetime) -> Proof:
    """``proof``, when one may sign with it at ``now``. Raises ``Forbidden`` otherwise."""
    if proof is None:
        raise Forbidden(_("Bekræft, at det er dig, lige før du underskriver."))
    key = OpenId.key if isinstance(proof, Identity) else BuiltIn.key
    way = next(way for way in WAYS if way.key == key)
    if not way.is_on():
        raise Forbidden(_("Der kan ikke underskrives på den måde her."))
    way.check(proof, bound=bound, now=now)
    return proof


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


def forget_factors(person_id: int) -> int:
    """Take a person's second factors and sessions away. Returns how many factors there were."""
    factors = Authenticator.objects.filter(user_id=person_id)
    taken = factors.count()
    factors.delete()
    for session in UserSession.objects.filter(user_id=person_id).order_by("pk"):
        session.end()
    return int(taken)
