from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """Learners and companies, their enrolments, seats, offers and waiting lists."""

    name = "samspil.enrolment"
    label = "enrolment"
    default_auto_field = "django.db.models.BigAutoField"
