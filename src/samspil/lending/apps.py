from django.apps import AppConfig


class LendingConfig(AppConfig):
    """Loans of the right to hold a course: requests, agreements, registration, expiry."""

    name = "samspil.lending"
    label = "lending"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from samspil.lending import receivers  # noqa: F401  registers the worker's part
        from samspil.lending.domain import queries  # noqa: F401  registers tasks
