"""A sign-up: what somebody ordered, for whom, and what else would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from samspil.enrolment.enums import STAFF_ROLES, HowMany, Orderer, SignUpStatus

if TYPE_CHECKING:
    from typing import Self

    from samspil.kernel.actor import Actor


class SignUpQuerySet(models.QuerySet["SignUp"]):
    """Sign-ups, as the actor may see them."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of one's own school: it took them in, or one of their people is on its runs.

        Networks, secretariats and administrators of the platform see none: they need no
        people to coordinate (R94, R96).
        """
        if actor.is_system:
            return self
        own = actor.organisation_ids(*STAFF_ROLES)
        return self.filter(
            Q(school__in=own)
            | Q(run__organisation__in=own)
            | Q(enrolments__run__organisation__in=own)
        ).distinct()


class SignUp(models.Model):
    """An order of ``head_count`` seats on ``run``, by a person, a company or a municipality.

    ``school`` took it in: the school of origin. The personal link's token is made from
    ``token_nonce`` and the site's key (``domain.tokens``); only its hash is kept. ``form_key`` is the
    form's own number, so that a form sent twice is one order. Names of the people may come later.
    A text of this model never holds a name: it stands in the audit trail, which is never erased.
    ``is_elsewhere``: made so that a plan can ask somebody whom only the school's own system knows; an ordinary
    sign-up from the move on.
    """

    run = models.ForeignKey("runs.CourseRun", on_delete=models.PROTECT, related_name="sign_ups")
    school = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="sign_ups"
    )
    orderer = models.CharField(max_length=15, choices=Orderer, default=Orderer.PRIVATE)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=20, blank=True)
    company_name = models.CharField(max_length=120, blank=True)
    cvr = models.CharField(max_length=8, blank=True)
    postcode = models.CharField(max_length=4, blank=True)
    head_count = models.PositiveSmallIntegerField(default=1)
    how_many = models.CharField(max_length=5, choices=HowMany, default=HowMany.SOME)
    status = models.CharField(max_length=10, choices=SignUpStatus, default=SignUpStatus.PENDING)
    note = models.TextField(blank=True, max_length=1000)
    language = models.CharField(max_length=5, default="da")
    token_nonce = models.CharField(max_length=32)
    token_hash = models.CharField(max_length=64, unique=True)
    form_key = models.UUIDField(null=True, blank=True, unique=True)
    entered_by_label = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    confirm_by = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    anonymised_at = models.DateTimeField(null=True, blank=True)
    is_elsewhere = models.BooleanField(default=False)
    is_constructed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["run", "status"], name="signup_run_status"),
            models.Index(fields=["contact_email"], name="signup_email"),
            models.Index(fields=["status", "confirm_by"], name="signup_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(head_count__gte=1, head_count__lte=200),
                name="signup_head_count",
                violation_error_message=_("Antallet skal være mellem 1 og 200."),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Tilmelding %(number)s")) % {"number": self.pk}

    @property
    def is_all_or_none(self) -> bool:
        """Whether the group only wants to come together."""
        return self.how_many == HowMany.ALL and self.head_count > 1


class Flexibility(models.Model):
    """What else would do, in the words of whoever signed up: asked when a run might be cancelled.

    ``km`` from the home or work postcode, 0 is 'only here'; ``days_before`` and ``days_after`` the first
    day of the run. ``any_school``, or only those of ``schools``.
    """

    sign_up = models.OneToOneField(SignUp, on_delete=models.CASCADE, related_name="flexibility")
    km = models.PositiveSmallIntegerField(default=0)
    days_before = models.PositiveSmallIntegerField(default=0)
    days_after = models.PositiveSmallIntegerField(default=0)
    online = models.BooleanField(default=False)
    any_school = models.BooleanField(default=False)
    schools = models.ManyToManyField("network.Organisation", blank=True, related_name="+")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.km} km, -{self.days_before}/+{self.days_after}"
