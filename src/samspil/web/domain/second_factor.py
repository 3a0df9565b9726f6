"""Which second factors a person has set up."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator

from samspil.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """What protects an account beside its password."""

    totp: bool
    keys: int
    codes: bool

    @property
    def enabled(self) -> bool:
        """Whether there is a second factor at all; codes alone are only a spare."""
        return self.totp or self.keys > 0


def summary_of(actor: Actor) -> SecondFactors:
    """The second factors of the person that the actor is."""
    types = list(
        Authenticator.objects.filter(user_id=actor.person_id)
        .order_by("pk")
        .values_list("type", flat=True)
    )
    return SecondFactors(
        totp=Authenticator.Type.TOTP in types,
        keys=types.count(Authenticator.Type.WEBAUTHN),
        codes=Authenticator.Type.RECOVERY_CODES in types,
    )
