"""Workbooks that came back: what was read, what was answered, and what was applied."""

from __future__ import annotations

from django.db import models

from samspil.coordination.enums import ReturnStatus


class Return(models.Model):
    """One returned workbook. ``reading`` never changes; ``answers`` grow until it is settled.

    ``reading`` is ``domain.reading.ReadForm`` as JSON. ``answers`` maps item ids to what was
    chosen. ``applied`` lists what was written, batch by batch, so that it can be undone.
    """

    form = models.ForeignKey("coordination.Form", on_delete=models.CASCADE, related_name="returns")
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=ReturnStatus, default=ReturnStatus.PREVIEW)
    reading = models.JSONField()
    answers = models.JSONField(default=dict)
    applied = models.JSONField(default=list)
    questions = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    received_by_label = models.CharField(max_length=200)
    applied_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.form}: {self.file.name}"

    @property
    def received_by(self) -> str:
        """The name of whoever handed it in, without the address."""
        return self.received_by_label.partition(" <")[0]


class MatrixImport(models.Model):
    """Last year's overview as a matrix workbook on its way into the round's board.

    ``reading`` is ``domain.overview_import.ReadMatrix`` as JSON; the rest as in ``Return``.
    ``comments`` are the ids of the comments that came along, for undo.
    """

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.CASCADE, related_name="matrix_imports"
    )
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=ReturnStatus, default=ReturnStatus.PREVIEW)
    reading = models.JSONField()
    answers = models.JSONField(default=dict)
    change_set = models.ForeignKey(
        "coordination.ChangeSet", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    comments = models.JSONField(default=list)
    questions = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    received_by_label = models.CharField(max_length=200)
    applied_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.round}: {self.file.name}"

    @property
    def received_by(self) -> str:
        """The name of whoever handed it in, without the address."""
        return self.received_by_label.partition(" <")[0]
