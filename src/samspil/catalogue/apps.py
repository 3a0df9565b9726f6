from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """FKBs, courses and approvals."""

    name = "samspil.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from samspil.catalogue import receivers  # noqa: F401  registers what it listens to
        from samspil.catalogue.interfaces import imports  # noqa: F401  registers the kinds of list
