"""The app's configuration."""

from importlib import import_module

from django.apps import AppConfig

REGISTERS = ("domain.tasks", "receivers")
"""Modules that register jobs, receivers and task sources when they are imported."""


class ComplianceConfig(AppConfig):
    """Whether what was agreed is also announced: commitments against announced runs."""

    name = "samspil.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself."""
        for module in REGISTERS:
            import_module(f"samspil.compliance.{module}")
