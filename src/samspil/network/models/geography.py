"""Municipalities, postcodes, and which municipalities a school serves."""

from django.db import models


class Municipality(models.Model):
    """A Danish municipality; ``code`` is the four-digit text code."""

    code = models.CharField(max_length=4, unique=True)
    name = models.CharField(max_length=80)
    region_code = models.CharField(max_length=4, blank=True)
    region = models.CharField(max_length=60, blank=True)
    lat = models.FloatField()
    lon = models.FloatField()
    population = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Postcode(models.Model):
    """A postcode with its centre, where that is known."""

    code = models.CharField(max_length=4, unique=True)
    city = models.CharField(max_length=80)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    municipality = models.ForeignKey(
        Municipality, null=True, on_delete=models.SET_NULL, related_name="postcodes"
    )

    class Meta:
        ordering = ["code", "pk"]

    def __str__(self) -> str:
        return f"{self.code} {self.city}"


class Territory(models.Model):
    """A municipality that an organisation serves (by agreement, not by law: R44)."""

    organisation = models.ForeignKey(
        "network.Organisation", on_delete=models.CASCADE, related_name="territories"
    )
    municipality = models.ForeignKey(
        Municipality, on_delete=models.CASCADE, related_name="territories"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "municipality"], name="territory_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation}: {self.municipality}"
