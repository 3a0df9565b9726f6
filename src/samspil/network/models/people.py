"""People, their roles, and invitations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.network.enums import Role


class PersonManager(BaseUserManager["Person"]):
    """Makes people; finds them by address in any case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username or "")


class Person(AbstractBaseUser):
    """Somebody who signs in, with an e-mail address as user name."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=5, default="da")
    is_active = models.BooleanField(default=True)
    is_constructed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = PersonManager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """A role a person holds for an organisation or in a network, from–to."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=30, choices=Role)
    organisation = models.ForeignKey(
        "network.Organisation",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="role_assignments",
    )
    network = models.ForeignKey(
        "network.Network",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="role_assignments",
    )
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["person__name", "role", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role=Role.PLATFORM_ADMIN)
                | Q(organisation__isnull=False)
                | Q(network__isnull=False),
                name="role_has_scope",
                violation_error_message=_("En rolle gælder en organisation eller et samarbejde."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"


class PersonIdentity(models.Model):
    """A person as an outside OpenID provider knows it; tied the first time it signs (R140)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=120)
    linked_at = models.DateTimeField()

    class Meta:
        ordering = ["person", "issuer", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_one_person"),
            models.UniqueConstraint(fields=["person", "issuer"], name="identity_one_a_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.issuer}"


class Mandate(models.Model):
    """A person whom a school lets sign for it, from–to, besides its leaders (R31, R140).

    ``network`` empty: in every network. ``fkb_numbers`` empty: for every FKB. ``ended_at`` is set
    when it is taken back before ``valid_to``.
    """

    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="mandates"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="mandates")
    network = models.ForeignKey(
        "network.Network", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    fkb_numbers = models.JSONField(default=list, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    document = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    given_by_name = models.CharField(max_length=120)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=120, blank=True)
    ended_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["organisation", "-valid_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="mandate_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.organisation}"


class Invitation(models.Model):
    """An invitation to take a role; the link is shown once, only its hash is kept."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=30, choices=Role)
    organisation = models.ForeignKey(
        "network.Organisation", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    network = models.ForeignKey(
        "network.Network", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}"
