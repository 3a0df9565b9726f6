"""How django-allauth behaves in Samspil: nobody signs up alone, and its mail goes by the outbox."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.mail import EmailMessage
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account begins with an invitation."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the mail in the transaction that it belongs to (house rule 8)."""
        from samspil.kernel import clock
        from samspil.kernel.mail import queue

        message: EmailMessage = self.render_mail(template_prefix, email, context)
        queue(
            category="account",
            to=email,
            subject=str(message.subject),
            text=str(message.body),
            now=clock.now(),
        )
