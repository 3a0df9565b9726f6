"""Say which school a name in an agreement with a school outside the circle means (R27)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from samspil.compliance import rules
from samspil.compliance.domain.checking import check_round
from samspil.compliance.models import OutsideSchool
from samspil.coordination.models import Round, RoundSchool
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Invalid
from samspil.kernel.locking import lock_row
from samspil.network.models import Organisation


@action("compliance.name_outside_school", permission=rules.may_check, on="round")
def name_outside_school(
    *,
    actor: Actor,
    now: datetime,
    round: Round,
    outside: OutsideSchool,
    organisation: Organisation | None,
) -> OutsideSchool:
    """Say which school of the register a name in the network's agreements means; ``None``: none of them.

    It holds for every agreement of the network with that name, next year's too. The round is checked by
    it at once. Raises ``Invalid`` for a school that coordinates in the round itself, ``Conflict`` when
    nothing of the round is frozen any more.
    """
    outside = lock_row(OutsideSchool.objects.filter(network=round.network_id), outside.pk)
    if organisation is not None:
        inside = RoundSchool.objects.filter(
            round=round, organisation=organisation, left_on__isnull=True
        )
        if inside.exists():
            raise Invalid(
                _("%(school)s er selv med i runden.") % {"school": organisation.label},
                field="organisation",
            )
    before = outside.organisation
    outside.organisation = organisation
    outside.is_said = True
    outside.said_at = now
    outside.said_by_label = actor.label[:200]
    outside.save(update_fields=["organisation", "is_said", "said_at", "said_by_label"])
    record(
        round,
        before={"name": outside.name, "school": before.key if before else None},
        after={"name": outside.name, "school": organisation.key if organisation else None},
        summary=_("»%(name)s« i aftalerne er %(school)s")
        % {
            "name": outside.name,
            "school": organisation.name if organisation else _("ikke i registret"),
        },
        network_id=round.network_id,
    )
    check_round(actor=actor, now=now, round=round)
    return outside
