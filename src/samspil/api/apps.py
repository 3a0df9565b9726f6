from django.apps import AppConfig


class ApiConfig(AppConfig):
    """REST v1 and open data over the same actions and queries as the pages."""

    name = "samspil.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself: the worker's part."""
        from samspil.api.domain import feed, webhooks  # noqa: F401
