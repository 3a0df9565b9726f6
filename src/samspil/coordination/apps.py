"""The app's configuration."""

from importlib import import_module

from django.apps import AppConfig

REGISTERS = (
    "domain.form_cycle",
    "domain.meeting_tasks",
    "domain.paper",
    "domain.proposals",
    "domain.returns",
    "domain.tasks",
    "receivers",
)
"""Modules that register jobs, receivers and task sources when they are imported."""


class CoordinationConfig(AppConfig):
    """Coordination of the yearly AMU offer."""

    name = "samspil.coordination"
    label = "coordination"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself."""
        for module in REGISTERS:
            import_module(f"samspil.coordination.{module}")
