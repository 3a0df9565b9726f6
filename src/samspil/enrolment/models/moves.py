"""Plans that put runs together, who is asked to move where, and transfers between schools."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from samspil.enrolment.enums import (
    STAFF_ROLES,
    BundleScope,
    BundleStatus,
    MovePlanStatus,
    MoveState,
    RunFate,
    TransferStep,
)
from samspil.network.models import Network

if TYPE_CHECKING:
    from typing import Self

    from samspil.enrolment.models.signups import SignUp
    from samspil.kernel.actor import Actor


class MoveBundleQuerySet(models.QuerySet["MoveBundle"]):
    """Bundles, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of a network that the actor sees."""
        return self.filter(network__in=Network.objects.visible_to(actor))


class MoveBundle(models.Model):
    """Plans of many courses that were asked for together: of an FKB, a branch group, or a week.

    ``value``: the FKB's number, the branch group's key, or the Monday of the week (ISO). One calculation answers
    all; every course where somebody is to be asked gets a ``MovePlan`` of its own, which its schools approve and
    which is carried out, or not, by itself. ``conditions`` are those of its plans. ``statistics``: sums over the
    scope, under ``rest`` the courses where nothing is to be done, and under ``order`` the plans, most gained first.
    """

    network = models.ForeignKey("network.Network", on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=10, choices=BundleScope)
    value = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=BundleStatus, default=BundleStatus.QUEUED)
    conditions = models.JSONField(default=dict)
    statistics = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = MoveBundleQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.label} {self.created_at:%Y-%m-%d %H:%M}"


class MovePlanQuerySet(models.QuerySet["MovePlan"]):
    """Plans, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of a network that the actor sees. Names are shown to each school for its own people only."""
        return self.filter(network__in=Network.objects.visible_to(actor))


class MovePlan(models.Model):
    """Which runs of a course are held together, and who is asked to move (R28, R29).

    ``conditions``: ``km`` and ``days`` at most for everybody (on top of what each said), ``yes`` (who accepts, as
    in ``runs.Pooling``), ``answer_days``, ``held`` and ``cancelled`` runs by id. ``problem`` and ``solution`` are
    the planner's JSON. ``sha256`` is over what the schools approve. ``wave`` is the latest that was asked;
    ``answer_by`` its deadline. Nobody is moved before the schools and they themselves have said yes. ``bundle``:
    what it was asked for together with.
    """

    network = models.ForeignKey("network.Network", on_delete=models.PROTECT, related_name="+")
    course = models.ForeignKey("catalogue.Course", on_delete=models.PROTECT, related_name="+")
    bundle = models.ForeignKey(
        MoveBundle, null=True, blank=True, on_delete=models.PROTECT, related_name="plans"
    )
    status = models.CharField(max_length=12, choices=MovePlanStatus, default=MovePlanStatus.QUEUED)
    conditions = models.JSONField(default=dict)
    problem = models.JSONField(null=True)
    solution = models.JSONField(null=True)
    statistics = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    wave = models.PositiveSmallIntegerField(default=0)
    answer_by = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=500, blank=True)

    objects = MovePlanQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.course.number} {self.created_at:%Y-%m-%d %H:%M}"


class PlannedRun(models.Model):
    """What a plan makes of a run. ``fixed``: people whom only the school's own system knows.

    ``changed_at``: the run was cancelled, taken off or given other days since, as ``changed_why`` says, and this
    part of the plan holds no longer.
    """

    plan = models.ForeignKey(MovePlan, on_delete=models.CASCADE, related_name="runs")
    run = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="+")
    fate = models.CharField(max_length=10, choices=RunFate)
    heads_before = models.PositiveSmallIntegerField()
    heads_after = models.PositiveSmallIntegerField()
    fixed = models.PositiveSmallIntegerField(default=0)
    minimum = models.PositiveSmallIntegerField()
    why = models.JSONField(default=list)
    changed_at = models.DateTimeField(null=True)
    changed_why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["run__starts_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "run"], name="planned_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.run_id} {self.fate}"


class MoveLine(models.Model):
    """People of one sign-up who are asked to go from ``source`` to ``target``. They answer as one.

    ``unit`` tells apart those of a sign-up who answer for themselves; lines of one unit follow each other by
    ``wave``. ``metres``: from home as far as known; ``days``: later than their own run, below 0 before it.
    ``is_elsewhere``: somebody whom only the school's own system knows. They get a sign-up without a name, and by
    it a link, when they are asked; until then ``sign_up`` is empty.
    """

    plan = models.ForeignKey(MovePlan, on_delete=models.CASCADE, related_name="lines")
    sign_up = models.ForeignKey(
        "enrolment.SignUp", null=True, on_delete=models.CASCADE, related_name="move_lines"
    )
    is_elsewhere = models.BooleanField(default=False)
    source = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="+")
    enrolments = models.ManyToManyField("enrolment.Enrolment", related_name="move_lines")
    unit = models.PositiveSmallIntegerField(default=0)
    wave = models.PositiveSmallIntegerField(default=1)
    heads = models.PositiveSmallIntegerField()
    metres = models.PositiveIntegerField()
    days = models.SmallIntegerField()
    why = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=MoveState, default=MoveState.WAITS)
    offer = models.OneToOneField(
        "enrolment.SeatOffer", null=True, on_delete=models.SET_NULL, related_name="move_line"
    )
    answered_at = models.DateTimeField(null=True)
    special_needs = models.TextField(blank=True, max_length=1000)
    has_consent = models.BooleanField(default=False)

    class Meta:
        ordering = ["wave", "pk"]
        indexes = [models.Index(fields=["plan", "state"], name="move_line_state")]
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("target")), name="move_two_runs"),
            models.CheckConstraint(condition=Q(heads__gte=1), name="move_heads"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def order(self) -> SignUp:
        """Whose line it is: there is a sign-up as soon as they are asked."""
        assert self.sign_up is not None
        return self.sign_up


class PlanApproval(models.Model):
    """What a school that gives or receives says to its part of a plan; ``sha256`` is what it read."""

    plan = models.ForeignKey(MovePlan, on_delete=models.CASCADE, related_name="approvals")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    is_approved = models.BooleanField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    person_name = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "organisation"], name="plan_approval_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id}: {self.organisation_id}"


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Transfers, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of one's own schools: it hands over, or it receives."""
        if actor.is_system:
            return self
        own = actor.organisation_ids(*STAFF_ROLES)
        return self.filter(Q(origin__in=own) | Q(holder__in=own))


