"""What is frozen and signed (R31)."""

from __future__ import annotations

from django.db import models

from samspil.coordination.enums import AgreementKind, AgreementStatus, SignatureStatus


class Overview(models.Model):
    """A frozen version of an FKB's overview. ``content`` is canonical, ``sha256`` its hash."""

    round_fkb = models.ForeignKey(
        "coordination.RoundFkb", on_delete=models.PROTECT, related_name="overviews"
    )
    version = models.PositiveIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    difference = models.JSONField(default=list)
    pdf = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    xlsx = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    frozen_at = models.DateTimeField()
    frozen_by_label = models.CharField(max_length=200)

    class Meta:
        ordering = ["round_fkb", "-version", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round_fkb", "version"], name="overview_version_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round_fkb} v{self.version}"


class Agreement(models.Model):
    """The agreement of an FKB, or a later addendum to it, that all its schools sign."""

    round_fkb = models.ForeignKey(
        "coordination.RoundFkb", on_delete=models.PROTECT, related_name="agreements"
    )
    overview = models.ForeignKey(Overview, on_delete=models.PROTECT, related_name="agreements")
    number = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=10, choices=AgreementKind, default=AgreementKind.ORIGINAL)
    status = models.CharField(
        max_length=10, choices=AgreementStatus, default=AgreementStatus.COLLECTING
    )
    content = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    pdf = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_pdf = models.ForeignKey(
        "kernel.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    due_on = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["round_fkb", "number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["round_fkb", "number"], name="agreement_number_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.round_fkb}"


class Signature(models.Model):
    """One school's place on an agreement: waiting, signed or declined with a reason.

    ``content_hash`` is what the signer saw; it is equal to the agreement's. ``basis`` says by what
    the person signs for the school: as its leader or by a mandate, as it was then.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.PROTECT, related_name="signatures"
    )
    status = models.CharField(
        max_length=10, choices=SignatureStatus, default=SignatureStatus.WAITING
    )
    person_id = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=120, blank=True)
    acted_at = models.DateTimeField(null=True)
    content_hash = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=20, blank=True)
    basis = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["organisation__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "organisation"], name="signature_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.organisation}"


class SignatureProof(models.Model):
    """What an outside provider proved of a signer (R140). With ``token``, ``key`` and ``salt`` anybody
    can see later that it was given for this content: the nonce in the token is made of them.
    """

    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="proof")
    issuer = models.CharField(max_length=300)
    provider = models.CharField(max_length=80)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=120)
    cvr = models.CharField(max_length=8)
    loa = models.CharField(max_length=200)
    authenticated_at = models.DateTimeField()
    nonce = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=64)
    token = models.TextField()
    key = models.JSONField()

    def __str__(self) -> str:
        return f"{self.signature}: {self.provider}"


class SealUpkeep(models.Model):
    """The newest form of a sealed file: ``file`` is the sealed one, or it with archive timestamps.

    ``good_until``: when its newest proof of time runs out; before that it is prolonged.
    """

    sealed = models.OneToOneField(
        "kernel.SealedFile", on_delete=models.PROTECT, related_name="upkeep"
    )
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    good_until = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.file)


class PaperSignature(models.Model):
    """A scanned page with a leader's signature: handed in by one person, settled by another."""

    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="papers")
    document = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    person_name = models.CharField(max_length=120)
    signed_on = models.DateField()
    submitted_by_id = models.BigIntegerField()
    submitted_by_name = models.CharField(max_length=120)
    submitted_at = models.DateTimeField()
    confirmed_by_id = models.BigIntegerField(null=True)
    confirmed_by_name = models.CharField(max_length=120, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["signature", "-submitted_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["signature"],
                condition=models.Q(refused_at=None),
                name="paper_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by_id=None)
                | ~models.Q(confirmed_by_id=models.F("submitted_by_id")),
                name="paper_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signature}: {self.document}"


class RoundArchive(models.Model):
    """The whole of a closed round in one zip, with checksums."""

    round = models.ForeignKey(
        "coordination.Round", on_delete=models.PROTECT, related_name="archives"
    )
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Arkiv {self.round}"
