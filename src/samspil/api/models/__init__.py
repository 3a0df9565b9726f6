"""Keys that machines come with, who is told of what, and what changed when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.api.enums import DeliveryState
from samspil.kernel import roles

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor
    from samspil.network.models import Network, Organisation

__all__ = ["ApiKey", "Delivery", "FeedHead", "FeedItem", "Webhook"]

KEEPERS = (roles.SECRETARIAT, roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
"""Whoever holds one of these for an organisation or a network keeps its keys and subscriptions."""


class Owned(models.QuerySet):  # type: ignore[type-arg]
    """Rows of an organisation or of a network, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the organisations and networks that the actor coordinates or leads."""
        if actor.is_system or actor.is_platform_admin:
            return self
        return self.filter(
            Q(organisation_id__in=actor.organisation_ids(*KEEPERS))
            | Q(network_id__in=actor.network_ids(*KEEPERS))
        )


class HasOwner(models.Model):
    """Belongs to an organisation or to a network, never to a person: people change jobs."""

    organisation = models.ForeignKey(
        "network.Organisation", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    network = models.ForeignKey(
        "network.Network", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    objects = Owned.as_manager()

    class Meta:
        abstract = True

    @property
    def owner(self) -> Organisation | Network:
        """The organisation, or else the network."""
        owner = self.organisation or self.network
        assert owner is not None  # the constraint says so
        return owner


def _one_owner(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(organisation__isnull=False, network__isnull=True)
        | Q(organisation__isnull=True, network__isnull=False),
        name=name,
        violation_error_message=_("Vælg en skole eller et samarbejde."),
    )


class ApiKey(HasOwner):
    """A key for the API. Shown once; only its hash is kept, ``prefix`` finds it again.

    ``scopes`` are values of ``Scope``. It ends on ``expires_at`` at the latest.
    """

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [_one_owner("key_one_owner")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def beginning(self) -> str:
        """How the key's text begins: enough to know it by, not to use it."""
        return f"samspil_{self.prefix}_"

    def holds(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and self.expires_at > now


class Webhook(HasOwner):
    """An address that is told of events. ``secret`` signs what is sent, sealed as it is stored.

    ``failures`` counts deliveries given up in a row; at ``domain.webhooks.MOST_FAILURES`` it is
    stopped: ``stopped_at``, and ``stopped_reason`` in words. ``stopped_at`` without a reason:
    somebody paused it.
    """

    name = models.CharField(max_length=80)
    url = models.URLField(max_length=500)
    events = models.JSONField(default=list)
    secret = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=200)
    failures = models.PositiveSmallIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)
    stopped_reason = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [_one_owner("webhook_one_owner")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event on its way to one subscriber, with how the last attempt went."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField()
    event = models.CharField(max_length=30)
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["webhook", "-created_at"], name="delivery_newest")]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}"


class FeedItem(models.Model):
    """The newest that happened to one thing. ``seq`` grows with every change of anything.

    ``digest`` is of what was last told; ``network_id`` is empty where everybody may know.
    """

    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=80)
    network_id = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=32)
    seq = models.BigIntegerField(unique=True)
    first_seq = models.BigIntegerField()
    changed_at = models.DateTimeField()
    is_gone = models.BooleanField(default=False)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="feed_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class FeedHead(models.Model):
    """Where the feed has got to: one row, locked by whoever writes the feed."""

    seq = models.BigIntegerField(default=0)
    seen_event = models.BigIntegerField(default=0)
    seen_on = models.DateField(null=True)

    def __str__(self) -> str:
        return str(self.seq)
