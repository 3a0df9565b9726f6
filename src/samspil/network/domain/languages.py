"""The language a person reads: on the screen and in mails."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Invalid
from samspil.network.models import Person


def _is_oneself(actor: Actor, person: Person) -> bool:
    """A person's language is the person's own choice."""
    return actor.person_id is not None and actor.person_id == person.pk


@action("network.choose_language", permission=_is_oneself, on="person")
def choose_language(*, actor: Actor, now: datetime, person: Person, language: str) -> Person:
    """Remember the language of a person. ``language`` is a code of the settings.

    Raises ``Invalid`` for a language that the screens do not speak.
    """
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("Det sprog findes ikke her."), field="language")
    before = person.language
    if before != language:
        person.language = language
        person.save(update_fields=["language"])
        record(
            person,
            before={"language": before},
            after={"language": language},
            summary=_("Sproget er skiftet."),
        )
    return person
