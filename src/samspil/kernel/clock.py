"""The only place that reads the clock. Actions get the time passed in (house rule 1)."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """The current date in Denmark."""
    return timezone.localdate()
