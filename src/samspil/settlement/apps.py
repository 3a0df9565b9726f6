"""The app's configuration."""

from importlib import import_module

from django.apps import AppConfig

REGISTERS = ("domain.ledger", "domain.statements", "domain.tasks", "receivers")
"""Modules that register jobs, receivers and task sources when they are imported."""


class SettlementConfig(AppConfig):
    """Money between schools: the ledger of transferred learners and its statements."""

    name = "samspil.settlement"
    label = "settlement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself."""
        for module in REGISTERS:
            import_module(f"samspil.settlement.{module}")
