from django.apps import AppConfig


class UiConfig(AppConfig):
    """The design system."""

    name = "samspil.ui"
    label = "ui"
    default_auto_field = "django.db.models.BigAutoField"
