"""One way to change a status: by a verb of the context's transition table (``enums.py``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext as _

from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.models import StatusChange


class Transition(NamedTuple):
    """``verb`` leads from any of ``sources`` to ``target``."""

    verb: str
    sources: frozenset[str]
    target: str


def transition(
    obj: models.Model,
    verb: str,
    *,
    table: Iterable[Transition],
    actor: Actor,
    now: datetime,
    reason: str = "",
    field: str = "status",
) -> str:
    """Move ``obj`` by ``verb``, write its status row, and return the status it had.

    The UPDATE is conditional on the old status, so two people cannot both make the same
    move. Raises ``Conflict`` when the table does not allow the move from where it stands.
    """
    rule = next((row for row in table if row.verb == verb), None)
    if rule is None:
        raise KeyError(f"{obj._meta.label} has no verb {verb}")
    current: str = getattr(obj, field)
    manager = type(obj)._default_manager
    moved = current in rule.sources and manager.filter(pk=obj.pk, **{field: current}).update(
        **{field: rule.target}
    )
    if not moved:
        raise Conflict(
            _("Det kan ikke lade sig gøre nu. Siden viser en ældre tilstand; hent den igen.")
        )
    setattr(obj, field, rule.target)
    StatusChange.objects.create(
        subject_type=obj._meta.label_lower,
        subject_id=obj.pk,
        verb=verb,
        from_status=current,
        to_status=rule.target,
        at=now,
        actor_label=actor.label[:200],
        reason=reason,
    )
    return current
