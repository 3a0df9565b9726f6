"""The personal link of a sign-up: whoever has it may see and change that sign-up, nothing else.

The token is made from a nonce of the row and the site's key, and only its hash is stored: the link
can be put into every mail, and a copy of the database opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.enrolment import notifications
from samspil.enrolment.models import SignUp
from samspil.enrolment.rules import LINK_LABEL
from samspil.kernel import mail
from samspil.kernel.actor import Actor
from samspil.kernel.errors import NotFound
from samspil.kernel.models import MailMessage
from samspil.kernel.sealed import derived

PURPOSE: Final = "sign-up-link"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_link() -> tuple[str, str]:
    """A nonce, and the hash of the token made from it: what a new sign-up stores."""
    nonce = secrets.token_hex(16)
    return nonce, _hash(derived(nonce, PURPOSE)[0])


def token_of(sign_up: SignUp) -> str:
    """The token of a sign-up. Empty when the site's key is another now and the older one is gone."""
    return next(
        (t for t in derived(sign_up.token_nonce, PURPOSE) if _hash(t) == sign_up.token_hash), ""
    )


def link_of(sign_up: SignUp) -> str:
    """The whole address of the personal page."""
    return settings.BASE_URL + reverse("enrolment:mine", args=[token_of(sign_up)])


def find(token: str) -> tuple[Actor, SignUp]:
    """The sign-up of a link, and the actor that its holder is. Raises ``NotFound``."""
    found = (
        SignUp.objects.filter(token_hash=_hash(token), anonymised_at=None)
        .select_related("run__course", "run__organisation", "school")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise NotFound(
            _("Linket gælder ikke længere. Skriv til skolen, hvis du har en tilmelding.")
        )
    return holder_of(found), found


def holder_of(sign_up: SignUp) -> Actor:
    """The actor that the holder of the sign-up's link is."""
    return Actor(kind="anonymous", label=f"{LINK_LABEL}{sign_up.pk}")


def _late(message: MailMessage) -> dict[str, str]:
    found = (
        SignUp.objects.filter(pk=message.subject_id or 0, anonymised_at=None).order_by("pk").first()
    )
    return {notifications.PLACEHOLDER: link_of(found) if found else ""}


mail.LATE[notifications.CATEGORY] = _late
