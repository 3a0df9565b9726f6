from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Announced runs, and poolings of them."""

    name = "samspil.runs"
    label = "runs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from samspil.runs import receivers  # noqa: F401  registers the nightly harvest
        from samspil.runs.domain import daily, poolings  # noqa: F401  registers the worker's part
        from samspil.runs.interfaces import imports  # noqa: F401  registers the kind of list
