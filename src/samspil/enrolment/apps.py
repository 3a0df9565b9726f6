"""The app's configuration."""

from importlib import import_module

from django.apps import AppConfig

REGISTERS = (
    "domain.beside",
    "domain.tokens",
    "domain.moves",
    "domain.moves_asking",
    "domain.moves_bundles",
    "domain.moves_changes",
    "domain.moves_elsewhere",
    "domain.moves_queries",
    "domain.moves_transfers",
    "domain.rescued",
    "interfaces.moves_links",
    "receivers",
)
"""Modules that register jobs, mails and sources when they are imported."""


class EnrolmentConfig(AppConfig):
    """Learners and companies, their enrolments, seats, offers and waiting lists."""

    name = "samspil.enrolment"
    label = "enrolment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself."""
        for module in REGISTERS:
            import_module(f"samspil.enrolment.{module}")
