from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """Money between schools: the ledger of transferred learners and its statements."""

    name = "samspil.settlement"
    label = "settlement"
    default_auto_field = "django.db.models.BigAutoField"