class Transfer(models.Model):
    """People of a sign-up who went from ``origin``'s run to ``holder``'s, with what both schools do about it (R29).

    ``reference`` is what other contexts know it by. ``special_needs`` travels only when the person has said so
    (``has_consent``). ``due_on``: by then both have done their part.
    """

    reference = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    network = models.ForeignKey("network.Network", on_delete=models.PROTECT, related_name="+")
    line = models.OneToOneField(
        MoveLine, null=True, on_delete=models.SET_NULL, related_name="transfer"
    )
    sign_up = models.ForeignKey(
        "enrolment.SignUp", on_delete=models.CASCADE, related_name="transfers"
    )
    source = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="+")
    origin = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("network.Organisation", on_delete=models.PROTECT, related_name="+")
    enrolments = models.ManyToManyField("enrolment.Enrolment", related_name="transfers")
    heads = models.PositiveSmallIntegerField()
    special_needs = models.TextField(blank=True, max_length=1000)
    has_consent = models.BooleanField(default=False)
    origin_step = models.CharField(max_length=8, choices=TransferStep, default=TransferStep.WAITING)
    origin_done_at = models.DateTimeField(null=True)
    holder_step = models.CharField(max_length=8, choices=TransferStep, default=TransferStep.WAITING)
    holder_done_at = models.DateTimeField(null=True)
    due_on = models.DateField()
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(fields=["origin", "origin_step"], name="transfer_origin"),
            models.Index(fields=["holder", "holder_step"], name="transfer_holder"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class TransferNote(models.Model):
    """A message between the two schools about a transfer, perhaps with a file. Emptied with the person's data."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="notes")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="+"
    )
    person_name = models.CharField(max_length=120)
    text = models.TextField(blank=True, max_length=2000)
    file = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"#{self.pk}"
