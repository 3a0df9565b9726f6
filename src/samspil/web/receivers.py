"""What follows a sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from samspil.web.context import LANGUAGE


@receiver(user_logged_in, dispatch_uid="samspil.web.language")
def speak_their_language(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """A person meets the language of the account, whatever the browser last spoke."""
    if hasattr(request, "session"):
        request.session[LANGUAGE] = user.language
