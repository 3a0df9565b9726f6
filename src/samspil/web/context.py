"""What every page needs: the menu and who is signed in."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.web.domain import header

LANGUAGE = "samspil_language"
"""Session key of a signed-in person's language; ``config.middleware.Language`` reads it."""
NETWORK = "network_id"
"""Session key of the network the person last chose."""
WANTED = "samspil_wanted"
"""Session key of the page that a second factor had to be set up for."""


class Navigation:
    """The header of one page. Worked out when the template asks, so that a download pays nothing."""

    def __init__(self, request: HttpRequest, actor: Actor | None) -> None:
        self._request = request
        self._actor = actor
        self.path = request.path
        self.is_example = settings.EXAMPLE_DOOR

    @cached_property
    def login_url(self) -> str:
        return header.address("account_login")

    @cached_property
    def logout_url(self) -> str:
        return header.address("account_logout")

    @cached_property
    def language_url(self) -> str:
        return header.address("web:language")

    @cached_property
    def accessibility_url(self) -> str:
        return header.address("web:accessibility")

    @cached_property
    def courses_url(self) -> str:
        return header.address("web:public_courses")

    @cached_property
    def door_url(self) -> str:
        return header.address("example:door")

    @cached_property
    def _known(self) -> Actor | None:
        """The actor, when it is a person: nobody else has a menu."""
        if self._actor is None or self._actor.kind != "person":
            return None
        return self._actor

    @cached_property
    def person(self) -> str:
        return str(self._request.user) if self._known else ""

    @cached_property
    def role(self) -> str:
        return header.title_of(self._known) if self._known else ""

    @cached_property
    def account_url(self) -> str:
        return header.address("web:account")

    @cached_property
    def _networks(self) -> list[header.Choice]:
        if self._known is None:
            return []
        return header.networks_of(self._known, self._request.session.get(NETWORK))

    @cached_property
    def heading(self) -> str:
        return next((network.name for network in self._networks if network.current), "")

    @cached_property
    def heading_url(self) -> str:
        return header.address("coordination:rounds")

    @cached_property
    def can_switch(self) -> bool:
        return len(self._networks) > 1 or (
            self._known is not None and len(self._known.organisation_ids()) > 1
        )

    @cached_property
    def switch_url(self) -> str:
        return header.address("web:switch") if self.can_switch else ""

    @cached_property
    def items(self) -> list[header.MenuItem]:
        if self._known is None:
            return []
        return header.menu(self._known, self.path, header.count_waiting(self._known, clock.today()))

    @property
    def wanted_url(self) -> str:
        return str(self._request.session.get(WANTED, ""))

    @property
    def other_language(self) -> str:
        return "da" if (get_language() or "da").startswith("en") else "en"

    @property
    def other_language_name(self) -> str:
        return {"da": "Dansk", "en": "English"}[self.other_language]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context of the header."""
    actor = getattr(request, "actor", None)
    return {"actor": actor, "nav": Navigation(request, actor)}
