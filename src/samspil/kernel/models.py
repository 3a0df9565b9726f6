"""Tables of the kernel: audit trail, outbox, files, mail, documents, status history."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditStream(models.Model):
    """Head of one hash chain. One stream a network, and ``platform`` for the rest.

    The row is what writers lock, so that the chain of a network has one order.
    """

    name = models.CharField(max_length=64, unique=True)
    length = models.PositiveBigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return self.name


class AuditEvent(models.Model):
    """One change of state: who, for whom, when, what, before, after. Append-only.

    ``hash`` is the SHA-256 of the previous hash and the event's canonical JSON, see
    ``kernel.audit``. The database refuses changes (migration ``0002_append_only``).
    """

    stream = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=100)
    actor_kind = models.CharField(max_length=12)
    actor_label = models.CharField(max_length=200)
    person_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=300)
    summary = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="audit_stream_seq_unique"),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "seq"], name="audit_subject"),
            models.Index(fields=["stream", "-seq"], name="audit_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.verb}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are never deleted")


class StatusChange(models.Model):
    """History of an object's status, shown to users; written by ``kernel.transitions``."""

    subject_type = models.CharField(max_length=100)
    subject_id = models.BigIntegerField()
    verb = models.CharField(max_length=60)
    from_status = models.CharField(max_length=40)
    to_status = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=200)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="status_subject")]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}: {self.from_status} → {self.to_status}"


class JobState(models.TextChoices):
    """Where a job stands."""

    WAITING = "waiting", _("Venter")
    DONE = "done", _("Udført")
    FAILED = "failed", _("Mislykket")


class Job(models.Model):
    """A row of the outbox: work that starts after the transaction that wrote it.

    Claimed by conditional UPDATE with a lease; a worker that is killed lets the lease run
    out and the job is done again, so handlers are idempotent.
    """

    kind = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    # no key is not one key that all share, so NULL it is
    key = models.CharField(max_length=200, null=True, unique=True)  # noqa: DJ001
    state = models.CharField(max_length=10, choices=JobState, default=JobState.WAITING)
    run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "run_at"], name="job_due")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.state})"


class CalculationStatus(models.TextChoices):
    """Where a calculation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


class Failure(models.TextChoices):
    """Why a calculation went wrong; the owning context says it in words."""

    NONE = ""
    MEMORY = "memory"  # it wanted more than it may have
    CLOCK = "clock"  # there was no answer in time
    CRASHED = "crashed"
    BROKE_RULES = "broke_rules"  # a fault in the planner
    UNREADABLE = "unreadable"  # the planner didn't know the problem's format


class Calculation(models.Model):
    """A problem for a planner, with the best answer so far; see ``kernel.calculations``.

    ``progress``: ``seconds`` calculated so far, ``phase``, ``bounds`` (a list of ``term``, ``value``,
    ``best_possible``). ``best`` and ``result`` are answers as the planner writes them.
    """

    kind = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=100)
    subject_id = models.BigIntegerField()
    status = models.CharField(
        max_length=10, choices=CalculationStatus, default=CalculationStatus.QUEUED
    )
    problem = models.JSONField(default=dict)
    first = models.JSONField(null=True)
    payload = models.JSONField(default=dict)
    work = models.PositiveBigIntegerField()
    seconds = models.FloatField()
    seed = models.PositiveIntegerField(default=0)
    then = models.CharField(max_length=80, blank=True)
    progress = models.JSONField(default=dict)
    best = models.JSONField(null=True)
    result = models.JSONField(null=True)
    failure = models.CharField(max_length=20, choices=Failure, default=Failure.NONE, blank=True)
    error = models.TextField(blank=True)
    holder = models.CharField(max_length=16, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    asked_to_stop_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["status", "lease_until"], name="calculation_due"),
            models.Index(fields=["subject_type", "subject_id"], name="calculation_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.status})"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in (CalculationStatus.QUEUED, CalculationStatus.RUNNING)


class StoredFile(models.Model):
    """A file in the content-addressed store: same bytes, same ``sha256``, stored once."""

    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    actor_label = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name

    def read(self) -> bytes:
        """The bytes. Raises ``FileDamaged`` when they no longer match ``sha256``."""
        from samspil.kernel import files

        return files.read(self)


class SealedFile(models.Model):
    """A stored PDF with a seal on it. What was sealed stays: one sealed file to a source."""

    source = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="sealed")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.file)


class MailState(models.TextChoices):
    """Where a mail stands."""

    QUEUED = "queued", _("I kø")
    SENT = "sent", _("Sendt")
    FAILED = "failed", _("Kunne ikke sendes")


class MailMessage(models.Model):
    """A mail as it was written; everything that was sent can be seen afterwards."""

    category = models.CharField(max_length=80)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=MailState, default=MailState.QUEUED)
    message_id = models.CharField(max_length=200, unique=True)
    network_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=100, blank=True)
    subject_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    attachments = models.ManyToManyField(StoredFile, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="mail_subject")]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"


class Document(models.Model):
    """A frozen document of a subject: one row a version, never changed afterwards."""

    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=100)
    subject_id = models.BigIntegerField()
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="documents")
    created_at = models.DateTimeField()
    actor_label = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id", "version"],
                name="document_version_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (v{self.version})"


from samspil.kernel.imports.models import (  # noqa: E402  (one app, so that it gets migrations)
    ColumnMapping,
    ImportBatch,
    ImportRow,
)

__all__ = [
    "AuditEvent",
    "AuditStream",
    "Calculation",
    "CalculationStatus",
    "ColumnMapping",
    "Document",
    "Failure",
    "ImportBatch",
    "ImportRow",
    "Job",
    "JobState",
    "MailMessage",
    "MailState",
    "StatusChange",
    "StoredFile",
]
