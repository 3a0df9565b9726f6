"""Seats: who has one, who waits for one, and whom one is held for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from samspil.enrolment.enums import (
    LIVE,
    SEATED,
    STAFF_ROLES,
    EnrolmentStatus,
    OfferReason,
    OfferState,
)

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Enrolments, by where they stand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those on the runs of one's own school, and those that it took in itself."""
        if actor.is_system:
            return self
        own = actor.organisation_ids(*STAFF_ROLES)
        return self.filter(Q(run__organisation__in=own) | Q(origin__in=own))

    def seated(self) -> Self:
        """Those that use a seat of their run by themselves."""
        return self.filter(status__in=SEATED)

    def live(self) -> Self:
        """Those that something can still become of."""
        return self.filter(status__in=LIVE)

    def queued(self) -> Self:
        """The waiting list of confirmed sign-ups in its order: who came first stands first."""
        return self.filter(status=EnrolmentStatus.WAITING, sign_up__status="confirmed").order_by(
            "priority", "queued_at", "pk"
        )


class Enrolment(models.Model):
    """One seat asked for by a sign-up, and where it stands.

    ``run`` is where the person is, or waits, now; ``origin`` the school where the sign-up was made.
    ``learner`` is empty until the name is known. The queue's order is (``priority``, ``queued_at``, ``pk``):
    0 is the priority of everybody; -1 that of somebody who lost a seat through no fault of their
    own. ``fee_ore``: what the school may charge (R73, R74). ``previous`` is where somebody was before a move. Its history is in ``kernel.StatusChange``.
    """

    sign_up = models.ForeignKey(
        "enrolment.SignUp", on_delete=models.CASCADE, related_name="enrolments"
    )
    learner = models.ForeignKey(
        "enrolment.Learner",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="enrolments",
    )
    run = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="enrolments")
    origin = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="enrolments_from"
    )
    status = models.CharField(
        max_length=12, choices=EnrolmentStatus, default=EnrolmentStatus.WAITING
    )
    priority = models.SmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    seated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    passed_over = models.CharField(max_length=300, blank=True)
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followers"
    )
    fee_ore = models.PositiveIntegerField(default=0)
    fee_why = models.CharField(max_length=20, blank=True)
    has_evaluated = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        ordering = ["queued_at", "pk"]
        indexes = [
            models.Index(fields=["run", "status", "priority", "queued_at"], name="enrolment_queue"),
            models.Index(fields=["origin", "status"], name="enrolment_origin"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class SeatOfferQuerySet(models.QuerySet["SeatOffer"]):
    """Offers, by where they stand."""

    def pending(self) -> Self:
        """Those that hold seats."""
        return self.filter(state=OfferState.PENDING)


class SeatOffer(models.Model):
    """Seats on ``run`` held for a sign-up's people until they answer or ``expires_at`` strikes.

    ``run`` may be another one than theirs (a move): then they keep what they have until they say
    yes. A pending offer uses ``seats`` of its run. ``explanation`` says in words why it was made.
    """

    sign_up = models.ForeignKey("enrolment.SignUp", on_delete=models.CASCADE, related_name="offers")
    run = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="offers")
    enrolments = models.ManyToManyField(Enrolment, related_name="offers")
    reason = models.CharField(max_length=10, choices=OfferReason, default=OfferReason.QUEUE)
    seats = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.PENDING)
    explanation = models.TextField(blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = SeatOfferQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["run", "state"], name="offer_run_state"),
            models.Index(fields=["state", "expires_at"], name="offer_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="offer_expires_later"
            ),
            models.CheckConstraint(condition=Q(seats__gte=1), name="offer_seats"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
