"""One way to change a status: by a verb of the context's transition table (``enums.py``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def transition_all(
    objs: Sequence[models.Model],
    verb: str,
    *,
    table: Iterable[Transition],
    actor: Actor,
    now: datetime,
    reason: str = "",
    field: str = "status",
    **also: object,
) -> None:
    """``transition`` for many objects of one model, all of them or none: an UPDATE per status they had, their status
    rows in bulk. ``also``: what else is written with it. The caller holds a transaction; raises ``Conflict``."""
    if not objs:
        return
    rule = next((row for row in table if row.verb == verb), None)
    if rule is None:
        raise KeyError(f"{objs[0]._meta.label} has no verb {verb}")
    groups: dict[str, list[models.Model]] = {}
    for obj in objs:
        groups.setdefault(getattr(obj, field), []).append(obj)
    manager = type(objs[0])._default_manager
    for current, rows in groups.items():
        pks = [row.pk for row in rows]
        moved = 0
        if current in rule.sources:
            for begin in range(0, len(pks), 500):
                same = manager.filter(pk__in=pks[begin : begin + 500], **{field: current})
                moved += same.update(**{field: rule.target, **also})
        if moved != len(pks):
            raise Conflict(
                _("Det kan ikke lade sig gøre nu. Siden viser en ældre tilstand; hent den igen.")
            )
    StatusChange.objects.bulk_create(
        [
            StatusChange(
                subject_type=obj._meta.label_lower,
                subject_id=obj.pk,
                verb=verb,
                from_status=getattr(obj, field),
                to_status=rule.target,
                at=now,
                actor_label=actor.label[:200],
                reason=reason,
            )
            for obj in objs
        ],
        batch_size=500,
    )
    for obj in objs:
        setattr(obj, field, rule.target)
        for name, value in also.items():
            setattr(obj, name, value)
