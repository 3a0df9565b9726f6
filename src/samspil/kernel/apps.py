from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "samspil.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from samspil.kernel import lookups, mail  # noqa: F401  registers ``among`` and the job that sends
