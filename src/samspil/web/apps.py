from django.apps import AppConfig


class WebConfig(AppConfig):
    """What spans the contexts."""

    name = "samspil.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from samspil.web import receivers  # noqa: F401 - connects the receivers
