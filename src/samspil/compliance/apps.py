from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Whether what was agreed is also announced: commitments against announced runs."""

    name = "samspil.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"
