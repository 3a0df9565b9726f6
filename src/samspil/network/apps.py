from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Organisations, networks and people."""

    name = "samspil.network"
    label = "network"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from samspil.network.interfaces import imports  # noqa: F401  registers the kinds of list
