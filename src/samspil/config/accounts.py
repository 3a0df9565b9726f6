"""How django-allauth behaves in Samspil: nobody signs up alone, and its mail goes by the outbox."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import MultiFernet
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest

from samspil.kernel import clock
from samspil.kernel.sealed import keys


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account begins with an invitation."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within five minutes of signing in: the person has just shown who it is."""
        from allauth.account.internal.flows.login import get_authentication_records

        records = get_authentication_records(self.request, self.request.user)
        age = clock.now().timestamp() - records[-1]["at"] if records else None
        if age is not None and age < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """With a second factor, that one alone: who has the password only must not be able to
        put a factor of its own beside it, and then sign."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"] != "reauthenticate"] or methods

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the mail in the transaction that it belongs to (house rule 8)."""
        from samspil.kernel.mail import queue

        message: EmailMessage = self.render_mail(template_prefix, email, context)
        queue(
            category="account",
            to=email,
            subject=str(message.subject),
            text=str(message.body),
            now=clock.now(),
        )


_SEALED: Final = "sealed:"


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are not stored in the clear: a copy of the database signs nothing.

    The key comes from ``SECRET_KEY``; with ``OLD_SECRET_KEYS`` what older keys sealed can still be read.
    """

    def encrypt(self, text: str) -> str:
        """The secret as it is stored."""
        return _SEALED + _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret as it was; one stored before secrets were sealed is taken as it stands."""
        if not encrypted_text.startswith(_SEALED):
            return encrypted_text
        return _keys().decrypt(encrypted_text.removeprefix(_SEALED).encode()).decode()


def _keys() -> MultiFernet:
    return keys("second-factor")
