"""Tables of the import framework: what was handed in, what each row would do, what was done."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportStatus(models.TextChoices):
    """Where an import stands."""

    UPLOADED = "uploaded", _("Mangler kolonner")
    PREVIEWED = "previewed", _("Klar til at læse ind")
    APPLIED = "applied", _("Læst ind")
    UNDONE = "undone", _("Fortrudt")
    DISCARDED = "discarded", _("Kasseret")


class RowState(models.TextChoices):
    """What would become of a row."""

    NEW = "new", _("Ny")
    CHANGED = "changed", _("Ændret")
    UNCHANGED = "unchanged", _("Uændret")
    WARNING = "warning", _("Advarsel")
    ERROR = "error", _("Fejl")
    SKIPPED = "skipped", _("Sprunget over")


class ImportBatch(models.Model):
    """One file on its way in: uploaded, columns chosen, previewed, applied, perhaps undone.

    ``plan_digest`` is the SHA-256 of what the preview showed; applying works out the plan anew
    and refuses when it differs. ``undo_log`` holds, per model, what was written:
    ``[pk, before or null, after, label]``.
    """

    spec = models.CharField(max_length=60)
    status = models.CharField(max_length=12, choices=ImportStatus, default=ImportStatus.UPLOADED)
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    file_kind = models.CharField(max_length=8)
    source = models.CharField(max_length=120, blank=True)
    options = models.JSONField(default=dict)
    mapping = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    plan_digest = models.CharField(max_length=64, blank=True)
    undo_log = models.JSONField(default=dict)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return str(self.file)

    @property
    def counted(self) -> dict[str, Any]:
        """Rows per state, every state there."""
        return {state.value: self.counts.get(state.value, 0) for state in RowState}


class ImportRow(models.Model):
    """One row of the preview, with what it would do and every message about its cells.

    ``messages``: ``[{"level", "cell", "field", "text"}]``. ``cells``: what stood in the file, by
    column key. ``changes``: ``[{"label", "before", "after"}]`` for the eye.
    """

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=120)
    row_number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=RowState)
    label = models.CharField(max_length=300, blank=True)
    cells = models.JSONField(default=dict)
    messages = models.JSONField(default=list)
    changes = models.JSONField(default=list)

    class Meta:
        ordering = ["batch", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="import_row_position"),
        ]
        indexes = [models.Index(fields=["batch", "state", "position"], name="import_row_state")]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row_number}"


class ColumnMapping(models.Model):
    """How the columns of one source were read last time: folded heading to column key.

    An empty key means that the column is not read.
    """

    spec = models.CharField(max_length=60)
    source = models.CharField(max_length=120)
    columns = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["spec", "source", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["spec", "source"], name="column_mapping_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.spec}: {self.source}"
