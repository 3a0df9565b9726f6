"""What can be taught, and who is approved to teach it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from samspil.catalogue.enums import Evidence, RelationKind
from samspil.catalogue.models.statements import OfferStatement

__all__ = [
    "Approval",
    "BranchGroup",
    "Course",
    "CourseActivity",
    "CourseRelation",
    "Fkb",
    "OfferStatement",
]


class BranchGroup(models.Model):
    """One of the groups that a network sorts its FKBs into (R16: local, not national)."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Fkb(models.Model):
    """A joint competence description: four digits, with validity and predecessors (R1, R7)."""

    number = models.CharField(max_length=4, unique=True)
    title = models.CharField(max_length=250, blank=True)
    branch_group = models.ForeignKey(
        BranchGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="fkbs"
    )
    committee = models.CharField(max_length=160, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    predecessors = models.ManyToManyField(
        "self", symmetrical=False, related_name="successors", blank=True
    )
    source = models.CharField(max_length=200, blank=True)
    is_constructed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["number", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=r"^[0-9]{4}$"),
                name="fkb_number_four_digits",
                violation_error_message=_("Et FKB-nummer har fire cifre."),
            ),
        ]

    def __str__(self) -> str:
        return f"FKB {self.number} {self.title}".strip()


class Course(models.Model):
    """An AMU course (uddannelsesmål). The number is text (R8), the duration decimal days (R10)."""

    number = models.CharField(max_length=5, unique=True)
    title = models.CharField(max_length=250)
    duration_days = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    level = models.CharField(max_length=4, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    is_archived = models.BooleanField(default=False)
    archived_reason = models.CharField(max_length=250, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )
    source = models.CharField(max_length=200, blank=True)
    is_constructed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    fkbs = models.ManyToManyField(Fkb, through="CourseRelation", related_name="courses")

    class Meta:
        ordering = ["number", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=r"^[0-9]{5}$"),
                name="course_number_five_digits",
                violation_error_message=_("Et målnummer har fem cifre."),
            ),
            models.CheckConstraint(
                condition=Q(duration_days__isnull=True) | Q(duration_days__gt=0),
                name="course_duration_positive",
                violation_error_message=_("Varigheden skal være mere end 0 dage."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class CourseRelation(models.Model):
    """How a course belongs to an FKB: many-to-many with a kind (R3)."""

    fkb = models.ForeignKey(Fkb, on_delete=models.CASCADE, related_name="relations")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="relations")
    kind = models.CharField(max_length=10, choices=RelationKind, default=RelationKind.CORE)

    class Meta:
        ordering = ["fkb__number", "course__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["fkb", "course"], name="relation_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.course.number} i {self.fkb.number}: {self.kind}"


class Approval(models.Model):
    """A school's right, and duty, to offer the courses of an FKB, from–to (R4, R43, R46)."""

    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.CASCADE, related_name="approvals"
    )
    fkb = models.ForeignKey(Fkb, on_delete=models.CASCADE, related_name="approvals")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    evidence = models.CharField(max_length=12, choices=Evidence, default=Evidence.GRANTED)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["fkb__number", "organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "fkb"],
                condition=Q(valid_to__isnull=True),
                name="approval_open_unique",
                violation_error_message=_("Skolen er allerede godkendt til den FKB."),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gte=F("valid_from")),
                name="approval_dates",
                violation_error_message=_("Slutdatoen ligger før startdatoen."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}: FKB {self.fkb.number}"


class CourseActivity(models.Model):
    """How many learners and runs a school had on a course in a calendar year (R33)."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="activity")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.CASCADE, related_name="activity"
    )
    year = models.PositiveSmallIntegerField()
    learners = models.PositiveIntegerField(default=0)
    runs = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-year", "course__number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "organisation", "year"], name="activity_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course.number} {self.year}: {self.learners}"
