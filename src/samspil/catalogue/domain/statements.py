"""A school's own words about its offer, for its public page (R42)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspil.catalogue import rules
from samspil.catalogue.models import OfferStatement
from samspil.catalogue.models.statements import VISKVALITET
from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.locking import lock_row
from samspil.network.models import Organisation

TEXTS = {
    "policy": gettext_lazy("Udbudspolitik"),
    "marketing": gettext_lazy("Annoncering og markedsføring"),
    "fees": gettext_lazy("Deltagerbetaling"),
    "special_courses": gettext_lazy("Særligt tilrettelagte kurser"),
    "sign_up": gettext_lazy("Sådan tilmelder man sig, digitalt og på anden måde"),
    "admission": gettext_lazy("Optagelse"),
}
"""The headings that the school writes itself, in the order of the page."""
FIELDS = (*TEXTS, "quality_url")


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the page and the school's words; empty when they are not written."""

    heading: str
    text: str


def statement_of(organisation: Organisation) -> OfferStatement | None:
    """What a school has written, if it has."""
    return OfferStatement.objects.filter(organisation=organisation).first()


def sections(statement: OfferStatement | None) -> list[Section]:
    """Every heading the law names, with the school's words."""
    return [
        Section(str(label), getattr(statement, name) if statement is not None else "")
        for name, label in TEXTS.items()
    ]


@action("catalogue.state_offer", permission=rules.may_state_offer, on="organisation")
def state_offer(
    *,
    actor: Actor,
    now: datetime,
    organisation: Organisation,
    version: int,
    values: Mapping[str, str],
) -> OfferStatement:
    """Keep a school's words; ``values`` are fields of ``FIELDS``. Raises ``Conflict`` when somebody
    else has written since ``version`` (0: nothing was written)."""
    lock_row(Organisation.objects.all(), organisation.pk)  # the first words, written in two windows
    found = statement_of(organisation)
    if (found.version if found is not None else 0) != version:
        raise Conflict(_("Nogen har rettet det samme imens. Hent siden igen, og ret den så."))
    if found is None:
        found = OfferStatement(
            organisation=organisation, updated_at=now, version=0, quality_url=VISKVALITET
        )
    before, after = changes(
        found, {name: value for name, value in values.items() if name in FIELDS}
    )
    if not after and found.pk is not None:
        return found
    found.updated_at = now
    found.version += 1
    found.save()
    record(
        found,
        before=before,
        after=after,
        summary=_("%(school)s har skrevet om sit udbud.") % {"school": organisation.name},
        organisation_id=organisation.pk,
    )
    return found
